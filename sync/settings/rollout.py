"""Carrying out a change of policy for everyone it touches, at once and to the end.

A rollout is a set of people in Redis. Each is planned anew by the queue, within Microsoft's quota;
who has been reconciled with the new policy, to the end, leaves the set. So the count is the truth,
several processes may work on it, and a restart goes on where it was.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import KW_ONLY, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

import structlog

from domain.person import Patch, verdict_of
from domain.policy import deciding_group
from domain.step import Lane
from sync.redis import duties, keys
from sync.redis.batches import for_each
from sync.redis.duties import Work
from sync.redis.jobs import Jobs
from sync.redis.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from domain.person import PersonState
    from domain.policy import Policy
    from domain.presence import Style
    from sync.engine.people import PeopleStore
    from sync.engine.ports import PolicySource
    from sync.redis.connection import Client

log = structlog.get_logger()

BATCH = 500
MOST_AT_ONCE = 1000
"""People of whom a look demands it, so that others are counted meanwhile."""
LOOK_AGAIN_S = 1.0
"""Between two counts of who is left. The first comes this long after the start: by then the answer
to the click stands in the card that the count is written into."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """One change of policy on its way to everyone it touches.

    `version` is the policy's. `total` people were touched when it began; for `failed` of those who
    are done it could not be carried out for now. `show` is what the card that shows the progress
    needs, opaque here. `kept`: the policy is saved.
    """

    rollout_id: str
    version: int
    total: int
    show: str
    failed: int = 0
    kept: bool = False


class RolloutStore(Jobs[Rollout]):
    """Rollouts live until they are finished, at most a day.

    One is written down before the policy is saved, for a minute, and kept once that is done: a
    process that dies in between loses neither the change nor those whom it touches.
    """

    def __init__(self, client: Client) -> None:
        super().__init__(client, "rollouts", Rows(Rollout))

    async def intend(self, rollout: Rollout, people: Iterable[str]) -> None:
        """Write a rollout for these people down; it ends by itself unless it is kept."""
        await self.add(rollout.rollout_id, rollout, people, ttl=keys.INTENT_TTL)

    async def keep(self, rollout: Rollout) -> Rollout:
        """The policy is saved: from now on the rollout lives until it is done."""
        if not rollout.kept:
            rollout = replace(rollout, kept=True)
            # Not as long as its people: a rollout whose people are gone would look finished.
            ttl = keys.JOB_TTL - 2 * keys.INTENT_TTL
            await self.write(rollout.rollout_id, rollout, ttl=ttl)
        return rollout

    async def unfinished(self) -> list[Rollout]:
        """Every rollout under way."""
        found = []
        for rollout_id in await self.under_way():
            rollout = await self.read(rollout_id)
            if rollout is not None:
                found.append(rollout)
            elif await self.finish(rollout_id):
                log.warning("rollout_dropped", rollout=rollout_id)
        return sorted(found, key=lambda rollout: rollout.version)

    async def progress(self) -> list[tuple[Rollout, int]]:
        """Every rollout under way and how many people are left in it. Changes nothing."""
        known = [await self.look_up(rollout_id) for rollout_id in await self.under_way()]
        return [rollout for rollout in known if rollout is not None]

    async def look_up(self, rollout_id: str) -> tuple[Rollout, int] | None:
        """A rollout and how many are left; None: it is done, or never was."""
        rollout = await self.read(rollout_id)
        return None if rollout is None else (rollout, await self.count(rollout_id))

    async def count_done(
        self, rollout: Rollout, done: Sequence[str], failed: int
    ) -> tuple[Rollout, int]:
        """These are done, `failed` of them in vain; returns how it stands and who is left."""
        if failed:
            rollout = replace(rollout, failed=rollout.failed + failed)
            await self.write(rollout.rollout_id, rollout, ttl=None)
        await self.settle(rollout.rollout_id, done)
        return rollout, await self.count(rollout.rollout_id)


class Progress(Protocol):
    """Showing how far a rollout is (implemented by the bot)."""

    async def rollout_moved(self, rollout: Rollout, left: int) -> None:
        """Edit the card that started it. Must not raise for failures of the chat."""


def style_in_force(policy: Policy, person: PersonState, now_ms: int) -> Style | None:
    """The style in which a connected person is shown; None: presence sync is off for them."""
    verdict = verdict_of(policy, person, now_ms)
    return verdict.style if verdict.on else None


def decided_elsewhere(policy: Policy, group_ids: Iterable[str], scope: str | None) -> bool:
    """Whether another level than `scope` (a group id, None: the account) decides for a member."""
    group = deciding_group(policy, frozenset(group_ids))
    return (None if group is None else group.group_id) != scope


@dataclass(eq=False, repr=False)
class Rollouts:
    """Starts rollouts and sees them through. One per process. `now` gives monotonic seconds."""

    people: PeopleStore
    rows: RolloutStore
    progress: Progress
    _: KW_ONLY
    policy: PolicySource
    now: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self.work = Work(duties.ROLLOUTS, self.step)
        self._name = secrets.token_hex(6)
        self._counted: dict[str, float] = {}

    async def start(self, rollout: Rollout) -> None:
        """The policy is saved: the work goes on in the background, in whichever process can."""
        await self.rows.keep(rollout)
        self.work.wake()

    async def step(self) -> float | None:
        """Look at every rollout; returns in how many seconds to look again (None: in a while)."""
        rollouts, now = await self.rows.unfinished(), self.now()
        self._counted = {
            rollout.rollout_id: self._counted.get(rollout.rollout_id, now) for rollout in rollouts
        }
        more = [await self._push(rollout) for rollout in rollouts]
        if any(more):
            return 0.0
        return LOOK_AGAIN_S if rollouts else None

    async def _push(self, rollout: Rollout) -> bool:
        """Demand and count; returns whether there is more to demand at once."""
        if (await self.policy.at_least(rollout.version)).version < rollout.version:
            return False  # not saved yet; if it never is, the rollout ends by itself
        if not await self.rows.take(rollout.rollout_id, self._name):
            return False
        # As it is now: whoever had it may have counted since, or finished it.
        known = await self.rows.read(rollout.rollout_id)
        if known is None:
            return False
        rollout = await self.rows.keep(known)
        need = Patch.needs(rollout.version)
        done, failed, demanded, more = set[str](), set[str](), 0, False
        async for batch in self.rows.left(rollout.rollout_id, BATCH):
            rows = await self.people.rows(batch, "policy_needed", "policy_done", "trouble")
            over = [person for person in rows if person.policy_done >= rollout.version]
            done.update(set(batch) - {person.object_id for person in rows})  # not connected
            done.update(person.object_id for person in over)
            failed.update(person.object_id for person in over if person.trouble is not None)
            # Not demanded of them yet, or the demand was lost; the others are under way.
            left = [
                person.object_id
                for person in rows
                if max(person.policy_done, person.policy_needed) < rollout.version
            ]
            if demanded < MOST_AT_ONCE:
                await for_each(left, partial(self.people.demand, lane=Lane.CHANGE, patch=need))
                demanded += len(left)
            else:
                more = more or bool(left)
            if not await self.rows.take(rollout.rollout_id, self._name):
                return False
        if self.now() - self._counted[rollout.rollout_id] >= LOOK_AGAIN_S:
            self._counted[rollout.rollout_id] = self.now()
            await self._count(rollout, done, len(failed))
        return more

    async def _count(self, rollout: Rollout, done: Collection[str], failed: int) -> None:
        rollout, left = await self.rows.count_done(rollout, sorted(done), failed)
        if done or left == 0:
            await self.progress.rollout_moved(rollout, left)
        if left == 0:  # told before: if we die in between, the next one tells it again
            await self.rows.finish(rollout.rollout_id)
            log.info(
                "rollout_done",
                rollout=rollout.rollout_id,
                people=rollout.total,
                failed=rollout.failed,
            )
