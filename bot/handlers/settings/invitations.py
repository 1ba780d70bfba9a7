"""Inviting those who have not connected: the admin's question and answer, the person's "Not now".

Whoever calls has made sure of the admin.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot.invite.mailing import PER_SECOND, MailingCard
from cards.person import unasked as unasked_cards
from cards.settings import invite as settings_invite
from sync.settings.audit import Actor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.handlers.settings.guard import Groups
    from bot.invite.invitees import Invitees
    from bot.invite.mailing import Invitations
    from bot.request import Turn
    from bot.teams.activity import Card
    from cards.person.clicks import DeclineInvitation
    from cards.settings.clicks import ConfirmInvite, Invite, ShowMailing
    from domain.policy import Level
    from sync.settings.audit import AuditLog


class InvitationHandler:
    """Counts, asks, starts, and shows how far it is."""

    def __init__(
        self,
        groups: Groups,
        invitees: Invitees,
        invitations: Invitations,
        audit: AuditLog,
        overview: Callable[[Turn], Awaitable[Card]],
    ) -> None:
        """`overview` is shown in the place of a mailing that ended a while ago."""
        self._groups = groups
        self._invitees = invitees
        self._invitations = invitations
        self._audit = audit
        self._overview = overview

    async def ask(self, turn: Turn, click: ConfirmInvite) -> Card:
        """Say how many would be invited, and ask."""
        level = await self._groups.known(click.level)
        count = await self._invitees.count(level.group_id, turn.person.object_id)
        return _ask(level, count)

    async def send(self, turn: Turn, click: Invite) -> Card:
        """Start; more people than the admin saw are not invited, but asked about."""
        level = await self._groups.known(click.level)
        if await self._invitations.under_way(turn.card_id):  # a second click on the same card
            return await self._shown(turn)
        people = await self._invitees.find(level.group_id, turn.person.object_id)
        if len(people) > click.people:
            return _ask(level, len(people))
        who = turn.person
        shown = MailingCard(turn.at, turn.card_id, who.name, who.mri, who.object_id)
        held = await self._invitations.hold(people, shown)
        if held:
            await self._audit.invited(
                Actor(turn.person.object_id, turn.person.name),
                "account" if level.is_account else f"group:{level.group_id}",
                "account" if level.is_account else level.name,
                people=len(held),
            )
            await self._invitations.begin(level.group_id, held, shown)
        return await self._shown(turn)

    async def progress(self, turn: Turn, click: ShowMailing) -> Card:
        """How far it is."""
        shown = await self._invitations.shown(click.mailing_id)
        return shown or await self._overview(turn)

    async def decline(self, _: Turn, __: DeclineInvitation) -> Card:
        """The person does not want to. They are not asked again anyway."""
        return unasked_cards.declined()

    async def _shown(self, turn: Turn) -> Card:
        return await self._invitations.shown(turn.card_id) or settings_invite.nobody()


def _ask(level: Level, count: int) -> Card:
    if not count:
        return settings_invite.nobody()
    minutes = math.ceil(count / PER_SECOND / 60)
    return settings_invite.confirm(level, count=count, minutes=minutes)
