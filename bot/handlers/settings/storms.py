"""Many authorisations ended alike: an admin looks at it, and has everyone tried again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.handlers.settings.guard import actor
from cards.settings import people as people_cards
from wording.ended import REFRESH_SOON
from wording.trouble import tried_again

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.request import Turn
    from cards.build import Card, Element
    from cards.settings.clicks import RetryStorm, ShowStorm
    from domain.storms import Storm
    from sync.settings.audit import AuditLog


@dataclass(frozen=True, slots=True)
class StormHandler:
    """Answers the buttons of the alert. The guard has made sure of the admin.

    `storms` are those that go on, by code; `try_again` has sync.reconnect.notifier do it. `now_ms`
    is the clock that all processes share; `may_try_all` says whether an admin may have everybody
    tried again now, which costs requests for each.
    """

    storms: Callable[[], Awaitable[Mapping[str, Storm]]]
    try_again: Callable[[Storm, int], Awaitable[bool]]
    audit: AuditLog
    now_ms: Callable[[], Awaitable[int]]
    may_try_all: Callable[[Turn], Awaitable[bool]]

    async def show(self, _: Turn, click: ShowStorm) -> Card:
        """Show how many are in it now."""
        storm = await self._storm(click)
        return people_cards.storm_over() if storm is None else _card(storm)

    async def retry(self, turn: Turn, click: RetryStorm) -> Card:
        """Have everybody in it tried again."""
        if not await self.may_try_all(turn):
            return people_cards.too_often()
        storm = await self._storm(click)
        if storm is None:
            return people_cards.storm_over()
        if not storm.people:
            return _card(storm)
        # First the record: what is not written down is not done.
        await self.audit.revived_all(actor(turn), people=storm.people)
        await self.try_again(storm, await self.now_ms())
        return _card(storm, notice=f"{tried_again(storm.people)} {REFRESH_SOON}")

    async def _storm(self, click: ShowStorm | RetryStorm) -> Storm | None:
        """The storm that a button is about; another, later one has its own card."""
        storm = (await self.storms()).get(click.code)
        return storm if storm is not None and storm.began_ms == click.began_ms else None

    async def banner(self) -> Element | None:
        """A warning while anybody is in a storm: of the one with the most people."""
        storms = [storm for storm in (await self.storms()).values() if storm.people]
        if not storms:
            return None
        largest = max(storms, key=lambda storm: storm.people)
        return people_cards.storm_banner(largest)


def _card(storm: Storm, *, notice: str = "") -> Card:
    return people_cards.storm(storm, notice=notice)
