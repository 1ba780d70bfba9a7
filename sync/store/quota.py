"""The presence quota of the tenant, shared by every worker.

Graph allows an application 1,500 presence requests per 30 seconds and tenant (documentation,
"Throttling limits", cloud communication). Looks count too: the limit names the resource.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync.store import keys

if TYPE_CHECKING:
    from sync.store.connection import Client, Scripts

LIMIT = 1500
WINDOW_MS = 30_000
CELL_MS = 250


@dataclass(frozen=True, slots=True)
class Grant:
    """Whether the requests may be sent, else how long to wait (ms); `used` in [0, 1]."""

    granted: bool
    wait_ms: int
    used: float


class Quota:
    """A sliding window in Redis, on the server's clock."""

    def __init__(
        self,
        client: Client,
        scripts: Scripts,
        *,
        limit: int = LIMIT,
        window_ms: int = WINDOW_MS,
        cell_ms: int = CELL_MS,
    ) -> None:
        self._client = client
        self._scripts = scripts
        self._limit = limit
        self._window_ms = window_ms
        self._cell_ms = cell_ms

    async def take(self, count: int = 1) -> Grant:
        """Ask for `count` requests."""
        granted, wait, used = await self._scripts.run(
            "quota",
            [keys.QUOTA_CELLS, keys.QUOTA_PAUSE],
            [self._limit, self._window_ms, self._cell_ms, count],
        )
        return Grant(bool(granted), int(wait), int(used) / self._limit)

    async def pause(self, seconds: float) -> None:
        """Graph told the tenant to wait; nobody sends until then. At most ten minutes."""
        milliseconds = int(min(max(seconds, 1), 600) * 1000)
        if await self._client.pttl(keys.QUOTA_PAUSE) < milliseconds:  # never shortened
            await self._client.set(keys.QUOTA_PAUSE, "1", px=milliseconds)
