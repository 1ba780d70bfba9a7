"""Many authorisations ended alike: an admin looks at it, and has everyone tried again.

Whoever calls has made sure of the admin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.payload import Verb
from cards.settings import storm as settings_storm
from cards.settings.storm import storm_of
from cards.settings_words import people
from sync.settings.audit import Actor
from wording.storm import view_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.request import Turn
    from bot.teams.activity import Card
    from cards.build import Element
    from cards.payload import Click, Payloads
    from domain.storms import Storm
    from sync.reconnect.store import NoticeStore
    from sync.settings.audit import AuditLog


class StormHandler:
    """Answers the buttons of the alert. `now_ms` is the clock that all processes share."""

    def __init__(
        self,
        payloads: Payloads,
        rows: NoticeStore,
        audit: AuditLog,
        now_ms: Callable[[], Awaitable[int]],
    ) -> None:
        self._payloads = payloads
        self._rows = rows
        self._audit = audit
        self._now_ms = now_ms

    async def clicked(self, turn: Turn, click: Click) -> Card:
        """Show how it stands, or have everybody tried again who is in it."""
        code, began_ms = storm_of(click.args)
        storm = (await self._rows.storms()).get(code)
        if storm is None or storm.began_ms != began_ms:  # another, later one has its own card
            return settings_storm.over(self._payloads, turn.card_id)
        if click.verb is Verb.SETTINGS_STORM_RETRY and storm.people:
            return await self._try_again(turn, storm)
        return self._card(turn, storm)

    async def _try_again(self, turn: Turn, storm: Storm) -> Card:
        """Ask for it; the notifier does it (sync.reconnect.notifier)."""
        # First the record: what is not written down is not done.
        by = Actor(turn.person.object_id, turn.person.name)
        await self._audit.revived_all(by, people=storm.people)
        await self._rows.try_again(storm, await self._now_ms())
        them = people(storm.people)
        notice = f"{them} {'is' if storm.people == 1 else 'are'} being tried again. Refresh in a "
        return self._card(turn, storm, notice=f"{notice}minute: who still fails is counted then.")

    async def banner(self, card_id: str) -> Element | None:
        """A warning while anybody is in a storm: of the one with the most people."""
        storms = [storm for storm in (await self._rows.storms()).values() if storm.people]
        if not storms:
            return None
        largest = max(storms, key=lambda storm: storm.people)
        return settings_storm.banner(self._payloads, card_id, view_of(largest))

    def _card(self, turn: Turn, storm: Storm, *, notice: str = "") -> Card:
        return settings_storm.storm(self._payloads, turn.card_id, view_of(storm), notice=notice)
