"""How long somebody in a chat is kept waiting for Microsoft and Zoom."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar

import structlog

from domain.errors import OutsideError
from sync.engine.gate import QuotaShort
from sync.redis.connection import REDIS_TROUBLE

if TYPE_CHECKING:
    from collections.abc import Coroutine

log = structlog.get_logger()

T = TypeVar("T")

ANSWER_WITHIN = 2.2
"""Seconds for all that one chat turn waits for outside: an answer within 3 s, with time to send it.
"""


class Patience:
    """What is left of it. One for each turn."""

    def __init__(self, seconds: float = ANSWER_WITHIN) -> None:
        self._until = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds; 0 when it is at an end."""
        return max(0.0, self._until - time.monotonic())


class Background:
    """What goes on when nobody waits for it any more: a request that is under way stays so."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()

    async def within(self, patience: Patience, work: Coroutine[object, object, T]) -> T:
        """Do it, and wait as long as there is patience: then TimeoutError, and it goes on."""
        if patience.left <= 0:
            work.close()
            raise TimeoutError
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            done, _ = await asyncio.wait([task], timeout=patience.left)
        except asyncio.CancelledError:
            task.add_done_callback(_retrieve)
            raise
        if not done:
            task.add_done_callback(_retrieve)
            raise TimeoutError
        return task.result()

    async def aclose(self) -> None:
        """Wait for all of it to end."""
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _retrieve(task: asyncio.Task[T]) -> None:
    """Nobody waits: what Microsoft or Zoom answered is no news any more, a bug is."""
    if task.cancelled():
        return
    error = task.exception()
    if error is None or isinstance(error, OutsideError | QuotaShort):
        return
    if isinstance(error, REDIS_TROUBLE):
        log.warning("late_work_lost", error=type(error).__name__)
    else:
        log.error("late_work_failed", exc_info=error)
