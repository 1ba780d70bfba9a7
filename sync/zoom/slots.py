"""How fast Zoom is asked, so that many requests at once stay within its limits.

Zoom's limits per second are per account and shared by all of its apps (Zoom documentation, "Rate
limits").
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
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
    """Lets at most `per_second` requests begin within any second, over all who share this object.

    A few after a rest may begin at once: to read a small directory takes no longer than Zoom does.
    """

    def __init__(
        self,
        per_second: float,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        at_once = max(1, int(per_second))
        self._seconds = at_once / per_second
        self._monotonic = monotonic
        self.sleep = sleep
        self._begun = deque([-math.inf] * at_once, at_once)

    async def wait(self) -> None:
        """Return when the next request may be sent."""
        now = self._monotonic()
        start = max(now, self._begun[0] + self._seconds)
        self._begun.append(start)
        if start > now:
            await self.sleep(start - now)
