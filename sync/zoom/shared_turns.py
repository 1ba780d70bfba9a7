"""Turns at Zoom in Redis, shared by every process. Their rules: sync.zoom.turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.redis import keys
from sync.zoom.turns import FORGOTTEN_AFTER

if TYPE_CHECKING:
    from sync.redis.connection import Scripts


class SharedZoomTurns:
    """At most `per_second` in all processes together, after a quiet time `burst` at once.

    On the Redis server's clock, in whole milliseconds.
    """

    def __init__(self, scripts: Scripts, per_second: float, *, burst: int) -> None:
        self._scripts = scripts
        gap = round(1000 / per_second)
        self._numbers: list[str | int] = [gap, burst * gap, int(FORGOTTEN_AFTER * 1000)]

    async def wait(self, who: str) -> float:
        """Seconds until somebody's turn; 0: it is now, and taken by this call."""
        milliseconds = await self._scripts.run(
            "zoom_turn", [keys.ZOOM_NEXT, keys.ZOOM_TURNS], [who, *self._numbers]
        )
        return int(milliseconds) / 1000
