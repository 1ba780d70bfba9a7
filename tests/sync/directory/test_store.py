"""The mirror in Redis: one reading at a time is visible, and it is visible whole."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from domain.directory import (
    ACTIVE,
    INACTIVE,
    Directory,
    DirectoryGroup,
    DirectoryUser,
    MembershipChange,
    changes,
)
from sync.directory.store import DirectoryStore
from sync.redis import keys
from sync.redis.batches import CHUNK
from sync.redis.scripts import Scripts
from tests.doubles.redis import eventually

if TYPE_CHECKING:
    from sync.redis.connection import Client

LEASE = 60_000


@pytest.fixture
def store(redis: Client) -> DirectoryStore:
    return DirectoryStore(redis, Scripts(redis), configured=True)


def reading(size: int, *groups: str, tag: str = "a") -> Directory:
    users = [
        DirectoryUser(
            f"z{number}",
            f"{tag}{number}@example.com",
            f"{tag} {number}",
            group_ids=frozenset(groups),
        )
        for number in range(size)
    ]
    return Directory(
        {user.zoom_id: user for user in users},
        {group: DirectoryGroup(group, f"{tag} {group}", size) for group in groups},
    )


async def claimed(store: DirectoryStore, token: str) -> bool:
    return await store.claim(token, LEASE) == 0


async def finish(
    store: DirectoryStore, token: str = "t", reason: str = "", detail: str = ""
) -> bool:
    """The turn ends; the next one is due at once."""
    return await store.finish(token, next_ms=0, not_before_ms=0, reason=reason, detail=detail)


async def finish_for_an_hour(store: DirectoryStore, not_before_ms: int = 0) -> None:
    assert await store.finish("t", next_ms=3_600_000, not_before_ms=not_before_ms)


async def put(store: DirectoryStore, new: Directory, token: str = "t") -> None:
    """One whole turn."""
    assert await store.claim(token, LEASE) == 0
    changed = changes(await store.load(), new)
    assert await store.swap(token, new, changed)
    while waiting := await store.undelivered():
        await store.delivered(waiting)
    assert await finish(store, token)


async def test_before_the_first_reading_there_is_nothing(store: DirectoryStore) -> None:
    assert await store.view() is None
    assert await store.load() is None
    health = await store.health()
    assert (health.read_ms, health.age_seconds, health.users) == (None, None, 0)


async def test_everything_is_found_again(store: DirectoryStore) -> None:
    new = reading(2 * CHUNK + 3, "sales", "north")
    await put(store, new)
    assert await store.load() == new
    view = await store.view()
    assert view is not None
    assert await view.user("z7") == new.users["z7"]
    assert await view.user_by_address(" A7@Example.COM ") == new.users["z7"]
    assert await view.user("other") is None
    assert await view.user_by_address("other@example.com") is None
    assert await view.users(["z1", "other", "z2"]) == [new.users["z1"], new.users["z2"]]
    assert sorted(await view.members("sales")) == sorted(new.users)
    assert await view.members("other") == []
    assert len([user async for user in view.everyone()]) == len(new.users)
    found = view.find_groups("A SALES").exact
    assert found == DirectoryGroup("sales", "a sales", 2 * CHUNK + 3)
    health = await store.health()
    assert (health.users, health.groups) == (2 * CHUNK + 3, 2)
    assert health.age_seconds is not None
    assert health.age_seconds < 60


async def test_an_empty_part_is_no_trouble(store: DirectoryStore) -> None:
    await put(store, reading(3, "sales"))
    await put(store, reading(3))
    view = await store.view()
    assert view is not None
    assert (view.groups, await view.members("sales")) == ({}, [])


async def test_an_address_leads_to_whoever_is_active(store: DirectoryStore) -> None:
    old = DirectoryUser("z1", "ada@example.com", "Ada", INACTIVE)
    new = DirectoryUser("z2", "ada@example.com", "Ada", ACTIVE)
    for users in ((old, new), (new, old)):
        await put(store, Directory({user.zoom_id: user for user in users}))
        view = await store.view()
        assert view is not None
        assert await view.user_by_address("ada@example.com") == new


async def test_a_view_stays_with_its_reading(store: DirectoryStore) -> None:
    await put(store, reading(3, "sales", tag="old"))
    before = await store.view()
    await put(store, reading(2, "north", tag="new"))
    after = await store.view()
    assert before is not None
    assert after is not None
    assert (await before.user("z2"), await after.user("z2")) != (None, None)
    assert [group.name for group in before.groups.values()] == ["old sales"]
    assert len(await before.members("sales")) == 3
    assert len(await after.members("north")) == 2
    assert await after.user("z2") is None


async def test_the_old_reading_ends_and_the_current_one_does_not(
    store: DirectoryStore, redis: Client
) -> None:
    await put(store, reading(3, "sales"))
    old = await redis.get(keys.DIRECTORY_CURRENT)
    await put(store, reading(3, "sales"))
    new = await redis.get(keys.DIRECTORY_CURRENT)
    for part in keys.DIRECTORY_PARTS:
        assert 0 < await redis.ttl(keys.directory_part(old, part)) <= keys.OLD_READING_TTL
        assert await redis.ttl(keys.directory_part(new, part)) == -1


async def test_readers_never_see_a_mixture(store: DirectoryStore) -> None:
    first, second = reading(CHUNK, "sales", tag="a"), reading(CHUNK, "sales", tag="b")
    await put(store, first)
    done = asyncio.Event()

    async def look() -> None:
        while not done.is_set():
            view = await store.view()
            assert view is not None
            tag = view.groups["sales"].name[0]
            everyone = {user.name[0] async for user in view.everyone()}
            assert everyone == {tag}
            assert await view.user_by_address(f"{tag}1@example.com") is not None

    async def swap() -> None:
        for turn in range(6):
            await put(store, second if turn % 2 else first, f"t{turn}")
        done.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(look())
        group.create_task(swap())


async def test_a_reading_that_was_not_finished_is_never_seen_and_ends(
    store: DirectoryStore, redis: Client
) -> None:
    await put(store, reading(3, "sales"))
    assert await store.claim("slow", LEASE) == 0
    await redis.delete(keys.DIRECTORY_LEASE)  # its lease ended meanwhile
    assert not await store.swap("slow", reading(0), [])
    assert not await store.swap("slow", reading(9, "north"), [])
    view = await store.view()
    assert view is not None
    assert set(view.groups) == {"sales"}
    for key in await redis.keys("pb:{dir}:????????????:*"):
        if view.reading not in key:
            assert 0 < await redis.ttl(key) <= keys.STAGED_TTL


# -- turns -------------------------------------------------------------------------------------


async def test_the_first_reading_is_due_at_once_and_for_one_only(store: DirectoryStore) -> None:
    waits = await asyncio.gather(*(store.claim(f"t{number}", LEASE) for number in range(10)))
    assert sorted(waits)[:2] == [0, sorted(waits)[1]]
    assert all(0 < wait <= LEASE for wait in sorted(waits)[1:])


async def test_the_next_one_is_due_when_it_was_said(store: DirectoryStore) -> None:
    await store.claim("t", LEASE)
    await finish_for_an_hour(store)
    assert 3_590_000 < await store.claim("t", LEASE) <= 3_600_000


async def test_a_wish_brings_it_forward_but_not_before_its_time(
    store: DirectoryStore, redis: Client
) -> None:
    await store.claim("t", LEASE)
    await finish_for_an_hour(store, 60_000)
    await store.request_reading(10_000)
    assert 50_000 < await store.claim("t", LEASE) <= 60_000
    await redis.hset(keys.DIRECTORY_STATE, "not_before", 0)
    assert 9_000 < await store.claim("t", LEASE) <= 10_000
    await store.request_reading(0)
    assert await store.claim("t", LEASE) == 0


async def test_many_wishes_are_one_reading(store: DirectoryStore) -> None:
    await store.claim("t", LEASE)
    await finish_for_an_hour(store)
    await asyncio.gather(*(store.request_reading(0) for _ in range(50)))
    assert await store.claim("t", LEASE) == 0
    await finish_for_an_hour(store)
    assert await store.claim("t", LEASE) > 10_000


async def test_a_wish_during_a_reading_means_another_one(store: DirectoryStore) -> None:
    assert await store.claim("t", LEASE) == 0
    await store.request_reading(0)
    await finish_for_an_hour(store)
    assert await store.claim("t", LEASE) == 0


async def test_a_later_wish_does_not_put_an_earlier_one_off(store: DirectoryStore) -> None:
    await store.claim("t", LEASE)
    await finish_for_an_hour(store)
    await store.request_reading(0)
    await store.request_reading(10_000)
    assert await store.claim("t", LEASE) == 0


async def test_whose_reader_dies_another_starts_over(store: DirectoryStore) -> None:
    assert await store.claim("dying", 20) == 0
    await eventually(lambda: claimed(store, "other"))
    assert not await store.lease("dying", LEASE).renew()
    assert not await finish(store, "dying")
    assert await store.lease("other", LEASE).renew()


async def test_a_turn_that_is_renewed_is_kept(store: DirectoryStore, redis: Client) -> None:
    assert await store.claim("t", 10_000) == 0
    assert await store.lease("t", LEASE).renew()
    assert await redis.pttl(keys.DIRECTORY_LEASE) > 10_000


async def test_failures_are_told_until_the_next_success(store: DirectoryStore) -> None:
    await put(store, reading(3))
    await store.claim("t", LEASE)
    await finish(store, "t", "zoom_rights", "group:read:list_groups:admin")
    health = await store.health()
    assert (health.reason, health.detail) == ("zoom_rights", "group:read:list_groups:admin")
    assert health.failed_ms is not None
    assert health.doubted_since_ms is None
    assert health.users == 3
    await put(store, reading(3))
    health = await store.health()
    assert (health.reason, health.failed_ms, health.detail) == (None, None, "")


async def test_doubt_counts_from_its_first_time(store: DirectoryStore, redis: Client) -> None:
    await store.claim("t", LEASE)
    await store.finish("t", next_ms=0, not_before_ms=0, reason="empty", doubt=True)
    since = (await store.health()).doubted_since_ms
    assert since is not None
    await redis.hset(keys.DIRECTORY_STATE, "doubted", since - 1000)
    await store.claim("t", LEASE)
    await store.finish("t", next_ms=0, not_before_ms=0, reason="users_lost", doubt=True)
    assert (await store.health()).doubted_since_ms == since - 1000


async def test_without_zoom_api_names_nothing_is_wished_for(redis: Client) -> None:
    store = DirectoryStore(redis, Scripts(redis), configured=False)
    await store.request_reading(0)
    assert await redis.keys("*") == []
    assert not (await store.health()).configured


# -- passing changes on ------------------------------------------------------------------------


async def test_changes_wait_until_they_were_passed_on(store: DirectoryStore) -> None:
    new = reading(CHUNK + 10, "sales")
    await store.claim("t", LEASE)
    await store.swap("t", new, changes(None, new))
    seen: list[MembershipChange] = []
    while waiting := await store.undelivered():
        assert waiting == await store.undelivered()
        seen += waiting
        await store.delivered(waiting)
    assert {change.zoom_id for change in seen} == set(new.users)
    assert len(seen) == len(new.users)


async def test_damaged_rows_are_reported_and_left_out(store: DirectoryStore, redis: Client) -> None:
    await put(store, reading(3, "sales", "north"))
    current = await redis.get(keys.DIRECTORY_CURRENT)
    for part, field in (("users", "z1"), ("groups", "north"), ("members", "sales")):
        await redis.hset(keys.directory_part(current, part), field, "{")
    await redis.hset(keys.DIRECTORY_CHANGES, "z9", "{")
    await redis.hset(keys.DIRECTORY_STATE, "users", "many")
    fresh = DirectoryStore(redis, Scripts(redis), configured=True)
    with capture_logs() as logs:
        read = await fresh.load()
        assert read is not None
        assert set(read.users) == {"z0", "z2"}
        assert set(read.groups) == {"sales"}
        view = await fresh.view()
        assert view is not None
        assert await view.members("sales") == []
        assert [change.zoom_id for change in await fresh.undelivered()] == ["z9"]
        assert (await fresh.health()).users == 0
    assert {line["event"] for line in logs} == {
        "directory_row_damaged",
        "directory_state_damaged",
    }
    await fresh.delivered([MembershipChange("z9", (), frozenset(), frozenset())])


async def test_groups_are_found_by_zoom_id_or_by_addresses(store: DirectoryStore) -> None:
    assert (
        await store.groups_of("z1", []) == await store.groups_of(None, ["a1@example.com"]) == set()
    )
    assert await claimed(store, "t")
    assert await store.swap("t", reading(2, "sales"), [])
    assert await store.groups_of("z1", []) == {"sales"}
    assert await store.groups_of(None, ["other@example.com", "a1@example.com"]) == {"sales"}
    assert await store.groups_of("z9", ["a1@example.com"]) == set()
    assert await store.groups_of(None, []) == set()
