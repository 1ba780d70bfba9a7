"""Times as people say them: what is clear is taken, what is not is asked about."""

from __future__ import annotations

import contextlib
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grammar.ends import For, InDays, OnDate, OnWeekday, Until, When, end_of
from bot.grammar.times import UnclearWhen, read_when
from bot.grammar.words import NotUnderstood
from domain.policy import LONGEST_PAUSE

pytestmark = pytest.mark.unit

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 9, 21, 14, 20, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("said", "when"),
    [
        ("half an hour", For(30)),
        ("for half an hour", For(30)),
        ("for a half hour", For(30)),
        ("an hour and a half", For(90)),
        ("one and a half hours", For(90)),
        ("for 2 and a half hours", For(150)),
        ("2 hours and a half", For(150)),
        ("1½ hours", For(90)),
        ("½ hour", For(30)),
        ("a quarter of an hour", For(15)),
        ("three quarters of an hour", For(45)),
        ("two hours", For(120)),
        ("about two hours", For(120)),
        ("an hour or so", For(60)),
        ("a couple of hours", For(120)),
        ("forty-five minutes", For(45)),
        ("90 mins", For(90)),
        ("1h30", For(90)),
        ("1 hour 30", For(90)),
        ("a week", For(7 * 24 * 60)),
        ("for two weeks", For(14 * 24 * 60)),
        ("today", Until(0, day=InDays(1))),
        ("for the rest of the day", Until(0, day=InDays(1))),
        ("until the end of the day", Until(0, day=InDays(1))),
        ("until noon", Until(12)),
        ("until midnight", Until(0)),
        ("until tomorrow", Until(0, day=InDays(1))),
        ("till tomorrow at 9:00", Until(9, 0, InDays(1))),
        ("until 9am tomorrow", Until(9, 0, InDays(1))),
        ("until the day after tomorrow", Until(0, day=InDays(2))),
        ("until monday", Until(0, day=OnWeekday(0))),
        ("until fri 17:30", Until(17, 30, OnWeekday(4))),
        ("until noon on friday", Until(12, 0, OnWeekday(4))),
        ("until next week", Until(0, day=OnWeekday(0))),
        ("until the weekend", Until(0, day=OnWeekday(5))),
        ("until december 1", Until(0, day=OnDate(12, 1))),
        ("until 1st of december", Until(0, day=OnDate(12, 1))),
        ("until 2026-10-05", Until(0, day=OnDate(10, 5))),
        ("until 17:00 today", Until(17, 0, InDays(0))),
        ("forever", None),
        ("until further notice", None),
        ("until i am back", None),
    ],
)
def test_times_are_read_as_people_say_them(said: str, when: When | None) -> None:
    assert read_when(said) == when


@pytest.mark.parametrize(
    ("said", "what", "choices"),
    [
        ("until 5", "in the morning or in the afternoon", (Until(5), Until(17))),
        ("until 5 o'clock", "in the morning or in the afternoon", (Until(5), Until(17))),
        ("until 12", "noon or midnight", (Until(0), Until(12))),
        ("until 0", "noon or midnight", (Until(0), Until(12))),
        (
            "until tomorrow at 9",
            "in the morning",
            (Until(9, 0, InDays(1)), Until(21, 0, InDays(1))),
        ),
        ("for 2", "2 minutes or 2 hours", (For(2), For(120))),
        ("after lunch", "lunch is over", (Until(13), Until(14))),
        ("until after lunch", "until what time", (Until(13), Until(14))),
        ("for lunch", "lunch is over", (Until(13), Until(14))),
        ("until tonight", "until what time", (Until(18), Until(20))),
        ("tonight", "from now on", (Until(20), Until(0, day=InDays(1)))),
        (
            "until tomorrow morning",
            "until what time",
            (Until(8, 0, InDays(1)), Until(9, 0, InDays(1))),
        ),
        (
            "until next monday",
            "Monday",
            (Until(0, day=OnWeekday(0)), Until(0, day=OnWeekday(0, 1))),
        ),
        (
            "for the rest of the week",
            "the weekend, or until Monday",
            (Until(0, day=OnWeekday(5)), Until(0, day=OnWeekday(0))),
        ),
        ("next week", "from now on", (Until(0, day=OnWeekday(0)),)),
        ("for a while", "for how long", (For(60), For(240))),
        ("until the meeting ends", "until when", (For(60), For(240))),
    ],
)
def test_what_may_mean_several_is_asked_about(
    said: str, what: str, choices: tuple[When, ...]
) -> None:
    with pytest.raises(UnclearWhen) as asked:
        read_when(said)
    assert what in asked.value.what
    assert asked.value.hint
    assert asked.value.choices == choices


@pytest.mark.parametrize(
    "said",
    [
        *("tomorrow", "at 5pm", "from 2 to 3", "on monday", "in an hour", "monday"),
        *("until", "for", "for 31 days", "for -1h", "until february 30", "until 24:00 tomorrow"),
        *("until 2026-13-01", "until yesterday", "for two", "for ages", "for not long"),
        "until " + "x" * 3000,
        "1 h " * 900,
    ],
)
def test_what_is_not_clear_is_not_taken(said: str) -> None:
    with pytest.raises(NotUnderstood):
        read_when(said)


@pytest.mark.parametrize(
    ("until", "end"),
    [
        (Until(17), datetime(2026, 9, 21, 17, tzinfo=BERLIN)),
        (Until(14, 20), datetime(2026, 9, 22, 14, 20, tzinfo=BERLIN)),  # this very minute
        (Until(5), datetime(2026, 9, 22, 5, tzinfo=BERLIN)),
        (Until(17, 0, InDays(0)), datetime(2026, 9, 21, 17, tzinfo=BERLIN)),
        (Until(0, day=InDays(1)), datetime(2026, 9, 22, tzinfo=BERLIN)),
        (Until(0, day=OnWeekday(0)), datetime(2026, 9, 28, tzinfo=BERLIN)),  # today is Monday
        (Until(9, 0, OnWeekday(4)), datetime(2026, 9, 25, 9, tzinfo=BERLIN)),
        (Until(0, day=OnWeekday(4, 1)), datetime(2026, 10, 2, tzinfo=BERLIN)),
        (Until(0, day=OnDate(10, 5)), datetime(2026, 10, 5, tzinfo=BERLIN)),
    ],
)
def test_an_end_is_in_the_person_s_own_zone(until: Until, end: datetime) -> None:
    assert end_of(until, MONDAY) == end


def test_a_pause_over_the_change_of_clocks_ends_by_the_clock() -> None:
    saturday = datetime(2026, 10, 24, 12, tzinfo=BERLIN)
    end = end_of(Until(9, 0, InDays(1)), saturday)
    assert (end.hour, end.timestamp() - saturday.timestamp()) == (9, 22 * 3600)


@pytest.mark.parametrize(
    "until",
    [
        Until(9, 0, InDays(0)),  # it is past
        Until(0, day=OnDate(9, 21)),
        Until(0, day=OnDate(11, 1)),  # more than 30 days
        Until(0, day=OnDate(2, 29)),
    ],
)
def test_nothing_is_in_the_past_or_too_far_away(until: Until) -> None:
    with pytest.raises(NotUnderstood):
        end_of(until, MONDAY)


@given(
    st.integers(1_767_225_600, 2_208_988_800),
    st.builds(
        Until,
        st.integers(0, 23),
        st.integers(0, 59),
        st.none()
        | st.builds(InDays, st.integers(0, 2))
        | st.builds(OnWeekday, st.integers(0, 6), st.integers(0, 1))
        | st.builds(OnDate, st.integers(1, 12), st.integers(1, 28)),
    ),
)
def test_every_end_is_ahead_and_within_bounds(now: int, until: Until) -> None:
    here = datetime.fromtimestamp(now, tz=BERLIN)
    try:
        end = end_of(until, here)
    except NotUnderstood:
        assert until.day is not None
        return
    assert 0 < (end - here).total_seconds() <= LONGEST_PAUSE * 60
    assert (end.hour, end.minute) == (until.hour, until.minute)


_WORDS = (
    "for until an hour and half a 2 two h 30 minutes monday next tomorrow at 5 lunch the of rest"
)


@given(st.lists(st.sampled_from(_WORDS.split()), max_size=14).map(" ".join) | st.text(max_size=80))
def test_no_words_break_it(said: str) -> None:
    with contextlib.suppress(NotUnderstood):
        found = read_when(said)
        assert found is None or isinstance(found, For | Until)
