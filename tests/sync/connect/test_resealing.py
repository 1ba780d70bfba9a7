"""Rotating keys: everybody's row moves, whatever ails them, and nothing newer is overwritten."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet

from domain.person import Patch
from domain.policy import Personal
from domain.step import Lane
from sync.connect.resealing import RUNNING_MS, UNDER_WAY_MS, Count, InUse, Resealing
from sync.connect.sealed import ButtonKey, OptOutKey, SealedStore
from sync.connect.tokens import PURPOSE
from sync.connect.vault import Vault, VaultError
from sync.engine.people import PeopleStore
from sync.redis import keys
from sync.redis.scripts import Scripts
from tests.doubles.duties import every
from tests.doubles.people import claim, link_of

if TYPE_CHECKING:
    from sync.redis.connection import Client

OLD, NEW, FOREIGN = (Fernet.generate_key().decode() for _ in range(3))
PEOPLE = [f"00000000-0000-4000-8000-{n:012d}" for n in range(1, 8)]
PAUSED, PARKED, AGAIN, LEAVING, *OTHERS = PEOPLE


class House:
    """Two people's worth of Redis, and a vault of each time."""

    def __init__(self, redis: Client) -> None:
        scripts = Scripts(redis)
        self.redis = redis
        self.people, self.rows = PeopleStore(redis, scripts), SealedStore(redis, scripts)
        self.before, self.between, self.after = Vault([OLD]), Vault([NEW, OLD]), Vault([NEW])
        self.adopted: list[bytes] = []

    async def connect(self, oid: str, vault: Vault, text: str = "cache") -> None:
        await self.people.connect(link_of(oid), vault.seal(oid, PURPOSE, text), None)

    async def tokens(self, oid: str, vault: Vault) -> str:
        row = await self.people.read_tokens(oid)
        assert row is not None
        return vault.open(oid, PURPOSE, row[1])

    async def not_moved(self) -> list[str]:
        """Whose tokens, and whether the buttons' key, the newest key alone would not open."""
        rows = [row async for batch in self.rows.tokens() for row in batch]
        left = [row.object_id for row in rows if self.after.needs_rotation(row.sealed)]
        return left + ["buttons"] * self.after.needs_rotation(
            str(await self.rows.sealed_key(keys.BUTTON_KEY))
        )

    def resealing(self, vault: Vault) -> Resealing:
        return Resealing(
            self.rows,
            vault,
            ButtonKey(self.rows, vault),
            OptOutKey(self.rows, vault),
            now_ms=self.people.now_ms,
            adopt=self.adopted.append,
            pause=0,
        )


@pytest.fixture
def house(redis: Client) -> House:
    return House(redis)


async def test_everybody_moves_whatever_ails_them(house: House) -> None:
    for oid in PEOPLE:
        await house.connect(oid, house.before)
    far = 10**14
    await house.people.demand(PAUSED, Lane.CHANGE, Patch.chose(Personal(paused_until_ms=far)))
    await house.people.demand(PARKED, Lane.CHANGE, Patch.must_authorize("revoked", 1))
    taken = await claim(house.people, PARKED)
    await house.people.ack(taken, lane=Lane.CHANGE, due_ms=None)
    assert [p.object_id async for p in house.people.parked()] == [PARKED]
    await house.people.demand(AGAIN, Lane.CHANGE, Patch.retries_authorization())
    await house.people.demand(LEAVING, Lane.CHANGE, Patch.leaving())

    seen: list[int] = []
    count = await house.resealing(house.between).round(lambda so_far: seen.append(so_far.seen))
    assert count == Count(moved=len(PEOPLE))
    assert seen[-1] == len(PEOPLE)
    for oid in PEOPLE:
        assert await house.tokens(oid, house.after) == "cache"
    assert await house.resealing(house.between).round(lambda _: None) == Count(fresh=len(PEOPLE))


async def test_more_people_than_fit_in_a_batch(house: House) -> None:
    many = [f"00000000-0000-4000-9000-{n:012d}" for n in range(1, 301)]
    for oid in many:
        await house.connect(oid, house.before)
    count = await house.resealing(house.between).round(lambda _: None)
    assert count == Count(moved=300)


async def test_tokens_that_were_refreshed_meanwhile_are_not_overwritten(house: House) -> None:
    await house.connect(PAUSED, house.before, "old")
    [[row]] = [batch async for batch in house.rows.tokens()]
    await house.people.save_tokens(
        PAUSED, int(row.generation), house.before.seal(PAUSED, PURPOSE, "new")
    )
    sealed = house.between.rotate(PAUSED, PURPOSE, row.sealed)
    assert not await house.rows.replace_tokens(row, sealed)
    assert await house.tokens(PAUSED, house.before) == "new"


async def test_who_left_meanwhile_does_not_come_back(house: House) -> None:
    await house.connect(PAUSED, house.before)
    [[row]] = [batch async for batch in house.rows.tokens()]
    assert await house.people.erase(PAUSED, int(row.generation))
    assert not await house.rows.replace_tokens(row, "x")
    assert await house.redis.exists(keys.tokens(PAUSED)) == 0


async def test_what_opens_with_no_key_is_counted_and_left(house: House) -> None:
    await house.connect(PAUSED, Vault([FOREIGN]))
    await house.connect(PARKED, house.before)
    count = await house.resealing(house.between).round(lambda _: None)
    assert count == Count(moved=1, unreadable=[PAUSED])
    assert await house.tokens(PAUSED, Vault([FOREIGN])) == "cache"


async def test_an_end_that_was_set_stays(house: House) -> None:
    await house.connect(PAUSED, house.before)
    await house.redis.expire(keys.tokens(PAUSED), 50)
    await house.resealing(house.between).round(lambda _: None)
    assert 0 < await house.redis.ttl(keys.tokens(PAUSED)) <= 50


async def test_the_key_of_the_buttons_is_one_for_all_and_stays(house: House) -> None:
    made = await asyncio.gather(*(ButtonKey(house.rows, house.before).load() for _ in range(5)))
    [key] = set(made)
    assert key is not None
    assert len(key) == 32
    assert key.hex() not in str(await house.rows.sealed_key(keys.BUTTON_KEY))
    between = ButtonKey(house.rows, house.between)
    assert await between.load() == key
    assert await between.reseal()
    assert await between.reseal() is False
    assert await ButtonKey(house.rows, house.after).load() == key


async def test_a_key_of_the_buttons_that_does_not_open_is_left(house: House) -> None:
    key = await ButtonKey(house.rows, house.before).load()
    stranger = ButtonKey(house.rows, Vault([FOREIGN]))
    assert await stranger.load() is None
    assert await stranger.reseal() is None
    assert await ButtonKey(house.rows, house.before).load() == key
    await stranger.give_up()
    assert await stranger.load() not in {None, key}


async def test_the_duty_moves_all_and_says_which_key_it_seals_with(house: House) -> None:
    for oid in PEOPLE:
        await house.connect(oid, house.before)
    key = await ButtonKey(house.rows, house.before).load()
    duty = asyncio.create_task(house.resealing(house.between).work.run())
    try:
        async with asyncio.timeout(10):
            while await house.not_moved():  # noqa: ASYNC110 - nothing there tells
                await asyncio.sleep(0.01)
    finally:
        duty.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await duty
    assert [(one.name, one.stopped) for one in await house.rows.sealing()] == [
        (house.after.newest, True)
    ]
    assert house.adopted == [key]
    assert await ButtonKey(house.rows, house.after).load() == key


async def test_nothing_moves_while_a_process_may_not_know_the_new_key(house: House) -> None:
    await house.connect(PAUSED, house.before)
    await ButtonKey(house.rows, house.before).load()
    await house.rows.seals_with(house.before.newest, "old", await house.people.now_ms())
    duty = asyncio.create_task(house.resealing(house.between).work.run(wait=every(0.01)))
    try:
        async with asyncio.timeout(10):
            while len(house.adopted) < 3:  # noqa: ASYNC110 - it has gone round twice
                await asyncio.sleep(0.01)
            assert await house.not_moved() == [PAUSED, "buttons"]
            await house.rows.stopped(house.before.newest, "old", await house.people.now_ms())
            while await house.not_moved():  # noqa: ASYNC110 - nothing there tells
                await asyncio.sleep(0.01)
    finally:
        duty.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await duty


async def test_with_one_key_nothing_is_gone_over(house: House) -> None:
    assert not house.after.has_older
    assert house.between.has_older
    assert not Vault([NEW, NEW]).has_older
    assert house.between.newest == house.after.newest != house.before.newest
    with pytest.raises(VaultError):
        house.after.open("", "", house.before.seal("", "", ""))


@pytest.mark.parametrize(
    ("ago_ms", "running", "needed"),
    [(0, True, True), (RUNNING_MS // 2, True, True), (RUNNING_MS + 1, False, True)],
)
async def test_an_older_key_is_needed_while_a_process_seals_with_it(
    house: House, ago_ms: int, running: bool, needed: bool
) -> None:
    now = await house.people.now_ms()
    await house.rows.seals_with(house.between.newest, "new", now)
    await house.rows.seals_with(house.before.newest, "old", now - ago_ms)
    use = await house.resealing(house.between).in_use()
    assert use.running is running
    assert (use.until_ms == now - ago_ms + UNDER_WAY_MS) is needed


async def test_a_process_that_has_stopped_does_not_seal(house: House) -> None:
    now, name = await house.people.now_ms(), house.before.newest
    for process in ("one", "two"):
        await house.rows.seals_with(name, process, now)
    await house.rows.stopped(name, "one", now)
    assert (await house.resealing(house.between).in_use()).running
    await house.rows.stopped(name, "two", now)
    use = await house.resealing(house.between).in_use()
    assert use == InUse(running=False, until_ms=now + UNDER_WAY_MS)


async def test_an_older_key_is_not_needed_for_ever(house: House) -> None:
    now = await house.people.now_ms()
    await house.rows.seals_with(house.before.newest, "old", now - UNDER_WAY_MS - 1)
    use = await house.resealing(house.between).in_use()
    assert use == InUse(running=False, until_ms=0)
