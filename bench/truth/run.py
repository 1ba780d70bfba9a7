"""A day, event by event, on a virtual clock.

What is real: the planner (sync.plan), the policy (sync.policy), the table (sync.presence), the
budget in lanes (sync.lanes) and the turns at Zoom (sync.zoom.turns). What is a twin: the queue
(bench.truth.scheduler) and Microsoft (bench.truth.microsoft), each held equal to the original by a
property test; and the attendant (sync.attend), whose steps are followed here without its I/O.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random
from typing import TYPE_CHECKING

from bench.truth import microsoft, world
from bench.truth.measure import KEEPING, NEWS, TOLD, WAITING, Tally
from bench.truth.microsoft import BUSY, CLASS, CODE, DND, NONE, PAIRS, SHOWN, Presence
from bench.truth.scheduler import LATEST, NEWEST, NOWHERE, OLDEST, Order, Queue
from bench.truth.world import ZOOM, ZOOM_CODE, Assumptions, Maker
from sync import plan as planner
from sync.lanes import Budget, Limits
from sync.plan import ASK_AGAIN_MS, MINUTE, Do, Held, Lane, Observation, Plan, Situation, plan
from sync.policy import Form, ManagedGroup, Personal, Policy, resolve
from sync.presence import Style, ZoomPresence, demand_of, may_interrupt
from sync.zoom.turns import ZoomTurns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync.policy import Verdict
    from sync.presence import Shown

ZOOM_PER_SECOND = 10.0
ZOOM_BURST = 10
ASK_MS = (150, 300)
GRAPH_MS = (100, 200)

_POLICY = Policy(
    Form(integration=True),
    (ManagedGroup("calls", "Call centre", 1, Form(integration=True, style=Style.BUSY_ONLY)),),
)
VERDICTS: dict[Style, Verdict] = {
    Style.MIRROR: resolve(_POLICY),
    Style.BUSY_ONLY: resolve(_POLICY, {"calls"}),
    Style.FULL: resolve(_POLICY, (), Personal(Style.FULL)),
}
DEMANDS = {(zoom, style): demand_of(zoom, style) for zoom in ZOOM for style in Style}
WANTED = {
    key: (
        NONE if demand.session is None else CODE[demand.session],
        NONE if demand.preferred is None else CODE[demand.preferred],
    )
    for key, demand in DEMANDS.items()
}
INTERRUPTS = frozenset(zoom for zoom in ZOOM if may_interrupt(zoom))
LANES = tuple(Lane)
OFFLINE = ZOOM_CODE[ZoomPresence.OFFLINE]


@dataclass(frozen=True, slots=True)
class Scheduler:
    """How people are taken. `limited`: by Graph's quota and Zoom's; `lanes`: else all are one."""

    name: str
    orders: tuple[Order, Order, Order, Order] = (OLDEST, OLDEST, OLDEST, OLDEST)
    lanes: bool = True
    limited: bool = True
    rescue_ms: int | None = None
    """A keep-alive of Busy / Do not disturb that waits for longer goes with the calls."""
    believe: bool = False
    """Whoever must wait for their turn at Zoom is planned meanwhile with what is known."""
    keep_place: bool = False
    """News about somebody who waits already leaves them their place in the queue."""


class Person:
    """One person, on all sides: in truth, in our queue and hash, and at Microsoft."""

    __slots__ = (
        "at",
        "day",
        "demanded",
        "demanded_class",
        "due",
        "held",
        "here",
        "lane",
        "last",
        "leased",
        "microsoft",
        "next",
        "number",
        "observation",
        "preferred",
        "silence_from",
        "sound_from",
        "style",
        "turn",
        "verdict",
        "version",
        "yielded",
        "zoom",
    )

    def __init__(self, number: int, style: Style, day: list[int], now: int) -> None:
        self.number = number
        self.day = day
        self.next = 0
        self.style = style
        self.verdict = VERDICTS[style]
        self.zoom = ZOOM[OFFLINE]  # the truth
        self.observation = Observation(self.zoom, now)
        self.held: Held | None = None
        self.preferred: Held | None = None
        self.yielded: int | None = None
        self.version = 0
        self.lane = NOWHERE
        self.due = 0
        self.leased = False
        self.turn: _Turn | None = None
        self.microsoft = Presence()
        self.here = False  # their person-time counts
        self.last = now
        self.demanded = microsoft.OFFLINE
        self.demanded_class = 0
        self.silence_from = self.sound_from = -1


class _Turn:
    """What sync.attend keeps while it has somebody in hand."""

    __slots__ = ("again", "can_ask", "observation", "sent", "shown", "shown_with", "step", "version")

    def __init__(self, person: Person) -> None:
        self.version = person.version
        self.observation = person.observation
        self.shown: Shown | None = None
        self.shown_with: Held | None = None
        self.can_ask = True
        self.sent = False
        self.again: int | None = None
        self.step: Plan | None = None


_STEP, _DONE = 0, 1


class Day:
    """One simulated day under one scheduler."""

    def __init__(
        self,
        people: int,
        scheduler: Scheduler,
        *,
        seed: int = 1,
        assumptions: Assumptions = Assumptions(),
        faults: bool = True,
        scale: int = 1,
    ) -> None:
        self.scheduler = scheduler
        maker = Maker(assumptions, seed, faults=faults)
        self.now = self.opens = maker.opens
        self.closes = maker.closes
        self.tally = Tally()
        self._rng = Random(seed)  # noqa: S311 - a simulation
        self._budget = Budget(Limits(limit=1500 // scale) if scheduler.limited else Limits(limit=10**9))
        self._turns = ZoomTurns(
            ZOOM_PER_SECOND / scale if scheduler.limited else 1e6,
            burst=ZOOM_BURST,
            monotonic=lambda: self.now / 1000,
        )
        self._events: list[int] = []
        self._blocked = [0] * len(Lane)
        self._unblocks = LATEST
        self._people: list[Person] = []
        orders = scheduler.orders if scheduler.lanes else scheduler.orders[:1] * 4
        self._queue = Queue(self._people, orders)
        for number in range(people):
            day = maker.day(number)
            person = Person(number, day.style, day.steps, self.now)
            self._people.append(person)
            age = self._rng.randrange(60 * MINUTE)
            person.observation = Observation(person.zoom, self.now - age)
            self._queue.place(person, self._lane(Lane.CHANGE), self.now + 60 * MINUTE - age)
            if day.steps:
                self.tally.people += 1
                self._schedule(day.steps[0] >> 32, _STEP, number)

    def _schedule(self, at: int, kind: int, number: int) -> None:
        heappush(self._events, at << 22 | number << 1 | kind)

    def _lane(self, lane: int) -> int:
        return lane if self.scheduler.lanes else 0

    # -- the loop ------------------------------------------------------------------------------

    def run(self) -> Tally:
        """Until the organisation closes."""
        events, queue, people = self._events, self._queue, self._people
        closes = self.closes
        step, done = self._step, self._done
        while True:
            at = events[0] >> 22 if events else LATEST
            due = queue.next_due()
            now = at if at < due else due
            unblocks = self._unblocks
            if unblocks < now:
                now = unblocks
            if now >= closes:
                break
            self.now = now
            while events and events[0] >> 22 <= now:
                event = heappop(events)
                person = people[event >> 1 & 0xFFFFF]
                self.tally.events += 1
                if event & 1 == _STEP:
                    step(now, person)
                else:
                    done(now, person)
            if due <= now or queue.next_due() <= now:
                queue.ripen(now)
                self._serve(now)
            elif unblocks <= now:
                self._unblocks = min((b for b in self._blocked if b > now), default=LATEST)
                self._serve(now)
        for person in people:
            self._account(closes, person)
        return self.tally

    def _serve(self, now: int) -> None:
        """Take due people lane by lane while there is budget."""
        queue, blocked = self._queue, self._blocked
        for lane in range(len(blocked) if self.scheduler.lanes else 1):
            if lane == 0 and self.scheduler.rescue_ms is not None and blocked[0] <= now:
                queue.rescue(now - self.scheduler.rescue_ms)
            while blocked[lane] <= now and queue.waiting[lane]:
                person = queue.take(now, lane)
                if person is None:
                    break
                self._begin(now, person)  # type: ignore[arg-type]

    # -- a turn --------------------------------------------------------------------------------

    def _begin(self, now: int, person: Person) -> None:
        self._account(now, person)
        person.leased = True
        turn = person.turn = _Turn(person)
        self._advance(now, person, turn)

    def _advance(self, now: int, person: Person, turn: _Turn) -> None:
        """Plan until something takes time, or nothing is left to do."""
        while True:
            held = person.held
            self.tally.plans += 1
            step = plan(
                now,
                Situation(
                    person.verdict,
                    turn.observation,
                    held,
                    turn.can_ask,
                    _spread(person.number, held),
                    turn.shown,
                    turn.shown_with,
                    None,
                    person.preferred,
                    person.yielded,
                ),
            )
            do = step.do
            if do is Do.NOTHING:
                due = step.due_ms
                if not turn.can_ask:
                    due = min(due or LATEST, turn.again or now + ASK_AGAIN_MS)
                self._ack(now, person, turn, step.lane, due)
                return
            if do is Do.YIELD:
                person.yielded = turn.observation.at_ms
                person.preferred = None
                continue
            if do is Do.ASK:
                wait = self._turns.wait(person)  # type: ignore[arg-type]
                if wait > 0:
                    if self.scheduler.believe and wait > 1.0:
                        turn.can_ask = False
                        turn.again = now + int(wait * 1000) + 1
                        continue
                    self._ack(now, person, turn, step.lane, now + int(wait * 1000) + 1)
                    return
                turn.step = step
                self._schedule(now + self._rng.randint(*ASK_MS), _DONE, person.number)
                return
            lane = self._lane(step.lane)
            if not turn.sent and self._blocked[lane] > now:
                self._refused(person, lane)
                return
            grant = self._budget.take(now, LANES[lane], 1, follow=turn.sent and step.lane is not Lane.FADE)
            if not grant.granted:
                if turn.sent:
                    self._ack(now, person, turn, step.lane, now + grant.wait_ms)
                else:
                    self._blocked[lane] = now + grant.wait_ms
                    self._unblocks = min(self._unblocks, now + grant.wait_ms)
                    self._refused(person, lane)
                return
            turn.sent = True
            turn.step = step
            self.tally.requests[step.lane] += 1
            self.tally.kinds[do.value] = self.tally.kinds.get(do.value, 0) + 1
            self._schedule(now + self._rng.randint(*GRAPH_MS), _DONE, person.number)
            return

    def _refused(self, person: Person, lane: int) -> None:
        """No budget: they keep their place, in the lane that the newest state calls for."""
        changed = person.turn is not None and person.turn.version != person.version
        person.leased = False
        person.turn = None
        if changed:
            self._queue.place(person, 0, self.now)
        elif lane != person.lane:
            self._queue.place(person, lane, person.due)
        else:
            self._queue.put_back(person)

    def _ack(self, now: int, person: Person, turn: _Turn, lane: int, due: int | None) -> None:
        person.leased = False
        person.turn = None
        if turn.version != person.version:
            self._queue.place(person, 0, now)
        elif due is None:
            person.lane = NOWHERE
        else:
            self._queue.place(person, self._lane(lane), due)

    def _done(self, now: int, person: Person) -> None:
        """A request has been answered."""
        turn = person.turn
        assert turn is not None  # noqa: S101
        step = turn.step
        assert step is not None  # noqa: S101
        self._account(now, person)
        do, there = step.do, person.microsoft
        if do is Do.ASK:
            self.tally.asks += 1
            observation = Observation(person.zoom, now - ASK_MS[0])
            if self._take_in(now, person, observation) == "accepted":
                turn.observation = observation
            else:
                turn.observation = person.observation
        elif do is Do.LOOK:
            turn.shown, turn.shown_with = SHOWN[there.shown(now)], person.held
        elif do is Do.SET:
            assert step.pair is not None  # noqa: S101
            there.set_session(now, CODE[step.pair], step.minutes)
            told = now - GRAPH_MS[0]
            person.held = Held(step.pair, told, told + step.minutes * MINUTE)
        elif do is Do.CLEAR:
            there.clear_session()
            person.held = None
        elif do is Do.PREFER:
            assert step.pair is not None  # noqa: S101
            self.tally.overridden += there.prefer(now, CODE[step.pair], step.minutes)
            told = now - GRAPH_MS[0]
            person.preferred = Held(step.pair, told, told + step.minutes * MINUTE)
        else:
            self.tally.overridden += there.unprefer(now)
            person.preferred = None
            turn.shown = None
        self._advance(now, person, turn)

    # -- news ----------------------------------------------------------------------------------

    def _take_in(self, now: int, person: Person, new: Observation) -> str:
        """offer.lua."""
        old = person.observation
        if new.at_ms == old.at_ms and new.presence == old.presence:
            return "repeat"
        if not planner.supersedes(new, old):
            return "older"
        person.observation = new
        person.version += 1
        if not person.leased:
            held = person.held
            busy = new.presence in INTERRUPTS or (
                held is not None and held.until_ms > now and held.pair.interrupts
            )
            lane = self._lane(0 if busy else 1)
            due = now
            if self.scheduler.keep_place and person.lane == lane and person.due < now:
                due = person.due
            self._queue.place(person, lane, due)
        return "accepted"

    def _step(self, now: int, person: Person) -> None:
        """The next thing in a person's day."""
        self._account(now, person)
        packed = person.day[person.next]
        person.next += 1
        if person.next < len(person.day):
            self._schedule(person.day[person.next] >> 32, _STEP, person.number)
        what = packed & 0xFF
        if world.EVENT <= what < world.CLIENT:
            at = now - (packed >> 8 & 0xFFFFFF)
            outcome = self._take_in(now, person, Observation(ZOOM[what - world.EVENT], at))
            self.tally.offers[outcome] = self.tally.offers.get(outcome, 0) + 1
            return
        there = person.microsoft
        before = person.demanded_class
        if what < world.EVENT:
            person.zoom = ZOOM[what]
        elif what < world.CALENDAR:
            there.client, there.client_since = world.client_of(what - world.CLIENT), now
        elif what < world.STATUS:
            there.calendar, there.calendar_since = what > world.CALENDAR, now
        elif what < world.ARRIVES:
            there.choose(NONE if what == world.STATUS + 15 else what - world.STATUS)
        else:
            person.here = what == world.ARRIVES
        session, preferred = WANTED[person.zoom, person.style]
        person.demanded = there.shown_if(now, session, preferred)
        person.demanded_class = CLASS[person.demanded]
        if person.demanded_class != before and DND in (before, person.demanded_class):
            self._quiet(now, person)

    def _quiet(self, now: int, person: Person) -> None:
        """Do not disturb is demanded from now on, or no longer: begin to count the seconds."""
        tally = self.tally
        shown = CLASS[person.microsoft.shown(now)]
        if person.demanded_class == DND:
            if person.sound_from >= 0:
                tally.sound.append(now - person.sound_from)
                tally.never_sound += 1
                person.sound_from = -1
            if person.zoom is ZoomPresence.PRESENTING and person.here:
                person.silence_from = now
        else:
            if person.silence_from >= 0:
                tally.silence.append(now - person.silence_from)
                tally.never_silent += 1
                person.silence_from = -1
            elif shown == DND and person.here:
                person.sound_from = now

    # -- accounts ------------------------------------------------------------------------------

    def _account(self, now: int, person: Person) -> None:
        """Add up what was shown since the last time; between two calls only time passes."""
        at = person.last
        person.last = now
        if not person.here:
            return
        demanded = person.demanded_class
        there = person.microsoft
        tally = self.tally
        while at < now:
            code, until = there.shown_until(at)
            until = min(until, now)
            shown = CLASS[code]
            if person.silence_from >= 0 and shown == DND:
                tally.silence.append(max(0, at - person.silence_from))
                person.silence_from = -1
            elif person.sound_from >= 0 and shown != DND:
                tally.sound.append(max(0, at - person.sound_from))
                person.sound_from = -1
            if shown == demanded:
                tally.true_ms += until - at
            else:
                if person.observation.presence is not person.zoom:
                    cause = NEWS
                elif person.leased:
                    cause = WAITING
                elif person.lane != NOWHERE and person.due < until:
                    cause = KEEPING if person.lane >= Lane.HOLD else WAITING
                else:
                    cause = TOLD
                tally.false_ms[cause][7 * demanded + shown] += until - at
            at = until


def _spread(number: int, held: Held | None) -> float:
    told = held.told_ms if held is not None else 0
    return ((number * 2654435761 ^ told * 40503) * 2246822519 & 0xFFFFFFFF) / 2**32


def simulate(
    people: int,
    scheduler: Scheduler,
    *,
    seed: int = 1,
    assumptions: Assumptions = Assumptions(),
    faults: bool = True,
    scale: int = 1,
) -> dict[str, object]:
    """Run a day; gives what Tally.result says, with the processor time it took."""
    began = time.process_time()
    day = Day(people, scheduler, seed=seed, assumptions=assumptions, faults=faults, scale=scale)
    made = time.process_time()
    result = day.run().result()
    ended = time.process_time()
    return {
        "scheduler": scheduler.name,
        **result,
        "seconds_to_make": made - began,
        "seconds_to_run": ended - made,
    }


BOUND = Scheduler("bound", limited=False)
_ = (Sequence, BUSY, PAIRS, NEWEST) if TYPE_CHECKING else None
