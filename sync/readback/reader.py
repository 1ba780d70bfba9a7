"""Looking at what Microsoft shows of everybody, again and again.

Theory of operation
-------------------
One process reads for all (a lease); another follows within seconds. Each look asks Graph about
those who are due, the latest first, 650 at most, and counts as one request of the quota. What was
seen is compared in memory; rows are touched only of people of whom something is new, or about whom
the engine wanted to know (sync.readback.scripts.saw): they are planned anew. Who is taken for a
look is due again after the interval, unless the engine says meanwhile when to look at them.

A look counts for its rows from when it was *sent*: what is written meanwhile is newer.

Graph refuses a whole look because of one id that it does not take: then halves are looked at, until
only that one is left, of whom nothing is known for an hour.
"""

from __future__ import annotations

import random
import secrets
import time
from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from domain.clock import HOUR
from domain.errors import AdminMustAct, OutsideError, PersonGone, Refused, RetryLater, TenantPaused
from domain.step import Lane
from sync.organisation.graph_requests import Unauthorised
from sync.readback.agreement import NOT_COUNTED, code_of, counted_of, pack, window_ms
from sync.readback.looks import AT_ONCE, DEFAULT_PAUSE_S
from sync.readback.memory import NOTHING, Seen
from sync.readback.rows import words
from sync.readback.settling import Settling, Writes
from sync.readback.status import SEEN_MS, Status
from sync.readback.store import Sights
from sync.redis import duties
from sync.redis.connection import server_ms
from sync.redis.duties import Work
from sync.redis.keys import ROUND

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from domain.budget import Grant
    from domain.presence import Shown
    from sync.readback.looks import Looks
    from sync.readback.store import Batch, ReadbackStore

log = structlog.get_logger()

SHORTEST_INTERVAL_MS: Final = 5_000
"""Between two looks at somebody, where the engine does not ask for one."""
PERMISSION_SECONDS: Final = 5.0
"""Between two looks at what the organisation allows."""
WITHDRAWN_SECONDS: Final = 60.0
"""Before Graph is asked again that does not let us read."""
LONGEST_REST: Final = 30.0
REFUSALS: Final = 16
"""So many in a row, and it is not one id that Graph does not take: halving one look takes 10."""
REFUSED_MS: Final = HOUR
"""Whom Graph does not take is asked about again after this."""
CHECKED: Final = 1 / 200
"""The part of those with no news whose rows are compared all the same: about once an hour each, so
that nobody is looked at for ever whom an older process erased."""


class Budget(Protocol):
    """Graph's budget, shared by all."""

    async def take(self, lane: Lane, count: int = 1, *, follow: bool = False) -> Grant:
        """Take requests. `follow`: of what first requests leave free (domain.budget, Rule 4)."""

    async def pause(self, seconds: float) -> None:
        """Graph told the tenant to wait."""


class Meter(Protocol):
    """What is counted."""

    def write(self, kind: str, outcome: str, seconds: float) -> None:
        """One request to Graph."""

    def settle(self, seconds: float) -> None:
        """From a write to the look that shows it."""


@dataclass(eq=False)
class Reader:
    """Reads back. One per process; one of them at a time.

    `per_second`: looks. `permitted`: whether the organisation lets us read, `doubt` says that
    Graph does not let us; `monotonic` gives seconds, `chance` 0 to 1.
    """

    store: ReadbackStore
    looks: Looks
    budget: Budget
    _: KW_ONLY
    per_second: float
    permitted: Callable[[], Awaitable[bool]]
    doubt: Callable[[], None]
    meter: Meter
    monotonic: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        self.name = secrets.token_hex(6)
        self._lease = self.store.lease(self.name)
        self.work = Work(duties.READBACK, self.step, lease=self._lease, at_end=self._put_back)
        self._under_way: Batch | None = None
        self._seen = Seen()
        self._settling = Settling()
        self._writes = Writes(self._settling, self.meter.settle)
        self._status: Status | None = None  # while this process reads
        self._halves: list[Batch] = []
        self._permitted, self._asked = False, float("-inf")
        self._rest_until = float("-inf")
        self._failures = self._refusals = self._counted = 0

    async def step(self) -> float | None:
        """Look once, if it is for this process to do; returns in how many seconds to look again."""
        began = self.monotonic()
        if began - self._asked >= PERMISSION_SECONDS:
            self._permitted, self._asked = await self.permitted(), began
        if not self._permitted:
            await self._give_up()
            return None
        if not await self._lease.take():
            self._forget()
            return None
        if self._status is None:
            await self._begin()
        rest = await self._round()
        return max(0.0, rest - (self.monotonic() - began))

    @property
    def remembers(self) -> int:
        """Of how many people it is known what was seen last."""
        return len(self._seen)

    # -- who reads -------------------------------------------------------------------------------

    async def _begin(self) -> None:
        """Begin to read, where another process ended."""
        known = await self.store.status()
        self._forget()
        self._settling = Settling(known.settle_ms, known.lags, known.shows)
        self._writes = Writes(self._settling, self.meter.settle)
        # What Graph itself refused before, stays refused until it answers.
        refused = known.error.startswith("graph_") and not known.permitted
        if not known.up_ms:
            await self.store.not_up()
        self._status = replace(
            known,
            by=self.name,
            permitted=int(not refused),
            settle_ms=self._settling.settle_ms,
            lags=self._settling.lags,
            shows=self._settling.shows,
        )
        self._rest_until, self._failures, self._refusals = float("-inf"), 0, 0
        log.info("readback_begun", watched=known.watched)

    async def _give_up(self) -> None:
        """Microsoft does not let us read: say so, and leave it to nobody."""
        if self._status is not None:
            error = self._status.error or "not_permitted"
            await self._keep(replace(self._status, permitted=0, error=error))
            await self._lease.let_go()
            self._forget()

    def _forget(self) -> None:
        """Another process reads, and keeps in mind what was seen."""
        self._status = None
        self._seen.clear()
        self._halves.clear()

    # -- looking ---------------------------------------------------------------------------------

    async def _round(self) -> float:
        """Look, and say how it goes. Returns in how many seconds to look again."""
        now_ms = await server_ms(self.store.client)
        watched, first_ms, connected = await self.store.waiting()
        interval = max(SHORTEST_INTERVAL_MS, int(watched / AT_ONCE / self.per_second * 1000))
        late = 0 if first_ms is None else max(0, now_ms - int(first_ms))
        status = replace(
            self._known,
            now_ms=now_ms,
            beat_ms=now_ms,
            watched=watched,
            late_ms=late,
            interval_ms=interval,
        )
        await self._keep(self._count(status, connected))
        rest = self._rest_until - self.monotonic()
        if rest > 0:
            return min(1.0, rest)
        pace = 1 / self.per_second
        if not self._halves and (first_ms is None or first_ms > now_ms):
            return min(1.0, pace)
        # In the quota, a look has the place that first requests leave free: others that wait don't
        # stop it, and it is one request a second.
        grant = await self.budget.take(Lane.CHANGE, follow=True)
        if not grant.granted:
            return min(1.0, max(0.05, grant.wait_ms / 1000))
        if self._halves:
            batch = self._halves.pop()
        else:
            counted = counted_of(min(watched, AT_ONCE))
            if counted != self._counted:  # of whom it is counted no more, nothing stands there
                self._counted = counted
                self._seen.forget_codes()
            batch = await self.store.take(now_ms, now_ms + interval, AT_ONCE, counted=counted)
        if batch.people:
            await self._look(batch, now_ms)
        return pace

    async def _look(self, batch: Batch, sent_ms: int) -> None:
        began, self._under_way = self.monotonic(), batch
        self._change(requests=self._known.requests + 1)
        try:
            async with self._lease.kept():
                found = await self.looks.look(list(batch.people))
        except OutsideError as error:
            self.meter.write("sweep", error.outcome, self.monotonic() - began)
            await self._failed(error, batch, sent_ms)
        else:
            self.meter.write("sweep", "ok", self.monotonic() - began)
            self._failures = self._refusals = 0
            self._say("")
            known = self._known
            self._change(answers=known.answers + 1, look_ms=sent_ms, permitted=1, error="")
            await self._take(batch, found, sent_ms)
        self._under_way = None

    async def _put_back(self) -> None:
        """The process ends in the middle of a look: another one looks at them at once."""
        if self._under_way is not None:
            await self.store.put(self._under_way, self._under_way.people)

    async def _take(self, batch: Batch, found: Mapping[str, Shown], sent_ms: int) -> None:
        """Compare what was seen, and have those planned anew of whom it is news."""
        asked = frozenset(oid for oid in batch.people if batch.asked(oid))
        news: dict[str, str] = {}
        later: dict[str, float] = dict.fromkeys(asked, batch.next_ms + ROUND)
        for oid in batch.people:
            shown = found.get(oid)
            said = NOTHING if shown is None else self._seen.told(words(shown))
            if shown is None and self._seen.miss(oid, sent_ms):
                later.pop(oid, None)  # the engine still wants to know
            elif oid in asked or self.chance() < CHECKED or not self._seen.see(oid, said, sent_ms):
                news[oid] = said
            else:
                if shown is None:
                    self._seen.keep(oid, said, sent_ms, missing=True)
                self._writes.again(oid, said, sent_ms)
        later |= await self._tell(news, asked, found, sent_ms)
        self._judge(batch, found, sent_ms)
        if later:
            await self.store.put(batch, later)

    def _judge(self, batch: Batch, found: Mapping[str, Shown], sent_ms: int) -> None:
        """Keep how what was seen fits what should be shown, where a look can tell by now."""
        settled_ms = sent_ms - self._settling.settle_ms
        for oid, (wanted, since_ms) in batch.wanted.items():
            shown, before, code = found.get(oid), self._seen.code(oid), NOT_COUNTED
            if shown is not None and since_ms <= settled_ms:
                code = code_of(shown, wanted, before)
            if code != before:
                self._seen.judge(oid, code)

    async def _tell(
        self,
        news: Mapping[str, str],
        asked: frozenset[str],
        found: Mapping[str, Shown],
        sent_ms: int,
    ) -> dict[str, float]:
        """Tell the engine; when (epoch ms) to look again at whom it was too early to look at."""
        later: dict[str, float] = {}
        if not news:
            return later
        sights = Sights(news, asked, sent_ms, self._settling.settle_ms)
        for oid, verdict in (await self.store.saw(sights)).items():
            before = self._seen.of(oid)
            if verdict.outcome == "gone":
                self._seen.forget(oid)
                continue
            self._writes.look(
                oid,
                None if before is None else before.words,
                news[oid],
                sent_ms,
                told_ms=verdict.told_ms,
                held=verdict.held,
            )
            if verdict.outcome == "taken":
                self._seen.keep(oid, news[oid], sent_ms, missing=oid not in found)
            else:
                later[oid] = verdict.again_ms
        self._change(
            settle_ms=self._settling.settle_ms,
            lags=self._settling.lags,
            shows=self._settling.shows,
        )
        return later

    # -- failures --------------------------------------------------------------------------------

    async def _failed(self, error: OutsideError, batch: Batch, sent_ms: int) -> None:
        """Look later, or at fewer; say what is wrong."""
        if isinstance(error, Refused | PersonGone) and await self._halve(batch, sent_ms):
            return
        await self.store.put(batch, batch.people)
        self._failures += 1
        rest = min(LONGEST_REST, 2.0 ** min(self._failures, 10) / 2)
        if isinstance(error, TenantPaused):
            rest = error.after or DEFAULT_PAUSE_S
            await self.budget.pause(rest)
        elif isinstance(error, Unauthorised | AdminMustAct):
            self.doubt()
            withdrawn = isinstance(error, AdminMustAct) or self._failures > 1
            rest = WITHDRAWN_SECONDS if withdrawn else 1.0
            if withdrawn:
                self._change(permitted=0)
        elif isinstance(error, RetryLater):
            rest = max(rest, error.after or 0.0)
        else:
            rest = WITHDRAWN_SECONDS
        self._say(error.code, error.detail, rest)
        self._rest_until = self.monotonic() + rest
        self._change(error=error.code)
        await self._keep(self._known)

    async def _halve(self, batch: Batch, sent_ms: int) -> bool:
        """Graph does not take one of these: find out whom. False: it takes nobody."""
        self._refusals += 1
        if self._refusals > REFUSALS:
            self._refusals = 0
            self._halves.clear()
            return False
        if len(batch.people) > 1:
            items = list(batch.people.items())
            middle = len(items) // 2
            halves = (items[middle:], items[:middle])
            self._halves += [batch._replace(people=dict(half)) for half in halves]
            return True
        [oid] = batch.people
        log.warning("readback_refused_one", person=oid)
        await self._tell({oid: NOTHING}, frozenset(), {}, sent_ms)
        await self.store.put(batch, {oid: sent_ms + REFUSED_MS + ROUND})
        return True

    def _say(self, code: str, detail: str = "", rest: float = 0.0) -> None:
        """Say in the log when something fails, once, and when it is over."""
        before = self._known.error
        if code == before:
            return
        if code:
            log.warning("readback_failed", reason=code, detail=detail, seconds=rest)
        else:
            log.info("readback_works", reason=before)

    # -- how it is going -------------------------------------------------------------------------

    @property
    def _known(self) -> Status:
        if self._status is None:
            raise RuntimeError("this process does not read")
        return self._status

    def _change(self, **changes: int | str) -> None:
        self._status = replace(self._known, **changes)  # type: ignore[arg-type]

    async def _keep(self, status: Status) -> None:
        self._status = status
        await self.store.keep(status)

    def _count(self, status: Status, connected: int) -> Status:
        """How many were looked at lately and how that fits, counted a part at a time."""
        now_ms, interval, within = status.now_ms, status.interval_ms, window_ms(status.interval_ms)
        self._writes.drop(now_ms)
        kept = max(SEEN_MS, 3 * interval)
        if not self._seen.count(
            now_ms - SEEN_MS, window_ms=now_ms - within, forget_ms=now_ms - kept
        ):
            return status
        seen, looked, codes = self._seen.counted
        return replace(
            status,
            seen=seen,
            counted_ms=now_ms,
            within_ms=within,
            people=connected,
            looked=looked,
            fits=pack(codes),
        )
