"""The sign in a chat that an answer is being worked on, where it takes longer than a moment."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

TYPING_AFTER: Final = 1.0
"""Seconds. Teams shows it for about three, by when there is an answer (sync.engine.patience)."""


class Working:
    """`async with Working(show):` calls `show` if its block takes longer than TYPING_AFTER.

    It never outlasts the block: an answer does not wait for the sign that it is coming.
    """

    def __init__(self, show: Callable[[], Awaitable[object]]) -> None:
        self._show = show
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[object] | None = None

    async def __aenter__(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(TYPING_AFTER, self._begin)

    async def __aexit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _begin(self) -> None:
        self._task = asyncio.ensure_future(self._show())
