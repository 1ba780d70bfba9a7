"""The budget of Graph's requests (domain.budget) in memory: the twin of sync.engine.quota."""

from __future__ import annotations

from collections import deque

from domain.budget import GRAPH_LIMITS, Grant, Limits
from domain.plan import Lane


class BudgetTwin:
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
            self._short[lane] = now_ms + wait + limits.grace_ms
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
