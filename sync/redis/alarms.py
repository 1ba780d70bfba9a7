"""Many alarms and time limits of one length, with one timer of the event loop for all of them.

Nearly every alarm is cleared long before it rings. A timer for each (`asyncio.timeout`, aiohttp's
total time) costs several times what it guards against: `docs/decisions.md`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from types import TracebackType


class Ringing(Protocol):
    """Whoever sets an alarm."""

    def ring(self) -> None:
        """The time is over."""


class Alarms:
    """Each rings once, `seconds` after it was set. For one event loop."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._due: dict[Ringing, float] = {}  # in the order of their times, being equally far
        self._timer: asyncio.TimerHandle | None = None

    def set(self, ringing: Ringing) -> None:
        """Ring, unless it is cleared before."""
        loop = asyncio.get_running_loop()
        self._due[ringing] = due = loop.time() + self.seconds
        if self._timer is None:
            self._timer = loop.call_at(due, self._look)

    def clear(self, ringing: Ringing) -> None:
        """Don't ring; nothing happens where there is no alarm (any more)."""
        self._due.pop(ringing, None)

    def _look(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._due:
            ringing, due = next(iter(self._due.items()))
            if due > now:
                self._timer = loop.call_at(due, self._look)
                return
            del self._due[ringing]
            ringing.ring()


class TimeLimit:
    """`with TimeLimit(alarms):` breaks its block off with TimeoutError when the alarm rings.

    As `asyncio.timeout`: a cancellation from elsewhere stays one. To be used once.
    """

    __slots__ = ("_alarms", "_before", "_over", "_task")

    def __init__(self, alarms: Alarms) -> None:
        self._alarms = alarms
        self._over = False

    @property
    def over(self) -> bool:
        """Whether it broke the block off, or tried to."""
        return self._over

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - callbacks of the loop don't wait for anything
        self._task, self._before = task, task.cancelling()
        self._alarms.set(self)

    def ring(self) -> None:
        """End the block."""
        self._over = True
        self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._alarms.clear(self)
        if not self._over:
            return
        ours = self._task.uncancel() <= self._before
        if ours and kind is not None and issubclass(kind, asyncio.CancelledError):
            raise TimeoutError from error
