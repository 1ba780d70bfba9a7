"""Data of an older layout in the embedded Redis's folder is set aside, never read.

The file `layout` beside the data holds the number of the layout, and is there before the data is.
What is stored within it has a version of its own, in Redis; this is for what came before that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from service.redis_folder import EmbeddedRedisError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

log = structlog.get_logger()

LAYOUT: Final = 1
"""1: release 0.2.0. Data without a number is older."""
_FILE: Final = "layout"
_DATA: Final = ("appendonlydir", "appendonly.aof", "dump.rdb")
_ASIDE: Final = "redis-before-0.2.0"


def see_to_layout(folder: Path, *, only_looks: bool) -> None:
    """Move what is older out of the folder, and mark the folder; only for who holds its locks.

    `only_looks`: the caller must not move anything. Raises EmbeddedRedisError for what this code
    can't read and does not move.
    """
    path = folder / _FILE
    try:
        if path.exists():
            _refuse_other(folder, path.read_text("utf-8", "replace").strip())
            return
        if data := [folder / name for name in _DATA if (folder / name).exists()]:
            if only_looks:
                raise EmbeddedRedisError(
                    f"The data in {folder} comes from a Presence Bridge before 0.2.0, which this "
                    "version can't read. Start the bot once: it sets the data aside and starts "
                    "afresh."
                )
            aside = next(each for each in _names(folder.parent) if not each.exists())
            aside.mkdir(mode=0o700)
            for one in data:
                one.rename(aside / one.name)
            log.warning(
                "older_data_set_aside",
                folder=str(aside),
                reason="it comes from a Presence Bridge before 0.2.0, which this version can't "
                "read; people need to connect again",
            )
        path.write_text(f"{LAYOUT}\n", "utf-8")
    except OSError as error:
        raise EmbeddedRedisError(f"{folder} can't be used: {error.strerror}.") from error


def _refuse_other(folder: Path, said: str) -> None:
    if said != str(LAYOUT):
        raise EmbeddedRedisError(
            f"The data in {folder} has another layout ({said[:20] or 'unnamed'}) than the one this "
            f"Presence Bridge reads ({LAYOUT}). Nothing was changed. Start the release that wrote "
            "it, or set DATA_DIR to another folder."
        )


def _names(data_dir: Path) -> Iterator[Path]:
    yield data_dir / _ASIDE
    number = 2
    while True:
        yield data_dir / f"{_ASIDE}-{number}"
        number += 1
