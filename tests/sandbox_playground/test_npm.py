"""Programs of others are fetched and run without our secrets, and without scripts of theirs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import playground
from sandbox.npm import for_fetching, ordinary

ROOT = Path(__file__).resolve().parents[2]
SECRETS = {
    "TOKEN_KEYS": "hunter2",
    "MicrosoftAppPassword": "hunter2",
    "ZOOM_WEBHOOK_SECRET": "hunter2",
    "REDIS_URL": "redis://:hunter2@cache",
    "NPM_TOKEN": "hunter2",
    "NODE_AUTH_TOKEN": "hunter2",
    "GITHUB_TOKEN": "hunter2",
    "AWS_SECRET_ACCESS_KEY": "hunter2",
    "npm_config__auth": "hunter2",
    "npm_config_//registry.example/:_authToken": "hunter2",
    "npm_config_registry": "https://ada:hunter2@registry.example/",
    "NODE_OPTIONS": "--require /hunter2.js",
    "npm_config_ignore_scripts": "false # hunter2",
    "LC_ALL": "C.UTF-8",
}
FAKE = """#!{python}
import json, os, sys
json.dump([sys.argv[1:], dict(os.environ)], open({told!r}, "w"))
"""


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where an `npm` on the PATH writes what it was told; our environment is full of secrets."""
    told = tmp_path / "told.json"
    for name in ("npm", "node"):
        program = tmp_path / name
        program.write_text(FAKE.format(python=sys.executable, told=str(told)))
        program.chmod(0o755)
    for name, text in SECRETS.items():
        monkeypatch.setenv(name, text)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return told


def assert_harmless(told: Path) -> None:
    arguments, environ = json.loads(told.read_text())
    assert arguments[0] == "ci"
    assert "--ignore-scripts" in arguments
    assert "hunter2" not in str(environ)
    assert environ["LC_ALL"] == "C.UTF-8"


async def test_local_mode_fetches_the_chat_client_so(
    told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playground, "_is_installed", lambda: False)
    await playground.install(tmp_path / "npm.log")
    assert_harmless(told)


def test_the_makefile_fetches_everything_so(told: Path, tmp_path: Path) -> None:
    command = (sys.executable, "-m", "sandbox.npm", str(tmp_path))
    subprocess.run(command, cwd=ROOT, check=True)
    assert_harmless(told)
    makefile = (ROOT / "Makefile").read_text()
    assert "python -m sandbox.npm" in makefile
    assert "npm ci" not in makefile


def test_a_program_of_others_gets_no_secret_and_no_way_out() -> None:
    given = {**SECRETS, "PATH": "/bin", "https_proxy": "http://proxy.example", "HOME": "/root"}
    assert ordinary(given) == {"PATH": "/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}


def test_the_way_to_a_registry_is_kept() -> None:
    way = {
        "https_proxy": "http://ada:pw@proxy.example",
        "npm_config_registry": "https://registry.example/",
        "NODE_EXTRA_CA_CERTS": "/ca.pem",
    }
    assert for_fetching(way) == way
