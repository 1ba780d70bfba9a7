"""The script of the feed's watch."""

from domain.clock import HOUR
from sync.redis.keys import Key
from sync.redis.scripts import CLOCK, script

AWAY_MS = 60_000
"""So long no web process showed itself: Zoom's events were lost. A rolling restart is shorter."""


@script(head=CLOCK, constants={"AWAY_MS": AWAY_MS, "HOUR": HOUR})
def feed_note(*, state: Key, deliveries: int, validations: int) -> int:
    """A web process is there, and this is what it heard since it last said so.

    Returns for how long no web process was there (ms; 0: they were, -1: there never was).
    """
