"""The room of Zoom's API, put together."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync.zoom.slots import Pace, ZoomSlots
from sync.zoom.webhook import ZoomAccount

if TYPE_CHECKING:
    from sync.redis.connection import Client
    from sync.redis.scripts import Scripts
    from sync.zoom.api import ZoomApi


@dataclass(frozen=True, slots=True)
class ZoomRoom:
    """Zoom's API (None: it can't be asked), whose events count, and how fast it is asked.

    All processes take `slots` to ask about people; long readings go at this process's `pace`.
    """

    api: ZoomApi | None
    account: ZoomAccount
    slots: ZoomSlots
    pace: Pace
    per_second: float | None


def wire(
    api: ZoomApi | None,
    redis: Client,
    scripts: Scripts,
    *,
    account_id: str | None,
    per_second: float,
    burst: int,
) -> ZoomRoom:
    """Put it together. `account_id` as the settings name it; requests a second, and at once."""
    return ZoomRoom(
        api,
        ZoomAccount(redis, configured=account_id),
        ZoomSlots(scripts, per_second, burst=burst),
        Pace(per_second, monotonic=time.monotonic),
        None if api is None else per_second,
    )
