"""Whether Zoom's events have stopped coming, judged by their own pattern. Pure.

Theory of operation
-------------------
Zoom says nothing when it stops sending: not when its subscription is switched off, not when a proxy
in front of us fails. Only the silence itself can be noticed, and silence is ordinary at night, at
week-ends and in small accounts. So the feed is measured against itself.

Rule 1  Every delivery with a good signature counts, whatever it is and whomever it is about.
Rule 2  Each of the week's 168 hours (UTC) has a usual number of deliveries: a moving average of its
        last weeks (the newest counts a quarter). Averaged are square roots, so that an hour that is
        full in one week and empty in the next counts for little. Hours in which we did not listen
        all the time are not learnt; those of a silence are learnt once it is over, so that it is
        not measured against itself.
Rule 3  An hour promises no more than the hours before and after it do: people come later on some
        days, and an hour earlier or later when clocks change.
Rule 4  The feed is silent when nothing came for at least 15 minutes in which 12 deliveries were to
        be expected: of 160,000 such times one is empty by chance. A time that was always quiet
        expects nothing, so nights, week-ends and small accounts raise no alarm. A public holiday
        does: it costs asking Zoom, and teaches the pattern a quarter of itself.
Rule 5  An hour that is not known yet (the first week) promises a quarter of the quietest of the
        three hours before the silence, and that for three hours only. Otherwise nothing but four
        days of silence is an alarm there: longer than a week-end with a holiday.
Rule 6  A silence lasts until something is delivered.
Rule 7  Zoom validates the address every 72 hours ("Using webhooks", Zoom documentation). Where it
        did once and has not for 80 hours of listening, that is a warning of its own.

Times are epoch milliseconds of the Redis server's clock. If it is set back, the silence is shorter
than it is; if it is set forward, nothing was heard in between, and nothing is learnt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.clock import HOUR, MINUTE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DOUBT_AGAIN_MS = 5 * MINUTE
"""While the feed is silent, everyone is asked about so often at most."""
SLOTS = 168
ENOUGH = 12.0
"""Deliveries: if so many were to be expected, none is no coincidence (e to the -12th)."""
SHORTEST_MS = 15 * MINUTE
MEMORY_WEEKS = 4
RECENT_HOURS = 3
UNKNOWN_SHARE = 0.25
UNKNOWN_MS = 96 * HOUR
VALIDATION_LATE_MS = 80 * HOUR
LOOK_BACK_MS = 4 * SLOTS * HOUR
"""A longer silence promises nothing more: counting it hour by hour has to end somewhere."""


@dataclass(frozen=True, slots=True)
class Slot:
    """An hour of the week: the average square root of its deliveries, and of how many weeks.

    A pattern is a mapping of those that are known, by `slot_of`.
    """

    root: float = 0.0
    weeks: int = 0


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of the feed.

    `last_ms`: the last delivery (None: never one). `since_ms`: since when we listen without a
    break. `recent`: deliveries in the three whole hours before that of the last delivery.
    """

    last_ms: int | None = None
    since_ms: int | None = None
    recent: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """How the feed is doing, for metrics and cards. Times are epoch ms; None: never, or not so.

    `silent_since_ms`: the feed is silent, since its last delivery or since we listen again.
    `left`: people whom Zoom is still to be asked about (sync.feed.catch_up).
    """

    now_ms: int
    last_ms: int | None = None
    silent_since_ms: int | None = None
    validated_ms: int | None = None
    validation_missing: bool = False
    doubted_ms: int = 0
    left: int = 0

    @property
    def silent(self) -> bool:
        """Whether the feed's pattern does not explain its silence."""
        return self.silent_since_ms is not None

    @property
    def age_seconds(self) -> float | None:
        """Seconds since the last delivery; None before the first."""
        return _seconds(self.now_ms, self.last_ms)

    @property
    def validation_age_seconds(self) -> float | None:
        """Seconds since Zoom last validated the address; None: it never did."""
        return _seconds(self.now_ms, self.validated_ms)


def _seconds(now_ms: int, at_ms: int | None) -> float | None:
    return None if at_ms is None else max(0, now_ms - at_ms) / 1000


def hour_of(at_ms: int) -> int:
    """The number of an hour since the epoch."""
    return at_ms // HOUR


def slot_of(hour: int) -> int:
    """The place of an hour in the week."""
    return hour % SLOTS


def heard_whole(hour: int, *, since_ms: int | None, until_ms: int | None) -> bool:
    """Whether we listened all through an hour: since when, and until when at least (Rule 2)."""
    if since_ms is None or until_ms is None:
        return False
    return since_ms <= hour * HOUR and until_ms >= (hour + 1) * HOUR


def learn(slot: Slot | None, count: int) -> Slot:
    """Take an hour's deliveries into what is known of its place in the week (Rule 2)."""
    known = slot or Slot()
    weeks = min(known.weeks + 1, MEMORY_WEEKS)
    return Slot(known.root + (math.sqrt(count) - known.root) / weeks, weeks)


def remember(recent: Sequence[int], count: int) -> tuple[int, ...]:
    """Take an hour's deliveries into `Heard.recent`."""
    return (*recent, count)[-RECENT_HOURS:]


def expected(pattern: Mapping[int, Slot], heard: Heard, start_ms: int, end_ms: int) -> float:
    """How many deliveries were to be expected in a time, carefully (Rules 3 and 5)."""
    unknown_until = start_ms + RECENT_HOURS * HOUR
    unknown_rate = _recent_rate(heard)
    total, at, end_ms = 0.0, start_ms, min(end_ms, start_ms + LOOK_BACK_MS)
    while at < end_ms:
        until = min((hour_of(at) + 1) * HOUR, end_ms)
        rate = _promised(pattern, hour_of(at))
        if rate is None:
            total += unknown_rate * max(0, min(until, unknown_until) - at) / HOUR
        else:
            total += rate * (until - at) / HOUR
        at = until
    return total


def _promised(pattern: Mapping[int, Slot], hour: int) -> float | None:
    if slot_of(hour) not in pattern:
        return None
    near = (pattern.get(slot_of(hour + step)) for step in (-1, 0, 1))
    return min(slot.root for slot in near if slot is not None) ** 2


def _recent_rate(heard: Heard) -> float:
    known = len(heard.recent) == RECENT_HOURS
    return UNKNOWN_SHARE * min(heard.recent) if known else 0.0


def quiet_since(heard: Heard) -> int | None:
    """Since when nothing came although we listened; None: nothing can be said yet."""
    if heard.last_ms is None or heard.since_ms is None:
        return None
    return max(heard.last_ms, heard.since_ms)


def is_silent(now_ms: int, heard: Heard, pattern: Mapping[int, Slot]) -> bool:
    """Whether nothing came for longer than the feed's pattern explains (Rules 4 and 5)."""
    start = quiet_since(heard)
    if start is None or now_ms - start < SHORTEST_MS:
        return False
    if expected(pattern, heard, start, now_ms) >= ENOUGH:
        return True
    if now_ms - start < UNKNOWN_MS:
        return False
    hours = range(hour_of(start), hour_of(min(now_ms, start + SLOTS * HOUR)) + 1)
    return any(slot_of(hour) not in pattern for hour in hours)


def validation_missing(now_ms: int, *, validated_ms: int | None, since_ms: int | None) -> bool:
    """Whether Zoom's regular validation of the address stays away (Rule 7)."""
    if validated_ms is None or since_ms is None:
        return False
    return now_ms - max(validated_ms, since_ms) > VALIDATION_LATE_MS
