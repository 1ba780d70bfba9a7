"""Times as people say them, and the reasons for which nothing is tried for somebody. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from wording.trouble import TROUBLES

if TYPE_CHECKING:
    from datetime import tzinfo


def clock_time(at_ms: int, now_ms: int, zone: tzinfo) -> str:
    """A time as people say it: 14:02, or Nov 21, 14:02 on another day; UTC is named."""
    at, now = (datetime.fromtimestamp(ms / 1000, tz=zone) for ms in (at_ms, now_ms))
    text = f"{at:%H:%M}" if at.date() == now.date() else f"{at:%b} {at.day}, {at:%H:%M}"
    return f"{text} UTC" if zone is UTC else text


def parked_for(trouble: str | None) -> str | None:
    """The reason (a key of wording.trouble) why nothing is tried for somebody; None: it is."""
    return trouble if trouble in TROUBLES else None
