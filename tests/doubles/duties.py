"""Duties whose pauses are the test's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.redis.duties import Work, until

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from sync.redis.duties import Duty


def every(seconds: float) -> Callable[[asyncio.Event, float], Awaitable[None]]:
    """For `Work.run(wait=...)`: each pause takes so long, unless the duty is woken."""

    async def wait(woken: asyncio.Event, _: float) -> None:
        await until(woken, seconds)

    return wait


class Sleeper(Work):
    """Work that only counts how often it is woken."""

    def __init__(self, duty: Duty) -> None:
        async def nothing() -> None:
            pass

        super().__init__(duty, nothing)
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1
