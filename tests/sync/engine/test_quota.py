"""The tenant's quota in Redis: never more than the limit in any window, whoever asks.

Its rules are tested in test_lanes.py; here is what only the real server shows.
"""

import asyncio
import time

import pytest

from domain.budget import CELL_MS, MARGIN_CELLS, WINDOW_MS, Grant, Limits
from domain.step import Lane
from sync.engine.quota import AHEAD_AT_ONCE, Quota
from sync.redis import keys
from sync.redis.connection import Client
from sync.redis.scripts import Scripts
from tests.doubles.redis import RedisServer, eventually, open_client


@pytest.fixture
async def scripts(redis: Client) -> Scripts:
    return Scripts(redis)


async def test_requests_are_granted_up_to_the_limit(redis: Client, scripts: Scripts) -> None:
    quota = Quota(redis, scripts, Limits.of(3))
    grants = [await quota.take(Lane.URGENT) for _ in range(4)]
    assert [grant.granted for grant in grants] == [1, 1, 1, 0]
    assert [round(grant.used, 2) for grant in grants] == [0.33, 0.67, 1.0, 1.0]
    assert WINDOW_MS < grants[-1].wait_ms <= WINDOW_MS + (MARGIN_CELLS + 1) * CELL_MS


async def test_part_of_what_was_asked_may_be_granted(redis: Client, scripts: Scripts) -> None:
    quota = Quota(redis, scripts, Limits.of(5))
    assert (await quota.take(Lane.URGENT, 3)).granted == 3
    assert (await quota.take(Lane.URGENT, 3)).granted == 2


async def test_reading_how_much_is_used_uses_nothing(redis: Client, scripts: Scripts) -> None:
    quota = Quota(redis, scripts, Limits.of(4))
    await quota.take(Lane.CHANGE)
    assert [await quota.used() for _ in range(3)] == [0.25] * 3


async def test_nothing_is_left_after_a_quiet_window(redis: Client, scripts: Scripts) -> None:
    await Quota(redis, scripts).take(Lane.URGENT)
    assert WINDOW_MS < await redis.pttl(keys.QUOTA_CELLS) <= WINDOW_MS + 4 * CELL_MS


async def test_a_pause_holds_for_everyone_and_is_never_shortened(
    redis: Client, scripts: Scripts
) -> None:
    mine, yours = Quota(redis, scripts), Quota(redis, scripts)
    await mine.pause(20)
    grant = await yours.take(Lane.URGENT)
    assert grant.granted == 0
    assert 19_000 < grant.wait_ms <= 20_000
    await yours.pause(2)
    assert (await mine.take(Lane.URGENT)).wait_ms > 19_000
    await yours.pause(40)
    assert (await mine.take(Lane.URGENT)).wait_ms > 39_000


@pytest.mark.parametrize(
    ("asked", "at_least", "at_most"), [(0, 900, 1000), (-5, 900, 1000), (10**9, 599_000, 600_000)]
)
async def test_a_pause_has_limits(
    redis: Client, scripts: Scripts, asked: float, at_least: int, at_most: int
) -> None:
    quota = Quota(redis, scripts)
    await quota.pause(asked)
    assert at_least < (await quota.take(Lane.URGENT)).wait_ms <= at_most


async def test_what_is_refused_does_not_count(redis: Client, scripts: Scripts) -> None:
    quota = Quota(redis, scripts, Limits.of(1))
    assert await quota.take(Lane.URGENT) == Grant(1, 0, 1.0)
    for _ in range(5):
        assert (await quota.take(Lane.URGENT)).used == 1.0


async def test_never_more_than_the_limit_in_any_window(redis_server: RedisServer) -> None:
    """Several workers ask as fast as they can; each grant fell between two readings of a clock."""
    limits, window = Limits.of(limit=7, window_ms=100, cell_ms=10), 0.1
    granted: list[tuple[float, float]] = []

    async def worker(until: float) -> None:
        async with open_client(redis_server) as client:
            quota = Quota(client, Scripts(client), limits)
            while time.monotonic() < until:
                before = time.monotonic()
                if (await quota.take(Lane.URGENT)).granted:
                    granted.append((before, time.monotonic()))

    async with open_client(redis_server) as client:
        await client.flushall()
    until = time.monotonic() + 0.6
    await asyncio.gather(*(worker(until) for _ in range(3)))

    assert len(granted) > 3 * limits.limit, "the quota is also used"
    for start, _ in granted:
        within = [1 for before, after in granted if start <= before and after <= start + window]
        assert len(within) <= limits.limit


async def counted(quota: Quota, count: float) -> bool:
    return round(await quota.used() * 10) == count


async def test_a_request_may_leave_while_it_is_counted_if_there_is_much_room(
    redis: Client, scripts: Scripts
) -> None:
    quota = Quota(redis, scripts, Limits.of(10))
    assert not quota.ahead(Lane.URGENT), "nothing is known yet"
    await quota.take(Lane.URGENT)
    assert [quota.ahead(Lane.URGENT) for _ in range(AHEAD_AT_ONCE + 1)] == [
        *[True] * AHEAD_AT_ONCE,
        False,
    ]
    await eventually(lambda: counted(quota, 1 + AHEAD_AT_ONCE))
    await quota.take(Lane.URGENT)
    assert not quota.ahead(Lane.URGENT), "more than half is used"


async def test_after_a_pause_or_a_refusal_nothing_leaves_uncounted(
    redis: Client, scripts: Scripts
) -> None:
    quota, other = Quota(redis, scripts, Limits.of(10)), Quota(redis, scripts, Limits.of(10))
    await quota.take(Lane.URGENT)
    await quota.pause(5)
    assert not quota.ahead(Lane.URGENT)
    await other.take(Lane.URGENT)
    assert not other.ahead(Lane.URGENT)
