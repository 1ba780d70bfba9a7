"""Times and numbers of people, as people say them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from domain.clock import HOUR, MINUTE

if TYPE_CHECKING:
    from datetime import tzinfo


def clock_time(at_ms: int, now_ms: int, zone: tzinfo) -> str:
    """A time as people say it: 14:02, or 21 Nov, 14:02 on another day; UTC is named."""
    at, now = (datetime.fromtimestamp(ms / 1000, tz=zone) for ms in (at_ms, now_ms))
    text = f"{at:%H:%M}" if at.date() == now.date() else f"{at.day} {at:%b}, {at:%H:%M}"
    return f"{text} UTC" if zone is UTC else text


def day_words(at_ms: int, now_ms: int, zone: tzinfo) -> str:
    """A time for those who need no more of it: a minute would tell when a meeting began."""
    at, now = (datetime.fromtimestamp(ms / 1000, tz=zone).date() for ms in (at_ms, now_ms))
    if at >= now:
        return "today"
    return "in the last 7 days" if (now - at).days < 7 else "longer ago"


def day(at_ms: int, zone: tzinfo = UTC) -> str:
    """A day as people say it: Monday, 7 December."""
    at = datetime.fromtimestamp(at_ms / 1000, tz=zone)
    return f"{at:%A}, {at.day} {at:%B}"


def people(count: int) -> str:
    """A number of people."""
    return "1 person" if count == 1 else f"{count:,} people"


def length(minutes: int) -> str:
    """A stretch of time in its largest whole unit."""
    for unit, size in (("day", 24 * 60), ("hour", 60), ("minute", 1)):
        count, rest = divmod(minutes, size)
        if count and not rest:
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{minutes} minutes"


def ago(at_ms: int, now_ms: int, zone: tzinfo) -> str:
    """When it was, as a part of a sentence: people know the last hour by its minutes."""
    past = now_ms - at_ms
    if past >= HOUR:
        return f"at {clock_time(at_ms, now_ms, zone)}"
    minutes = past // MINUTE
    if minutes < 1:
        return "a moment ago"
    return "a minute ago" if minutes == 1 else f"{minutes} minutes ago"
