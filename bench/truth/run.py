"""A day, event by event, on a virtual clock.

What is real: the planner (domain.plan), the policy (domain.policy), the table (domain.presence).
What is a twin: the queue (bench.truth.scheduler), the budget in lanes (bench.truth.budget), the
slots at Zoom (bench.truth.slots) and Microsoft (bench.truth.microsoft), each held equal to the
original by a property test; and the worker and the reconciler (sync.engine.worker,
sync.engine.reconcile), whose steps are followed here without their I/O. There are always enough
workers, and nothing takes time but requests.
"""

from __future__ import annotations

import gc
import time
from collections import deque
from heapq import heappop, heappush
from random import Random
from typing import TYPE_CHECKING, Any

from bench.truth import world
from bench.truth.assumptions import Assumptions
from bench.truth.budget import BudgetTwin
from bench.truth.measure import BIN_MS, Tally
from bench.truth.microsoft import CLASS, CODE, NONE, SHOWN
from bench.truth.people import Person, Reconciliation
from bench.truth.reader import Look, ReaderTwin
from bench.truth.scheduler import LATEST, NOWHERE, PERSON_MASK, Queue
from bench.truth.slots import SlotsTwin
from bench.truth.world import ZOOM, Maker
from domain.budget import CELL_MS, LIMIT, MARGIN_CELLS, Limits
from domain.clock import MINUTE
from domain.freshness import freshness
from domain.person import Held
from domain.plan import plan
from domain.presence import CAN_COME_FROM_MICROSOFT, Observation, Style, demand_of
from domain.step import UNSEEN, Do, Lane, Seen, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.truth.compared import Scheduler
    from domain.readback import Watch
    from domain.step import Plan

ZOOM_BURST = 10
ASK_MS = (150, 300)
GRAPH_MS = (100, 200)
"""From request to answer, at least and at most; both sides act at the end."""
_NO_LIMIT = 10**9
_PERMIT_MS = MARGIN_CELLS * CELL_MS
"""How long a permit holds (sync.engine.quota)."""
_HEARD_AGO_MS = 60 * MINUTE
"""At most so long ago we heard of people before the day begins."""

WANTED = {
    (zoom, style): tuple(NONE if pair is None else CODE[pair] for pair in demand_of(zoom, style))
    for zoom in ZOOM
    for style in Style
}
LANES = tuple(Lane)
STEP, DONE = 0, 1
TRUTH = Assumptions()


class Day:
    """One simulated day under one scheduler.

    `scale`: people and quotas are 1/scale of what is meant. `on_request` hears of every request to
    Graph: when it was granted (ms), and in which lane.
    """

    def __init__(
        self,
        people: int,
        scheduler: Scheduler,
        *,
        seed: int = 1,
        assumptions: Assumptions = TRUTH,
        scale: int = 1,
        on_request: Callable[[int, Lane], None] | None = None,
    ) -> None:
        self.scheduler = scheduler
        maker = Maker(assumptions, seed, faults=scheduler.faults)
        self.now = self.opens = maker.opens
        self.closes = maker.closes
        self.tally = Tally(self.opens, self.closes)
        self._on_request = on_request
        self._rng = Random(seed)
        limited = scheduler.limited
        limits = Limits.of(limit=LIMIT // scale if limited else _NO_LIMIT)
        # However small, there is an overdraft (domain.budget, Rule 4).
        self._budget = BudgetTwin(limits._replace(total=min(limits.total, limits.limit - 1)))
        self._spare: deque[int] = deque()
        self._slots = SlotsTwin(
            scheduler.zoom_per_second / scale if limited else _NO_LIMIT,
            burst=ZOOM_BURST,
            monotonic=lambda: self.now / 1000,
        )
        self._events: list[int] = []
        self._blocked = [0] * len(Lane)
        self._unblocks = LATEST
        self.people: list[Person] = []
        self._queue = Queue(
            self.people,
            scheduler.orders,
            lanes=scheduler.lanes,
            keep_place=scheduler.keep_place,
        )
        self.world = World(can_ask=True)
        if scheduler.asks:
            fresh = freshness(people * scale, scheduler.zoom_per_second)
            self.world = World(can_ask=True, fresh=fresh)
        self._reader: ReaderTwin | None = None
        self._looks: deque[tuple[int, list[Look]]] = deque()
        self._look_ms = GRAPH_MS[0] + scheduler.late_ms
        self._next_look = LATEST
        if scheduler.looks_per_second:
            self._reader = ReaderTwin(
                self.people,
                self._queue,
                scale=scale,
                per_second=scheduler.looks_per_second,
                late_ms=scheduler.late_ms,
                knows=scheduler.knows,
            )
            self._next_look = self.opens
        for number in range(people):
            self._add(number, maker.day(number))

    def _add(self, number: int, day: world.Day) -> None:
        age = self._rng.randrange(_HEARD_AGO_MS)
        person = Person(number, day.style, day.steps, self.now, age)
        self.people.append(person)
        lane = Lane.CHANGE if self.scheduler.lanes else 0
        self._queue.place(person, lane, self.now + _HEARD_AGO_MS - age)
        if day.steps:
            self.tally.people += 1
            self._schedule(day.steps[0] >> 32, STEP, number)

    def _schedule(self, at: int, kind: int, number: int) -> None:
        heappush(self._events, at << 22 | number << 1 | kind)

    # -- the loop ------------------------------------------------------------------------------

    def run(self) -> Tally:
        """Until the organisation closes."""
        events, queue, people = self._events, self._queue, self.people
        closes, step, done = self.closes, self._step, self._done
        while True:
            due, unblocks = queue.next_due(), self._unblocks
            looks = self._looks
            answer = looks[0][0] + self._look_ms if looks else LATEST
            now = min(events[0] >> 22 if events else LATEST, due, unblocks, answer, self._next_look)
            if now >= closes:
                break
            self.now = now
            if answer <= now:
                sent, taken = looks.popleft()
                assert self._reader is not None
                self._reader.answered(now, sent + self.scheduler.late_ms, taken)
            if self._next_look <= now:
                self._look(now)
            while events and events[0] >> 22 <= now:
                event = heappop(events)
                self.tally.events += 1
                (done if event & 1 else step)(now, people[event >> 1 & PERSON_MASK])
            if unblocks <= now:
                self._unblocks = min((at for at in self._blocked if at > now), default=LATEST)
                self._serve(now)
            elif queue.next_due() <= now:
                self._serve(now)
        for person in people:
            self.tally.account(closes, person)
        return self.tally

    def _now_world(self) -> World:
        if self._reader is None:
            return self.world
        return self.world._replace(reading=self._reader.reading())

    def _look(self, now: int) -> None:
        """Look at whoever is due (sync.readback.reader)."""
        reader = self._reader
        assert reader is not None
        self._next_look = now + reader.every_ms
        taken = reader.take(now)
        if not taken:
            return
        if reader.pays():
            self.tally.kinds["sweep"] += 1
            self._budget.take(now, Lane.CHANGE, 1, follow=True)
        self._looks.append((now, taken))

    def _serve(self, now: int) -> None:
        """Take due people lane by lane while there is budget (sync.engine.worker)."""
        queue, blocked = self._queue, self._blocked
        queue.ripen(now)
        for lane, waiting in enumerate(queue.waiting):
            while waiting and (blocked[lane] <= now or self._has_spare(now)):
                person = queue.claim(lane)
                if person is None:
                    break
                assert isinstance(person, Person)
                self.tally.account(now, person)
                run = person.run = Reconciliation(person, self._now_world())
                self._advance(now, person, run)

    # -- reconciling (sync.engine.reconcile) ---------------------------------------------------

    def _advance(self, now: int, person: Person, run: Reconciliation) -> None:
        """Plan until something takes time, or nothing is left to do."""
        while True:
            self.tally.plans += 1
            step = run.step = plan(now, person, person.verdict, run.seen, run.world)
            do = step.do
            if step.advised and do is Do.NOTHING:
                person.lesson = step.lesson
            if do is Do.NOTHING:
                due = step.due_ms
                if run.again is not None:
                    due = run.again if due is None else min(due, run.again)
                self._end(now, person, run, step.lane, due, step.watch)
                return
            if do is Do.YIELD:
                assert person.observation is not None
                person.yielded_ms, person.preferred = person.observation.at_ms, None
                continue
            if not self._permitted(now, person, run, step):
                return
            if do is not Do.ASK:
                self._send(now, person, run, do)
                return
            wait = self._slots.wait(str(person.number))
            if wait <= 0:
                self._schedule(now + self._rng.randint(*ASK_MS), DONE, person.number)
                return
            again = now + int(wait * 1000) + 1
            if not self.scheduler.believe:
                self._end(now, person, run, step.lane, again)
                return
            run.world, run.again = run.world._replace(can_ask=False), again

    def _permitted(self, now: int, person: Person, run: Reconciliation, step: Plan) -> bool:
        """Ask for a permit unless there is one; without one it is over.

        The worker asks before it takes somebody. So nobody is asked about at Zoom for whom nothing
        could be written then; what nobody needed is used by others while it holds.
        """
        if run.permit > now:
            return True
        if not run.sent:
            if self._has_spare(now):
                run.permit = self._spare.popleft()
                return True
            if self._blocked[run.lane] > now:
                self._refused(now, person, run)
                return False
        grant = self._budget.take(now, LANES[run.lane], 1, follow=run.sent)
        if grant.granted:
            run.permit = now + _PERMIT_MS
            return True
        until = now + grant.wait_ms
        if run.sent:
            self._end(now, person, run, step.lane, until)
        else:
            self._blocked[run.lane] = until
            self._unblocks = min(self._unblocks, until)
            self._refused(now, person, run)
        return False

    def _has_spare(self, now: int) -> bool:
        """Whether there is a permit by which nothing was sent for somebody else."""
        spare = self._spare
        while spare and spare[0] <= now:
            spare.popleft()
        return bool(spare)

    def _send(self, now: int, person: Person, run: Reconciliation, do: Do) -> None:
        run.permit, run.sent = 0, True
        self.tally.requests[run.lane][(now - self.opens) // BIN_MS] += 1
        self.tally.kinds[do.value] += 1
        if self._on_request is not None:
            self._on_request(now, LANES[run.lane])
        self._schedule(now + self._rng.randint(*GRAPH_MS), DONE, person.number)

    def _refused(self, now: int, person: Person, run: Reconciliation) -> None:
        person.run = None
        self._queue.give_back(now, person, run.version)

    def _end(
        self,
        now: int,
        person: Person,
        run: Reconciliation,
        lane: int,
        due: int | None,
        watch: Watch | None = None,
    ) -> None:
        if run.permit > now:
            self._spare.append(run.permit)
            self._unblocks = now  # whoever waits may use it
        person.run = None
        if self._reader is not None:
            self._watch(person, watch)
        self._queue.ack(now, person, run.version, lane, due)

    def _watch(self, person: Person, watch: Watch | None) -> None:
        """Have them looked at, or no longer: then what was seen counts no more."""
        reader = self._reader
        assert reader is not None
        if watch is None:
            person.sight = None
            reader.watch(person, None)
        elif watch.asked or person.watch == NOWHERE:
            reader.watch(person, watch.at_ms)

    def _done(self, now: int, person: Person) -> None:
        """A request has been answered."""
        run = person.run
        assert run is not None
        step = run.step
        assert step is not None
        self.tally.account(now, person)
        do, there = step.do, person.microsoft
        told = now - GRAPH_MS[0]
        if do is Do.ASK:
            self.tally.kinds[do.value] += 1
            self._queue.offer(now, person, Observation(person.zoom, now - ASK_MS[0]))
            person.observation = person.newest
        elif do is Do.LOOK:
            run.seen = Seen(SHOWN[there.shown(now)], person.held)
            run.looked = now
        elif do is Do.CLEAR:
            there.clear_session()
            person.held = person.sight = None
        elif do is Do.UNPREFER:
            ours = person.preferred
            self.tally.override(now, person, run.looked, CODE[ours.pair] if ours else NONE)
            there.unprefer()
            person.preferred = None
            run.seen = UNSEEN
        else:
            assert step.pair is not None
            code = CODE[step.pair]
            held = Held(step.pair, told, told + step.minutes * MINUTE)
            if do is Do.SET:
                there.set_session(now, code, step.minutes)
                person.held, person.sight = held, None
                if step.advised:
                    person.lesson = step.lesson
            else:
                ours = person.preferred
                self.tally.override(now, person, run.looked, CODE[ours.pair] if ours else NONE)
                there.prefer(now, code, step.minutes)
                person.preferred = held
        self._advance(now, person, run)

    # -- the world -------------------------------------------------------------------------------

    def _step(self, now: int, person: Person) -> None:
        """The next thing in a person's day."""
        self.tally.account(now, person)
        _, what, lag = world.unpack(person.day[person.next])
        person.next += 1
        if person.next < len(person.day):
            self._schedule(person.day[person.next] >> 32, STEP, person.number)
        if world.EVENT <= what < world.CLIENT:
            new = Observation(ZOOM[what - world.EVENT], now - lag)
            became = self._queue.offer(now, person, new)
            self.tally.offers[became] += 1
            if became == "accepted" and self._reader and new.presence in CAN_COME_FROM_MICROSOFT:
                self._reader.look_soon(person, now)
            return
        there = person.microsoft
        if what < world.EVENT:
            person.zoom = ZOOM[what]
        elif what < world.CALENDAR:
            there.client, there.client_since = world.client_of(what - world.CLIENT), now
        elif what < world.STATUS:
            there.calendar, there.calendar_since = what > world.CALENDAR, now
        elif what < world.ARRIVES:
            there.choose(now, NONE if what == world.RESET else what - world.STATUS)
        else:
            person.here = what == world.ARRIVES
        wanted = there.shown_if(now, *WANTED[person.zoom, person.style])
        self.tally.demands(now, person, CLASS[wanted])


def simulate(
    people: int,
    scheduler: Scheduler,
    *,
    seed: int = 1,
    assumptions: Assumptions = TRUTH,
    scale: int = 1,
) -> dict[str, Any]:
    """Run a day; gives what Tally.result says, with the processor time it took."""
    began = time.process_time()
    gc.disable()  # nothing goes in circles
    try:
        day = Day(people, scheduler, seed=seed, assumptions=assumptions, scale=scale)
        result = day.run().result()
    finally:
        gc.enable()
    return {
        "scheduler": scheduler.name,
        "size": people * scale,
        "scale": scale,
        "seed": seed,
        **result,
        "cpu_seconds": round(time.process_time() - began, 1),
    }
