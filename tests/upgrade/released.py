"""The code of the newest release, taken out of the repository, and what was recorded of it."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent
NEXT = "next"
"""What was recorded since the last release goes by this name."""
_NAME = re.compile(r"(?P<kind>clicks|rows)-(?P<version>\d+\.\d+\.\d+|next)\.json")


class NotThere(Exception):
    """The code of the release can't be had here; the text says why."""


def recorded(kind: str) -> dict[str, Any]:
    """Every record of a kind (`clicks`, `rows`) by its release, the newest last."""
    found = {
        match["version"]: path
        for path in FOLDER.glob("*.json")
        if (match := _NAME.fullmatch(path.name)) is not None and match["kind"] == kind
    }
    return {
        version: json.loads(found[version].read_text("utf-8"))
        for version in sorted(found, key=_number)
    }


def _number(version: str) -> tuple[float, ...]:
    return (float("inf"),) if version == NEXT else tuple(map(int, version.split(".")))


def take_out(folder: Path, version: str | None = None) -> str:
    """Put the code of a release (None: the newest) into a folder; returns which commit it is.

    Before the first release it is that of the last commit: upgrades are then tried with itself.
    Raises NotThere.
    """
    commit = commit_of(version or newest())
    archive = _git("archive", "--format=tar", commit)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    return commit


def newest() -> str | None:
    """The newest release; None before the first."""
    releases = [each for each in recorded("rows") if each != NEXT]
    return releases[-1] if releases else None


def commit_of(version: str | None) -> str:
    """The commit of a release (None: the last one). Raises NotThere."""
    if shutil.which("git") is None:
        raise NotThere("there is no git, to take the released code out of the repository with")
    if not _try("rev-parse", "--git-dir"):
        raise NotThere("this is no clone of the repository, so the released code is not here")
    if version is None:
        return _try("rev-parse", "HEAD")
    if tag := _try("rev-parse", "--verify", "--quiet", f"v{version}^{{commit}}"):
        return tag
    line = f'version = "{version}"'
    found = _try("log", "-S", line, "--format=%H", "--", "pyproject.toml").split()
    shallow = ROOT / _try("rev-parse", "--git-path", "shallow")
    cut = shallow.read_text().split() if shallow.is_file() else []
    if found and found[-1] not in cut:  # where history is cut off, everything seems to be new
        return found[-1]  # the oldest: it set the version, and a later one took it out
    if cut:
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
