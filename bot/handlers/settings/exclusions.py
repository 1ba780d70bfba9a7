"""Excluding people from the organisation's authorisation, and including them again.

The guard has made sure of the admin.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from bot.handlers.settings.entered import entered_reason
from bot.handlers.settings.entra import in_time, unreachable
from bot.handlers.settings.guard import actor
from cards.settings import exclusions as cards
from cards.settings.paging import PAGE_SIZE, nearest_page
from cards.settings.people import too_often
from domain.link import fold_address
from domain.matching import excluded as left_out
from domain.policy import AuthorisedBy
from sync.organisation.excluding import LINK, Excluding, is_covered
from sync.organisation.exclusions import MOST, Exclusion, TooMany
from wording.exclusions import (
    ALREADY,
    COVERED_AND_OWN,
    COVERED_NOW,
    NOT_EXCLUDED,
    OWN_SIGN_IN,
    THAT_IS_YOU,
)
from wording.figures import clock_time
from wording.matching import UNCOVERED
from wording.reason import shown_reason
from wording.text import outside

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bot.grammar.exclusions import Exclude, Excluded, Include
    from bot.request import Turn
    from bot.teams.activity import Person
    from cards.build import Card
    from cards.settings.exclusion_clicks import (
        DownloadExcluded,
        ExcludePeople,
        IncludePeople,
        ListExcluded,
    )
    from domain.matching import EntraUser
    from sync.engine.link_store import Left
    from sync.organisation.excluding import Connected
    from sync.organisation.exclusions import ExclusionStore
    from sync.organisation.finding import Found
    from sync.organisation.matches import MatchStore
    from sync.settings.audit import AuditLog

log = structlog.get_logger()


class Finder(Protocol):
    """Finds people of Entra (sync.organisation.finding)."""

    async def find(self, addresses: Sequence[str]) -> list[Found]:
        """Who has each of these addresses. Raises OutsideError."""

    async def known(self, people: Sequence[str]) -> dict[str, EntraUser]:
        """Those of these (object ids) whom Entra has now. Raises OutsideError."""


@dataclass(frozen=True, slots=True)
class ExclusionHandler:
    """Asks, excludes, includes, and lists. `may_look_up` counts an admin's look-ups.

    `new_link` makes the address of a page where that admin gets the list as a file, once.
    `uncover` ends the organisation's authorisation for somebody, if they connected by a time.
    """

    store: ExclusionStore
    finder: Finder
    matches: MatchStore
    people: Connected
    audit: AuditLog
    may_look_up: Callable[[str], Awaitable[bool]]
    uncover: Callable[[str, int], Awaitable[Left]]
    new_link: Callable[[Person], Awaitable[str]]

    # -- excluding ---------------------------------------------------------------------------------

    async def exclude(self, turn: Turn, said: Exclude) -> Card:
        """Say who was found, who is covered now, and have it confirmed."""
        if not await self.may_look_up(turn.person.object_id):
            return too_often()
        found = await self._find(said.addresses)
        if found is None:
            return unreachable()
        rows, unclear = await self._rows(turn, found)
        return cards.confirm(rows, unclear, reason=said.reason, include=False)

    async def _find(self, addresses: Sequence[str]) -> list[Found] | None:
        return await in_time(self.finder.find(addresses), _not_looked_up)

    async def _rows(
        self, turn: Turn, found: Sequence[Found]
    ) -> tuple[list[cards.PersonRow], cards.Unclear]:
        """Each person once, with how it stands; and the addresses that lead to none."""
        users = {one.user.object_id: (one.user, one.by) for one in found if one.user is not None}
        ids = list(users)
        out = await self.store.among(ids)
        by = {row.object_id: row for row in await self.people.rows(ids, *LINK)}
        rows = []
        for oid, (user, address) in users.items():
            await self.audit.looked_up(actor(turn), address)
            said = [THAT_IS_YOU] if oid == turn.person.object_id else []
            link = by.get(oid)
            if oid in out:
                said.append(ALREADY)
            elif link is not None and link.authorised_by is AuthorisedBy.PERSON:
                said.append(OWN_SIGN_IN)
            elif link is not None and is_covered(link):
                said.append(COVERED_NOW if link.own_until_ms is None else COVERED_AND_OWN)
            said += _by_account(user)
            row = cards.PersonRow(oid, user.name, address, " ".join(said), acts=oid not in out)
            rows.append(row)
        return rows, cards.Unclear(
            tuple(one.address for one in found if not one.users),
            tuple(one.address for one in found if len(one.users) > 1),
        )

    async def excluding(self, turn: Turn, click: ExcludePeople) -> Card:
        """Exclude whoever was confirmed, and end it for those who are covered."""
        by, reason = actor(turn), entered_reason(click.reason)
        users, now = await self._known(click.object_ids), await self.store.now_ms()
        rows = []
        for oid in dict.fromkeys(click.object_ids):
            user = users.get(oid)
            name, address = ("", "") if user is None else (user.name, user.address)
            rows.append(Exclusion(oid, name, address, by, now, reason))
        try:
            done = await Excluding(self.store, self.people, self.uncover).exclude(rows)
        except TooMany:
            return cards.too_many(MOST)
        for row in done.added:
            await self.audit.excluded(by, row.address or row.object_id, reason=reason)
        return cards.excluded(
            count=len(done.added),
            before=len(rows) - len(done.added),
            clearing=done.clearing,
            reason=reason,
        )

    async def _known(self, people: Sequence[str]) -> dict[str, EntraUser]:
        """What they are called; an exclusion must not hang on Microsoft's answer."""
        known = await in_time(self.finder.known(people), _not_looked_up)
        if known is not None:
            return known
        return {oid: kept.user for oid, kept in (await self.matches.people(people)).items()}

    # -- including ---------------------------------------------------------------------------------

    async def include(self, turn: Turn, said: Include) -> Card:
        """Say who was found, and have it confirmed; also of those whom Entra has no longer."""
        if not await self.may_look_up(turn.person.object_id):
            return too_often()
        everybody = await self.store.everybody()
        kept = {fold_address(row.address): row for row in everybody if row.address}
        rows, left = dict[str, cards.PersonRow](), list[str]()
        for address in said.addresses:
            row = kept.get(fold_address(address))
            if row is None:
                left.append(address)
            else:
                rows[row.object_id] = cards.PersonRow(row.object_id, row.name, row.address, "")
        found = await self._find(left) if left else []
        if found is None and not rows:
            return unreachable()
        out = {row.object_id for row in everybody}
        for one in found or ():
            if one.user is not None:
                oid, acts = one.user.object_id, one.user.object_id in out
                standing = " ".join(
                    filter(None, ("" if acts else NOT_EXCLUDED, *_by_account(one.user)))
                )
                rows.setdefault(oid, cards.PersonRow(oid, one.user.name, one.by, standing, acts))
        unclear = cards.Unclear(
            tuple(left if found is None else (one.address for one in found if not one.users)),
            tuple(one.address for one in found or () if len(one.users) > 1),
        )
        return cards.confirm(list(rows.values()), unclear, reason="", include=True)

    async def including(self, turn: Turn, click: IncludePeople) -> Card:
        """Exclude whoever was confirmed no longer."""
        kept = await self.store.of(click.object_ids)
        named = {row.object_id: row.address for row in kept}
        removed = await self.store.remove(dict.fromkeys(click.object_ids))
        for oid in removed:
            await self.audit.included(actor(turn), named.get(oid) or oid)
        return cards.included_again(count=len(removed))

    # -- who is ------------------------------------------------------------------------------------

    async def listed(self, turn: Turn, asked: Excluded | ListExcluded) -> Card:
        """Show whom admins excluded, or whom Entra's data leaves out."""
        if not await self.may_look_up(turn.person.object_id):
            return too_often()
        await self.audit.looked_at_excluded(actor(turn))
        automatic, page = getattr(asked, "automatic", False), getattr(asked, "page", 0)
        counts = (await self.matches.health()).counts or {}
        out = {why: count for why, count in counts.items() if why in _LEFT_OUT}
        by_hand = await self.store.count()
        if automatic:
            found = sorted(
                [
                    (list(UNCOVERED).index(match.why), match.object_id or "")
                    async for match in self.matches.matches()
                    if match.why is not None and match.why.leaves_out
                ]
            )
            total = len(found)
        else:
            total = by_hand
        page = nearest_page(page, total)
        first = page * PAGE_SIZE
        if automatic:
            rows = await self._automatic(found[first : first + PAGE_SIZE])
        else:
            rows = await self._by_admins(turn, await self.store.newest(first, PAGE_SIZE))
        return cards.listed(
            rows,
            page=page,
            total=total,
            by_hand=by_hand,
            counts=out,
            automatic=automatic,
        )

    async def download(self, turn: Turn, _: DownloadExcluded) -> Card:
        """Give a link to the list of whom admins excluded."""
        if not await self.may_look_up(turn.person.object_id):
            return too_often()
        return cards.download(await self.new_link(turn.person))

    async def _by_admins(self, turn: Turn, some: Sequence[Exclusion]) -> list[cards.ListRow]:
        now = await self.store.now_ms()
        at = partial(clock_time, now_ms=now, zone=turn.inbound.time_zone)
        return [
            cards.ListRow(
                row.name,
                row.address or row.object_id,
                " · ".join(
                    filter(
                        None,
                        (
                            shown_reason(row.reason) if row.reason else "",
                            f"{outside(row.by.name, 60)}, {at(row.at_ms)}" if row.at_ms else "",
                        ),
                    )
                ),
            )
            for row in some
        ]

    async def _automatic(self, some: Sequence[tuple[int, str]]) -> list[cards.ListRow]:
        people = await self.matches.people([oid for _, oid in some])
        words = list(UNCOVERED.values())
        return [
            cards.ListRow(kept.user.name, kept.user.address, f"{words[place].what}.")
            for place, oid in some
            if (kept := people.get(oid)) is not None
        ]


def _not_looked_up(reason: str) -> None:
    log.warning("exclusion_not_looked_up", reason=reason)


def _by_account(user: EntraUser) -> list[str]:
    """Why they are left out because of their account, whatever an admin says."""
    why = left_out(user)
    return [] if why is None else [f"{UNCOVERED[why].what}."]


_LEFT_OUT: Final = frozenset(why.value for why in UNCOVERED if why.leaves_out)
