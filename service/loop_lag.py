"""How late the event loop wakes who sleeps: while it is late, everything else is too."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


async def watch_loop_lag(observe: Callable[[float], None], *, every: float = 0.5) -> None:
    """Measure for ever how late the event loop wakes a sleeper, and pass it on in seconds."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + every
        await asyncio.sleep(every)
        observe(loop.time() - due)
