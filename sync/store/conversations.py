"""What the conversation keeps in Redis: references, cards, what happens once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.store import keys

if TYPE_CHECKING:
    from sync.store.connection import Client


class ConversationStore:
    """Small rows with a TTL each; values are the bot's own JSON, opaque here."""

    def __init__(self, client: Client) -> None:
        self._client = client

    # -- where to write ----------------------------------------------------------------------

    async def remember_reference(self, object_id: str, reference: str) -> None:
        """Keep a person's 1:1 conversation (400 days from the last use)."""
        await self._client.set(keys.reference(object_id), reference, ex=keys.REFERENCE_TTL)

    async def reference(self, object_id: str) -> str | None:
        """A person's 1:1 conversation."""
        return _text(await self._client.get(keys.reference(object_id)))

    async def forget_reference(self, object_id: str) -> None:
        """The app was removed; nothing can be written there any more."""
        await self._client.delete(
            keys.reference(object_id), keys.welcomed(object_id), keys.met(object_id)
        )

    async def remember_card(self, card_id: str, activity_id: str) -> None:
        """Keep which message holds a card, so that it can be edited in place."""
        await self._client.set(keys.card(card_id), activity_id, ex=keys.CARD_TTL)

    async def activity_of(self, card_id: str) -> str | None:
        """The message that holds a card."""
        return _text(await self._client.get(keys.card(card_id)))

    async def remember_asker(self, card_id: str, object_id: str) -> None:
        """Keep whom a card of the settings asks; the first one stays."""
        await self._client.set(keys.asker(card_id), object_id, nx=True, ex=keys.CARD_TTL)

    async def asker(self, card_id: str) -> str | None:
        """Whom a card of the settings asks."""
        return _text(await self._client.get(keys.asker(card_id)))

    # -- once only ---------------------------------------------------------------------------

    async def first_time(self, activity: str) -> bool:
        """Whether an activity is new. Channels deliver twice when an answer took too long."""
        return bool(await self._client.set(keys.seen(activity), "1", nx=True, ex=keys.SEEN_TTL))

    async def first_welcome(self, object_id: str) -> bool:
        """Whether the person was never welcomed; they are from now on."""
        return bool(
            await self._client.set(keys.welcomed(object_id), "1", nx=True, ex=keys.REFERENCE_TTL)
        )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
