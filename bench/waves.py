"""Waves: many people change at once, and the moment at which all of them have been written.

A wave is offered through the product's own store, as the web process does once it has accepted an
event, so that nothing but workers and Redis are measured.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bench.people import connect_people, object_id
from bench.processes import ServerFailed
from domain.presence import Observation, ZoomPresence
from sync.engine.people import PeopleStore
from sync.engine.queue import LEASE_MS
from sync.redis import keys
from sync.redis.connection import connect as open_client
from sync.redis.scripts import Scripts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from bench.graph import Graph
    from bench.stage import Stage
    from sync.redis.connection import Client

_AT_ONCE = 32
_WITHIN = 60.0
_STATES = (ZoomPresence.IN_MEETING, ZoomPresence.PRESENTING)


class Waves:
    """The connected people of one Redis, who change between two states that need a write each."""

    def __init__(self, client: Client, graph: Graph) -> None:
        self.client = client
        self._store = PeopleStore(client, Scripts(client))
        self._graph = graph
        self._turn = 0

    async def offer(self, people: Sequence[int]) -> None:
        """Say of each of them that Zoom shows something else now. Raises ServerFailed."""
        presence = _STATES[self._turn % 2]
        self._turn += 1

        async def some(numbers: Sequence[int]) -> None:
            for number in numbers:
                observation = Observation(presence, int(time.time() * 1000))
                outcome = await self._store.offer(object_id(number), observation)
                if outcome != "accepted":
                    raise ServerFailed(f"an event was not accepted: {outcome}")

        await asyncio.gather(*(some(people[start::_AT_ONCE]) for start in range(_AT_ONCE)))

    async def written(self, people: Sequence[int], *, within: float) -> None:
        """Wait until each of them was written and nobody is in a worker's hands or waits for one.

        Raises ServerFailed after `within` seconds.
        """
        count = len(people)
        try:
            async with asyncio.timeout(within):
                while len(self._graph.writes) < count:  # noqa: ASYNC110 - two ends, no event
                    await asyncio.sleep(0.002)
                await settled(self.client)
        except TimeoutError:
            missing = count - len(self._graph.writes)
            what = f"{missing} of {count} people were not written within {within:.0f} s"
            raise ServerFailed(what if missing else "people are not given back") from None

    async def idle(self) -> None:
        """Wait until the workers have nothing to do, as at their start."""
        await settled(self.client)

    async def went_over_everybody(self, *, covered: bool = False) -> None:
        """Wait for the rounds over everybody that a start brings, and then a day or five minutes.

        They look for who has left, and where the organisation authorises, who is `covered`.
        """
        marks = (keys.PURGED, keys.COVERAGE) if covered else (keys.PURGED,)
        async with asyncio.timeout(_WITHIN):
            while await self.client.exists(*marks) < len(marks):  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.01)

    def twice(self) -> int:
        """How many people got more than one write since the stand-in began."""
        return sum(count > 1 for count in self._graph.writes.values())


async def settled(client: Client) -> None:
    """Wait until nobody is due soon: whoever is in a worker's hands is due when the lease ends."""
    queues = [key for shard in range(keys.SHARDS) for key in keys.dues(shard)]
    while True:
        soon = int(time.time() * 1000) + LEASE_MS + 1000
        pipe = client.pipeline(transaction=False)
        for key in queues:
            pipe.zcount(key, "-inf", soon)
        if not any(await pipe.execute()):
            return
        await asyncio.sleep(0.001)


@asynccontextmanager
async def waves(
    stage: Stage,
    redis_url: str,
    people: Sequence[int],
    *,
    connect: Callable[[Sequence[int]], Awaitable[None]] | None = None,
) -> AsyncIterator[Waves]:
    """Connect these people in a Redis that nobody works on yet; by a sign-in of theirs, or else."""
    if connect is None:
        await connect_people(stage.world, redis_url, stage.token_key, people)
    else:
        await connect(people)
    client = open_client(redis_url)
    try:
        yield Waves(client, stage.world.graph)
    finally:
        await client.aclose()
