"""One attempt to connect: what is remembered between the chat and the browser, and where."""

# No `from __future__ import annotations`: pydantic reads the annotations of Attempt at run time.
from dataclasses import dataclass
from typing import Annotated, ClassVar, Protocol

from pydantic import ConfigDict, StringConstraints, TypeAdapter

from bot.activity import ConversationReference

TTL = 600
"""Seconds for which a sign-in link works, and again for which the sign-in at Microsoft may take."""

Guid = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"),
]


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who wants to connect, and where in the chat to tell them how it went.

    `tenant_id` and `object_id` are the chat's authenticated sender: only that account may sign in.
    `card_id` names the card in `conversation` that started this. `created_at` is in epoch seconds.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    tenant_id: Guid
    object_id: Guid
    name: str
    login_hint: str | None
    conversation: ConversationReference
    card_id: str
    created_at: float

    def to_json(self) -> str:
        """Write as text for `from_json`."""
        return _ATTEMPT.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> "Attempt":
        """Read what `to_json` wrote. Raises ValueError for anything else."""
        return _ATTEMPT.validate_json(text)


_ATTEMPT = TypeAdapter(Attempt)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the page says once Microsoft has agreed: `ok` if the person is now connected."""

    ok: bool
    title: str
    sentences: tuple[str, ...]


class Attempts(Protocol):
    """Where attempts are kept. Keys are hashes; `ttl` is in seconds."""

    async def put_ticket(self, ticket_hash: str, attempt: str, ttl: int) -> None:
        """Keep an attempt until somebody follows its link."""

    async def peek_ticket(self, ticket_hash: str) -> str | None:
        """Look at an attempt; consumes nothing."""

    async def take_ticket(self, ticket_hash: str) -> str | None:
        """Take an attempt: of several callers at once, one gets it."""

    async def put_flow(self, state_hash: str, flow: str, ttl: int) -> None:
        """Keep a sign-in under way (sealed)."""

    async def take_flow(self, state_hash: str) -> str | None:
        """Take a sign-in under way: of several callers at once, one gets it."""
