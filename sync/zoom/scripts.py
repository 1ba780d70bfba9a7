"""The script of turns at Zoom."""

from sync.redis.keys import Key
from sync.redis.scripts import CLOCK, script
from sync.zoom.turns import FORGOTTEN_AFTER


@script(head=CLOCK, constants={"KEPT_MS": int(FORGOTTEN_AFTER * 1000)})
def zoom_turn(*, following: Key, turns: Key, who: str, gap_ms: int, ahead_ms: int) -> int:
    """Whose turn it is to be asked about at Zoom: sync.zoom.turns, for all processes together.

    `gap_ms` between two turns; `ahead_ms`: how far a quiet time may be made up for. Returns the
    milliseconds until their turn; 0: it is now, and taken.
    """
