"""The days that a pause may end on, as people name them. Pure."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from bot.grammar.ends import Day, InDays, OnDate, OnDayOfMonth, OnWeekday

WEEKDAYS: Final = {
    name: number
    for number, names in enumerate(
        (
            ("monday", "mon"),
            ("tuesday", "tue", "tues"),
            ("wednesday", "wed"),
            ("thursday", "thu", "thur", "thurs"),
            ("friday", "fri"),
            ("saturday", "sat"),
            ("sunday", "sun"),
        )
    )
    for name in names
}
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            ("january", "jan"),
            ("february", "feb"),
            ("march", "mar"),
            ("april", "apr"),
            ("may",),
            ("june", "jun"),
            ("july", "jul"),
            ("august", "aug"),
            ("september", "sep", "sept"),
            ("october", "oct"),
            ("november", "nov"),
            ("december", "dec"),
        ),
        1,
    )
    for name in names
}
_NEAR: Final[dict[str, Day]] = {
    **dict.fromkeys(("today", "tonight"), InDays(0)),
    **dict.fromkeys(("tomorrow", "tmrw"), InDays(1)),
}

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_NUMERIC = re.compile(r"(\d{1,2})([./])(\d{1,2})(?:\2((?:20)?\d\d))?", re.ASCII)
_YEAR = re.compile(r"20\d\d", re.ASCII)
_DAY_OF_MONTH = re.compile(r"(\d{1,2})(st|nd|rd|th)?", re.ASCII)


def day_of(words: list[str]) -> Day | None:
    """The day that these words name."""
    if words[:1] == ["this"]:
        words = words[1:]
    if len(words) == 1:
        return _in_one_word(words[0])
    if words[:1] == ["the"]:
        words = words[1:]
    if words == ["next", "month"]:
        return OnDayOfMonth(1)
    if words == ["day", "after", "tomorrow"]:
        return InDays(2)
    if len(words) == 1:
        return _nth(words[0])
    year = int(words[-1]) if len(words) > 2 and _YEAR.fullmatch(words[-1]) else None
    words = words[:-1] if year else words
    if len(words) == 3 and words[1] == "of":
        words = [words[0], words[2]]
    if len(words) == 2:
        for name, number in (words, reversed(words)):
            found = _DAY_OF_MONTH.fullmatch(number)
            if name in _MONTHS and found:
                return _date(_MONTHS[name], int(found[1]), year)
    return None


def _in_one_word(word: str) -> Day | None:
    iso = _ISO.fullmatch(word)
    if iso:
        return _date(int(iso[2]), int(iso[3]), int(iso[1]))
    if word in WEEKDAYS:
        return OnWeekday(WEEKDAYS[word])
    if word in _MONTHS:
        return OnDate(_MONTHS[word], 1)
    dates = numeric_dates(word)
    if len(dates) == 1 and not may_be_a_time(word):
        return dates[0]
    return _NEAR.get(word) or _nth(word)


def _nth(word: str) -> OnDayOfMonth | None:
    found = _DAY_OF_MONTH.fullmatch(word)
    known = found and found[2] and 1 <= int(found[1]) <= 31
    return OnDayOfMonth(int(found[1])) if found and known else None


def numeric_dates(word: str) -> tuple[OnDate, ...]:
    """What a date in numbers may mean: 24.12 is the day first, 12/5 is either way round."""
    found = _NUMERIC.fullmatch(word)
    if not found:
        return ()
    first, second = int(found[1]), int(found[3])
    year = None if found[4] is None else 2000 + int(found[4]) % 100
    ways = [(second, first)] if found[2] == "." else [(second, first), (first, second)]
    days = dict.fromkeys(_date(month, day, year) for month, day in ways)
    return tuple(day for day in days if day is not None)


def may_be_a_time(word: str) -> bool:
    """Whether a date in numbers may be a time of day as well: 5.12, but not 24.12 or 5/12."""
    found = _NUMERIC.fullmatch(word)
    return bool(found and found[2] == "." and not found[4] and len(found[3]) == 2) and (
        int(word.partition(".")[0]) < 24
    )


def _date(month: int, day: int, year: int | None = None) -> OnDate | None:
    try:
        date(year or 2024, month, day)  # a leap year
    except ValueError:
        return None
    return OnDate(month, day, year)
