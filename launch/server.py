"""What anybody on the network may do to a port of ours, and what it costs us: as little as can be.

Strangers hold connections open, send half of what they announce, pack bodies, read no answers, hang
up, or speak no HTTP. Here are the rules for that, for every route of every port: who keeps us
waiting is closed, and nobody takes the last connection. They work beside the requests, not in them:
one timer for all, no middleware.
"""

from __future__ import annotations

import resource
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog
from aiohttp import hdrs, web

from launch.connection import BODY_BUFFER, MOST_HEADERS, Connection, Writer, server_log
from sync.redis.alarms import Alarms, TimeLimit

if TYPE_CHECKING:
    import asyncio

    from aiohttp import StreamReader
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.http import RawRequestMessage

READ_AT_ONCE = 32 * 1024
"""Bytes read of one connection before it is others' turn: as tiny chunks they are a lot of work."""
LONGEST_TYPE = 256
"""Characters of a Content-Type. Python's parser takes half a second for 8,000 with parameters."""
FAREWELL = 1.0
"""Seconds that a port which closes waits for bodies under way, and for answers to be read."""

MOST_CONNECTIONS = 10_000
QUIET = 60.0
"""Seconds between two lines of log about the same thing."""
QUEUE = 1024
"""Connections that wait to be taken in; they are no files of ours yet."""
FILES_OF_OURS = 384
"""Redis, Microsoft, Zoom and Teams (up to 220 connections), files, and what is just accepted."""

_log = structlog.get_logger(__name__)


def most_connections() -> int:
    """How many connections from outside the process's limit of open files leaves room for."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(8, min(MOST_CONNECTIONS, files - min(FILES_OF_OURS, files // 2)))


@dataclass(frozen=True, slots=True)
class Rules:
    """For one port. Times in seconds; `most` connections at once; `https`: browsers come by it.

    An idle connection stays open for `keep_alive` (KEEP_ALIVE_SECONDS). The first request's head
    and every body must have come within `head_within` and `body_within`; an answer of which nothing
    was read for `read_within` is stuck (found at the second look). For `linger` the rest of a body
    that nobody wants is read, so that the answer arrives. Who owes us something counts as keeping
    us waiting after `grace`.
    """

    keep_alive: float = 75.0
    head_within: float = 10.0
    body_within: float = 10.0
    read_within: float = 10.0
    linger: float = 1.0
    grace: float = 0.5
    most: int = field(default_factory=most_connections)
    https: bool = False

    @property
    def at_once(self) -> int:
        """How many are taken in at once, before anybody is counted. Others wait in the queue."""
        return max(1, min(128, self.most // 8))


class Server(web.Server):
    """aiohttp's server, with the rules. `inside` is the application's own server, never started."""

    def __init__(self, inside: web.Server, rules: Rules) -> None:
        super().__init__(self._handle, request_factory=self._request)
        self._inside = inside.request_handler
        self._make = inside.request_factory
        self._rules = rules
        self._heads = Alarms(rules.head_within)
        self._bodies = Alarms(rules.body_within)
        self._open: dict[web.RequestHandler, asyncio.Transport] = {}
        self._silent: dict[web.RequestHandler, _FirstHead] = {}
        self._sending: dict[web.RequestHandler, StreamReader] = {}
        # Whoever keeps us waiting longest stands first: who owes us something, and since when ...
        self._owing: dict[web.RequestHandler, float] = {}
        # ... and who owes us nothing.
        self._idle: dict[web.RequestHandler, None] = {}
        self._unread: dict[web.RequestHandler, int] = {}
        self._quiet_until = 0.0
        self._look_at_answers: asyncio.TimerHandle | None = None

    def __call__(self) -> web.RequestHandler:
        """The protocol of a new connection."""
        return Connection(
            self,
            loop=self._loop,
            access_log=None,
            logger=server_log(),
            keepalive_timeout=self._rules.keep_alive,
            lingering_time=self._rules.linger,
            auto_decompress=False,
            max_headers=MOST_HEADERS,
            read_bufsize=BODY_BUFFER,
        )

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Take somebody in. If that is one too many, whoever has waited longest must go."""
        super().connection_made(handler, transport)
        transport.max_size = READ_AT_ONCE  # type: ignore[attr-defined]  # of asyncio's sockets
        self._open[handler] = transport
        if len(self._open) > self._rules.most:
            self._make_room(handler)
        self._silent[handler] = alarm = _FirstHead(handler)
        self._heads.set(alarm)
        self._owing[handler] = self._loop.time()
        if self._look_at_answers is None:
            self._look_again()

    def connection_lost(
        self, handler: web.RequestHandler, exc: BaseException | None = None
    ) -> None:
        """Forget somebody who is gone."""
        super().connection_lost(handler, exc)
        self._open.pop(handler, None)
        self._unread.pop(handler, None)
        self._forget(handler)
        if not self._open and self._look_at_answers is not None:
            self._look_at_answers.cancel()
            self._look_at_answers = None

    def pre_shutdown(self) -> None:
        """Stop taking requests. What is in hand goes on; strangers can't make it last."""
        super().pre_shutdown()
        self._loop.call_later(FAREWELL, self._part)

    def _part(self) -> None:
        for handler, body in self._sending.items():
            if not body.is_eof():
                handler.force_close()
        for transport in self._open.values():
            if transport.get_write_buffer_size():
                transport.abort()

    def _forget(self, handler: web.RequestHandler) -> None:
        """They don't keep us waiting (any more)."""
        self._spoke(handler)
        self._owing.pop(handler, None)
        self._sending.pop(handler, None)
        self._idle.pop(handler, None)

    def _spoke(self, handler: web.RequestHandler) -> None:
        """The first request's head is there, or never comes."""
        alarm = self._silent.pop(handler, None)
        if alarm is not None:
            self._heads.clear(alarm)
            del self._owing[handler]

    def _make_room(self, newcomer: web.RequestHandler) -> None:
        """Close who owes us a request or a body, or is idle; else the newcomer.

        Who came just now may have sent it all: it was not read yet. They go last.
        """
        now = self._loop.time()
        if now >= self._quiet_until:
            self._quiet_until = now + QUIET
            _log.warning("connections_full", most=self._rules.most)
        owing = (h for h in self._owing if h in self._silent or not self._sending[h].is_eof())
        handler = next(owing, None)
        if handler is None or now - self._owing[handler] < self._rules.grace:
            handler = next(iter(self._idle), handler or newcomer)
        self._forget(handler)
        handler.force_close()

    def _look_again(self) -> None:
        """End connections whose client reads nothing of what we answered."""
        before, self._unread = self._unread, {}
        for handler, transport in self._open.items():
            left = transport.get_write_buffer_size()
            if left and before.get(handler) == left:
                transport.abort()
            elif left:
                self._unread[handler] = left
        self._look_at_answers = self._loop.call_later(self._rules.read_within, self._look_again)

    def _request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: web.RequestHandler,
        _: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> web.BaseRequest:
        writer = Writer(protocol, self._loop, https=self._rules.https)
        return self._make(message, payload, protocol, writer, task)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request, as the application does."""
        handler = request.protocol
        self._spoke(handler)
        self._idle.pop(handler, None)
        try:
            if hdrs.CONTENT_ENCODING in request.headers:
                # Little on the wire may be endless unpacked, and nobody with business here packs.
                return _refusal(415, {hdrs.ACCEPT_ENCODING: "identity"})
            if len(request.headers.get(hdrs.CONTENT_TYPE, "")) > LONGEST_TYPE:
                return _refusal(415)
            expects = request.headers.get(hdrs.EXPECT)
            if expects is not None and expects.lower() != "100-continue":
                return _refusal(417)  # aiohttp would quote it, and can't where it is no text
            if request.content.is_eof():
                return await self._inside(request)
            return await self._while_sending(request)
        except web.RequestPayloadError:
            return _refusal(400)
        except (ConnectionResetError, RuntimeError) as error:
            # RuntimeError is what aiohttp says of a body that was cut off before anybody read it.
            cut = isinstance(error, ConnectionResetError) or not request.content.is_eof()
            if cut and (request.transport is None or request.transport.is_closing()):
                return _refusal(400)  # nobody is there to read it
            raise
        finally:
            transport = self._open.get(handler)
            if transport is not None and not transport.is_closing():
                self._idle[handler] = None
                if request.content.is_eof() and isinstance(handler, Connection):
                    handler.next_head()

    async def _while_sending(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request whose body is under way."""
        self._sending[request.protocol] = request.content
        self._owing[request.protocol] = self._loop.time()
        limit = _BodyLimit(self._bodies, request.content)
        try:
            with limit:
                return await self._inside(request)
        except TimeoutError:
            if not limit.over:
                raise
            return _refusal(408)
        finally:
            self._sending.pop(request.protocol, None)
            self._owing.pop(request.protocol, None)


class Runner(web.AppRunner):
    """aiohttp's runner, with the rules."""

    def __init__(self, app: web.Application, rules: Rules, *, shutdown_timeout: float) -> None:
        super().__init__(app, shutdown_timeout=shutdown_timeout)
        self._rules = rules

    async def _make_server(self) -> Server:
        return Server(await super()._make_server(), self._rules)


class _FirstHead:
    """The alarm of a connection on which nobody has asked for anything yet."""

    __slots__ = ("_handler",)

    def __init__(self, handler: web.RequestHandler) -> None:
        self._handler = handler

    def ring(self) -> None:
        self._handler.force_close()


class _BodyLimit(TimeLimit):
    """Breaks off whoever waits for a body that does not come; work that has it all goes on."""

    __slots__ = ("_body",)

    def __init__(self, alarms: Alarms, body: StreamReader) -> None:
        super().__init__(alarms)
        self._body = body

    def ring(self) -> None:
        if not self._body.is_eof():
            super().ring()


def _refusal(status: int, headers: dict[str, str] | None = None) -> web.Response:
    answer = web.Response(status=status, headers=headers)
    answer.force_close()
    return answer
