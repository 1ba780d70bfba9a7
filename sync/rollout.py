"""Carrying out a change of policy for everyone it touches, at once and to the end.

A rollout is a set of people in Redis. Each is planned anew by the queue, within Microsoft's quota;
who has been planned with the new policy leaves the set. So the count is the truth, several
processes may work on it, and a restart goes on where it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import structlog

from sync.plan import Lane
from sync.policy import Verdict, deciding_group, resolve
from sync.store.connection import REDIS_TROUBLE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sync.policy import Policy
    from sync.ports import PolicySource
    from sync.store.people import PeopleStore, State
    from sync.store.rollouts import Rollout, RolloutStore

log = structlog.get_logger()

BATCH = 500
LOOK_AGAIN_S = 1.0
"""Between two counts of who is left."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Whom a change of policy touches.

    `now`: connected people whose presence changes at once. `later`: people in scope who have not
    connected; it applies when they do. `elsewhere`: people in scope for whom another level decides.
    """

    now: tuple[str, ...] = ()
    later: int = 0
    elsewhere: int = 0


class Progress(Protocol):
    """Showing how far a rollout is (implemented by the bot)."""

    async def rollout_moved(self, rollout: Rollout, left: int) -> None:
        """Edit the card that started it. Must not raise for failures of the chat."""


def touches(old: Policy, new: Policy, state: State, now_ms: int) -> bool:
    """Whether a change of policy changes what Microsoft is told of a connected person."""
    before, after = (
        resolve(policy, state.group_ids, state.personal, now_ms=now_ms) for policy in (old, new)
    )
    return _told(before) != _told(after)


def _told(verdict: Verdict) -> object:
    return verdict.style if verdict.on else None


def decided_elsewhere(policy: Policy, group_ids: Iterable[str], scope: str | None) -> bool:
    """Whether another level than `scope` (a group id, None: the account) decides for a member."""
    group = deciding_group(policy, frozenset(group_ids))
    return (None if group is None else group.group_id) != scope


class Rollouts:
    """Starts rollouts and sees them through. One per process."""

    def __init__(
        self,
        people: PeopleStore,
        rows: RolloutStore,
        progress: Progress,
        *,
        policy: PolicySource,
    ) -> None:
        self._people = people
        self._rows = rows
        self._progress = progress
        self._policy = policy
        self._new = asyncio.Event()

    async def start(self, rollout: Rollout, people: Iterable[str]) -> None:
        """Begin; the work goes on in the background, in whichever process has time."""
        await self._rows.add(rollout, people)
        self._new.set()

    async def run(self) -> None:
        """See every rollout through, for as long as the process lives."""
        name = secrets.token_hex(6)
        while True:
            try:
                busy = await self._round(name)
            except REDIS_TROUBLE as error:
                log.warning("rollouts_wait", error=type(error).__name__)
                busy = False
            self._new.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._new.wait(), LOOK_AGAIN_S if busy else 5 * LOOK_AGAIN_S)

    async def _round(self, name: str) -> bool:
        busy = False
        for rollout in await self._rows.unfinished():
            busy = True
            if await self._rows.take(rollout, name):
                await self._push(rollout)
        return busy

    async def _push(self, rollout: Rollout) -> None:
        await self._policy.at_least(rollout.version)
        if not rollout.demanded:
            async for batch in self._rows.left(rollout, BATCH):
                for oid in batch:
                    await self._people.demand(oid, Lane.CHANGE, {"need": rollout.version})
            await self._rows.demanded(rollout)
        settled: list[str] = []
        async for batch in self._rows.left(rollout, BATCH):
            settled += await self._people.planned_with(batch, rollout.version)
        left = await self._rows.settle(rollout, settled)
        if settled or left == 0:
            await self._progress.rollout_moved(rollout, left)
        if left == 0:
            await self._rows.finish(rollout)
            log.info("rollout_done", rollout=rollout.rollout_id, people=rollout.total)
