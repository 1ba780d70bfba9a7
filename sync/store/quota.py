"""The presence quota of the tenant, shared by every worker. Its rules: sync.lanes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.lanes import GRACE_CELLS, GRAPH_LIMITS, Grant, Limits
from sync.plan import Lane
from sync.store import keys

if TYPE_CHECKING:
    from sync.store.connection import Client, Scripts

LONGEST_PAUSE_S = 600.0


class Quota:
    """The budget in Redis, on the server's clock."""

    def __init__(self, client: Client, scripts: Scripts, limits: Limits = GRAPH_LIMITS) -> None:
        self._client = client
        self._scripts = scripts
        self._limit = limits.limit
        self._numbers: list[str | int] = [
            limits.limit,
            limits.total,
            limits.others,
            limits.fade,
            limits.fade_in_quiet,
            limits.quiet_ms,
            limits.cell_ms,
            limits.cells,
            GRACE_CELLS * limits.cell_ms,
        ]

    async def take(self, lane: Lane, count: int = 1, *, follow: bool = False) -> Grant:
        """Ask for `count` requests of a lane (sync.lanes.Budget.take)."""
        granted, wait, used = await self._scripts.run(
            "quota",
            [keys.QUOTA_CELLS, keys.QUOTA_PAUSE],
            [int(lane), count, int(follow), *self._numbers],
        )
        return Grant(int(granted), int(wait), int(used) / self._limit)

    async def used(self) -> float:
        """The share of the limit that is in use, in [0, 1]."""
        return (await self.take(Lane.TURN, 0)).used

    async def pause(self, seconds: float) -> None:
        """Graph told the tenant to wait; nobody sends until then. At most ten minutes."""
        milliseconds = int(min(max(seconds, 1), LONGEST_PAUSE_S) * 1000)
        if await self._client.pttl(keys.QUOTA_PAUSE) < milliseconds:  # never shortened
            await self._client.set(keys.QUOTA_PAUSE, "1", px=milliseconds)
