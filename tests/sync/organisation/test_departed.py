"""*Not for me* ends 30 days after somebody left, and for no other reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet
from structlog.testing import capture_logs

from domain.clock import DAY, HOUR
from domain.errors import RetryLater
from sync.connect.sealed import OptOutKey, SealedStore
from sync.connect.vault import Vault
from sync.organisation.departed import Departed
from sync.organisation.opt_outs import Noted, OptOuts
from sync.redis import keys
from sync.redis.scripts import Scripts
from tests.doubles.entra_directory import person_id
from tests.doubles.people import ADA, BEN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

    from sync.redis.connection import Client

CLEO = person_id(3)
START = 1_790_000_000_000


class World:
    """Who is where, day by day. `entra` is everybody there, `matched` those in a matching."""

    def __init__(self, redis: Client) -> None:
        scripts = Scripts(redis)
        key = OptOutKey(SealedStore(redis, scripts), Vault([Fernet.generate_key().decode()]))
        self.opt_outs = OptOuts(redis, scripts, key)
        self.now, self.asked = START, 0
        self.matched: set[str] = {BEN}
        self.entra: set[str] | Exception = {ADA, BEN, CLEO}
        self.zoom: set[str] = {"zBen"}
        self.departed = Departed(self.opt_outs, self._everybody, self._now_ms)

    async def _everybody(self) -> set[str]:
        self.asked += 1
        if isinstance(self.entra, Exception):
            raise self.entra
        return self.entra

    async def _now_ms(self) -> int:
        return self.now

    async def day(self, days: float = 1) -> None:
        """Time passes, and then there is a good matching."""
        self.now += int(days * DAY)
        await self.departed.look(self.matched, self.zoom)

    async def days(self, count: int) -> None:
        for _ in range(count):
            await self.day()

    async def kept(self, *people: str) -> bool:
        return all([await self.opt_outs.has(oid, None) for oid in people])


@pytest.fixture
async def world(redis: Client) -> AsyncIterator[World]:
    yield World(redis)
    await redis.flushall()


async def rows(world: World) -> list[str]:
    return sorted(await world.opt_outs.client.keys("pb:*optout*"))


async def test_it_ends_thirty_days_after_they_left_and_leaves_nothing(world: World) -> None:
    await world.opt_outs.add(ADA, "zAda")
    await world.days(40)
    assert await world.kept(ADA), "in no matching, and in Entra all the time"
    world.entra = {BEN, CLEO}
    await world.days(30)
    assert await world.kept(ADA)
    with capture_logs() as logs:
        await world.day()
    assert not await world.kept(ADA)
    assert not await world.opt_outs.has(BEN, "zAda")
    assert await world.opt_outs.count() == 0
    assert await rows(world) == sorted([keys.OPT_OUT_KEY, keys.OPT_OUTS_READ])
    assert [entry["event"] for entry in logs] == ["opt_out_ended"]


async def test_who_comes_back_in_time_begins_anew(world: World) -> None:
    await world.opt_outs.add(ADA, None)
    world.entra = set()
    await world.days(29)
    world.entra = {ADA}
    await world.day()
    world.entra = set()
    await world.days(30)
    assert await world.kept(ADA)
    await world.day()
    assert not await world.kept(ADA)


async def test_whoever_has_their_zoom_user_is_them(world: World) -> None:
    await world.opt_outs.add(ADA, "zAda")
    world.entra, world.zoom = {BEN}, {"zAda"}
    await world.days(60)
    assert await world.opt_outs.has(CLEO, "zAda"), "a new account, the same Zoom user"


async def test_all_of_entra_is_read_only_for_who_is_in_no_matching_and_once_a_day(
    world: World,
) -> None:
    await world.opt_outs.add(BEN, "zBen")
    await world.days(3)
    assert world.asked == 0
    await world.opt_outs.add(ADA, None)
    for _ in range(24):
        await world.day(HOUR / DAY)
    assert world.asked == 1


@pytest.mark.parametrize("days", [3.5, 31, 400])
async def test_while_nothing_is_read_no_day_counts(world: World, days: float) -> None:
    await world.opt_outs.add(ADA, "zAda")
    world.entra = set()
    await world.days(20)
    await world.day(days)
    await world.days(29)
    assert await world.kept(ADA)
    await world.days(2)
    assert not await world.kept(ADA)


async def test_a_reading_that_fails_ends_nothing_and_breaks_the_days(world: World) -> None:
    await world.opt_outs.add(ADA, "zAda")
    world.entra = set()
    await world.days(29)
    world.entra = RetryLater("graph_incomplete")
    with capture_logs() as logs:
        await world.days(10)
    assert {entry["event"] for entry in logs} == {"opt_outs_not_looked_at"}
    world.entra = set()
    await world.day()
    assert await world.kept(ADA)


async def test_a_list_that_lacks_many_at_once_is_not_believed(world: World) -> None:
    many = [person_id(number) for number in range(20)]
    for oid in many:
        await world.opt_outs.add(oid, None)
    world.entra = set(many)
    await world.days(2)
    world.entra = set(many[:10])
    with capture_logs() as logs:
        await world.days(60)
    assert {entry["event"] for entry in logs} == {"opt_outs_not_believed"}
    assert await world.kept(*many)
    world.entra = set(many[:15])  # so many may have left
    await world.days(31)
    assert await world.kept(*many[:15])
    assert await world.opt_outs.count() == 15


async def test_the_other_clock_hand_counts_for_nothing(world: World) -> None:
    await world.opt_outs.add(ADA, None)
    mark = await world.opt_outs.mark(ADA)
    world.entra = set()
    for text in ("", "99:1", "8", "x", "3:-5", "3:" + "9" * 30, "٣:1"):
        await world.opt_outs.client.hset(keys.OPT_OUTS, mark, text)
        await world.days(2)
        assert await world.kept(ADA), text
    world.entra = {ADA}
    await world.day()
    [noted] = await world.opt_outs.everything()
    assert noted.shard == keys.shard_of(ADA), "who is seen says their shard anew"
    assert noted.gone_ms is None


async def test_who_says_it_at_that_very_moment_is_not_forgotten(world: World) -> None:
    await world.opt_outs.add(ADA, "zAda")
    mark = await world.opt_outs.mark(ADA)
    stale = Noted(mark, f"{keys.shard_of(ADA)}:{START}")
    assert not await world.opt_outs.forget(stale), "something else is noted by now"
    assert await world.kept(ADA)
    await world.opt_outs.note(Noted(mark, str(keys.shard_of(ADA))), keys.shard_of(ADA), START)
    client = world.opt_outs.client
    getdel = client.getdel

    async def meanwhile(name: str) -> object:
        await client.hset(keys.OPT_OUTS, mark, str(keys.shard_of(ADA)))  # as `add` begins
        return await getdel(name)

    client.getdel = meanwhile
    try:
        assert not await world.opt_outs.forget(stale)
    finally:
        del client.getdel
    assert await world.opt_outs.has(BEN, "zAda")
    assert await world.kept(ADA)


async def test_another_who_had_the_zoom_user_later_keeps_theirs(world: World) -> None:
    await world.opt_outs.add(ADA, "zShared")
    await world.opt_outs.add(CLEO, "zShared")
    world.entra = {CLEO}
    await world.days(32)
    assert not await world.kept(ADA)
    assert await world.opt_outs.has(BEN, "zShared")


async def test_who_undid_it_is_not_noted_again(world: World) -> None:
    await world.opt_outs.add(ADA, None)
    [noted] = await world.opt_outs.everything()
    await world.opt_outs.lift(ADA, None)
    await world.opt_outs.note(noted, keys.shard_of(ADA), START)
    assert await world.opt_outs.count() == 0


async def test_a_hundred_thousand_are_compared_beside_the_loop(world: World) -> None:
    people: Collection[str] = [person_id(number) for number in range(1000)]
    marks = await world.opt_outs.marks(people)
    assert len(marks) == 1000
    assert set(marks.values()) == set(range(keys.SHARDS))
