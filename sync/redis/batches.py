"""Many of something, some at a time: others that talk to Redis need not wait long."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

    from sync.redis.connection import Client
    from sync.redis.keys import Key

T = TypeVar("T")

CHUNK = 500
"""Rows in one command."""
TOGETHER = 10
"""Commands on their way to Redis at one time: its connections are for everybody."""


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut a sequence into parts of this size; the last may be shorter."""
    return (items[start : start + size] for start in range(0, len(items), size))


async def fields_of(client: Client, key: Key, fields: Sequence[str]) -> dict[str, str]:
    """What stands in these fields of a hash, without those that it does not have."""
    found: dict[str, str | None] = {}
    for some in chunks(fields, CHUNK):
        found.update(zip(some, await client.hmget(key, some), strict=True))
    return {field: text for field, text in found.items() if text is not None}


async def each_field(client: Client, key: Key) -> AsyncIterator[tuple[str, str]]:
    """Every field of a hash once, with what stands in it, in no order."""
    seen = set[str]()
    async for field, text in client.hscan_iter(key, count=CHUNK):
        if field not in seen:  # Redis may repeat some
            seen.add(field)
            yield field, text


async def batches(items: AsyncIterator[T], size: int) -> AsyncIterator[list[T]]:
    """Collect what comes one by one into lists of this size; the last may be shorter."""
    batch: list[T] = []
    async for item in items:
        batch.append(item)
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


async def for_each(items: Sequence[T], do: Callable[[T], Awaitable[object]]) -> None:
    """Do something with each, TOGETHER at a time."""
    for some in chunks(items, TOGETHER):
        await asyncio.gather(*map(do, some))
