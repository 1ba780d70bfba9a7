"""Rollouts over a real Redis: carried out once, to the end, and counted truly."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from domain.errors import Trouble
from domain.person import Patch
from domain.policy import Form, Policy
from domain.step import Lane
from sync.engine.people import PeopleStore
from sync.engine.queue import Claim
from sync.redis import keys
from sync.redis.scripts import Scripts
from sync.settings.rollout import LOOK_AGAIN_S, Rollout, Rollouts, RolloutStore
from tests.doubles.people import connected, person
from tests.doubles.redis import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sync.redis.connection import Client


@dataclass
class Decisions:
    """The settings, as the store has them (`policy`) and as this process knows them (`known`)."""

    policy: Policy = field(default_factory=lambda: Policy(Form(integration=True), version=1))
    known: Policy = field(default_factory=lambda: Policy(Form(integration=True), version=1))

    def current(self) -> Policy:
        return self.known

    async def at_least(self, version: int) -> Policy:
        if self.known.version < version:
            self.known = self.policy
        return self.known

    def save(self) -> int:
        self.policy = replace(self.policy, version=self.policy.version + 1)
        return self.policy.version


class Card:
    """What the card has shown: (left, failed)."""

    def __init__(self) -> None:
        self.shown: list[tuple[int, int]] = []

    async def rollout_moved(self, rollout: Rollout, left: int) -> None:
        self.shown.append((left, rollout.failed))


class Stage:
    """Rollouts of one process, and hands that do the queue's work."""

    def __init__(self, redis: Client) -> None:
        self.redis = redis
        self.people = PeopleStore(redis, Scripts(redis))
        self.rows = RolloutStore(redis)
        self.decisions = Decisions()
        self.card = Card()
        self.now = 0.0
        self.rollouts = self.another_process()

    def another_process(self) -> Rollouts:
        return Rollouts(
            self.people, self.rows, self.card, policy=self.decisions, now=lambda: self.now
        )

    async def round(self) -> float | None:
        """One look, a second after the last; when to look again."""
        self.now += LOOK_AGAIN_S
        return await self.rollouts.step()

    async def start(self, *oids: str, version: int | None = None) -> Rollout:
        version = self.decisions.save() if version is None else version
        rollout = Rollout(f"r{version}", version, len(oids), "card")
        await self.rollouts.rows.intend(rollout, oids)
        await self.rollouts.start(rollout)
        return rollout

    async def claim(self, oid: str) -> Claim:
        claim = await self.people.claim_one(oid, "worker")
        assert isinstance(claim, Claim)
        return claim

    async def reconcile(self, oid: str, also: Patch | None = None) -> None:
        """Carry the policy out for somebody."""
        claim = await self.claim(oid)
        done = Patch.carried_out(claim.state.policy_needed) | (also or Patch())
        assert await self.people.ack(claim, lane=Lane.CHANGE, due_ms=None, patch=done)


@pytest.fixture
async def stage(redis: Client) -> Stage:
    return Stage(redis)


async def some(stage: Stage, count: int) -> list[str]:
    oids = [person(number) for number in range(count)]
    for oid in oids:
        await connected(stage.people, oid)
    return oids


async def test_everyone_is_planned_anew_and_counted_when_it_is_done(stage: Stage) -> None:
    ada, ben, chiara = await some(stage, 3)
    await stage.start(ada, ben)
    await stage.round()
    assert stage.card.shown == []  # the answer to the click stands in the card first
    assert (await stage.claim(ada)).state.policy_needed == 2
    assert (await stage.people.state(chiara)) is not None
    assert (await stage.claim(chiara)).state.policy_needed == 0

    await stage.people.ack(await claimed(stage, ada), lane=Lane.CHANGE, due_ms=None)
    await stage.round()
    assert stage.card.shown == []  # reconciled, but not carried out
    await stage.reconcile(ada)
    await stage.round()
    assert stage.card.shown == [(1, 0)]
    await stage.round()
    assert stage.card.shown == [(1, 0)]  # nothing new, nothing shown
    await stage.reconcile(ben)
    await stage.round()
    assert stage.card.shown == [(1, 0), (0, 0)]
    assert await stage.round() is None
    assert await stage.redis.keys("pb:{rollouts}:*") == []


async def claimed(stage: Stage, oid: str) -> Claim:
    """The claim that is held already."""
    state = await stage.people.state(oid)
    assert state is not None
    return Claim(state, "worker", 0)


async def test_the_card_is_left_alone_until_the_answer_to_the_click_stands_in_it(
    stage: Stage,
) -> None:
    [ada] = await some(stage, 1)
    await stage.people.demand(ada, patch=Patch.needs(2))
    await stage.start(ada)
    await stage.reconcile(ada)  # an event came, and somebody was quick
    await stage.round()
    assert stage.card.shown == []
    stage.now -= LOOK_AGAIN_S / 2
    await stage.round()
    assert stage.card.shown == []
    await stage.round()
    assert stage.card.shown == [(0, 0)]


async def test_whoever_cannot_be_helped_is_done_and_counted(stage: Stage) -> None:
    ada, ben = await some(stage, 2)
    await stage.start(ada, ben)
    await stage.round()
    await stage.reconcile(ada, Patch(trouble=Trouble.AUTHORIZE))
    await stage.round()
    await stage.reconcile(ben)
    await stage.round()
    assert stage.card.shown == [(1, 1), (0, 1)]


async def test_whoever_leaves_is_done(stage: Stage) -> None:
    ada, ben = await some(stage, 2)
    await stage.start(ada, ben)
    await stage.round()
    for oid in (ada, ben):
        state = await stage.people.state(oid)
        assert state is not None
        assert await stage.people.erase(oid, state.generation)
    await stage.round()
    assert stage.card.shown == [(0, 0)]


async def test_a_newer_policy_counts_for_an_older_rollout(stage: Stage) -> None:
    [ada] = await some(stage, 1)
    await stage.start(ada)
    await stage.start(ada)
    await stage.round()
    assert (await stage.claim(ada)).state.policy_needed == 3
    await stage.people.ack(
        await claimed(stage, ada), lane=Lane.CHANGE, due_ms=None, patch=Patch.carried_out(3)
    )
    await stage.round()
    assert stage.card.shown == [(0, 0), (0, 0)]


async def test_an_older_rollout_never_lowers_what_is_demanded(stage: Stage) -> None:
    [ada] = await some(stage, 1)
    await stage.people.demand(ada, patch=Patch.needs(9))
    await stage.start(ada)
    await stage.round()
    assert (await stage.claim(ada)).state.policy_needed == 9


async def test_a_demand_that_was_lost_is_made_again(stage: Stage) -> None:
    [ada] = await some(stage, 1)
    await stage.start(ada)
    await stage.round()
    await stage.reconcile(
        ada, Patch.needs(0) | Patch.carried_out(1)
    )  # somebody who knew nothing of it
    await stage.round()
    assert (await stage.claim(ada)).state.policy_needed == 2


async def test_a_restart_goes_on_where_it_was(stage: Stage) -> None:
    ada, ben = await some(stage, 2)
    await stage.start(ada, ben)
    await stage.round()
    await stage.reconcile(ada)
    await stage.round()
    version = (await stage.people.state(ben)).version  # type: ignore[union-attr]
    stage.rollouts = stage.another_process()
    await stage.round()  # the first one still holds it
    await stage.redis.delete(keys.job_taken("rollouts", "r2"))
    await stage.round()
    assert (await stage.people.state(ben)).version == version  # type: ignore[union-attr]
    await stage.reconcile(ben)
    await stage.round()
    assert stage.card.shown == [(1, 0), (0, 0)]


async def test_two_processes_share_the_work_without_double_counts(stage: Stage) -> None:
    oids = await some(stage, 30)
    await stage.start(*oids)
    other = stage.another_process()
    stage.now += LOOK_AGAIN_S
    await asyncio.gather(stage.rollouts.step(), other.step())
    for oid in oids:
        await stage.reconcile(oid, Patch(trouble=Trouble.FORBIDDEN))
    for _ in range(3):
        stage.now += LOOK_AGAIN_S
        await asyncio.gather(stage.rollouts.step(), other.step())
    assert stage.card.shown == [(0, 30)]


class Late(Decisions):
    """The settings of a process that is held up while it asks for them."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.goes_on = asyncio.Event(), asyncio.Event()

    async def at_least(self, version: int) -> Policy:
        self.asked.set()
        await self.goes_on.wait()
        return await super().at_least(version)


async def held_up(stage: Stage) -> tuple[asyncio.Task[float | None], asyncio.Event]:
    """Another process, which has read what is under way; it goes on with the event."""
    late = Late()
    late.policy = stage.decisions.policy
    other = Rollouts(stage.people, stage.rows, stage.card, policy=late, now=lambda: stage.now)
    other._counted["r2"] = -LOOK_AGAIN_S
    step = asyncio.create_task(other.step())
    await late.asked.wait()
    return step, late.goes_on


async def test_a_process_that_comes_late_finds_it_finished(stage: Stage) -> None:
    [ada] = await some(stage, 1)
    await stage.start(ada)
    await stage.round()
    step, go_on = await held_up(stage)
    await stage.reconcile(ada, Patch(trouble=Trouble.AUTHORIZE))
    await stage.round()
    assert stage.card.shown == [(0, 1)]
    go_on.set()
    await step
    assert stage.card.shown == [(0, 1)]
    left = await stage.redis.keys("pb:{rollouts}:*")
    assert left in ([], [keys.job_taken("rollouts", "r2")])  # the latter for 5 s


async def test_a_process_that_comes_late_goes_on_from_what_is_counted(stage: Stage) -> None:
    ada, ben = await some(stage, 2)
    await stage.start(ada, ben)
    await stage.round()
    step, go_on = await held_up(stage)
    await stage.reconcile(ada, Patch(trouble=Trouble.AUTHORIZE))
    await stage.round()
    await stage.reconcile(ben)
    await stage.redis.delete(keys.job_taken("rollouts", "r2"))  # whoever had it has died
    go_on.set()
    await step
    assert stage.card.shown == [(1, 1), (0, 1)]
    assert await stage.redis.keys("pb:{rollouts}:*") == []


class Dies(Exception):
    """The process is no more."""


async def test_a_process_that_dies_telling_the_end_is_followed_by_one_that_tells_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    [ada] = await some(stage, 1)
    await stage.start(ada)
    await stage.round()
    await stage.reconcile(ada)

    async def die(*_: object) -> None:
        raise Dies

    with monkeypatch.context() as patch:
        patch.setattr(RolloutStore, "finish", die)
        with pytest.raises(Dies):
            await stage.round()
    stage.rollouts = stage.another_process()
    await stage.redis.delete(keys.job_taken("rollouts", "r2"))  # in 5 s
    await stage.round()
    await stage.round()
    assert stage.card.shown == [(0, 0), (0, 0)]
    assert await stage.redis.keys("pb:{rollouts}:*") == []


async def test_nothing_happens_before_the_policy_is_saved(stage: Stage) -> None:
    [ada] = await some(stage, 1)
    before = await stage.people.state(ada)
    await stage.rollouts.rows.intend(Rollout("r2", 2, 1, "card"), [ada])
    await stage.round()
    assert await stage.people.state(ada) == before
    assert 0 < await stage.redis.ttl(keys.job("rollouts", "r2")) <= keys.INTENT_TTL
    # Whoever died between saving and starting is followed by somebody else.
    stage.decisions.save()
    await stage.round()
    assert (await stage.claim(ada)).state.policy_needed == 2
    assert await stage.redis.ttl(keys.job("rollouts", "r2")) > keys.INTENT_TTL


async def test_an_intention_that_came_to_nothing_ends(stage: Stage) -> None:
    [ada] = await some(stage, 1)
    dropped = Rollout("r2", 2, 1, "card")
    await stage.rollouts.rows.intend(dropped, [ada])
    await stage.rollouts.rows.finish(dropped.rollout_id)
    assert await stage.redis.keys("pb:{rollouts}:*") == []
    await stage.rollouts.rows.intend(dropped, [ada])
    await stage.redis.delete(keys.job("rollouts", "r2"))  # its time is over
    assert await stage.round() is None
    assert await stage.redis.smembers(keys.jobs("rollouts")) == set()
    assert stage.card.shown == []


async def test_a_row_that_is_damaged_is_dropped(stage: Stage) -> None:
    await stage.redis.sadd(keys.jobs("rollouts"), "odd")
    await stage.redis.set(keys.job("rollouts", "odd"), '{"what": 1}', ex=60)
    assert await stage.round() is None
    assert await stage.redis.smembers(keys.jobs("rollouts")) == set()


@asynccontextmanager
async def running(stage: Stage) -> AsyncIterator[None]:
    task = asyncio.create_task(stage.rollouts.work.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()


async def test_a_new_rollout_is_begun_at_once(stage: Stage) -> None:
    [ada] = await some(stage, 1)
    async with running(stage):
        await asyncio.sleep(0)
        await stage.start(ada)

        async def demanded() -> bool:
            state = await stage.people.state(ada)
            return state is not None and state.policy_needed == 2

        await eventually(demanded, within=2)  # far below the idle look of 5 s


async def test_a_redis_that_is_away_for_a_moment_ends_nothing(stage: Stage) -> None:
    [ada] = await some(stage, 1)
    await stage.start(ada)
    await stage.redis.set("x", 1, ex=60)
    taken = keys.job_taken("rollouts", "r2")
    await stage.redis.hset(taken, "wrong", "kind")  # every command on it fails
    await stage.redis.expire(taken, 60)
    async with running(stage):
        await asyncio.sleep(0)
        await stage.redis.delete(taken)
        stage.rollouts.work.wake()

        async def demanded() -> bool:
            state = await stage.people.state(ada)
            return state is not None and state.policy_needed == 2

        await eventually(demanded)
