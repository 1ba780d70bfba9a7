"""Times as people say them: what is clear is taken, what is not is asked about."""

from __future__ import annotations

import contextlib
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grammar.ends import (
    For,
    InDays,
    OnDate,
    OnDayOfMonth,
    OnWeekday,
    UnclearWhen,
    Until,
    When,
    both_ends,
    end_of,
)
from bot.grammar.times import read_when
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
        ("until 2026-10-05", Until(0, day=OnDate(10, 5, 2026))),
        ("until 17:00 today", Until(17, 0, InDays(0))),
        ("until 1730", Until(17, 30)),
        ("until tonight 8pm", Until(20, 0, InDays(0))),
        ("until the end of the month", Until(0, day=OnDayOfMonth(1))),
        ("1/2 hour", For(30)),
        (".5h", For(30)),
        ("until five pm", Until(17)),
        ("until 9 tomorrow morning", Until(9, 0, InDays(1))),
        ("until 5 in the afternoon", Until(17)),
        ("until monday morning at 9", Until(9, 0, OnWeekday(0))),
        ("until quarter to 18", Until(17, 45)),
        ("until half past 5pm", Until(17, 30)),
        ("until 24.12", Until(0, day=OnDate(12, 24))),
        ("until 24/12", Until(0, day=OnDate(12, 24))),
        ("until 5.12.2026", Until(0, day=OnDate(12, 5, 2026))),
        ("until 5 december 2026", Until(0, day=OnDate(12, 5, 2026))),
        ("until the 5th", Until(0, day=OnDayOfMonth(5))),
        ("until next month", Until(0, day=OnDayOfMonth(1))),
        ("until october", Until(0, day=OnDate(10, 1))),
        ("twenty-five minutes", For(25)),
        ("the next 2 hours", For(120)),
        ("for the next hour", For(60)),
        ("for at least an hour", For(60)),
        ("for up to 2 hours", For(120)),
        ("for 1:30 hours", For(90)),
        ("for 120 seconds", For(2)),
        ("8 hours starting now", For(480)),
        ("now for 2 hours", For(120)),
        ("right now until 5pm", Until(17)),
        ("from now until 5pm", Until(17)),
        ("from now on", None),
        ("immediately", None),
        ("till i'm back", None),
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
        ("until the meeting is over", "until when", (For(60), For(240))),
        ("during this call", "for how long", (For(60), For(240))),
        ("for an hour or two", "for how long", (For(60), For(120))),
        ("for 2-3 hours", "for how long", (For(120), For(180))),
        ("for 1:30", "for how long", (For(90),)),
        ("for the morning", "the morning is over", (Until(12), Until(13))),
        ("for the afternoon", "the afternoon is over", (Until(17), Until(18))),
        ("this afternoon", "this afternoon is over", (Until(17), Until(18))),
        ("for the rest of the meeting", "for how long", (For(60), For(240))),
        ("all week", "until Monday", (Until(0, day=OnWeekday(5)), Until(0, day=OnWeekday(0)))),
        ("for the evening", "the evening is over", (Until(22), Until(0, day=InDays(1)))),
        ("over the weekend", "until Monday", (Until(0, day=OnWeekday(0)),)),
        ("for the weekend", "until Monday", (Until(0, day=OnWeekday(0)),)),
        ("until close of business", "until what time", (Until(17), Until(18))),
        ("until half past five", "in the morning", (Until(5, 30), Until(17, 30))),
        ("until quarter to 6", "in the morning", (Until(5, 45), Until(17, 45))),
        (
            "until half 5",
            "Which time",
            (Until(4, 30), Until(5, 30), Until(16, 30), Until(17, 30)),
        ),
        (
            "until 12/5",
            "Which day",
            (Until(0, day=OnDate(5, 12)), Until(0, day=OnDate(12, 5))),
        ),
        ("until 5.12", "a date", (Until(5, 12), Until(0, day=OnDate(12, 5)))),
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
        *("until 2026-13-01", "until yesterday", "for two", "for ages", "for 30s", "for not long"),
        *("during meetings", "every friday", "between 2pm and 4pm", "until half to 5"),
        *("until 2027", "until 99 past 5", "until 40.40", "until 0/0", "until the 32nd"),
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
        (Until(0, day=OnDate(10, 5, 2026)), datetime(2026, 10, 5, tzinfo=BERLIN)),
        (Until(0, day=OnDayOfMonth(30)), datetime(2026, 9, 30, tzinfo=BERLIN)),
        (Until(0, day=OnDayOfMonth(21)), datetime(2026, 10, 21, tzinfo=BERLIN)),  # not today
    ],
)
def test_an_end_is_in_the_person_s_own_zone(until: Until, end: datetime) -> None:
    assert end_of(until, MONDAY) == end


@pytest.mark.parametrize(
    ("said", "hours"),
    [
        ("until 5:30", (5, 17)),  # at 14:20 it is more likely the afternoon's
        ("until 5.30", (5, 17)),
        ("until 5:30 today", (5, 17)),
        ("until 05:30", (5,)),
        ("until 1:30", (1,)),  # that of the afternoon is past
        ("until 9:30 tomorrow", (9,)),
        ("until 12:30", (12,)),
        ("until 5:30am", (5,)),
        ("until 17:30", (17,)),
    ],
)
def test_a_clock_of_twelve_hours_is_asked_about_where_the_later_one_comes_first(
    said: str, hours: tuple[int, ...]
) -> None:
    until = read_when(said)
    assert isinstance(until, Until)
    assert tuple(end.hour for end in both_ends(until, MONDAY)) == hours


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
        Until(0, day=OnDate(10, 5, 2025)),
        Until(0, day=OnDayOfMonth(31)),
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
        | st.builds(OnDayOfMonth, st.integers(1, 31))
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
