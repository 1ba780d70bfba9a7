"""The schedulers that a simulated day compares: ours, simpler ones, and the bounds of any."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bench.truth.scheduler import NEWEST, OLDEST, OURS


@dataclass(frozen=True, slots=True)
class Scheduler:
    """How people are taken, and what stands in the way.

    `limited`: by Graph's budget and Zoom's turns. `faults`: webhooks are late, lost, repeated.
    `believe`: whoever must wait for Zoom is planned meanwhile with what is known.
    `orders`, `lanes`, `keep_place` as in Queue. `looks_per_second`: Microsoft is read back.
    `asks`: Zoom is asked as often as its pace allows (domain.freshness), `zoom_per_second` at most.
    `late_ms`: how old what a look shows is. `knows`: looks show everybody at once and cost nothing.
    """

    name: str
    orders: tuple[bool, ...] = OURS
    lanes: bool = True
    keep_place: bool = True
    believe: bool = True
    limited: bool = True
    faults: bool = True
    looks_per_second: float = 0.0
    asks: bool = False
    zoom_per_second: float = 10.0
    late_ms: int = 0
    knows: bool = False


US = Scheduler("Presence Bridge", asks=True)
LOOP = Scheduler("Microsoft read back", looks_per_second=1.0, asks=True)
LATE = tuple(
    replace(LOOP, name=f"read back {late} s late", late_ms=late * 1000) for late in (5, 30)
)
ASKING = tuple(
    replace(LOOP, name=f"Zoom asked {pace} times a second", zoom_per_second=float(pace))
    for pace in (1, 2, 5, 20, 40)
)
KNOWING = Scheduler(
    "perfect knowledge, the same quota", looks_per_second=1.0, knows=True, faults=False
)
"""What our rules make of the quota when nothing is late, lost or unseen."""
BOUND = Scheduler("bound: no quota, no faults", limited=False, faults=False)
QUOTA_ONLY = Scheduler("quota, no faults", faults=False)
FAULTS_ONLY = Scheduler("faults, no quota", limited=False)
SIMPLER = (
    Scheduler("first in, first out", (OLDEST,) * 4, lanes=False, keep_place=False, believe=False),
    Scheduler("newest first", (NEWEST,) * 4, lanes=False, keep_place=False, believe=False),
    Scheduler("no lanes", (OLDEST,) * 4, lanes=False),
)
"""The first two are what one would write first; the third has all that we have but the lanes."""
