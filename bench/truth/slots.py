"""Whose turn it is to be asked about at Zoom, so that many at once stay within its limits.

Zoom's limits per second are per account and shared by all of its apps (Zoom documentation, "Rate
limits"). Nobody holds a place in the queue while waiting: who must wait is told until when, is
planned anew then, and does not wait a second time. Pure; all processes together keep the same
rules in Redis (sync.zoom.shared_turns).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FORGOTTEN_AFTER = 60.0
"""Seconds after which a turn that nobody took is given up: something else came meanwhile."""

SAME = 1e-6
"""Seconds that are none: sums of fractions are not exact."""


class ZoomTurns:
    """At most `per_second`, after a quiet time `burst` at once. `monotonic` gives seconds."""

    def __init__(self, per_second: float, *, burst: int, monotonic: Callable[[], float]) -> None:
        self._gap = 1 / per_second
        self._ahead = burst * self._gap
        self._monotonic = monotonic
        self._next = float("-inf")
        self._turns: dict[str, float] = {}  # in the order of their times

    def wait(self, who: str) -> float:
        """Seconds until somebody's turn; 0: it is now, and taken by this call."""
        now = self._monotonic()
        turn = self._turns.get(who)
        if turn is None:
            turn = max(now - self._ahead + self._gap, self._next)
            self._next = turn + self._gap
            self._turns[who] = turn
        if turn > now + SAME:
            return turn - now
        del self._turns[who]
        self._forget(now)
        return 0.0

    def _forget(self, now: float) -> None:
        while self._turns:
            who, turn = next(iter(self._turns.items()))
            if turn > now - FORGOTTEN_AFTER:
                return
            del self._turns[who]
