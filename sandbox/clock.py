"""The sandbox's clock: real time plus an offset that tests and the panel may move forward.

What the stand-ins do *over time* (a session fading, a token expiring, a webhook being sent again)
goes by this clock. Moments that leave for another process, which compares them with its own clock
(an event's time, a signature's time, an ID token's validity), are real time: see
`SandboxClock.wall`.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class SandboxClock:
    """Seconds since the epoch, as the sandbox sees them."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        """Start at `source`, a function that returns real time in seconds since the epoch."""
        self._source = source
        self._offset = 0.0
        self._moved = asyncio.Event()
        self._listeners: list[Callable[[], None]] = []

    @property
    def offset(self) -> float:
        """How many seconds the sandbox is ahead of real time."""
        return self._offset

    def now(self) -> float:
        """Sandbox time, in seconds since the epoch."""
        return self._source() + self._offset

    def wall(self) -> float:
        """Real time, in seconds since the epoch: what other processes believe it is."""
        return self._source()

    def on_move(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every `advance`."""
        self._listeners.append(listener)

    def advance(self, seconds: float) -> None:
        """Move forward and wake everyone who sleeps. Raises ValueError for a negative step."""
        if not 0 <= seconds < float("inf"):
            raise ValueError("The sandbox's clock only moves forward.")
        self._offset += seconds
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
        for listener in self._listeners:
            listener()

    async def sleep_until(self, moment: float) -> None:
        """Wait until `now()` has reached `moment`, however it gets there."""
        while (left := moment - self.now()) > 0:
            moved = self._moved
            try:
                # A moment far away is asked for again every hour: real clocks get set, too.
                async with asyncio.timeout(min(left, 3600)):
                    await moved.wait()
            except TimeoutError:
                continue
