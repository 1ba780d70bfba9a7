from __future__ import annotations

import asyncio

import pytest

from sandbox.clock import SandboxClock
from sandbox.quota import Quota


class Hand:
    """Time that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_sleepers_wake_when_the_clock_is_moved() -> None:
    clock = SandboxClock(Hand())
    sleeper = asyncio.create_task(clock.sleep_until(1300))
    await asyncio.sleep(0)
    clock.advance(299)
    await asyncio.sleep(0)
    assert not sleeper.done()
    clock.advance(1)
    await asyncio.wait_for(sleeper, 5)


async def test_moving_the_clock_leaves_real_time_alone() -> None:
    clock = SandboxClock(Hand())
    clock.advance(60)
    assert (clock.now(), clock.wall(), clock.offset) == (1060, 1000, 60)


async def test_the_clock_never_goes_back() -> None:
    clock = SandboxClock(Hand())
    for step in (-1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="forward"):
            clock.advance(step)


def test_the_quota_refuses_and_says_for_how_long() -> None:
    now = Hand()
    quota = Quota(now, limit=3, window=30)
    assert [quota.take() for _ in range(3)] == [None, None, None]
    now.now += 10
    assert quota.take() == 20
    assert quota.used() == 3


def test_refused_requests_keep_counting() -> None:
    now = Hand()
    quota = Quota(now, limit=1, window=30)
    quota.take()
    now.now += 29
    assert quota.take() == 30
    now.now += 29
    assert quota.take() == 30
    now.now += 30
    assert quota.take() is None


def test_the_window_slides() -> None:
    now = Hand()
    quota = Quota(now, limit=2, window=30)
    quota.take()
    now.now += 20
    quota.take()
    now.now += 10
    assert quota.used() == 1
    assert quota.take() is None
    assert quota.take() is not None
