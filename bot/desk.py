"""Putting cards into conversations: new ones, and edited in place.

A card carries an id of ours in its buttons; the store knows which message holds it. So a flow goes
on in one card, wherever a click comes from: not every client names the message it clicked in.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from bot.activity import CardGone, ConversationGone, ConversationReference, Scope, SendFailed

if TYPE_CHECKING:
    from bot.activity import Card, Person, Sender

log = structlog.get_logger()


class ConversationRows(Protocol):
    """What is kept of conversations (sync.store.conversations)."""

    async def remember_reference(self, object_id: str, reference: str) -> None:
        """Keep a person's 1:1 conversation."""

    async def reference(self, object_id: str) -> str | None:
        """A person's 1:1 conversation."""

    async def forget_reference(self, object_id: str) -> None:
        """Nothing can be written there any more."""

    async def remember_card(self, card_id: str, activity_id: str) -> None:
        """Keep which message holds a card."""

    async def activity_of(self, card_id: str) -> str | None:
        """The message that holds a card."""


def new_card_id() -> str:
    """An id for a card that is about to be made."""
    return secrets.token_urlsafe(12)


class Desk:
    """Writes cards. Failures of the channel are logged, and told by the return value."""

    def __init__(self, sender: Sender, rows: ConversationRows) -> None:
        self._sender = sender
        self._rows = rows

    async def post(self, to: ConversationReference, card_id: str, card: Card) -> bool:
        """Send a new card; False when the channel did not take it."""
        try:
            activity_id = await self._sender.send(to, card)
        except (ConversationGone, SendFailed) as error:
            log.warning("card_not_sent", reason=type(error).__name__)
            return False
        if activity_id:  # not every channel names what it took
            await self._rows.remember_card(card_id, activity_id)
        return True

    async def deliver(self, to: ConversationReference, card_id: str, card: Card) -> None:
        """Send a new card. Raises ConversationGone, NotSent or SendFailed."""
        activity_id = await self._sender.send(to, card)
        if activity_id:
            await self._rows.remember_card(card_id, activity_id)

    async def post_once(self, to: ConversationReference, card_id: str, card: Card) -> None:
        """Send a new card, at most once. Raises ConversationGone, NotSent or SendFailed."""
        activity_id = await self._sender.send(to, card, once=True)
        if activity_id:
            await self._rows.remember_card(card_id, activity_id)

    async def say(self, to: ConversationReference, content: Card | str) -> None:
        """Send something that is never edited. Needs no store, so it works when that is away."""
        try:
            await self._sender.send(to, content)
        except (ConversationGone, SendFailed) as error:
            log.warning("message_not_sent", reason=type(error).__name__)

    async def replace(
        self,
        at: ConversationReference,
        card_id: str,
        card: Card,
        *,
        activity_id: str | None = None,
        or_post: bool = True,
    ) -> bool:
        """Edit the card in place; where its message is gone or unknown, send it anew.

        `activity_id` is the message that the client named, used when we don't know better.
        """
        activity_id = await self._rows.activity_of(card_id) or activity_id
        if activity_id is not None:
            try:
                await self._sender.update(at, activity_id, card)
            except CardGone:
                log.info("card_gone", card=card_id)
            except (ConversationGone, SendFailed) as error:
                log.warning("card_not_updated", reason=type(error).__name__)
                return False
            else:
                return True
        return await self.post(at, card_id, card) if or_post else False

    # -- a person's 1:1 conversation -----------------------------------------------------------

    async def remember(self, object_id: str, reference: ConversationReference) -> None:
        """Keep where a person can be reached."""
        await self._rows.remember_reference(object_id, dump_reference(reference))

    async def forget(self, object_id: str) -> None:
        """The person removed the app."""
        await self._rows.forget_reference(object_id)

    async def personal(self, object_id: str) -> ConversationReference | None:
        """Where a person can be reached, None when unknown."""
        text = await self._rows.reference(object_id)
        return None if text is None else load_reference(text)

    async def open_personal(
        self, at: ConversationReference, person: Person
    ) -> ConversationReference | None:
        """The 1:1 conversation with somebody met in a group; None when it can't be had."""
        known = await self.personal(person.object_id)
        if known is not None:
            return known
        try:
            reference = await self._sender.open_personal(at, person)
        except (ConversationGone, SendFailed) as error:
            log.warning("personal_chat_not_opened", reason=type(error).__name__)
            return None
        await self.remember(person.object_id, reference)
        return reference


def dump_reference(reference: ConversationReference) -> str:
    """Write a conversation reference as JSON."""
    return json.dumps(asdict(reference), separators=(",", ":"))


def load_reference(text: str) -> ConversationReference | None:
    """Read a conversation reference back; None for anything else."""
    try:
        row: dict[str, Any] = json.loads(text)
        scope = Scope(row.pop("scope"))
        if not all(isinstance(value, str) for value in row.values()):
            return None
        return ConversationReference(**row, scope=scope)
    except (ValueError, KeyError, TypeError, AttributeError):
        log.error("reference_damaged")
        return None
