"""The shared budget: its rules, and that the script in Redis keeps the same ones."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench.truth.budget import BudgetTwin
from domain.budget import CELL_MS, GRACE_CELLS, LIMIT, WINDOW_MS, Grant, Limits
from domain.step import Lane
from sync.engine.quota import Quota
from sync.redis import keys
from tests.doubles.redis import open_client
from tests.doubles.scripts import ScriptsOnAClock

if TYPE_CHECKING:
    from tests.doubles.redis import RedisServer

START = 1_800_000_000_000

lanes = st.sampled_from(Lane)
steps = st.tuples(
    st.one_of(st.integers(0, 40), st.integers(-300, 300), st.integers(0, 2000)),
    lanes,
    st.integers(0, 9),
    st.booleans(),
)


def all_of(budget: BudgetTwin, lane: Lane, *, now: int = START) -> int:
    return budget.take(now, lane, 10_000).granted


def test_the_limit_is_the_one_that_graph_documents() -> None:
    assert (LIMIT, WINDOW_MS) == (1500, 30_000)


def test_half_of_an_empty_budget_may_go_at_once_and_all_of_it_for_calls() -> None:
    assert [all_of(BudgetTwin(), lane) for lane in Lane] == [1470, 750, 750, 750]


def over_a_window(budget: BudgetTwin, lane: Lane) -> tuple[int, list[int]]:
    """Take whatever is granted for 30 s: how much at once, and how much in each second after."""
    at_once = all_of(budget, lane)
    seconds = []
    for second in range(1, 30):
        ticks = range(START + second * 1000, START + (second + 1) * 1000, CELL_MS)
        seconds.append(sum(all_of(budget, lane, now=now) for now in ticks))
    return at_once, seconds


@pytest.mark.parametrize("lane", [Lane.CHANGE, Lane.HOLD, Lane.FADE])
def test_what_is_less_urgent_is_paced_once_it_has_used_half(lane: Lane) -> None:
    at_once, seconds = over_a_window(BudgetTwin(), lane)
    assert at_once == 750
    assert seconds[:11] == [40] * 11
    assert at_once + sum(seconds) == 1220


def test_calls_get_through_after_everything_else_has_taken_its_share() -> None:
    budget = BudgetTwin()
    at_once, seconds = over_a_window(budget, Lane.CHANGE)
    assert all_of(budget, Lane.URGENT, now=START + WINDOW_MS - 1) == 1470 - at_once - sum(seconds)


def test_a_reconciliation_that_began_may_end_on_the_overdraft() -> None:
    budget = BudgetTwin()
    all_of(budget, Lane.URGENT)
    assert budget.take(START, Lane.FADE, 40, follow=True).granted == 0
    assert budget.take(START, Lane.HOLD, 40, follow=True).granted == 30


def test_nobody_goes_before_a_more_urgent_lane_that_waits() -> None:
    budget = BudgetTwin()
    all_of(budget, Lane.URGENT)
    refused = budget.take(START, Lane.URGENT, 1)
    later = START + refused.wait_ms
    assert budget.take(later, Lane.HOLD, 1) == Grant(0, GRACE_CELLS * 250, 0.0)
    assert budget.take(later, Lane.URGENT, 1).granted == 1
    assert budget.take(later, Lane.HOLD, 1).granted == 1


def test_a_lane_that_does_not_come_back_holds_nobody_up_for_long() -> None:
    budget = BudgetTwin()
    all_of(budget, Lane.URGENT)
    refused = budget.take(START, Lane.URGENT, 1)
    later = START + refused.wait_ms + GRACE_CELLS * 250
    assert budget.take(later, Lane.FADE, 1).granted == 1


def test_keep_alives_that_wait_hold_nobody_up() -> None:
    budget = BudgetTwin()
    assert all_of(budget, Lane.FADE) == 750
    assert budget.take(START, Lane.FADE, 1) == Grant(0, 1000, 0.5)
    assert budget.take(START + 1000, Lane.HOLD, 1).granted == 1


def test_the_pace_counts_what_went_in_the_last_second() -> None:
    budget = BudgetTwin()
    budget.take(START, Lane.CHANGE, 750)
    later = START + 1000
    assert budget.take(later, Lane.HOLD, 30).granted == 30
    assert budget.take(later + CELL_MS, Lane.CHANGE, 30) == Grant(10, 3 * CELL_MS, 790 / LIMIT)


@given(st.lists(steps, max_size=60))
def test_no_window_ever_holds_more_than_the_limit(taken: list[tuple[int, Lane, int, bool]]) -> None:
    limits = Limits.of(limit=10, window_ms=1000, cell_ms=50)
    budget, now, granted = BudgetTwin(limits), START, list[tuple[int, Lane, int]]()
    for ahead, lane, count, follow in taken:
        now += max(0, ahead)
        granted.append((now, lane, budget.take(now, lane, count, follow=follow).granted))
    for start, _, _ in granted:
        window = [g for g in granted if start <= g[0] <= start + limits.window_ms]
        assert sum(count for _, _, count in window) <= limits.limit


@given(st.lists(steps, max_size=40), lanes)
def test_whoever_waits_as_long_as_told_gets_something(
    taken: list[tuple[int, Lane, int, bool]], lane: Lane
) -> None:
    budget, now = BudgetTwin(Limits.of(limit=10, window_ms=1000, cell_ms=50)), START
    for ahead, other, count, follow in taken:
        now += max(0, ahead)
        budget.take(now, other, count, follow=follow)
    for _ in range(200):
        grant = budget.take(now, lane, 1)
        if grant.granted:
            return
        assert grant.wait_ms > 0
        now += grant.wait_ms
    pytest.fail("for ever")


AT_THE_END_OF_A_WAIT = [
    (0, Lane.URGENT, 13, False),
    (1250, Lane.URGENT, 0, False),
    (-1, Lane.CHANGE, 1, False),
]
"""Then the clock steps back a little."""


def test_the_script_keeps_the_same_rules(redis_server: RedisServer) -> None:
    """Hypothesis plays any mixture of requests, pauses and clocks on both."""
    limits = Limits.of(limit=30, window_ms=1000, cell_ms=50)
    with asyncio.Runner() as runner:
        client = open_client(redis_server)
        scripts = ScriptsOnAClock(client)
        quota = Quota(client, scripts, limits)

        async def take(now: int, lane: Lane, count: int, *, follow: bool) -> Grant:
            scripts.now = now
            return await quota.take(lane, count, follow=follow)

        @given(st.lists(steps, max_size=60), st.integers(0, 49))
        @example(AT_THE_END_OF_A_WAIT, 0)
        @settings(deadline=None)
        def both(taken: list[tuple[int, Lane, int, bool]], offset: int) -> None:
            runner.run(client.delete(keys.QUOTA_CELLS, keys.QUOTA_PAUSE))
            budget, now = BudgetTwin(limits), START + offset
            for ahead, lane, count, follow in taken:
                now += ahead
                ours = budget.take(now, lane, count, follow=follow)
                assert runner.run(take(now, lane, count, follow=follow)) == ours
            at_most = (limits.cells + 2) * limits.cell_ms + 5000
            assert runner.run(client.pttl(keys.QUOTA_CELLS)) <= at_most

        try:
            both()
        finally:
            runner.run(client.aclose())
