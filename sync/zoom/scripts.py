"""The script of slots in Zoom's request queue."""

from typing import Final

from sync.redis.keys import Key
from sync.redis.scripts import CLOCK, script

FORGOTTEN_AFTER: Final = 60.0
"""Seconds after which a slot that nobody took is given up: something else came meanwhile."""


@script(head=CLOCK, constants={"KEPT_MS": int(FORGOTTEN_AFTER * 1000)})
def zoom_slot(*, following: Key, slots: Key, who: str, gap_ms: int, ahead_ms: int) -> int:
    """Somebody's slot at Zoom, for all processes together (sync.zoom.slots).

    `gap_ms` between two slots; `ahead_ms`: how far a quiet time may be made up for. Returns the
    milliseconds until their slot; 0: it is now, and taken.
    """
