"""Who said *Not for me*: kept as keyed hashes, for nothing else, and for ever.

Of a person there are two, of their object id and of their Zoom user, and either is enough: whatever
account of theirs is matched anew, nobody but they may undo it. It outlives `disconnect` and their
erasure. What is kept tells nobody who they are, but to who has the key (sync.connect.sealed).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from domain.errors import AdminMustAct
from sync.redis import keys

if TYPE_CHECKING:
    from sync.connect.sealed import OptOutKey
    from sync.redis.connection import Client

log = structlog.get_logger()

UNREADABLE = "opt_out_key_unreadable"
_LENGTH = 32
"""Hexadecimal digits of a hash: 128 bits."""


@dataclass(eq=False)
class OptOuts:
    """Reads and writes them. Everything raises AdminMustAct where the key does not open."""

    client: Client
    key: OptOutKey

    def __post_init__(self) -> None:
        self._key: bytes | None = None

    async def mark(self, object_id: str) -> str:
        """The hash of a person's object id."""
        return await self._hashed("entra", object_id.lower())

    async def add(self, object_id: str, zoom_id: str | None) -> None:
        """Somebody says it; `zoom_id` is None where their Zoom user is not known."""
        mark = await self.mark(object_id)
        zoom = None if zoom_id is None else await self._hashed("zoom", zoom_id)
        # First in the person's slot, where whoever would start them looks in the same step.
        await self.client.set(keys.opt_out(object_id, mark), zoom or "-")
        if zoom is not None:
            await self.client.set(keys.opt_out_of_zoom(zoom), mark)
        await self.client.hset(keys.OPT_OUTS, mark, "")
        log.info("opted_out", person=object_id)

    async def lift(self, object_id: str, zoom_id: str | None) -> None:
        """They say the opposite: they want to start, or connect themselves."""
        mark = await self.mark(object_id)
        former = await self.client.get(keys.opt_out(object_id, mark))
        known = {zoom for zoom in (former,) if zoom not in {None, "-"}}
        if zoom_id is not None:
            known.add(await self._hashed("zoom", zoom_id))
        for zoom in known:
            await self.client.delete(keys.opt_out_of_zoom(str(zoom)))
        await self.client.hdel(keys.OPT_OUTS, mark)
        if await self.client.delete(keys.opt_out(object_id, mark)):
            log.info("opt_out_lifted", person=object_id)

    async def has(self, object_id: str, zoom_id: str | None) -> bool:
        """Whether the person, or whoever had their Zoom user, has said it."""
        if await self.client.exists(keys.opt_out(object_id, await self.mark(object_id))):
            return True
        if zoom_id is None:
            return False
        zoom = await self._hashed("zoom", zoom_id)
        return bool(await self.client.exists(keys.opt_out_of_zoom(zoom)))

    async def count(self) -> int:
        """How many people have said it."""
        return int(await self.client.hlen(keys.OPT_OUTS))

    async def _hashed(self, kind: str, text: str) -> str:
        if self._key is None:
            self._key = await self.key.load()
        if self._key is None:
            raise AdminMustAct(UNREADABLE)
        return hmac.digest(self._key, f"{kind}:{text}".encode(), "sha256").hex()[:_LENGTH]
