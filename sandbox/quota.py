"""Graph's presence quota: a sliding window over all presence requests of one app in one tenant."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

REQUESTS = 1500
WINDOW = 30.0
"""Graph throttling limits, "Cloud communication": presence, 1,500 requests per 30 seconds."""


class Quota:
    """Counts requests; those that were refused keep counting, as Graph documents."""

    def __init__(
        self, now: Callable[[], float], *, limit: int = REQUESTS, window: float = WINDOW
    ) -> None:
        """Allow `limit` requests per `window` seconds."""
        if limit < 1 or window <= 0:
            raise ValueError("A quota needs at least one request and a positive window.")
        self._now = now
        self.limit = limit
        self.window = window
        # Only the latest `limit` requests can ever decide.
        self._taken: deque[float] = deque(maxlen=limit)

    def take(self) -> int | None:
        """Count one request. None: go ahead; otherwise the seconds to wait (Retry-After)."""
        now = self._now()
        refused = len(self._taken) == self.limit and self._taken[0] > now - self.window
        self._taken.append(now)
        if not refused:
            return None
        return max(1, math.ceil(self._taken[0] + self.window - now))

    def used(self) -> int:
        """How many requests count at this moment (at most `limit`)."""
        start = self._now() - self.window
        return sum(1 for moment in self._taken if moment > start)
