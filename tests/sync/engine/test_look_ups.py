"""Counts of look-ups in Redis: only of who is connected, gone with them, and for ninety days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.clock import DAY
from domain.link import Link
from domain.look_ups import DAYS, LookUps, day_of
from domain.roles import Role
from sync.engine.link_store import Left
from sync.engine.look_ups import LookUpStore
from sync.engine.people import PeopleStore
from sync.redis import keys
from sync.redis.scripts import Scripts

if TYPE_CHECKING:
    from sync.redis.connection import Client

ADA = "00000000-0000-4000-8000-000000000001"
NOW = 1_796_000_000_000


class Place:
    """Somebody who is connected, and what is counted of them."""

    def __init__(self, redis: Client) -> None:
        self.redis = redis
        self.people = PeopleStore(redis, Scripts(redis))
        self.all_know = True
        self.store = self.new_process()

    def new_process(self) -> LookUpStore:
        return LookUpStore(self.redis, Scripts(self.redis), lambda _: self.all_know)

    async def connect(self) -> int:
        link = Link(ADA, "tenant", "Ada", ("ada@example.com",), NOW)
        return await self.people.connect(link, "sealed", None)

    async def counted(self, now: int = NOW) -> LookUps | None:
        return await self.store.counted(ADA, connected_ms=NOW - 400 * DAY, now_ms=now)

    async def rows(self) -> set[str]:
        return {str(key) async for key in self.redis.scan_iter("pb:{??}:lookups:*")}


@pytest.fixture
async def place(redis: Client) -> Place:
    place = Place(redis)
    await place.connect()
    return place


async def test_look_ups_are_counted_by_role_over_the_days(place: Place) -> None:
    for day, role in ((0, Role.ADMIN), (3, Role.HELPDESK), (3, Role.HELPDESK), (5, Role.OPERATOR)):
        assert await place.store.count(ADA, role, NOW + day * DAY)
    assert await place.counted(NOW + 5 * DAY) == LookUps(
        {Role.ADMIN: 1, Role.HELPDESK: 2, Role.OPERATOR: 1}, NOW // DAY * DAY
    )


async def test_nothing_says_who_looked(place: Place) -> None:
    await place.store.count(ADA, Role.ADMIN, NOW)
    of_day = keys.look_ups_of(ADA, day_of(NOW))
    assert await place.rows() == {keys.look_ups(ADA), of_day}
    assert await place.redis.hgetall(of_day) == {"admin": "1"}
    assert await place.redis.get(keys.look_ups(ADA)) == "1"


async def test_the_counts_of_a_day_end_by_themselves(place: Place) -> None:
    await place.store.count(ADA, Role.ADMIN, NOW)
    ends = (day_of(NOW) + DAYS) * DAY - NOW
    for key in await place.rows():
        assert ends - 60_000 < await place.redis.pttl(key) <= ends <= DAYS * DAY
    # A later look-up prolongs nothing but the mark that days have counts.
    await place.store.count(ADA, Role.ADMIN, NOW + 2 * DAY)
    assert await place.redis.pttl(keys.look_ups_of(ADA, day_of(NOW))) <= ends
    assert await place.counted(NOW + DAYS * DAY) == LookUps({Role.ADMIN: 1})
    assert await place.counted(NOW + (DAYS + 3) * DAY) == LookUps({})


async def test_of_who_is_not_connected_nothing_is_kept(place: Place) -> None:
    assert not await place.store.count("somebody-else", Role.ADMIN, NOW)
    assert await place.rows() == set()


async def test_they_are_erased_with_the_connection(place: Place) -> None:
    generation = await place.connect()
    for day in (0, 1, DAYS - 1):
        await place.store.count(ADA, Role.ADMIN, NOW + (day - DAYS + 1) * DAY)
    now = await place.people.now_ms()
    for day in (0, 44, DAYS - 1):
        await place.store.count(ADA, Role.HELPDESK, now - day * DAY)
    assert not await place.people.erase(ADA, generation + 1), "they connected anew"
    assert len(await place.rows()) > 3
    assert await place.people.erase(ADA, generation)
    left = {key for key in await place.rows() if int(key.rsplit(":", 1)[1]) >= day_of(now) - DAYS}
    assert left == set()
    assert not await place.store.count(ADA, Role.ADMIN, now)


async def test_who_leaves_is_not_counted_any_more_and_what_was_is_erased(place: Place) -> None:
    now = await place.people.now_ms()
    await place.store.count(ADA, Role.ADMIN, now)
    assert await place.people.leave(ADA) is Left.LEAVING
    assert not await place.store.count(ADA, Role.ADMIN, now)
    await place.people.retire(ADA)
    assert await place.rows() == set()


async def test_nothing_is_counted_nor_told_before_every_process_can_erase_it(place: Place) -> None:
    place.all_know = False
    assert not await place.store.count(ADA, Role.ADMIN, NOW)
    assert await place.counted() is None
    assert await place.rows() == set()
    place.all_know = True
    assert await place.store.count(ADA, Role.ADMIN, NOW + DAY)
    begun = NOW + DAY
    assert (await place.redis.get(keys.LOOK_UPS_SINCE)) == str(begun)
    place.store = place.new_process()
    found = await place.counted(NOW + 3 * DAY)
    assert found == LookUps({Role.ADMIN: 1}, begun // DAY * DAY)
