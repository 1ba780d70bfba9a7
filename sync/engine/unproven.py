"""What waits for a person to be proven the one whom Zoom means (engine.identity), in Redis.

One row per person, the newest news only: a hash that any process works off.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from domain.presence import ZoomPresence
from sync.engine import scripts as lua
from sync.redis import keys
from sync.redis.jobs import TAKEN_MS
from sync.redis.leases import Lease

if TYPE_CHECKING:
    from sync.redis.connection import Client
    from sync.redis.scripts import Scripts

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class News:
    """What Zoom said at `at_ms` (epoch ms) of whoever has this Zoom id, or this folded address.

    `presence` None: it said nothing of that. `gone`: Zoom has them no longer.
    """

    zoom_id: str | None = None
    address: str | None = None
    at_ms: int = 0
    presence: ZoomPresence | None = None
    gone: bool = False


class UnprovenStore:
    """Every read and write of these rows."""

    def __init__(self, client: Client, scripts: Scripts) -> None:
        self._client = client
        self._scripts = scripts

    async def add(self, object_id: str, news: News) -> None:
        """Have a person proven; what is older than what waits already is dropped."""
        row = [news.at_ms, news.presence or "", news.zoom_id, news.address, news.gone]
        await self._scripts.run(
            lua.unproven_add,
            rows=keys.UNPROVEN_NEWS,
            member=object_id,
            row=json.dumps(row),
            at_ms=news.at_ms,
        )

    async def waiting(self) -> dict[str, tuple[str, News]]:
        """Who waits, with the row as it is and what it says. One that is damaged says nothing."""
        rows = await self._client.hgetall(keys.UNPROVEN_NEWS)
        return {str(oid): (str(text), _read(str(oid), text)) for oid, text in rows.items()}

    async def settle(self, object_id: str, row: str) -> None:
        """It is done, unless something newer came meanwhile."""
        await self._scripts.run(
            lua.unproven_settle, rows=keys.UNPROVEN_NEWS, member=object_id, row=row
        )

    def lease(self) -> Lease:
        """Whoever has it works these rows off."""
        return Lease(self._client, keys.PROVING_LEASE, TAKEN_MS)


def _read(object_id: str, text: str) -> News:
    try:
        at_ms, presence, zoom_id, address, gone = json.loads(text)
        said = ZoomPresence(presence) if presence else None
        return News(zoom_id, address, int(at_ms), said, gone is True)
    except (ValueError, TypeError):
        log.error("person_row_damaged", person=object_id, fields=["unproven"])
        return News()
