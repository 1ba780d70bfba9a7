"""The room of Zoom's API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sync.zoom.api import ZoomApi
    from sync.zoom.slots import Pace, ZoomSlots
    from sync.zoom.webhook import ZoomAccount


@dataclass(frozen=True, slots=True)
class ZoomRoom:
    """Zoom's API (None: it can't be asked), whose events count, and how fast it is asked.

    All processes take `slots` to ask about people; long readings go at this process's `pace`.
    `per_second`: requests, None where it can't be asked.
    """

    api: ZoomApi | None
    account: ZoomAccount
    slots: ZoomSlots
    pace: Pace
    per_second: float | None
