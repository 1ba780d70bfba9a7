"""Putting cards into conversations: new ones, and edited in place.

A card carries an id of ours in its buttons; the store knows which message holds it. So a flow goes
on in one card, wherever a click comes from: not every client names the message it clicked in.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NewType, Protocol

import structlog

from bot.teams.activity import (
    CardGone,
    ConversationGone,
    ConversationReference,
    NotFound,
    NotSent,
    Person,
    SendFailed,
)

if TYPE_CHECKING:
    from bot.teams.activity import Heard, Sender
    from cards.build import Card
    from cards.seal import Seal
    from wording.chat import Reached

log = structlog.get_logger()

SealedCard = NewType("SealedCard", dict[str, Any])
"""A card as it goes out."""


class ConversationRows(Protocol):
    """What is kept of conversations (bot.conversations)."""

    async def remember_reference(
        self, object_id: str, reference: ConversationReference, sent_ms: int | None = None
    ) -> Heard:
        """Keep a person's 1:1 conversation; empty: `sent_ms` is older than the last news of it."""

    async def reference(self, object_id: str) -> ConversationReference | None:
        """A person's 1:1 conversation."""

    async def move_reference(self, object_id: str, reference: ConversationReference) -> None:
        """Their chat is another one now; nothing is kept of who has removed the app."""

    async def forget_reference(self, object_id: str, sent_ms: int | None = None) -> bool:
        """Nothing can be written there any more. False: no news."""

    async def doubt_reference(self, object_id: str, sent_ms: int | None = None) -> bool:
        """Forget it in a day, unless they are heard of before. False: no news."""

    async def is_there(self, object_id: str) -> bool:
        """Whether, by the last news of the chat, they have the app."""

    async def remember_card(self, card_id: str, activity_id: str) -> None:
        """Keep which message holds a card."""

    async def activity_of(self, card_id: str) -> str | None:
        """The message that holds a card."""

    async def first_welcome(self, object_id: str) -> bool:
        """Whether the person was never welcomed; they are from now on."""

    async def not_welcomed(self, object_id: str) -> None:
        """The welcome did not arrive."""


def new_card_id() -> str:
    """An id for a card that is about to be made."""
    return secrets.token_urlsafe(12)


@dataclass(frozen=True, slots=True)
class Desk:
    """Writes cards. Failures of the channel are logged, and told by the return value.

    `chats` keeps where people are reached, and which message holds a card.
    """

    sender: Sender
    chats: ConversationRows
    seal: Seal

    def sealed(self, card: Card, card_id: str) -> SealedCard:
        """The card as it goes out, its buttons signed (`cards.seal`)."""
        return SealedCard(self.seal.sealed(card, card_id))

    async def post(self, to: ConversationReference, card_id: str, card: Card) -> bool:
        """Send a new card; False when the channel did not take it."""
        try:
            await self._send(to, card_id, self.sealed(card, card_id))
        except (ConversationGone, SendFailed) as error:
            log.warning("card_not_sent", reason=type(error).__name__)
            return False
        return True

    async def _send(
        self, to: ConversationReference, card_id: str, card: SealedCard, *, once: bool = False
    ) -> None:
        activity_id = await self.sender.send(to, card, once=once)
        if activity_id:  # not every channel names what it took
            await self.chats.remember_card(card_id, activity_id)

    async def typing(self, to: ConversationReference) -> None:
        """Show that an answer is being worked on."""
        await self.sender.typing(to)

    async def say(self, to: ConversationReference, content: Card | str) -> None:
        """Send something that is never edited. Needs no store, so it works when that is away."""
        try:
            await self.sender.send(to, content)
        except (ConversationGone, SendFailed) as error:
            log.warning("message_not_sent", reason=type(error).__name__)

    async def replace(
        self,
        at: ConversationReference,
        card_id: str,
        card: Card,
        *,
        sealed: SealedCard | None = None,
        activity_id: str | None = None,
        or_post: bool = True,
        whose: str | None = None,
    ) -> bool:
        """Edit the card in place; where its message is gone or unknown, send it anew.

        `sealed` is the same card where it was sealed before. `activity_id` is the message that the
        client named, used when we don't know better. `whose`
        chat this is (an object id): then the chat's newest address is used, and a new card goes
        into the chat that they have now.
        """
        if whose is not None:
            known = await self.personal(whose)
            if known is not None and known.conversation_id == at.conversation_id:
                at = known
        activity_id = await self.chats.activity_of(card_id) or activity_id
        if activity_id is not None:
            try:
                sealed = sealed or self.sealed(card, card_id)
                await self.sender.update(at, activity_id, sealed)
            except CardGone:
                log.info("card_gone", card=card_id)
            except (ConversationGone, SendFailed) as error:
                log.warning("card_not_updated", reason=type(error).__name__)
                if whose is None or not isinstance(error, ConversationGone):
                    return False
            else:
                return True
        if not or_post:
            return False
        if whose is None:
            return await self.post(at, card_id, card)
        return await self.reach(whose, card_id, card) == "reached"

    # -- a person's 1:1 conversation -----------------------------------------------------------

    async def personal(self, object_id: str) -> ConversationReference | None:
        """Where a person can be reached, None when unknown."""
        return await self.chats.reference(object_id)

    async def open_personal(
        self,
        at: ConversationReference,
        person: Person,
        *,
        sent_ms: int | None = None,
        anew: bool = False,
    ) -> ConversationReference:
        """The 1:1 conversation with somebody met in a group, by what was sent at `sent_ms`.

        `anew`: Teams is asked for it, also where one is known. Raises ConversationGone or
        SendFailed when it can't be had.
        """
        known = None if anew else await self.personal(person.object_id)
        if known is not None:
            return known
        reference = await self.sender.open_personal(at, person)
        await self.chats.remember_reference(person.object_id, reference, sent_ms)
        return reference

    async def tell(
        self,
        object_id: str,
        card_id: str,
        card: Card,
        *,
        once: bool = False,
        met: ConversationReference | None = None,
    ) -> None:
        """Send a new card to somebody's own chat; where that is dead, to one that is opened anew.

        `once`: what may have arrived is not sent again. `met`: where they were met just now. Raises
        ConversationGone (also when no chat is known), NotSent or SendFailed.
        """
        to, sealed = await self.personal(object_id), self.sealed(card, card_id)
        if to is None:
            raise ConversationGone("no chat is known")
        try:
            await self._send(to, card_id, sealed, once=once)
        except (ConversationGone, NotSent) as error:
            if isinstance(error, ConversationGone | NotFound):
                anew = await self._chat_now(object_id, to, met or to)
            else:
                anew = _at_another_address(to, met)
            if anew is None:
                raise
            log.info("personal_chat_moved", person=object_id, reason=str(error))
            await self._send(anew, card_id, sealed, once=once)
            await self.chats.move_reference(object_id, anew)

    async def reach(
        self, object_id: str, card_id: str, card: Card, *, met: ConversationReference | None = None
    ) -> Reached:
        """The same; what came of it is told, not raised."""
        try:
            await self.tell(object_id, card_id, card, met=met)
        except ConversationGone as error:
            log.warning("person_not_reachable", person=object_id, reason=str(error))
            return gone_how(error)
        except SendFailed as error:
            log.warning("card_not_sent", reason=type(error).__name__)
            return "failed"
        return "reached"

    async def _chat_now(
        self, object_id: str, dead: ConversationReference, at: ConversationReference
    ) -> ConversationReference | None:
        """The chat in the place of a dead one, opened at `at`; None: they have none.

        Raises NotSent where it is not known.
        """
        known = await self.personal(object_id)
        if known is None:  # they removed the app meanwhile: nothing is opened behind their back
            return None
        if known.conversation_id != dead.conversation_id or known.service_url != dead.service_url:
            return known
        if not dead.member_id:
            return None
        person = Person(dead.tenant_id, object_id, dead.member_id, "")
        try:
            reference = await self.sender.open_personal(at, person)
        except ConversationGone as error:
            log.warning("personal_chat_not_opened", reason=str(error))
            return None
        except SendFailed as error:
            raise NotSent(str(error)) from error
        return reference


def _at_another_address(
    to: ConversationReference, met: ConversationReference | None
) -> ConversationReference | None:
    """The same chat at the service that brought what is answered; None: it is no other one."""
    if met is None or met.service_url == to.service_url:
        return None
    return replace(to, service_url=met.service_url)


def gone_how(error: ConversationGone) -> Reached:
    """Who can mend it that there is no chat: the person, or an admin."""
    return "disabled" if str(error) == "BotDisabledByAdmin" else "gone"
