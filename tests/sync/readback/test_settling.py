"""The settle time is learnt from writes and the looks that show them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.readback.memory import AT_ONCE, MOST_CLASSES, NOTHING, Seen
from sync.readback.settling import LONGEST_MS, MOST_WRITES, SHORTEST_MS, Settling, Writes

pytestmark = pytest.mark.unit

ADA = "00000000-0000-4000-8000-000000000001"


def simulated(delay_ms: float, writes: int, settling: Settling) -> Settling:
    """Microsoft shows a write after a while; the first look comes when it may, others later."""
    chance = random.Random(7)
    sink: list[float] = []
    seen = Writes(settling, sink.append)
    for number in range(writes):
        told, oid = number * 100_000, f"person {number}"
        shows = told + delay_ms * chance.uniform(0.6, 1)
        at = told + settling.settle_ms + chance.randrange(1000)
        words = "Busy/InACall" if at >= shows else "Offline/Offline"
        seen.look(oid, "Offline/Offline", words, at, told_ms=told, held="Busy/InACall")
        while at < shows:
            at += 2_000
            seen.again(oid, "Busy/InACall" if at >= shows else "Offline/Offline", at)
    assert len(sink) == writes
    return settling


@pytest.mark.parametrize("delay_ms", [50, 900, 5_000, 12_000, 30_000])
def test_it_follows_microsoft_in_either_direction_and_does_not_run_away(delay_ms: int) -> None:
    for before in (SHORTEST_MS, 6_000, LONGEST_MS):
        settled = simulated(delay_ms, 2_000, Settling(before)).settle_ms
        assert max(SHORTEST_MS, delay_ms * 0.4) <= settled <= max(SHORTEST_MS, delay_ms * 2.2)


def test_what_was_shown_before_or_is_hidden_teaches_nothing() -> None:
    sink: list[float] = []
    settling = Settling()
    writes = Writes(settling, sink.append)
    for before in (None, "Busy/InACall"):
        writes.look(ADA, before, "Busy/InACall", 9_000, told_ms=1, held="Busy/InACall")
    writes.look(ADA, "Away/Away", "Busy/InACall", 9_000, told_ms=1, held="")
    writes.look(ADA, "Away/Away", "Busy/InACall", 1, told_ms=9_000, held="Busy/InACall")
    writes.look(ADA, "Away/Away", "Away/Away", 9_000, told_ms=1, held="Busy/InACall")
    for at in range(20_000, 90_000, 10_000):
        writes.again(ADA, "Away/Away", at)
    writes.again(ADA, "Busy/InACall", 95_000)
    assert (sink, len(writes)) == ([], 0)
    assert set(settling.lags.split(",")) == {"0"}


def test_one_write_teaches_once() -> None:
    sink: list[float] = []
    writes = Writes(Settling(), sink.append)
    for at in (3_000, 8_000):
        writes.look(ADA, "Away/Away", "Busy/InACall", at, told_ms=1_000, held="Busy/InACall")
        writes.again(ADA, "Busy/InACall", at + 1)
    assert sink == [2.0]


def test_writes_that_wait_for_their_look_are_bounded() -> None:
    writes = Writes(Settling(), print)
    for number in range(MOST_WRITES + 5):
        writes.look(f"{number}", "Away/Away", "Away/Away", 9_000, told_ms=1, held="Busy/InACall")
    assert len(writes) == MOST_WRITES
    writes.drop(100_000)
    assert len(writes) == 0


@given(st.lists(st.tuples(st.integers(-5, 10**9), st.integers(-5, 10**9)), max_size=300))
def test_it_is_bounded_whatever_comes(found: list[tuple[int, int]]) -> None:
    settling = Settling(10**9, "a,b", "1,2")
    for lag, shown in found:
        settling.learn(lag, shown)
    assert SHORTEST_MS <= settling.settle_ms <= LONGEST_MS
    again = Settling(settling.settle_ms, settling.lags, settling.shows)
    assert (again.lags, again.shows) == (settling.lags, settling.shows)


# -- what is kept in memory -----------------------------------------------------------------------


def test_what_was_seen_is_remembered_forgotten_and_counted() -> None:
    seen, at = Seen(), 1_767_225_600_000
    seen.keep(ADA, "Busy/Busy", at)
    seen.keep("no guid", "Away/Away", at - 700_000, missing=True)
    assert seen.of(ADA) == ("Busy/Busy", False)
    assert seen.of("no guid") == ("Away/Away", True)
    assert seen.of(ADA.replace("1", "2")) is None
    assert seen.count(at - 600_000, window_ms=at, forget_ms=at - 800_000)
    assert seen.counted.seen == 1
    assert len(seen) == 2
    seen.count(at - 600_000, window_ms=at, forget_ms=at - 600_000)
    assert len(seen) == 1
    seen.forget(ADA)
    seen.forget(ADA)
    assert seen.of(ADA) is None


def test_many_are_counted_a_part_at_a_time() -> None:
    seen, at, many = Seen(), 1_767_225_600_000, 2 * AT_ONCE + 5
    for number in range(many):
        seen.keep(f"person {number}", "Busy/Busy", at)
    counts = [
        (seen.count(at, window_ms=at, forget_ms=at), seen.counted.seen, seen.counted.looked)
        for _ in range(4)
    ]
    assert counts == [(False, 0, 0), (False, 0, 0), (True, many, many), (False, many, many)]
    assert seen.count(at, window_ms=at, forget_ms=at) is False
    assert seen.count(at, window_ms=at, forget_ms=at)
    while not seen.count(at + 1000, window_ms=at + 1000, forget_ms=at):
        assert (len(seen), seen.counted.seen) == (many, many)
    assert seen.counted.seen == 0
    while len(seen):
        seen.count(at + 1000, window_ms=at, forget_ms=at + 1000)


def test_more_words_than_microsoft_has_are_kept_as_none() -> None:
    seen = Seen()
    for number in range(2 * MOST_CLASSES):
        words = seen.told(f"Word/{number}")
        seen.keep(ADA, words, 10**12)
        known = seen.of(ADA)
        assert known is not None
        assert known.words == words
    assert words == NOTHING
