"""The slots of Zoom's request queue in memory: the twin of sync.zoom.slots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.zoom.scripts import FORGOTTEN_AFTER

if TYPE_CHECKING:
    from collections.abc import Callable

SAME = 1e-6
"""Seconds that are none: sums of fractions are not exact."""


class SlotsTwin:
    """At most `per_second`, after a quiet time `burst` at once. `monotonic` gives seconds."""

    def __init__(self, per_second: float, *, burst: int, monotonic: Callable[[], float]) -> None:
        self._gap = 1 / per_second
        self._ahead = burst * self._gap
        self._monotonic = monotonic
        self._next = float("-inf")
        self._slots: dict[str, float] = {}  # in the order of their times

    def wait(self, who: str) -> float:
        """Seconds until somebody's slot; 0: it is now, and taken by this call."""
        now = self._monotonic()
        slot = self._slots.get(who)
        if slot is None:
            slot = max(now - self._ahead + self._gap, self._next)
            self._next = slot + self._gap
            self._slots[who] = slot
        if slot > now + SAME:
            return slot - now
        del self._slots[who]
        self._forget(now)
        return 0.0

    def _forget(self, now: float) -> None:
        while self._slots:
            who, slot = next(iter(self._slots.items()))
            if slot > now - FORGOTTEN_AFTER:
                return
            del self._slots[who]
