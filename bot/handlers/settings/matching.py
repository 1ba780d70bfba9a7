"""Who of Zoom is whom in Entra, for admins: who isn't matched, and why.

The guard has made sure of the admin.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bot.handlers.settings.guard import actor
from cards.settings import matching as match_cards
from cards.settings.people import too_often
from domain.matching import FoundBy, Uncovered
from wording.figures import clock_time
from wording.matching import FOUND, UNCOVERED, names, state

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.grammar.matching import Unmatched
    from bot.handlers.ports import ZoomDirectory
    from bot.request import Turn
    from bot.teams.activity import Person
    from cards.build import Card
    from cards.settings.match_clicks import DownloadList, MatchAgain, ShowUnmatched
    from domain.matching import Match
    from sync.organisation.matches import MatchStore
    from sync.settings.audit import AuditLog


@dataclass(frozen=True, slots=True)
class MatchingViews:
    """Shows it. `may_look_up` counts an admin's look-ups (by object id).

    `new_link` makes the address of a page where that admin gets the whole list, once.
    """

    directory: ZoomDirectory
    store: MatchStore
    audit: AuditLog
    may_look_up: Callable[[str], Awaitable[bool]]
    new_link: Callable[[Person], Awaitable[str]]

    # -- who isn't matched -----------------------------------------------------------------------

    async def unmatched(self, turn: Turn, _: Unmatched | ShowUnmatched) -> Card:
        """Show some of those who aren't matched, how many there are, and why."""
        if not await self.may_look_up(turn.person.object_id):
            return too_often()
        await self.audit.looked_at_unmatched(actor(turn))
        return await self._unmatched(turn)

    async def download(self, turn: Turn, _: DownloadList) -> Card:
        """Give a link to the whole list."""
        if not await self.may_look_up(turn.person.object_id):
            return too_often()
        return match_cards.download(await self.new_link(turn.person))

    async def again(self, turn: Turn, _: MatchAgain) -> Card:
        """Have everybody matched anew."""
        if not await self.may_look_up(turn.person.object_id):
            return too_often()
        await self.store.request_matching(0)
        notice = "I’m matching everyone again. That takes a minute or so. Look again then."
        return await self._unmatched(turn, notice=notice)

    async def _unmatched(self, turn: Turn, *, notice: str = "") -> Card:
        health = await self.store.health()
        at = partial(clock_time, now_ms=health.now_ms, zone=turn.inbound.time_zone)
        order = list(UNCOVERED)
        found = heapq.nsmallest(
            match_cards.MOST_LISTED,
            [it async for it in self.store.matches() if it.why is not None],
            key=lambda it: (order.index(it.why), it.zoom_id) if it.why else (0, ""),
        )
        view = await self.directory.view()
        listed = (
            {}
            if view is None
            else {user.zoom_id: user for user in await view.users([it.zoom_id for it in found])}
        )
        rows = [
            match_cards.UnmatchedRow(user.name, user.address, it.why, await self._who(it))
            for it in found
            if it.why is not None and (user := listed.get(it.zoom_id)) is not None
        ]
        return match_cards.unmatched(
            rows,
            health.counts or {},
            state=state(read_ms=health.read_ms, reason=health.reason, full=health.full, at=at),
            trouble=health.reason is not None,
            notice=notice,
        )

    async def _who(self, found: Match) -> str:
        """Whom a result is about: those of Entra, or the other Zoom users of one of them."""
        if found.why is Uncovered.TWO_ZOOM:
            view = await self.directory.view()
            others = [] if view is None else await view.users(list(found.others))
            return names([user.address for user in others])
        if found.why is Uncovered.SEVERAL:
            people = await self.store.people(list(found.others))
            return names([kept.user.address for kept in people.values()])
        return ""

    async def line_about(self, zoom_id: str | None, object_id: str | None) -> str:
        """How somebody is matched, for their look-up; empty where nothing is known of it."""
        if zoom_id is None and object_id is not None:
            kept = await self.store.of_person(object_id)
            zoom_id = None if kept is None else kept.zoom_id
        found = None if zoom_id is None else await self.store.of_zoom(zoom_id)
        if found is None:
            return ""
        if found.why is not None:
            who = await self._who(found)
            return f"{UNCOVERED[found.why].what}{f': {who}' if who else ''}."
        kept = None if found.object_id is None else await self.store.of_person(found.object_id)
        whom = f" with {kept.user.address}" if kept is not None and kept.user.address else ""
        return f"Matched{whom} {FOUND[found.by or FoundBy.ADDRESS]}."
