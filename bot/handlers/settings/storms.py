"""Many authorisations ended alike: an admin looks at it, and has everyone tried again.

Whoever calls has made sure of the admin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.settings import people as people_cards
from sync.settings.audit import Actor
from wording.figures import people

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.request import Turn
    from bot.teams.activity import Card
    from cards.build import Element
    from cards.settings.clicks import RetryStorm, ShowStorm
    from domain.storms import Storm
    from sync.reconnect.store import NoticeStore
    from sync.settings.audit import AuditLog


class StormHandler:
    """Answers the buttons of the alert.

    `now_ms` is the clock that all processes share, `may_try_all` whether an admin may have
    everybody tried again now: it costs requests for each.
    """

    def __init__(
        self,
        rows: NoticeStore,
        audit: AuditLog,
        now_ms: Callable[[], Awaitable[int]],
        may_try_all: Callable[[Turn], Awaitable[bool]],
    ) -> None:
        self._rows = rows
        self._audit = audit
        self._now_ms = now_ms
        self._may_try_all = may_try_all

    async def show(self, _: Turn, click: ShowStorm) -> Card:
        """Show how it stands."""
        storm = await self._storm(click)
        return people_cards.storm_over() if storm is None else _card(storm)

    async def retry(self, turn: Turn, click: RetryStorm) -> Card:
        """Have everybody tried again who is in it."""
        if not await self._may_try_all(turn):
            return people_cards.too_often()
        storm = await self._storm(click)
        if storm is None:
            return people_cards.storm_over()
        return await self._try_again(turn, storm) if storm.people else _card(storm)

    async def _storm(self, click: ShowStorm | RetryStorm) -> Storm | None:
        """The storm that a button is about; another, later one has its own card."""
        storm = (await self._rows.storms()).get(click.code)
        return storm if storm is not None and storm.began_ms == click.began_ms else None

    async def _try_again(self, turn: Turn, storm: Storm) -> Card:
        """Ask for it; the notifier does it (sync.reconnect.notifier)."""
        # First the record: what is not written down is not done.
        by = Actor(turn.person.object_id, turn.person.name)
        await self._audit.revived_all(by, people=storm.people)
        await self._rows.try_again(storm, await self._now_ms())
        them = people(storm.people)
        notice = f"{them} {'is' if storm.people == 1 else 'are'} being tried again. Refresh in a "
        return _card(storm, notice=f"{notice}minute: who still fails is counted then.")

    async def banner(self) -> Element | None:
        """A warning while anybody is in a storm: of the one with the most people."""
        storms = [storm for storm in (await self._rows.storms()).values() if storm.people]
        if not storms:
            return None
        largest = max(storms, key=lambda storm: storm.people)
        return people_cards.storm_banner(largest)


def _card(storm: Storm, *, notice: str = "") -> Card:
    return people_cards.storm(storm, notice=notice)
