"""Changing the policy: what the question counts is what the change does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.coverage import Shifted
from domain.directory import INACTIVE, Directory, DirectoryGroup, DirectoryUser
from domain.effect import Effect
from domain.form import LevelForm
from domain.link import Link
from domain.person import Patch, PersonState
from domain.policy import SOME_GROUP, Form, Level, Personal, Policy, resolve
from domain.policy_edits import (
    Enable,
    GroupInherits,
    Inherit,
    Move,
    SaveForm,
    group_of,
)
from domain.presence import LEVEL_STYLES, Style
from sync.directory.store import DirectoryStore
from sync.engine.people import PeopleStore
from sync.redis import keys
from sync.redis.connection import connect_listener
from sync.redis.scripts import Scripts
from sync.settings.audit import AuditLog
from sync.settings.changes import Done, PolicyService
from sync.settings.rollout import Rollout, Rollouts, RolloutStore, style_in_force
from sync.settings.store import Conflict, SettingsCache, SettingsStore
from tests.doubles.people import person
from tests.doubles.policies import NOW, forms, group_ids, memberships, personals, policies
from tests.doubles.settings import ADA, BEN, OFF, ON, history, of_account, of_group

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from domain.policy_edits import Edit
    from sync.redis.connection import Client
    from tests.doubles.redis import RedisServer


class NoCard:
    async def rollout_moved(self, rollout: Rollout, left: int) -> None:
        raise AssertionError(rollout, left)


class Dying(Rollouts):
    """The process ends between the save and what follows."""

    async def start(self, rollout: Rollout) -> None:
        raise SystemExit(rollout)


class Stage:
    def __init__(self, redis: Client, cache: SettingsCache, settings: SettingsStore) -> None:
        scripts = Scripts(redis)
        self.redis = redis
        self.settings = settings
        self.cache = cache
        self.people = PeopleStore(redis, scripts)
        self.directory = DirectoryStore(redis, scripts, configured=True)
        self.rows = RolloutStore(redis)
        rollouts = Rollouts(self.people, self.rows, NoCard(), policy=cache)
        self.policies = PolicyService(settings, cache, self.people, self.directory, rollouts)

    async def connect(self, number: int, *groups: str, chosen: Personal | None = None) -> str:
        """Somebody connected, a member of these groups."""
        oid = person(number)
        link = Link(oid, "tenant", "Somebody", (f"p{number}@example.com",), 1, f"z{number}")
        await self.people.connect(link, "sealed", None, groups)
        if chosen is not None:
            await self.people.demand(oid, patch=Patch.chose(chosen))
        return oid

    async def zoom(self, *users: DirectoryUser) -> None:
        """Zoom's directory: these users, and the groups of which they are."""
        await self.redis.set(keys.DIRECTORY_LEASE, "t", ex=60)
        names = {group_id for user in users for group_id in user.group_ids}
        groups = {group_id: DirectoryGroup(group_id, group_id) for group_id in names}
        known = {user.zoom_id: user for user in users}
        assert await self.directory.swap("t", Directory(known, groups, 1), [])

    async def save(self, edit: Edit) -> Done:
        version = (await self.policies.policy()).version
        done = await self.policies.make(edit, expected=version, by=ADA, show=lambda _: "card")
        assert isinstance(done, Done)
        return done

    async def left(self, rollout: Rollout | None) -> set[str]:
        assert rollout is not None
        return {oid async for batch in self.rows.left(rollout.rollout_id, 100) for oid in batch}


def user(number: int, *groups: str, status: str = "active") -> DirectoryUser:
    return DirectoryUser(
        f"z{number}", f"p{number}@example.com", "Somebody", status, frozenset(groups)
    )


@pytest.fixture
async def stage(redis: Client, redis_server: RedisServer) -> AsyncIterator[Stage]:
    listener = connect_listener(redis_server.url)
    settings = SettingsStore(redis, Scripts(redis))
    await settings.start(on=True)
    cache = SettingsCache(settings, listener)
    await cache.load()
    yield Stage(redis, cache, settings)
    await listener.aclose()


def sales(form: Form, priority: int = 9999) -> SaveForm:
    return SaveForm(Level("sales", "Sales"), LevelForm(form, priority=priority))


async def test_whom_the_organisation_s_authorisation_ends_for_is_counted_once(stage: Stage) -> None:
    ben = await stage.connect(1, "sales")
    cleo = await stage.connect(2, "sales")
    await stage.zoom(*(user(number, "sales") for number in range(1, 7)))
    await stage.save(of_group("sales", OFF))
    seen = []

    async def shifted(before: Policy, after: Policy) -> Shifted:
        seen.append((before.version, group_of(after, "sales")))
        ends, starts, later = frozenset({cleo}), frozenset({"z4"}), frozenset({"z5"})
        return Shifted(ends, ends, starts, later, called_off=3)

    policies = replace(stage.policies, shifted=shifted)
    effect = (await policies.preview(of_group("sales", ON))).effect
    assert effect == Effect(
        (ben,), later=2, on=1, own=1, ends=1, called_off=3, starts=1, starts_later=1
    ), "who is counted as one of these is not counted as another"
    done = await policies.make(
        of_group("sales", ON), expected=seen[0][0], by=ADA, show=lambda _: ""
    )
    assert isinstance(done, Done)
    assert done.effect == effect
    assert len(seen) == 2


async def test_the_question_counts_whom_it_touches(stage: Stage) -> None:
    ben = await stage.connect(1, "sales")
    await stage.connect(2, "care")
    await stage.connect(3, "sales", "top")
    await stage.zoom(
        user(1, "sales"),
        user(2, "care"),
        user(3, "sales", "top"),
        user(4, "sales"),
        user(5, "sales", "top"),
        user(6, "sales", status=INACTIVE),
        user(7),
    )
    await stage.save(of_group("top", ON))
    preview = await stage.policies.preview(sales(OFF))
    assert preview.effect == Effect((ben,), later=1, elsewhere=2, off=1)
    preview = await stage.policies.preview(of_account(OFF))
    assert len(preview.effect.now) == 2
    assert (preview.effect.later, preview.effect.elsewhere) == (2, 2)


async def test_nobody_is_counted_for_whom_nothing_changes(stage: Stage) -> None:
    await stage.connect(1, "sales", chosen=Personal(Style.FULL))  # their own style
    await stage.connect(2, "sales", chosen=Personal(paused_until_ms=2**53))
    three = await stage.connect(3, "sales")
    preview = await stage.policies.preview(sales(replace(ON, style=Style.BUSY_ONLY)))
    assert preview.effect.now == (three,)
    preview = await stage.policies.preview(sales(replace(ON, locked=True)))
    assert preview.effect.now == (person(1),)
    preview = await stage.policies.preview(sales(ON))
    assert preview.effect.now == ()


async def test_without_zooms_people_only_the_connected_are_counted(stage: Stage) -> None:
    ben = await stage.connect(1)
    assert (await stage.policies.preview(of_account(OFF))).effect == Effect((ben,), off=1)


async def test_a_change_is_saved_recorded_and_begun_for_those_it_counted(stage: Stage) -> None:
    ben = await stage.connect(1, "sales")
    await stage.connect(2)
    preview = await stage.policies.preview(sales(OFF))
    done = await stage.save(sales(OFF))
    assert done.effect == preview.effect
    assert done.policy == replace(preview.after, version=2)
    assert stage.cache.current() == done.policy
    assert await stage.left(done.rollout) == {ben}
    assert done.rollout is not None
    assert (done.rollout.version, done.rollout.total) == (2, 1)
    [stored] = await stage.rows.unfinished()
    assert stored.kept
    assert [record.scope for record in await history(AuditLog(stage.redis))][1:] == ["group:sales"]


async def test_what_touches_nobody_begins_nothing(stage: Stage) -> None:
    await stage.connect(1)
    done = await stage.save(sales(OFF))
    assert done.rollout is None
    assert await stage.rows.unfinished() == []


async def test_a_form_and_its_priority_are_one_save(stage: Stage) -> None:
    await stage.save(of_group("top", ON))
    done = await stage.save(sales(OFF, priority=1))
    assert [group.name for group in done.policy.groups] == ["Sales", "Top"]
    assert done.policy.version == 3
    [record] = [r for r in await history(AuditLog(stage.redis)) if r.scope == "group:sales"]
    assert record.new is not None
    assert record.new["priority"] == 1
    # Who is in both is decided by the new one at once.
    assert resolve(done.policy, frozenset({"top", "sales"})).group == group_of(done.policy, "sales")


async def test_a_version_that_was_overtaken_changes_and_begins_nothing(stage: Stage) -> None:
    await stage.connect(1)
    await stage.save(sales(OFF))
    before = await stage.policies.policy()
    outcome = await stage.policies.make(of_account(OFF), expected=1, by=BEN, show=lambda _: "card")
    assert outcome == Conflict(before)
    assert await stage.rows.unfinished() == []
    assert await stage.redis.keys("pb:{rollouts}:*") == []


async def test_of_many_at_once_one_is_saved_and_one_begun(stage: Stage) -> None:
    await stage.connect(1)
    outcomes = await asyncio.gather(
        *(
            stage.policies.make(
                of_account(replace(OFF, style=style)), expected=1, by=ADA, show=lambda _: "card"
            )
            for style in LEVEL_STYLES
        )
    )
    assert sum(isinstance(outcome, Done) for outcome in outcomes) == 1
    [rollout] = await stage.rows.unfinished()
    assert rollout.version == 2
    assert len(await history(AuditLog(stage.redis))) == 2


async def test_who_dies_after_the_save_is_followed(stage: Stage) -> None:
    ben = await stage.connect(1)

    dying = Dying(stage.people, stage.rows, NoCard(), policy=stage.cache)
    policies = PolicyService(stage.settings, stage.cache, stage.people, stage.directory, dying)
    with pytest.raises(SystemExit):
        await policies.make(of_account(OFF), expected=1, by=ADA, show=lambda _: "card")
    assert (await stage.settings.read()).version == 2
    another = Rollouts(stage.people, RolloutStore(stage.redis), NoCard(), policy=stage.cache)
    await another.step()
    state = await stage.people.state(ben)
    assert state is not None
    assert state.policy_needed == 2


@pytest.mark.parametrize("edit", [Move(Level("nowhere"), 1)])
async def test_a_group_that_inherits_has_no_priority(stage: Stage, edit: Edit) -> None:
    with pytest.raises(GroupInherits):
        await stage.policies.preview(edit)
    with pytest.raises(GroupInherits):
        await stage.policies.make(edit, expected=1, by=ADA, show=lambda _: "card")
    assert await stage.rows.unfinished() == []


async def test_an_edit_of_no_group_in_particular_is_a_mistake_of_ours(stage: Stage) -> None:
    with pytest.raises(ValueError, match="not chosen"):
        await stage.policies.preview(Enable(SOME_GROUP))
    with pytest.raises(ValueError, match="not chosen"):
        await stage.policies.make(Enable(SOME_GROUP), expected=1, by=ADA, show=lambda _: "card")


def edits() -> st.SearchStrategy[Edit]:
    accounts = st.builds(of_account, forms)
    groups = st.builds(
        SaveForm,
        st.builds(Level, group_ids, st.just("Name")),
        st.builds(LevelForm, forms, st.just(True), st.integers(1, 9)),
    )
    return accounts | groups | st.builds(Inherit, st.builds(Level, group_ids))


@given(policies(), edits(), memberships, personals)
def test_whoever_is_not_touched_is_told_the_same(
    before: Policy, edit: Edit, mine: frozenset[str], personal: Personal
) -> None:
    after = edit.apply(before)
    somebody = PersonState("oid", group_ids=mine, personal=personal)
    old, new = (resolve(policy, mine, personal, now_ms=NOW) for policy in (before, after))
    same = (old.on, old.style if old.on else None) == (new.on, new.style if new.on else None)
    kept = style_in_force(before, somebody, NOW) == style_in_force(after, somebody, NOW)
    assert kept is same


@given(policies(), edits(), personals)
def test_a_group_touches_nobody_outside_it(before: Policy, edit: Edit, personal: Personal) -> None:
    if edit.level.is_account:
        return
    others = frozenset(f"g{number}" for number in range(6)) - {edit.level.group_id}
    after = edit.apply(before)
    somebody = PersonState("oid", group_ids=others, personal=personal)
    assert style_in_force(before, somebody, NOW) == style_in_force(after, somebody, NOW)
