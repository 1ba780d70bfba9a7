"""When Microsoft fails for many at once, everybody waits; now and then one request tries. Pure.

An outage is told from somebody's own trouble by counting: many failures in a short time, and more
than successes. Then nothing is sent for a while, which grows from one vain try to the next. The
first success ends it. What waited is planned anew, within the quota, so it ends without a burst.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WINDOW_S = 10.0
"""How long an outcome counts."""
FEWEST = 8
"""Failures that make an outage, if there are more of them than of successes."""
FIRST_S, LONGEST_S = 2.0, 60.0
"""How long nothing is sent: at first, and at most."""
JITTER = 0.2
"""So that several processes do not try in step."""


class Breaker:
    """One per process and service. `now` gives monotonic seconds, `chance` a number in [0, 1)."""

    def __init__(self, *, now: Callable[[], float], chance: Callable[[], float]) -> None:
        self._now = now
        self._chance = chance
        self._outcomes: deque[tuple[float, bool]] = deque()
        self._failures = 0
        self._opened = 0
        self._until = 0.0
        self._trying = False
        self.last_success = float("-inf")

    @property
    def open(self) -> bool:
        """Whether an outage is going on."""
        return self._opened > 0

    def left(self) -> float:
        """Seconds until a request may be sent; 0: now, in an outage a single one, to try."""
        if not self._opened:
            return 0.0
        return max(self._until - self._now(), FIRST_S if self._trying else 0.0)

    def enter(self) -> float:
        """`left`, for a caller who sends at once if it is 0 and then reports the outcome."""
        if not self._opened:
            return 0.0
        left = self.left()
        self._trying = self._trying or left <= 0
        return max(0.0, left)

    def nothing_sent(self) -> None:
        """The caller who was let through to try had nothing to send after all."""
        self._trying = False

    def succeeded(self) -> None:
        """A request was answered, however: the service works."""
        self.last_success = now = self._now()
        if self._opened:
            self._opened, self._trying, self._failures = 0, False, 0
            self._outcomes.clear()
        self._count(now, failed=False)

    def failed(self) -> None:
        """A request was not answered, or answered with a failure of the service itself."""
        now = self._now()
        self._count(now, failed=True)
        enough = self._failures >= FEWEST and 2 * self._failures > len(self._outcomes)
        if self._opened and not self._trying:
            return  # sent before the outage was noticed
        if self._opened or enough:
            pause = min(LONGEST_S, FIRST_S * 2**self._opened)
            self._until = now + pause * (1 + JITTER * (2 * self._chance() - 1))
            self._opened = min(self._opened + 1, 10)
            self._trying = False

    def _count(self, now: float, *, failed: bool) -> None:
        self._outcomes.append((now, failed))
        self._failures += failed
        while self._outcomes[0][0] < now - WINDOW_S:
            self._failures -= self._outcomes.popleft()[1]
