"""Attempts to connect in Redis: one is live for each person, one browser goes on, one finishes."""

import asyncio

import pytest

from bot.sign_in.store import SignInRow, SignInStore
from sync.engine.people import PeopleStore
from sync.redis import keys
from sync.redis.connection import Client
from sync.redis.scripts import Scripts
from tests.doubles.people import link_of

ADA = "00000000-0000-4000-8000-000000000001"
BEN = "00000000-0000-4000-8000-000000000002"


@pytest.fixture
def store(redis: Client) -> SignInStore:
    return SignInStore(redis, Scripts(redis))


@pytest.fixture
def people(redis: Client) -> PeopleStore:
    return PeopleStore(redis, Scripts(redis))


async def test_an_attempt_lives_ten_minutes_and_ten_more_once_it_began(
    store: SignInStore, redis: Client
) -> None:
    await store.begin(ADA, "one", "attempt")
    assert await store.read("one") == SignInRow(attempt="attempt")
    assert 590 < await redis.ttl(keys.sign_in("one")) <= 600
    await redis.expire(keys.sign_in("one"), 5)
    assert await store.bind("one", "browser") == "browser"
    assert 590 < await redis.ttl(keys.sign_in("one")) <= 600
    await redis.expire(keys.sign_in("one"), 5)
    assert await store.bind("one", "another") == "browser"
    await store.bind("one", "browser")
    assert await redis.ttl(keys.sign_in("one")) <= 5  # not for ever


async def test_nothing_is_made_of_what_is_gone(store: SignInStore, redis: Client) -> None:
    assert await store.read("one") is None
    assert await store.bind("one", "browser") is None
    assert await store.keep_flow("one", "flow") is None
    assert not await store.finish("one", "result")
    assert not await store.end(ADA)
    assert await redis.keys("*") == []


async def test_of_several_at_once_one_has_it(store: SignInStore) -> None:
    await store.begin(ADA, "one", "attempt")
    assert len(set(await asyncio.gather(*(store.bind("one", str(n)) for n in range(9))))) == 1
    assert len(set(await asyncio.gather(*(store.keep_flow("one", str(n)) for n in range(9))))) == 1
    taken = await asyncio.gather(*(store.take("one") for _ in range(9)))
    [let_go] = [one for one in taken if one is not None]
    await let_go()
    assert await store.take("one") is not None
    await let_go()
    assert await store.take("one") is None, "it is another's by now"
    assert sum(await asyncio.gather(*(store.finish("one", str(n)) for n in range(9)))) == 1


async def test_how_it_went_is_all_that_stays(store: SignInStore) -> None:
    await store.begin(ADA, "one", "attempt")
    await store.bind("one", "browser")
    await store.keep_flow("one", "flow")
    assert await store.finish("one", "result")
    assert await store.read("one") == SignInRow(browser="browser", result="result")
    assert not await store.end(ADA)
    assert await store.read("one") == SignInRow(browser="browser", result="result")


async def test_a_newer_attempt_takes_the_place_of_the_older(store: SignInStore) -> None:
    await store.begin(ADA, "one", "attempt")
    await store.begin(BEN, "ben", "attempt")
    await store.begin(ADA, "two", "attempt")
    assert await store.read("one") == SignInRow(over="replaced")
    assert (await store.is_live(ADA, "one"), await store.is_live(ADA, "two")) == (False, True)
    assert await store.is_live(BEN, "ben")


async def test_the_end_leaves_nothing_of_the_person(store: SignInStore) -> None:
    await store.begin(ADA, "one", "attempt")
    await store.bind("one", "browser")
    await store.keep_flow("one", "flow")
    assert await store.end(ADA)
    assert await store.read("one") == SignInRow(over="ended")
    assert not await store.is_live(ADA, "one")
    assert await store.bind("one", "browser") is None
    assert not await store.finish("one", "result")


async def test_only_the_live_attempt_connects_and_only_once(
    store: SignInStore, people: PeopleStore
) -> None:
    await store.begin(ADA, "one", "attempt")
    await store.begin(ADA, "two", "attempt")
    assert await people.connect(link_of(ADA), "sealed", None, attempt="one") == 0
    assert await people.state(ADA) is None
    assert await people.connect(link_of(ADA), "sealed", None, attempt="two") > 0
    assert await people.connect(link_of(ADA), "again", None, attempt="two") == 0
    assert (await people.read_tokens(ADA) or (0, ""))[1] == "sealed"


async def test_an_attempt_that_was_ended_leaves_no_trace_of_the_person(
    store: SignInStore, people: PeopleStore, redis: Client
) -> None:
    await store.begin(ADA, "one", "attempt")
    await store.end(ADA)
    link = link_of(ADA, "ada@example.com", zoom_id="zAda")
    assert await people.connect(link, "sealed", None, attempt="one") == 0
    assert await redis.keys("*") == [keys.sign_in("one")]
    assert await people.owner_of(address="ada@example.com", zoom_id="zAda") is None


async def test_an_attempt_that_was_ended_leaves_the_link_before_it(
    store: SignInStore, people: PeopleStore
) -> None:
    old = link_of(ADA, "ada@example.com", zoom_id="zAda")
    await people.connect(old, "sealed", None)
    await store.begin(ADA, "one", "attempt")
    await store.end(ADA)
    new = link_of(ADA, "new@example.com", zoom_id="zNew")
    assert await people.connect(new, "sealed", None, attempt="one") == 0
    assert await people.owner_of(address="ada@example.com", zoom_id=None) == ADA
    assert await people.owner_of(address=None, zoom_id="zAda") == ADA
    assert await people.owner_of(address="new@example.com", zoom_id="zNew") is None
