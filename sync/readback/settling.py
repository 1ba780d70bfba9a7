"""How long Microsoft takes to show what it was told: learnt, because nobody publishes it. Pure.

A look that is sent too soon after a write says nothing. Of each write that changes what is shown
two things are learnt: how long after it the last look still did not show it (its *lag*), and when
the first one did. The settle time follows the lags, not the latter: a look is not made sooner than
it, so each write would seem to take at least that long, and it could only ever rise.

Rule 1  It is the power of two of ms below which 95 of 100 lags are, from 1 to 30 seconds.
Rule 2  After every ADJUST writes it is found anew, and is never less than half of what it was:
        then the next looks tell whether that was too short.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sync.readback.status import DEFAULT_SETTLE_MS

if TYPE_CHECKING:
    from collections.abc import Callable

BUCKETS: Final = 17
"""The last holds all from 2**15 ms (33 s) on."""
SHORTEST_MS: Final = 1_000
LONGEST_MS: Final = 30_000
GIVEN_UP_MS: Final = 60_000
"""So long after a write it is not looked for any more: something stronger hides it."""
FIRST_LOOK_MS: Final = 2 * LONGEST_MS
"""A write that is first looked at later teaches nothing."""
ADJUST: Final = 40
MOST_WRITES: Final = 10_000
"""Writes whose look is awaited at one time."""
_SHARE: Final = 0.95


class Settling:
    """Both histograms, by powers of two of ms: bucket n holds what is below 2**n ms."""

    def __init__(self, settle_ms: int = DEFAULT_SETTLE_MS, lags: str = "", shows: str = "") -> None:
        self.settle_ms = min(max(settle_ms, SHORTEST_MS), LONGEST_MS)
        self._lags, self._shows = _load(lags), _load(shows)
        self._new = 0

    @property
    def lags(self) -> str:
        """As it is stored."""
        return ",".join(map(str, self._lags))

    @property
    def shows(self) -> str:
        """As it is stored."""
        return ",".join(map(str, self._shows))

    def learn(self, lag_ms: int, shown_ms: int) -> None:
        """A write did not show for `lag_ms` (0: the first look showed it), but at `shown_ms`."""
        if shown_ms > FIRST_LOOK_MS and lag_ms == 0:
            return
        self._lags[_bucket(lag_ms)] += 1
        self._shows[_bucket(shown_ms)] += 1
        self._new += 1
        if self._new >= ADJUST:
            self._adjust()

    def _adjust(self) -> None:
        self._new = 0
        found = _percentile(self._lags)
        self.settle_ms = min(max(found, self.settle_ms // 2, SHORTEST_MS), LONGEST_MS)
        self._lags = [count // 2 for count in self._lags]  # what is older counts less and less
        if sum(self._shows) > 1_000_000:
            self._shows = [count // 2 for count in self._shows]


def _bucket(ms: int) -> int:
    return min(max(ms, 0).bit_length(), BUCKETS - 1)


def _percentile(counts: list[int]) -> int:
    """Below how many ms the share of _SHARE is."""
    wanted, so_far = sum(counts) * _SHARE, 0
    for bucket, count in enumerate(counts):
        so_far += count
        if so_far >= wanted:
            return 1 << bucket
    return 1 << (BUCKETS - 1)


def _load(text: str) -> list[int]:
    """Read a histogram; one that we did not write is empty."""
    parts = text.split(",")
    good = all(part.isascii() and part.isdecimal() and len(part) < 10 for part in parts)
    return [int(part) for part in parts] if good and len(parts) == BUCKETS else [0] * BUCKETS


class _Write(NamedTuple):
    told_ms: int
    held: str
    lag_ms: int
    shown: bool


class Writes:
    """Writes of ours, until a look shows them. `observe` hears how long each took (seconds)."""

    def __init__(self, settling: Settling, observe: Callable[[float], object]) -> None:
        self._settling = settling
        self._observe = observe
        self._awaited: dict[str, _Write] = {}

    def __len__(self) -> int:
        return len(self._awaited)

    def look(
        self,
        object_id: str,
        before: str | None,
        words: str,
        sent_ms: int,
        *,
        told_ms: int,
        held: str,
    ) -> None:
        """A look saw these words, and so we held a session then: `told_ms` is when it was written.

        `before` is what was seen before. What was shown before the write teaches nothing.
        """
        known = self._awaited.get(object_id)
        if known is not None and known.told_ms == told_ms:
            self.again(object_id, words, sent_ms)
            return
        self._awaited.pop(object_id, None)
        age = sent_ms - told_ms
        if not held or before in {None, held} or not 0 < age <= FIRST_LOOK_MS:
            return
        if len(self._awaited) >= MOST_WRITES:
            self.drop(sent_ms)
            if len(self._awaited) >= MOST_WRITES:
                return
        self._awaited[object_id] = _Write(told_ms, held, 0, shown=False)
        self.again(object_id, words, sent_ms)

    def again(self, object_id: str, words: str, sent_ms: int) -> None:
        """A look saw these words, and no more is known."""
        known = self._awaited.get(object_id)
        if known is None or known.shown:
            return
        age = sent_ms - known.told_ms
        if age > GIVEN_UP_MS:
            del self._awaited[object_id]
        elif words == known.held:
            self._settling.learn(known.lag_ms, age)
            self._observe(age / 1000)
            self._awaited[object_id] = known._replace(shown=True)
        elif age > 0:
            self._awaited[object_id] = known._replace(lag_ms=age)

    def drop(self, now_ms: int) -> None:
        """Those that are too old are awaited no longer."""
        old = [oid for oid, it in self._awaited.items() if now_ms - it.told_ms > GIVEN_UP_MS]
        for oid in old:
            del self._awaited[oid]
