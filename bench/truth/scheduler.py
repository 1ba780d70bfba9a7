"""The queue of people, in memory: what sync/store/lua does in Redis, for one shard.

A person stands in one lane with the time at which they are due. Whoever is due is taken lane by
lane; within a lane the order is a parameter, because finding the best one is what this is for.
Entries that no longer count stay in the heaps until they come up.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Protocol

from sync.plan import Lane

if TYPE_CHECKING:
    from collections.abc import Sequence

PERSON_BITS = 20
PERSON_MASK = (1 << PERSON_BITS) - 1
LATEST = (1 << 40) - 1
NOWHERE = -1


class Place(Protocol):
    """Where somebody stands: what the queue keeps of a person. `lane` NOWHERE: not at all."""

    number: int
    lane: int
    due: int
    leased: bool


class Order:
    """Who of a lane's due people goes first: the oldest due, the newest, or a mix of both.

    `patience_ms`: the oldest first while nobody waits for longer than this, then the newest first.
    0 is always the newest first, a large number always the oldest first.
    `alternate`: in turns from both ends.
    """

    __slots__ = ("alternate", "patience_ms")

    def __init__(self, patience_ms: int = LATEST, *, alternate: int = 0) -> None:
        self.patience_ms = patience_ms
        self.alternate = alternate


OLDEST = Order()
NEWEST = Order(0)


class _Due:
    """The people of a lane whose time has come, reachable from both ends."""

    __slots__ = ("_flip", "_newest", "_oldest", "_order", "count")

    def __init__(self, order: Order) -> None:
        self._order = order
        self._oldest: list[int] = []
        self._newest: list[int] = []
        self._flip = 0

    def push(self, due: int, number: int) -> None:
        if self._order.patience_ms > 0:
            heappush(self._oldest, due << PERSON_BITS | number)
        if self._order.patience_ms < LATEST:
            heappush(self._newest, (LATEST - due) << PERSON_BITS | number)

    def pop(self, now: int, lane: int, people: Sequence[Place]) -> Place | None:
        """Take the next one who still counts."""
        order = self._order
        if order.patience_ms == 0:
            return self._pop_newest(lane, people)
        oldest = self._oldest
        if order.patience_ms >= LATEST:
            return self._pop_oldest(lane, people)
        if order.alternate:
            self._flip += 1
            if self._flip % order.alternate:
                return self._pop_oldest(lane, people) or self._pop_newest(lane, people)
            return self._pop_newest(lane, people) or self._pop_oldest(lane, people)
        while oldest:
            due, person = oldest[0] >> PERSON_BITS, people[oldest[0] & PERSON_MASK]
            if person.lane == lane and person.due == due and not person.leased:
                break
            heappop(oldest)
        else:
            self._newest.clear()
            return None
        if now - due <= order.patience_ms:
            heappop(oldest)
            return person
        return self._pop_newest(lane, people)

    def _pop_oldest(self, lane: int, people: Sequence[Place]) -> Place | None:
        heap = self._oldest
        while heap:
            entry = heappop(heap)
            person = people[entry & PERSON_MASK]
            due = entry >> PERSON_BITS
            if person.lane == lane and person.due == due and not person.leased:
                return person
        return None

    def _pop_newest(self, lane: int, people: Sequence[Place]) -> Place | None:
        heap = self._newest
        while heap:
            entry = heappop(heap)
            person = people[entry & PERSON_MASK]
            due = LATEST - (entry >> PERSON_BITS)
            if person.lane == lane and person.due == due and not person.leased:
                return person
        return None


class Queue:
    """All lanes of one shard. `people` by number; `orders` one for each lane."""

    def __init__(self, people: Sequence[Place], orders: Sequence[Order]) -> None:
        self._people = people
        self._later: list[int] = []
        self._due = [_Due(order) for order in orders]
        self.waiting = [heap for due in self._due for heap in [due._oldest if due._order.patience_ms > 0 else due._newest]]

    def place(self, person: Place, lane: int, due: int) -> None:
        """Have somebody stand in a lane, instead of where they stood."""
        person.lane, person.due = lane, due
        heappush(self._later, due << PERSON_BITS | person.number)

    def put_back(self, person: Place) -> None:
        """Undo a `take`."""
        self._due[person.lane].push(person.due, person.number)

    def next_due(self) -> int:
        """When somebody may become due next; LATEST: nobody."""
        return self._later[0] >> PERSON_BITS if self._later else LATEST

    def ripen(self, now: int) -> None:
        """Move whoever is due by now to the due people of their lane."""
        later, people = self._later, self._people
        while later and later[0] >> PERSON_BITS <= now:
            entry = heappop(later)
            person, due = people[entry & PERSON_MASK], entry >> PERSON_BITS
            if person.due == due and person.lane != NOWHERE and not person.leased:
                self._due[person.lane].push(due, person.number)

    def rescue(self, before: int) -> None:
        """Have those of HOLD who are due since `before` go with TURN; HOLD takes the oldest first."""
        heap = self._due[Lane.HOLD]._oldest
        while heap and heap[0] >> PERSON_BITS <= before:
            entry = heappop(heap)
            person, due = self._people[entry & PERSON_MASK], entry >> PERSON_BITS
            if person.lane == Lane.HOLD and person.due == due and not person.leased:
                person.lane = Lane.TURN
                self._due[0].push(due, person.number)

    def take(self, now: int, lane: int) -> Place | None:
        """The next of a lane's due people; None: nobody is due. The caller leases them."""
        return self._due[lane].pop(now, lane, self._people)


LANES = len(Lane)
