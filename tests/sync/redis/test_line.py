"""One connection for all commands: every reply finds whoever asked for it, or they hear why not."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from sync.redis.alarms import Alarms
from sync.redis.line import Line, packed
from tests.doubles.redis import open_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sync.redis.connection import Client
    from tests.doubles.redis import RedisServer


@pytest.fixture
async def client(redis: Client) -> AsyncIterator[Client]:
    yield redis
    await redis.flushdb()


async def connections(client: Client) -> int:
    return len(await client.client_list(_type="normal"))


async def test_any_number_of_commands_share_one_connection(client: Client) -> None:
    before = await connections(client)

    async def count(number: int) -> list[int]:
        return [await client.incrby(f"key {number}", number) for _ in range(3)]

    assert await asyncio.gather(*map(count, range(1, 100))) == [
        [number, 2 * number, 3 * number] for number in range(1, 100)
    ]
    assert await connections(client) == before


async def test_whoever_gives_up_takes_nobody_elses_reply(client: Client) -> None:
    await client.mset({str(number): number for number in range(50)})
    asked = [asyncio.ensure_future(client.get(str(number))) for number in range(50)]
    await asyncio.sleep(0)
    for task in asked[::3]:
        task.cancel()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    for number, answer in enumerate(answers):
        if number % 3:
            assert answer == str(number)
        else:
            assert isinstance(answer, asyncio.CancelledError)


async def test_what_redis_refuses_is_the_error_of_that_command_alone(client: Client) -> None:
    await client.set("text", "a")
    answers: Any = await asyncio.gather(
        client.get("text"),
        client.hgetall("text"),
        client.evalsha("0" * 40, 0),
        client.get("text"),
        return_exceptions=True,
    )
    assert (answers[0], answers[3]) == ("a", "a")
    assert isinstance(answers[1], ResponseError)
    assert isinstance(answers[2], NoScriptError)


async def test_a_reply_that_is_no_text_is_an_error_of_that_command_alone(client: Client) -> None:
    await client.set("bytes", b"\xff\xfe")
    answers: Any = await asyncio.gather(
        client.get("bytes"), client.set("text", "é"), client.get("text"), return_exceptions=True
    )
    assert isinstance(answers[0], UnicodeDecodeError)
    assert answers[1:] == [True, "é"]


async def test_commands_of_a_pipeline_are_answered_in_their_order(client: Client) -> None:
    async def several(number: int) -> list[Any]:
        pipe = client.pipeline(transaction=False)
        pipe.set(f"a{number}", number)
        pipe.hset(f"h{number}", mapping={"field": number})
        pipe.hgetall(f"h{number}")
        pipe.get(f"a{number}")
        done: list[Any] = await pipe.execute()
        assert await pipe.execute() == [], "it is empty afterwards"
        return done

    assert await asyncio.gather(*map(several, range(30))) == [
        [True, 1, {"field": str(number)}, str(number)] for number in range(30)
    ]


async def test_a_pipeline_raises_what_was_refused_or_gives_it(client: Client) -> None:
    for raises in (True, False):
        pipe = client.pipeline(transaction=False)
        pipe.set("text", "a")
        pipe.hget("text", "field")
        pipe.append("text", "b")
        if raises:
            with pytest.raises(ResponseError):
                await pipe.execute()
        else:
            replies = await pipe.execute(raise_on_error=False)
            assert replies[::2] == [True, 2]
            assert isinstance(replies[1], ResponseError)
        assert await client.get("text") == "ab"


async def test_a_connection_that_is_lost_is_trouble_once(own_redis: RedisServer) -> None:
    client = open_client(own_redis)
    await client.set("key", "value")
    await client.client_pause(5000)
    waiting = asyncio.gather(*(client.get("key") for _ in range(5)), return_exceptions=True)
    await asyncio.sleep(0.05)
    own_redis.kill()
    answers = await waiting
    assert {type(answer) for answer in answers} == {RedisConnectionError}
    with pytest.raises((RedisConnectionError, OSError)):
        await client.get("key")
    own_redis.start()
    assert await client.get("key") is None
    await client.aclose()


async def test_a_client_works_again_after_it_was_closed(redis_server: RedisServer) -> None:
    client = open_client(redis_server)
    assert await client.ping()
    await client.aclose()
    assert await client.ping()
    await client.aclose()


# -- a Redis that misbehaves -----------------------------------------------------------------------


class Odd:
    """Answers every command, whatever it is, with `answer`, in pieces of `piece` bytes."""

    def __init__(self) -> None:
        self.answer = b"+OK\r\n"
        self.piece = 1 << 16
        self.opened = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        while await reader.read(1 << 16):
            for start in range(0, len(self.answer), self.piece):
                writer.write(self.answer[start : start + self.piece])
                await writer.drain()
                await asyncio.sleep(0)
        writer.close()


@asynccontextmanager
async def odd_line(tmp_path: Path) -> AsyncIterator[tuple[Odd, Line]]:
    odd, path = Odd(), tmp_path / "socket"
    server = await asyncio.start_unix_server(odd.serve, path)

    async def connect() -> asyncio.StreamWriter:
        return (await asyncio.open_unix_connection(path))[1]

    line = Line(connect)
    yield odd, line
    await line.aclose()
    server.close()


PING = packed(["PING"])


async def test_replies_may_come_in_any_pieces(tmp_path: Path) -> None:
    async with odd_line(tmp_path) as (odd, line):
        odd.answer = b"*2\r\n$5\r\nh\xc3\xa9llo"[:-1] + b"\r\n:42\r\n+OK\r\n"
        odd.piece = 1
        assert await line.replies(PING * 2, 2, Alarms(5)) == [["héll", 42], "OK"]


async def test_news_that_nobody_asked_for_is_nobodys_reply(tmp_path: Path) -> None:
    async with odd_line(tmp_path) as (odd, line):
        odd.answer = b">2\r\n+message\r\n+hello\r\n+OK\r\n"
        assert await line.replies(PING, 1, Alarms(5)) == ["OK"]


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n", b"+OK\r\n+OK\r\n"])
async def test_what_is_not_redis_ends_the_line(tmp_path: Path, answer: bytes) -> None:
    async with odd_line(tmp_path) as (odd, line):
        odd.answer = answer
        for _ in range(2):
            try:
                assert await line.replies(PING, 1, Alarms(5)) == ["OK"]
            except RedisConnectionError:
                assert answer.startswith(b"HTTP")
        odd.answer = b"+OK\r\n"
        assert await line.replies(PING, 1, Alarms(5)) == ["OK"]
        assert odd.opened == 3


async def test_a_line_without_answers_is_opened_anew(tmp_path: Path) -> None:
    async with odd_line(tmp_path) as (odd, line):
        odd.answer = b""
        with pytest.raises(RedisTimeoutError, match="within"):
            await line.replies(PING, 1, Alarms(0.05))
        odd.answer = b"+OK\r\n"
        assert await line.replies(PING, 1, Alarms(5)) == ["OK"]
        assert odd.opened == 2


async def test_a_line_that_does_not_open_is_trouble_for_all_who_want_it() -> None:
    async def never() -> asyncio.StreamWriter:
        await asyncio.Event().wait()
        raise AssertionError

    line = Line(never)
    limit = Alarms(0.05)
    asked = (line.replies(PING, 1, limit) for _ in range(5))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(answer) for answer in answers} == {RedisTimeoutError}
