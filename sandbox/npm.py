"""Programs of others, from npm: fetched without running anything of theirs, and told no secrets.

`python -m sandbox.npm FOLDER…` fetches what the folders' package-lock.json pin, by hash.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_INSTALL_LIMIT = 180.0  # seconds; downloads of a few MB


class Unavailable(Exception):
    """A program can't be had on this machine; the text says what is missing."""


_ORDINARY = frozenset(
    {
        *("PATH", "HOME", "USER", "LANG", "TZ", "TERM", "TMPDIR"),
        *("SYSTEMROOT", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "TEMP", "TMP", "PATHEXT"),
    }
)
_WAY_OUT = frozenset(
    {
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"),
        *("NPM_CONFIG_REGISTRY", "NPM_CONFIG_CAFILE", "NPM_CONFIG_CACHE"),
    }
)
"""What it takes to reach a registry; `.npmrc` of the person is read by npm itself."""


def ordinary(environ: Mapping[str, str]) -> dict[str, str]:
    """What every program needs. No name of ours, no token, no proxy, no options of Node."""
    return {
        name: text
        for name, text in environ.items()
        if name.upper() in _ORDINARY or name.startswith("LC_")
    }


def for_fetching(environ: Mapping[str, str]) -> dict[str, str]:
    """The same, and the way to the registry; an address that holds a password is left out."""
    return ordinary(environ) | {
        name: text
        for name, text in environ.items()
        if name.upper() in _WAY_OUT and ("@" not in text or name.upper().endswith("_PROXY"))
    }


def fetch_command(folder: str) -> list[str]:
    """Fetch exactly what is pinned. Packages may bring scripts; none of them is run."""
    return [
        *("npm", "ci", "--ignore-scripts", "--loglevel=error", "--no-audit", "--no-fund"),
        *("--prefix", folder),
    ]


async def install(folder: Path, wanted: Path) -> None:
    """Fetch what the folder pins, unless the file that is `wanted` of it is there.

    Raises Unavailable.
    """
    if wanted.exists():  # noqa: ASYNC240 - one look, in a sandbox
        return
    if shutil.which("npm") is None:
        raise Unavailable("npm is not on the PATH")
    npm = await asyncio.create_subprocess_exec(
        *fetch_command(str(folder)),
        env=for_fetching(os.environ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(npm.communicate(), _INSTALL_LIMIT)
    except TimeoutError:
        npm.kill()
        await npm.wait()
        raise Unavailable(f"npm took longer than {_INSTALL_LIMIT:.0f} s") from None
    if npm.returncode != 0:
        raise Unavailable(output.decode(errors="replace")[-500:])


def main(folders: Sequence[str]) -> int:
    """Fetch one after the other; the exit code of the first that fails."""
    if shutil.which("npm") is None:
        return 1
    for folder in folders:
        done = subprocess.run(  # noqa: S603 - from the Makefile
            fetch_command(folder), env=for_fetching(os.environ), check=False
        )
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
