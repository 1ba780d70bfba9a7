"""The days that a pause may end on, as people name them. Pure."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from bot.grammar.ends import Day, InDays, OnDate, OnWeekday

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
_ISO = re.compile(r"\d{4}-(\d{1,2})-(\d{1,2})", re.ASCII)
_DAY_OF_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?", re.ASCII)


def day_of(words: list[str]) -> Day | None:
    """The day that these words name."""
    if words[:1] == ["this"]:
        words = words[1:]
    if len(words) == 1:
        [word] = words
        iso = _ISO.fullmatch(word)
        if iso:
            return _date(int(iso[1]), int(iso[2]))
        if word in WEEKDAYS:
            return OnWeekday(WEEKDAYS[word])
        return {"today": InDays(0), "tomorrow": InDays(1), "tmrw": InDays(1)}.get(word)
    if words[-3:] == ["day", "after", "tomorrow"] and words[:-3] in ([], ["the"]):
        return InDays(2)
    if len(words) == 3 and words[1] == "of":
        words = [words[0], words[2]]
    if len(words) == 2:
        for name, number in (words, reversed(words)):
            found = _DAY_OF_MONTH.fullmatch(number)
            if name in _MONTHS and found:
                return _date(_MONTHS[name], int(found[1]))
    return None


def _date(month: int, day: int) -> OnDate | None:
    try:
        date(2024, month, day)  # a leap year
    except ValueError:
        return None
    return OnDate(month, day)
