"""The queue of people, in memory: what sync/engine/lua does in Redis, for all shards at once.

A person stands in one lane with the time at which they are due, and is taken lane by lane: the
oldest due first, in the last lane the newest. A property test plays both, this and the scripts.
Other orders are there to be compared with. Entries that no longer count stay in the heaps until
they come up.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Protocol

from domain.presence import ZoomPresence, may_interrupt
from domain.step import OVERTAKES_MS, Lane, overtakes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.person import Held
    from domain.presence import Observation

PERSON_BITS = 20
PERSON_MASK = (1 << PERSON_BITS) - 1
LATEST = (1 << 42) - 1
"""Later than any time there is (ms)."""
NOWHERE = -1

OLDEST, NEWEST = False, True
"""Who of a lane's due people goes first."""
OURS = (OLDEST, OLDEST, OLDEST, NEWEST)

_INTERRUPTS = frozenset(zoom for zoom in ZoomPresence if may_interrupt(zoom))


class Person(Protocol):
    """What the queue keeps of a person. `lane` is NOWHERE while they are not due at any time."""

    number: int
    lane: int
    due: int
    leased: bool
    version: int
    newest: Observation | None
    held: Held | None


def supersedes(new: Observation, old: Observation | None) -> bool:
    """Whether `new` replaces `old`: newer wins; a tie is decided the same in any arrival order."""
    if old is None:
        return True
    return (new.at_ms, new.presence) > (old.at_ms, old.presence)


class Queue:
    """All lanes. `people` by number.

    `orders`: one for each lane. `lanes`: else everybody stands in the first. `keep_place`: news
    about somebody who waits in the same lane leaves them their due time.
    """

    def __init__(
        self,
        people: Sequence[Person],
        orders: Sequence[bool] = OURS,
        *,
        lanes: bool = True,
        keep_place: bool = True,
    ) -> None:
        self._people = people
        self._newest = tuple(orders)
        self._lanes = lanes
        self._keep_place = keep_place
        self._later: list[int] = []
        self.waiting: tuple[list[int], ...] = tuple([] for _ in Lane)
        """By lane: empty when nobody is due."""

    def offer(self, now: int, person: Person, new: Observation) -> str:
        """offer.lua: take in what Zoom said; returns what became of it."""
        old = person.newest
        if new == old:
            return "repeat"
        if not supersedes(new, old):
            return "older"
        person.newest = new
        held = person.held
        pair = held.pair if held is not None and held.until_ms > now else None
        urgent = new.presence in _INTERRUPTS or (pair is not None and pair.interrupts)
        ahead = OVERTAKES_MS if overtakes(pair, new.presence) else 0
        self.demand(now, person, Lane.URGENT if urgent else Lane.CHANGE, ahead)
        return "accepted"

    def demand(self, now: int, person: Person, lane: int, ahead: int = 0) -> None:
        """_queue.lua, demand: plan somebody anew, now or when they are given back.

        `ahead`: they stand before whoever has waited for less than that.
        """
        person.version += 1
        if person.leased:
            return
        if not self._lanes:
            lane = 0
        due = now - ahead
        if self._keep_place and person.lane == lane and person.due < due:
            due = person.due
        self.place(person, lane, due)

    def claim(self, lane: int) -> Person | None:
        """claim.lua: lease the next of a lane's due people; None: nobody is due there."""
        heap, newest = self.waiting[lane], self._newest[lane]
        while heap:
            due, number = heap[0] >> PERSON_BITS, heap[0] & PERSON_MASK
            heappop(heap)
            if newest:
                due, number = LATEST - due, PERSON_MASK - number
            person = self._people[number]
            if person.lane == lane and person.due == due and not person.leased:
                person.leased = True
                return person
        return None

    def ack(self, now: int, person: Person, version: int, lane: int, due: int | None) -> None:
        """ack.lua: end a lease; due at once if there was news since `version` was planned."""
        person.leased = False
        if person.version != version:
            self.place(person, Lane.URGENT, now)
        elif due is None:
            person.lane = NOWHERE
        else:
            self.place(person, lane if self._lanes else 0, due)

    def give_back(self, now: int, person: Person, version: int) -> None:
        """The same for whom no budget was left: they stand where they stood."""
        if person.version != version:
            self.ack(now, person, version, person.lane, person.due)
        else:
            person.leased = False
            self._wait(person)

    def place(self, person: Person, lane: int, due: int) -> None:
        """Have somebody stand in a lane, instead of where they stood."""
        person.lane, person.due = lane, due
        heappush(self._later, due << PERSON_BITS | person.number)

    def next_due(self) -> int:
        """When somebody may become due next; LATEST: nobody."""
        return self._later[0] >> PERSON_BITS if self._later else LATEST

    def ripen(self, now: int) -> None:
        """Let whoever is due by now be claimed."""
        later, people = self._later, self._people
        while later and later[0] >> PERSON_BITS <= now:
            entry = heappop(later)
            person = people[entry & PERSON_MASK]
            if person.due == entry >> PERSON_BITS and person.lane >= 0 and not person.leased:
                self._wait(person)

    def _wait(self, person: Person) -> None:
        entry = person.due << PERSON_BITS | person.number
        if self._newest[person.lane]:
            entry = (LATEST - person.due) << PERSON_BITS | (PERSON_MASK - person.number)
        heappush(self.waiting[person.lane], entry)
