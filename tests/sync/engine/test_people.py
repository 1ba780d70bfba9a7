"""Connected people in a real Redis: links, tokens, index, rows."""

import json
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from domain.clock import MINUTE
from domain.errors import RetryLater
from domain.person import Held, Layer, Patch, PersonState
from domain.presence import AVAILABLE, IN_A_CALL, PRESENTING, ZoomPresence
from domain.step import Lane
from sync.engine.people import PeopleStore
from sync.engine.person_row import written
from sync.engine.queue import Claim
from sync.redis import keys
from sync.redis.connection import Client
from sync.redis.scripts import Scripts
from tests.doubles.people import ADA, BEN, claim, connected, link_of, seen
from tests.doubles.redis import RedisServer, binaries, lasting_keys, leaked_keys, open_client

Z = ZoomPresence


@pytest.fixture
async def store(redis: Client) -> PeopleStore:
    return PeopleStore(redis, Scripts(redis))


# -- links and index -----------------------------------------------------------------------------


async def test_a_connected_person_is_found_by_every_address_and_by_zoom_id(
    store: PeopleStore,
) -> None:
    link = link_of(ADA, "ada@example.com", "a.lindqvist@example.com", zoom_id="zAda")
    await store.connect(link, "sealed", None)
    assert await store.link(ADA) == link
    for address in link.addresses:
        assert await store.owner_of(address=address, zoom_id=None) == ADA
    assert await store.owner_of(address=None, zoom_id="zAda") == ADA
    assert await store.owner_of(address="ada@example.com", zoom_id="unknown") is None
    assert await store.owner_of(address="ben@example.com", zoom_id="zBen") is None
    assert await store.owner_of(address=None, zoom_id=None) is None


async def test_an_address_decides_where_no_id_is_known(store: PeopleStore) -> None:
    await store.connect(link_of(ADA, "ada@example.com"), "sealed", None)
    assert await store.owner_of(address="ada@example.com", zoom_id="unknown") == ADA


async def test_the_zoom_id_weighs_more_than_the_address(store: PeopleStore) -> None:
    await store.connect(link_of(ADA, "ada@example.com", zoom_id="zAda"), "sealed", None)
    await store.connect(link_of(BEN, "ben@example.com"), "sealed", None)
    assert await store.owner_of(address="ben@example.com", zoom_id="zAda") == ADA


async def test_connecting_brings_somebody_due_at_once_with_what_zoom_said(
    store: PeopleStore,
) -> None:
    observation = await seen(store, Z.BUSY)
    generation = await store.connect(link_of(), "sealed", observation)
    claimed = await claim(store)
    assert claimed.state == PersonState(
        ADA, generation, version=1, observation=observation, got_ms=claimed.state.got_ms
    )
    assert claimed.state.got_ms is not None


async def test_connecting_again_is_a_new_generation_with_nothing_of_the_old_trouble(
    store: PeopleStore,
) -> None:
    first = await store.connect(link_of(), "sealed", await seen(store, Z.AWAY))
    held = Held(IN_A_CALL, 5, 10**13, sure=False)
    patch = Patch.must_authorize("revoked", 5) | Patch(wait_ms=10**15, tries=3)
    patch |= Patch.testing(9) | Patch.holds(held, Layer.SESSION)
    await store.ack(await claim(store), lane=Lane.CHANGE, due_ms=None, patch=patch)
    await store.demand(ADA, Lane.URGENT, Patch.leaving())
    second = await store.connect(link_of(), "sealed again", None)
    assert second > first
    state = (await claim(store)).state
    assert state.held == held, "what Microsoft holds of us stays known"
    assert state.observation is not None
    assert (state.trouble, state.wait_ms, state.test_until_ms, state.tries, state.leaving) == (
        None,
        None,
        None,
        0,
        False,
    )
    assert await store.read_tokens(ADA) == (second, "sealed again")


async def test_connecting_again_does_not_replace_a_newer_word_of_zoom(store: PeopleStore) -> None:
    newest = await seen(store, Z.BUSY)
    await store.connect(link_of(), "sealed", newest)
    await store.connect(link_of(), "sealed", await seen(store, Z.AWAY, ago_ms=MINUTE))
    assert (await claim(store)).state.observation == newest


async def test_connecting_again_with_other_addresses_forgets_the_old_ones(
    store: PeopleStore,
) -> None:
    await store.connect(link_of(ADA, "old@example.com", "both@example.com"), "sealed", None)
    generation = await store.connect(
        link_of(ADA, "both@example.com", "new@example.com"), "sealed", None
    )
    assert await store.owner_of(address="old@example.com", zoom_id=None) is None
    assert await store.owner_of(address="both@example.com", zoom_id=None) == ADA
    assert await store.erase(ADA, generation)


async def test_erasing_leaves_no_key(store: PeopleStore, redis: Client) -> None:
    generation = await store.connect(link_of(zoom_id="zAda"), "sealed", await seen(store))
    claimed = await claim(store)
    await store.record(claimed, Patch(held=Held(AVAILABLE, 1, 2)))
    async with store.token_lease(ADA):
        pass
    assert await store.erase(ADA, generation)
    assert await lasting_keys(redis) == []
    assert not await store.ack(claimed, lane=Lane.CHANGE, due_ms=5, patch=Patch(tries=1))
    assert not await store.renew(claimed)
    assert not await store.record(claimed, Patch(tries=1))
    assert await lasting_keys(redis) == []
    assert await store.state(ADA) is None
    assert await store.link(ADA) is None


async def test_erasing_an_old_generation_leaves_the_new_link(store: PeopleStore) -> None:
    first = await store.connect(link_of(), "sealed", None)
    second = await store.connect(link_of(), "sealed", None)
    assert not await store.erase(ADA, first)
    assert await store.link(ADA) is not None
    assert await store.owner_of(address=link_of().addresses[0], zoom_id=None) == ADA
    assert await store.erase(ADA, second)


async def test_erasing_leaves_an_address_that_belongs_to_somebody_else_by_now(
    store: PeopleStore,
) -> None:
    shared = "shared@example.com"
    generation = await store.connect(link_of(ADA, shared, zoom_id="zAda"), "sealed", None)
    await store.connect(link_of(BEN, shared, zoom_id="zBen"), "sealed", None)
    await store.erase(ADA, generation)
    assert await store.owner_of(address="shared@example.com", zoom_id=None) == BEN


async def test_everyone_is_everyone(store: PeopleStore) -> None:
    people = {f"00000000-0000-4000-8000-{number:012}" for number in range(40)}
    for oid in people:
        await store.connect(link_of(oid), "sealed", None)
    assert {keys.shard_of(oid) for oid in people} == set(range(keys.SHARDS))
    assert {oid async for oid in store.everyone()} == people


async def test_a_damaged_link_is_none_and_can_be_mended_and_erased(
    store: PeopleStore, redis: Client
) -> None:
    await connected(store)
    await redis.set(keys.link(ADA), "[]")
    with capture_logs() as logs:
        assert await store.link(ADA) is None
    assert [(line["event"], line["person"]) for line in logs] == [("person_link_damaged", ADA)]
    generation = await store.connect(link_of(), "sealed", None)
    assert await store.link(ADA) == link_of()
    await redis.set(keys.link(ADA), "[]")
    assert await store.erase(ADA, generation)
    await redis.delete(keys.zoom_address(link_of().addresses[0]))
    assert await lasting_keys(redis) == []


# -- tokens --------------------------------------------------------------------------------------


async def test_tokens_are_replaced_in_their_own_generation_only(store: PeopleStore) -> None:
    assert await store.read_tokens(ADA) is None
    first = await store.connect(link_of(), "one", None)
    assert await store.read_tokens(ADA) == (first, "one")
    assert await store.save_tokens(ADA, first, "two:with:colons")
    assert await store.read_tokens(ADA) == (first, "two:with:colons")
    second = await store.connect(link_of(), "three", None)
    assert not await store.save_tokens(ADA, first, "late")
    assert await store.read_tokens(ADA) == (second, "three")


async def test_a_late_refresh_does_not_bring_erased_tokens_back(
    store: PeopleStore, redis: Client
) -> None:
    generation = await store.connect(link_of(), "sealed", None)
    await store.erase(ADA, generation)
    assert not await store.save_tokens(ADA, generation, "late")
    assert await lasting_keys(redis) == []


@pytest.mark.parametrize("row", ["", "sealed", ":sealed", "5:", "x:sealed"])
async def test_a_damaged_row_of_tokens_is_logged_and_not_believed(
    store: PeopleStore, redis: Client, row: str
) -> None:
    await redis.set(keys.tokens(ADA), row)
    with capture_logs() as logs:
        assert await store.read_tokens(ADA) is None
    assert [line["event"] for line in logs] == ["person_tokens_damaged"]
    assert "sealed" not in str(logs)


async def test_one_process_at_a_time_refreshes_a_persons_tokens(redis: Client) -> None:
    store = PeopleStore(redis, Scripts(redis), lease_wait=0.05)
    async with store.token_lease(ADA), store.token_lease(BEN):
        assert 0 < await redis.ttl(keys.token_lease(ADA)) <= keys.TOKEN_LEASE_TTL
        with pytest.raises(RetryLater, match="tokens_locked"):
            async with store.token_lease(ADA):
                raise AssertionError
    async with store.token_lease(ADA):
        pass


async def test_a_lease_that_ended_early_loses_nothing(store: PeopleStore, redis: Client) -> None:
    async with store.token_lease(ADA):
        await redis.set(keys.token_lease(ADA), "somebody else's", ex=5)
    assert await redis.get(keys.token_lease(ADA)) == "somebody else's"


# -- rows ----------------------------------------------------------------------------------------


async def test_what_is_recorded_is_read_back(store: PeopleStore) -> None:
    await store.connect(link_of(), "sealed", None)
    claimed = await claim(store)
    for held in (Held(PRESENTING, 7, 8, sure=False), Held(PRESENTING, 7, 8), None):
        assert await store.record(claimed, Patch(held=held))
        assert (await store.state(ADA) or PersonState("")).held == held


@pytest.mark.parametrize(
    ("damage", "fields"),
    [
        ({"obs": "Lunch"}, ["obs"]),
        ({"obs_at": "noon"}, ["obs_at"]),
        ({"held": "Busy/Busy"}, ["held"]),
        ({"told": "x"}, ["held", "told"]),
        ({"until": ""}, ["held", "until"]),
        ({"tries": "many", "wait": "nan", "test": "inf"}, ["test", "tries", "wait"]),
    ],
)
async def test_a_damaged_row_is_logged_and_not_believed(
    store: PeopleStore, redis: Client, damage: dict[str, str], fields: list[str]
) -> None:
    await store.connect(link_of(), "sealed", await seen(store, Z.BUSY))
    held = written(Patch(held=Held(IN_A_CALL, 1, 2)))
    await redis.hset(keys.person(ADA), mapping={**{k: v for k, v in held.items() if v}, **damage})
    with capture_logs() as logs:
        state = await store.state(ADA)
    assert [(line["event"], line["fields"]) for line in logs] == [("person_row_damaged", fields)]
    assert state is not None
    if "obs" in damage or "obs_at" in damage:
        assert state.observation is None
    if "held" in fields:
        assert state.held is None
    assert (state.tries, state.wait_ms, state.test_until_ms) == (0, None, None)


async def test_scripts_are_loaded_again_where_the_server_lost_them(
    store: PeopleStore, redis: Client
) -> None:
    await redis.script_flush()
    generation = await store.connect(link_of(), "sealed", None)
    await redis.script_flush()
    claimed = await claim(store)
    await redis.script_flush()
    assert await store.ack(claimed, lane=Lane.CHANGE, due_ms=None)
    await redis.script_flush()
    assert await store.erase(ADA, generation)


# -- every server ----------------------------------------------------------------------------------


@pytest.fixture(params=binaries(), ids=str)
async def any_redis(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    """Each redis-server of this machine. (A cluster: tests/chaos/test_cluster.py.)"""
    with RedisServer(request.param) as server:
        async with open_client(server) as client:
            yield client


async def test_every_script_runs_on_every_server(any_redis: Client) -> None:
    scripts = Scripts(any_redis)
    assert await scripts.loaded()
    store = PeopleStore(any_redis, scripts)
    generation = await store.connect(link_of(zoom_id="zAda"), "sealed", await seen(store, Z.AWAY))
    assert await store.offer(ADA, await seen(store, Z.BUSY)) == "accepted"
    claimed = await claim(store)
    assert await store.renew(claimed)
    assert await store.record(claimed, Patch(held=Held(IN_A_CALL, 1, 2, sure=False)))
    assert await store.demand(ADA, Lane.URGENT, Patch.testing(5))
    assert await store.ack(
        claimed, lane=Lane.HOLD, due_ms=10**13, patch=Patch(held=Held(IN_A_CALL, 1, 2))
    )
    one = await store.claim_one(ADA, "w2")
    assert isinstance(one, Claim)
    assert one.state.held == Held(IN_A_CALL, 1, 2)
    assert await store.save_tokens(ADA, generation, "new")
    async with store.token_lease(ADA):
        assert await store.read_tokens(ADA) == (generation, "new")
    assert [oid async for oid in store.everyone()] == [ADA]
    assert json.loads(await any_redis.get(keys.link(ADA)))["zoom_id"] == "zAda"
    assert await store.erase(ADA, generation)
    assert await leaked_keys(any_redis) == []
    assert await lasting_keys(any_redis) == []
