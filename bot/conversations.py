"""What the conversation keeps in Redis: references, cards, what happens once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import structlog

from bot import scripts as lua
from bot.teams.activity import ConversationReference, Kind, Scope, without_thread
from sync.redis import channels, keys
from sync.redis.rows import Rows
from sync.redis.scripts import Scripts

if TYPE_CHECKING:
    from bot.teams.activity import Heard, Inbound
    from sync.redis.connection import Client

log = structlog.get_logger()

REFERENCES: Final = Rows(ConversationReference)


class ConversationStore:
    """Small rows with a TTL each."""

    def __init__(self, client: Client, scripts: Scripts | None = None) -> None:
        self._client = client
        self._scripts = scripts or Scripts(client)

    # -- where to write ----------------------------------------------------------------------

    # News of somebody's chat may arrive in another order than it was sent: `sent_ms` (epoch ms,
    # the channel's clock; None: not known) decides. What is older than the last news is no news.

    async def remember_reference(
        self, object_id: str, reference: ConversationReference, sent_ms: int | None = None
    ) -> Heard:
        """Keep a person's 1:1 conversation (400 days from the last use)."""
        at_ms = await self._news(object_id, "there", sent_ms, REFERENCES.dump(reference))
        return await self._heard(object_id, at_ms)

    async def _heard(self, object_id: str, at_ms: int) -> Heard:
        if at_ms >= 0:
            return "again" if at_ms else ""
        await self._client.expire(keys.welcomed(object_id), keys.REFERENCE_TTL)
        return "anew"

    async def reference(self, object_id: str) -> ConversationReference | None:
        """A person's 1:1 conversation; None where none is known (or it is damaged)."""
        text = await self._client.hget(keys.reference(object_id), "where")
        found = REFERENCES.load_if_good(text)
        if text is not None and found is None:
            log.error("reference_damaged", person=object_id)
        return found

    async def move_reference(self, object_id: str, reference: ConversationReference) -> None:
        """Their chat is another one now. Only if one is kept, and for as long as it was."""
        await self._news(object_id, "moved", None, REFERENCES.dump(reference))

    async def doubt_reference(self, object_id: str, sent_ms: int | None = None) -> bool:
        """What is kept of their chat ends in a day, unless they are heard of before.

        False: no news.
        """
        if not await self._news(object_id, "doubted", sent_ms):
            return False
        for key in (keys.welcomed(object_id), keys.met(object_id)):
            await self._client.expire(key, keys.APP_BACK_TTL)
        return True

    async def is_there(self, object_id: str) -> bool:
        """Whether, by the last news of their chat, they have the app: else it ends in a day."""
        return int(await self._client.ttl(keys.reference(object_id))) > keys.APP_BACK_TTL

    async def forget_reference(self, object_id: str, sent_ms: int | None = None) -> bool:
        """The app was removed; nothing can be written there any more. False: no news."""
        if not await self._news(object_id, "removed", sent_ms):
            return False
        await self._client.delete(keys.welcomed(object_id), keys.met(object_id))
        await self._client.publish(channels.ERASED, "1")
        return True

    async def _news(
        self, object_id: str, what: lua.News, sent_ms: int | None, reference: str = ""
    ) -> int:
        kept = keys.APP_BACK_TTL if what == "doubted" else keys.REFERENCE_TTL
        return await self._scripts.run(
            lua.chat_news,
            chat=keys.reference(object_id),
            what=what,
            sent_ms=sent_ms,
            kept_s=kept,
            where=reference,
        )

    async def remember_card(self, card_id: str, activity_id: str) -> None:
        """Keep which message holds a card, so that it can be edited in place."""
        await self._client.set(keys.card(card_id), activity_id, ex=keys.CARD_TTL)

    async def activity_of(self, card_id: str) -> str | None:
        """The message that holds a card."""
        return _text(await self._client.get(keys.card(card_id)))

    async def remember_recipient(self, card_id: str, object_id: str) -> None:
        """Keep the admin to whom a card of the settings is given; the first one stays."""
        await self._client.set(keys.recipient(card_id), object_id, nx=True, ex=keys.CARD_TTL)

    async def recipient(self, card_id: str) -> str | None:
        """The admin to whom a card of the settings was given."""
        return _text(await self._client.get(keys.recipient(card_id)))

    # -- once only ---------------------------------------------------------------------------

    async def arrived(self, inbound: Inbound) -> Inbound | None:
        """Note an activity; None: it came before. Channels deliver twice when an answer took long.

        Of somebody in their own chat it also keeps where that is (`heard`), in the same command.
        """
        here, oid = inbound.conversation, inbound.person.object_id if inbound.person else ""
        # By the chat itself: a second delivery may name the thread, or not.
        activity = f"{without_thread(here.conversation_id)}|{inbound.id}"
        own = oid and here.scope is Scope.PERSONAL
        if not own or inbound.kind not in {Kind.MESSAGE, Kind.CLICK}:
            return inbound if await self.first_time(activity, oid) else None
        at_ms = await self._scripts.run(
            lua.arrive,
            seen=keys.seen(activity, oid),
            chat=keys.reference(oid),
            sent_ms=inbound.sent_ms,
            where=REFERENCES.dump(here),
        )
        if at_ms is None:
            return None
        return replace(inbound, heard=await self._heard(oid, at_ms))

    async def first_time(self, activity: str, object_id: str = "") -> bool:
        """Whether an activity of a person is new."""
        key = keys.seen(activity, object_id)
        return bool(await self._client.set(key, "1", nx=True, ex=keys.SEEN_TTL))

    async def first_welcome(self, object_id: str) -> bool:
        """Whether the person was never welcomed; they are from now on."""
        return bool(
            await self._client.set(keys.welcomed(object_id), "1", nx=True, ex=keys.REFERENCE_TTL)
        )

    async def not_welcomed(self, object_id: str) -> None:
        """The welcome certainly did not arrive: another one may be sent."""
        await self._client.delete(keys.welcomed(object_id))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
