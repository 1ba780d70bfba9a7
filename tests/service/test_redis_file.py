"""The embedded Redis's real files: what was erased is not in them."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from launch.lifetime import end
from service import redis_file
from service.embedded_redis import EmbeddedRedis, embedded_redis
from service.redis_file import FileKeeper, FileNotRewritten, rewrite
from tests.doubles.redis import binaries, eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

SECRET = b"ada@example.com"
CHANNEL = "erased"


def files(data_dir: Path) -> bytes:
    """Everything that lies on the disk."""
    return b"".join(path.read_bytes() for path in data_dir.rglob("*") if path.is_file())


@asynccontextmanager
async def running(data_dir: Path, binary: Path) -> AsyncIterator[tuple[EmbeddedRedis, Redis]]:
    """A Redis of this program, and a client."""
    async with (
        embedded_redis(data_dir, programs=[binary]) as redis,
        aclosing(Redis.from_url(redis.url)) as client,
    ):
        yield redis, client


async def until(condition: Callable[[], bool]) -> None:
    async def check() -> bool:
        return condition()

    await eventually(check)


async def until_gone(data_dir: Path) -> None:
    await until(lambda: SECRET not in files(data_dir))


async def subscribed(client: Redis) -> None:
    async def check() -> bool:
        return bool((await client.pubsub_numsub(CHANNEL))[0][1])

    await eventually(check)


async def known_and_erased(data_dir: Path, client: Redis) -> None:
    """Somebody was there."""
    await client.set("kept", "kept")
    await client.hset("person", "address", SECRET.decode())
    await client.config_set("appendfsync", "always")
    await client.delete("person")
    assert SECRET in files(data_dir)


@pytest.fixture(params=binaries(), ids=str)
def binary(request: pytest.FixtureRequest) -> Path:
    """Every redis-server that is there; the oldest writes one file, later ones several."""
    return Path(request.param)


async def test_an_erasure_is_out_of_the_files_soon(
    tmp_path: Path, binary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_file, "SOON", 0.05)
    async with running(tmp_path, binary) as (redis, client):
        keeper = FileKeeper(redis.url, CHANNEL)
        with capture_logs() as logs:
            task = asyncio.create_task(keeper.run())
            await until(lambda: bool(logs))
            await known_and_erased(tmp_path, client)
            await client.publish(CHANNEL, "1")
            await until(lambda: len(logs) == 2)
            await until_gone(tmp_path)
            await end(task)
        assert [line["erased"] for line in logs] == [False, True]
    async with running(tmp_path, binary) as (_, client):
        assert await client.keys() == [b"kept"]


async def test_the_end_does_not_leave_an_erasure_behind(tmp_path: Path, binary: Path) -> None:
    async with running(tmp_path, binary) as (redis, client):
        keeper = FileKeeper(redis.url, CHANNEL)
        task = asyncio.create_task(keeper.run())
        await subscribed(client)
        await known_and_erased(tmp_path, client)
        await client.publish(CHANNEL, "1")
        await until(lambda: bool(keeper._dirty))
        await end(task)
        await keeper.finish()
    assert SECRET not in files(tmp_path)


async def test_a_start_writes_what_an_earlier_run_left(tmp_path: Path, binary: Path) -> None:
    async with running(tmp_path, binary) as (_, client):
        await known_and_erased(tmp_path, client)
    assert SECRET in files(tmp_path)
    cut_off = tmp_path / "redis/temp-rewriteaof-bg-77.aof"
    cut_off.write_bytes(SECRET)
    async with running(tmp_path, binary) as (redis, _):
        assert not cut_off.exists()
        task = asyncio.create_task(FileKeeper(redis.url, CHANNEL).run())
        await until_gone(tmp_path)
        await end(task)


async def test_one_that_began_before_the_erasure_does_not_count(
    tmp_path: Path, binary: Path
) -> None:
    async with running(tmp_path, binary) as (_, client):
        await client.hset("person", "address", SECRET.decode())
        await client.config_set("rdb-key-save-delay", 300_000)  # microseconds a key
        await client.bgrewriteaof()  # its copy has the person
        await client.delete("person")
        await rewrite(client)
        await until_gone(tmp_path)


async def test_many_erasures_are_written_together_and_a_failure_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, written = 1000.0, []

    async def fails_once(_: Redis) -> None:
        written.append(now)
        if len(written) == 2:
            raise FileNotRewritten

    monkeypatch.setattr(redis_file, "rewrite", fails_once)
    async with embedded_redis(tmp_path) as redis, aclosing(Redis.from_url(redis.url)) as client:
        keeper = FileKeeper(redis.url, CHANNEL, monotonic=lambda: now)

        with capture_logs() as logs:
            task = asyncio.create_task(keeper.run())
            await until(lambda: written == [1000.0])
            now = 1001.0
            for _ in range(3):
                await client.publish(CHANNEL, "1")
            await until(lambda: keeper._due < 2000)
            assert keeper._due == 1001.0 + redis_file.SOON
            now = 1003.0
            await client.publish(CHANNEL, "1")
            await until(lambda: written == [1000.0, 1003.0])
            await until(lambda: keeper._due == 1003.0 + redis_file.AGAIN)
            assert keeper._dirty
            await end(task)
    assert [line["event"] for line in logs] == ["redis_file_rewritten", "redis_file_not_rewritten"]
