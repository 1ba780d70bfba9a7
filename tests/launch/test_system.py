"""On Windows every command ends with one sentence, before anything that Windows lacks is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from launch.system import refusal

ROOT = Path(__file__).parents[2]
SENTENCE = (
    "Presence Bridge does not run on Windows itself. Run it in WSL 2, or as a Linux container "
    "(docs/get-started.md, On Windows).\n"
)
# What Python for Windows has not, taken away; and what beside Python's own was imported.
AS_ON_WINDOWS = """
import os, runpy, signal, sys
sys.platform = "win32"
for name in ("fcntl", "resource", "termios", "pwd", "grp", "_posixsubprocess"):
    sys.modules[name] = None
for module, names in {
    signal: "SIGHUP SIGQUIT SIGALRM SIGKILL setitimer pthread_sigmask",
    os: "killpg fork getuid setsid waitid",
}.items():
    for name in names.split():
        delattr(module, name)
before = set(sys.modules)
sys.argv = ["app.py", *sys.argv[1:]]
try:
    runpy.run_path("app.py", run_name="__main__")
finally:
    new = set(sys.modules) - before
    print(*sorted(n for n in new if n.partition(".")[0] not in sys.stdlib_module_names))
"""


@pytest.mark.parametrize(
    "arguments", [["--help"], ["serve"], ["local"], ["setup"], ["check", "--json"], ["nonsense"]]
)
def test_windows_is_told_in_a_sentence(arguments: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", AS_ON_WINDOWS, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (1, SENTENCE)
    assert ended.stdout.split() == ["launch", "launch.system"]


@pytest.mark.unit
@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_it_runs_elsewhere(platform: str) -> None:
    assert refusal(platform) is None
