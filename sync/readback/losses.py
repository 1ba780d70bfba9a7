"""Noticing that Microsoft is not read back any more, and planning everybody without it.

Every process looks at how reading goes, and so knows what the planner may rely on. When it ends
(nobody reads, Microsoft does not allow it any more, looks come too late), one of them has everybody
who is watched planned anew: who relied on what was seen, is told to Microsoft again. Once for each
loss; a process that dies in the middle is followed by another, which begins again.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Final

import structlog

from sync.redis import duties
from sync.redis.duties import Work

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from domain.readback import Reading
    from sync.readback.status import Status
    from sync.readback.store import ReadbackStore

log = structlog.get_logger()

FRESH_SECONDS: Final = 1.0
"""What is known is read anew after this."""
NOTICED_SECONDS: Final = FRESH_SECONDS + 0.25
"""So long after a loss every process has read of it."""
BATCH: Final = 200
"""Redis is busy with so many for some milliseconds."""
PAUSE_SECONDS: Final = 0.05


@dataclass(eq=False)
class Losses:
    """One per process. `monotonic` gives seconds."""

    store: ReadbackStore
    _: KW_ONLY
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep

    def __post_init__(self) -> None:
        self._lease = self.store.loss_lease()
        self.work = Work(duties.READBACK_LOSSES, self.step, lease=self._lease)
        self._known: Status | None = None
        self._read = float("-inf")
        self._asking = asyncio.Lock()

    async def reading(self) -> Reading | None:
        """What the planner may rely on; a second old at most. None: Microsoft is not read back.

        Raises REDIS_TROUBLE.
        """
        known = self._fresh()
        if known is None:
            async with self._asking:  # a hundred people are planned at once: one of them asks
                known = self._fresh() or await self.status()
        return known.reading

    def _fresh(self) -> Status | None:
        return None if self.monotonic() - self._read >= FRESH_SECONDS else self._known

    async def status(self) -> Status:
        """How reading goes now. Raises REDIS_TROUBLE."""
        began = self.monotonic()
        known = await self.store.status()
        self._known, self._read = known, began
        return known

    async def step(self) -> None:
        """Look, and see a loss through."""
        known = await self.status()
        if known.up_ms and not known.alive:
            if await self.store.fell(known):
                log.error("readback_lost", reason=known.why_not, watched=known.watched)
            known = await self.status()
        if known.lost_ms > known.passed_ms and await self._lease.take():
            await self._pass(known)

    async def _pass(self, known: Status) -> None:
        lost_ms, people = known.lost_ms, 0
        # Other processes may plan by what they read a moment before the loss: whom they planned
        # so would not be planned again.
        await self.sleep(max(0.0, NOTICED_SECONDS - (known.now_ms - lost_ms) / 1000))
        async for shard, some in self.store.watched(BATCH):
            if not await self._lease.take():
                return
            people += await self.store.demand(shard, some)
            await self.sleep(PAUSE_SECONDS)
        await self.store.passed(lost_ms)
        await self._lease.let_go()
        log.info("readback_loss_passed", people=people)
