"""What Prometheus reads, and that label sets are closed."""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.loop_lag import watch_loop_lag
from service.metrics import (
    EVENT_OUTCOMES,
    LANES,
    LOOKUP_OUTCOMES,
    PARKED_REASONS,
    RECONNECT_OUTCOMES,
    SEND_OUTCOMES,
    SIGN_IN_OUTCOMES,
    TURN_OUTCOMES,
    WRITE_KINDS,
    WRITE_OUTCOMES,
    Metrics,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def read(metrics: Metrics, name: str, **labels: str) -> float:
    for family in text_string_to_metric_families(metrics.render().decode()):
        for sample in family.samples:
            if sample.name == f"presence_bridge_{name}" and sample.labels == labels:
                return sample.value
    raise LookupError(name)


def test_every_series_is_there_from_the_start() -> None:
    metrics = Metrics()
    for outcome in EVENT_OUTCOMES:
        assert read(metrics, "events_total", outcome=outcome) == 0
    for kind in WRITE_KINDS:
        for outcome in WRITE_OUTCOMES:
            assert read(metrics, "graph_requests_total", kind=kind, outcome=outcome) == 0
    for outcome in SIGN_IN_OUTCOMES:
        assert read(metrics, "sign_ins_total", outcome=outcome) == 0
    for outcome in LOOKUP_OUTCOMES:
        assert read(metrics, "zoom_lookups_total", outcome=outcome) == 0
    for outcome in RECONNECT_OUTCOMES:
        assert read(metrics, "reconnects_total", outcome=outcome) == 0
    for reason in PARKED_REASONS:
        assert read(metrics, "parked", reason=reason) == 0
    for name in ("breaker_open", "feed_silent", "directory_failing", "redis_up", "shed"):
        assert read(metrics, name) == 0


def test_counts_and_durations_are_read_back() -> None:
    metrics = Metrics()
    metrics.event("accepted")
    metrics.write("set", "ok", 0.2)
    metrics.write("set", "throttled", 0.3)
    metrics.event_to_write(0.004)
    metrics.event_to_write(-1)  # clocks differ between machines
    metrics.due("turn", 5, 2, 1.5)
    metrics.shed(6)
    metrics.parked({"gone": 3, "authorize": 1})
    metrics.reconnect("withheld")
    metrics.lookup("busy")
    metrics.breaker(is_open=True)
    metrics.catch_up_left(9)
    metrics.connected(40)
    metrics.quota_used(0.25)
    metrics.turn("failed", 0.1)
    metrics.sign_in("connected")
    metrics.send("gone")
    metrics.loop_lag(0.02)
    assert read(metrics, "events_total", outcome="accepted") == 1
    assert read(metrics, "graph_requests_total", kind="set", outcome="throttled") == 1
    assert read(metrics, "graph_request_seconds_sum", kind="set") == 0.5
    assert read(metrics, "event_to_write_seconds_bucket", le="0.001") == 1
    assert read(metrics, "event_to_write_seconds_bucket", le="0.005") == 2
    assert read(metrics, "event_to_write_seconds_bucket", le="600.0") == 2
    assert read(metrics, "due", lane="turn") == 5
    assert read(metrics, "overdue", lane="turn") == 2
    assert read(metrics, "oldest_overdue_seconds", lane="turn") == 1.5
    assert read(metrics, "shed") == 6
    assert read(metrics, "parked", reason="gone") == 3
    assert read(metrics, "reconnects_total", outcome="withheld") == 1
    assert read(metrics, "zoom_lookups_total", outcome="busy") == 1
    assert read(metrics, "breaker_open") == 1
    assert read(metrics, "catch_up_left") == 9
    assert read(metrics, "connected") == 40
    assert read(metrics, "quota_used_ratio") == 0.25
    assert read(metrics, "chat_turns_total", outcome="failed") == 1
    assert read(metrics, "chat_turn_seconds_count", outcome="failed") == 1
    assert read(metrics, "sign_ins_total", outcome="connected") == 1
    assert read(metrics, "chat_sends_total", outcome="gone") == 1
    assert read(metrics, "loop_lag_seconds_count") == 1


def test_somebody_who_is_parked_no_more_is_not_counted_any_more() -> None:
    metrics = Metrics()
    metrics.parked({"gone": 3, "authorize": 1})
    metrics.parked({"gone": 2})
    assert read(metrics, "parked", reason="gone") == 2
    assert read(metrics, "parked", reason="authorize") == 0


def test_what_never_happened_has_no_age() -> None:
    metrics = Metrics()
    ages = ("feed_age_seconds", "zoom_validation_age_seconds", "directory_age_seconds")
    assert all(math.isnan(read(metrics, age)) for age in ages)
    metrics.feed(4, silent=True)
    metrics.zoom_validation(86_400)
    metrics.directory(-0.5, failing=True)  # clocks differ between machines
    assert [read(metrics, age) for age in ages] == [4, 86_400, 0]
    assert read(metrics, "feed_silent") == read(metrics, "directory_failing") == 1
    metrics.feed(None, silent=False)
    metrics.zoom_validation(None)
    metrics.directory(None, failing=False)
    assert all(math.isnan(read(metrics, age)) for age in ages)
    assert read(metrics, "feed_silent") == read(metrics, "directory_failing") == 0


def test_the_beat_of_the_worker_is_a_time_of_day() -> None:
    metrics = Metrics()
    assert read(metrics, "worker_beat_timestamp_seconds") == 0
    before = time.time()
    metrics.worker_beat()
    assert before <= read(metrics, "worker_beat_timestamp_seconds") <= time.time()
    metrics.redis_up(True)
    assert read(metrics, "redis_up") == 1


@pytest.mark.parametrize(
    "wrong",
    [
        lambda metrics: metrics.event("unheard"),
        lambda metrics: metrics.write("unheard", "ok", 1),
        lambda metrics: metrics.write("set", "unheard", 1),
        lambda metrics: metrics.due("unheard", 1, 1, 1),
        lambda metrics: metrics.parked({"unheard": 1}),
        lambda metrics: metrics.lookup("unheard"),
        lambda metrics: metrics.reconnect("unheard"),
        lambda metrics: metrics.turn("unheard", 1),
        lambda metrics: metrics.sign_in("unheard"),
        lambda metrics: metrics.send("unheard"),
    ],
)
def test_an_unknown_label_value_is_a_bug(wrong: Callable[[Metrics], None]) -> None:
    with pytest.raises(ValueError, match="unheard"):
        wrong(Metrics())


def test_every_label_value_is_accepted_and_two_sets_of_metrics_are_independent() -> None:
    metrics, others = Metrics(), Metrics()
    for lane in LANES:
        metrics.due(lane, 1, 0, 0)
    for outcome in TURN_OUTCOMES:
        metrics.turn(outcome, 0)
    for outcome in SEND_OUTCOMES:
        metrics.send(outcome)
    assert read(metrics, "due", lane="fade") == 1
    assert read(others, "due", lane="fade") == 0


async def test_the_lag_of_the_loop_is_measured() -> None:
    metrics, measured = Metrics(), asyncio.Event()

    def observe(seconds: float) -> None:
        metrics.loop_lag(seconds)
        measured.set()

    task = asyncio.create_task(watch_loop_lag(observe, every=0.001))
    async with asyncio.timeout(5):
        await measured.wait()
    task.cancel()
    assert read(metrics, "loop_lag_seconds_count") >= 1
