"""Whether the feed has fallen silent: what its own pattern explains, and what it does not."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import HOUR, MINUTE
from domain.feed import (
    ENOUGH,
    MEMORY_WEEKS,
    SHORTEST_MS,
    SLOTS,
    UNKNOWN_MS,
    VALIDATION_LATE_MS,
    FeedHealth,
    Heard,
    Slot,
    expected,
    heard_whole,
    hour_of,
    is_silent,
    learn,
    quiet_since,
    remember,
    slot_of,
    validation_missing,
)

pytestmark = pytest.mark.unit

WEEK = SLOTS * HOUR
MONDAY = 1_760_313_600_000  # 2025-10-13 00:00 UTC
LONG_AGO = MONDAY - 4 * WEEK
rates = st.integers(0, 500)


def steady(rate: int) -> dict[int, Slot]:
    """A feed with the same rate in every hour."""
    return dict.fromkeys(range(SLOTS), Slot(rate**0.5, MEMORY_WEEKS))


def office(rate: int) -> dict[int, Slot]:
    """A feed with deliveries on workdays from 7 to 19 UTC, and none else."""
    pattern = {}
    for hour in range(hour_of(MONDAY), hour_of(MONDAY) + SLOTS):
        day, time = divmod(hour - hour_of(MONDAY), 24)
        busy = day < 5 and 7 <= time < 19
        pattern[slot_of(hour)] = Slot(rate**0.5 if busy else 0.0, MEMORY_WEEKS)
    return pattern


def at(day: int, hour: float) -> int:
    """A moment of the week: day 0 is Monday."""
    return MONDAY + int((day * 24 + hour) * HOUR)


def heard(last_ms: int, recent: tuple[int, ...] = ()) -> Heard:
    return Heard(last_ms, LONG_AGO, recent)


# -- Rule 4 ------------------------------------------------------------------------------------


def test_a_busy_feed_is_silent_after_a_quarter_of_an_hour() -> None:
    last = at(1, 10)
    assert not is_silent(last + SHORTEST_MS - 1, heard(last), office(600))
    assert is_silent(last + SHORTEST_MS, heard(last), office(600))


def test_a_small_feed_is_silent_when_twelve_are_missing() -> None:
    last = at(1, 9)
    assert not is_silent(last + 2 * HOUR, heard(last), office(5))
    assert is_silent(last + 3 * HOUR, heard(last), office(5))


@pytest.mark.parametrize("rate", [1, 10, 1000])
def test_a_week_end_that_was_always_quiet_is_no_alarm(rate: int) -> None:
    last = at(4, 18.9)
    for hour in range(1, 61):  # until Monday 7:00
        assert not is_silent(last + hour * HOUR, heard(last), office(rate)), hour


def test_nights_are_no_alarm_and_a_dead_morning_is() -> None:
    last = at(1, 18.9)
    assert not is_silent(at(2, 8), heard(last), office(1000))  # an hour late is not dead yet
    assert is_silent(at(2, 8.25), heard(last), office(1000))


def test_clocks_that_change_by_an_hour_are_no_alarm() -> None:
    """In local time the day begins as always: an hour later in UTC."""
    last = at(1, 19.9)  # and it ends an hour later
    assert not is_silent(at(2, 8) - 1, heard(last), office(2000))


def test_an_account_in_which_little_happens_is_no_alarm() -> None:
    last = at(0, 8)
    assert not is_silent(last + 2 * WEEK, heard(last), steady(0))
    pattern = office(0) | {slot_of(hour_of(at(1, 9))): Slot(3, 4)}  # one full hour a week
    assert not is_silent(last + 2 * WEEK, heard(last), pattern)


@given(
    st.lists(rates, min_size=SLOTS, max_size=SLOTS), st.integers(0, SLOTS - 1), st.integers(0, 99)
)
def test_never_silent_while_deliveries_come_at_their_usual_rate(
    counts: list[int], start: int, seed: int
) -> None:
    pattern = {slot: learn(None, count) for slot, count in enumerate(counts)}
    rng, hour = random.Random(seed), hour_of(MONDAY) + start
    last = hour * HOUR
    for step in range(24):
        count = counts[slot_of(hour + step)]
        moments = sorted(rng.randrange(HOUR) for _ in range(count)) if count < 30 else []
        if count >= 30:  # evenly: some thousand random ones have the gaps of chance
            moments = [number * HOUR // count for number in range(count)]
        for moment in moments:
            now = (hour + step) * HOUR + moment
            if count >= 30:
                assert not is_silent(now, heard(last), pattern)
            last = max(last, now)
    assert not is_silent(last, heard(last), pattern)


@given(rates, st.integers(0, WEEK), st.integers(0, 3 * WEEK), st.integers(0, WEEK))
def test_longer_silence_is_never_less_silent(rate: int, start: int, quiet: int, more: int) -> None:
    last = MONDAY + start
    pattern = office(rate)
    before, after = (
        is_silent(last + ms, heard(last, recent=(rate, rate, rate)), pattern)
        for ms in (quiet, quiet + more)
    )
    assert after or not before


@given(
    st.dictionaries(st.integers(0, SLOTS - 1), rates), st.integers(0, WEEK), st.integers(0, WEEK)
)
def test_a_half_known_pattern_is_monotone_too(
    counts: dict[int, int], quiet: int, more: int
) -> None:
    pattern = {slot: learn(None, count) for slot, count in counts.items()}
    told = heard(MONDAY, recent=(40, 50, 60))
    amounts = [expected(pattern, told, MONDAY, MONDAY + ms) for ms in (quiet, quiet + more)]
    assert 0 <= amounts[0] <= amounts[1] + 1e-9
    assert is_silent(MONDAY + quiet + more, told, pattern) or not is_silent(
        MONDAY + quiet, told, pattern
    )


def test_nothing_was_ever_delivered_or_nobody_listens_yet() -> None:
    assert not is_silent(MONDAY, Heard(None, LONG_AGO), steady(1000))
    assert not is_silent(MONDAY, Heard(LONG_AGO, None), steady(1000))
    assert quiet_since(Heard(None, LONG_AGO)) is None


def test_silence_counts_from_when_we_listen() -> None:
    """While nobody listened nothing could be heard."""
    now = at(1, 10)
    told = Heard(now - 3 * HOUR, now - 10 * MINUTE)
    assert not is_silent(now, told, steady(1000))
    assert is_silent(now + 5 * MINUTE, told, steady(1000))


# -- Rule 5 ------------------------------------------------------------------------------------


def test_in_the_first_week_the_last_hours_count_carefully() -> None:
    last = at(1, 10)
    told = heard(last, recent=(200, 150, 180))
    assert not is_silent(last + 18 * MINUTE, told, {})
    assert is_silent(last + 20 * MINUTE, told, {})
    for recent in ((), (200, 150), (30, 10, 4), (15, 15, 15)):
        assert not is_silent(last + UNKNOWN_MS - 1, heard(last, recent=recent), {}), recent


def test_without_any_pattern_only_four_days_are_too_long() -> None:
    told = heard(MONDAY)
    assert not is_silent(MONDAY + UNKNOWN_MS - 1, told, {})
    assert is_silent(MONDAY + UNKNOWN_MS, told, {})
    assert not is_silent(MONDAY + UNKNOWN_MS, told, steady(0))  # known to be quiet


# -- Rule 2 and 3 --------------------------------------------------------------------------------


def test_the_pattern_is_a_moving_average_of_its_last_weeks() -> None:
    slot = None
    for _ in range(4):
        slot = learn(slot, 100)
    assert slot == Slot(10, 4)
    slot = learn(slot, 0)  # a holiday
    assert slot == Slot(7.5, 4)
    for _ in range(20):
        slot = learn(slot, 16)
    assert slot.root == pytest.approx(4, abs=0.02)
    assert slot.weeks == MEMORY_WEEKS


def test_an_hour_that_is_full_now_and_then_counts_for_little() -> None:
    slot = None
    for count in (0, 0, 0, 400):
        slot = learn(slot, count)
    assert slot is not None
    assert slot.root**2 == 25  # the mean is 100


def test_after_a_holiday_the_next_week_is_judged_all_the_same() -> None:
    pattern = office(100)
    for hour in range(24):
        slot = slot_of(hour_of(at(1, hour)))
        pattern[slot] = learn(pattern[slot], 0)
    last = at(8, 10)
    assert is_silent(last + 15 * MINUTE, heard(last), pattern)


def test_an_hour_promises_no_more_than_its_neighbours() -> None:
    pattern = steady(100) | {5: Slot(2, 4)}
    hour = hour_of(MONDAY) - slot_of(hour_of(MONDAY)) + SLOTS
    for slot, amount in ((3, 100), (4, 4), (5, 4), (6, 4), (7, 100)):
        start = (hour + slot) * HOUR
        assert expected(pattern, heard(start), start, start + HOUR) == pytest.approx(amount)


def test_only_hours_that_were_heard_whole_are_learnt() -> None:
    hour = hour_of(MONDAY)
    assert heard_whole(hour, since_ms=MONDAY, until_ms=MONDAY + HOUR)
    assert not heard_whole(hour, since_ms=MONDAY + 1, until_ms=MONDAY + HOUR)
    assert not heard_whole(hour, since_ms=MONDAY, until_ms=MONDAY + HOUR - 1)
    assert not heard_whole(hour, since_ms=None, until_ms=MONDAY + HOUR)
    assert not heard_whole(hour, since_ms=MONDAY, until_ms=None)


def test_three_hours_are_remembered() -> None:
    recent: tuple[int, ...] = ()
    for count in (1, 2, 3, 4):
        recent = remember(recent, count)
    assert recent == (2, 3, 4)


@given(st.integers(-3 * WEEK, 3 * WEEK))
def test_a_clock_that_is_set_does_no_harm(step: int) -> None:
    """Set back: no silence. Set forward: nobody listened, and the silence begins anew."""
    last = at(1, 10)
    now = last + step
    told = Heard(last, max(LONG_AGO, now)) if step > 0 else heard(last)
    assert not is_silent(now, told, steady(1000))
    assert expected(steady(10), told, last, now) >= 0


def test_a_very_long_silence_is_counted_to_an_end() -> None:
    assert is_silent(MONDAY + 500 * WEEK, heard(MONDAY), office(100))
    assert expected(steady(1), heard(MONDAY), MONDAY, MONDAY + 500 * WEEK) == 4 * SLOTS
    assert ENOUGH < 4 * SLOTS


# -- Rule 7 ------------------------------------------------------------------------------------


def test_a_validation_that_stays_away() -> None:
    late = MONDAY + VALIDATION_LATE_MS
    assert not validation_missing(late, validated_ms=MONDAY, since_ms=LONG_AGO)
    assert validation_missing(late + 1, validated_ms=MONDAY, since_ms=LONG_AGO)
    assert not validation_missing(late + 1, validated_ms=None, since_ms=LONG_AGO)
    assert not validation_missing(late + 1, validated_ms=MONDAY, since_ms=None)
    # It may have come while nobody listened.
    assert not validation_missing(late + 1, validated_ms=MONDAY, since_ms=MONDAY + HOUR)


def test_health_in_numbers() -> None:
    health = FeedHealth(MONDAY, last_ms=MONDAY - 1500, silent_since_ms=MONDAY - 1500)
    assert health.silent
    assert health.age_seconds == 1.5
    assert health.validation_age_seconds is None
    fresh = FeedHealth(MONDAY, last_ms=MONDAY + 5, validated_ms=MONDAY - 1000)
    assert not fresh.silent
    assert fresh.age_seconds == 0
    assert fresh.validation_age_seconds == 1
