"""How Graph's budget of presence requests is shared between the lanes. Pure.

Graph allows an application 1,500 presence requests per 30 seconds and tenant (documentation,
"Throttling limits", cloud communication). Looks count too: the limit names the resource.

Rule 1  In no window are there more requests than Graph allows, whoever sends them.
Rule 2  While somebody of a lane waits, less urgent lanes get nothing.
Rule 3  A sixth is kept for URGENT: the other lanes together never use more than the rest, so that
        people who enter or leave a meeting do not wait for keep-alives sent just before. And once
        they have used half, they are paced: else they would spend a window in seconds and then all
        stand still together, whoever comes.
Rule 4  What a reconciliation needs beyond its first request (a look, then a write) may use a small
        overdraft that first requests leave free: else a look could be paid for again and again, and
        the write that it was for never sent. Not FADE: a keep-alive is not worth it. Looks at many
        people at once are taken from it, too: one a second that never waits for any lane.

`sync/engine/lua/quota.lua` follows them: all workers share one budget, on the clock of the Redis
server. A property test holds it equal to what simulations run (bench.truth.budget).
"""

from typing import NamedTuple, Self

LIMIT = 1500
WINDOW_MS = 30_000
CELL_MS = 250
"""Requests are counted in cells of this length; one counts until its whole cell is out."""
MARGIN_CELLS = 2
"""A request reaches Graph a moment after it was granted, and the next ones perhaps sooner: cells
count for this much longer, so that Graph's own window is not passed either."""
PACE_CELLS = 4
"""The pace of the less urgent lanes is of so many cells: a second."""
GRACE_CELLS = 2
"""How long after its wait a lane is kept free before less urgent ones may go on."""


class Limits(NamedTuple):
    """What may be used in one window, as the script in Redis takes it. Made by `of`.

    Of `limit` requests `total` may be the first of a reconciliation (Rule 4), `others` of those of
    all lanes but URGENT, of which at most `pace` in `pace_cells` once there were `unpaced` (Rule
    3). A request counts for `cells` after its own, and a lane that waited goes before less urgent
    ones for `grace_ms` longer.
    """

    limit: int
    total: int
    others: int
    unpaced: int
    pace: int
    pace_cells: int
    cell_ms: int
    cells: int
    grace_ms: int

    @classmethod
    def of(cls, limit: int = LIMIT, window_ms: int = WINDOW_MS, cell_ms: int = CELL_MS) -> Self:
        """Share out so many requests in a window."""
        total = limit - limit // 50
        return cls(
            limit=limit,
            total=total,
            others=total - limit // 6,
            unpaced=limit // 2,
            pace=max(1, limit * 4 // 5 * PACE_CELLS * cell_ms // window_ms),
            pace_cells=PACE_CELLS,
            cell_ms=cell_ms,
            cells=window_ms // cell_ms + MARGIN_CELLS,
            grace_ms=GRACE_CELLS * cell_ms,
        )

    @property
    def window_ms(self) -> int:
        """How long Graph's window is."""
        return (self.cells - MARGIN_CELLS) * self.cell_ms


GRAPH_LIMITS = Limits.of()


class Grant(NamedTuple):
    """How many requests may be sent now, when the others (ms), and the share in use, in [0, 1]."""

    granted: int
    wait_ms: int
    used: float
