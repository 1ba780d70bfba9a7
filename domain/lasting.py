"""How long Zoom's states usually last, over everybody: never of one person. Pure.

Of each state it is counted how often it lasted how long, in a few buckets. What is older than most
ever get is likely to be over without our knowing, and worth a question (domain.freshness).
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from domain.clock import MINUTE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.presence import ZoomPresence

EDGES_MS: Final = tuple(
    minutes * MINUTE for minutes in (1, 2, 4, 6, 9, 13, 20, 30, 45, 60, 90, 120, 240)
)
"""What lasted at most so long is in a bucket; one more holds all that lasted longer."""
BUCKETS: Final = len(EDGES_MS) + 1
USUAL: Final = 0.8
"""The share of states that end within what is usual."""
FEWEST: Final = 200
"""With fewer that ended, nothing is usual."""
FEWEST_PEOPLE: Final = 20
"""With fewer people it would be what is usual of one of them."""


def bucket_of(lasted_ms: int) -> int:
    """Which bucket holds what lasted so long."""
    return bisect_left(EDGES_MS, lasted_ms)


def usual_ms(counts: Mapping[ZoomPresence, Sequence[int]], people: int) -> dict[ZoomPresence, int]:
    """How long each state usually lasts at most; one that is not known is left out.

    `counts`: of each state by bucket. `people`: who are connected.
    """
    if people < FEWEST_PEOPLE:
        return {}
    found = {presence: _usual(each) for presence, each in counts.items() if sum(each) >= FEWEST}
    return {presence: ms for presence, ms in found.items() if ms is not None}


def _usual(counts: Sequence[int]) -> int | None:
    wanted, so_far = sum(counts) * USUAL, 0
    for edge, count in zip(EDGES_MS, counts, strict=False):
        so_far += count
        if so_far >= wanted:
            return edge
    return None
