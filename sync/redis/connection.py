"""Connecting to Redis.

Explicit time limits, and no silent re-sending: redis-py's defaults differ between versions, and a
re-sent command that is not idempotent counts twice. Whoever calls decides what to do.
"""

from __future__ import annotations

import asyncio
import contextlib
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal

import hiredis
from redis.asyncio import (
    Connection,
    ConnectionPool,
    Redis,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.asyncio.client import Pipeline
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.driver_info import DriverInfo
from redis.exceptions import (
    AuthenticationError,
    ClusterError,
    DataError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from sync.redis import keys
from sync.redis.alarms import Alarms, TimeLimit

if TYPE_CHECKING:
    from collections.abc import Iterable

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

    A refused password is told as what it is: redis-py tells it as a failure of the network, which
    waiting might mend.
    """

    _writer: asyncio.StreamWriter | None

    def pack_command(self, *args: Any) -> list[bytes]:
        if " " in args[0]:  # two words, as in SCRIPT LOAD: redis-py takes them apart
            packed: list[bytes] = super().pack_command(*args)  # type: ignore[misc]
            return packed
        try:
            return [hiredis.pack_command(args)]
        except TypeError as error:
            raise DataError(str(error)) from None

    async def connect_check_health(self, *args: Any, **options: Any) -> None:
        try:
            await super().connect_check_health(*args, **options)  # type: ignore[misc]
        except RedisConnectionError as error:
            if isinstance(error.__cause__, AuthenticationError):
                raise error.__cause__ from None
            raise

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


class _Pool(ConnectionPool):
    """Hands connections out as redis-py does, without what took a quarter of a command.

    That is: what counts each step for OpenTelemetry, who is told of each that comes back (nobody,
    where passwords stay), and a lock around what never waits.
    """

    async def get_connection(self, *_: object, **__: object) -> Any:
        connection = self.get_available_connection()  # type: ignore[no-untyped-call]
        try:
            await self.ensure_connection(connection)
        except BaseException:
            await self.release(connection)
            raise
        return connection

    async def release(self, connection: Any) -> None:
        self._in_use_connections.remove(connection)
        try:
            if connection.should_reconnect():
                await connection.disconnect()
        finally:
            self._available_connections.append(connection)

    async def ensure_connection(self, connection: Any) -> None:
        if connection.is_connected:
            with contextlib.suppress(RedisConnectionError):  # it was closed over there
                if not await connection.can_read():
                    return
        await super().ensure_connection(connection)


class _Client(Redis):
    """Every command has a time limit as a whole: to connect, to send and to be answered.

    redis-py's own (`socket_timeout`) costs a task and two timers for each command; these share one.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._commands, self._pipelines = Alarms(COMMAND_TIMEOUT), Alarms(PIPELINE_TIMEOUT)

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        try:
            with TimeLimit(self._commands):
                return await self._carried_out(args, options)
        except TimeoutError:
            raise RedisTimeoutError(f"no answer within {COMMAND_TIMEOUT:g} s") from None

    async def _carried_out(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """What redis-py does but for a second try, which we don't want, and its bookkeeping."""
        pool: _Pool = self.connection_pool  # type: ignore[assignment]  # as `connect` makes it
        connection = await pool.get_connection()
        try:
            await connection.send_command(*args)
            return await self.parse_response(connection, args[0], **options)
        except (RedisConnectionError, RedisTimeoutError):
            await connection.disconnect()
            raise
        finally:
            await pool.release(connection)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        pipe = _Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        pipe.alarms = self._pipelines
        return pipe


class _Pipeline(Pipeline):
    alarms: Alarms

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        try:
            with TimeLimit(self.alarms):
                return await super().execute(raise_on_error)
        except TimeoutError:
            raise RedisTimeoutError(f"no answers within {PIPELINE_TIMEOUT:g} s") from None


@cache
def _driver() -> DriverInfo:
    """What redis-py calls itself. It would read its package's metadata for every connection."""
    return DriverInfo()


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
    pool = _Pool.from_url(
        url,
        decode_responses=True,
        socket_timeout=None,  # _Client's instead
        socket_connect_timeout=2,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=30,
        driver_info=_driver(),
    )
    # from_url overrides the argument for other than TCP
    pool.connection_class = _OURS[pool.connection_class]
    return _Client.from_pool(pool)


def connect_listener(url: str) -> Redis:
    """Make the client that waits for messages: no time limit on reading."""
    keepalive: dict[str, Any] = {} if url.startswith("unix:") else {"socket_keepalive": True}
    return Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=None,
        socket_connect_timeout=2,
        retry=Retry(NoBackoff(), 0),
        driver_info=_driver(),
        **keepalive,
    )


async def server_ms(client: Client) -> int:
    """The server's clock (epoch ms): the only one that processes share."""
    seconds, micros = await client.time()
    return int(seconds) * 1000 + int(micros) // 1000


def raise_if_cancelled() -> None:
    """End the running task if it was cancelled; for loops that talk to Redis.

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
