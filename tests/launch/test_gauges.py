"""The gauges of what all processes share, while Redis is there and while it is not."""

from __future__ import annotations

import asyncio
import contextlib
import math
from dataclasses import replace
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families
from redis.exceptions import ConnectionError as RedisConnectionError
from structlog.testing import capture_logs

from domain.agreement import Fit
from domain.directory import DirectoryHealth
from domain.errors import Trouble
from domain.feed import FeedHealth
from domain.step import Lane
from launch.gauges import Shared, SharedSource, gauges, known_reasons, set_gauges
from service.metrics import FITS, LANES, PARKED_REASONS, Metrics
from sync.directory.store import DirectoryStore
from sync.engine.people import PeopleCounts, PeopleStore
from sync.engine.queue import LaneFigures
from sync.engine.quota import Quota
from sync.feed.store import FeedStore
from sync.readback.status import Status
from sync.readback.store import ReadbackStore
from sync.redis.scripts import Scripts
from tests.doubles.duties import every

if TYPE_CHECKING:
    from sync.redis.connection import Client


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


COUNTS = PeopleCounts(12, {"authorize": 4, "failing": 1})
LANE_FIGURES = [LaneFigures(lane, 10 + lane, int(lane), lane * 2.5) for lane in Lane]
NEVER = FeedHealth(now_ms=60_000)
UNREAD = Status(60_000)
WELL = DirectoryHealth(configured=True, now_ms=60_000, read_ms=48_000)


def shared(
    directory: DirectoryHealth = WELL, feed: FeedHealth = NEVER, readback: Status = UNREAD
) -> Shared:
    return Shared(LANE_FIGURES, COUNTS.connected, COUNTS.parked, 0.5, directory, feed, readback)


def test_every_gauge_of_what_is_shared_is_set() -> None:
    metrics = Metrics()
    set_gauges(metrics, shared())
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
    assert math.isnan(gauges["feed_age_seconds"])  # nothing is kept of it


def test_a_directory_that_is_not_believed_is_failing() -> None:
    metrics = Metrics()
    set_gauges(metrics, shared(DirectoryHealth(True, 60_000, read_ms=0, reason="users_lost")))
    assert read(metrics)["directory_failing"] == 1
    assert read(metrics)["directory_age_seconds"] == 60


def test_a_silent_feed_shows() -> None:
    metrics = Metrics()
    set_gauges(
        metrics,
        shared(
            feed=FeedHealth(
                1_000_000, last_ms=100_000, silent_since_ms=100_000, validated_ms=993_000, left=40
            )
        ),
    )
    gauges = read(metrics)
    assert (gauges["feed_age_seconds"], gauges["feed_silent"]) == (900, 1)
    assert (gauges["zoom_validation_age_seconds"], gauges["catch_up_left"]) == (7, 40)


def test_the_series_are_those_of_the_engine() -> None:
    assert list(PARKED_REASONS) == [str(trouble) for trouble in Trouble if trouble.parks]
    assert list(FITS) == [fit.value for fit in Fit]
    assert list(LANES) == ["turn", *(lane.name.lower() for lane in list(Lane)[1:])]


def test_a_reason_of_a_newer_version_is_counted_all_the_same() -> None:
    assert known_reasons({"gone": 2, "failing": 1, "unheard": 3}) == {
        "authorize": 0,
        "forbidden": 0,
        "gone": 2,
        "refused": 0,
        "failing": 4,
    }


class People(PeopleStore):
    """Counted people; `away`: Redis doesn't answer."""

    def __init__(self, client: Client, scripts: Scripts) -> None:
        super().__init__(client, scripts)
        self.away = False
        self.numbers = COUNTS
        self.asked = asyncio.Event()

    async def counts(self) -> PeopleCounts:
        self.asked.set()
        if self.away:
            raise RedisConnectionError
        return self.numbers

    async def queue(self) -> list[LaneFigures]:
        return LANE_FIGURES

    async def rounds(self, number: int) -> None:
        """Wait until so many rounds have begun: all before the last are then over."""
        for _ in range(number):
            self.asked.clear()
            async with asyncio.timeout(5):
                await self.asked.wait()


def test_whether_microsoft_is_read_back_is_shown() -> None:
    metrics = Metrics()
    set_gauges(metrics, shared())
    gauges = read(metrics)
    assert gauges["readback_alive"] == gauges["readback_watched"] == 0
    assert math.isnan(gauges["readback_look_age_seconds"])
    going = Status(
        60_000,
        beat_ms=59_000,
        look_ms=58_500,
        watched=700,
        late_ms=2_000,
        settle_ms=4_000,
        permitted=1,
        up_ms=1,
    )
    set_gauges(metrics, shared(readback=going))
    gauges = read(metrics)
    assert (gauges["readback_alive"], gauges["readback_watched"]) == (1, 700)
    assert gauges["readback_look_age_seconds"] == 1.5
    assert (gauges["readback_late_seconds"], gauges["readback_settle_seconds"]) == (2, 4)


def test_agreement_is_shown_of_many_and_while_it_is_known() -> None:
    metrics = Metrics()
    set_gauges(metrics, shared())
    assert math.isnan(read(metrics)["agreement_ratio"])
    assert math.isnan(read(metrics)["agreement_fit_ratio right"])
    known = Status(
        60_000,
        beat_ms=59_000,
        permitted=1,
        up_ms=1,
        counted_ms=59_000,
        people=100,
        looked=60,
        fits="right:30,label:6,false_busy:4",
    )
    set_gauges(metrics, shared(readback=known))
    gauges = read(metrics)
    assert (gauges["agreement_ratio"], gauges["not_looked_ratio"]) == (0.9, 0.4)
    assert [gauges[f"agreement_fit_ratio {fit}"] for fit in FITS] == [0.75, 0.15, 0, 0, 0, 0.1, 0]
    unknown = (
        replace(known, fits="right:19"),
        replace(known, permitted=0),
        replace(known, now_ms=200_000, beat_ms=200_000),  # counted long ago
    )
    for status in unknown:
        set_gauges(metrics, shared(readback=known))
        set_gauges(metrics, shared(readback=status))
        assert math.isnan(read(metrics)["agreement_ratio"]), status
        assert math.isnan(read(metrics)["agreement_fit_ratio right"])


async def test_redis_may_go_away_and_come_back(redis: Client) -> None:
    scripts, metrics = Scripts(redis), Metrics()
    people = People(redis, scripts)
    quota, directory = Quota(redis, scripts), DirectoryStore(redis, scripts, configured=True)
    await quota.take(Lane.URGENT, 150)
    with capture_logs() as logs:
        source = SharedSource(
            people, quota, directory, FeedStore(redis, scripts), ReadbackStore(redis, scripts)
        )
        watch = asyncio.create_task(gauges(metrics, source).run(wait=every(0.001)))
        await people.rounds(2)
        assert read(metrics)["redis_up"] == 1
        assert read(metrics)["quota_used_ratio"] == 0.1
        people.away = True
        await people.rounds(3)
        assert read(metrics)["redis_up"] == 0
        assert read(metrics)["connected"] == 12  # as it was
        people.away, people.numbers = False, PeopleCounts(13, COUNTS.parked)
        await people.rounds(2)
        assert read(metrics)["redis_up"] == 1
        assert read(metrics)["connected"] == 13
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch
    assert [line["event"] for line in logs] == ["gauges_wait"]
