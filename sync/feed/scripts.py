"""The script of the feed's watch."""

from domain.clock import HOUR
from sync.redis.keys import Key
from sync.redis.scripts import CLOCK, script

AWAY_MS = 60_000
"""So long no web process showed itself: Zoom's events were lost. A rolling restart is shorter."""


@script(head=CLOCK, constants={"AWAY_MS": AWAY_MS, "HOUR": HOUR})
def feed_note(*, state: Key, deliveries: int, validations: int) -> int:
    """A web process is there and heard so much. Returns what `FeedStore.note` does."""
