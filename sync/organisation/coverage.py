"""Making it so: who is covered is started, who no longer is ends, who is in scope is told.

A round goes over everybody who is matched, and derives what is to be done from what is stored; so
a process that dies in the middle loses nothing, and the next round goes on. Rounds follow what
changed (settings, matching, exclusions) within seconds, and the time.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from domain.clock import MINUTE
from domain.coverage import (
    ENDS,
    WAITS,
    Announcement,
    How,
    Standing,
    standing,
    starts_ms,
    still_told,
)
from domain.errors import AdminMustAct, OutsideError
from domain.organisation import Coverage
from domain.policy import AuthorisedBy, Authoriser, relies_on_organisation
from sync.connect.linking import AddressTaken, Contested, OptedOut
from sync.organisation.standings import BATCH, Standings
from sync.redis import duties, keys
from sync.redis.batches import batches, for_each
from sync.redis.duties import Work
from sync.redis.leases import Lease
from sync.redis.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from domain.coverage import Candidate
    from domain.matching import EntraUser
    from domain.policy import Level, Policy
    from sync.connect.linking import Linking
    from sync.directory.store import DirectoryStore
    from sync.engine.people import PeopleStore
    from sync.engine.ports import ZoomUser
    from sync.organisation.announcements import AnnouncementStore
    from sync.organisation.matches import Kept, MatchStore
    from sync.organisation.opt_outs import OptOuts
    from sync.organisation.standings import Exclusions
    from sync.reconnect.notifier import Sent
    from sync.redis.connection import Client

log = structlog.get_logger()

EVERY_MS: Final = 5 * MINUTE
"""Between two rounds when nothing changed: notices end, people come to have the app."""
LEASE_MS: Final = 2 * MINUTE
PER_SECOND: Final = 5
"""Cards. Teams allows an app 30 requests a second in a tenant, and answers come first."""

COVERAGES: Final = Rows(Coverage)


class Announcer(Protocol):
    """Telling people in the chat (implemented by the bot)."""

    async def announce(
        self, object_id: str, authoriser: Authoriser, starts_ms: int, *, own: bool
    ) -> Sent:
        """Send the card that says what will be shown; *after notice*, from when on (epoch ms).

        `own`: they are connected by a sign-in of their own.
        """


@dataclass(frozen=True, slots=True)
class CoverageStore:
    """How far it is, for all processes."""

    client: Client

    async def read(self) -> Coverage | None:
        """What the last round counted; None: there was none, or long ago."""
        return COVERAGES.load_if_good(await self.client.get(keys.COVERAGE))

    async def keep(self, coverage: Coverage) -> None:
        """Keep what a round counted."""
        await self.client.set(keys.COVERAGE, COVERAGES.dump(coverage), ex=keys.COVERAGE_TTL)

    async def may_try(self, object_id: str) -> bool:
        """Whether somebody may be sent the card now; not again for a day, whatever comes of it."""
        key = keys.notice(object_id, "announced")
        return bool(await self.client.set(key, "1", nx=True, ex=keys.ANNOUNCE_AGAIN_TTL))

    async def try_again(self, object_id: str) -> None:
        """It has certainly not arrived, or is kept as told."""
        await self.client.delete(keys.notice(object_id, "announced"))

    def lease(self) -> Lease:
        """Whoever has it makes the rounds."""
        return Lease(self.client, keys.COVERAGE_LEASE, LEASE_MS)


@dataclass(slots=True)
class _Round:
    """What a round found: numbers, and whom to tell."""

    counts: Counter[Standing] = field(default_factory=Counter)
    in_trouble: int = 0
    seen: set[str] = field(default_factory=set)
    to_tell: list[str] = field(default_factory=list)


@dataclass(eq=False, repr=False)
class Covering:
    """Makes rounds. One per process; one of them works at a time.

    `authorised`: whether the organisation authorises the app now. `policy`: what admins decided.
    `may_write`: whether every process knows of all this.
    """

    rows: CoverageStore
    matches: MatchStore
    directory: DirectoryStore
    people: PeopleStore
    announcements: AnnouncementStore
    opt_outs: OptOuts
    exclusions: Exclusions
    linking: Linking
    announcer: Announcer
    _: KW_ONLY
    tenant_id: str
    authorised: Callable[[], bool]
    policy: Callable[[], Policy]
    may_write: Callable[[], bool]
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep

    def __post_init__(self) -> None:
        self.standings = Standings(
            *(self.matches, self.directory, self.people),
            *(self.announcements, self.opt_outs, self.exclusions),
        )
        self._lease = self.rows.lease()
        self._made_of: tuple[object, ...] = ()
        self._due_ms = 0
        self._said_so: bool | None = None
        self.work = Work(duties.COVERAGE, self._step, lease=self._lease)

    def request_round(self) -> None:
        """Something was decided: look at everybody soon."""
        self._due_ms = 0
        self.work.wake()

    async def _step(self) -> None:
        policy = self.policy()
        made_of = (
            *(policy.version, await self.matches.wanted(), self.authorised()),
            await self.exclusions.changes(),
        )
        now = await self.people.now_ms()
        if made_of == self._made_of and now < self._due_ms:
            return
        says_so = relies_on_organisation(policy)
        if self._said_so is None:  # another process may have made rounds, up to a decision
            self._said_so = await self.rows.read() is not None
        if not says_so and not self._said_so:  # as in most organisations
            self._made_of, self._due_ms = made_of, now + EVERY_MS
        elif await self._lease.take():
            self._said_so = says_so
            with contextlib.suppress(AdminMustAct):  # nobody can tell who said no (in the log)
                await self.round()
            self._made_of, self._due_ms = made_of, now + EVERY_MS
            await self._lease.let_go()

    async def round(self) -> Coverage | None:
        """Go over everybody; what was counted. None: it was broken off, and begins anew."""
        found = _Round()
        async for some in batches(self.matches.everybody(), BATCH):
            if self.work.stopping or not await self._lease.take():
                return None
            await self._look_at([kept for kept in some if kept.zoom_id is not None], found)
        await self._end_unmatched(found)
        coverage = await self._count(found)
        await self._tell(found)
        return coverage

    async def untold(self, level: Level) -> list[str]:
        """Those for whom a level decides that it starts after notice, and whom nobody has told."""
        return await self.standings.untold(self.policy(), level)

    async def _look_at(self, some: Sequence[Kept], found: _Round) -> None:
        """See to some people: start, end, and note whom to tell."""
        now = await self.people.now_ms()
        starting: list[tuple[EntraUser, ZoomUser]] = []
        known, policy = await self.standings.of(some), self.policy()
        candidates = [(each, each.by(policy)) for each in known]
        told, called_off = list[str](), list[str]()
        for each, candidate in candidates:
            if each.announced:
                (told if still_told(candidate) else called_off).append(each.object_id)
        await self.announcements.renew(told)
        await self.announcements.call_off(called_off)
        for each, candidate in candidates:
            oid, stands = each.object_id, standing(candidate, now)
            found.counts[stands] += 1
            found.seen.add(oid)
            found.in_trouble += candidate.connected and each.trouble
            if stands is Standing.TO_TELL:
                found.to_tell.append(oid)
            elif stands is Standing.COVERED and not candidate.connected:
                starting.append((each.kept.user, each.zoom))
            elif candidate.connected and stands in ENDS:
                log.info("coverage_ended", person=oid, reason=stands.value)
                await self._uncover(oid)
        if self.authorised() and self.may_write():
            await for_each(starting, self._start)

    async def _start(self, somebody: tuple[EntraUser, ZoomUser]) -> None:
        person, zoom = somebody
        oid = person.object_id
        try:
            mark = await self.opt_outs.mark(oid)
            await self.linking.start(person, zoom, self.tenant_id, mark, ask=False)
        except (AddressTaken, Contested, OptedOut) as error:
            log.warning("not_started", person=oid, reason=type(error).__name__)
        except OutsideError as error:
            log.warning("not_started", person=oid, reason=str(error))

    async def _end_unmatched(self, found: _Round) -> None:
        """End it for those of whom matching says by now that they are not theirs, or left out.

        Who said Start and was never matched is none of them.
        """
        async for some in batches(self.people.everyone(), BATCH):
            unseen = {
                row.zoom_id: row.object_id
                for row in await self.people.rows(some, "authorised_by", "leaving", "zoom_id")
                if row.zoom_id is not None and not row.leaving
                if row.authorised_by is not AuthorisedBy.PERSON and row.object_id not in found.seen
            }
            for zoom_id, match in (await self.matches.of_zooms(list(unseen))).items():
                oid = unseen[zoom_id]
                if match.why or match.object_id != oid:
                    log.info("coverage_ended", person=oid, reason=str(match.why or "another"))
                    await self._uncover(oid)

    async def _uncover(self, oid: str) -> None:
        await self.people.uncover(oid, await self.opt_outs.mark(oid))

    async def _count(self, found: _Round) -> Coverage:
        health, counts = await self.matches.health(), found.counts
        results = health.counts or {}
        coverage = Coverage(
            covered=counts[Standing.COVERED],
            waiting=sum(counts[each] for each in WAITS),
            unmatched=sum(n for name, n in results.items() if name in _UNMATCHED),
            opted_out=await self.opt_outs.count(),
            in_trouble=found.in_trouble,
        )
        await self.rows.keep(coverage)
        log.info("coverage_round", **{stands.value: n for stands, n in counts.items()})
        return coverage

    async def _tell(self, found: _Round) -> None:
        """Send cards, a few a second, until this wave's are used up."""
        if not self.authorised() or not self.may_write():
            return  # nobody is asked about what can't begin
        for oid in found.to_tell:
            if self.work.stopping or not await self._lease.take():
                return
            if not await self.rows.may_try(oid):
                continue
            candidate = await self._still_to_tell(oid)
            if candidate is None:
                await self.rows.try_again(oid)
                continue
            if not await self.announcements.may_send():
                await self.rows.try_again(oid)
                return
            await self._announce(oid, candidate.verdict.authoriser, own=candidate.own)

    async def _still_to_tell(self, oid: str) -> Candidate | None:
        """How it stands with somebody now; None: nobody has to tell them any more.

        A wave takes minutes. Meanwhile an admin may call it off, or they say *Not for me*.
        """
        kept = await self.matches.of_person(oid)
        known = [] if kept is None else await self.standings.of([kept])
        candidates = [each.by(self.policy()) for each in known]
        now = await self.people.now_ms()
        return next((it for it in candidates if standing(it, now) is Standing.TO_TELL), None)

    async def _announce(self, oid: str, authoriser: Authoriser, *, own: bool) -> None:
        now = await self.people.now_ms()
        how = How.INFORMED if authoriser is Authoriser.INFORM else How.ASKED
        announced = Announcement(now, how)
        match await self.announcer.announce(oid, authoriser, starts_ms(announced), own=own):
            case "sent":
                await self.announcements.keep(oid, announced)
                await self.rows.try_again(oid)  # another mode is told at once, too
                log.info("announced", person=oid, how=how.value)
                await self.sleep(1 / PER_SECOND)
            case "later" | "unknown":
                await self.rows.try_again(oid)
            case "undelivered":  # it may have arrived: then they would have it twice
                log.warning("not_announced", person=oid)


_UNMATCHED: Final = frozenset({"nobody", "several", "two-zoom", "gone"})
