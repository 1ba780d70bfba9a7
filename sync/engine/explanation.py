"""Everything about one person, as `status` tells it: what is known, and a look at Microsoft."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from domain.errors import AuthorizeAgain, OutsideError, Trouble
from domain.explanation import OUTAGE, QUOTA, SLOW, TOO_OFTEN, Admission, Explanation
from domain.person import verdict_of
from domain.plan import plan
from domain.policy import resolve
from domain.presence import NOT_SAID
from domain.readback import seen_lately
from domain.step import Seen
from sync.engine.gate import QuotaShort
from sync.engine.patience import Background, Patience
from sync.engine.reconcile import OF_A_LOOK

if TYPE_CHECKING:
    from collections.abc import Collection

    from domain.link import Link
    from domain.person import PersonState
    from domain.policy import Verdict
    from domain.presence import Shown
    from domain.readback import Sight
    from sync.engine.people import PeopleStore
    from sync.engine.ports import PolicySource
    from sync.engine.reconcile import Reconciler

MOST_ADMITTED: Final = 20
"""What one person's chat may want of Microsoft in a minute (sync.engine.people.admit). A status is
one request, a test or a pause some two: so one person takes a fiftieth of the budget at most."""

MOST_LOOK_UPS: Final = 60
"""How many people an admin may look up or try again in a minute: each is a line of the history, and
some cost a request."""

LOOK_UPS_OF_ALL: Final = 20
"""What trying everybody again counts as: three times a minute at most."""

_NOT_TRIED = frozenset({SLOW, TOO_OFTEN, QUOTA, OUTAGE})


@dataclass(eq=False)
class Explainer:
    """What is known of people; a part of the engine."""

    store: PeopleStore
    reconciler: Reconciler
    policy: PolicySource

    def __post_init__(self) -> None:
        self.background = Background()

    async def may_look_up(self, object_id: str, *, everybody: bool = False) -> bool:
        """Whether an admin may look up or try one more person (or everybody); counts it."""
        times = LOOK_UPS_OF_ALL if everybody else 1
        return await self.store.count_look_up(object_id, times) <= MOST_LOOK_UPS

    async def link_of(self, object_id: str) -> tuple[Link, PersonState] | None:
        """A person's link and what the engine knows of them; None when not connected."""
        return await self.store.connected_now(object_id)

    async def is_connected(self, object_id: str) -> bool:
        """Whether there is a link (one that is being ended does not count)."""
        return await self.link_of(object_id) is not None

    async def verdict_of(self, object_id: str) -> Verdict | None:
        """What policy says of a connected person now; None: not connected."""
        known = await self.link_of(object_id)
        if known is None:
            return None
        state, now = known[1], await self.store.now_ms()
        return verdict_of(self.policy.current(), state, now)

    def verdict_without_link(self, group_ids: Collection[str]) -> Verdict:
        """What policy says of a member of these Zoom groups who has not connected."""
        return resolve(self.policy.current(), group_ids)

    async def admit(self, object_id: str) -> Admission | None:
        """Who they are, counting that their chat wants something. None: not connected."""
        link, state, count = await self.store.admit(object_id)
        if link is None or state is None or state.leaving:
            return None
        return Admission(link, state, count <= MOST_ADMITTED)

    async def explain(
        self, object_id: str, patience: Patience | None = None, *, paid: bool = False
    ) -> Explanation | None:
        """Everything about one person, with a look at Microsoft. None: not connected.

        Where Microsoft is read back, and they were looked at lately, that look will do.

        `paid`: it was counted already that they want one.
        """
        patience = patience or Patience()
        if paid:
            known = await self.store.connected_now(object_id)
            admitted = None if known is None else Admission(*known, allowed=True)
        else:
            admitted = await self.admit(object_id)
        if admitted is None:
            return None
        link, state = admitted.link, admitted.state
        now, sight = await self._seen_lately(state)
        if sight is not None:
            return await self._explanation(
                link, state, now, shown=sight.shown, shown_ms=sight.sent_ms
            )
        if not admitted.allowed:
            return await self.unseen(link, state, TOO_OFTEN)
        try:
            # A task of its own: a request that hangs is not waited for, nor broken off.
            shown = await self.background.within(patience, self.reconciler.look(state))
        except TimeoutError:
            return await self.unseen(link, state, SLOW)
        except QuotaShort:
            error = OUTAGE if self.reconciler.gate.away else QUOTA
            return await self.unseen(link, state, error)
        except AuthorizeAgain as failure:
            state = await self._must_authorize(state, failure)
            return await self.unseen(link, state, failure.code)
        except OutsideError as failure:
            return await self.unseen(link, state, failure.code)
        now, _ = await asyncio.gather(self.store.now_ms(), self.store.keep_look(object_id, shown))
        return await self._explanation(link, state, now, shown=shown, shown_ms=now)

    async def _seen_lately(self, state: PersonState) -> tuple[int, Sight | None]:
        """Now, and what the reader saw lately of them: that needs no look of its own."""
        reading = await self.reconciler.reading()
        if reading is None or state.sight is None:
            return 0, None
        now, round_ms = await asyncio.gather(
            self.store.now_ms(), self.store.next_round_ms(state.object_id)
        )
        return now, seen_lately(now, state, round_ms, reading)

    async def _must_authorize(self, state: PersonState, failure: AuthorizeAgain) -> PersonState:
        """Keep that an authorisation ended; else only the next write would find out."""
        if failure.code == OF_A_LOOK:
            return state
        if not await self.store.must_authorize(state, failure.code):
            return state  # they connected anew while the old authorisation failed
        return replace(state, trouble=Trouble.AUTHORIZE, trouble_code=failure.code)

    async def unseen(self, link: Link, state: PersonState, error: str) -> Explanation:
        """Explain without a look now, from the last one where there is one."""
        now, last = await asyncio.gather(self.store.now_ms(), self.store.last_look(state.object_id))
        if last is None:
            return await self._explanation(link, state, now, error=error)
        return await self._explanation(
            link, state, now, shown=last[0], shown_ms=now - last[1], error=error
        )

    async def _explanation(
        self,
        link: Link,
        state: PersonState,
        now: int,
        *,
        shown: Shown | None = None,
        shown_ms: int = 0,
        error: str | None = None,
    ) -> Explanation:
        # What can't be read is planned for as unknown (sync.engine.reconcile); what nobody looked
        # at is not.
        fresh = shown if error is None else None if error in _NOT_TRIED else NOT_SAID
        verdict, seen = self.reconciler.verdict(state, now), Seen(fresh, state.held)
        world = await self.reconciler.world()
        return Explanation(
            link=link,
            state=state,
            verdict=verdict_of(self.policy.current(), state, now),
            plan=plan(now, state, verdict, seen, world),
            now_ms=now,
            shown=shown,
            shown_error=error,
            can_ask=world.can_ask,
            shown_ms=shown_ms,
        )
