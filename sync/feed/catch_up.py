"""Catching up with Zoom: everyone whose state is doubted is asked about, at Zoom's pace.

Theory of operation
-------------------
A process that misses events doubts what it knows (sync.feed.store): the web side after it was
away, and `FeedWatch` while the feed is silent. A doubt is a time; the planner asks Zoom about
anybody whose state is older, whenever it comes to them. This sweep makes it come to them: it
demands them from the queue, a few at a time, those first whom Microsoft shows Busy because of us,
and goes on as they are worked off. Those who are left stand in Redis, so that any process goes on.

Before a sweep begins, Zoom's log of undelivered events is taken, where it may be read: then what
is asked of Zoom is newer than all of them.
"""

from __future__ import annotations

import time
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any

import structlog

from domain.person import verdict_of
from domain.step import Lane
from sync.redis import duties, keys
from sync.redis.batches import batches
from sync.redis.duties import Work
from sync.redis.jobs import CHUNK, TAKEN_MS
from sync.redis.leases import Lease

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence

    from domain.person import PersonState
    from domain.policy import Policy
    from sync.engine.people import PeopleStore
    from sync.engine.ports import PolicySource
    from sync.feed.store import FeedState, FeedStore
    from sync.feed.watch import FeedWatch
    from sync.redis.connection import Client

    Missed = Callable[[int, int, int], Coroutine[Any, Any, None]]

log = structlog.get_logger()

LOOK_SECONDS = 5.0
"""Between two looks at the feed."""
STEP_SECONDS = 0.5
SETTLE_MS = 3_000
"""So long after a doubt every process knows it (sync.feed.store.Doubt): demands before are lost."""
TOGETHER_SECONDS = 3.0
"""So many seconds' worth of people are under way at one time."""
PATIENCE_SECONDS = 60.0
"""So long somebody is waited for; then others come first."""
TRIES = 3
LONGEST_REST = 300.0
TRY = 10
"""What a try in vain adds to somebody's place; it is less than that before the first."""
_DECIDES = (
    "group_ids",
    "personal",
    "authorised_by",
    "own_until_ms",
    "trouble",
    "observation",
    "held",
    "leaving",
    "gone_ms",
)


class SweepStore:
    """Whom Zoom is still to be asked about because of a doubt, in Redis."""

    def __init__(self, client: Client, people: PeopleStore) -> None:
        self._client = client
        self._people = people

    def lease(self) -> Lease:
        """Its holder watches and sweeps."""
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
        """Those who come first, and how often they were tried in vain."""
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


def is_settled(row: PersonState, policy: Policy, doubted_ms: int, now_ms: int) -> bool:
    """Whether a sweep has nothing to do for somebody.

    Zoom was asked (or told us) since, presence is off for them, their app is taken out, or they are
    in trouble: when that is mended they are planned anew, and then Zoom is asked.
    """
    if row.leaving or row.away_ms is not None or row.trouble is not None:
        return True
    if row.observation is not None and row.observation.at_ms >= doubted_ms:
        return True
    verdict = verdict_of(policy, row, now_ms)
    return not verdict.on


@dataclass(eq=False)
class CatchUp:
    """Watches the feed and sees sweeps through. One per process; one of them works at a time.

    `per_second`: how many people Zoom is asked about. None: it can't be asked. `missed` takes what
    Zoom could not deliver from, to, now (epoch ms). `monotonic` gives seconds.
    """

    store: FeedStore
    watch: FeedWatch
    sweep: SweepStore
    people: PeopleStore
    _: KW_ONLY
    policy: PolicySource
    per_second: float | None
    missed: Missed | None = None
    monotonic: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._lease = self.sweep.lease()
        self.work = Work(duties.CATCH_UP, self.step, lease=self._lease)
        self._looked = float("-inf")
        self._under_way: dict[str, float] = {}
        self._paid = self.monotonic()
        self._allowed = 0.0
        self._rest_until, self._rest = 0.0, 0.0
        self._done = 0

    async def step(self) -> float | None:
        """Do what is to be done now; returns in how many seconds to look again (None: in some)."""
        if not await self._lease.take():
            self._under_way.clear()
            return None
        now = self.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            await self.watch.look()
        state = await self.store.read()
        # A doubt that is still to come (a clock was set back) is none yet.
        if self.per_second is None or not 0 < state.doubted_ms <= state.now_ms:
            return None
        if state.swept_ms == state.doubted_ms:
            return None
        if state.now_ms - state.doubted_ms < SETTLE_MS:
            return STEP_SECONDS
        if state.sweep_ms != state.doubted_ms and not await self._begin(state):
            return None
        return await self._go_on(state, self.per_second)

    async def _begin(self, state: FeedState) -> bool:
        """Take what was missed, and find out who is to be asked about. False: lease lost."""
        if state.gap is not None:
            if self.missed is not None:
                async with self._lease.kept():
                    await self.missed(*state.gap, state.now_ms)
            await self.store.gap_read(state.gap)
            if not await self._lease.take():
                return False
        self._under_way.clear()
        self._done, self._rest, self._rest_until = 0, 0.0, 0.0
        await self.sweep.begin()
        policy = self.policy.current()
        async for rows in self.sweep.everyone():
            if not await self._lease.take():
                return False
            places = {
                row.object_id: 0 if row.held and row.held.pair.interrupts else 1
                for row in rows
                if not is_settled(row, policy, state.doubted_ms, state.now_ms)
            }
            await self.sweep.put(places)
        await self.store.sweeping(state.doubted_ms)
        left = await self.sweep.count()
        if left:
            log.info("catch_up_started", people=left)
        return True

    async def _go_on(self, state: FeedState, per_second: float) -> float | None:
        """Settle who was asked about, and demand more at Zoom's pace."""
        window = max(1, int(per_second * TOGETHER_SECONDS))
        first = await self.sweep.first(window)
        if not first or min(first.values()) >= TRIES:
            await self._finish(state)
            return None
        known = {row.object_id: row for row in await self.sweep.rows(list(first))}
        policy = self.policy.current()
        settled = [
            oid
            for oid in first
            if oid not in known or is_settled(known[oid], policy, state.doubted_ms, state.now_ms)
        ]
        await self.sweep.settle(settled)
        for oid in settled:
            self._under_way.pop(oid, None)
        await self._give_up_waiting(progress=bool(settled))
        self._done += len(settled)
        await self._demand([oid for oid in first if oid not in settled], window, per_second)
        return STEP_SECONDS

    async def _give_up_waiting(self, *, progress: bool) -> None:
        now = self.monotonic()
        if progress:
            self._rest = 0.0
        late = [oid for oid, since in self._under_way.items() if now - since > PATIENCE_SECONDS]
        for oid in late:
            del self._under_way[oid]
            await self.sweep.put_back(oid)
        if late and not self._under_way and not progress:
            # Zoom answers about nobody: the sweep waits for it, longer each time.
            self._rest = min(LONGEST_REST, max(10.0, self._rest * 2))
            self._rest_until = now + self._rest
            log.warning("catch_up_rests", seconds=self._rest, left=await self.sweep.count())

    async def _demand(self, waiting: list[str], window: int, per_second: float) -> None:
        now = self.monotonic()
        earned = (now - self._paid) * per_second
        self._allowed, self._paid = min(max(1.0, per_second), self._allowed + earned), now
        if now < self._rest_until:
            return
        for oid in waiting:
            if oid in self._under_way or self._allowed < 1 or len(self._under_way) >= window:
                continue
            self._allowed -= 1
            self._under_way[oid] = now
            await self.people.demand(oid, Lane.CHANGE)

    async def _finish(self, state: FeedState) -> None:
        left = await self.sweep.count()
        await self.sweep.begin()
        await self.store.swept(state.doubted_ms)
        self._under_way.clear()
        if self._done or left:
            # Those who are left are asked about again by the planner, every few minutes.
            log.info("catch_up_done", people=self._done, left=left)
