"""What comes before anything that is not for everybody: may they, is it their card, which group."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import structlog

from cards.click import BadInput
from cards.person.help import problem
from cards.settings import change as settings_change
from cards.settings import organisation as organisation_cards
from domain.directory import ACTIVE
from domain.policy import Level, deciders
from domain.roles import By, Role
from sync.settings.audit import Actor
from wording import chat
from wording.directory import GROUP_GONE, WITHOUT_GROUPS, explain
from wording.policy import who_decides

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bot.admins import Admins
    from bot.dispatch import Handler, Intent
    from bot.handlers.ports import ZoomDirectory
    from bot.request import Turn
    from cards.build import Card
    from domain.policy import Policy
    from domain.roles import Standing
    from sync.directory.store import DirectoryView

log = structlog.get_logger()


class Recipients(Protocol):
    """To whom cards of the settings were given (bot.conversations)."""

    async def remember_recipient(self, card_id: str, object_id: str) -> None:
        """Keep to whom a card was given; the first one stays."""

    async def recipient(self, card_id: str) -> str | None:
        """To whom a card was given."""


class GroupsUnavailable(Exception):
    """Zoom's groups are not known; the guard says why."""


@dataclass(frozen=True, slots=True)
class ZoomGroups:
    """Zoom's groups, as far as they are known. `missing` names settings that reading them needs."""

    directory: ZoomDirectory
    missing: Sequence[str]

    async def view(self) -> DirectoryView:
        """All of them. Raises GroupsUnavailable."""
        view = await self.directory.view()
        if self.missing or view is None:
            raise GroupsUnavailable
        return view

    async def level(self, group_id: str) -> Level:
        """The group of this id. Raises GroupsUnavailable, and BadInput where Zoom has none."""
        group = (await self.view()).groups.get(group_id)
        if group is None:
            raise BadInput(GROUP_GONE)
        return Level(group.group_id, group.name)

    async def called(self, name: str) -> Level | None:
        """The one group of this name; None where none or several have it."""
        view = await self.view()
        exact = view.find_groups(name).exact if name else None
        return None if exact is None else Level(exact.group_id, exact.name)

    async def known(self, level: Level) -> Level:
        """A level by its present name. Raises what `level` raises."""
        return level if level.is_account else await self.level(level.group_id)

    async def members(self, level: Level, policy: Policy) -> str | None:
        """How many members a group has and who decides for them; None: not known, or no group."""
        view = None if level.is_account else await self.directory.view()
        group = None if view is None else view.groups.get(level.group_id)
        if view is None or group is None:
            return None
        users = await view.users(await view.members(level.group_id))
        active = [user.group_ids for user in users if user.status == ACTIVE]
        return who_decides(group.members, level, deciders(policy, active), policy)

    async def why_not(self) -> Card:
        """Say why groups can't be used: Zoom's API is not set up, or was never read."""
        if self.missing:
            return settings_change.needs_zoom(self.missing)
        return problem(
            what_happened=explain(await self.directory.health()),
            what_to_do=WITHOUT_GROUPS,
        )


def actor(turn: Turn) -> Actor:
    """The admin as the history names them."""
    return Actor(turn.person.object_id, turn.person.name)


@dataclass(frozen=True, slots=True)
class Gatekeeper:
    """Makes sure at every word and click that the person has the role (`bot.dispatch.Guard`).

    `role_link` makes the address where somebody proves a role that nothing else tells (None: they
    can't now).
    """

    admins: Admins
    recipients: Recipients
    groups: ZoomGroups
    zoom_admins: bool
    role_link: Callable[[Turn], Awaitable[str | None]] | None = None

    async def __call__(self, turn: Turn, intent: Intent, by: By, handler: Handler) -> Card:
        """Let the handler answer, or say why not."""
        oid = turn.person.object_id
        standing = await self.admins.standing(turn.person)
        if not by.lets(standing.role, by_zoom=standing.by_zoom):
            return await self._refuse(turn, standing)
        asked = turn.clicked or by in {By.RECIPIENT, By.ENTRA_RECIPIENT}
        if by.own_card and asked and await self.recipients.recipient(turn.clicked) != oid:
            log.warning("settings_click_by_another", person=oid)
            return problem(what_happened=chat.ASKED_ANOTHER, what_to_do=chat.ASKED_ANOTHER_STEP)
        await self.recipients.remember_recipient(turn.card_id, oid)
        try:
            known = replace(turn, role=standing.role, by_zoom=standing.by_zoom)
            return await handler(known, intent)
        except GroupsUnavailable:
            return await self.groups.why_not()

    async def _refuse(self, turn: Turn, standing: Standing) -> Card:
        object_id = turn.person.object_id
        if not standing.sure:
            return problem(what_happened=chat.ADMIN_UNSURE, what_to_do=chat.ADMIN_UNSURE_STEP)
        log.warning("settings_refused", person=object_id)
        if standing.role is Role.HELPDESK:
            return settings_change.not_for_helpdesk()
        if await self.admins.external(object_id):
            return settings_change.guest()
        if standing.by_zoom:  # an admin, but not for this
            return organisation_cards.not_by_zoom()
        url = None
        if self.role_link is not None and await self.admins.may_prove(object_id):
            url = await self.role_link(turn)
        return settings_change.not_admin(zoom_admins=self.zoom_admins, role_url=url)
