"""The time zone of whoever wrote, from what their client says of it. Pure.

Clients differ: most send an IANA name as `localTimezone`, some in another case or an old name, some
Windows' name or an offset, and some nothing but the offset of `localTimestamp`. Teams repeats the
name in an entity of type `clientInfo`.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, timedelta, timezone, tzinfo
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.teams.shapes import objects_at, text_at
from bot.teams.windows_zones import WINDOWS_ZONES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_ENTITIES: Final = 64
"""Entities of an activity that are looked at; Teams sends a handful."""

_LONGEST_NAME = 100
_FARTHEST = timedelta(hours=14)
"""No clock on Earth is further from UTC (Line Islands)."""

_ZONES: Final = {
    # Windows still knows these two; CLDR has dropped them.
    "kamchatka standard time": "Asia/Kamchatka",
    "mid-atlantic standard time": "Etc/GMT+2",
    **{name.casefold(): zone for name, zone in WINDOWS_ZONES.items()},
    # Read once, at import: `zoneinfo.available_timezones` opens every file of the system's.
    **{name.casefold(): name for name in files("tzdata").joinpath("zones").read_text().split()},
}
_OFFSET_NAME = re.compile(
    r"\(?(?:utc|gmt)?\s?([+-]\d{1,2}(?::?\d{2}(?::00)?)?)(?:[) ].*)?", re.ASCII
)
_OFFSET = re.compile(r"([+-])(\d{1,2})(?::?(\d{2}))?(?::00)?", re.ASCII)
_STAMP = re.compile(
    r"\d{4}-\d\d-\d\d[tT ][0-9:.,]{4,24} ?([+-]\d\d(?::?\d\d)?)(?:\[([^]]{1,100})\])?", re.ASCII
)
"""The zone's name in brackets is from RFC 9557, as Java writes it."""
_WRITTEN = str.maketrans(
    dict.fromkeys("−‐‑–—", "-") | dict.fromkeys("\u200e\u200f\u061c\u2068\u2069")
)
"""Signs of minus, and the marks of direction that come with offsets in some languages."""


def zone_of(activity: Mapping[str, Any]) -> tzinfo:
    """The time zone in which the sender of an activity reads clocks; UTC when nothing tells."""
    for name in _names(activity):
        zone = zone_named(name)
        if zone is not None:
            return zone
    told = _STAMP.fullmatch(_plain(text_at(activity, "localTimestamp")[:_LONGEST_NAME]))
    if told is None:
        return UTC
    return (zone_named(told[2]) if told[2] else None) or _offset(told[1]) or UTC


@lru_cache(maxsize=1024)
def zone_named(name: str) -> tzinfo | None:
    """The zone of an IANA name in any case, a Windows name, or an offset such as GMT+05:30."""
    spoken = _plain(name).casefold()
    standard = re.sub(r" (?:daylight|summer) time\b", " standard time", spoken)
    for known in (spoken, spoken.replace(" ", "_"), standard):
        if known in _ZONES:
            try:
                return ZoneInfo(_ZONES[known])
            except (ZoneInfoNotFoundError, ValueError, OSError):
                return None
    told = _OFFSET_NAME.fullmatch(spoken)
    return _offset(told[1]) if told else None


def _plain(text: str) -> str:
    wide = unicodedata.normalize("NFKC", text[:_LONGEST_NAME])
    return " ".join(wide.translate(_WRITTEN).split())


def _names(activity: Mapping[str, Any]) -> Iterator[str]:
    entities = objects_at(activity, "entities", MOST_ENTITIES)
    clients = [entity for entity in entities if entity.get("type") == "clientInfo"]
    stated = [text_at(activity, "localTimezone"), *(text_at(c, "timezone") for c in clients)]
    return (name for name in stated if 0 < len(name) <= _LONGEST_NAME)  # they are kept in memory


def _offset(text: str) -> tzinfo | None:
    """A zone that is always as far from UTC as +05:30 says; None for what no clock shows."""
    told = _OFFSET.fullmatch(text)
    if told is None:
        return None
    away = timedelta(hours=int(told[2]), minutes=int(told[3] or 0))
    if away > _FARTHEST or int(told[3] or 0) > 59:
        return None
    if not away:
        return UTC
    return timezone(away if told[1] == "+" else -away)
