"""Watching Zoom's feed: learning its pattern, and noticing when it falls silent or comes back.

One process does it at a time (sync.feed.catch_up). What is decided is in domain.feed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from domain.clock import HOUR
from domain.feed import (
    DOUBT_AGAIN_MS,
    SLOTS,
    expected,
    heard_whole,
    hour_of,
    is_silent,
    learn,
    quiet_since,
    remember,
    slot_of,
    validation_missing,
)
from sync.feed.store import LONG_AWAY_MS, is_still_silent

if TYPE_CHECKING:
    from domain.feed import Slot
    from sync.feed.store import FeedState, FeedStore

log = structlog.get_logger()

LONGEST_LESSON = 4 * SLOTS
"""Hours that are learnt in one go: an older silence teaches nothing more."""


@dataclass(eq=False)
class FeedWatch:
    """Looks at the feed now and then."""

    store: FeedStore

    def __post_init__(self) -> None:
        self._away = False

    async def look(self) -> None:
        """Learn, judge, and doubt what is known where events are not to be relied on."""
        state, pattern = await self.store.read(), await self.store.pattern()
        pattern |= await self._learn(state, pattern)
        state = await self.store.read()
        await self._judge(state, pattern)
        await self._look_for_validation(state)

    async def _learn(self, state: FeedState, pattern: dict[int, Slot]) -> dict[int, Slot]:
        """Learn the hours before that of the last delivery. Returns what changed."""
        if state.last_ms is None:
            return {}
        until, recent = hour_of(state.last_ms), state.recent
        judged = until if state.judged is None else max(state.judged, until - LONGEST_LESSON)
        changed: dict[int, Slot] = {}
        for hour in range(judged, until):
            if heard_whole(hour, since_ms=state.since_ms, until_ms=state.beat_ms):
                slot, count = slot_of(hour), state.counts.get(hour, 0)
                changed[slot] = learn(changed.get(slot) or pattern.get(slot), count)
                recent = remember(recent, count)
            else:
                recent = ()
        if until != state.judged:  # it may have gone back with the clock
            over = [hour for hour in state.counts if not until <= hour <= until + 1]
            await self.store.learnt(until, recent, changed, over)
        return changed

    async def _judge(self, state: FeedState, pattern: dict[int, Slot]) -> None:
        if state.silent_ms is not None and not is_still_silent(state):
            log.info("zoom_feed_back", seconds=(state.now_ms - state.silent_ms) // 1000)
            await self.store.came_back((state.silent_ms, state.now_ms))
            return
        away = state.away_ms > LONG_AWAY_MS
        if away and not self._away:
            log.error("zoom_feed_unheard", seconds=state.away_ms // 1000)
        self._away = away
        since = quiet_since(state.heard)
        # Nobody listens: that nothing was heard says nothing of Zoom.
        judged = since is not None and not away and state.silent_ms is None
        if judged and since is not None and is_silent(state.now_ms, state.heard, pattern):
            log.error(
                "zoom_feed_silent",
                seconds=(state.now_ms - since) // 1000,
                expected=round(expected(pattern, state.heard, since, state.now_ms)),
            )
            await self.store.fell_silent(since)
            return
        unheard = away or state.silent_ms is not None
        over = state.swept_ms == state.doubted_ms
        if unheard and over and state.now_ms - state.doubted_ms >= DOUBT_AGAIN_MS:
            await self.store.doubt()

    async def _look_for_validation(self, state: FeedState) -> None:
        validated = state.validated_ms
        missing = validation_missing(state.now_ms, validated_ms=validated, since_ms=state.since_ms)
        if missing and validated is not None and state.warned_ms != validated:
            hours = (state.now_ms - validated) // HOUR
            log.warning("zoom_validation_missing", hours=hours)
            await self.store.warned(validated)
