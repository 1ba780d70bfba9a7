"""What tests of invitations in the running product look at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sync.redis import keys
from tests.doubles.outside import titles, words
from tests.doubles.redis import eventually

if TYPE_CHECKING:
    from sandbox.people import SandboxPerson
    from sync.redis.connection import Client
    from tests.doubles.outside import Chat, Product
    from tests.doubles.teams import Sent


def invitations(chat: Chat) -> list[Sent]:
    """The invitations that somebody got."""
    return [sent for sent in chat.received if "has invited you" in words(sent.card)]


def title_of(count: int) -> str:
    """The title of the button that invites so many."""
    return f"Invite {count} {'person' if count == 1 else 'people'} once"


def offered(card: dict[str, Any] | None) -> int:
    """How many people the button on a card offers to invite."""
    found = [re.fullmatch(r"Invite (\d+) (?:person|people) once", title) for title in titles(card)]
    return next((int(match[1]) for match in found if match), 0)


async def installed(product: Product, redis: Client, *people: SandboxPerson) -> list[Chat]:
    """These install the app, and it gets to know their addresses."""
    chats = [product.chat(person) for person in people]
    for chat in chats:
        await chat.installs()

    async def known() -> bool:
        rows = [await redis.get(keys.met(person.object_id)) for person in people]
        return all(row is not None and "@" in row for row in rows)

    await eventually(known)
    return chats


async def counted(chat: Chat, count: int) -> Sent:
    """The settings, once they offer to invite so many: Zoom's list is read in the background."""
    settings: list[Sent] = []

    async def right() -> bool:
        settings[:] = [await chat.says("settings")]
        return offered(settings[0].card) == count

    await eventually(right, within=15)
    return settings[0]
