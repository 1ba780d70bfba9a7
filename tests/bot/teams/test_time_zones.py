"""The time zone of whoever wrote, from what their client says of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.teams.time_zones import zone_named, zone_of
from bot.teams.windows_zones import WINDOWS_ZONES

pytestmark = pytest.mark.unit

INDIA = timedelta(hours=5, minutes=30)


def away(activity: dict[str, Any]) -> timedelta | None:
    """How far from UTC the sender's clocks are in January."""
    return zone_of(activity).utcoffset(datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None))


def client(**fields: object) -> list[Any]:
    return [{"type": "clientInfo", "locale": "en-IN", "country": "IN"} | fields]


@pytest.mark.parametrize(
    "activity",
    [
        {"localTimezone": "Asia/Kolkata"},
        {"localTimezone": "asia/calcutta"},
        {"localTimezone": "ASIA/KOLKATA"},
        {"localTimezone": " Asia/Kolkata\u00a0"},
        {"localTimezone": "India Standard Time"},
        {"localTimezone": "india standard time"},
        {"localTimezone": "India Daylight Time"},
        {"localTimezone": "GMT+05:30"},
        {"localTimezone": "GMT+5:30"},
        {"localTimezone": "gmt +0530"},
        {"localTimezone": "UTC+05:30"},
        {"localTimezone": "+05:30"},
        {"localTimezone": "(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi"},
        {"localTimezone": "GMT+0530 (India Standard Time)"},
        {"localTimezone": "\u200eGMT\u200e+\u200e05:30"},
        {"localTimezone": "ＧＭＴ＋０５：３０"},
        {"localTimezone": "+05:30:00"},
        {"localTimezone": "Asia/Kolkata\u200e"},
        {"localTimestamp": "2026-01-01T17:30:00+05:30[Asia/Kolkata]"},
        {"localTimestamp": "2026-01-01T17:30:00+05:30[Nowhere/City]"},
        {"localTimestamp": "2026-01-01T17:30:00.000\u00a0+0530 "},
        {"entities": client(timezone="Asia/Kolkata")},
        {"localTimezone": None, "entities": [7, {}, *client(timezone="India Standard Time")]},
        {"localTimezone": "Nowhere/City", "entities": client(timezone="asia/kolkata")},
        {"localTimestamp": "2026-01-01T17:30:00.000+05:30"},
        {"localTimestamp": "2026-01-01T17:30:00.0000000+05:30"},
        {"localTimestamp": "2026-01-01T17:30:00+0530", "localTimezone": ""},
        {
            "localTimestamp": "2026-01-01T17:30:00+05:30",
            "localTimezone": "IST",
            "entities": client(timezone=None),
        },
    ],
)
def test_the_zone_is_found_however_it_is_said(activity: dict[str, Any]) -> None:
    assert away(activity) == INDIA


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        ("GMT-03:30", -3.5),
        ("UTC−8", -8),
        ("utc-11", -11),
        ("UTC–08:00", -8),
        ("UTC‑08:00", -8),
        ("-08:00:00", -8),
        ("Kamchatka Standard Time", 12),
        ("Mid-Atlantic Standard Time", -2),
        ("UTC+12", 12),
        ("Etc/GMT+5", -5),  # IANA counts these to the west
        ("GMT", 0),
        ("Z", None),
        ("UTC", 0),
        ("America/New York", -5),
        ("Pacific Daylight Time", -8),
        ("W. Europe Standard Time", 1),
        ("GMT+14:00", 14),
        ("GMT+15:00", None),
        ("GMT+05:75", None),
        ("GMT+99:99", None),
        ("../../etc/passwd", None),
        ("Asia", None),
        ("", None),
    ],
)
def test_names_and_offsets(name: str, hours: float | None) -> None:
    zone = zone_named(name)
    if hours is None:
        assert zone is None
    else:
        assert zone is not None
        winter = datetime(2026, 1, 1, tzinfo=zone)
        assert winter.utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize(
    "activity",
    [
        {},
        {"localTimezone": 7, "entities": "x", "localTimestamp": None},
        {"localTimestamp": "2026-01-01T17:30:00"},
        {"localTimestamp": "2026-01-01T17:30:00Z"},
        {"localTimestamp": "2026-01-01T17:30:00+99:99"},
        {"localTimezone": "x" * 200_000},
        {"localTimezone": "Europe/Stockholm" + " " * 100},
        {"entities": [{"type": "clientInfo"}, {"type": "clientInfo", "timezone": ["x"]}]},
    ],
)
def test_where_nothing_tells_it_is_utc(activity: dict[str, Any]) -> None:
    assert zone_of(activity) is UTC


def test_a_name_knows_of_summer_and_goes_before_an_offset() -> None:
    activity = {
        "localTimezone": "europe/stockholm",
        "localTimestamp": "2026-07-01T14:00:00+05:30",
        "entities": client(timezone="Asia/Kolkata"),
    }
    assert zone_of(activity) == ZoneInfo("Europe/Stockholm")


def test_what_is_far_too_long_is_not_kept() -> None:
    before = zone_named.cache_info().currsize
    for n in range(20):
        zone_of({"localTimezone": "x" * 200_000 + str(n)})
    assert zone_named.cache_info().currsize == before


@pytest.mark.parametrize("name", WINDOWS_ZONES)
def test_every_windows_name_leads_to_a_zone(name: str) -> None:
    assert zone_named(name.upper()) is not None


@given(st.text(max_size=60) | st.from_regex(r"\(?(GMT|UTC)?[+-]?\d{0,3}:?\d{0,3}", fullmatch=True))
def test_no_name_breaks_anything(name: str) -> None:
    zone = zone_of(
        {"localTimezone": name, "localTimestamp": name, "entities": client(timezone=name)}
    )
    datetime.fromtimestamp(1_800_000_000, tz=zone)
