"""The image of the Containerfile, really built: buildah, and a base made of Debian packages.

So no image registry is needed. The base has Python and no shell.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.doubles import contained

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).parents[2]
VERSION = "1.2.3"
_SUITE = "trixie"
_PACKAGES = "base-files,python3,python3-venv"
_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
_BASE, _IMAGE = "localhost/base", "localhost/presence-bridge"


@dataclass(frozen=True)
class Image:
    """`root`: its files. `config`: what it says of itself. `folder`: where specs are written."""

    root: Path
    config: dict[str, Any]
    folder: Path

    def program(self, data: Path, *entrypoint: str) -> tuple[str, ...]:
        """What Python runs in place of `app.py`, with `data` as the volume.

        `entrypoint` takes the place of the image's own entrypoint and command.
        """
        config = self.config
        if entrypoint:
            config = config | {"Entrypoint": list(entrypoint), "Cmd": []}
        spec = self.folder / f"spec-{abs(hash(entrypoint))}.json"
        spec.write_text(json.dumps({"root": str(self.root), "config": config}), "utf-8")
        return contained.__file__, str(spec), str(data)


@contextlib.contextmanager
def built(folder: Path) -> Iterator[Image]:
    """Build base and image below `folder`, which is removed at the end: they are large."""
    try:
        container = _buildah(folder, "from", "scratch")
        base = _buildah(folder, "mount", container)
        without_more = '--aptopt=APT::Install-Recommends "false"'
        _run(
            *("mmdebstrap", "--quiet", "--variant=extract", without_more),
            *(f"--include={_PACKAGES}", _SUITE, base),
        )
        shutil.copy(_AUTHORITIES, Path(base) / _AUTHORITIES.relative_to("/"))
        _buildah(folder, "commit", "--quiet", "--rm", container, _BASE)
        _buildah(
            folder,
            *("build", "--isolation", "chroot", "--format", "docker", "--layers=false"),
            *("--pull-never", f"--build-arg=BASE={_BASE}", f"--build-arg=VERSION={VERSION}"),
            *("--tag", _IMAGE, str(CHECKOUT)),
        )
        told = json.loads(_buildah(folder, "inspect", "--type", "image", _IMAGE))
        root = _buildah(folder, "mount", _buildah(folder, "from", "--pull-never", _IMAGE))
        yield Image(Path(root), told["Docker"]["config"], folder)
    finally:
        shutil.rmtree(folder)


def _buildah(folder: Path, *words: str) -> str:
    places = ("--root", f"{folder}/storage", "--runroot", f"{folder}/run")
    return _run("buildah", "--storage-driver", "vfs", *places, *words)


def _run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"
    return done.stdout.strip()
