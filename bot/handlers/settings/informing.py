"""Recording that people were told by other means than the app: by mail, by a works meeting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bot.handlers.settings.guard import actor
from cards.settings import informed as informed_cards
from domain.coverage import Announcement, How, starts_ms
from domain.policy import ACCOUNT
from sync.settings.rows import scope_of
from wording.figures import day

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bot.grammar.said import InformedPeople
    from bot.handlers.settings.guard import ZoomGroups
    from bot.request import Turn
    from cards.build import Card
    from cards.settings.clicks import RecordInformed
    from domain.policy import Level
    from sync.settings.audit import AuditLog


class Announcements(Protocol):
    """Who was told (sync.organisation.announcements)."""

    async def keep_otherwise(self, people: Sequence[str], by: str, now_ms: int) -> int:
        """An admin records that these were told by other means; how many that were."""


@dataclass(frozen=True, slots=True)
class InformingHandler:
    """Asks first, then keeps it. The guard has made sure of the admin.

    `untold` finds those whom a level starts after notice and whom nobody has told. `recorded` has
    everybody looked at anew.
    """

    groups: ZoomGroups
    untold: Callable[[Level], Awaitable[list[str]]]
    announcements: Announcements
    audit: AuditLog
    now_ms: Callable[[], Awaitable[int]]
    recorded: Callable[[], None]

    async def of_group(self, turn: Turn, said: InformedPeople) -> Card:
        """Answer `settings informed …`: say whom it is about, and have it confirmed."""
        level = await self.groups.called(said.group) if said.group else ACCOUNT
        if level is None:
            return informed_cards.no_group(said.group)
        return self._confirm(level, len(await self.untold(level)), await self.now_ms())

    async def record(self, turn: Turn, click: RecordInformed) -> Card:
        """Keep it; ask again where there are more people than the admin saw."""
        level, now_ms = await self.groups.known(click.level), await self.now_ms()
        people = await self.untold(level)
        if len(people) > click.people:
            return self._confirm(level, len(people), now_ms)
        by = actor(turn)
        count = await self.announcements.keep_otherwise(people, by.actor_id, now_ms)
        if count:
            await self.audit.informed(by, *scope_of(level), people=count)
            self.recorded()
        return informed_cards.recorded(level, count=count, starts=self._starts(now_ms))

    def _confirm(self, level: Level, count: int, now_ms: int) -> Card:
        if not count:
            return informed_cards.nobody(level)
        return informed_cards.confirm(level, count=count, starts=self._starts(now_ms))

    def _starts(self, now_ms: int) -> str:
        """The day on which it starts for those who are told now."""
        return day(starts_ms(Announcement(now_ms, How.OTHERWISE)))
