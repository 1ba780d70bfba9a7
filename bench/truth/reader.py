"""Reading Microsoft back in a simulated day: the twin of sync.readback.reader, without its I/O."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

from bench.truth.microsoft import CLASS, SHOWN
from bench.truth.scheduler import NOWHERE, PERSON_BITS, PERSON_MASK
from domain.readback import Reading, Sight
from domain.step import Lane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.truth.people import Person
    from bench.truth.scheduler import Queue

AT_ONCE = 650
"""People in one look (Graph documentation, getPresencesByUserId)."""
EVERYBODY = 2**PERSON_BITS
SHORTEST_INTERVAL_MS = 5_000
SETTLE_MS = 1_500
"""Where Microsoft shows at once what it accepted; what is learnt follows (sync.readback)."""


Look = tuple["Person", int, int]
"""Who is looked at, for which time they were due, and what Microsoft shows of them then."""


class ReaderTwin:
    """Looks at whoever is due. `late_ms`: how old what Microsoft answers is, by its own lag.

    An answer of some age is played as the answer of then that comes so much later. `knows`: all
    who are due are in one look, which costs nothing. With people and quotas scaled down, each look
    is of fewer people and costs as much less.
    """

    def __init__(
        self,
        people: Sequence[Person],
        queue: Queue,
        *,
        scale: int,
        per_second: float,
        late_ms: int = 0,
        knows: bool = False,
    ) -> None:
        self._people, self._queue = people, queue
        self._at_once, self._scale = max(1, AT_ONCE // scale), scale
        self._free = knows
        if knows:
            self._at_once = EVERYBODY
        self.every_ms = int(1000 / per_second)
        self._settle_ms = SETTLE_MS + late_ms
        self._due: list[int] = []
        self._watched = 0
        self.looks = 0

    def reading(self) -> Reading:
        """As the engine knows it."""
        sweep = max(SHORTEST_INTERVAL_MS, self._watched * self.every_ms // self._at_once)
        return Reading(self._settle_ms, sweep)

    def watch(self, person: Person, at: int | None) -> None:
        """ack.lua: when the engine wants them looked at; None: not at all."""
        self._watched += (at is not None) - (person.watch != NOWHERE)
        if at is None:
            person.watch = NOWHERE
            return
        person.watch = at
        heappush(self._due, at << PERSON_BITS | person.number)

    def look_soon(self, person: Person, now: int) -> None:
        """offer.lua: what may come from Microsoft is compared with the next look."""
        if person.watch != NOWHERE:
            self.watch(person, min(now, person.watch))

    def pays(self) -> bool:
        """Whether this look costs a request: scaled down, only one of so many."""
        self.looks += 1
        return not self._free and self.looks % self._scale == 0

    def take(self, now: int) -> list[Look]:
        """Whom this look is about, and what Microsoft shows."""
        taken: list[Look] = []
        due = self._due
        while due and due[0] >> PERSON_BITS <= now and len(taken) < self._at_once:
            entry = heappop(due)
            person = self._people[entry & PERSON_MASK]
            if person.watch == entry >> PERSON_BITS:
                taken.append((person, person.watch, person.microsoft.shown(now)))
        return taken

    def answered(self, now: int, sent: int, taken: list[Look]) -> None:
        """Compare with what was seen before; whoever changed is planned anew (saw.lua).

        Who waits in a more urgent lane keeps their place there.
        """
        later = now + self.reading().sweep_ms
        for person, due, code in taken:
            if person.watch != due:
                continue  # the engine has said meanwhile when, or that it is not needed
            settled = (person.held.told_ms if person.held is not None else 0) + self._settle_ms
            if sent < settled:
                self._again(person, settled)
                continue
            if person.watch_read != due or CLASS[code] != CLASS[person.seen_code]:
                person.sight, person.seen_code = Sight(SHOWN[code], sent), code
                waits = NOWHERE < person.lane < Lane.CHANGE and person.due <= now
                self._queue.demand(now, person, person.lane if waits else Lane.CHANGE)
            self._again(person, later)
            person.watch_read = later

    def _again(self, person: Person, at: int) -> None:
        person.watch = at
        heappush(self._due, at << PERSON_BITS | person.number)
