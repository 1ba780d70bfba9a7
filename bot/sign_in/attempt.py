"""One attempt to connect: what is remembered between the chat and the browser, and where."""

# No `from __future__ import annotations`: pydantic reads the annotations at run time.
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Final, Protocol

from pydantic import ConfigDict, StringConstraints, TypeAdapter

from bot.sign_in.store import SignInRow
from bot.teams.activity import ConversationReference
from domain.refusal import Refusal
from sync.redis.rows import Rows

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
    `card_id` names the card in `conversation` that started this.
    """

    tenant_id: Guid
    object_id: Guid
    name: str
    conversation: ConversationReference
    card_id: str


ATTEMPTS: Final = Rows(Attempt)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the page says once Microsoft has agreed: `ok` if the person is now connected."""

    ok: bool
    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is no connection; `facts` are sentences about this very case."""

    reason: Refusal
    facts: tuple[str, ...] = ()


Result = Outcome | Refused
"""How an attempt went: what its last page says, also when it is loaded again."""

RESULTS: Final[TypeAdapter[Result]] = TypeAdapter(Result, config=ConfigDict(defer_build=True))


class Attempts(Protocol):
    """Where attempts are kept: one that is live for each person. `key` is a hash."""

    async def begin(self, object_id: str, key: str, attempt: str) -> None:
        """Keep an attempt. It takes the place of the person's earlier one, which is over."""

    async def read(self, key: str) -> SignInRow | None:
        """Look at an attempt; consumes nothing."""

    async def bind(self, key: str, browser: str) -> str | None:
        """Give it to a browser unless one has it; whose it is. None: there is no such attempt."""

    async def keep_flow(self, key: str, flow: str) -> str | None:
        """Keep the sign-in at Microsoft unless there is one; the one there is. None: as above."""

    async def take(self, key: str) -> Callable[[], Awaitable[None]] | None:
        """Have the caller finish it: of several at once one may, for a minute; None: not this one.

        What is returned lets another try, where the caller could not.
        """

    async def finish(self, key: str, result: str) -> bool:
        """Keep how it went. False: it was over before."""

    async def is_live(self, object_id: str, key: str) -> bool:
        """Whether it is the one attempt of its person that may still connect them."""

    async def end(self, object_id: str) -> bool:
        """End the person's attempt, wherever they are with it. False: there was none."""
