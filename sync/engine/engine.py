"""The engine's front: what Zoom says, what people want, what is known of a person.

`take_event` keeps the newest state and wakes a worker (sync.engine.worker), which reconciles
those who are due (sync.engine.reconcile). The chat may have one person reconciled at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING

import structlog
from cachetools import TTLCache

from domain.clock import MINUTE
from domain.errors import Trouble
from domain.explanation import TOO_OFTEN
from domain.link import Ending
from domain.person import TEST_MINUTES, Patch
from domain.policy import AuthorisedBy
from domain.step import Lane
from sync.engine.explanation import Explainer
from sync.engine.identity import News
from sync.engine.link_store import Left
from sync.engine.patience import Patience
from sync.engine.queue import Claim
from sync.redis.connection import REDIS_TROUBLE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from domain.directory import MembershipChange
    from domain.explanation import Explanation
    from domain.person import PersonState
    from domain.policy import Personal
    from domain.presence import Observation
    from sync.engine.departures import Departures
    from sync.engine.lasting import Lasting
    from sync.engine.worker import Worker

log = structlog.get_logger()


BACK_WITHIN = 0.5
"""Seconds to wait for Microsoft when somebody's app is back."""

CLAIMED_WITH = 0.5
"""Seconds of patience that must be left for reconciling somebody whom another one had."""

OWNERS_KEPT, OWNERS_KEPT_S = 100_000, 60
"""How many Zoom ids are remembered with whom they belong to, and for how long (seconds). Each use
is checked against the person's own row."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody decided is kept. `state`: how they stand with it; None: it is not known yet."""

    state: PersonState | None


class Busy(Exception):
    """Somebody else works on the person and did not finish in time."""


@dataclass(eq=False)
class Engine(Explainer):
    """One per process. `prove` finds out in the background whether a person is meant.

    `lasting` counts how long Zoom's states last (None: nobody does).
    """

    _: KW_ONLY
    prove: Callable[[str, News], Awaitable[None]]
    departures: Departures
    lasting: Lasting | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._taker: Worker | None = None
        self._owners: TTLCache[str | None, str] = TTLCache(OWNERS_KEPT, OWNERS_KEPT_S)

    # -- Zoom's side (sync.zoom.webhook.Intake) ----------------------------------------------

    def hand_to(self, worker: Worker) -> None:
        """From now on people whose event comes in here are taken for this worker, if it can."""
        self._taker = worker

    async def take_event(
        self, *, zoom_id: str | None, address: str | None, observation: Observation
    ) -> str:
        """Keep what Zoom said of somebody. People who are not connected are dropped, not logged.

        Where an event fits somebody only in part (an address alone; a Zoom id with an address that
        is not theirs), it waits until both sides have said who is who ("unproven").
        """
        known = self._owners.get(zoom_id) if zoom_id else None
        oid = known or await self.store.owner_of(address=address, zoom_id=zoom_id)
        if oid is None:
            return "not_connected"
        token = self._taker.token() if self._taker else ""
        try:
            offered = await self.store.offer_and_take(
                oid, observation, zoom_id=zoom_id or "", address=address or "", token=token
            )
        except BaseException:  # Redis is in trouble, or the caller's patience at an end
            if token and self._taker is not None:
                self._taker.not_answered(oid, token)
            raise
        if known and offered.outcome == "not_connected":
            # What was remembered is not true any more.
            self._owners.pop(zoom_id, None)
            return await self.take_event(zoom_id=zoom_id, address=address, observation=observation)
        if offered.outcome == "unproven":
            await self.prove(oid, News(zoom_id, address, observation.at_ms, observation.presence))
        elif zoom_id and offered.outcome != "not_connected":
            self._owners[zoom_id] = oid
        if offered.claim is not None and self._taker is not None:
            self._taker.take(offered.claim)
        if offered.ended is not None and self.lasting is not None:
            with contextlib.suppress(*REDIS_TROUBLE):  # the event itself is safe
                await self.lasting.ended(*offered.ended)
        return offered.outcome

    async def zoom_user_gone(self, *, zoom_id: str | None, address: str | None, at_ms: int) -> str:
        """Zoom had this user no longer at that time: a link from before ends; the outcome."""
        news = News(zoom_id, address, at_ms, gone=True)
        oid = await self.store.owner_of(address=address, zoom_id=zoom_id)
        if oid is None:
            return "not_connected"
        link = await self.store.link(oid)
        if zoom_id is None or link is None or link.zoom_id is None:
            # An address alone may be somebody else's by now.
            await self.prove(oid, news)
            return "unproven"
        return await self.departures.user_gone(oid, news)

    async def zoom_app_removed(self, at_ms: int) -> str:
        """The Zoom app was removed from the account at that time: links from before it end."""
        return await self.departures.app_removed(at_ms)

    async def memberships_changed(self, changes: Sequence[MembershipChange]) -> None:
        """Zoom's groups or addresses changed: connected people are planned with the new ones."""
        for change in changes:
            oid = await self.store.owner_of(address=None, zoom_id=change.zoom_id)
            if oid is not None:
                await self.store.demand(oid, Lane.CHANGE, Patch.in_groups(change.after))
                if change.vanished or len(change.addresses) > 1:
                    await self.prove(oid, News())
                continue
            for address in change.addresses:
                oid = await self.store.owner_of(address=address, zoom_id=change.zoom_id)
                if oid is not None:  # Zoom's side of them was not known so far
                    await self.prove(oid, News())

    # -- the person's side -------------------------------------------------------------------

    async def disconnect(self, object_id: str) -> Ending | None:
        """Clear what we wrote and forget the person. None: they were not connected."""
        patience = Patience()
        try:
            # In our hands first: a worker that came before us would keep to itself how it ended.
            claim = await self._claim_now(object_id, patience)
        except Busy:
            left = await self.store.leave(object_id)
            return await self._later(object_id) if left is Left.LEAVING else None
        if claim is None or await self.store.leave(object_id) is not Left.LEAVING:
            return None
        until_ms = claim.state.held_until_ms
        state = replace(claim.state, version=claim.state.version + 1)
        Patch.leaving().apply(state)
        reconciling = self.reconciler.reconcile(replace(claim, state=state))
        try:
            cleared = await self.background.within(patience, reconciling)
        except TimeoutError:
            return await self._later(object_id, claim.token) or Ending("expires", until_ms)
        if await self.store.state(object_id) is not None:
            return await self._later(object_id) or Ending("expires", until_ms)
        return Ending("cleared") if cleared else Ending("expires", until_ms)

    async def leaving(self, object_id: str) -> Ending | None:
        """How it stands with somebody who has left and could not be cleared yet; None: nobody."""
        return await self._later(object_id) if await self.store.is_leaving(object_id) else None

    async def _later(self, object_id: str, lease: str = "") -> Ending | None:
        until_ms = await self.store.retire(object_id, lease)
        return None if until_ms is None else Ending("later", until_ms)

    async def app_removed(self, object_id: str) -> None:
        """A person has removed their app: they disconnect by it.

        Not who the organisation authorised: that would be an opt-out which nobody meant. Only a
        sign-in of their own that is still kept ends.
        """
        state = await self.store.state(object_id)
        if state is not None and _needs_no_app(state):
            if await self.store.erase_own(object_id, at_once=True):
                self.reconciler.tokens.forget(object_id)
                log.info("own_authorisation_ended", person=object_id)
                return
            state = await self.store.state(object_id)
            if state is not None and _needs_no_app(state):
                return  # else their own has begun to count meanwhile
        await self.disconnect(object_id)

    async def app_gone(self, object_id: str) -> None:
        """A person's app is taken out: nothing of theirs is shown until it is back.

        But for who the organisation authorised: there it counts once one of their own does again.
        """
        state = await self.store.state(object_id)
        if state is not None and _needs_no_app(state) and state.own_until_ms is None:
            return
        gone = Patch.app_gone(await self.store.now_ms())
        if await self.store.demand(object_id, Lane.URGENT, gone):
            log.info("app_gone", person=object_id)
            with contextlib.suppress(Busy):
                await self.reconcile_now(object_id)

    async def app_back(self, object_id: str) -> None:
        """A person's app is there: where it was taken out, all is as before."""
        if not await self.store.app_is_gone(object_id):
            return
        if await self.store.demand(object_id, Lane.URGENT, Patch.app_back()):
            log.info("app_back", person=object_id)
            with contextlib.suppress(Busy):  # what they came for takes its own time
                await self.reconcile_now(object_id, Patience(BACK_WITHIN))

    async def app_is_gone(self, object_id: str) -> bool:
        """Whether a connected person's app is taken out at the moment."""
        return await self.store.app_is_gone(object_id)

    async def test(self, object_id: str, patience: Patience | None = None) -> Explanation | None:
        """Tell Microsoft "In a call" for five minutes and read back. None: not connected."""
        patience = patience or Patience()
        admitted = await self.admit(object_id)
        if admitted is None:
            return None
        if not admitted.allowed:
            return await self.unseen(admitted.link, admitted.state, TOO_OFTEN)
        until = await self.store.now_ms() + TEST_MINUTES * MINUTE
        if not await self.store.demand(object_id, Lane.URGENT, Patch.testing(until)):
            return None
        with contextlib.suppress(Busy):
            await self.reconcile_now(object_id, patience)
        return await self.explain(object_id, patience, paid=True)

    async def choose(
        self,
        object_id: str,
        personal: Personal,
        patience: Patience | None = None,
        *,
        not_before_ms: int | None = None,
    ) -> Chosen | None:
        """Keep a pause or a style, in effect at once or from then on. None: not connected."""
        chose = Patch.chose(personal, not_before_ms)
        if not await self.store.demand(object_id, Lane.URGENT, chose):
            return None
        if not_before_ms is not None:
            return Chosen(None)
        try:
            return Chosen(await self.reconcile_now(object_id, patience or Patience()))
        except Busy:
            return Chosen(None)

    async def revive(self, object_id: str) -> bool:
        """Try anew for somebody who was given up. False: not connected, or they must act."""
        state = await self.store.state(object_id)
        if state is None or state.leaving or state.trouble == Trouble.AUTHORIZE:
            return False
        return await self.store.demand(object_id, Lane.CHANGE, Patch.revived())

    async def now_ms(self) -> int:
        """The clock that all processes share (epoch ms)."""
        return await self.store.now_ms()

    async def reconcile_now(
        self, object_id: str, patience: Patience | None = None
    ) -> PersonState | None:
        """Reconcile one person at once instead of waiting for a worker; what is known afterwards.

        None: there is no such person, or it takes longer than there is patience, and goes on in the
        background. Raises Busy when somebody else has the person for too long.
        """
        patience = patience or Patience()
        claim = await self._claim_now(object_id, patience)
        if claim is None:
            return None
        try:
            await self.background.within(patience, self.reconciler.reconcile(claim))
        except TimeoutError:
            return None
        return claim.state

    async def _claim_now(self, object_id: str, patience: Patience) -> Claim | None:
        """Take a person; None when there is no such person. Raises Busy."""
        token = secrets.token_hex(8)
        while True:
            claim = await self.store.claim_one(object_id, token)
            if isinstance(claim, Claim):
                return claim
            if claim is False:
                return None
            if patience.left < CLAIMED_WITH:
                raise Busy
            await asyncio.sleep(0.05)  # a worker has them, for some 10 ms

    async def aclose(self) -> None:
        """Wait for what nobody in a chat waits for any more."""
        await self.background.aclose()


def _needs_no_app(state: PersonState) -> bool:
    return state.authorised_by is AuthorisedBy.ORGANISATION
