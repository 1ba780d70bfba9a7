"""Which admins have a morning digest, how far it is, and whom each has counted."""

# No `from __future__ import annotations`: pydantic reads the annotations at run time.
import secrets
from dataclasses import dataclass
from datetime import UTC, date, tzinfo
from typing import Final

import structlog

from bot import scripts as lua
from bot.teams.time_zones import zone_named
from domain.digest import Counted
from sync.redis import keys
from sync.redis.connection import Client
from sync.redis.leases import Lease
from sync.redis.rows import Rows
from sync.redis.scripts import Scripts

log = structlog.get_logger()

LEASE_MS: Final = 120_000


@dataclass(frozen=True, slots=True)
class Digest:
    """An admin's.

    `zone` names their time zone. What is new is new since `since_ms`. `day` (ISO, by their clock)
    is the last one whose digest is out of the way; it is not tried again before `not_before_ms`.
    `salt` is what the codes are made with. Times are epoch ms.
    """

    zone: str
    since_ms: int
    day: str
    salt: str
    not_before_ms: int = 0

    def __post_init__(self) -> None:
        """Raise ValueError for a day that is none."""
        date.fromisoformat(self.day)

    @property
    def clock(self) -> tzinfo:
        """Their time zone; UTC where its name is not known any more."""
        return zone_named(self.zone) or UTC


DIGESTS: Final = Rows(Digest)
COUNTED: Final = Rows(Counted)


@dataclass(frozen=True, slots=True)
class DigestStore:
    """Every read and write of them. Raises REDIS_TROUBLE."""

    client: Client
    scripts: Scripts

    async def of(self, object_id: str) -> Digest | None:
        """An admin's; None: they have none."""
        return _read(object_id, await self.client.hget(keys.DIGESTS, object_id))

    async def everyone(self) -> dict[str, Digest]:
        """All, by object id; damaged ones are left out (and logged)."""
        rows: dict[str, str] = await self.client.hgetall(keys.DIGESTS)
        found = {oid: _read(oid, text) for oid, text in rows.items()}
        return {oid: digest for oid, digest in found.items() if digest is not None}

    async def counted(self, object_id: str) -> Counted | None:
        """Whom it has counted; None: not known (any more)."""
        return COUNTED.load_if_good(await self.client.get(keys.digest_known(object_id)))

    async def begin(self, object_id: str, digest: Digest, counted: Counted) -> bool:
        """Have it from now on. False: they have one already."""
        if await self._swap(object_id, "", DIGESTS.dump(digest), counted):
            return True
        if await self.of(object_id) is not None:
            return False
        await self.end(object_id)  # it was damaged
        return await self._swap(object_id, "", DIGESTS.dump(digest), counted)

    async def change(
        self, object_id: str, before: Digest, after: Digest, counted: Counted | None = None
    ) -> bool:
        """Keep how far it is, and whom it has counted if that changes. False: it isn't `before`."""
        return await self._swap(object_id, DIGESTS.dump(before), DIGESTS.dump(after), counted)

    async def end(self, object_id: str, before: Digest | None = None) -> bool:
        """No longer; with `before` only if it still is so. False: there is none."""
        if before is not None:
            return await self._swap(object_id, DIGESTS.dump(before), "", None)
        gone = await self.client.hdel(keys.DIGESTS, object_id)
        await self.client.delete(keys.digest_known(object_id))
        return bool(gone)

    async def _swap(self, oid: str, before: str, after: str, counted: Counted | None) -> bool:
        return await self.scripts.run(
            lua.digest_swap,
            digests=keys.DIGESTS,
            counted=keys.digest_known(oid),
            person=oid,
            before=before,
            after=after,
            counts=None if counted is None else COUNTED.dump(counted),
        )

    def lease(self) -> Lease:
        """Whoever has it sends them."""
        return Lease(self.client, keys.DIGESTS_LEASE, LEASE_MS)


def new_salt() -> str:
    """What an admin's codes are made with."""
    return secrets.token_hex(16)


def _read(object_id: str, text: str | None) -> Digest | None:
    digest = DIGESTS.load_if_good(text)
    if text is not None and digest is None:
        log.error("digest_damaged", person=object_id)
    return digest
