"""The index of Zoom addresses and ids when whoever changes it is killed in the middle."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from domain.person import Patch
from domain.step import Lane
from sync.engine.people import PeopleStore
from sync.engine.scripts import CLAIM_S
from sync.engine.zoom_index import Contended, Taken
from sync.redis import keys
from sync.redis.scripts import Scripts
from tests.doubles.people import ADA, BEN, connected, link_of
from tests.doubles.redis import lasting_keys, orphans

if TYPE_CHECKING:
    from domain.link import Link
    from sync.redis.connection import Client

COMMANDS = range(1, 30)
"""More than any of these changes sends."""
SHARED = "shared@example.com"
OLD = link_of(ADA, "ada@example.com", "a.old@example.com", zoom_id="zOld")
NEW = link_of(ADA, "ada@example.com", "a.new@example.com", zoom_id="zNew")


class Killed(BaseException):
    """The process ends here."""


class Dying:
    """A Redis client of a process that is killed after so many commands."""

    def __init__(self, client: Client, commands: int) -> None:
        self._client = client
        self._left = commands

    def __getattr__(self, name: str) -> object:
        command = getattr(self._client, name)

        async def send(*arguments: object, **options: object) -> object:
            if self._left == 0:
                raise Killed
            self._left -= 1
            return await command(*arguments, **options)

        return send


def dying(client: Client, commands: int) -> PeopleStore:
    doomed = Dying(client, commands)
    return PeopleStore(doomed, Scripts(doomed))


@pytest.fixture
async def store(redis: Client) -> PeopleStore:
    scripts = Scripts(redis)
    await scripts.loaded()
    return PeopleStore(redis, scripts)


async def finds(store: PeopleStore, link: Link) -> set[str | None]:
    """Who is found by the addresses and the Zoom id of a link."""
    found = {await store.owner_of(address=address, zoom_id=None) for address in link.addresses}
    return found | {await store.owner_of(address=None, zoom_id=link.zoom_id)}


@pytest.mark.parametrize("commands", COMMANDS)
async def test_a_connection_that_is_cut_off_leaves_nothing_or_a_person_who_is_found(
    store: PeopleStore, redis: Client, commands: int
) -> None:
    doomed = dying(redis, commands)
    with contextlib.suppress(Killed):
        await doomed.connect(OLD, "sealed", None)
    there = await store.link(ADA) is not None
    assert await finds(store, OLD) == {ADA if there else None}
    assert [p async for p in orphans(redis)] == []
    if there:
        # It was needed once: from then on it stays.
        assert {await redis.ttl(k) for k in await redis.keys("pb:{z:*")} == {-1}
    else:
        assert all([await redis.ttl(key) > 0 for key in await redis.keys("*")])
        await store.connect(OLD, "sealed", None)
        assert await finds(store, OLD) == {ADA}


@pytest.mark.parametrize("commands", COMMANDS)
async def test_connecting_with_other_addresses_may_be_cut_off(
    store: PeopleStore, redis: Client, commands: int
) -> None:
    await store.connect(OLD, "sealed", None)
    with contextlib.suppress(Killed):
        await dying(redis, commands).connect(NEW, "sealed", None)
    link = await store.link(ADA)
    assert link in {OLD, NEW}
    assert await finds(store, link) == {ADA}
    other = OLD if link == NEW else NEW
    assert await store.owner_of(address=other.addresses[1], zoom_id=None) is None
    assert await store.owner_of(address=None, zoom_id=other.zoom_id) is None
    assert [p async for p in orphans(redis)] == []


@pytest.mark.parametrize("commands", COMMANDS)
async def test_erasing_may_be_cut_off(store: PeopleStore, redis: Client, commands: int) -> None:
    generation = await store.connect(OLD, "sealed", None)
    await store.demand(ADA, Lane.URGENT, Patch.leaving())
    erased = False
    with contextlib.suppress(Killed):
        erased = await dying(redis, commands).erase(ADA, generation)
    there = await store.link(ADA) is not None
    assert await finds(store, OLD) == {ADA if there else None}
    assert [p async for p in orphans(redis)] == []
    if not there:
        assert all([await redis.ttl(key) > 0 for key in await redis.keys("*")])
    assert await store.erase(ADA, generation) is there
    if erased:
        assert await lasting_keys(redis) == []
    assert await finds(store, OLD) == {None}


async def test_an_event_between_doubt_and_erasing_keeps_nothing(
    store: PeopleStore, redis: Client
) -> None:
    generation = await store.connect(OLD, "sealed", None)
    doubts = 1 + len(OLD.addresses) + 1
    with pytest.raises(Killed):
        await dying(redis, doubts).erase(ADA, generation)
    assert {await redis.ttl(k) > 0 for k in await redis.keys("pb:{z:*")} == {True}
    assert await finds(store, OLD) == {ADA}
    assert await store.erase(ADA, generation)
    assert await lasting_keys(redis) == []


async def test_what_somebody_else_left_behind_is_taken_over_once_they_can_only_be_dead(
    store: PeopleStore, redis: Client
) -> None:
    with pytest.raises(Killed):
        await dying(redis, 2).connect(link_of(ADA, SHARED), "sealed", None)
    with pytest.raises(Contended):
        await store.connect(link_of(BEN, SHARED), "sealed", None)
    await redis.expire(keys.zoom_address(SHARED), keys.INDEX_TTL - CLAIM_S)
    await store.connect(link_of(BEN, SHARED), "sealed", None)
    assert await store.owner_of(address=SHARED, zoom_id=None) == BEN
    assert await redis.ttl(keys.zoom_address(SHARED)) == -1


@pytest.mark.parametrize(
    ("ada", "ben", "taken"),
    [
        ("zOne", "zOne", True),
        ("zOne", "zTwo", False),
        ("zOne", None, True),
        (None, "zTwo", True),
        (None, None, True),
    ],
)
async def test_a_zoom_user_is_one_persons_and_so_is_an_address_that_must_do_for_an_id(
    store: PeopleStore, ada: str | None, ben: str | None, taken: bool
) -> None:
    await store.connect(link_of(ADA, "ada@example.com", SHARED, zoom_id=ada), "sealed", None)
    second = link_of(BEN, "ben@example.com", SHARED, zoom_id=ben)
    if not taken:
        await store.connect(second, "sealed", None)
        assert await store.owner_of(address=SHARED, zoom_id=None) == BEN
        assert await store.owner_of(address=SHARED, zoom_id=ada) == ADA
        return
    with pytest.raises(Taken) as caught:
        await store.connect(second, "sealed", None)
    assert caught.value.owner == ADA
    assert await store.link(BEN) is None
    assert await store.owner_of(address="ben@example.com", zoom_id=None) is None
    assert await store.owner_of(address=SHARED, zoom_id=None) == ADA
    # Whoever is about to leave stands in nobody's way, and takes nothing back.
    await store.leave(ADA)
    generation = await store.connect(second, "sealed", None)
    state = await store.state(ADA)
    assert state is not None
    assert await store.erase(ADA, state.generation)
    assert await store.owner_of(address=SHARED, zoom_id=ben) == BEN
    assert await store.erase(BEN, generation)


async def test_a_key_without_ttl_costs_one_command(store: PeopleStore, redis: Client) -> None:
    await connected(store)
    one = dying(redis, 1)
    assert await one.owner_of(address=link_of().addresses[0], zoom_id=None) == ADA
