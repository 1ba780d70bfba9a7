"""What reconciling a claimed person carries along: what is known, what changes, the lease.

Used by sync.engine.reconcile.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import structlog

from domain.errors import AuthorizeAgain, NotAllowed, Refused
from domain.person import Patch, app_of
from sync.redis.alarms import Alarms
from sync.redis.connection import REDIS_TROUBLE
from sync.redis.keys import APP_BACK_TTL

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from domain.errors import OutsideError
    from domain.person import Accepted, Held, Layer
    from domain.presence import Style, ZoomPresence
    from domain.step import Plan
    from sync.engine.gate import Ticket
    from sync.engine.people import PeopleStore
    from sync.engine.queue import Claim

log = structlog.get_logger()


class LeaseLost(Exception):
    """Another worker owns the person now; nothing may be sent for them."""


class Leases:
    """The leases that this process holds, each renewed at every third of its time."""

    def __init__(self, store: PeopleStore) -> None:
        self.store = store
        self.seconds = store.lease_ms / 1000
        self.renewals = Alarms(self.seconds / 3)


class Lease:
    """The lease on one person. While its block runs, `Leases` looks after it."""

    def __init__(self, leases: Leases, claim: Claim) -> None:
        self._leases = leases
        self._claim = claim
        self._renewed = claim.taken
        self._lost = False
        self._task: asyncio.Task[None] | None = None
        self._sender: asyncio.Task[object] | None = None
        self._broken_off = False

    async def __aenter__(self) -> Lease:
        self._leases.renewals.set(self)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._leases.renewals.clear(self)
        if self._task is not None:
            await asyncio.wait([self._task])

    def check(self) -> None:
        """Raise LeaseLost where the person may be somebody else's, as after the process stood."""
        if self._lost or time.monotonic() - self._renewed > 2 * self._leases.seconds / 3:
            raise LeaseLost

    async def within(self, request: Awaitable[None]) -> None:
        """Send something, and break it off where the lease ends unrenewed. Raises LeaseLost.

        While Redis is away nothing renews it: the next owner may write as soon as it is back.
        """
        self._sender = sender = asyncio.current_task()
        try:
            await request
        except asyncio.CancelledError:
            if self._broken_off and sender is not None and sender.uncancel() == 0:
                raise LeaseLost from None
            raise
        finally:
            self._sender = None

    def _break_off(self) -> None:
        if self._sender is not None and not self._broken_off:
            self._broken_off = True
            self._sender.cancel()

    def ring(self) -> None:
        """A third of its time is over: have it renewed; where it has ended, break off."""
        if time.monotonic() - self._renewed >= self._leases.seconds:
            self._break_off()
            return
        self._leases.renewals.set(self)
        self._task = asyncio.create_task(self._renew(), name="lease")

    async def _renew(self) -> None:
        began = time.monotonic()
        try:
            renewed = await self._leases.store.renew(self._claim)
        except REDIS_TROUBLE as error:
            # The reconciliation itself meets the failure when it gives the person back.
            log.warning("engine_lease_not_renewed", error=type(error).__name__)
            return
        if renewed:
            self._renewed = began
        else:
            self._lost = True
            self._break_off()


class Reconciliation:
    """What changes while a person is reconciled."""

    def __init__(self, claim: Claim, lease: Lease, ticket: Ticket) -> None:
        self.claim, self.lease, self.ticket = claim, lease, ticket
        self.state = claim.state
        self.patch = Patch()
        self.shown_meeting: tuple[ZoomPresence, Accepted] | None = None
        self.policy = 0
        self.unheard: tuple[Held, Layer] | None = None
        self.given_back: asyncio.Future[bool] | None = None
        """Done when Redis has them back; None where there was nothing to give back."""
        self.give_back: Callable[[], asyncio.Future[bool]] | None = None
        """Does it again, where Redis did not answer: who has them by then keeps them."""
        self._began = time.monotonic()

    def now(self) -> int:
        """Epoch ms on the Redis server's clock."""
        return self.claim.now_ms + int((time.monotonic() - self._began) * 1000)

    @property
    def ends_ms(self) -> int | None:
        """When they are forgotten because their app is away for too long (epoch ms)."""
        away_ms = self.state.away_ms
        return None if away_ms is None else away_ms + 1000 * APP_BACK_TTL

    @property
    def is_last(self) -> bool:
        """Whether they are to be forgotten: they asked for it, or their app did not come back."""
        ends_ms = self.ends_ms
        return self.state.leaving or (ends_ms is not None and ends_ms <= self.now())

    def change(self, patch: Patch) -> None:
        """Change the person as we know them, and in their row when they are given back."""
        patch.apply(self.state)
        self.patch |= patch

    def learn(self, step: Plan) -> None:
        """Keep what looks have taught of them, where they were asked for this step."""
        if step.advised and step.lesson != self.state.lesson:
            self.change(Patch.taught(step.lesson))

    def planned(self, style: Style | None) -> None:
        """By which style they were planned (domain.agreement.counted_as)."""
        if style is not self.state.planned_as:
            self.change(Patch.planned(style))

    def settled(self) -> None:
        """The policy is carried out for the person, as far as it can be (see rollouts).

        Not while a write waits for quota or for a service: then it is still to be done.
        """
        self.change(Patch.carried_out(self.policy))

    def keep(self, held: Held | None, layer: Layer) -> None:
        """Remember what Microsoft holds of us now."""
        self.change(Patch.holds(held, layer))
        self.unheard = None

    def keep_unheard(self) -> None:
        """What was sent and not answered is in doubt from now on."""
        if self.unheard is not None:
            self.keep(*self.unheard)

    def take_up(self, organisation_app: str, now_ms: int) -> None:
        """Hold again what could not be cleared, if who writes now can."""
        state = self.state
        held, former = (
            each if each is not None and each.until_ms > now_ms else None
            for each in (state.held, state.former)
        )
        if held is None and former and state.former_app == app_of(state, organisation_app):
            self.change(Patch.takes_up(state))

    def leave_to_end(self) -> None:
        """The session is another registration's, which can't clear it any more."""
        self.change(Patch.left_to_end(self.state))
        self.unheard = None

    def failed(self, error: OutsideError) -> None:
        """The same after a failure; what was refused outright has changed nothing."""
        if self.unheard is None:
            return
        if isinstance(error, AuthorizeAgain | NotAllowed | Refused):
            layer = self.unheard[1]
            self.keep(self.state.holding(layer), layer)
        else:
            self.keep_unheard()

    def yield_to_person(self) -> None:
        """They have chosen a status themselves: what we preferred is forgotten, not cleared."""
        self.change(Patch.yielded(self.state.observation))
        self.unheard = None
