"""Turns at Zoom in Redis, shared by every process. Their rules: sync.zoom.turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.redis import keys
from sync.zoom import scripts as lua

if TYPE_CHECKING:
    from sync.redis.scripts import Scripts


class SharedZoomTurns:
    """At most `per_second` in all processes together, after a quiet time `burst` at once.

    On the Redis server's clock, in whole milliseconds.
    """

    def __init__(self, scripts: Scripts, per_second: float, *, burst: int) -> None:
        self._scripts = scripts
        self._gap_ms = round(1000 / per_second)
        self._burst = burst

    async def wait(self, who: str) -> float:
        """Seconds until somebody's turn; 0: it is now, and taken by this call."""
        milliseconds = await self._scripts.run(
            lua.zoom_turn,
            following=keys.ZOOM_NEXT,
            turns=keys.ZOOM_TURNS,
            who=who,
            gap_ms=self._gap_ms,
            ahead_ms=self._burst * self._gap_ms,
        )
        return milliseconds / 1000
