"""Loops that talk to Redis end when they are told to; what redis-py raises is known trouble."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest
from redis.exceptions import AuthenticationError, DataError
from redis.exceptions import TimeoutError as RedisTimeoutError

from sync.redis.alarms import Alarms
from sync.redis.connection import (
    COMMAND_TIMEOUT,
    REDIS_TROUBLE,
    Client,
    connect,
    raise_if_cancelled,
)
from tests.doubles.redis import RedisServer, eventually, open_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def test_a_swallowed_cancellation_still_ends_the_task() -> None:
    started = asyncio.Event()

    async def loop() -> None:
        while True:
            started.set()
            with contextlib.suppress(asyncio.CancelledError):  # as asyncio.wait_for of 3.11 may
                await asyncio.sleep(3600)
            raise_if_cancelled()

    task = asyncio.create_task(loop())
    await started.wait()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=5)
    assert task.cancelled()


async def test_nothing_ends_a_task_that_was_not_told_to() -> None:
    raise_if_cancelled()


@pytest.mark.parametrize("url", ["redis://127.0.0.1:7000", "rediss://127.0.0.1:7000"])
async def test_a_connection_that_another_task_closed_is_trouble_and_no_bug(url: str) -> None:
    cluster = connect(url, "cluster")
    made = cluster.get_connection_kwargs()["connection_class"]
    assert {node.connection_class for node in cluster.nodes_manager.startup_nodes.values()} == {
        made
    }
    with pytest.raises(REDIS_TROUBLE):
        await made(host="127.0.0.1")._send_packed_command([b"PING"])


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("", ""),
        ("Zoë 会議 👩🏽\r\n$5", "Zoë 会議 👩🏽\r\n$5"),
        (b"bytes", "bytes"),
        (2**53, "9007199254740992"),
        (-1, "-1"),
        (0.1, "0.1"),
        (float("inf"), "inf"),
        ("long " * 100_000, "long " * 100_000),
    ],
)
async def test_what_is_sent_is_what_is_kept(redis: Client, value: object, stored: str) -> None:
    await redis.set("key", value, ex=60)
    assert await redis.get("key") == stored


@pytest.mark.parametrize("value", [None, ["list"], {"a": 1}, object()])
async def test_what_redis_knows_no_form_of_is_refused_unsent(redis: Client, value: object) -> None:
    await redis.set("key", "before", ex=60)
    with pytest.raises(DataError):
        await redis.execute_command("SET", "key", value)
    assert await redis.get("key") == "before", "and the connection goes on working"


async def test_half_a_character_is_refused_unsent(redis: Client) -> None:
    with pytest.raises(UnicodeEncodeError):
        await redis.set("key", "\ud83d")
    assert await redis.get("key") is None


async def test_commands_of_two_words_and_pipelines_are_understood(redis: Client) -> None:
    sha = await redis.script_load("return ARGV[1]")
    pipe = redis.pipeline(transaction=True)
    pipe.evalsha(sha, 0, "one")
    pipe.config_get("maxmemory")
    assert await pipe.execute() == ["one", {"maxmemory": "0"}]


@pytest.mark.parametrize("scheme", ["redis://host", "rediss://host", "unix:///nowhere"])
def test_every_kind_of_connection_is_ours(scheme: str) -> None:
    made = connect(scheme).connection_pool.make_connection()
    assert made.pack_command("GET", "é") == [b"*2\r\n$3\r\nGET\r\n$2\r\n\xc3\xa9\r\n"]
    assert "Ours" in str(type(made).__mro__)


PAUSE_MS = 300


@pytest.fixture
async def paused(redis_server: RedisServer) -> AsyncIterator[Client]:
    """A client with little patience, whose Redis takes its time once."""
    client, other = open_client(redis_server), open_client(redis_server)
    await client.mset({"a": "A", "b": "B"})
    client._commands, client._pipelines = Alarms(0.03), Alarms(0.03)
    await other.client_pause(PAUSE_MS)
    yield client
    client._commands = Alarms(COMMAND_TIMEOUT)
    assert await client.get("b") == "B", "an answer that came too late is nobody else's"
    assert await client.delete("a", "b") == 2
    await client.aclose()
    await other.aclose()


async def test_a_command_without_an_answer_is_trouble(paused: Client) -> None:
    with pytest.raises(RedisTimeoutError):
        await paused.get("a")


async def test_a_pipeline_without_answers_is_trouble(paused: Client) -> None:
    pipe = paused.pipeline(transaction=False)
    pipe.get("a")
    pipe.get("a")
    with pytest.raises(RedisTimeoutError):
        await pipe.execute()


async def test_whoever_gives_up_leaves_no_answer_behind(paused: Client) -> None:
    paused._commands = Alarms(COMMAND_TIMEOUT)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.03):
            await paused.get("a")


async def test_many_at_once_are_each_broken_off(paused: Client) -> None:
    asked = (paused.get("a") for _ in range(20))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(answer) for answer in answers} == {RedisTimeoutError}


async def test_a_connection_that_was_closed_over_there_is_opened_anew(
    redis: Client, redis_server: RedisServer
) -> None:
    client = open_client(redis_server)
    await client.set("a", "A", ex=60)
    [connection] = client.connection_pool._available_connections
    await redis.client_kill_filter(_id=await client.client_id())
    await eventually(connection.can_read)
    for _ in range(2):
        assert await client.get("a") == "A"
    assert client.connection_pool._available_connections == [connection]
    assert not client.connection_pool._in_use_connections
    await client.aclose()


async def test_one_that_cannot_be_opened_is_given_back() -> None:
    with RedisServer() as server:
        client = open_client(server)
        await client.ping()
    for _ in range(3):
        with pytest.raises(REDIS_TROUBLE):
            await client.get("a")
        assert len(client.connection_pool._available_connections) == 1
        assert not client.connection_pool._in_use_connections
    await client.aclose()


@pytest.mark.parametrize("password", ["", ":wrong-password@"])
async def test_a_refused_password_is_told_as_what_it_is(password: str) -> None:
    with RedisServer(None, "--requirepass", "hunter2-hunter2") as server:
        client = connect(server.url.replace("unix://", f"unix://{password}"))
        with pytest.raises(AuthenticationError):
            await client.get("x")
        with pytest.raises(AuthenticationError):
            await client.pipeline(transaction=False).get("x").execute()
        await client.aclose()
