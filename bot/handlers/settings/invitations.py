"""Inviting those who have not connected: the admin's part, and the person's "Not now"."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bot.handlers.settings.guard import actor
from bot.invite.mailing import PER_SECOND
from bot.invite.store import MailingCard
from cards.person import unasked as unasked_cards
from cards.settings import invite as settings_invite
from domain.policy import ACCOUNT
from sync.settings.rows import scope_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bot.grammar.said import InvitePeople
    from bot.handlers.settings.guard import ZoomGroups
    from bot.request import Turn
    from cards.build import Card
    from cards.person.clicks import DeclineInvitation
    from cards.settings.clicks import ConfirmInvite, Invite, ShowMailing
    from domain.policy import Level
    from sync.settings.audit import AuditLog


class Mailings(Protocol):
    """Sends invitations (bot.invite.mailing). A mailing has the id of the card that shows it."""

    async def hold(self, people: Sequence[str], card: MailingCard) -> list[str]:
        """Take these for a mailing; those who were or are being invited are left out."""

    async def begin(self, group_id: str, held: Sequence[str], card: MailingCard) -> None:
        """Invite those who are held, in the background."""

    async def under_way(self, mailing_id: str) -> bool:
        """Whether somebody of this mailing is still to be written to."""

    async def shown(self, mailing_id: str) -> Card | None:
        """The card of a mailing that is under way or ended a moment ago; None: there is none."""


@dataclass(frozen=True, slots=True)
class InvitationHandler:
    """Invites people and shows how far it is. The guard has made sure of the admin.

    `invitable` finds those of a group (empty: everyone) whom an admin may invite; `overview` is
    shown in the place of a mailing that ended a while ago.
    """

    groups: ZoomGroups
    invitable: Callable[[str, str], Awaitable[list[str]]]
    mailings: Mailings
    audit: AuditLog
    overview: Callable[[Turn], Awaitable[Card]]

    async def of_group(self, turn: Turn, said: InvitePeople) -> Card:
        """Answer `settings invite …`; a group is found by its name, and never guessed."""
        level = await self.groups.called(said.group) if said.group else ACCOUNT
        if level is None:
            return settings_invite.no_group(said.group)
        return _confirm(level, await self.invitable(level.group_id, turn.person.object_id))

    async def confirm(self, turn: Turn, click: ConfirmInvite) -> Card:
        """Say how many would be invited, and have it confirmed."""
        level = await self.groups.known(click.level)
        return _confirm(level, await self.invitable(level.group_id, turn.person.object_id))

    async def send(self, turn: Turn, click: Invite) -> Card:
        """Start; have it confirmed again where there are more people than the admin saw."""
        level = await self.groups.known(click.level)
        if await self.mailings.under_way(turn.card_id):  # a second click on the same card
            return await self._shown(turn)
        people = await self.invitable(level.group_id, turn.person.object_id)
        if len(people) > click.people:
            return _confirm(level, people)
        who = turn.person
        shown = MailingCard(turn.at, turn.card_id, who.name, who.mri, who.object_id)
        held = await self.mailings.hold(people, shown)
        if held:
            await self.audit.invited(actor(turn), *scope_of(level), people=len(held))
            await self.mailings.begin(level.group_id, held, shown)
        return await self._shown(turn)

    async def progress(self, turn: Turn, click: ShowMailing) -> Card:
        """Show how far a mailing is."""
        shown = await self.mailings.shown(click.mailing_id)
        return shown or await self.overview(turn)

    async def decline(self, _: Turn, __: DeclineInvitation) -> Card:
        """Accept a person's no. Nobody is invited twice anyway."""
        return unasked_cards.declined()

    async def _shown(self, turn: Turn) -> Card:
        return await self.mailings.shown(turn.card_id) or settings_invite.nobody()


def _confirm(level: Level, people: Sequence[str]) -> Card:
    if not people:
        return settings_invite.nobody()
    minutes = math.ceil(len(people) / PER_SECOND / 60)
    return settings_invite.confirm(level, count=len(people), minutes=minutes)
