"""Many of something, some at a time: others that talk to Redis need not wait long."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

T = TypeVar("T")

TOGETHER = 10
"""Commands on their way to Redis at one time: its connections are for everybody."""


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut a sequence into parts of this size; the last may be shorter."""
    return (items[start : start + size] for start in range(0, len(items), size))


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
