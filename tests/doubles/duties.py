"""Duties whose pauses are the test's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.redis.duties import until

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable


def every(seconds: float) -> Callable[[asyncio.Event, float], Awaitable[None]]:
    """For `Work.run(wait=...)`: each pause takes so long, unless the duty is woken."""

    async def wait(woken: asyncio.Event, _: float) -> None:
        await until(woken, seconds)

    return wait
