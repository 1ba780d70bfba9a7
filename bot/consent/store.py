"""Addresses at which somebody may consent, and the browsers that went to Microsoft with one.

Each stands under the hash of its secret. One is the newest; those before it no longer work.
"""

# No `from __future__ import annotations`: pydantic reads the annotations at run time.
from dataclasses import dataclass, replace
from typing import Final

from bot.teams.activity import ConversationReference
from domain.organisation import Answer
from sync.redis import keys
from sync.redis.connection import Client
from sync.redis.rows import Rows


@dataclass(frozen=True, slots=True)
class ConsentLink:
    """Who made an address, and the card in the chat that follows it. `until_ms`: epoch ms."""

    tenant_id: str
    object_id: str
    mri: str
    name: str
    conversation: ConversationReference
    card_id: str
    until_ms: int


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it last, and when (epoch ms)."""

    answer: Answer
    at_ms: int


@dataclass(frozen=True, slots=True)
class LinkRow:
    """What is kept of an address. `over`: why it no longer works; then `link` is gone."""

    key: str
    link: ConsentLink | None
    over: Answer | None = None
    last: Tried | None = None


@dataclass(frozen=True, slots=True)
class Try:
    """A browser (the hash of its secret) that went to Microsoft, and what came of it."""

    link_key: str
    browser: str
    answer: Answer | None = None


LINKS: Final = Rows(ConsentLink)
LASTS: Final = Rows(Tried)
TRIES: Final = Rows(Try)


@dataclass(frozen=True, slots=True)
class ConsentLinks:
    """Every read and write of them. Raises REDIS_TROUBLE."""

    client: Client

    async def begin(self, key: str, link: ConsentLink) -> None:
        """Keep an address for 7 days; the one before it is over."""
        row = keys.consent_link(key)
        pipe = self.client.pipeline(transaction=False)
        pipe.hset(row, "link", LINKS.dump(link))
        pipe.expire(row, keys.CONSENT_LINK_TTL)
        await pipe.execute()
        before = await self.client.set(keys.CONSENT_LINK, key, ex=keys.CONSENT_LINK_TTL, get=True)
        if before is not None and before != key:
            await self._over(str(before), Answer.REPLACED)

    async def read(self, key: str) -> LinkRow | None:
        """Look at an address; consumes nothing. None: there is none, or it can't be read."""
        found = await self.client.hgetall(keys.consent_link(key))
        link = LINKS.load_if_good(found.get("link"))
        over = found.get("over")
        if link is None and over not in set(Answer):
            return None
        ended = Answer(over) if over in set(Answer) else None
        return LinkRow(key, link, ended, LASTS.load_if_good(found.get("last")))

    async def newest(self) -> LinkRow | None:
        """The one that works; None: there is none."""
        key = await self.client.get(keys.CONSENT_LINK)
        row = None if key is None else await self.read(str(key))
        return None if row is None or row.over is not None else row

    async def end(self, key: str | None = None) -> LinkRow | None:
        """End the one that works, if it is this one (None: whichever); what was kept of it."""
        row = await self.newest()
        if row is None or key not in {None, row.key}:
            return None
        await self.client.delete(keys.CONSENT_LINK)
        await self._over(row.key, Answer.ENDED)
        return row

    async def note(self, row: LinkRow, tried: Tried) -> None:
        """Keep what came of it last."""
        if row.link is None:
            return
        pipe = self.client.pipeline(transaction=True)
        pipe.hset(keys.consent_link(row.key), "last", LASTS.dump(tried))
        pipe.pexpireat(keys.consent_link(row.key), row.link.until_ms)
        await pipe.execute()

    async def leave_with(self, state: str, link_key: str, browser: str) -> None:
        """A browser goes to Microsoft, and may come back for an hour."""
        row = TRIES.dump(Try(link_key, browser))
        await self.client.set(keys.consent_try(state), row, ex=keys.CONSENT_TRY_TTL)

    async def tried(self, state: str) -> Try | None:
        """With what it went there; None: nothing of the kind, or longer ago."""
        return TRIES.load_if_good(await self.client.get(keys.consent_try(state)))

    async def finish(self, state: str, of: Try, answer: Answer) -> None:
        """Keep what came of it, for when the page is loaded again."""
        row = TRIES.dump(replace(of, answer=answer))
        await self.client.set(keys.consent_try(state), row, xx=True, keepttl=True)

    async def _over(self, key: str, why: Answer) -> None:
        row = keys.consent_link(key)
        pipe = self.client.pipeline(transaction=True)
        pipe.hset(row, "over", why.value)
        pipe.hdel(row, "link", "last")
        pipe.expire(row, keys.CONSENT_LINK_TTL)
        await pipe.execute()
