"""Time for Zoom's feed: Redis's clock can't be moved, so what was noted becomes older instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.redis import keys

if TYPE_CHECKING:
    from collections.abc import Collection

    from sync.redis.connection import Client

TIMES = (
    *("beat", "since", "last", "validated", "silent", "warned"),
    *("doubted", "sweep", "swept", "gap_from", "gap_to"),
)


async def let_pass(redis: Client, ms: int, *, keep: Collection[str] = ()) -> None:
    """Let time pass for the feed; what is to be kept happened since. The hours stay where they are.

    A negative time is a clock that was set back.
    """
    row = await redis.hgetall(keys.FEED_STATE)
    moved = {name: int(row[name]) - ms for name in TIMES if name in row and name not in keep}
    if moved:
        await redis.hset(keys.FEED_STATE, mapping=moved)
