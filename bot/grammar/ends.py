"""The end of a pause: what it may be, and when that is for somebody. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final, NoReturn

from bot.grammar.words import NotUnderstood
from domain.policy import LONGEST_PAUSE


@dataclass(frozen=True, slots=True)
class For:
    """A stretch of time from now."""

    minutes: int


@dataclass(frozen=True, slots=True)
class InDays:
    """The day that begins after so many midnights: 1 is tomorrow."""

    days: int


@dataclass(frozen=True, slots=True)
class OnWeekday:
    """The next such day after today (0 is Monday), or the one `weeks` after it."""

    weekday: int
    weeks: int = 0


@dataclass(frozen=True, slots=True)
class OnDate:
    """The next such day of the calendar, today included; or that of one `year`."""

    month: int
    day: int
    year: int | None = None


@dataclass(frozen=True, slots=True)
class OnDayOfMonth:
    """The next such day of a month, after today."""

    day: int


Day = InDays | OnWeekday | OnDate | OnDayOfMonth


@dataclass(frozen=True, slots=True)
class Until:
    """The next time that a clock in the person's own zone shows this, or its time on a `day`.

    `or_later`: it was said as clocks of twelve hours have it, too, so `hour` + 12 may be meant.
    """

    hour: int
    minute: int = 0
    day: Day | None = None
    or_later: bool = field(default=False, compare=False)


When = For | Until
"""The end of a pause."""

IN_WHICH_HALF: Final = "Is that in the morning or in the afternoon?"
CHOOSE: Final = "Choose one, or say pause with a time, such as pause for 2h or pause until 17:00."


@dataclass(eq=False)
class UnclearWhen(NotUnderstood):
    """Words for an end that may mean several; each of `choices` would do."""

    choices: tuple[When, ...] = ()


def ask(what: str, *choices: When, hint: str = CHOOSE) -> NoReturn:
    """Raise UnclearWhen."""
    raise UnclearWhen(what, hint, choices=choices)


def end_of(until: Until, now: datetime) -> datetime:
    """The time that is meant, in the zone of `now`. Raises NotUnderstood for one too far away."""
    end = now.replace(hour=until.hour, minute=until.minute, second=0, microsecond=0)
    match until.day:
        case None:
            days = 1 if end <= now else 0
        case InDays(days):
            pass
        case OnWeekday(weekday, weeks):
            days = (weekday - now.weekday() - 1) % 7 + 1 + 7 * weeks
        case OnDate(month, day, year):
            days = (_next_date(month, day, now.date(), year) - now.date()).days
        case OnDayOfMonth(day):
            days = (_next_day(day, now.date()) - now.date()).days
    end += timedelta(days=days)
    if not now < end <= now + timedelta(minutes=LONGEST_PAUSE):
        raise out_of_bounds()
    return end


def both_ends(until: Until, now: datetime) -> tuple[Until, ...]:
    """What may be meant: several where the later half of the day comes first, so it's unclear."""
    if not until.or_later:
        return (until,)
    later = replace(until, hour=until.hour + 12, or_later=False)
    sooner = end_of(later, now) < end_of(replace(until, day=None), now)
    return (until, later) if sooner else (until,)


def _next_day(day: int, today: date) -> date:
    for months in range(1, 13):
        year, month = divmod(today.year * 12 + today.month - 2 + months, 12)
        try:
            found = date(year, month + 1, day)
        except ValueError:  # the 31st
            continue
        if found > today:
            return found
    raise out_of_bounds()


def _next_date(month: int, day: int, today: date, only: int | None = None) -> date:
    for year in (today.year, today.year + 1) if only is None else (only,):
        try:
            found = date(year, month, day)
        except ValueError:  # February 29
            continue
        if found >= today:
            return found
    raise out_of_bounds()


def out_of_bounds() -> NotUnderstood:
    """What to say of a pause that is too short or too long."""
    return NotUnderstood(
        f"A pause with an end can last from 1 minute to {LONGEST_PAUSE // (24 * 60)} days.",
        "For longer, say pause without a time. It then lasts until you say resume.",
    )
