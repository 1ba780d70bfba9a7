"""The presence quota of the tenant, shared by every worker. Its rules: domain.budget."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import structlog

from domain.budget import GRAPH_LIMITS, MARGIN_CELLS, Grant, Limits
from domain.step import Lane
from sync.engine import scripts as lua
from sync.redis import keys
from sync.redis.connection import REDIS_TROUBLE

if TYPE_CHECKING:
    from sync.redis.connection import Client
    from sync.redis.scripts import Scripts

log = structlog.get_logger()

LONGEST_PAUSE_S = 600.0
AHEAD_S = 5.0
AHEAD_USED = 0.5
AHEAD_AT_ONCE = 4
"""When requests are counted while they are on their way (`Quota.ahead`)."""


class Quota:
    """The budget in Redis, on the server's clock."""

    def __init__(self, client: Client, scripts: Scripts, limits: Limits = GRAPH_LIMITS) -> None:
        self._client = client
        self._scripts = scripts
        self.permit_seconds = MARGIN_CELLS * limits.cell_ms / 1000
        """How long a grant holds: a request that leaves later counts in a later window at Graph."""
        self._seen = float("-inf")
        self._used = 1.0
        self._unconfirmed: set[asyncio.Task[None]] = set()
        self._limits = limits

    async def take(self, lane: Lane, count: int = 1, *, follow: bool = False) -> Grant:
        """Take `count` requests of a lane. `follow`: the same reconciliation has sent one."""
        granted, wait, used = await self._scripts.run(
            lua.quota,
            budget=keys.QUOTA_CELLS,
            pause=keys.QUOTA_PAUSE,
            lane=int(lane),
            count=count,
            follow=follow,
            limits=self._limits,
        )
        grant = Grant(granted, wait, used / self._limits.limit)
        self._seen, self._used = time.monotonic(), 1.0 if grant.granted < count else grant.used
        return grant

    def ahead(self, lane: Lane) -> bool:
        """Whether a request may leave now and be counted meanwhile.

        Only while the budget was far from used when it was last seen, and for a few at a time: the
        overdraft is meant for more than that. It saves an event the way to Redis.
        """
        fresh = time.monotonic() - self._seen < AHEAD_S
        if not fresh or self._used > AHEAD_USED or len(self._unconfirmed) >= AHEAD_AT_ONCE:
            return False
        task = asyncio.create_task(self._confirm(lane), name="quota")
        self._unconfirmed.add(task)
        task.add_done_callback(self._unconfirmed.discard)
        return True

    async def _confirm(self, lane: Lane) -> None:
        try:
            await self.take(lane)
        except REDIS_TROUBLE as error:
            self._seen = float("-inf")
            log.warning("quota_not_counted", error=type(error).__name__)

    async def used(self) -> float:
        """The share of the limit that is in use, in [0, 1]."""
        return (await self.take(Lane.URGENT, 0)).used

    async def pause(self, seconds: float) -> None:
        """Graph told the tenant to wait; nobody sends until then. At most ten minutes."""
        self._seen = float("-inf")  # ask from now on
        milliseconds = int(min(max(seconds, 1), LONGEST_PAUSE_S) * 1000)
        if await self._client.pttl(keys.QUOTA_PAUSE) < milliseconds:  # never shortened
            await self._client.set(keys.QUOTA_PAUSE, "1", px=milliseconds)
