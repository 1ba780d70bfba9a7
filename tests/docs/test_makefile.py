"""`make help` lists what there is, and `make run` passes its arguments on."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="no make on the PATH")


def make(*arguments: str) -> str:
    command = ("make", "--no-print-directory", *arguments)
    path = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    return subprocess.check_output(command, cwd=ROOT, env=path, text=True)


def test_help_lists_every_target_and_argument() -> None:
    text = make("help")
    [phony] = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    listed = re.findall(r"^  ([a-z0-9-]+) +\S", text, re.MULTILINE)
    assert set(listed) == set(phony.split()) - {"fetch"}
    used = set(re.findall(r"\$\$\{([A-Z_]+)\+", MAKEFILE))
    assert used == {"PERSON", "PANEL_PORT", "CHAT_PORT"}
    for name in used | {"PORT", "PYTHON", "CHAOS"}:
        assert f"  {name}=" in text


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        ((), ["app.py", "local"]),
        (("PERSON=ben",), ["app.py", "local", "--as", "ben"]),
        (("PERSON=",), ["app.py", "local", "--as", ""]),
        (("PERSON=a b; exit 7",), ["app.py", "local", "--as", "a b; exit 7"]),
        (
            ("PORT=1", "PANEL_PORT=2", "CHAT_PORT=3"),
            ["app.py", "local", "--sandbox-port", "2", "--chat-port", "3", "PORT 1"],
        ),
    ],
)
def test_run_passes_its_arguments_on(
    given: tuple[str, ...], passed: list[str], tmp_path: Path
) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@" ${PORT+"PORT $PORT"}\n')
    python.chmod(0o755)
    (tmp_path / "runtime").touch()
    assert make("run", f"VENV={tmp_path}", *given).splitlines() == passed
