"""How fast Zoom is asked, so that many requests at once stay within its limits.

Zoom's limits per second are per account and shared by all of its apps (Zoom documentation, "Rate
limits").
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sync.redis import keys
from sync.zoom import scripts as lua

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sync.redis.scripts import Scripts


class ZoomSlots:
    """Slots of the request queue: at most `per_second` in all processes together, `burst` at once.

    Nobody waits in the queue: a caller learns for how long to wait, plans the person anew for that
    time, and does not wait a second time. On the Redis server's clock, in whole milliseconds.
    """

    def __init__(self, scripts: Scripts, per_second: float, *, burst: int) -> None:
        self._scripts = scripts
        self._gap_ms = round(1000 / per_second)
        self._burst = burst

    async def wait(self, who: str) -> float:
        """Seconds until somebody's slot; 0: it is now, and taken by this call."""
        milliseconds = await self._scripts.run(
            lua.zoom_slot,
            following=keys.ZOOM_NEXT,
            slots=keys.ZOOM_SLOTS,
            who=who,
            gap_ms=self._gap_ms,
            ahead_ms=self._burst * self._gap_ms,
        )
        return milliseconds / 1000


class Pace:
    """Spaces requests out to at most `per_second`, over all who share this object."""

    def __init__(
        self,
        per_second: float,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._gap = 1 / per_second
        self._monotonic = monotonic
        self.sleep = sleep
        self._next = 0.0

    async def wait(self) -> None:
        """Return when the next request may be sent."""
        now = self._monotonic()
        start = max(now, self._next)
        self._next = start + self._gap
        if start > now:
            await self.sleep(start - now)
