"""Loops that talk to Redis end when they are told to; what redis-py raises is known trouble."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from sync.store.connection import REDIS_TROUBLE, connect, raise_if_cancelled


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


@pytest.mark.parametrize("url", ["redis://127.0.0.1:7000", "rediss://127.0.0.1:7000"])
async def test_a_connection_that_another_task_closed_is_trouble_and_no_bug(url: str) -> None:
    cluster = connect(url, "cluster")
    made = cluster.get_connection_kwargs()["connection_class"]
    assert {node.connection_class for node in cluster.nodes_manager.startup_nodes.values()} == {
        made
    }
    with pytest.raises(REDIS_TROUBLE):
        await made(host="127.0.0.1")._send_packed_command([b"PING"])
