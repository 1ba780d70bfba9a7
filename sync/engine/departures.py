"""Links that end from outside: a Zoom user is gone, the Zoom app was removed, somebody left Entra.

What Zoom says of an end has a time, and ends links from before it only: Zoom repeats events, and
anybody who saw one may send its bytes again. The app's removal is written down and answered;
leaving takes effect in the background, in whichever process can, and after any restart.

Everybody's link is proven anew every PROVE_AFTER_MS: an address may have been given to somebody
else at Microsoft, which no event of Zoom's tells. It finds out as well who has left. Who left is
purged: people who could not be reached at Microsoft for PURGE_AFTER_MS, because their authorisation
ended or Microsoft does not know them (any more).
"""

from __future__ import annotations

import asyncio
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

import structlog

from domain.clock import DAY
from domain.errors import OutsideError, Trouble
from domain.person import Patch
from domain.plan import AHEAD_LIMIT_MS
from domain.step import Lane
from sync.engine.identity import Proof
from sync.engine.link_store import Left
from sync.redis import duties, keys
from sync.redis.batches import TOGETHER, batches
from sync.redis.duties import Work
from sync.redis.jobs import TAKEN_MS
from sync.redis.leases import Lease

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from domain.person import PersonState
    from sync.engine.identity import Identities, News
    from sync.engine.people import PeopleStore
    from sync.redis.connection import Client

log = structlog.get_logger()

PROVE_AFTER_MS = 7 * DAY
PURGE_AFTER_MS = 30 * DAY
"""Entra keeps a deleted account for as long, in case it was a mistake."""
BATCH = 500
PAUSE_SECONDS = 0.2
"""Between two who are tried at Microsoft."""
_LEFT = frozenset({Trouble.AUTHORIZE, Trouble.GONE})

_LOOKED_AT = ("leaving", "trouble", "trouble_ms", "proved_ms")

_OUTCOMES = {
    Left.LEAVING: "accepted",
    Left.CONNECTED_LATER: "older",
    Left.NOT_CONNECTED: "not_connected",
}
"""What an end is counted as (service.metrics): the words for every event of Zoom."""


_ALL = "all"


class DepartureStore:
    """What ends links from outside, in Redis: the app's removal, and when all were looked at."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def remove_app(self, before_ms: int) -> None:
        """Write down that links from before this time (epoch ms) end."""
        await self._client.zadd(keys.APP_REMOVED, {_ALL: before_ms}, gt=True)

    async def app_removed_ms(self) -> int | None:
        """Links from before this time are still to be ended; None: all were."""
        at = await self._client.zscore(keys.APP_REMOVED, _ALL)
        return None if at is None else int(at)

    async def all_ended(self, before_ms: int) -> None:
        """All of those links end, unless the app was removed once more meanwhile."""
        await self._client.zremrangebyscore(keys.APP_REMOVED, "-inf", before_ms)

    async def was_ended_by(self, what: str) -> bool:
        """Whether this has ended a link before."""
        return bool(await self._client.exists(keys.ended(what)))

    async def ended_by(self, what: str) -> None:
        """Keep that this has ended a link."""
        await self._client.set(keys.ended(what), "1", ex=keys.ENDED_TTL)

    def lease(self) -> Lease:
        """Its holder looks for people who have left."""
        return Lease(self._client, keys.DEPARTURES_LEASE, TAKEN_MS)

    async def was_purged(self) -> bool:
        """Whether all were looked at within a day."""
        return bool(await self._client.exists(keys.PURGED))

    async def purged(self) -> None:
        """All were looked at; the next time is tomorrow."""
        await self._client.set(keys.PURGED, "1", ex=keys.PURGED_TTL)


@dataclass(eq=False)
class Departures:
    """One per process."""

    rows: DepartureStore
    people: PeopleStore
    identities: Identities
    _: KW_ONLY
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep

    def __post_init__(self) -> None:
        self._lease = self.rows.lease()
        self.work = Work(duties.DEPARTURES, self.step, lease=self._lease)

    async def user_gone(self, object_id: str, news: News) -> str:
        """Zoom had somebody no longer at a time: their link ends. Returns the outcome."""
        what = f"{news.zoom_id} {news.address} {news.at_ms}"
        now = await self.people.now_ms()
        if (refusal := await self._refusal(what, news.at_ms, now)) is not None:
            return refusal
        left = await self.people.leave(object_id, min(news.at_ms, now))
        if left is Left.LEAVING:
            log.info("link_zoom_user_gone", person=object_id)
        await self._remember(what, news.at_ms, now)
        return _OUTCOMES[left]

    async def app_removed(self, at_ms: int) -> str:
        """The Zoom app was removed at a time: every link from before it ends, soon."""
        now = await self.people.now_ms()
        if (refusal := await self._refusal(f"app {at_ms}", at_ms, now)) is not None:
            return refusal
        await self.rows.remove_app(min(at_ms, now))
        await self._remember(f"app {at_ms}", at_ms, now)
        self.work.wake()
        return "accepted"

    async def _refusal(self, what: str, at_ms: int, now: int) -> str | None:
        """Why an end has no effect, by its time alone; None: it may have one."""
        if at_ms <= now:
            return None
        if at_ms > now + AHEAD_LIMIT_MS:
            return "future"
        return "repeat" if await self.rows.was_ended_by(what) else None

    async def _remember(self, what: str, at_ms: int, now: int) -> None:
        # Once its time has come, it is older than any link that is made after it.
        if at_ms > now:
            await self.rows.ended_by(what)

    async def step(self) -> None:
        """Do what is to be done now."""
        before_ms = await self.rows.app_removed_ms()
        if before_ms is not None:
            await self._end_all(before_ms)
        if await self._may_purge():
            await self._purge()

    async def _may_purge(self) -> bool:
        return not await self.rows.was_purged() and await self._lease.take()

    async def _end_all(self, before_ms: int) -> None:
        count = 0
        async for some in batches(self.people.everyone(), TOGETHER):
            left = await asyncio.gather(*(self.people.leave(oid, before_ms) for oid in some))
            count += left.count(Left.LEAVING)
        await self.rows.all_ended(before_ms)
        log.warning("link_zoom_app_removed", people=count)

    async def _purge(self) -> None:
        now = await self.people.now_ms()
        async for batch in batches(self.people.everyone(), BATCH):
            for row in await self.people.rows(batch, *_LOOKED_AT):
                if row.leaving or not await self._look_at(row, now):
                    continue
                await self.sleep(PAUSE_SECONDS)
                if not await self._may_purge():
                    return  # another process goes on, from the beginning
            if not await self._may_purge():
                return
        await self.rows.purged()

    async def _look_at(self, row: PersonState, now_ms: int) -> bool:
        """Purge somebody who left; whether Microsoft was asked about them."""
        oid = row.object_id
        if row.trouble in _LEFT:
            if (row.trouble_ms or 0) <= now_ms - PURGE_AFTER_MS:
                log.info("link_purged", person=oid, reason=row.trouble)
                await self.people.leave(oid)
            return False
        if max(row.generation, row.proved_ms or 0) > now_ms - PROVE_AFTER_MS:
            return False
        try:
            if await self.identities.prove(oid) is Proof.THEIRS:
                await self.people.demand(oid, Lane.CHANGE, Patch.proved(now_ms))
        except OutsideError as error:  # tomorrow is early enough
            log.warning("person_not_proven", person=oid, reason=str(error))
        return True
