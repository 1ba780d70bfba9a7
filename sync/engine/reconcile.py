"""Reconciling one claimed person: plan, carry the step out, until nothing is left to do.

A process that dies in the middle loses nothing: the lease ends, the person is due again, and the
next one assumes that Microsoft may have been told anything (`lua/_queue.lua`, lease).
"""

from __future__ import annotations

import random
from dataclasses import InitVar, dataclass
from functools import partial
from typing import TYPE_CHECKING, assert_never

import structlog

from domain.agreement import counted_as
from domain.clock import MINUTE
from domain.errors import AuthorizeAgain, OutsideError, RetryLater, TenantPaused, Trouble
from domain.freshness import UNHURRIED, Freshness
from domain.person import Accepted, Layer, Patch, app_of, attempt, verdict_of
from domain.plan import is_handed_over, plan
from domain.presence import NOT_SAID, ZoomPresence
from domain.setback import ADMIN_RETRY_MS
from domain.step import UNSEEN, WRITES, Do, Lane, Plan, Seen, Why, World
from sync.engine.failing import keep_failure
from sync.engine.gate import GraphGate, QuotaShort, Ticket
from sync.engine.lease import Lease, LeaseLost, Leases, Reconciliation
from sync.engine.queue import Looks

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from domain.person import Cleared, Held, PersonState
    from domain.policy import Verdict
    from domain.presence import Pair, Shown
    from domain.readback import Reading
    from sync.engine.asking import Asking
    from sync.engine.people import PeopleStore
    from sync.engine.ports import Meter, People, PolicySource, PresenceApi, TokenSource
    from sync.engine.queue import Claim
    from sync.engine.quota import Quota

log = structlog.get_logger()

MOST_STEPS = 9
"""Steps in one run: ask, look, write and what follows. More would be a bug, not a plan."""

OWN_COUNTS_WITHIN_MS = 30_000
"""In which their own authorisation counts instead of the organisation's, or they are due again."""

_MEETINGS = frozenset({ZoomPresence.IN_MEETING, ZoomPresence.PRESENTING})

LOOKS_TRIED = 2
"""Reconciliations in a row that may fail for a look that Microsoft does not answer."""
OF_A_LOOK = "graph_401"
"""From a look alone this says nothing of the authorisation: a write may still be allowed."""


async def _unhurried() -> Freshness:
    return UNHURRIED


async def _not_read() -> Reading | None:
    return None


@dataclass(kw_only=True, eq=False)
class Reconciler:
    """Reconciles claimed people. One per process; safe to share between tasks.

    `asking` asks Zoom, None: it can't be asked. `doubted`: Zoom's states observed before (epoch ms)
    are not trusted, `fresh` says how long others are. `reading`: how Microsoft is read back, None:
    it is not. `chance` gives numbers in [0, 1).
    """

    store: PeopleStore
    quota: InitVar[Quota]
    graph: PresenceApi
    tokens: TokenSource
    asking: Asking | None
    people: People
    policy: PolicySource
    meter: Meter
    doubted: Callable[[], int] = lambda: 0
    fresh: Callable[[], Awaitable[Freshness]] = _unhurried
    reading: Callable[[], Awaitable[Reading | None]] = _not_read
    chance: Callable[[], float] = random.random

    def __post_init__(self, quota: Quota) -> None:
        self.gate = GraphGate(quota, self.tokens, self.meter, chance=self.chance)
        self._leases = Leases(self.store)

    async def reconcile(self, claim: Claim) -> Cleared | None:
        """Do all that is due for a claimed person and give them back.

        Cleared: Microsoft holds nothing of ours afterwards. Failures of the outside end in a later
        due time; only Redis errors and bugs are raised.
        """
        run = await self.run(claim, Ticket())
        if run.given_back is not None:
            await run.given_back
        return run.state.cleared(run.now())

    async def run(self, claim: Claim, ticket: Ticket) -> Reconciliation:
        """Reconcile without waiting until Redis has them back (`Reconciliation.given_back`).

        `ticket`: what the budget granted for them already; what is left in it was not needed.
        """
        async with Lease(self._leases, claim) as lease:
            run = Reconciliation(claim, lease, ticket)
            try:
                await self._steps(run)
            except QuotaShort as short:
                run.keep_unheard()
                if run.state.leaving:
                    await self.store.retire(claim.state.object_id, claim.token)
                # Not replayed later but planned anew: by then another state may be the newest.
                self._give_back(run, run.ticket.lane, run.now() + short.wait_ms)
            except LeaseLost:
                log.warning("engine_lease_lost", person=claim.state.object_id)
            except OutsideError as error:
                await self._failed(run, error)
        return run

    def _give_back(
        self, run: Reconciliation, lane: Lane, due_ms: int | None, looks: Looks | None = None
    ) -> asyncio.Future[bool]:
        """End the lease, with what has changed; True in the end if it was still ours."""
        run.give_back = partial(
            self.store.ack, run.claim, lane=lane, due_ms=due_ms, patch=run.patch, looks=looks
        )
        run.given_back = run.give_back()
        return run.given_back

    async def look(self, state: PersonState, ticket: Ticket | None = None) -> Shown:
        """What Microsoft shows of a person. Raises QuotaShort and the errors of domain.errors."""
        return await self.gate.call(
            "look", state, ticket or Ticket(), lambda token: self.graph.look(token, state.object_id)
        )

    def verdict(self, state: PersonState, now_ms: int) -> Verdict:
        """What policy says of them; nothing is shown of people who leave or lost their app."""
        verdict = verdict_of(self.policy.current(), state, now_ms)
        if state.leaving or state.away_ms is not None:
            verdict = verdict._replace(on=False)
        return verdict

    async def world(self) -> World:
        """What every plan depends on now."""
        return World(
            can_ask=self.asking is not None,
            doubted_ms=self.doubted(),
            organisation_app=self.tokens.app,
            fresh=await self.fresh(),
            reading=await self.reading(),
        )

    async def _steps(self, run: Reconciliation) -> None:
        state = run.state
        run.policy = (await self.policy.at_least(state.policy_needed)).version
        if state.trouble == Trouble.AUTHORIZE:
            if run.is_last:  # nothing can be cleared; our session ends by itself
                await self._forget(run)
            else:
                run.settled()
                self._give_back(run, Lane.CHANGE, run.ends_ms)
            return
        now = run.now()
        verdict, seen, world = self.verdict(state, now), UNSEEN, await self.world()
        if verdict.by is not state.authorised_by and not state.leaving:
            # One of their own is to count (sync.organisation.own_kept): who wrote does no more.
            self._give_back(run, Lane.CHANGE, now + OWN_COUNTS_WITHIN_MS)
            return
        again = _earliest(verdict.resumes_ms, run.ends_ms)
        if state.trouble == Trouble.AGAIN:  # a look proves it also where nothing is to be written
            seen = await self._see(run, proof=True)
            now = run.now()
        for _ in range(MOST_STEPS):
            run.take_up(self.tokens.app, now)
            step = plan(now, state, verdict, seen, world)
            run.ticket.lane = step.lane
            match step.do:
                case Do.NOTHING:
                    looks = None if world.reading is None else Looks(step.watch)
                    await self._finish(run, step, verdict, again, looks)
                    return
                case Do.ASK:
                    assert self.asking is not None  # noqa: S101 - only planned when Zoom can be asked
                    wait = await self.asking.ask(run)
                    if wait is not None:
                        # Planned as if Zoom could not be asked, until it can.
                        world, again = world._replace(can_ask=False), now + wait
                case Do.LOOK:
                    seen = await self._see(run)
                case Do.YIELD:
                    run.yield_to_person()
                case Do.SET | Do.CLEAR | Do.PREFER:
                    await self._write(run, step)
                case Do.UNPREFER:
                    await self._write(run, step)
                    seen = UNSEEN  # what it covered shows now
                case _:
                    assert_never(step.do)
            now = run.now()
        log.error("engine_plan_does_not_end", person=state.object_id, last=step.do.value)
        run.settled()
        self._give_back(run, Lane.CHANGE, run.now() + ADMIN_RETRY_MS)

    async def _see(self, run: Reconciliation, *, proof: bool = False) -> Seen:
        """Look at Microsoft; with `proof` to know whether the authorisation works.

        What it does not let us read is unknown, and stops nothing.
        """
        state = run.state
        try:
            shown = await self.look(state, run.ticket)
        except OutsideError as error:
            # Whatever ails more than looks is met again by the write.
            token = isinstance(error, AuthorizeAgain) and (proof or error.code != OF_A_LOOK)
            passing = isinstance(error, RetryLater) and state.tries < LOOKS_TRIED
            if token or passing or isinstance(error, TenantPaused):
                raise
            log.warning("presence_not_read", person=state.object_id, reason=error.code)
            shown = NOT_SAID
        return Seen(shown, state.held)

    async def _finish(
        self,
        run: Reconciliation,
        step: Plan,
        verdict: Verdict,
        again_ms: int | None,
        looks: Looks | None,
    ) -> None:
        """Give the person back until the plan's time, or `again_ms` if that is sooner."""
        state = run.state
        if run.is_last:
            await self._forget(run)
            return
        due = _earliest(step.due_ms, again_ms)
        run.change(Patch.recovered(state))
        run.learn(step)
        run.planned(counted_as(verdict, step.why))
        run.settled()
        if state.got_ms is not None and state.got_ms != state.acted_ms:
            run.change(Patch.acted(state.got_ms))
        if state.former is not None and state.former.until_ms <= run.now():
            run.change(Patch.left_has_ended())
        if state.test_until_ms is not None and state.test_until_ms <= run.now():
            run.change(Patch.tested())
        meeting = None if state.met else run.shown_meeting
        if meeting is not None:
            run.change(Patch.first_meeting())
        given_back = self._give_back(run, step.lane, due, looks)
        if meeting is not None and await given_back:  # who wrote it down notifies: once means once
            await self.people.first_meeting(state.object_id, *meeting)

    async def _write(self, run: Reconciliation, step: Plan) -> None:
        """Have Microsoft hold a session or a preferred status, or end what it holds of us."""
        if step.do is Do.SET and self._is_another_s(run):
            await self.tokens.token_for(run.state)  # without one nothing would be shown afterwards
            await self._tell(run, Do.CLEAR, None, 0)
        accepted = await self._tell(run, step.do, step.pair, step.minutes)
        run.change(Patch.wrote(run.now()) | Patch.unseen())
        run.learn(step)
        got, seen = run.state.got_ms, run.state.observation
        if got is not None and got != run.state.acted_ms:
            self.meter.event_to_write(max(0, run.now() - got) / 1000)
            run.change(Patch.acted(got))
        if accepted and step.why is Why.SHOWING and seen and seen.presence in _MEETINGS:
            run.shown_meeting = (seen.presence, accepted)

    def _is_another_s(self, run: Reconciliation) -> bool:
        """Whether Microsoft may hold the session of another registration (domain.plan, Rule 9)."""
        held = run.state.held
        live = held is not None and held.until_ms > run.now()
        return live and is_handed_over(run.state, self.tokens.app)

    async def _tell(
        self, run: Reconciliation, do: Do, pair: Pair | None, minutes: int
    ) -> Accepted | None:
        """Send it; what was accepted, None where something was ended."""
        layer, graph = WRITES[do], self.graph
        oid, now, before = run.state.object_id, run.now(), run.state.holding(layer)
        app = app_of(run.state, self.tokens.app)
        if do is Do.CLEAR:
            app = run.state.session_app  # only who set it can end it
        preferred = layer is Layer.PREFERRED
        kind = "preferred" if preferred else "set" if pair is not None else "clear"
        until_ms = now + minutes * MINUTE
        if pair is not None:
            attempted = attempt(pair, now, until_ms, before)
        else:
            assert before is not None  # noqa: S101 - only what is held is ended
            attempted = attempt(before.pair, before.told_ms, before.until_ms, before)

        async def send(token: str) -> None:
            await self._intend(run, attempted, layer, app)
            if preferred:
                await run.lease.within(
                    graph.clear_preferred(token, oid)
                    if pair is None
                    else graph.set_preferred(token, oid, pair, minutes)
                )
            elif pair is None:
                await run.lease.within(graph.clear_session(token, oid, app))
            else:
                await run.lease.within(graph.set_session(token, oid, pair, minutes, app))

        try:
            await self.gate.call(
                kind, run.state, run.ticket, send, app=app if do is Do.CLEAR else None
            )
        except OutsideError as error:
            if isinstance(error, RetryLater) or do is not Do.CLEAR or not self._is_another_s(run):
                raise
            run.leave_to_end()
            log.warning("session_left_to_end", person=oid, app=app, reason=str(error))
            return None
        accepted = None if pair is None else Accepted(pair, now, until_ms)
        run.keep(None if accepted is None else accepted.held, layer)
        if do is Do.SET and run.state.former is not None and run.state.former_app == app:
            run.change(Patch.left_has_ended())  # replaced
        return accepted

    async def _intend(self, run: Reconciliation, held: Held, layer: Layer, app: str) -> None:
        """From here on Microsoft may hold it, until its answer says so. Raises LeaseLost.

        If we die before the answer, the lease that nobody gave back tells the next owner that the
        session is in doubt. The preferred status is the person's own slot, where a guess would not
        do: what we set there is written down before it is sent. So is that another registration
        writes from now on: whose session is in doubt must be known.
        """
        run.lease.check()
        run.unheard = (held, layer)
        if layer is Layer.PREFERRED:
            await self._record(run, Patch.holds(held, layer))
        elif app != run.state.session_app:
            run.change(Patch.writes_as(app))
            left = Patch(former=run.state.former, former_app=run.state.former_app)
            await self._record(run, Patch.holds(held, layer) | left | Patch.writes_as(app))

    async def _record(self, run: Reconciliation, patch: Patch) -> None:
        if not await self.store.record(run.claim, patch):
            raise LeaseLost
        run.lease.check()

    async def _failed(self, run: Reconciliation, error: OutsideError) -> None:
        """Keep what ails the person, and when it is tried again."""
        works = self.gate.works_for_others_ms
        due = keep_failure(run, error, works_for_others_ms=works, chance=self.chance())
        state = run.state
        if run.is_last and (due is None or due >= (state.held_until_ms or 0)):
            # Nothing more can be cleared; what we told Microsoft ends by itself.
            await self._forget(run)
            return
        if state.leaving:
            await self.store.retire(state.object_id, run.claim.token)
        # People who must connect again are found there and notified by sync.reconnect.notifier.
        self._give_back(run, run.ticket.lane, _earliest(due, run.ends_ms))

    async def _forget(self, run: Reconciliation) -> None:
        state = run.state
        gone_ms = None if state.leaving else state.away_ms
        if await self.store.erase(state.object_id, state.generation, gone_ms):
            self.tokens.forget(state.object_id)
            if gone_ms is not None:
                log.info("app_not_back", person=state.object_id)
            log.info("link_erased", person=state.object_id)
        else:
            # They connected anew, or are back, meanwhile; that is planned for itself.
            run.patch = Patch(former=state.former, former_app=state.former_app)
            run.patch |= Patch.writes_as(state.session_app)
            run.patch |= Patch.holds(state.held, Layer.SESSION)
            run.patch |= Patch.holds(state.preferred, Layer.PREFERRED)
            self._give_back(run, Lane.CHANGE, run.now())


def _earliest(*times: int | None) -> int | None:
    return min((ms for ms in times if ms is not None), default=None)
