"""What Microsoft holds of us: what it has accepted, beside what is being attempted. Pure.

Of one kind (session or preferred status) Microsoft holds at most one thing. While every answer is
heard, what we told and what it accepted are the same. A failure, or a worker that died, leaves an
*attempt*: Microsoft may hold it or not. It must be planned for as if it were there, and nobody may
be told that it is.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from domain.presence import Pair


class Layer(Enum):
    """Our session, or over it the preferred status, which otherwise the person sets."""

    SESSION = "session"
    PREFERRED = "preferred"


class Accepted(NamedTuple):
    """What Microsoft said yes to, when, and until when it holds it by itself (epoch ms)."""

    pair: Pair
    at_ms: int
    until_ms: int


class Held(NamedTuple):
    """What Microsoft may hold of us, since when, and until when at the latest (epoch ms).

    `sure` is false where its answer was never heard or was no: then this is what was attempted
    last (to set it, or to end it); it may be there or not, and after a crash it may be another
    pair. It must be written again to count, and cleared if it is not wanted. `before` is what was
    accepted before that attempt.
    """

    pair: Pair
    told_ms: int
    until_ms: int
    sure: bool = True
    before: Accepted | None = None

    @property
    def accepted(self) -> Accepted | None:
        """What Microsoft accepted last, be it over by now; None: nothing that counts."""
        return Accepted(self.pair, self.told_ms, self.until_ms) if self.sure else self.before


def attempt(pair: Pair, now_ms: int, until_ms: int, before: Held | None) -> Held:
    """What may be held from the moment on in which Microsoft is told something else.

    `until_ms`: when that would end by itself; what was held before may last longer.
    """
    if before is not None:
        until_ms = max(until_ms, before.until_ms)
    return Held(pair, now_ms, until_ms, False, None if before is None else before.accepted)
