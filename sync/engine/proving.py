"""Working off who is to be proven the one whom Zoom means, beside everything else.

What waits stands in Redis. The process that heard of it sees to it at once; what another one left
behind is taken up by one process at a time.
"""

from __future__ import annotations

import time
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

import structlog

from domain.errors import OutsideError, Trouble
from domain.presence import Observation
from sync.engine import scripts as lua
from sync.engine.identity import News, Proof
from sync.redis import duties, keys
from sync.redis.connection import raise_if_cancelled
from sync.redis.duties import Work
from sync.redis.jobs import TAKEN_MS
from sync.redis.leases import Lease
from sync.redis.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync.engine.identity import Identities
    from sync.engine.people import PeopleStore
    from sync.redis.connection import Client
    from sync.redis.scripts import Scripts

log = structlog.get_logger()

RETRY_SECONDS = 30.0
"""After Microsoft or Zoom did not answer."""
TOGETHER = 100
"""People between two looks for others who wait."""
NEWS = Rows(News)


class UnprovenStore:
    """Who waits for it: one row per person, the newest news only."""

    def __init__(self, client: Client, scripts: Scripts) -> None:
        self._client = client
        self._scripts = scripts

    async def add(self, object_id: str, news: News) -> None:
        """Have a person proven; what is older than what waits already is dropped."""
        await self._scripts.run(
            lua.unproven_add,
            rows=keys.UNPROVEN_NEWS,
            member=object_id,
            row=NEWS.dump(news),
            at_ms=news.at_ms,
        )

    async def waiting(self) -> dict[str, tuple[str, News]]:
        """Who waits, with the row as it is and what it says. One that is damaged says nothing."""
        rows = await self._client.hgetall(keys.UNPROVEN_NEWS)
        return {str(oid): (str(text), _read(str(oid), text)) for oid, text in rows.items()}

    async def settle(self, object_id: str, row: str) -> None:
        """It is done, unless something newer came meanwhile."""
        await self._scripts.run(
            lua.unproven_settle, rows=keys.UNPROVEN_NEWS, member=object_id, row=row
        )

    def lease(self) -> Lease:
        """Its holder works these rows off."""
        return Lease(self._client, keys.PROVING_LEASE, TAKEN_MS)


def _read(object_id: str, text: str) -> News:
    news = NEWS.load_if_good(text)
    if news is None:
        log.error("person_row_damaged", person=object_id, fields=["unproven"])
    return news or News()


@dataclass(eq=False)
class Proving:
    """One per process. `monotonic` gives seconds."""

    rows: UnprovenStore
    identities: Identities
    people: PeopleStore
    _: KW_ONLY
    monotonic: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._lease = self.rows.lease()
        self.work = Work(duties.PROVING, self.step, lease=self._lease)
        self._heard = set[str]()
        self._later: dict[str, float] = {}

    async def hear(self, object_id: str, news: News = News()) -> None:  # noqa: B008 - frozen
        """Have somebody proven; the news count then, if they are about them."""
        await self.rows.add(object_id, news)
        self._heard.add(object_id)
        self.work.wake()

    async def step(self) -> float | None:
        """Prove who waits; returns 0 where there may be more at once."""
        waiting = await self.rows.waiting()
        now = self.monotonic()
        self._later = {o: at for o, at in self._later.items() if o in waiting and at > now}
        heard, self._heard = self._heard, set()
        due = [oid for oid in waiting if oid in heard or oid not in self._later]
        if not due:
            return None
        if not await self._lease.take():
            due = [oid for oid in due if oid in heard]
        # Who has something to show comes before those of whom a list told.
        due.sort(key=lambda oid: (oid not in heard, waiting[oid][1].presence is None))
        for oid in due[:TOGETHER]:
            row, news = waiting[oid]
            try:
                await self._settle(oid, row, news)
            except OutsideError as error:
                self._later[oid] = self.monotonic() + RETRY_SECONDS
                log.warning("person_not_proven", person=oid, reason=str(error))
            raise_if_cancelled()
        self._heard.update(heard & set(due[TOGETHER:]))
        return 0.0 if len(due) > TOGETHER else None

    async def _settle(self, oid: str, row: str, news: News) -> None:
        state = await self.people.state(oid)
        if state is not None and state.trouble == Trouble.AUTHORIZE:
            pass  # they can prove nothing, and nothing can be shown, until they connect again
        elif await self.identities.prove(oid, news) is Proof.THEIRS:
            link = await self.people.link(oid)
            if link is not None and self.identities.means(link, news):
                if news.gone:
                    log.info("link_zoom_user_gone", person=oid)
                    await self.people.leave(oid, news.at_ms)
                elif news.presence is not None:
                    await self.people.offer(oid, Observation(news.presence, news.at_ms))
        await self.rows.settle(oid, row)
