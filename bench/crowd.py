"""A million people in a Redis within a minute: copies of people whom the product itself connected.

What a working day leaves of a person (their row, link, index, and whatever they are a member of in
their shard, such as the queue) is read back and written again under other ids. Only tokens are not
copied.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hiredis import HiredisError, Reader, pack_command

from bench.people import addresses, object_id, tag, zoom_id
from bench.processes import ServerFailed
from sync.redis import keys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sync.redis.connection import Client

KEYS = 3 + len(addresses(0))
"""Of a person without tokens: row, link, index of the Zoom id and of each address."""
_BATCH = 3000
"""Commands sent in one go."""
_BETWEEN = "\0"


@dataclass(frozen=True, slots=True)
class _Model:
    """A person to copy; all that names them in the texts contains the tag.

    `member` are commands that make somebody a member as this one is, with `{}` for the shard's tag.
    """

    tag: str
    row: str
    link: str
    member: list[tuple[str, ...]]


async def copy_people(client: Client, models: Iterable[int], people: Iterable[int]) -> None:
    """Write `people`, each as a copy of one of the models in turn. Raises ServerFailed."""
    shared = [await _shared(client, shard) for shard in range(keys.SHARDS)]
    known = [await _read(client, number, shared) for number in models]
    path = client.connection_pool.connection_kwargs["path"]
    pipe = _Pipe(*await asyncio.open_unix_connection(path))
    batch: list[bytes] = []
    for place, number in enumerate(people):
        batch += [pack_command(words) for words in _commands(known[place % len(known)], number)]
        if len(batch) >= _BATCH:
            await pipe.send(batch)
            batch = []
    await pipe.send(batch)
    await pipe.close()


async def _shared(client: Client, shard: int) -> dict[str, str]:
    """The keys of a shard that are not one person's, and their types."""
    names = [key async for key in client.scan_iter(f"pb:{_tag(shard)}:*", count=1000)]
    return {key: str(await client.type(key)) for key in names if object_id(0)[:24] not in key}


def _tag(shard: int) -> str:
    return f"{{{shard:02d}}}"


async def _read(client: Client, number: int, shared: list[dict[str, str]]) -> _Model:
    oid = object_id(number)
    row = await client.hgetall(keys.person(oid))
    link = await client.get(keys.link(oid))
    member: list[tuple[str, ...]] = []
    for key, kind in shared[keys.shard_of(oid)].items():
        name = key.replace(_tag(keys.shard_of(oid)), "{}")
        if kind == "zset" and (score := await client.zscore(key, oid)) is not None:
            member.append(("ZADD", name, str(score)))
        elif kind == "set" and await client.sismember(key, oid):
            member.append(("SADD", name))
        elif kind == "hash" and await client.hexists(key, oid):
            raise ServerFailed(f"a person has a field in {key}, which bench/crowd.py does not copy")
    if not row or link is None or not member:
        raise ServerFailed("somebody who was written has no row, no link, or no place in the queue")
    flat = _BETWEEN.join(text for pair in row.items() for text in pair)
    return _Model(tag(number), flat, str(link), member)


def _commands(model: _Model, number: int) -> list[tuple[Any, ...]]:
    oid = object_id(number)
    shard = _tag(keys.shard_of(oid))
    row = model.row.replace(model.tag, tag(number)).split(_BETWEEN)
    return [
        ("HSET", keys.person(oid), *row),
        ("SET", keys.link(oid), model.link.replace(model.tag, tag(number))),
        ("SET", keys.zoom_id(zoom_id(number)), oid),
        *(("SET", keys.zoom_address(address), oid) for address in addresses(number)),
        *((what, name.replace("{}", shard), *score, oid) for what, name, *score in model.member),
    ]


class _Pipe:
    """Commands without end; the next ones are sent while the server works on the ones before."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._answers = Reader()
        self._missing = 0

    async def send(self, commands: list[bytes]) -> None:
        self._writer.writelines(commands)
        await self._writer.drain()
        self._missing += len(commands)
        await self._receive(all_but=len(commands))

    async def close(self) -> None:
        await self._receive(all_but=0)
        self._writer.close()

    async def _receive(self, *, all_but: int) -> None:
        while self._missing > all_but:
            data = await self._reader.read(65536)
            if not data:
                raise ServerFailed("Redis closed the connection while people were copied")
            self._answers.feed(data)
            while (answer := self._answers.gets()) is not False:
                if isinstance(answer, HiredisError):
                    raise ServerFailed(f"Redis refused a copied person: {answer}")
                self._missing -= 1
