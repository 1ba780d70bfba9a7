"""Whom Zoom is still to be asked about because of a doubt (sync.feed.catch_up), in Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.redis import keys
from sync.redis.batches import batches
from sync.redis.jobs import CHUNK, TAKEN_MS
from sync.redis.leases import Lease

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from domain.person import PersonState
    from sync.engine.people import PeopleStore
    from sync.redis.connection import Client

TRY = 10
"""What a try in vain adds to somebody's place; it is less than that before the first."""
_DECIDES = ("group_ids", "personal", "trouble", "observation", "held", "leaving", "gone_ms")


class SweepStore:
    """Every read and write of a sweep."""

    def __init__(self, client: Client, people: PeopleStore) -> None:
        self._client = client
        self._people = people

    def lease(self) -> Lease:
        """Whoever has it watches and sweeps."""
        return Lease(self._client, keys.SWEEP_LEASE, TAKEN_MS)

    async def rows(self, people: Sequence[str]) -> list[PersonState]:
        """What decides whether and when Zoom is asked about these; of who is connected."""
        return await self._people.rows(people, *_DECIDES)

    async def everyone(self) -> AsyncIterator[list[PersonState]]:
        """Everybody who is connected, in batches."""
        async for batch in batches(self._people.everyone(), CHUNK):
            yield await self.rows(batch)

    async def begin(self) -> None:
        """Nobody is to be asked about, so far."""
        await self._client.delete(keys.FEED_LEFT)

    async def put(self, places: Mapping[str, int]) -> None:
        """These are to be asked about; the lowest places first."""
        if places:
            await self._client.zadd(keys.FEED_LEFT, places)
            await self._client.expire(keys.FEED_LEFT, keys.JOB_TTL)

    async def first(self, at_most: int) -> dict[str, int]:
        """Those whose turn it is, and how often they were tried in vain."""
        rows = await self._client.zrange(keys.FEED_LEFT, 0, at_most - 1, withscores=True)
        return {str(oid): int(float(place)) // TRY for oid, place in rows}

    async def settle(self, people: Sequence[str]) -> None:
        """These are done."""
        if people:
            await self._client.zrem(keys.FEED_LEFT, *people)

    async def put_back(self, object_id: str) -> None:
        """Somebody was tried in vain: the others first."""
        await self._client.zincrby(keys.FEED_LEFT, TRY, object_id)

    async def count(self) -> int:
        """How many are left."""
        return int(await self._client.zcard(keys.FEED_LEFT))
