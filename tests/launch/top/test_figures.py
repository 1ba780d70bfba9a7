"""From what was read to the figures that `top` shows."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.directory import DirectoryHealth
from domain.feed import FeedHealth
from launch.gauges import Shared
from launch.top.figures import (
    Page,
    Rate,
    Snapshot,
    Stored,
    Views,
    process_of,
    quantile,
    read_page,
)
from service.metrics import Metrics
from sync.readback.status import Status

STARTED = 1_000.0


def page(metrics: Metrics, at: float, started: float | None = STARTED) -> Page:
    """What the metrics say, as of a process that began at a time of our choice."""
    series = dict(read_page(metrics.render().decode(), at).series)
    series.pop(("process_start_time_seconds",), None)
    if started is not None:
        series["process_start_time_seconds",] = started
    return Page(at, series)


def test_rates_are_those_since_the_page_before() -> None:
    metrics = Metrics()
    metrics.event("accepted")
    metrics.write("set", "ok", 0.1)
    before = page(metrics, STARTED + 100)
    for _ in range(5):
        metrics.event("accepted")
    metrics.event("repeat")
    metrics.write("set", "throttled", 0.1)
    metrics.lookup("busy")
    metrics.breaker(is_open=True)
    now = process_of(page(metrics, STARTED + 102), before)
    assert (now.seconds, now.since_start) == (2, False)
    assert now.events == [Rate("accepted", 2.5), Rate("repeat", 0.5)]
    assert now.requests == [Rate("set ok", 0), Rate("set throttled", 0.5)]
    assert now.lookups == [Rate("busy", 0.5)]
    assert now.breaker_open


def test_without_a_page_before_they_are_averages_since_the_start() -> None:
    metrics = Metrics()
    for _ in range(50):
        metrics.event("accepted")
    now = process_of(page(metrics, STARTED + 100), None)
    assert (now.seconds, now.since_start) == (100, True)
    assert now.events == [Rate("accepted", 0.5)]
    assert (now.requests, now.lookups, now.breaker_open) == ([], [], False)


def test_a_process_that_started_anew_is_another_one() -> None:
    old, new = Metrics(), Metrics()
    for _ in range(50):
        old.event("accepted")
    new.event("accepted")
    before = page(old, STARTED + 100)
    now = process_of(page(new, STARTED + 104, started=STARTED + 102), before)
    assert (now.seconds, now.since_start) == (2, True)
    assert now.events == [Rate("accepted", 0.5)]


def test_where_nobody_knows_when_it_started_a_counter_that_fell_began_anew() -> None:
    old, new = Metrics(), Metrics()
    for _ in range(50):
        old.event("accepted")
    new.event("accepted")
    before = page(old, STARTED + 100, started=None)
    now = process_of(page(new, STARTED + 104, started=None), before)
    assert now.events == [Rate("accepted", 0.25)]
    alone = process_of(page(new, STARTED, started=None), None)
    assert math.isnan(alone.seconds)
    assert math.isnan(alone.events[0].per_second)


def test_a_clock_that_went_back_is_no_reason_to_divide_by_nothing() -> None:
    metrics = Metrics()
    metrics.event("accepted")
    before = page(metrics, STARTED + 100)
    assert process_of(page(metrics, STARTED + 100), before).since_start
    assert process_of(page(metrics, STARTED - 10), None).seconds == 1


def test_latencies_are_those_since_the_page_before() -> None:
    metrics = Metrics()
    for _ in range(100):
        metrics.event_to_write(50)
    before = page(metrics, STARTED + 100)
    quiet = process_of(page(metrics, STARTED + 102), before)
    assert (quiet.median, quiet.p99) == (None, None)
    for _ in range(98):
        metrics.event_to_write(0.02)
    for _ in range(2):
        metrics.event_to_write(7)
    now = process_of(page(metrics, STARTED + 102), before)
    assert now.median is not None
    assert now.p99 is not None
    assert 0.01 < now.median <= 0.025
    assert 5 < now.p99 <= 10
    for _ in range(300):
        metrics.event_to_write(5000)
    assert process_of(page(metrics, STARTED + 102), before).p99 == math.inf


@given(st.lists(st.floats(0, 20), min_size=1, max_size=40), st.floats(0.01, 1))
def test_a_quantile_lies_in_the_bucket_of_its_value(values: list[float], share: float) -> None:
    bounds = [0.5, 1, 2, 5, 10, math.inf]
    buckets = [(bound, sum(value <= bound for value in values)) for bound in bounds]
    exact = sorted(values)[math.ceil(share * len(values)) - 1]
    low, high = next(
        (low, high) for low, high in zip([0.0, *bounds], bounds, strict=False) if exact <= high
    )
    found = quantile(buckets, share)
    assert found is not None
    assert low <= found <= high


def test_no_buckets_and_empty_buckets_have_no_quantile() -> None:
    assert quantile([], 0.5) is None
    assert quantile([(1.0, 0.0), (math.inf, 0.0)], 0.5) is None


@pytest.mark.parametrize("text", ["", "<html>", "# TYPE x counter\nx_total 1\n", "a b c d\n"])
def test_a_page_of_something_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_page(text, 0)


def stored(connected: int) -> Stored:
    return Stored(Shared([], connected, {}, 0, DirectoryHealth(True, 0), FeedHealth(0), Status(0)))


def test_while_redis_is_away_the_last_figures_stay_with_their_age() -> None:
    views = Views()
    assert views.take(Snapshot(9, no_stored="away")).stored is None
    first = views.take(Snapshot(10, stored(5)))
    assert (first.stored, first.stored_at) == (stored(5), 10)
    later = views.take(Snapshot(14, no_stored="away"))
    assert (later.stored, later.stored_at) == (stored(5), 10)
    back = views.take(Snapshot(16, stored(6)))
    assert (back.stored, back.stored_at) == (stored(6), 16)


def test_rates_span_a_look_in_which_the_process_did_not_answer() -> None:
    metrics, views = Metrics(), Views()
    views.take(Snapshot(STARTED + 10, page=page(metrics, STARTED + 10)))
    assert views.take(Snapshot(STARTED + 12, no_page="away")).process is None
    metrics.event("accepted")
    view = views.take(Snapshot(STARTED + 14, page=page(metrics, STARTED + 14)))
    assert view.process is not None
    assert view.process.seconds == 4
    assert view.process.events == [Rate("accepted", 0.25)]
