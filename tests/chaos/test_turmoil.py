"""One fault at a time: restarts, a Graph that is away, workers that stop and go on too late."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from domain.budget import GRAPH_LIMITS, Limits
from domain.presence import ZoomPresence
from tests.chaos.conftest import FIXED, FULL, KEEPS, LEASE_MS
from tests.chaos.feed import Feed, Plan, once_each
from tests.chaos.outcome import running_town
from tests.doubles.crowd import Someone
from tests.doubles.misbehaving_graph import OUTAGE
from tests.doubles.redis import RedisServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.chaos.outcome import Town

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(200)]

NO_ZOOM_API: dict[str, str | None] = dict.fromkeys(
    ("ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET")
)
LIMITS = GRAPH_LIMITS if FULL else Limits.of(limit=160, window_ms=6_000)
"""The quota is as tight as Graph's, its window shorter."""
PEOPLE = LIMITS.limit * 5 // 4
"""More than Graph lets us write within one window."""
FEW, EVENTS = (300, 4_000) if FULL else (60, 300)
AWAY_S = 15 if FULL else 6
LEASE_S = LEASE_MS / 1000


@pytest.fixture(scope="module")
def dice() -> random.Random:
    return random.Random(FIXED)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(
    dice: random.Random, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    """Everybody at rest; two workers."""
    people = [Someone(number) for number in range(PEOPLE)]
    folder = tmp_path_factory.mktemp("turmoil")
    with RedisServer(None, *KEEPS) as server:
        async with running_town(
            people, server, folder, dice, workers=2, limits=LIMITS, settings=NO_ZOOM_API
        ) as town:
            yield town


async def test_a_rolling_restart_loses_nothing(town: Town, dice: random.Random) -> None:
    feed = Feed(dice, town.crowd.people[:FEW], EVENTS, Plan(8, delayed=2, ahead_ms=0))
    async with asyncio.TaskGroup() as group:
        group.create_task(feed.run(town.fleet.url))
        await asyncio.sleep(1)
        await town.fleet.roll()
        await town.fleet.roll_web()
    await town.fleet.ready()
    await town.settled(feed, seconds=60)
    await town.verify(feed)


async def test_an_outage_of_graph_drains_within_the_quota(town: Town, dice: random.Random) -> None:
    graph = town.crowd.graph
    graph.wrong = OUTAGE
    feed = once_each(town.crowd.people, ZoomPresence.IN_MEETING, dice, within=5)
    await feed.run(town.fleet.url)
    await asyncio.sleep(AWAY_S)
    graph.wrong = {}
    back = time.monotonic()
    await town.settled(feed, seconds=150)
    await town.verify(feed)
    since = [r for r in graph.requests if r.began >= back and r.writes]
    assert graph.most_in_window <= LIMITS.limit
    per_person = max(sum(r.person == p.object_id for r in since) for p in town.crowd.people[:50])
    assert per_person == 1


async def test_a_worker_that_stops_beyond_its_lease_and_goes_on_writes_nothing_stale(
    town: Town, dice: random.Random
) -> None:
    graph = town.crowd.graph
    graph.delay = 0.1
    stopped = town.fleet.workers[0]
    feed = Feed(dice, town.crowd.people[:FEW], EVENTS, Plan(LEASE_S + 6, delayed=1, ahead_ms=0))
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(feed.run(town.fleet.url))
            await asyncio.sleep(2)
            stopped.send(signal.SIGSTOP)
            await asyncio.sleep(LEASE_S + 2)
            stopped.send(signal.SIGCONT)
        await town.settled(feed, seconds=60)
    finally:
        graph.delay = 0.0
        stopped.send(signal.SIGCONT)
    assert stopped.process.returncode is None
    await town.verify(feed)
