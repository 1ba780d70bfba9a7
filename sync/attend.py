"""One turn with one claimed person: plan, carry the step out, until nothing is left to do.

Whoever dies in the middle loses nothing: the lease ends, the person is due again, and what
Microsoft may hold was written down before it was sent.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import structlog

from sync.errors import (
    AdminMustAct,
    AuthorizeAgain,
    OutsideError,
    PersonGone,
    Refused,
    RetryLater,
    TenantPaused,
)
from sync.plan import ASK_AGAIN_MS, MINUTE, Do, Held, Lane, Observation, Plan, Situation, Why, plan
from sync.policy import resolve
from sync.presence import ZoomPresence
from sync.store.connection import REDIS_TROUBLE
from sync.store.people import PREFERRED, SESSION, Claim, Fields, State, held_fields

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sync.ports import Meter, People, PolicySource, PresenceApi, TokenSource, ZoomLookup
    from sync.presence import Pair, Shown
    from sync.store.people import Changes, PeopleStore
    from sync.store.quota import Quota

log = structlog.get_logger()

T = TypeVar("T")

_FIELDS = {
    Do.SET: SESSION,
    Do.CLEAR: SESSION,
    Do.PREFER: PREFERRED,
    Do.UNPREFER: PREFERRED,
}
"""Which kind of thing a step changes at Microsoft."""

MOST_STEPS = 9
"""Steps in one turn: ask, look, write and what follows. More would be a bug, not a plan."""
FIRST_RETRY_MS = 2_000
LONGEST_RETRY_MS = 5 * MINUTE
ADMIN_RETRY_MS = 15 * MINUTE
DEFAULT_PAUSE_S = 30.0
"""How long everybody waits after a 429 that does not say how long: Graph's own window."""

_MEETINGS = frozenset({ZoomPresence.IN_MEETING, ZoomPresence.PRESENTING})

MUST_AUTHORIZE = "authorize"
"""The `trouble` of a person whose authorisation no longer works; only connecting again ends it."""


class LeaseLost(Exception):
    """Another worker owns the person now; nothing may be sent for them."""


class QuotaShort(Exception):
    """Microsoft's or Zoom's quota is used up; `wait_ms` until there is more."""

    def __init__(self, wait_ms: int) -> None:
        super().__init__(wait_ms)
        self.wait_ms = wait_ms


class Attendant:
    """Attends to claimed people. One per process; safe to share between tasks."""

    def __init__(
        self,
        *,
        store: PeopleStore,
        quota: Quota,
        graph: PresenceApi,
        tokens: TokenSource,
        zoom: ZoomLookup | None,
        people: People,
        policy: PolicySource,
        meter: Meter,
        zoom_turn: Callable[[str], float] = lambda _: 0.0,
    ) -> None:
        """`zoom_turn` gives the seconds until it is somebody's turn to be asked about at Zoom."""
        self._zoom_turn = zoom_turn
        self._store = store
        self._quota = quota
        self._graph = graph
        self._tokens = tokens
        self._zoom = zoom
        self._people = people
        self._policy = policy
        self._meter = meter

    async def attend(self, claim: Claim) -> bool:
        """Do all that is due for a claimed person and give them back.

        True when Microsoft holds nothing of ours afterwards. Failures of the outside end in a later
        due time; only Redis errors and bugs are raised.
        """
        async with _Lease(self._store, claim):
            turn = _Turn(claim)
            try:
                await self._steps(turn)
            except QuotaShort as short:
                # Not replayed later but planned anew: by then another state may be the newest.
                await self._store.ack(
                    claim, lane=turn.lane, due_ms=turn.now() + short.wait_ms, changes=turn.changes
                )
            except LeaseLost:
                log.warning("engine_lease_lost", person=claim.state.object_id)
            except OutsideError as error:
                await self._failed(turn, error)
        return turn.state.held is None and turn.state.preferred is None

    async def look(self, state: State) -> Shown:
        """What Microsoft shows of a person. Raises QuotaShort and the errors of sync.errors."""
        return await self._graph_call(
            "look", state, lambda token: self._graph.look(token, state.object_id)
        )

    def situation(
        self,
        state: State,
        now_ms: int,
        *,
        shown: Shown | None = None,
        shown_with: Held | None = None,
        can_ask: bool | None = None,
    ) -> Situation:
        """What a plan for this person depends on."""
        verdict = resolve(self._policy.current(), state.group_ids, state.personal, now_ms=now_ms)
        if state.leaving:
            verdict = replace(verdict, on=False)
        told = state.held.told_ms if state.held else 0
        return Situation(
            verdict=verdict,
            observation=state.observation,
            held=state.held,
            can_ask=self._zoom is not None if can_ask is None else can_ask,
            spread=zlib.crc32(f"{state.object_id}{told}".encode()) / 2**32,
            shown=shown,
            shown_with=shown_with,
            test_until_ms=state.test_until_ms,
            preferred=state.preferred,
            yielded_ms=state.yielded_ms,
        )

    async def _steps(self, turn: _Turn) -> None:
        state = turn.state
        turn.policy = (await self._policy.at_least(state.policy_needed)).version
        if state.trouble == MUST_AUTHORIZE:
            await self._wait_for_the_person(turn)
            return
        shown, shown_with, can_ask = None, None, self._zoom is not None
        for _ in range(MOST_STEPS):
            now = turn.now()
            situation = self.situation(
                turn.state, now, shown=shown, shown_with=shown_with, can_ask=can_ask
            )
            step = plan(now, situation)
            turn.lane = step.lane
            if step.do is Do.NOTHING:
                again = situation.verdict.resumes_ms
                if not can_ask and self._zoom is not None:
                    again = now + ASK_AGAIN_MS
                await self._finish(turn, step, again)
                return
            if step.do is Do.ASK:
                can_ask = await self._ask(turn)
            elif step.do is Do.LOOK:
                shown, shown_with = await self.look(turn.state), turn.state.held
            elif step.do is Do.YIELD:
                turn.yield_to_person()
            elif step.do in {Do.SET, Do.PREFER}:
                await self._hold(turn, step)
            else:
                await self._end(turn, step)
                if step.do is Do.UNPREFER:
                    shown = None  # what it covered shows now
        log.error("engine_plan_does_not_end", person=state.object_id, last=step.do.value)
        await self._store.ack(
            turn.claim,
            lane=Lane.CHANGE,
            due_ms=turn.now() + ADMIN_RETRY_MS,
            changes=turn.changes | turn.settled(),
        )

    async def _finish(self, turn: _Turn, step: Plan, again_ms: int | None) -> None:
        """Give the person back until the plan's time, or `again_ms` if that is sooner."""
        state = turn.state
        if state.leaving:
            await self._forget(turn)
            return
        due = min((ms for ms in (step.due_ms, again_ms) if ms is not None), default=None)
        turn.changes |= {"tries": 0, "trouble": "", "trouble_at": "", "wait": ""}
        turn.changes |= turn.settled()
        if state.got_ms is not None:
            turn.changes["answered"] = state.got_ms
        if state.test_until_ms is not None and state.test_until_ms <= turn.now():
            turn.changes["test"] = ""
        meeting = None if state.met else turn.shown_meeting
        if meeting is not None:
            turn.changes["met"] = 1
        acked = await self._store.ack(turn.claim, lane=step.lane, due_ms=due, changes=turn.changes)
        if acked and meeting is not None:  # whoever wrote it down tells it: once means once
            await self._people.first_meeting(state.object_id, *meeting)

    async def _hold(self, turn: _Turn, step: Plan) -> None:
        """Tell Microsoft to hold a session (SET) or a preferred status (PREFER)."""
        oid, pair, fields = turn.state.object_id, step.pair, _FIELDS[step.do]
        assert pair is not None  # noqa: S101 - these plans have one
        before = turn.holding(fields)
        now = turn.now()
        held = Held(pair, now, now + step.minutes * MINUTE)
        longest = max(held.until_ms, before.until_ms if before else 0)
        prefer = fields is PREFERRED
        tell = self._graph.set_preferred if prefer else self._graph.set_session

        async def send(token: str) -> None:
            await self._intend(turn, replace(held, until_ms=longest, sure=False), fields)
            await tell(token, oid, pair, step.minutes)

        await self._graph_call("preferred" if prefer else "set", turn.state, send)
        self._measure(turn)
        turn.keep(held, fields)
        observation = turn.state.observation
        if step.why is Why.SHOWING and observation and observation.presence in _MEETINGS:
            turn.shown_meeting = (observation.presence, pair)

    async def _end(self, turn: _Turn, step: Plan) -> None:
        """End what Microsoft holds of us: a session (CLEAR) or a preferred status (UNPREFER)."""
        oid, fields = turn.state.object_id, _FIELDS[step.do]
        before = turn.holding(fields)
        assert before is not None  # noqa: S101 - only what is held is ended
        prefer = fields is PREFERRED
        tell = self._graph.clear_preferred if prefer else self._graph.clear_session

        async def send(token: str) -> None:
            await self._intend(turn, replace(before, sure=False), fields)
            await tell(token, oid)

        await self._graph_call("preferred" if prefer else "clear", turn.state, send)
        self._measure(turn)
        turn.keep(None, fields)

    async def _intend(self, turn: _Turn, held: Held, fields: Fields) -> None:
        """Write down what Microsoft may hold from now on, before anything is sent.

        If we die before the answer, the next owner of the person knows that it must be written
        again or cleared. Raises LeaseLost.
        """
        if not await self._store.record(turn.claim, held_fields(held, fields)):
            raise LeaseLost

    async def _ask(self, turn: _Turn) -> bool:
        """Ask Zoom; False when it gave no usable answer. Raises QuotaShort."""
        assert self._zoom is not None  # noqa: S101 - only planned when Zoom can be asked
        oid, asked_ms = turn.state.object_id, turn.now()
        link = await self._store.link(oid)
        names = link and (link.zoom_id, *link.addresses)
        user = next((name for name in names or () if name), None)
        if user is None:
            return False
        wait = self._zoom_turn(oid)
        if wait > 0:
            raise QuotaShort(int(wait * 1000) + 1)
        try:
            presence = await self._zoom.presence_of(user)
        except PersonGone:
            # Zoom knows nobody by this name now: nothing to mirror.
            presence = ZoomPresence.OFFLINE
        except OutsideError as error:
            log.warning("zoom_not_asked", person=oid, reason=error.code)
            return False
        if presence is None:
            log.warning("zoom_unknown_state", person=oid)
            return False
        observation = Observation(presence, asked_ms)
        # Offered, not set: an event that came meanwhile may be newer.
        outcome = await self._store.offer(oid, observation)
        if outcome == "accepted":
            turn.state = replace(turn.state, observation=observation)
            return True
        fresh = await self._store.state(oid)
        if outcome == "not_connected" or fresh is None:
            return False  # they left meanwhile; the next turn sees to that
        turn.state = replace(turn.state, observation=fresh.observation)
        return True

    async def _graph_call(self, kind: str, state: State, call: Callable[[str], Awaitable[T]]) -> T:
        """One request within the tenant's quota; a refused token is replaced once."""
        for last in (False, True):
            token = await self._tokens.access_token(state.object_id, state.generation)
            grant = await self._quota.take(Lane.TURN)
            if not grant.granted:
                raise QuotaShort(grant.wait_ms)
            began = time.monotonic()
            try:
                answer = await call(token)
            except OutsideError as error:
                self._meter.write(kind, _outcome(error), time.monotonic() - began)
                if isinstance(error, TenantPaused):
                    wait = error.after or DEFAULT_PAUSE_S
                    log.warning("graph_throttled", seconds=wait)
                    await self._quota.pause(wait)
                if error.code == "graph_401" and not last:
                    self._tokens.invalidate(state.object_id)
                    continue
                raise
            self._meter.write(kind, "ok", time.monotonic() - began)
            return answer
        raise AssertionError  # pragma: no cover - the loop returns or raises

    def _measure(self, turn: _Turn) -> None:
        """Keep that Microsoft accepted a write, and how long after the event."""
        turn.changes["wrote"] = turn.now()
        got = turn.state.got_ms
        if got is not None and got != turn.state.answered_ms:
            self._meter.event_to_write(max(0, turn.now() - got) / 1000)
            turn.state = replace(turn.state, answered_ms=got)
            turn.changes["answered"] = got

    async def _failed(self, turn: _Turn, error: OutsideError) -> None:
        """Decide who waits, how long, and who is told."""
        state, now = turn.state, turn.now()
        oid = state.object_id
        if isinstance(error, AuthorizeAgain):
            log.warning("person_must_authorize_again", person=oid, reason=error.code)
            turn.changes |= {"trouble": MUST_AUTHORIZE, "trouble_at": now}
            await self._wait_for_the_person(turn)
            known = await self._store.state(oid)
            # Not if they connected anew while the old authorisation failed.
            if known is not None and known.trouble == MUST_AUTHORIZE:
                await self._people.must_authorize_again(oid, error.code)
            return
        tries, due = state.tries, None
        if isinstance(error, TenantPaused):
            due = now + int((error.after or DEFAULT_PAUSE_S) * 1000)
        elif isinstance(error, RetryLater):
            tries += 1
            backoff = min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** min(tries - 1, 10))
            due = now + int(max((error.after or 0) * 1000, backoff))
            log.warning("person_later", person=oid, reason=str(error), tries=tries)
        elif isinstance(error, AdminMustAct):
            due = now + ADMIN_RETRY_MS
            log.error("admin_must_act", person=oid, reason=str(error))
        elif isinstance(error, PersonGone | Refused):
            # Parked: repeating is useless until something new happens.
            log.error("person_parked", person=oid, reason=str(error))
        turn.changes |= {"tries": tries, "trouble": error.code, "trouble_at": now}
        if not isinstance(error, RetryLater | TenantPaused):
            turn.changes |= turn.settled()
        until = max((h.until_ms for h in (state.held, state.preferred) if h), default=0)
        if state.leaving and (due is None or due >= until):
            await self._forget(turn)
            return
        turn.changes["wait"] = "" if due is None else due
        await self._store.ack(turn.claim, lane=turn.lane, due_ms=due, changes=turn.changes)

    async def _wait_for_the_person(self, turn: _Turn) -> None:
        if turn.state.leaving:
            # Nothing can be cleared without an authorisation; our session ends by itself.
            await self._forget(turn)
            return
        changes = turn.changes | turn.settled()
        await self._store.ack(turn.claim, lane=Lane.CHANGE, due_ms=None, changes=changes)

    async def _forget(self, turn: _Turn) -> None:
        state = turn.state
        if await self._store.erase(state.object_id, state.generation):
            self._tokens.forget(state.object_id)
            log.info("link_erased", person=state.object_id)
        else:
            # They connected anew meanwhile; that link is planned for itself.
            await self._store.ack(
                turn.claim,
                lane=Lane.CHANGE,
                due_ms=turn.now(),
                changes=held_fields(state.held) | held_fields(state.preferred, PREFERRED),
            )


class _Lease:
    """Renews the lease at a third of its time for as long as the work goes on."""

    def __init__(self, store: PeopleStore, claim: Claim) -> None:
        self._store = store
        self._claim = claim
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        # A timer, not a task: nearly every turn ends long before the first renewal.
        self._timer = self._start_timer()

    async def __aexit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._task is not None:
            await asyncio.wait([self._task])

    def _start_timer(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(self._store.lease_ms / 3000, self._due)

    def _due(self) -> None:
        self._task = asyncio.create_task(self._renew(), name="lease")
        self._timer = self._start_timer()

    async def _renew(self) -> None:
        try:
            await self._store.renew(self._claim)
        except REDIS_TROUBLE as error:
            # The turn itself meets the failure when it writes.
            log.warning("engine_lease_not_renewed", error=type(error).__name__)


class _Turn:
    """What changes while a person is attended to."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.state = claim.state
        self.lane = Lane.CHANGE
        self.changes: Changes = {}
        self.shown_meeting: tuple[ZoomPresence, Pair] | None = None
        self.policy = 0
        self._began = time.monotonic()

    def now(self) -> int:
        """Epoch ms on the Redis server's clock."""
        return self.claim.now_ms + int((time.monotonic() - self._began) * 1000)

    def settled(self) -> Changes:
        """That the policy is carried out for the person, as far as it can be (sync.rollout).

        Not while a write waits for quota or for a service: then it is still to be done.
        """
        return {"pol": self.policy}

    def holding(self, fields: Fields) -> Held | None:
        """What Microsoft holds of us, of one kind."""
        return self.state.preferred if fields is PREFERRED else self.state.held

    def keep(self, held: Held | None, fields: Fields) -> None:
        """Remember what Microsoft holds of us now."""
        if fields is PREFERRED:
            self.state = replace(self.state, preferred=held)
        else:
            self.state = replace(self.state, held=held)
        self.changes |= held_fields(held, fields)

    def yield_to_person(self) -> None:
        """They have chosen a status themselves: what we preferred is forgotten, not cleared."""
        observation = self.state.observation
        yielded = observation.at_ms if observation else None
        self.state = replace(self.state, yielded_ms=yielded)
        self.changes["yielded"] = "" if yielded is None else yielded
        self.keep(None, PREFERRED)


def _outcome(error: OutsideError) -> str:
    """The meter's word for a failure."""
    words: list[tuple[type[OutsideError], str]] = [
        (TenantPaused, "throttled"),
        (RetryLater, "retry"),
        (AuthorizeAgain, "reauthorize"),
        (AdminMustAct, "admin"),
        (PersonGone, "gone"),
    ]
    return next((word for kind, word in words if isinstance(error, kind)), "refused")
