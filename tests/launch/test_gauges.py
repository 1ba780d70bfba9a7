"""The gauges of what all processes share, while Redis is there and while it is not."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families
from redis.exceptions import ConnectionError as RedisConnectionError
from structlog.testing import capture_logs

from launch.gauges import known_reasons, read_gauges, watch_gauges
from service.metrics import LANES, Metrics
from sync.directory_health import DirectoryHealth
from sync.plan import Lane
from sync.store.connection import Scripts
from sync.store.directory import DirectoryStore
from sync.store.people import LaneFigures
from sync.store.quota import Quota

if TYPE_CHECKING:
    from sync.store.connection import Client


def read(metrics: Metrics) -> dict[str, float]:
    """Every gauge by its name without prefix, and by its label's value where it has one."""
    return {
        " ".join([sample.name.removeprefix("presence_bridge_"), *sample.labels.values()]): (
            sample.value
        )
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
        if family.type == "gauge"
    }


@dataclass
class Counts:
    connected: int = 0
    parked: dict[str, int] = field(default_factory=dict)


@dataclass
class Shared:
    """What Redis holds; `away`: it does not answer."""

    away: bool = False
    rounds: int = 0
    numbers: Counts = field(default_factory=Counts)
    directory: DirectoryHealth = field(
        default_factory=lambda: DirectoryHealth(configured=True, now_ms=60_000)
    )
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def queue(self) -> list[LaneFigures]:
        self.rounds += 1
        self.asked.set()
        if self.away:
            raise RedisConnectionError
        return [LaneFigures(lane, 10 + lane, int(lane), lane * 2.5) for lane in Lane]

    async def counts(self) -> Counts:
        return self.numbers

    async def used(self) -> float:
        return 0.5

    async def health(self) -> DirectoryHealth:
        return self.directory

    async def next_round(self) -> None:
        self.asked.clear()
        async with asyncio.timeout(5):
            await self.asked.wait()


async def test_a_round_sets_every_gauge_of_what_is_shared() -> None:
    shared, metrics = Shared(numbers=Counts(12, {"authorize": 4, "failing": 1})), Metrics()
    shared.directory = DirectoryHealth(configured=True, now_ms=60_000, read_ms=48_000)
    await read_gauges(metrics, shared, shared, shared)
    gauges = read(metrics)
    assert [gauges[f"due {lane}"] for lane in LANES] == [10, 11, 12, 13]
    assert [gauges[f"overdue {lane}"] for lane in LANES] == [0, 1, 2, 3]
    assert [gauges[f"oldest_overdue_seconds {lane}"] for lane in LANES] == [0, 2.5, 5, 7.5]
    assert gauges["shed"] == gauges["overdue fade"] == 3
    assert gauges["connected"] == 12
    assert (gauges["parked authorize"], gauges["parked failing"]) == (4, 1)
    assert gauges["quota_used_ratio"] == 0.5
    assert gauges["directory_age_seconds"] == 12
    assert gauges["directory_failing"] == 0


async def test_a_directory_that_is_not_believed_is_failing() -> None:
    shared, metrics = Shared(), Metrics()
    shared.directory = DirectoryHealth(True, 60_000, read_ms=0, reason="users_lost")
    await read_gauges(metrics, shared, shared, shared)
    assert read(metrics)["directory_failing"] == 1
    assert read(metrics)["directory_age_seconds"] == 60


def test_a_reason_of_a_newer_version_is_counted_all_the_same() -> None:
    assert known_reasons({"gone": 2, "failing": 1, "unheard": 3}) == {
        "authorize": 0,
        "gone": 2,
        "refused": 0,
        "failing": 4,
    }


async def test_redis_may_go_away_and_come_back() -> None:
    shared, metrics = Shared(numbers=Counts(12)), Metrics()
    with capture_logs() as logs:
        watch = asyncio.create_task(watch_gauges(metrics, shared, shared, shared, every=0.001))
        await shared.next_round()
        await shared.next_round()
        assert read(metrics)["redis_up"] == 1
        shared.away = True
        for _ in range(3):
            await shared.next_round()
        assert read(metrics)["redis_up"] == 0
        assert read(metrics)["connected"] == 12  # as it was
        shared.away, shared.numbers = False, Counts(13)
        await shared.next_round()
        await shared.next_round()
        assert read(metrics)["redis_up"] == 1
        assert read(metrics)["connected"] == 13
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch
    assert [line["event"] for line in logs] == ["gauges_wait"]


async def test_the_stores_are_what_the_gauges_ask_for(redis: Client) -> None:
    scripts, metrics, shared = Scripts(redis), Metrics(), Shared()
    quota, directory = Quota(redis, scripts), DirectoryStore(redis, scripts, configured=True)
    await quota.take(Lane.TURN, 150)
    await directory.ask()
    await read_gauges(metrics, shared, quota, directory)
    assert read(metrics)["quota_used_ratio"] == 0.1
