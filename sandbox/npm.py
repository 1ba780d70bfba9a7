"""Programs of others, from npm: fetched without running anything of theirs, and told no secrets.

`python -m sandbox.npm FOLDER…` fetches what the folders' package-lock.json pin, by hash.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
