"""Before anything for admins: who may, whom a card asks, and which group is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import structlog

from cards.click import BadInput, By
from cards.person.help import problem
from cards.settings import change as settings_change
from domain.policy import Level
from wording.directory import explain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.admins import Admins
    from bot.dispatch import Asked, Handler
    from bot.request import Turn
    from bot.teams.activity import Card
    from sync.directory.store import DirectoryStore, DirectoryView

log = structlog.get_logger()

_GONE = (
    "Zoom’s list has no such group any more, so nothing was changed. "
    "Say settings groups to see those that it has."
)


class Askers(Protocol):
    """Whom the cards of the settings ask (bot.conversations)."""

    async def remember_asker(self, card_id: str, object_id: str) -> None:
        """Keep whom a card asks; the first one stays."""

    async def asker(self, card_id: str) -> str | None:
        """Whom a card asks."""


class GroupsUnavailable(Exception):
    """Zoom's groups are not to be had; the guard says why."""


class Groups:
    """Zoom's groups, as far as they are known. `missing` names settings that reading them needs."""

    def __init__(self, directory: DirectoryStore, missing: Sequence[str]) -> None:
        self._directory = directory
        self._missing = missing

    async def view(self) -> DirectoryView:
        """All of them. Raises GroupsUnavailable."""
        view = await self._directory.view()
        if self._missing or view is None:
            raise GroupsUnavailable
        return view

    async def level(self, group_id: str) -> Level:
        """The group of this id. Zoom's groups come and go: raises GroupsUnavailable, BadInput."""
        group = (await self.view()).groups.get(group_id)
        if group is None:
            raise BadInput(_GONE)
        return Level(group.group_id, group.name)

    async def known(self, level: Level) -> Level:
        """The same level by its present name. Raises as `level` does."""
        return level if level.is_account else await self.level(level.group_id)

    async def why_not(self) -> Card:
        """Say why groups can't be used: Zoom's API is not set up, or was never read."""
        if self._missing:
            return settings_change.needs_zoom(self._missing)
        return problem(
            what_happened=explain(await self._directory.health()),
            what_to_do="Ask again in a minute. Settings for the whole account work without.",
        )


class AdminsOnly:
    """Asks at every word and click whether the person is an admin (`bot.dispatch.Guard`)."""

    def __init__(
        self, admins: Admins, askers: Askers, groups: Groups, *, zoom_admins: bool
    ) -> None:
        self._admins = admins
        self._askers = askers
        self._groups = groups
        self._zoom_admins = zoom_admins

    async def __call__(self, turn: Turn, asked: Asked, by: By, handler: Handler) -> Card:
        """Let the handler answer, or say why not."""
        oid = turn.person.object_id
        may = await self._admins.may_change(turn.person)
        if may is None:
            return problem(
                what_happened=(
                    "I can’t find out at the moment whether you may change settings. "
                    "Nothing was changed."
                ),
                what_to_do="Try again in a minute.",
            )
        if not may:
            return await self._refuse(turn)
        if by is By.ASKED and await self._askers.asker(turn.clicked) != oid:
            log.warning("settings_click_by_another", person=oid)
            return problem(
                what_happened="This question was put to another admin. Nothing was changed.",
                what_to_do="Say settings, and I ask you.",
            )
        await self._askers.remember_asker(turn.card_id, oid)
        try:
            return await handler(turn, asked)
        except GroupsUnavailable:
            return await self._groups.why_not()

    async def _refuse(self, turn: Turn) -> Card:
        log.warning("settings_refused", person=turn.person.object_id)
        if await self._admins.is_guest(turn.person):
            return settings_change.guest()
        return settings_change.not_admin(zoom_admins=self._zoom_admins)
