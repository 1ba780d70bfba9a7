"""The tenant's quota: never more than the limit in any window, whoever asks."""

import asyncio
import time

import pytest

from sync.store import keys
from sync.store.connection import Client, Scripts
from sync.store.quota import CELL_MS, LIMIT, WINDOW_MS, Grant, Quota
from tests.doubles.redis import RedisServer, open_client


@pytest.fixture
async def scripts(redis: Client) -> Scripts:
    return Scripts(redis)


async def now_ms(redis: Client) -> int:
    seconds, micros = await redis.time()
    return int(seconds) * 1000 + int(micros) // 1000


async def used_ago(redis: Client, **cells: int) -> None:
    """Requests granted some milliseconds ago, as `ago_5000=3`."""
    now = await now_ms(redis)
    for name, count in cells.items():
        ago = int(name.removeprefix("ago_"))
        await redis.hincrby(keys.QUOTA_CELLS, str((now - ago) // CELL_MS), count)
    await redis.pexpire(keys.QUOTA_CELLS, WINDOW_MS)


async def test_the_limit_is_the_one_that_graph_documents() -> None:
    assert (LIMIT, WINDOW_MS) == (1500, 30_000)


async def test_requests_are_granted_up_to_the_limit(redis: Client, scripts: Scripts) -> None:
    quota = Quota(redis, scripts, limit=3)
    grants = [await quota.take() for _ in range(4)]
    assert [grant.granted for grant in grants] == [True, True, True, False]
    assert [round(grant.used, 2) for grant in grants] == [0.33, 0.67, 1.0, 1.0]
    assert 0 < grants[-1].wait_ms <= WINDOW_MS + CELL_MS


async def test_all_or_nothing_is_granted(redis: Client, scripts: Scripts) -> None:
    quota = Quota(redis, scripts, limit=5)
    assert (await quota.take(3)).granted
    assert not (await quota.take(3)).granted
    assert (await quota.take(2)).granted


async def test_the_wait_ends_when_the_oldest_requests_have_left_the_window(
    redis: Client, scripts: Scripts
) -> None:
    await used_ago(redis, ago_20000=1, ago_10000=1, ago_0=1)
    grant = await Quota(redis, scripts, limit=3).take()
    assert not grant.granted
    assert 10_000 <= grant.wait_ms <= 10_000 + 2 * CELL_MS


async def test_requests_outside_the_window_are_forgotten(redis: Client, scripts: Scripts) -> None:
    await used_ago(redis, ago_30600=2, ago_100000=500)
    grant = await Quota(redis, scripts, limit=2).take()
    assert grant == Grant(granted=True, wait_ms=0, used=0.5)
    assert len(await redis.hkeys(keys.QUOTA_CELLS)) == 1


async def test_a_request_counts_for_its_whole_window(redis: Client, scripts: Scripts) -> None:
    await used_ago(redis, ago_29900=2)
    assert not (await Quota(redis, scripts, limit=2).take()).granted


async def test_a_clock_that_stepped_back_blocks_nobody_for_long(
    redis: Client, scripts: Scripts
) -> None:
    await used_ago(redis, **{"ago_-200000": 1500})
    assert (await Quota(redis, scripts).take()).granted


async def test_nothing_is_left_after_a_quiet_window(redis: Client, scripts: Scripts) -> None:
    await Quota(redis, scripts).take()
    assert WINDOW_MS < await redis.pttl(keys.QUOTA_CELLS) <= WINDOW_MS + 2 * CELL_MS


async def test_a_pause_holds_for_everyone_and_is_never_shortened(
    redis: Client, scripts: Scripts
) -> None:
    mine, yours = Quota(redis, scripts), Quota(redis, scripts)
    await mine.pause(20)
    grant = await yours.take()
    assert not grant.granted
    assert 19_000 < grant.wait_ms <= 20_000
    await yours.pause(2)
    assert (await mine.take()).wait_ms > 19_000
    await yours.pause(40)
    assert (await mine.take()).wait_ms > 39_000


@pytest.mark.parametrize(
    ("asked", "at_least", "at_most"), [(0, 900, 1000), (-5, 900, 1000), (10**9, 599_000, 600_000)]
)
async def test_a_pause_has_limits(
    redis: Client, scripts: Scripts, asked: float, at_least: int, at_most: int
) -> None:
    quota = Quota(redis, scripts)
    await quota.pause(asked)
    assert at_least < (await quota.take()).wait_ms <= at_most


async def test_what_is_refused_does_not_count(redis: Client, scripts: Scripts) -> None:
    quota = Quota(redis, scripts, limit=1)
    await quota.take()
    for _ in range(5):
        assert (await quota.take()).used == 1.0


async def test_never_more_than_the_limit_in_any_window(redis_server: RedisServer) -> None:
    """Several workers ask as fast as they can; each grant fell between two readings of a clock."""
    limit, window = 7, 0.1
    granted: list[tuple[float, float]] = []

    async def worker(until: float) -> None:
        async with open_client(redis_server) as client:
            quota = Quota(client, Scripts(client), limit=limit, window_ms=100, cell_ms=10)
            while time.monotonic() < until:
                before = time.monotonic()
                if (await quota.take()).granted:
                    granted.append((before, time.monotonic()))

    async with open_client(redis_server) as client:
        await client.flushall()
    until = time.monotonic() + 0.6
    await asyncio.gather(*(worker(until) for _ in range(3)))

    assert len(granted) > 3 * limit, "the quota is also used"
    for start, _ in granted:
        within = [1 for before, after in granted if start <= before and after <= start + window]
        assert len(within) <= limit
