"""Sign-ins that only say who somebody is, while they last: each stands under a hash of its state.

A row is a hash: `asked` (JSON), then `browser` (the hash of its secret), `flow` and `who` (sealed),
`used`, and `said` (sealed): what came of it, for when the page is loaded again.
"""

# No `from __future__ import annotations`: pydantic reads the annotations at run time.
from dataclasses import dataclass
from typing import Final

from bot.teams.activity import ConversationReference
from domain.roles import Role
from sync.redis import keys
from sync.redis.connection import Client
from sync.redis.rows import Rows

MOST_A_MINUTE: Final = 1000
"""Sign-ins that begin without a link of ours: anybody may, and each takes some room in Redis."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a sign-in is for, and until when (epoch ms).

    Only this person may finish it (no `object_id`: whoever signs in). `conversation` and `card_id`:
    the card in the chat that asked.
    """

    purpose: str
    until_ms: int
    tenant_id: str = ""
    object_id: str = ""
    name: str = ""
    conversation: ConversationReference | None = None
    card_id: str = ""


ASKED: Final = Rows(Asked)


@dataclass(frozen=True, slots=True)
class IdentifyRow:
    """What is kept of one; see above."""

    asked: Asked
    browser: str | None
    flow: str | None
    who: str | None
    used: bool
    said: str | None


@dataclass(frozen=True, slots=True)
class IdentifyStore:
    """Every read and write of them. Raises REDIS_TROUBLE."""

    client: Client

    async def begin(self, state: str, asked: Asked) -> None:
        """Keep one."""
        row = keys.identify(state)
        pipe = self.client.pipeline(transaction=False)
        pipe.hset(row, "asked", ASKED.dump(asked))
        pipe.expire(row, keys.IDENTIFY_KEPT)
        await pipe.execute()

    async def may_begin(self) -> bool:
        """Whether one more may begin without a link; counts it."""
        pipe = self.client.pipeline(transaction=False)
        pipe.set(keys.IDENTIFY_BEGUN, 0, ex=keys.IDENTIFY_BEGUN_TTL, nx=True)
        pipe.incr(keys.IDENTIFY_BEGUN)
        return int((await pipe.execute())[-1]) <= MOST_A_MINUTE

    async def read(self, state: str) -> IdentifyRow | None:
        """Look at one; consumes nothing. None: there is none."""
        row: dict[str, str] = await self.client.hgetall(keys.identify(state))
        asked = ASKED.load_if_good(row.get("asked"))
        if asked is None:
            return None
        browser, flow, who = row.get("browser"), row.get("flow"), row.get("who")
        return IdentifyRow(asked, browser, flow, who, "used" in row, row.get("said"))

    async def keep(self, state: str, field: str, value: str) -> bool:
        """Keep a field. False: it was kept before, and stays."""
        return bool(await self.client.hsetnx(keys.identify(state), field, value))

    async def lose(self, state: str, field: str) -> None:
        """Forget a field again."""
        await self.client.hdel(keys.identify(state), field)


@dataclass(frozen=True, slots=True)
class ProvenRoles:
    """Roles that people proved by a sign-in, for minutes."""

    client: Client

    async def keep(self, object_id: str, role: Role) -> None:
        """Somebody has proved one just now."""
        await self.client.set(keys.role(object_id), role.value, ex=keys.ROLE_TTL)

    async def role(self, object_id: str) -> Role | None:
        """The one that somebody proved and that still counts."""
        text = await self.client.get(keys.role(object_id))
        return Role(text) if text in {Role.ADMIN.value, Role.HELPDESK.value} else None
