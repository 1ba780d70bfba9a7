"""A lease is one holder's, ends by itself, and is given back by its holder only."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from sync.redis.leases import Lease

if TYPE_CHECKING:
    from sync.redis.connection import Client

KEY = "pb:{test}:by"


@pytest.fixture
async def mine(redis: Client) -> Lease:
    return Lease(redis, KEY, 10_000)


@pytest.fixture
async def theirs(redis: Client) -> Lease:
    return Lease(redis, KEY, 10_000)


async def test_one_holds_it_and_makes_it_longer(redis: Client, mine: Lease, theirs: Lease) -> None:
    assert await mine.take()
    await redis.pexpire(KEY, 5_000)
    assert not await theirs.take()
    assert not await theirs.renew()
    assert 0 < await redis.pttl(KEY) <= 5_000
    assert await mine.take()
    assert 5_000 < await redis.pttl(KEY) <= 10_000


async def test_what_is_not_ours_is_neither_renewed_nor_let_go(
    redis: Client, mine: Lease, theirs: Lease
) -> None:
    assert not await mine.renew()
    await mine.let_go()
    assert await mine.take()
    await redis.delete(KEY)  # its time is over
    assert await theirs.take()
    await mine.let_go()
    assert not await mine.take()
    await theirs.let_go()
    assert await mine.take()


async def test_whose_answer_was_lost_has_it_all_the_same(redis: Client) -> None:
    await redis.set(KEY, "one", px=10_000)
    assert await Lease(redis, KEY, 10_000, "one").take()


async def test_it_is_held_for_a_block_and_waited_for(
    redis: Client, mine: Lease, theirs: Lease
) -> None:
    async with mine.held() as ours:
        assert ours
        async with theirs.held(0.05) as also:
            assert not also
        assert not await theirs.take()
        later = theirs.held(10)
        waiting = asyncio.create_task(later.__aenter__())
        await asyncio.sleep(0)
    assert await waiting
    assert not await mine.take()
    await later.__aexit__(None, None, None)
    assert await mine.take()


async def test_it_is_kept_while_the_block_runs(redis: Client, mine: Lease) -> None:
    assert await mine.take()
    woken = asyncio.Event()

    async def sleep(seconds: float) -> None:
        assert seconds == pytest.approx(10 / 3)
        if woken.is_set():
            await asyncio.Event().wait()
        await redis.pexpire(KEY, 1_000)
        woken.set()

    async with asyncio.timeout(5), mine.kept(sleep):
        while await redis.pttl(KEY) <= 1_000 or not woken.is_set():  # noqa: ASYNC110
            await asyncio.sleep(0)
