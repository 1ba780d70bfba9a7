"""One connection for all commands of a process: sent as they come, answered in their order.

Redis answers the commands of a connection one after the other, so any number may be under way. A
pool, as redis-py has, lends a connection to each command: most of a small command's cost was that
lending. Nothing here is sent twice, and no command waits for another to be answered.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import hiredis
from redis._parsers.base import BaseParser
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import DataError, InvalidResponse
from redis.exceptions import TimeoutError as RedisTimeoutError

from sync.redis.alarms import TimeLimit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from sync.redis.alarms import Alarms

_NOT_YET: Final = object()


def packed(args: Sequence[Any]) -> bytes:
    """A command as it is sent. Raises DataError for what Redis has no form of."""
    if " " in args[0]:  # two words, as in SCRIPT LOAD
        args = (*args[0].split(), *args[1:])
    try:
        command: bytes = hiredis.pack_command(tuple(args))
    except TypeError as error:
        raise DataError(str(error)) from None
    return command


class Line:
    """Opened at the first command, and again at the first one after it was lost.

    `connect` opens a connection and greets Redis (user, database, TLS).
    """

    def __init__(self, connect: Callable[[], Awaitable[asyncio.StreamWriter]]) -> None:
        self._connect = connect
        self._open: _Replies | None = None
        self._opening = asyncio.Lock()

    async def replies(self, commands: bytes, number: int, limit: Alarms) -> list[Any]:
        """The replies to so many commands, sent at once; a refused one's is its error.

        Raises redis-py's TimeoutError after the time of `limit`, to open the line included, and
        its ConnectionError when the line is lost meanwhile. Then nobody knows what was done.
        """
        line: _Replies | None = None
        try:
            with TimeLimit(limit):
                line = self._open
                if line is None or line.lost:
                    line = await self._opened()
                return await line.send(commands, number)
        except TimeoutError:
            late = RedisTimeoutError(f"no answer within {limit.seconds:g} s")
            if line is not None:
                line.lose(late)  # whoever waits behind it has no answer either
            raise late from None

    async def _opened(self) -> _Replies:
        async with self._opening:
            if self._open is None or self._open.lost:
                self._open = _Replies(await self._connect())
            return self._open

    async def aclose(self) -> None:
        """End it; the next command opens it again."""
        if self._open is not None:
            self._open.lose(RedisConnectionError("closed"))
            await self._open.gone


class _Replies(asyncio.Protocol):
    """Takes over what was opened, and hands out what comes on it."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._waiting: deque[_Waiting] = deque()
        self._reader = hiredis.Reader(
            protocolError=InvalidResponse,
            replyError=BaseParser.parse_error,
            notEnoughData=_NOT_YET,
            encoding="utf-8",
        )
        self.gone = asyncio.get_running_loop().create_future()
        self.lost = writer.transport.is_closing()
        writer.transport.set_protocol(self)

    async def send(self, commands: bytes, number: int) -> list[Any]:
        """Send commands and wait for their replies."""
        waiting = _Waiting(number)
        self._waiting.append(waiting)
        self._writer.transport.write(commands)
        return await waiting.done

    def data_received(self, data: bytes) -> None:
        """Hand the replies out."""
        self._reader.feed(data)
        try:
            while (reply := self._next()) is not _NOT_YET:
                if isinstance(reply, hiredis.PushNotification):
                    continue
                waiting = self._waiting[0]
                waiting.replies.append(reply)
                if len(waiting.replies) == waiting.number:
                    self._waiting.popleft()
                    if not waiting.done.done():  # else nobody waits any more
                        waiting.done.set_result(waiting.replies)
        except (InvalidResponse, IndexError) as error:
            self.lose(RedisConnectionError(f"not understood: {type(error).__name__}"))

    def _next(self) -> Any:
        try:
            return self._reader.gets()
        except UnicodeDecodeError as error:  # of this reply alone
            return error

    def connection_lost(self, error: Exception | None) -> None:
        """Whoever waits has no answer."""
        self.lose(RedisConnectionError(f"lost: {error}" if error else "Redis has closed it"))
        self.gone.set_result(None)

    def lose(self, error: Exception) -> None:
        """End it: whoever waits gets this error."""
        self.lost = True
        self._writer.transport.abort()
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done.done():
                waiting.done.set_exception(error)


class _Waiting:
    """Somebody who waits for a number of replies."""

    __slots__ = ("done", "number", "replies")

    def __init__(self, number: int) -> None:
        self.number = number
        self.replies: list[Any] = []
        self.done: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
