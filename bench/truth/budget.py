"""The budget of Graph's requests (domain.budget) in memory: the twin of sync.engine.quota."""

from __future__ import annotations

import itertools
from collections import deque

from domain.budget import GRAPH_LIMITS, Grant, Limits
from domain.step import Lane


class BudgetTwin:
    """The budget of one tenant. Times are epoch milliseconds."""

    def __init__(self, limits: Limits = GRAPH_LIMITS) -> None:
        self.limits = limits
        self._cells: deque[tuple[int, list[int]]] = deque()
        self._used = [0] * len(Lane)
        self._short = [0] * len(Lane)
        self._paused_until = 0
        self._now_cell = 0

    def pause(self, now_ms: int, milliseconds: int) -> None:
        """Graph told the tenant to wait; never shortened."""
        self._paused_until = max(self._paused_until, now_ms + milliseconds)

    def take(self, now_ms: int, lane: Lane, count: int, *, follow: bool = False) -> Grant:
        """Ask for `count` requests of a lane; `follow`: who has sent one needs more."""
        limits, follow = self.limits, follow and lane is not Lane.FADE
        current = self._now_cell = self._advance(now_ms)
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
            others = used - self._used[Lane.URGENT]
            paced = limits.pace - sum(count for _, count in self._recent())
            room = min(room, limits.others - others, max(limits.unpaced - others, paced))
        return room

    def _recent(self) -> list[tuple[int, int]]:
        """What the less urgent lanes have used of each of the last cells."""
        first = self._now_cell - self.limits.pace_cells
        cells = itertools.takewhile(lambda cell: cell[0] > first, reversed(self._cells))
        return [(cell, count) for cell, uses in cells if (count := sum(uses[Lane.CHANGE :]))]

    def _wait(self, now_ms: int, lane: Lane, *, follow: bool) -> int:
        """Until the pause ends, a more urgent lane was served, or there is room again."""
        limits, used = self.limits, sum(self._used)
        until = self._paused_until
        if not follow:
            until = max([until, *self._short[:lane]])
        full = [used >= (limits.limit if follow else limits.total)]
        lanes = [range(len(Lane))]
        if lane > Lane.URGENT and not follow:
            others = used - self._used[Lane.URGENT]
            full.append(others >= limits.others)
            lanes.append(range(Lane.CHANGE, len(Lane)))
            recent = self._recent()
            if others >= limits.unpaced and sum(count for _, count in recent) >= limits.pace:
                until = max(until, (recent[-1][0] + limits.pace_cells) * limits.cell_ms)
        for is_full, counted in zip(full, lanes, strict=True):
            if is_full:
                first = next(cell for cell, uses in self._cells if any(uses[k] for k in counted))
                until = max(until, (first + limits.cells + 1) * limits.cell_ms)
        return max(1, until - now_ms)
