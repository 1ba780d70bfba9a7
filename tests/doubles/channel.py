"""A channel in the place of `bot.teams.sender`, and chats in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.teams.activity import ConversationReference

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.teams.activity import Member, Person
    from cards.build import Card

ADA = "00000000-0000-4000-8000-000000000001"
OLD = ConversationReference("https://eu/", "a:old", "28:bot", "msteams", "tenant", member_id="29:a")
NEW = replace(OLD, conversation_id="a:new")
GROUP = ConversationReference("https://us/", "19:g@thread.v2", "28:bot", "msteams", "tenant")


class Channel:
    """A sender for which some conversations fail. `meanwhile` happens during a failure."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self.opened_at: list[tuple[str, str]] = []
        self.fails: dict[str, Exception] = {}
        self.address_fails: dict[str, Exception] = {}
        self.edits_fail: Exception | None = None
        self.opens: ConversationReference | Exception = NEW
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def send(
        self, to: ConversationReference, content: Card | str, *, once: bool = False
    ) -> str:
        if error := self.fails.get(to.conversation_id):
            if self.meanwhile is not None:
                await self.meanwhile()
            raise error
        if error := self.address_fails.get(to.service_url):
            raise error
        self.sent.append(("once" if once else "post", to.service_url, to.conversation_id))
        return f"1:{len(self.sent)}"

    async def update(self, to: ConversationReference, activity_id: str, content: Card) -> None:
        if self.edits_fail is not None:
            raise self.edits_fail
        self.sent.append(("edit", to.service_url, to.conversation_id))

    async def typing(self, to: ConversationReference) -> None:
        raise NotImplementedError

    async def open_personal(
        self, at: ConversationReference, person: Person
    ) -> ConversationReference:
        self.opened_at.append((at.service_url, person.mri))
        if isinstance(self.opens, Exception):
            raise self.opens
        return self.opens

    async def member(self, at: ConversationReference, member_id: str) -> Member:
        raise NotImplementedError
