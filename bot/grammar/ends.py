"""The end of a pause: what it may be, and when that is for somebody. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

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
    """The next such day of the calendar, today included."""

    month: int
    day: int


Day = InDays | OnWeekday | OnDate


@dataclass(frozen=True, slots=True)
class Until:
    """The next time that a clock in the person's own zone shows this, or its time on a `day`."""

    hour: int
    minute: int = 0
    day: Day | None = None


When = For | Until
"""The end of a pause."""


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
        case OnDate(month, day):
            days = (_next_date(month, day, now.date()) - now.date()).days
    end += timedelta(days=days)
    if not now < end <= now + timedelta(minutes=LONGEST_PAUSE):
        raise out_of_bounds()
    return end


def _next_date(month: int, day: int, today: date) -> date:
    for year in (today.year, today.year + 1):
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
