"""What the control centre says when Zoom's events stay away."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING

from domain.clock import MINUTE
from domain.feed import DOUBT_AGAIN_MS
from wording.figures import clock_time

if TYPE_CHECKING:
    from datetime import tzinfo

    from domain.feed import FeedHealth

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def feed_words(health: FeedHealth, zone: tzinfo, connected: int, per_second: float | None) -> str:
    """What an admin must know of the feed, and what to do; empty when all is well.

    `connected`: how many people are connected. `per_second`: how many of them Zoom is asked about;
    None: it can't be asked.
    """
    now = health.now_ms
    if health.silent and health.last_ms is not None:
        since = clock_time(health.last_ms, now, zone)
        lag = lag_minutes(connected, per_second)
        meanwhile = (
            "I can’t ask Zoom instead, because ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and "
            "ZOOM_CLIENT_SECRET aren’t set. What Microsoft shows may be wrong."
            if lag is None
            else "In the meantime I ask Zoom about everyone who’s connected, so presence may be up "
            f"to {lag} minutes late."
        )
        return (
            f"Zoom has sent nothing since {since}, which is unusual for "
            f"{_time_of_week(now, zone)}. {meanwhile} What to do: in the Zoom App Marketplace, "
            "check that the app’s event subscription is on and that its address validates."
        )
    if health.validation_missing and health.validated_ms is not None:
        return (
            "Zoom last validated this bot’s address at "
            f"{clock_time(health.validated_ms, now, zone)}, though it should do so every 3 "
            "days. After 6 failures it stops sending events. What to do: open the Zoom app in the "
            "Zoom App Marketplace and validate the address of its event subscription."
        )
    return ""


def lag_minutes(connected: int, per_second: float | None) -> int | None:
    """How many minutes may pass before Zoom is asked about somebody again; None: it can't be."""
    if per_second is None:
        return None
    sweep = math.ceil(connected / per_second / 60)
    return DOUBT_AGAIN_MS // MINUTE + sweep


def _time_of_week(now_ms: int, zone: tzinfo) -> str:
    """As people say it: a Tuesday morning."""
    now = datetime.fromtimestamp(now_ms / 1000, tz=zone)
    parts = ((5, "night"), (12, "morning"), (18, "afternoon"), (22, "evening"))
    part = next((name for end, name in parts if now.hour < end), "night")
    return f"a {_DAYS[now.weekday()]} {part}"
