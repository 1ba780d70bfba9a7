"""The mirror follows Zoom: by the clock, when asked, whatever fails or dies on the way."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from sync.directory.refresh import DirectoryRefresher
from sync.directory.store import DirectoryStore
from sync.redis import keys
from sync.redis.scripts import Scripts
from tests.doubles.duties import every
from tests.doubles.redis import RedisServer, eventually, open_client
from tests.doubles.zoom_directory import Clock, ZoomAccount, reader_of, running_account

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from domain.directory import DirectoryGroup, MembershipChange
    from sync.redis.connection import Client
    from sync.zoom.api import ZoomApi


class Told:
    """What the refresher passes on."""

    def __init__(self) -> None:
        self.groups: list[set[str]] = []
        self.changes: list[MembershipChange] = []
        self.failing: list[BaseException] = []

    async def groups_read(self, groups: Mapping[str, DirectoryGroup]) -> None:
        self.groups.append({group.name for group in groups.values()})

    async def memberships_changed(self, changes: Sequence[MembershipChange]) -> None:
        if self.failing:
            raise self.failing.pop()
        self.changes += changes

    def moved(self) -> dict[str, tuple[set[str], set[str]]]:
        """Zoom id -> groups before and after, since the last time this was asked."""
        seen = {c.zoom_id: (set(c.before), set(c.after)) for c in self.changes}
        self.changes.clear()
        return seen


@pytest.fixture
def account() -> ZoomAccount:
    account = ZoomAccount()
    for number in range(10):
        account.add(number, "sales")
    return account


@pytest.fixture
async def api(account: ZoomAccount) -> AsyncIterator[ZoomApi]:
    async with running_account(account) as client:
        yield client


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def store(redis: Client) -> DirectoryStore:
    return DirectoryStore(redis, Scripts(redis), configured=True)


def refresher_of(
    api: ZoomApi, store: DirectoryStore, told: Told, *, gap_ms: int = 0
) -> DirectoryRefresher:
    return DirectoryRefresher(
        reader_of(api, Clock()),
        store,
        groups_read=told.groups_read,
        memberships_changed=told.memberships_changed,
        gap_ms=gap_ms,
    )


@pytest.fixture
def refresher(api: ZoomApi, store: DirectoryStore, told: Told) -> DirectoryRefresher:
    return refresher_of(api, store, told)


async def again(store: DirectoryStore, redis: Client, refresher: DirectoryRefresher) -> None:
    """A reading now, whatever the schedule says."""
    await redis.hset(keys.DIRECTORY_STATE, "due", 0)
    assert await refresher.renew() == 0


async def test_the_first_reading_is_passed_on_whole(
    refresher: DirectoryRefresher, store: DirectoryStore, told: Told
) -> None:
    assert await refresher.renew() == 0
    assert told.groups == [{"Sales"}]
    assert told.moved() == {f"z{n:05}": (set(), {"sales"}) for n in range(10)}
    assert 3500 < await refresher.renew() <= 3600
    assert (await store.health()).users == 10


async def test_later_readings_pass_on_what_changed(
    refresher: DirectoryRefresher,
    store: DirectoryStore,
    redis: Client,
    told: Told,
    account: ZoomAccount,
) -> None:
    await refresher.renew()
    told.moved()
    account.members["sales"].discard("z00001")
    account.add(11, "north")
    del account.users["z00002"]
    await again(store, redis, refresher)
    assert told.moved() == {
        "z00001": ({"sales"}, set()),
        "z00011": (set(), {"north"}),
        "z00002": ({"sales"}, set()),
    }
    await again(store, redis, refresher)
    assert told.moved() == {}


async def test_an_answer_that_is_suddenly_empty_is_refused_and_reported(
    refresher: DirectoryRefresher,
    store: DirectoryStore,
    redis: Client,
    told: Told,
    account: ZoomAccount,
) -> None:
    await refresher.renew()
    told.moved()
    account.users.clear()
    with capture_logs() as logs:
        await again(store, redis, refresher)
    assert {"event": "directory_not_believed", "reason": "empty", "log_level": "error"} in logs
    assert told.moved() == {}
    health = await store.health()
    assert (health.reason, health.users) == ("empty", 10)
    assert health.doubted_since_ms is not None


async def test_after_a_day_a_smaller_account_is_believed(
    refresher: DirectoryRefresher,
    store: DirectoryStore,
    redis: Client,
    told: Told,
    account: ZoomAccount,
) -> None:
    await refresher.renew()
    told.moved()
    for number in range(1, 10):
        del account.users[f"z{number:05}"]
    await again(store, redis, refresher)
    assert (await store.health()).reason == "users_lost"
    since = (await store.health()).doubted_since_ms
    assert since is not None
    await redis.hset(keys.DIRECTORY_STATE, "doubted", since - 24 * 3_600_000)
    await again(store, redis, refresher)
    assert (await store.health()).users == 1
    assert len(told.moved()) == 9


async def test_a_group_that_zoom_only_forgot_to_list_is_not_deleted(
    refresher: DirectoryRefresher,
    store: DirectoryStore,
    redis: Client,
    told: Told,
    account: ZoomAccount,
) -> None:
    account.group("north")
    await refresher.renew()
    account.unlisted_groups.add("north")
    await again(store, redis, refresher)
    assert (await store.health()).reason == "zoom_incomplete"
    assert told.groups == [{"Sales", "North"}]
    account.delete_group("north")
    await again(store, redis, refresher)
    assert told.groups[-1] == {"Sales"}


async def test_a_failure_changes_nothing_and_is_tried_again_later_and_later(
    refresher: DirectoryRefresher,
    store: DirectoryStore,
    redis: Client,
    account: ZoomAccount,
) -> None:
    await refresher.renew()
    for minutes in (1, 2, 4):
        refusal = web.json_response({"code": 4711, "message": "no"}, status=400)
        account.answers.append(("/v2/groups", refusal))
        await again(store, redis, refresher)
        health = await store.health()
        assert (health.reason, health.users) == ("zoom_rights", 10)
        await store.request_reading(0)
        assert minutes * 60 - 5 < await refresher.renew() <= minutes * 60
    await again(store, redis, refresher)
    assert (await store.health()).reason is None


async def test_zooms_own_waiting_time_counts(
    refresher: DirectoryRefresher, account: ZoomAccount
) -> None:
    limited = web.json_response({}, status=429, headers={"Retry-After": "1200"})
    account.answers.append(("/v2/groups", limited))
    assert await refresher.renew() == 0
    assert 1195 < await refresher.renew() <= 1200


async def test_changes_outlive_a_process_that_dies_before_passing_them_on(
    api: ZoomApi, store: DirectoryStore, redis: Client
) -> None:
    dying, heir = Told(), Told()
    dying.failing.append(asyncio.CancelledError())  # what the end of a process looks like
    with pytest.raises(asyncio.CancelledError):
        await refresher_of(api, store, dying).renew()
    await redis.delete(keys.DIRECTORY_LEASE)  # its lease ends
    await again(store, redis, refresher_of(api, store, heir))
    assert len(heir.moved()) == 10
    assert heir.groups == [{"Sales"}]


async def test_a_bug_in_the_receiver_is_told_and_loses_nothing(
    refresher: DirectoryRefresher, store: DirectoryStore, redis: Client, told: Told
) -> None:
    told.failing.append(ValueError("a bug"))
    with capture_logs() as logs:
        await refresher.renew()
    assert "directory_refresh_failed" in {line["event"] for line in logs}
    assert (await store.health()).reason == "internal"
    await again(store, redis, refresher)
    assert len(told.moved()) == 10


async def test_of_many_processes_one_reads(
    api: ZoomApi, store: DirectoryStore, account: ZoomAccount
) -> None:
    told = [Told() for _ in range(5)]
    await asyncio.gather(*(refresher_of(api, store, one).renew() for one in told))
    assert account.asked["/v2/groups"] == 1
    assert [len(one.changes) for one in sorted(told, key=lambda one: len(one.changes))] == [
        *(0, 0, 0, 0, 10)
    ]


@contextlib.asynccontextmanager
async def running(refresher: DirectoryRefresher) -> AsyncIterator[None]:
    task = asyncio.create_task(refresher.work.run(wait=every(0.005)))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_wish_is_fulfilled_while_it_runs(
    refresher: DirectoryRefresher, store: DirectoryStore, told: Told, account: ZoomAccount
) -> None:
    async def known(users: int) -> bool:
        return (await store.health()).users == users

    async with running(refresher):
        await eventually(lambda: known(10))
        account.add(11, "north")
        await store.request_reading(0)
        await eventually(lambda: known(11))
        await eventually(lambda: _is(len(told.groups) == 2))


async def _is(fact: bool) -> bool:
    return fact


async def test_at_the_start_an_old_reading_is_renewed_and_a_fresh_one_is_not(
    refresher: DirectoryRefresher, store: DirectoryStore, redis: Client, account: ZoomAccount
) -> None:
    await refresher.renew()
    read = int(await redis.hget(keys.DIRECTORY_STATE, "read"))
    async with running(refresher):
        await eventually(lambda: _is(account.asked["/v2/groups"] == 1))
    await redis.hset(keys.DIRECTORY_STATE, "read", read - 301_000)
    async with running(refresher):
        await eventually(lambda: _is(account.asked["/v2/groups"] == 2))


async def test_it_goes_on_when_redis_comes_back(
    api: ZoomApi, told: Told, own_redis: RedisServer
) -> None:
    client = open_client(own_redis)
    store = DirectoryStore(client, Scripts(client), configured=True)

    async def read() -> bool:
        return (await store.health()).users == 10

    own_redis.kill()
    with capture_logs() as logs:
        async with running(refresher_of(api, store, told)):
            await eventually(
                lambda: _is("directory_redis_away" in {line["event"] for line in logs})
            )
            own_redis.start()
            await eventually(read)
            events = [line["event"] for line in logs]
    await client.aclose()
    assert events.count("directory_redis_away") == 1
