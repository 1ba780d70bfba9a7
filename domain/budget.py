"""How Graph's budget of presence requests is shared between the lanes. Pure.

Graph allows an application 1,500 presence requests per 30 seconds and tenant (documentation,
"Throttling limits", cloud communication). Looks count too: the limit names the resource.

Rule 1  In no window are there more requests than Graph allows, whoever sends them.
Rule 2  While somebody of a lane waits, less urgent lanes get nothing.
Rule 3  A fifth is kept for URGENT: the other lanes together never use more than the rest, so that
        whoever enters or leaves a meeting need not wait for keep-alives that were sent just now.
Rule 4  FADE never uses more than a third if anybody else had to wait within the last minute; in
        quieter times half, which nobody misses. What is due beyond it is left out (shed).
Rule 5  What a reconciliation needs beyond its first request (a look, then a write) may use a small
        overdraft that first requests leave free: else a look could be paid for again and again, and
        the write that it was for never sent. Not FADE: a keep-alive is not worth it.

The same rules stand in `sync/engine/lua/quota.lua`, where all workers share one budget on the clock
of the Redis server; a property test holds the two equal. Simulations run this one.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from domain.plan import Lane

LIMIT = 1500
WINDOW_MS = 30_000
CELL_MS = 250
"""Requests are counted in cells of this length; one counts until its whole cell is out."""
MARGIN_CELLS = 2
"""A request reaches Graph a moment after it was granted, and the next ones perhaps sooner: cells
count for this much longer, so that Graph's own window is not passed either."""
GRACE_CELLS = 2
"""How long after its wait a lane is kept free before less urgent ones may go on."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be used in one window."""

    limit: int = LIMIT
    window_ms: int = WINDOW_MS
    cell_ms: int = CELL_MS

    @property
    def overdraft(self) -> int:
        """Kept for what a reconciliation needs beyond its first request (Rule 5)."""
        return self.limit // 50

    @property
    def total(self) -> int:
        """First requests of all lanes."""
        return self.limit - self.overdraft

    @property
    def others(self) -> int:
        """First requests of all lanes but URGENT (Rule 3)."""
        return self.total - self.limit // 5

    @property
    def fade(self) -> int:
        """Requests of FADE while others wait (Rule 4)."""
        return self.limit // 3

    @property
    def fade_in_quiet(self) -> int:
        """Requests of FADE otherwise."""
        return self.limit // 2

    @property
    def quiet_ms(self) -> int:
        """How long nobody had to wait in quiet times: two windows."""
        return 2 * self.window_ms

    @property
    def cells(self) -> int:
        """For how many cells after its own a request counts."""
        return self.window_ms // self.cell_ms + MARGIN_CELLS


GRAPH_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Grant:
    """How many requests may be sent now; if fewer than asked, when to ask again (ms).

    `used` is the share of the limit that is in use, in [0, 1].
    """

    granted: int
    wait_ms: int
    used: float


class Budget:
    """The budget of one tenant. Times are epoch milliseconds."""

    def __init__(self, limits: Limits = GRAPH_LIMITS) -> None:
        self.limits = limits
        self._cells: deque[tuple[int, list[int]]] = deque()
        self._used = [0] * len(Lane)
        self._short = [0] * len(Lane)
        self._paused_until = 0
        self._waited = 0

    def pause(self, now_ms: int, milliseconds: int) -> None:
        """Graph told the tenant to wait; never shortened."""
        self._paused_until = max(self._paused_until, now_ms + milliseconds)

    def take(self, now_ms: int, lane: Lane, count: int, *, follow: bool = False) -> Grant:
        """Ask for `count` requests of a lane; `follow`: who has sent one needs more."""
        limits, follow = self.limits, follow and lane is not Lane.FADE
        current = self._advance(now_ms)
        room = self._room(now_ms, lane, follow=follow)
        granted = max(0, min(count, room))
        if granted > 0:
            if not self._cells or self._cells[-1][0] != current:
                self._cells.append((current, [0] * len(Lane)))
            self._cells[-1][1][lane] += granted
            self._used[lane] += granted
        wait = 0
        if granted < count:
            wait = self._wait(now_ms, lane, follow=follow)
            self._short[lane] = now_ms + wait + GRACE_CELLS * limits.cell_ms
            if lane is not Lane.FADE:
                self._waited = now_ms
        elif count > 0:
            self._short[lane] = 0
        return Grant(granted, wait, sum(self._used) / limits.limit)

    def _advance(self, now_ms: int) -> int:
        """Let old cells go; returns the current one. The clock may step back a little."""
        current = now_ms // self.limits.cell_ms
        if self._cells:
            last = self._cells[-1][0]
            if last - current > self.limits.cells:
                self._cells.clear()  # the clock was set: nothing before counts
                self._used = [0] * len(Lane)
                self._short = [0] * len(Lane)
                self._waited = 0
            else:
                current = max(current, last)
        while self._cells and self._cells[0][0] < current - self.limits.cells:
            for lane, count in enumerate(self._cells.popleft()[1]):
                self._used[lane] -= count
        return current

    def _room(self, now_ms: int, lane: Lane, *, follow: bool) -> int:
        if now_ms < self._paused_until:
            return 0
        limits, used = self.limits, sum(self._used)
        if follow:
            return limits.limit - used
        if any(until > now_ms for until in self._short[:lane]):
            return 0
        room = limits.total - used
        if lane > Lane.URGENT:
            room = min(room, limits.others - (used - self._used[Lane.URGENT]))
        if lane is Lane.FADE:
            room = min(room, self._fade(now_ms) - self._used[Lane.FADE])
        return room

    def _fade(self, now_ms: int) -> int:
        quiet = now_ms - self._waited > self.limits.quiet_ms
        return self.limits.fade_in_quiet if quiet else self.limits.fade

    def _wait(self, now_ms: int, lane: Lane, *, follow: bool) -> int:
        """Until the pause ends, a more urgent lane was served, or there is room again."""
        limits, used = self.limits, sum(self._used)
        until = self._paused_until
        if not follow:
            until = max([until, *self._short[:lane]])
        full = [used >= (limits.limit if follow else limits.total)]
        lanes = [range(len(Lane))]
        if lane > Lane.URGENT and not follow:
            full.append(used - self._used[Lane.URGENT] >= limits.others)
            lanes.append(range(Lane.CHANGE, len(Lane)))
        if lane is Lane.FADE and not follow:
            full.append(self._used[Lane.FADE] >= self._fade(now_ms))
            lanes.append(range(Lane.FADE, len(Lane)))
        for is_full, counted in zip(full, lanes, strict=True):
            if is_full:
                first = next(cell for cell, uses in self._cells if any(uses[k] for k in counted))
                until = max(until, (first + limits.cells + 1) * limits.cell_ms)
        return max(1, until - now_ms)
