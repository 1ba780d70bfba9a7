"""Connecting to Redis.

Explicit time limits, and no silent re-sending: redis-py's defaults differ between versions, and a
re-sent command that is not idempotent counts twice. Whoever calls decides what to do.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Literal

from redis.asyncio import Connection, Redis, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.client import Pipeline
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.client import NEVER_DECODE
from redis.exceptions import (
    ClusterError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from sync.redis import keys
from sync.redis.alarms import Alarms, TimeLimit
from sync.redis.line import Line, packed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

COMMAND_TIMEOUT: Final = 3.0
"""Seconds. Shorter than Zoom's three-second limit would be useless: a slow answer is still one."""
PIPELINE_TIMEOUT: Final = 10.0
"""The same for many commands at once."""

REDIS_TROUBLE: Final = (
    RedisConnectionError,
    RedisTimeoutError,
    ReadOnlyError,
    OutOfMemoryError,
    ResponseError,
    ClusterError,
    RedisClusterException,  # no node of the cluster answers; not a RedisError
    OSError,
)
"""What Redis being away, full, loading or failing over looks like."""

Client = Any
"""A Redis or RedisCluster client with decoded answers (their types do not share a base)."""


class _Ours:
    """What all our connections have on top of redis-py's.

    Commands are packed in C: redis-py does so in its blocking client only, and in Python a script
    call with its twenty arguments took a quarter of the whole call.

    A connection says that it was closed while it was being opened: when a node of a cluster fails,
    redis-py closes the connections of every task, also one that another task is just opening, and
    stumbles over the missing writer (AttributeError).
    """

    _reader: asyncio.StreamReader | None
    _writer: asyncio.StreamWriter | None

    def pack_command(self, *args: Any) -> list[bytes]:
        return [packed(args)]

    def hand_over(self) -> asyncio.StreamWriter:
        """What it has opened, which is another's from now on. Raises ConnectionError."""
        if self._writer is None:
            raise RedisConnectionError("closed by another task")
        writer, self._writer, self._reader = self._writer, None, None
        return writer

    async def _send_packed_command(self, command: Iterable[bytes]) -> None:
        if self._writer is None:
            raise RedisConnectionError("closed by another task")
        await super()._send_packed_command(command)  # type: ignore[misc]


class _Plain(_Ours, Connection):
    pass


class _Encrypted(_Ours, SSLConnection):
    pass


class _Local(_Ours, UnixDomainSocketConnection):
    pass


_OURS = {Connection: _Plain, SSLConnection: _Encrypted, UnixDomainSocketConnection: _Local}


class _Client(Redis):
    """Sends commands, and several at once, over one line (sync.redis.line).

    Each has a time limit as a whole: to connect, to send and to be answered. What needs a
    connection for itself (transactions, subscriptions) gets one of redis-py's pool.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._commands, self._pipelines = Alarms(COMMAND_TIMEOUT), Alarms(PIPELINE_TIMEOUT)
        self._line = Line(self._connect)

    async def _connect(self) -> asyncio.StreamWriter:
        connection = self.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        await connection.connect()
        writer: asyncio.StreamWriter = connection.hand_over()
        return writer

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        if NEVER_DECODE in options:  # DUMP; on the line everything is text
            with TimeLimit(self._commands):
                return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        [reply] = await self._line.replies(packed(args), 1, self._commands)
        return self.meant(reply, args[0], options)

    def meant(self, reply: Any, command: Any, options: dict[str, Any]) -> Any:
        """What a reply means in Python. Raises what Redis has refused."""
        if isinstance(reply, Exception):
            raise reply
        read = self.response_callbacks.get(command)
        options.pop("keys", None)  # for redis-py's cache on the client's side
        return reply if read is None else read(reply, **options)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        pipe = _Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        pipe.meant, pipe.line, pipe.limit = self.meant, self._line, self._pipelines
        return pipe

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        await self._line.aclose()
        await super().aclose(close_connection_pool)


class _Pipeline(Pipeline):
    """Commands that are sent at once."""

    meant: Callable[[Any, Any, Any], Any]
    line: Line
    limit: Alarms

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        if self.is_transaction:
            with TimeLimit(self.limit):
                return await super().execute(raise_on_error)
        stack, self.command_stack = self.command_stack, []
        if not stack:
            return []
        commands = b"".join(packed(args) for args, _ in stack)
        replies = await self.line.replies(commands, len(stack), self.limit)
        read = list[Any]()
        for (args, options), reply in zip(stack, replies, strict=True):
            try:
                read.append(self.meant(reply, args[0], options))
            except RedisError as error:
                if raise_on_error:
                    raise
                read.append(error)
        return read


def connect(url: str, mode: Literal["single", "cluster"] = "single") -> Client:
    """Make the command client. Nothing is sent until it is used."""
    if mode == "cluster":
        cluster = RedisCluster.from_url(
            url, decode_responses=True, socket_timeout=COMMAND_TIMEOUT, socket_connect_timeout=2
        )
        arguments = cluster.get_connection_kwargs()
        made = _Encrypted if arguments["connection_class"] is SSLConnection else _Plain
        # There is no argument for it. Nodes that are found later are made with these, too.
        arguments["connection_class"] = made
        for node in cluster.nodes_manager.startup_nodes.values():
            node.connection_class = made
        return cluster
    client = _Client.from_url(
        url,
        decode_responses=True,
        socket_timeout=None,  # _Client's instead
        socket_connect_timeout=2,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=30,
    )
    pool = client.connection_pool  # from_url overrides the argument for other than TCP
    pool.connection_class = _OURS[pool.connection_class]
    return client


def connect_listener(url: str) -> Redis:
    """Make the client that waits for messages: no time limit on reading."""
    keepalive: dict[str, Any] = {} if url.startswith("unix:") else {"socket_keepalive": True}
    return Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=None,
        socket_connect_timeout=2,
        retry=Retry(NoBackoff(), 0),
        **keepalive,
    )


async def server_ms(client: Client) -> int:
    """The server's clock (epoch ms): the only one that processes share."""
    seconds, micros = await client.time()
    return int(seconds) * 1000 + int(micros) // 1000


def raise_if_cancelled() -> None:
    """End the running task if it was told to end; for loops that talk to Redis.

    redis-py sends with `asyncio.wait_for`, and that of Python 3.11 may swallow a cancellation.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def takes_writes(client: Client) -> bool:
    """Whether Redis takes what we write, wherever people's keys are. Raises REDIS_TROUBLE.

    A full one and one that became a replica answer PING all the same.
    """
    pipe = client.pipeline(transaction=False)
    for shard in range(keys.SHARDS):
        pipe.set(keys.probe(shard), "1", ex=keys.PROBE_TTL)
    return all(await pipe.execute())
