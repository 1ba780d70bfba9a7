"""Carrying out a change of policy for everyone it touches, at once and to the end.

A rollout is a set of people in Redis. Each is planned anew by the queue, within Microsoft's quota;
who has been reconciled with the new policy, to the end, leaves the set. So the count is the truth,
several processes may work on it, and a restart goes on where it was.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Protocol

import structlog

from domain.person import Patch
from domain.plan import Lane
from domain.policy import Verdict, deciding_group, resolve
from sync.redis import duties
from sync.redis.duties import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence, Sized

    from domain.person import Standing
    from domain.policy import Policy
    from sync.engine.people import PeopleStore
    from sync.engine.ports import PolicySource
    from sync.settings.rollout_store import Rollout, RolloutStore

log = structlog.get_logger()

BATCH = 500
MOST_AT_ONCE = 1000
"""People of whom a look demands it, so that others are counted meanwhile."""
TOGETHER = 10
"""Demands on their way to Redis at one time: its connections are for everybody."""
LOOK_AGAIN_S = 1.0
"""Between two counts of who is left. The first comes this long after the start: by then the answer
to the click stands in the card that the count is written into."""


class Progress(Protocol):
    """Showing how far a rollout is (implemented by the bot)."""

    async def rollout_moved(self, rollout: Rollout, left: int) -> None:
        """Edit the card that started it. Must not raise for failures of the chat."""


def touches(old: Policy, new: Policy, person: Standing, now_ms: int) -> bool:
    """Whether a change of policy changes what Microsoft is told of a connected person."""
    before, after = (
        resolve(policy, person.group_ids, person.personal, now_ms=now_ms) for policy in (old, new)
    )
    return _told(before) != _told(after)


def _told(verdict: Verdict) -> object:
    return verdict.style if verdict.on else None


def decided_elsewhere(policy: Policy, group_ids: Iterable[str], scope: str | None) -> bool:
    """Whether another level than `scope` (a group id, None: the account) decides for a member."""
    group = deciding_group(policy, frozenset(group_ids))
    return (None if group is None else group.group_id) != scope


class Rollouts:
    """Starts rollouts and sees them through. One per process. `now` gives monotonic seconds."""

    def __init__(
        self,
        people: PeopleStore,
        rows: RolloutStore,
        progress: Progress,
        *,
        policy: PolicySource,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.work = Work(duties.ROLLOUTS, self.step)
        self._people = people
        self._rows = rows
        self._progress = progress
        self._policy = policy
        self._now = now
        self._name = secrets.token_hex(6)
        self._counted: dict[str, float] = {}

    async def intend(self, rollout: Rollout, people: Iterable[str]) -> None:
        """Write down what is to be done once the policy of the rollout's version is saved."""
        await self._rows.intend(rollout, people)

    async def start(self, rollout: Rollout) -> None:
        """The policy is saved: the work goes on in the background, in whichever process can."""
        await self._rows.keep(rollout)
        self.work.wake()

    async def drop(self, rollout: Rollout) -> None:
        """The policy was not saved."""
        await self._rows.finish(rollout)

    async def look_up(self, rollout_id: str) -> tuple[Rollout, int] | None:
        """A rollout and how many are left; None: it is done, or never was."""
        return await self._rows.look_up(rollout_id)

    async def step(self) -> float | None:
        """Look at every rollout; returns in how many seconds to look again (None: in a while)."""
        rollouts, now = await self._rows.unfinished(), self._now()
        self._counted = {
            rollout.rollout_id: self._counted.get(rollout.rollout_id, now) for rollout in rollouts
        }
        more = [await self._push(rollout) for rollout in rollouts]
        if any(more):
            return 0.0
        return LOOK_AGAIN_S if rollouts else None

    async def _push(self, rollout: Rollout) -> bool:
        """Demand and count; returns whether there is more to demand at once."""
        if (await self._policy.at_least(rollout.version)).version < rollout.version:
            return False  # not saved yet; if it never is, the rollout ends by itself
        if not await self._rows.take(rollout, self._name):
            return False
        rollout = await self._rows.keep(rollout)
        done, failed, asked, more = set[str](), set[str](), 0, False
        async for batch in self._rows.left(rollout, BATCH):
            seen = await self._people.carried_out(batch, rollout.version)
            if asked < MOST_AT_ONCE:
                await self._demand(seen.not_asked, rollout.version)
                asked += len(seen.not_asked)
            else:
                more = more or bool(seen.not_asked)
            done.update(seen.done)
            failed.update(seen.failed)
            if not await self._rows.take(rollout, self._name):
                return False
        if self._now() - self._counted[rollout.rollout_id] >= LOOK_AGAIN_S:
            self._counted[rollout.rollout_id] = self._now()
            await self._count(rollout, done, failed)
        return more

    async def _demand(self, people: Sequence[str], version: int) -> None:
        for start in range(0, len(people), TOGETHER):
            await asyncio.gather(
                *(
                    self._people.demand(oid, Lane.CHANGE, Patch.needs(version))
                    for oid in people[start : start + TOGETHER]
                )
            )

    async def _count(self, rollout: Rollout, done: Collection[str], failed: Sized) -> None:
        rollout, left = await self._rows.settle(rollout, sorted(done), len(failed))
        if done or left == 0:
            await self._progress.rollout_moved(rollout, left)
        if left == 0:
            await self._rows.finish(rollout)
            log.info(
                "rollout_done",
                rollout=rollout.rollout_id,
                people=rollout.total,
                failed=rollout.failed,
            )
