"""How everybody who is matched stands with a policy: the one that holds, or one that is considered.

Counting changes nothing, and reads what the rounds (sync.organisation.coverage) act on.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from domain.condition import fits
from domain.coverage import (
    WAITS,
    Announcement,
    Candidate,
    Prospect,
    Shift,
    Shifted,
    Standing,
    shift,
    standing,
)
from domain.policy import (
    AuthorisedBy,
    Authoriser,
    deciding_group,
    relies_on_organisation,
    resolve,
)
from domain.share import in_share
from sync.engine.ports import ZoomUser
from sync.redis.batches import batches

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from domain.directory import DirectoryUser
    from domain.policy import Form, Level, ManagedGroup, Policy, Verdict
    from sync.directory.store import DirectoryStore
    from sync.engine.people import PeopleStore
    from sync.organisation.announcements import AnnouncementStore
    from sync.organisation.matches import Kept, MatchStore
    from sync.organisation.opt_outs import OptOuts

BATCH: Final = 500
_READ: Final = ("authorised_by", "leaving", "trouble", "zoom_id", "own_until_ms")
_STARTABLE: Final = (*WAITS, Standing.COVERED)


class Exclusions(Protocol):
    """Whom admins have excluded (object ids)."""

    async def among(self, people: Sequence[str]) -> set[str]:
        """Those of these who are."""

    async def changes(self) -> int:
        """How often that was changed."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of somebody who is matched, whatever policy says.

    `connected`: they are shown by the organisation's authorisation, `own`: by one of their own,
    `same`: as the Zoom user with whom they are matched. `keeps_own`: one of their own is kept
    beside the organisation's. `trouble`: something doesn't work for them.
    """

    kept: Kept
    zoom: ZoomUser
    group_ids: frozenset[str]
    announced: Announcement | None
    opted_out: bool
    excluded: bool
    connected: bool
    own: bool
    same: bool
    keeps_own: bool
    trouble: bool

    @property
    def object_id(self) -> str:
        """Who they are in Entra."""
        return self.kept.user.object_id

    def by(self, policy: Policy) -> Candidate:
        """As policy decides for them."""
        verdict = resolve(policy, self.group_ids, by=AuthorisedBy.ORGANISATION)
        taken, fit = _counts_for(self.kept, verdict)
        return Candidate(
            verdict,
            self.announced,
            opted_out=self.opted_out,
            excluded=self.excluded,
            connected=self.connected,
            own=self.own,
            in_share=taken,
            fits=self.same and fit,
        )


@dataclass(frozen=True, slots=True)
class Standings:
    """Finds out."""

    matches: MatchStore
    directory: DirectoryStore
    people: PeopleStore
    announcements: AnnouncementStore
    opt_outs: OptOuts
    exclusions: Exclusions

    async def of(self, some: Sequence[Kept]) -> list[Known]:
        """What is known of these.

        Who leaves just now, or whose Zoom user is gone, is left out.
        """
        return await self._known(await self._in_zoom(some))

    async def untold(self, policy: Policy, level: Level) -> list[str]:
        """Whom nobody has told of those for whom, by a policy, a level starts it after notice."""
        return [
            known.object_id
            async for known, candidate in self._of_level(level, policy)
            if candidate.verdict.authoriser is Authoriser.INFORM
            and standing(candidate, 0) is Standing.TO_TELL
        ]

    async def prospect(self, policy: Policy, level: Level) -> Prospect | None:
        """For whom a level could start it with a policy, counted, and for whom it could not.

        None: nobody was matched yet.
        """
        if await self.matches.wanted() is None:
            return None
        now, counts = await self.people.now_ms(), Counter[Standing]()
        async for _, candidate in self._of_level(level, policy):
            stands = standing(candidate, now)
            counts[Standing.OWN if candidate.own and stands in _STARTABLE else stands] += 1
        unmatched = left_out = 0
        view = await self.directory.view()
        async for some in batches(self.matches.matches(), BATCH):
            why = {match.zoom_id: match.why for match in some if match.why is not None}
            for user in () if view is None else await view.users(list(why)):
                if _is(deciding_group(policy, user.group_ids), level):
                    left_out += why[user.zoom_id].leaves_out
                    unmatched += not why[user.zoom_id].leaves_out
        return Prospect(
            startable=sum(counts[each] for each in _STARTABLE),
            unmatched=unmatched,
            excluded=counts[Standing.EXCLUDED] + counts[Standing.NARROWED] + left_out,
            opted_out=counts[Standing.OPTED_OUT],
            own=counts[Standing.OWN],
        )

    async def shifted(self, before: Policy, after: Policy) -> Shifted:
        """For whom it ends or starts when the one policy takes the place of the other."""
        if _decisions(before) == _decisions(after):
            return Shifted()
        now, found = await self.people.now_ms(), {each: list[Known]() for each in Shift}
        async for some in batches(self.matches.everybody(), BATCH):
            # What there is to read of everybody else is not read: most edits touch few.
            touched = [
                (kept, user)
                for kept, user in await self._in_zoom(some)
                if _decided(before, kept, user) != _decided(after, kept, user)
            ]
            for known in await self._known(touched):
                becomes = shift(known.by(before), known.by(after), now)
                if becomes is not None:
                    found[becomes].append(known)
        return Shifted(
            ends=frozenset(known.object_id for known in found[Shift.ENDS]),
            own=frozenset(known.object_id for known in found[Shift.ENDS] if known.keeps_own),
            starts=frozenset(known.zoom.zoom_id for known in found[Shift.STARTS]),
            starts_later=frozenset(known.zoom.zoom_id for known in found[Shift.STARTS_LATER]),
            called_off=len(found[Shift.CALLED_OFF]),
        )

    async def _of_level(
        self, level: Level, policy: Policy
    ) -> AsyncIterator[tuple[Known, Candidate]]:
        """Those who are matched and for whom this level decides."""
        async for some in batches(self.matches.everybody(), BATCH):
            for known in await self.of(some):
                candidate = known.by(policy)
                if _is(candidate.verdict.group, level):
                    yield known, candidate

    async def _in_zoom(self, some: Sequence[Kept]) -> list[tuple[Kept, DirectoryUser]]:
        """Those of these whose Zoom user is known, with it."""
        view = await self.directory.view()
        matched = [kept for kept in some if kept.zoom_id is not None]
        if view is None or not matched:
            return []
        found = await view.users([str(kept.zoom_id) for kept in matched])
        users = {user.zoom_id: user for user in found}
        return [(kept, users[kept.zoom_id]) for kept in matched if kept.zoom_id in users]

    async def _known(self, some: Sequence[tuple[Kept, DirectoryUser]]) -> list[Known]:
        if not some:
            return []
        zoom_ids = {kept.user.object_id: kept.zoom_id for kept, _ in some}
        ids = list(zoom_ids)
        read = await self.people.rows(ids, *_READ)
        rows = {row.object_id: row for row in read}
        announced = await self.announcements.of(ids)
        excluded = await self.exclusions.among(ids)
        opted_out = await self.opt_outs.among(zoom_ids)
        found = []
        for kept, user in some:
            oid = kept.user.object_id
            row = rows.get(oid)
            if row is not None and row.leaving:
                continue
            by, shown_as = (None, None) if row is None else (row.authorised_by, row.zoom_id)
            own = by is AuthorisedBy.PERSON
            known = Known(
                kept,
                ZoomUser(user.zoom_id, user.address),
                user.group_ids,
                announced.get(oid),
                opted_out=oid in opted_out,
                excluded=oid in excluded,
                connected=by is AuthorisedBy.ORGANISATION,
                own=own,
                same=not own or shown_as in {None, user.zoom_id},
                keeps_own=row is not None and row.own_until_ms is not None,
                trouble=row is not None and row.trouble is not None,
            )
            found.append(known)
        return found


def _counts_for(kept: Kept, verdict: Verdict) -> tuple[bool, bool]:
    """Whether a verdict's percentage takes somebody, and its condition."""
    user = kept.user
    return in_share(user.object_id, verdict.share), fits(verdict.only, user.properties)


def _decisions(policy: Policy) -> object:
    """All of a policy on which anybody's standing hangs; None: nobody is covered by it."""
    if not relies_on_organisation(policy):
        return None

    def of(form: Form) -> tuple[object, ...]:
        return form.stopped_by() is None, form.authoriser, form.share, form.only

    groups = () if policy.account.locked else sorted(policy.groups, key=_priority)
    return of(policy.account), [(group.group_id, of(group.form)) for group in groups]


def _priority(group: ManagedGroup) -> int:
    return group.priority


def _decided(policy: Policy, kept: Kept, user: DirectoryUser) -> tuple[object, ...]:
    """All of what policy decides for somebody on which their standing hangs."""
    verdict = resolve(policy, user.group_ids, by=AuthorisedBy.ORGANISATION)
    return verdict.on, verdict.authoriser, *_counts_for(kept, verdict)


def _is(group: ManagedGroup | None, level: Level) -> bool:
    return level.group_id == ("" if group is None else group.group_id)
