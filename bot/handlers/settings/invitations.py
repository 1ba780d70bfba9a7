"""Inviting those who have not connected: the admin's question and answer, the person's "Not now".

Whoever calls has made sure of the admin.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot.invite.mailing import PER_SECOND, MailingCard
from cards.payload import BadPayload
from cards.person import invite as person_invite
from cards.settings import invite as settings_invite
from sync.settings.audit import Actor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.invite.invitees import Invitees
    from bot.invite.mailing import Invitations
    from bot.request import Turn
    from bot.teams.activity import Card
    from cards.payload import Arg, Payloads
    from cards.settings_words import Target
    from sync.settings.audit import AuditLog


class InvitationHandler:
    """Counts, asks, starts, and shows how far it is."""

    def __init__(
        self, payloads: Payloads, invitees: Invitees, invitations: Invitations, audit: AuditLog
    ) -> None:
        self._payloads = payloads
        self._invitees = invitees
        self._invitations = invitations
        self._audit = audit

    async def ask(self, turn: Turn, target: Target) -> Card:
        """Say how many would be invited, and ask."""
        return self._ask(turn, target, await self._count(turn, target))

    async def send(self, turn: Turn, target: Target) -> Card:
        """Start; more people than the admin saw are not invited, but asked about."""
        confirmed = _args(turn).get("people")
        if type(confirmed) is not int:
            raise BadPayload("an invitation of nobody knows how many")
        if await self._invitations.under_way(turn.card_id):  # a second click on the same card
            return await self._shown(turn)
        people = await self._invitees.find(target.group_id, turn.person.object_id)
        if len(people) > confirmed:
            return self._ask(turn, target, len(people))
        who = turn.person
        shown = MailingCard(turn.at, turn.card_id, who.name, who.mri, who.object_id)
        held = await self._invitations.hold(people, shown)
        if held:
            await self._audit.invited(
                Actor(turn.person.object_id, turn.person.name),
                "account" if target.is_account else f"group:{target.group_id}",
                "account" if target.is_account else target.name,
                people=len(held),
            )
            await self._invitations.begin(target.group_id, held, shown)
        return await self._shown(turn)

    async def progress(self, turn: Turn) -> Card | None:
        """How far it is, when a card asks that; None: it ended a while ago."""
        job = _args(turn).get("job")
        return await self._invitations.shown(job) if isinstance(job, str) else None

    async def decline(self, turn: Turn) -> Card:
        """The person does not want to. They are not asked again anyway."""
        return person_invite.declined(self._payloads, turn.card_id)

    async def _count(self, turn: Turn, target: Target) -> int:
        return await self._invitees.count(target.group_id, turn.person.object_id)

    def _ask(self, turn: Turn, target: Target, count: int) -> Card:
        if not count:
            return settings_invite.nobody(self._payloads, turn.card_id)
        minutes = math.ceil(count / PER_SECOND / 60)
        return settings_invite.ask(
            self._payloads, turn.card_id, target, count=count, minutes=minutes
        )

    async def _shown(self, turn: Turn) -> Card:
        card = await self._invitations.shown(turn.card_id)
        return card or settings_invite.nobody(self._payloads, turn.card_id)


def _args(turn: Turn) -> Mapping[str, Arg]:
    if turn.click is None:
        raise BadPayload("not a button")
    return turn.click.args
