"""A million people in a Redis within a minute: copies of people whom the product itself connected.

What a working day leaves of a person (their row, link, index and place in the queue) is read back
and written again under other ids. Only tokens are not copied.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hiredis import HiredisError, Reader, pack_command

from bench.people import addresses, object_id, tag, zoom_id
from bench.processes import ServerFailed
from sync.plan import Lane
from sync.store import keys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sync.store.connection import Client

KEYS = 3 + len(addresses(0))
"""Of a person without tokens: row, link, index of the Zoom id and of each address."""
_BATCH = 500
"""People sent in one go."""
_BETWEEN = "\0"


@dataclass(frozen=True, slots=True)
class _Model:
    """A person to copy; all that names them in the texts contains the tag."""

    tag: str
    row: str
    link: str
    lane: Lane
    due: float


async def copy_people(client: Client, models: Iterable[int], people: Iterable[int]) -> None:
    """Write `people`, each as a copy of one of the models in turn. Raises ServerFailed."""
    known = [await _read(client, number) for number in models]
    path = client.connection_pool.connection_kwargs["path"]
    pipe = _Pipe(*await asyncio.open_unix_connection(path))
    batch: list[bytes] = []
    for place, number in enumerate(people):
        batch += [pack_command(words) for words in _commands(known[place % len(known)], number)]
        if len(batch) >= _BATCH * (KEYS + 1):
            await pipe.send(batch)
            batch = []
    await pipe.send(batch)
    await pipe.close()


async def _read(client: Client, number: int) -> _Model:
    oid = object_id(number)
    row = await client.hgetall(keys.person(oid))
    link = await client.get(keys.link(oid))
    scores = [await client.zscore(key, oid) for key in keys.dues(keys.shard_of(oid))]
    places = [(Lane(lane), due) for lane, due in enumerate(scores) if due is not None]
    if not row or link is None or len(places) != 1:
        raise ServerFailed("somebody who was written has no row, no link, or no place in the queue")
    flat = _BETWEEN.join(text for pair in row.items() for text in pair)
    return _Model(tag(number), flat, str(link), *places[0])


def _commands(model: _Model, number: int) -> list[tuple[Any, ...]]:
    oid = object_id(number)
    row = model.row.replace(model.tag, tag(number)).split(_BETWEEN)
    return [
        ("HSET", keys.person(oid), *row),
        ("SET", keys.link(oid), model.link.replace(model.tag, tag(number))),
        ("SET", keys.zoom_id(zoom_id(number)), oid),
        *(("SET", keys.zoom_address(address), oid) for address in addresses(number)),
        ("ZADD", keys.dues(keys.shard_of(oid))[model.lane], model.due, oid),
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
