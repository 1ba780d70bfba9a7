"""The embedded Redis's folder, `<data folder>/redis`, and who may use it.

app.lock      held by the app while it lives: a second app is refused
data.lock     held by the Redis child itself (it inherits the descriptor), whose process id is in
              it: whoever can lock it knows that no Redis has the data open, however the last
              app ended
socket-path   where the socket is: beside it, or in a temporary folder where that is not
              possible (socket paths end near 104 bytes; some file systems have no sockets)
layout        which layout the data has (service.redis_layout)
redis.log     what Redis said since its last start
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import IO

_TEMP_PREFIX = "presence-redis-"
_LEFTOVERS = ("temp-*.aof", "temp-*.rdb", "appendonlydir/temp-*.aof")


class EmbeddedRedisError(Exception):
    """The embedded Redis can't be used; the text says why and what to do."""


class FolderInUse(EmbeddedRedisError):
    """Another app runs a Redis in this folder."""


def make_folder(data_dir: Path) -> Path:
    """Make the folder, for its owner only. Raises EmbeddedRedisError."""
    folder = data_dir.resolve() / "redis"
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise EmbeddedRedisError(
            f"The folder {folder} can't be made: {error.strerror}. Set DATA_DIR to another one."
        ) from error
    return folder


def open_lock(path: Path) -> IO[str]:
    """Open a lock file without touching what it says."""
    return path.open("a+", encoding="ascii")


def lock(file: IO[str]) -> bool:
    """Lock a file until it is closed by every process that has it; False if another holds it.

    Raises EmbeddedRedisError where the file system has no locks.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        return False
    except OSError as error:
        raise EmbeddedRedisError(
            f"{file.name} can't be locked: {error.strerror}. Set DATA_DIR to a local disk."
        ) from error
    return True


def say_in(file: IO[str], text: str) -> None:
    """Write into a lock file that we hold, for those who don't get it."""
    file.truncate(0)
    file.write(f"{text}\n")
    file.flush()


def place_socket(folder: Path) -> Path:
    """Choose where the socket goes, by trying, and remember it for the next start.

    Raises EmbeddedRedisError.
    """
    path = folder / "redis.sock"
    if not _can_bind(path):
        path = Path(tempfile.mkdtemp(prefix=_TEMP_PREFIX)) / "redis.sock"
        if not _can_bind(path):
            path.parent.rmdir()
            raise EmbeddedRedisError(
                f"No socket can be made in {folder} or in {path.parent.parent}. "
                "Set DATA_DIR or TMPDIR to a shorter path on a local disk."
            )
    (folder / "socket-path").write_text(f"{path}\n", "utf-8")
    return path


def remembered_socket(folder: Path) -> Path | None:
    """Where the socket of the last start is or was."""
    try:
        return Path((folder / "socket-path").read_text("utf-8").removesuffix("\n"))
    except OSError:
        return None


def remove_socket(folder: Path) -> None:
    """Forget the socket of a run that is over, and its temporary folder."""
    path = remembered_socket(folder)
    if path is not None and path.parent.name.startswith(_TEMP_PREFIX):
        shutil.rmtree(path.parent, ignore_errors=True)
    (folder / "socket-path").unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> None:
    """Remove what a rewriting left that was cut off; no Redis may have the folder open."""
    for pattern in _LEFTOVERS:
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)


def _can_bind(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            path.unlink(missing_ok=True)
            probe.bind(os.fsencode(path))
            path.unlink()
        except OSError:
            return False
    return True
