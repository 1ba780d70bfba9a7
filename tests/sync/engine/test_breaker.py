"""The breaker: outages are told from single failures, and end with the first success."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.engine.gate import FEWEST, FIRST_S, JITTER, LONGEST_S, WINDOW_S, Breaker

pytestmark = pytest.mark.unit


@dataclass
class Clock:
    now: float = 1000.0


def made(clock: Clock, chance: float = 0.5) -> Breaker:
    return Breaker(now=lambda: clock.now, chance=lambda: chance)


def broken(breaker: Breaker) -> None:
    for _ in range(FEWEST):
        assert breaker.enter() == 0
        breaker.failed()


def test_a_few_failures_are_not_an_outage() -> None:
    breaker = made(Clock())
    for _ in range(FEWEST - 1):
        breaker.failed()
    assert not breaker.open
    assert breaker.enter() == 0


def test_many_failures_among_more_successes_are_not_an_outage() -> None:
    breaker = made(Clock())
    for _ in range(3 * FEWEST):
        breaker.succeeded()
        breaker.failed()
    assert not breaker.open


def test_failures_of_long_ago_do_not_count() -> None:
    clock = Clock()
    breaker = made(clock)
    for _ in range(5 * FEWEST):
        breaker.failed()
        clock.now += WINDOW_S / (FEWEST - 2)
    assert not breaker.open


def test_in_an_outage_one_at_a_time_tries_and_waits_grow() -> None:
    clock = Clock()
    breaker = made(clock)
    broken(breaker)
    waits = []
    for _ in range(8):
        waits.append(breaker.enter())
        clock.now += waits[-1]
        assert breaker.enter() == 0, "one may try"
        assert breaker.enter() > 0, "and nobody else meanwhile"
        breaker.failed()
    assert waits == [min(LONGEST_S, FIRST_S * 2**n) for n in range(8)]


def test_late_failures_of_requests_sent_before_do_not_prolong_it() -> None:
    clock = Clock()
    breaker = made(clock)
    broken(breaker)
    wait = breaker.left()
    for _ in range(50):
        breaker.failed()
    assert breaker.left() == wait


def test_the_first_success_ends_it() -> None:
    clock = Clock()
    breaker = made(clock)
    broken(breaker)
    clock.now += breaker.left()
    assert breaker.enter() == 0
    breaker.succeeded()
    assert not breaker.open
    assert [breaker.enter() for _ in range(5)] == [0] * 5
    assert breaker.last_success == clock.now


def test_whoever_had_nothing_to_send_leaves_the_try_to_others() -> None:
    clock = Clock()
    breaker = made(clock)
    broken(breaker)
    clock.now += breaker.left()
    assert breaker.enter() == 0
    breaker.nothing_sent()
    assert breaker.enter() == 0


@given(st.floats(0, 0.999))
def test_processes_do_not_try_in_step(chance: float) -> None:
    breaker = made(Clock(), chance)
    broken(breaker)
    assert FIRST_S * (1 - JITTER) <= breaker.left() <= FIRST_S * (1 + JITTER)
