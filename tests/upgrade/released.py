"""The code of the newest release, taken out of the repository, and what was recorded of it."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent
_NAME = re.compile(r"(?P<kind>clicks|rows)-(?P<version>\d+\.\d+\.\d+)\.json")


class NotThere(Exception):
    """The code of the release can't be had here; the text says why."""


def recorded(kind: str) -> dict[str, Any]:
    """Every record of a kind (`clicks`, `rows`) by its release, the newest last."""
    found = [
        (match["version"], path) for path in FOLDER.glob("*.json") if (match := _of(path, kind))
    ]
    return {
        version: json.loads(path.read_text("utf-8"))
        for version, path in sorted(found, key=lambda one: _number(one[0]))
    }


def _of(path: Path, kind: str) -> re.Match[str] | None:
    match = _NAME.fullmatch(path.name)
    return match if match is not None and match["kind"] == kind else None


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def take_out(folder: Path) -> str:
    """Put the code of the newest release into a folder; returns which commit it is.

    Before the first release it is that of the last commit: upgrades are then tried with itself.
    Raises NotThere.
    """
    commit = _commit(list(recorded("rows")))
    archive = _git("archive", "--format=tar", commit)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    return commit


def _commit(versions: Sequence[str]) -> str:
    if shutil.which("git") is None:
        raise NotThere("there is no git, to take the released code out of the repository with")
    if not _try("rev-parse", "--git-dir"):
        raise NotThere("this is no clone of the repository, so the released code is not here")
    if not versions:
        return _try("rev-parse", "HEAD")
    version = versions[-1]
    if tag := _try("rev-parse", "--verify", "--quiet", f"v{version}^{{commit}}"):
        return tag
    line = f'version = "{version}"'
    found = _try("log", "-S", line, "--format=%H", "--", "pyproject.toml").split()
    if found:
        return found[-1]  # the oldest: it set the version, and a later one took it out
    if _try("rev-parse", "--is-shallow-repository") == "true":
        raise NotThere(f"this clone is shallow and has neither the tag v{version} nor its commit")
    return _try("rev-parse", "HEAD")  # recorded, and about to be committed and tagged


def file_then(commit: str, path: Path) -> str | None:
    """What a file of the repository said in a commit."""
    name = path.relative_to(ROOT).as_posix()
    return _try("show", f"{commit}:{name}") or None


def _try(*arguments: str) -> str:
    try:
        return _git(*arguments).decode().strip()
    except subprocess.CalledProcessError:
        return ""


def _git(*arguments: str) -> bytes:
    return subprocess.run(
        ["git", "-C", str(ROOT), *arguments], check=True, capture_output=True
    ).stdout
