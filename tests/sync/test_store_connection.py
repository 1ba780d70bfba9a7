"""Loops that talk to Redis end when they are told to."""

from __future__ import annotations

import asyncio
import contextlib

from sync.store.connection import raise_if_cancelled


async def test_a_swallowed_cancellation_still_ends_the_task() -> None:
    started = asyncio.Event()

    async def loop() -> None:
        while True:
            started.set()
            with contextlib.suppress(asyncio.CancelledError):  # as asyncio.wait_for of 3.11 may
                await asyncio.sleep(3600)
            raise_if_cancelled()

    task = asyncio.create_task(loop())
    await started.wait()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=5)
    assert task.cancelled()


async def test_nothing_ends_a_task_that_was_not_told_to() -> None:
    raise_if_cancelled()
