"""Saves compare, set, record and announce in one step."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from domain import policy_edits as edits
from domain.directory import DirectoryGroup
from domain.history import CHANGE
from domain.policy import ACCOUNT, Form, Level, Policy
from domain.policy_edits import GroupInherits, Inherit, Move
from sync.redis import keys
from sync.redis.scripts import Scripts
from sync.settings.audit import INSTALLATION, ZOOM, AuditLog
from sync.settings.store import Conflict, Saved, SettingsStore
from tests.doubles.policies import forms, group_ids
from tests.doubles.redis import open_client
from tests.doubles.settings import ADA, BEN, OFF, ON, history, manage, of_account, of_group
from tests.examples import examples

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sync.redis.connection import Client
    from sync.settings.audit import Actor
    from tests.doubles.redis import RedisServer


@pytest.fixture
async def store(redis: Client) -> SettingsStore:
    store = SettingsStore(redis, Scripts(redis))
    await store.start(on=True)
    return store


@pytest.fixture
def audit(redis: Client) -> AuditLog:
    return AuditLog(redis)


def order(policy: Policy) -> list[str]:
    assert [group.priority for group in policy.groups] == [*range(1, len(policy.groups) + 1)]
    return [group.group_id for group in policy.groups]


# -- the beginning -----------------------------------------------------------------------------


@pytest.mark.parametrize("on", [True, False])
async def test_a_new_installation_starts_as_it_was_told(redis: Client, *, on: bool) -> None:
    store = SettingsStore(redis, Scripts(redis))
    assert await store.read() == Policy(OFF)
    assert await store.start(on=on) == Policy(Form(integration=on), version=1)
    [record] = await history(AuditLog(redis))
    assert (record.kind, record.by, record.scope, record.old) == (
        *(CHANGE, INSTALLATION, "account", None),
    )
    assert record.new is not None
    assert record.new["integration"] is on


async def test_later_starts_change_nothing(store: SettingsStore, audit: AuditLog) -> None:
    await store.save(of_account(OFF), expected=1, by=ADA)
    assert await store.start(on=True) == Policy(OFF, version=2)
    assert len(await history(audit)) == 2


async def test_a_lost_account_form_is_damage_not_a_new_installation(
    store: SettingsStore, redis: Client
) -> None:
    await redis.hdel(keys.SETTINGS, "account")
    with capture_logs() as logs:
        assert (await store.start(on=True)).account == replace(OFF, locked=True)
    assert {"event": "settings_damaged", "rows": ("account",), "log_level": "error"} in logs


async def test_a_stored_level_never_silences_people(store: SettingsStore, redis: Client) -> None:
    row = str(await redis.hget(keys.SETTINGS, "account"))
    await redis.hset(keys.SETTINGS, "account", row.replace('"mirror"', '"quiet"'))
    with capture_logs() as logs:
        assert (await store.read()).account == replace(OFF, locked=True)
    assert {"event": "settings_damaged", "rows": ("account",), "log_level": "error"} in logs


# -- saving ------------------------------------------------------------------------------------


async def test_a_save_is_done_and_recorded(store: SettingsStore, audit: AuditLog) -> None:
    form = Form(integration=True, presence_write=False, locked=True)
    outcome = await store.save(of_account(form), expected=1, by=ADA)
    assert outcome == Saved(Policy(form, version=2), Policy(ON, version=1))
    assert await store.read() == Policy(form, version=2)
    record = (await history(audit))[-1]
    assert (record.kind, record.by, record.scope, record.scope_name, record.version) == (
        *(CHANGE, ADA, "account", "account", 2),
    )
    assert record.old is not None
    assert record.new is not None
    changed = {name for name in record.new if record.new[name] != record.old[name]}
    assert changed == {"presence_write", "locked"}


async def test_groups_are_managed_in_the_order_in_which_they_came(
    store: SettingsStore, audit: AuditLog
) -> None:
    policy = await manage(store, "sales", "north", "care")
    assert order(policy) == ["sales", "north", "care"]
    outcome = await store.save(Move(Level("care"), 1), expected=policy.version, by=BEN)
    assert order(outcome.policy) == ["care", "sales", "north"]
    outcome = await store.save(Inherit(Level("sales")), expected=outcome.policy.version, by=BEN)
    assert order(outcome.policy) == ["care", "north"]
    assert await store.read() == outcome.policy
    moved, freed = (await history(audit))[-2:]
    assert moved.old is not None
    assert moved.new is not None
    assert (moved.scope, moved.old["priority"], moved.new["priority"]) == ("group:care", 3, 1)
    assert (freed.scope, freed.scope_name, freed.new) == ("group:sales", "Sales", None)


async def test_a_group_that_inherits_has_no_priority_to_set(store: SettingsStore) -> None:
    with pytest.raises(GroupInherits):
        await store.save(Move(Level("sales"), 1), expected=1, by=ADA)


async def test_a_save_that_changes_nothing_leaves_no_trace(
    store: SettingsStore, audit: AuditLog
) -> None:
    outcome = await store.save(of_account(ON), expected=1, by=ADA)
    assert outcome == Saved(Policy(ON, version=1), Policy(ON, version=1))
    assert len(await history(audit)) == 1


async def test_an_old_card_changes_nothing_and_sees_what_holds(
    store: SettingsStore, audit: AuditLog
) -> None:
    await store.save(of_account(OFF), expected=1, by=ADA)
    outcome = await store.save(of_group("sales", ON), expected=1, by=BEN)
    assert outcome == Conflict(Policy(OFF, version=2))
    assert await store.read() == Policy(OFF, version=2)
    assert len(await history(audit)) == 2


async def test_of_many_at_once_exactly_one_wins(store: SettingsStore, audit: AuditLog) -> None:
    wanted = [replace(OFF, calendar=bool(n % 2), contacts=bool(n % 3)) for n in range(1, 12)]
    outcomes = await asyncio.gather(
        *(store.save(of_account(form), expected=1, by=ADA) for form in wanted)
    )
    [winner] = [outcome for outcome in outcomes if isinstance(outcome, Saved)]
    for outcome in outcomes:
        assert outcome.policy == winner.policy
    assert await store.read() == winner.policy
    assert len(await history(audit)) == 2


edits_of_one = st.one_of(
    st.tuples(st.just("account"), forms),
    st.tuples(group_ids, forms),
    st.tuples(group_ids, st.none()),
    st.tuples(group_ids, st.integers(-1, 8)),
)


async def save(store: SettingsStore, what: tuple[str, Any], seen: Policy, by: Actor) -> Any:
    scope, value = what
    version = seen.version
    if scope == "account":
        return await store.save(of_account(value), expected=version, by=by)
    if value is None:
        return await store.save(Inherit(Level(scope)), expected=version, by=by)
    if isinstance(value, Form):
        return await store.save(
            of_group(scope, value, name=scope, policy=seen), expected=version, by=by
        )
    if edits.group_of(seen, scope) is None:
        return Saved(seen, seen)
    return await store.save(Move(Level(scope), value), expected=version, by=by)


def expected_after(before: Policy, what: tuple[str, Any]) -> Policy:
    scope, value = what
    if scope == "account":
        return edits.with_form(before, ACCOUNT, value)
    if value is None:
        return edits.without_group(before, scope)
    if isinstance(value, Form):
        return edits.with_form(before, Level(scope, scope), value)
    return edits.with_priority(before, scope, value)


@contextlib.asynccontextmanager
async def empty(server: RedisServer) -> AsyncIterator[Client]:
    client = open_client(server)
    try:
        await client.flushall()
        yield client
        await client.flushall()
    finally:
        await client.aclose()


@given(st.lists(st.tuples(st.booleans(), st.booleans(), edits_of_one), max_size=8))
@settings(max_examples=examples(40))
def test_two_admins_never_overwrite_what_they_have_not_seen(
    redis_server: RedisServer, script: list[tuple[bool, bool, tuple[str, Any]]]
) -> None:
    """Each admin acts on what they saw last (or look first); only who saw the newest changes it."""

    async def play(client: Client) -> None:
        store = SettingsStore(client, Scripts(client))
        truth = await store.start(on=True)
        seen = {ADA: truth, BEN: truth}
        for first, looks, what in script:
            by = ADA if first else BEN
            if looks:
                seen[by] = await store.read()
            outcome = await save(store, what, seen[by], by)
            if isinstance(outcome, Conflict):
                assert seen[by] != truth
                assert outcome.policy == truth
            elif outcome.policy != outcome.before:
                assert seen[by] == truth
                truth = replace(expected_after(truth, what), version=truth.version + 1)
                assert outcome.policy == truth
            seen[by] = outcome.policy
            assert await store.read() == truth
            order(truth)
        records = await history(AuditLog(client))
        assert [record.version for record in records] == [*range(1, truth.version + 1)]

    async def run() -> None:
        async with empty(redis_server) as client:
            await play(client)

    asyncio.run(run())


@given(st.lists(edits_of_one, min_size=2, max_size=6))
@settings(max_examples=examples(25))
def test_of_concurrent_saves_one_wins_and_the_others_see_it(
    redis_server: RedisServer, wanted: list[tuple[str, Any]]
) -> None:
    async def play(client: Client) -> None:
        store = SettingsStore(client, Scripts(client))
        await store.start(on=True)
        seen = await manage(store, "g0", "g1", "g2")
        outcomes = await asyncio.gather(*(save(store, what, seen, ADA) for what in wanted))
        done = [o for o in outcomes if isinstance(o, Saved) and o.policy != o.before]
        after = await store.read()
        assert len(done) == any(_changes(seen, what) for what in wanted)
        for outcome in outcomes:
            assert outcome.policy in {seen, after}
        if done:
            assert after == done[0].policy
        records = await history(AuditLog(client))
        assert [record.version for record in records] == [*range(1, after.version + 1)]

    async def run() -> None:
        async with empty(redis_server) as client:
            await play(client)

    asyncio.run(run())


def _changes(policy: Policy, what: tuple[str, Any]) -> bool:
    scope, value = what
    if isinstance(value, int) and edits.group_of(policy, scope) is None:
        return False
    return expected_after(policy, what) != policy


# -- Zoom --------------------------------------------------------------------------------------


def zoom(**groups: str) -> dict[str, DirectoryGroup]:
    return {group_id: DirectoryGroup(group_id, name) for group_id, name in groups.items()}


async def test_names_and_deletions_follow_zoom(store: SettingsStore, audit: AuditLog) -> None:
    await manage(store, "sales", "north", "care")
    outcome = await store.follow_zoom(zoom(north="North Pole", care="Care", other="Other"))
    assert [(g.group_id, g.name, g.priority) for g in outcome.policy.groups] == [
        ("north", "North Pole", 1),
        ("care", "Care", 2),
    ]
    assert await store.read() == outcome.policy
    deleted, renamed = (await history(audit))[-2:]
    assert {deleted.by, renamed.by} == {ZOOM}
    assert (deleted.scope, deleted.scope_name, deleted.new) == ("group:sales", "Sales", None)
    assert renamed.old is not None
    assert renamed.new is not None
    assert (renamed.old["name"], renamed.new["name"]) == ("North", "North Pole")
    again = await store.follow_zoom(zoom(north="North Pole", care="Care"))
    assert again.policy == again.before == outcome.policy


async def test_following_zoom_gives_way_to_an_admin_and_comes_back(store: SettingsStore) -> None:
    policy = await manage(store, "sales", "north")
    followed, saved = await asyncio.gather(
        store.follow_zoom(zoom(sales="Sales 2", north="North")),
        store.save(of_account(OFF), expected=policy.version, by=ADA),
    )
    assert followed.policy.groups[0].name == "Sales 2"
    after = await store.read()
    assert after.groups == followed.policy.groups
    assert after.account == (OFF if isinstance(saved, Saved) else ON)
