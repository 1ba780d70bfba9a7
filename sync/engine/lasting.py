"""How long Zoom's states last, counted for everybody together (domain.lasting).

Each process counts in memory what its events say, and adds it to a row of the week that all share.
Nothing in it says whose a state was; a row ends by itself after three weeks.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Final

from domain.clock import HOUR
from domain.lasting import BUCKETS, bucket_of
from domain.presence import ZoomPresence
from sync.redis import keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sync.redis.connection import Client

ADDED_SECONDS: Final = 60.0
"""What was counted is added after this."""
WEEK_MS: Final = 7 * 24 * HOUR
_PRESENCES: Final = {presence.value: presence for presence in ZoomPresence}


@dataclass(eq=False)
class Lasting:
    """One per process. `monotonic` gives seconds."""

    client: Client
    _: KW_ONLY
    monotonic: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._new = Counter[str]()
        self._added = self.monotonic()

    async def ended(self, presence: str, lasted_ms: int, now_ms: int) -> None:
        """Somebody's state ended, after so long. Raises REDIS_TROUBLE, once in a while."""
        if presence not in _PRESENCES or lasted_ms < 0:
            return
        self._new[f"{presence}:{bucket_of(lasted_ms)}"] += 1
        if self.monotonic() - self._added < ADDED_SECONDS:
            return
        self._added, new = self.monotonic(), self._new
        self._new = Counter()
        key = keys.lasting(str(now_ms // WEEK_MS))
        pipe = self.client.pipeline(transaction=False)
        for field, count in new.items():
            pipe.hincrby(key, field, count)
        pipe.expire(key, keys.LASTING_TTL)
        await pipe.execute()

    async def counts(self, now_ms: int) -> dict[ZoomPresence, list[int]]:
        """By state, how often it lasted how long, this week and the last. Raises REDIS_TROUBLE."""
        week, found = now_ms // WEEK_MS, dict[ZoomPresence, list[int]]()
        for each in (week, week - 1):
            _add(found, await self.client.hgetall(keys.lasting(str(each))))
        return found


def _add(found: dict[ZoomPresence, list[int]], row: Mapping[str, str]) -> None:
    """Add a row. A field that we did not write is passed over."""
    for field, count in row.items():
        name, _, place = field.partition(":")
        numbers = all(it.isascii() and it.isdecimal() and len(it) < 12 for it in (place, count))
        if name in _PRESENCES and numbers and int(place) < BUCKETS:
            found.setdefault(_PRESENCES[name], [0] * BUCKETS)[int(place)] += int(count)
