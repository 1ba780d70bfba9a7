"""A private Redis for those who have none: a child process whose data lives in the data folder.

What lies in its folder, and why, is in `service.redis_folder`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import quote

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from service.redis_binary import HOW_TO_INSTALL, OTHER_FORMAT, find_servers, may_open
from service.redis_folder import (
    EmbeddedRedisError,
    FolderInUse,
    lock,
    make_folder,
    open_lock,
    place_socket,
    remembered_socket,
    remove_leftovers,
    remove_socket,
    say_in,
)
from service.redis_layout import see_to_layout

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

_START_LIMIT = 60.0  # seconds; normally some hundredths, more where much data must be read
_PAUSE = 0.003  # seconds between two looks at a condition
_BRIEFLY = 30.0  # seconds that a look may have the folder
_SETTLED = 1.0  # seconds after which who has the folder has said so in the lock file
_KEPT_VARIABLES = ("PATH", "HOME", "TZ", "LANG", "TMPDIR")


@dataclass(frozen=True, slots=True)
class EmbeddedRedis:
    """A running Redis. `url` is for redis-py; `pid` is its process."""

    url: str
    pid: int
    _process: asyncio.subprocess.Process
    _log: Path

    async def wait_dead(self) -> str:
        """Wait until the child has ended, wanted or not, and say how in one sentence."""
        code = await self._process.wait()
        return f"The embedded Redis ended ({_how(code)}). {_tail(self._log)}"


@asynccontextmanager
async def embedded_redis(
    data_dir: Path,
    environ: Mapping[str, str] = os.environ,
    *,
    programs: Sequence[Path] | None = None,
    patience: float = 5.0,
    briefly: bool = False,
) -> AsyncIterator[EmbeddedRedis]:
    """Run Redis while the block runs; its data outlives it.

    `programs` are tried in turn; without them those that `find_servers` finds with `environ`.
    `patience` is how many seconds a Redis that is asked to end may take before it is killed.
    `briefly`: for a look; whoever wants the folder meanwhile waits.
    Raises EmbeddedRedisError when there is none, none starts, or none can read the data;
    FolderInUse when another app uses the same folder (its Redis is at `running_redis`).
    """
    folder = make_folder(data_dir)
    async with contextlib.AsyncExitStack() as stack:
        app_lock = stack.enter_context(open_lock(folder / "app.lock"))
        await _take(app_lock, data_dir)
        say_in(app_lock, f"{os.getpid()}{' briefly' if briefly else ''}")
        data_lock = stack.enter_context(open_lock(folder / "data.lock"))
        await _end_orphan(folder, data_lock, patience)
        remove_socket(folder)
        see_to_layout(folder, only_looks=briefly)
        remove_leftovers(folder)
        path = place_socket(folder)
        stack.callback(remove_socket, folder)
        failures = []
        for program in find_servers(environ) if programs is None else programs:
            try:
                process = await _start(program, folder, path, environ, data_lock)
                stack.push_async_callback(_stop, process, patience)
                await _wait_ready(process, path, folder)
                break
            except EmbeddedRedisError as error:
                failures.append(error)
        else:
            none = EmbeddedRedisError(f"There is no redis-server on this machine. {HOW_TO_INSTALL}")
            raise [*failures, none][0]
        data_lock.close()  # from here on only the child holds it
        yield EmbeddedRedis(_address(path), process.pid, process, folder / "redis.log")


async def _take(app_lock: IO[str], data_dir: Path) -> None:
    """Become the app that uses the folder. Raises FolderInUse.

    Whoever got the lock this moment has not written yet: what the file says may be of somebody who
    is long gone. A process that is not there is believed only after a while of the same.
    """
    now = since = time.monotonic()
    give_up, said = now + _BRIEFLY, ""
    while not lock(app_lock):
        now, before, said = time.monotonic(), said, app_lock.read()
        pid, *how = said.split() or ["unknown"]
        if said != before or how == ["briefly"]:
            since = now
        settled = now - since > _SETTLED or (not how and _is_another(pid))
        if settled or now > give_up:
            raise FolderInUse(
                f"Another Presence Bridge (process {pid}) already uses {data_dir}. "
                "Stop it, or give this one another DATA_DIR."
            )
        await asyncio.sleep(_PAUSE)


def _is_another(pid: str) -> bool:
    """Whether this is the id of another process, as far as this system can tell."""
    if not pid.isdecimal() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def running_redis(data_dir: Path) -> str | None:
    """The address of the Redis that a running app has started; None where none runs.

    It may be about to start or to end.
    """
    path = remembered_socket(data_dir.resolve() / "redis")
    return _address(path) if path is not None and path.exists() else None


def client_of(url: str) -> Redis:
    """A client of a Redis at an address of ours, which must answer soon or is not there."""
    return Redis.from_url(
        url,
        socket_timeout=1,
        socket_connect_timeout=1,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


async def answers(url: str) -> bool:
    """Whether a Redis is ready at an address of ours."""
    with contextlib.suppress(RedisError, OSError):
        async with aclosing(client_of(url)) as client:
            await client.ping()
            return True
    return False


async def _start(
    program: Path, folder: Path, path: Path, environ: Mapping[str, str], data_lock: IO[str]
) -> asyncio.subprocess.Process:
    """Spawn the server: without our secrets, and out of reach of Ctrl-C in the terminal.

    Raises EmbeddedRedisError when it can't be run, or would not see the data.
    """
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "600",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "aof-load-truncated": "yes",  # a killed machine leaves half a command at the end
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    kept = {
        name: value
        for name, value in environ.items()
        if name in _KEPT_VARIABLES or name.startswith(("LC_", "LD_", "DYLD_"))
    }
    with (folder / "redis.log").open("wb") as log:
        try:
            if not await may_open(program, folder, kept):
                raise EmbeddedRedisError(_other_format(folder))
            process = await asyncio.create_subprocess_exec(
                program,
                *arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=kept,
                umask=0o077,
                start_new_session=True,
                pass_fds=(data_lock.fileno(),),
            )
        except OSError as error:
            raise EmbeddedRedisError(f"{program} can't be run: {error.strerror}.") from error
    say_in(data_lock, str(process.pid))
    return process


async def _wait_ready(process: asyncio.subprocess.Process, path: Path, folder: Path) -> None:
    async for _ in _looks(_START_LIMIT):
        if await answers(_address(path)):
            return  # else it is not listening, or still reading
        if process.returncode is not None:
            said = _tail(folder / "redis.log")
            raise EmbeddedRedisError(
                _other_format(folder)
                if OTHER_FORMAT in said
                else f"The embedded Redis did not start ({_how(process.returncode)}). {said}"
            )
    process.kill()
    await process.wait()
    raise EmbeddedRedisError(
        f"The embedded Redis did not answer within {_START_LIMIT:.0f} seconds. "
        f"{_tail(folder / 'redis.log')}"
    )


async def _looks(seconds: float) -> AsyncIterator[None]:
    """Look at a condition again and again, for so long, and once at least."""
    deadline = time.monotonic() + seconds
    while True:
        yield
        if time.monotonic() > deadline:
            return
        await asyncio.sleep(_PAUSE)


async def _stop(process: asyncio.subprocess.Process, patience: float) -> None:
    """End the child: SIGTERM makes Redis write everything down first."""
    try:
        if process.returncode is None:
            process.terminate()
            async with asyncio.timeout(patience):
                await process.wait()
    except TimeoutError:
        pass
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _end_orphan(folder: Path, data_lock: IO[str], patience: float) -> None:
    """Take the lock on the data; a Redis that outlived its app is ended first."""
    pid = None
    async for _ in _looks(patience):
        if lock(data_lock):
            return
        with contextlib.suppress(OSError, ValueError):
            if await _works_in(said := int(data_lock.read()), folder):
                pid = said
                break
    if pid is None:
        raise EmbeddedRedisError(
            f"Another process holds {folder / 'data.lock'} and can't be identified. "
            "Stop the redis-server that uses this folder, then start again."
        )
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
        async for _ in _looks(patience):
            if lock(data_lock):
                return
    raise EmbeddedRedisError(
        f"A redis-server from an earlier run (process {pid}) still uses {folder} and does not stop."
    )


async def _works_in(pid: int, folder: Path) -> bool:
    """Whether a process is the Redis of this folder: process ids are used again. Raises OSError."""
    proc = Path("/proc")
    if (proc / "self").exists():
        name = (proc / str(pid) / "comm").read_text()
        return name.endswith("-server\n") and (proc / str(pid) / "cwd").samefile(folder)
    process = await asyncio.create_subprocess_exec(
        *("ps", "-ww", "-o", "command=", "-p", str(pid)),
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    title, _ = await process.communicate()  # servers show their socket there
    path = remembered_socket(folder)
    return path is not None and b"-server unixsocket:" + os.fsencode(path) in title


def _address(path: Path) -> str:
    return f"unix://{quote(str(path))}"


def _other_format(folder: Path) -> str:
    return (
        f"No redis-server on this machine can read the data in {folder}: a newer one, or Valkey, "
        f"wrote it. {HOW_TO_INSTALL}"
    )


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _tail(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()[-4:]
    return f"Its log ends: {' | '.join(lines)}" if lines else "It left no log."
