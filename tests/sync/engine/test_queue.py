"""The queue in a real Redis: offer, claim, acknowledge, and what happens in between."""

import asyncio
from collections import Counter
from typing import ParamSpec, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.exceptions import ConnectionError as RedisConnectionError

from bench.truth.scheduler import supersedes
from domain.clock import HOUR, MINUTE
from domain.errors import Trouble
from domain.person import Held, Patch, PersonState
from domain.plan import EXPIRY_MIN
from domain.presence import (
    AVAILABLE,
    IN_A_CALL,
    PRESENTING,
    Observation,
    Pair,
    ZoomPresence,
)
from domain.step import Lane
from sync.engine.people import PeopleStore
from sync.engine.queue import Claim
from sync.redis import channels, keys
from sync.redis.connection import Client
from sync.redis.scripts import Script, Scripts
from tests.doubles.people import (
    ADA,
    claim,
    connected,
    end_lease,
    lane_of,
    link_of,
    nobody,
    people_of_one_shard,
    seen,
)
from tests.doubles.redis import RedisServer, eventually, open_client
from tests.examples import examples

Z = ZoomPresence
P = ParamSpec("P")
R = TypeVar("R")


@pytest.fixture
async def store(redis: Client) -> PeopleStore:
    return PeopleStore(redis, Scripts(redis))


# -- offers --------------------------------------------------------------------------------------


async def test_nothing_is_stored_of_people_who_are_not_connected(
    store: PeopleStore, redis: Client
) -> None:
    assert await store.offer(ADA, await seen(store)) == "not_connected"
    assert not await store.demand(ADA, Lane.URGENT, Patch.testing(5))
    assert await store.claim_one(ADA, "w1") is False
    assert await redis.keys("*") == []


async def test_whoever_is_leaving_takes_no_more_events(store: PeopleStore) -> None:
    await connected(store)
    await store.demand(ADA, Lane.URGENT, Patch.leaving())
    assert await store.offer(ADA, await seen(store)) == "not_connected"


async def test_an_offer_is_accepted_once(store: PeopleStore) -> None:
    await connected(store)
    observation = await seen(store, Z.BUSY)
    assert await store.offer(ADA, observation) == "accepted"
    assert await store.offer(ADA, observation) == "repeat"
    assert await store.offer(ADA, await seen(store, Z.AWAY, ago_ms=MINUTE)) == "older"
    assert (await claim(store)).state.observation == observation


async def test_ten_minutes_ahead_is_taken_and_more_is_refused(store: PeopleStore) -> None:
    await connected(store)
    now = await store.now_ms()
    assert await store.offer(ADA, Observation(Z.BUSY, now + 11 * MINUTE)) == "future"
    assert (await store.state(ADA) or PersonState("")).observation is None
    assert await store.offer(ADA, Observation(Z.BUSY, now + 10 * MINUTE)) == "accepted"


observations = st.lists(st.tuples(st.sampled_from(Z), st.integers(-3, 3)), min_size=1, max_size=12)


@given(observations)
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_lua_orders_observations_as_the_python_does(
    store: PeopleStore, arrived: list[tuple[Z, int]]
) -> None:
    start = await store.now_ms()
    generation = await connected(store)
    newest = None
    for presence, at in arrived:
        observation = Observation(presence, start + at)
        expected = "accepted" if supersedes(observation, newest) else "older"
        if observation == newest:
            expected = "repeat"
        assert await store.offer(ADA, observation) == expected
        newest = observation if expected == "accepted" else newest
    state = await store.state(ADA)
    assert state is not None
    assert state.observation == newest
    await store.erase(ADA, generation)


async def test_an_offer_ends_a_test_only_with_another_state(store: PeopleStore) -> None:
    await store.connect(link_of(), "sealed", await seen(store, Z.BUSY, 5000))
    await store.demand(ADA, Lane.URGENT, Patch.testing(10**13))
    await store.offer(ADA, await seen(store, Z.BUSY, 4000))
    assert (await store.state(ADA) or PersonState("")).test_until_ms == 10**13
    await store.offer(ADA, await seen(store, Z.AWAY, 3000))
    assert (await store.state(ADA) or PersonState("")).test_until_ms is None


async def test_an_offer_starts_counting_failures_anew(store: PeopleStore) -> None:
    await connected(store)
    await store.demand(ADA, Lane.CHANGE, Patch(tries=4))
    await store.offer(ADA, await seen(store))
    assert (await store.state(ADA) or PersonState("")).tries == 0


@pytest.mark.parametrize(
    ("held", "presence", "lane"),
    [
        (None, Z.AVAILABLE, Lane.CHANGE),
        (None, Z.OFFLINE, Lane.CHANGE),
        (None, Z.BUSY, Lane.URGENT),
        (AVAILABLE, Z.DO_NOT_DISTURB, Lane.URGENT),
        (AVAILABLE, Z.AWAY, Lane.CHANGE),
        (IN_A_CALL, Z.AVAILABLE, Lane.URGENT),
        (PRESENTING, Z.OFFLINE, Lane.URGENT),
    ],
)
async def test_into_and_out_of_busy_goes_first(
    store: PeopleStore,
    redis: Client,
    held: Pair | None,
    presence: Z,
    lane: Lane,
) -> None:
    await connected(store)
    now = await store.now_ms()
    if held is not None:
        await redis.hset(keys.person(ADA), mapping={"held": str(held), "until": now + HOUR})
    await store.offer(ADA, Observation(presence, now))
    standing = await lane_of(redis)
    assert standing is not None
    assert standing[0] == lane


async def test_a_session_that_has_ended_gives_no_precedence(
    store: PeopleStore, redis: Client
) -> None:
    await connected(store)
    await redis.hset(keys.person(ADA), mapping={"held": str(IN_A_CALL), "until": 1})
    await store.offer(ADA, await seen(store, Z.OFFLINE))
    assert (await lane_of(redis) or (0, 0))[0] == Lane.CHANGE


async def test_everything_that_makes_somebody_due_wakes_the_workers(
    store: PeopleStore, redis_server: RedisServer, redis: Client
) -> None:
    listener = open_client(redis_server)
    shard = str(keys.shard_of(ADA))
    async with listener, listener.pubsub(ignore_subscribe_messages=True) as channel:
        await channel.subscribe(channels.WAKE)
        assert await channel.get_message(timeout=1) is None  # the subscription itself

        async def woken() -> bool:
            message = await channel.get_message(timeout=0.5)
            return message is not None and message["data"] == shard

        generation = await store.connect(link_of(), "sealed", None)
        assert await woken()
        claimed = await claim(store)
        await store.offer(ADA, await seen(store))
        assert not await woken(), "whoever has them sees it when they give them back"
        await store.ack(claimed, lane=Lane.CHANGE, due_ms=None)
        assert await woken()
        again = await claim(store)
        await store.ack(again, lane=Lane.HOLD, due_ms=again.now_ms + 60_000)
        await store.demand(ADA)
        assert await woken()
        await claim(store, token="lost")
        await store.let_go(int(shard), "lost")
        assert await woken()
        await store.erase(ADA, generation)


async def test_workers_are_told_once_until_they_come_or_somebody_more_urgent_does(
    store: PeopleStore, redis_server: RedisServer
) -> None:
    others = people_of_one_shard(4)
    shard = keys.shard_of(others[0])
    for oid in others:
        await store.connect(link_of(oid, f"{oid}@example.com"), "sealed", None)
    for one in (await store.claim(shard, "w1", 10)).people:
        await store.ack(one, lane=Lane.CHANGE, due_ms=None)
    listener = open_client(redis_server)
    async with listener, listener.pubsub(ignore_subscribe_messages=True) as channel:
        await channel.subscribe(channels.WAKE)
        assert await channel.get_message(timeout=1) is None  # the subscription itself

        async def messages() -> int:
            count = 0
            while await channel.get_message(timeout=0.1) is not None:
                count += 1
            return count

        await store.demand(others[0], Lane.CHANGE)
        await store.demand(others[1], Lane.CHANGE)
        await store.demand(others[2], Lane.HOLD)
        assert await messages() == 1
        await store.demand(others[3], Lane.URGENT)
        assert await messages() == 1, "they may be served where the others have to wait"
        found = await store.claim(shard, "w1", 1)
        assert (len(found.people), found.due) == (1, (0, 2, 1, 0)), "who comes sees all"
        await store.demand(found.people[0].state.object_id)
        await store.demand(others[0], Lane.CHANGE)
        assert await messages() == 1


# -- claims --------------------------------------------------------------------------------------


async def test_a_claimed_person_is_nobody_elses_until_the_lease_ends(
    store: PeopleStore, redis: Client
) -> None:
    await store.connect(link_of(), "sealed", None)
    first = await claim(store, token="w1")
    assert await nobody(store)
    assert await store.claim_one(ADA, "w2") is True
    await end_lease(redis)
    second = await claim(store, token="w2")
    assert second.token == "w2"
    assert not await store.ack(first, lane=Lane.HOLD, due_ms=5, patch=Patch(tries=9))
    assert not await store.record(first, Patch(tries=9))
    assert not await store.renew(first)
    state = await store.state(ADA)
    assert state is not None
    assert state.tries == 0
    assert await store.ack(second, lane=Lane.CHANGE, due_ms=None)


async def test_a_lease_ends_by_itself(redis: Client) -> None:
    store = PeopleStore(redis, Scripts(redis), lease_ms=30)
    await store.connect(link_of(), "sealed", None)
    first = await claim(store, token="w1")
    taken: list[Claim] = []

    async def somebody_takes_them() -> bool:
        taken.extend((await store.claim(keys.shard_of(ADA), "w2", 10)).people)
        return bool(taken)

    await eventually(somebody_takes_them)
    assert taken[0].now_ms >= first.now_ms + 30
    assert not await store.renew(first)


async def test_a_renewed_lease_goes_on(redis: Client) -> None:
    store = PeopleStore(redis, Scripts(redis), lease_ms=1000)
    await store.connect(link_of(), "sealed", None)
    claimed = await claim(store)
    ends = (await lane_of(redis) or (0, 0))[1]
    long = PeopleStore(redis, Scripts(redis), lease_ms=9000)
    assert await long.renew(claimed)
    assert (await lane_of(redis) or (0, 0))[1] >= ends + 8000
    assert await redis.hget(keys.person(ADA), "lease_end") == str(
        (await lane_of(redis) or (0, 0))[1]
    )


async def test_an_acknowledged_person_is_due_again_when_it_was_said(
    store: PeopleStore, redis: Client
) -> None:
    await store.connect(link_of(), "sealed", None)
    claimed = await claim(store)
    due = claimed.now_ms + MINUTE
    assert await store.ack(
        claimed, lane=Lane.FADE, due_ms=due, patch=Patch(tries=2, test_until_ms=None)
    )
    assert await lane_of(redis) == (Lane.FADE, due)
    claims = await store.claim(keys.shard_of(ADA), "w2", 10)
    assert claims.people == []
    assert claims.next_due_ms == due


async def test_an_acknowledged_person_may_be_due_no_more(store: PeopleStore, redis: Client) -> None:
    await connected(store)
    assert await lane_of(redis) is None
    assert (await store.claim(keys.shard_of(ADA), "w1", 10)).next_due_ms is None


async def test_what_changed_during_the_lease_is_due_at_once_after_it(
    store: PeopleStore, redis: Client
) -> None:
    await store.connect(link_of(), "sealed", None)
    claimed = await claim(store)
    newest = await seen(store, Z.BUSY)
    await store.offer(ADA, newest)
    assert await nobody(store), "not while somebody works on them"
    assert await store.ack(claimed, lane=Lane.FADE, due_ms=claimed.now_ms + HOUR)
    assert (await lane_of(redis) or (9, 0))[0] == Lane.URGENT
    assert (await claim(store)).state.observation == newest


async def test_a_demand_during_the_lease_is_due_at_once_after_it(store: PeopleStore) -> None:
    await store.connect(link_of(), "sealed", None)
    claimed = await claim(store)
    assert await store.demand(ADA, Lane.URGENT, Patch.leaving())
    assert await nobody(store)
    assert await store.ack(claimed, lane=Lane.CHANGE, due_ms=None)
    assert (await claim(store)).state.leaving


async def test_a_wait_that_was_imposed_is_kept_by_everything_but_a_direct_claim(
    store: PeopleStore, redis: Client
) -> None:
    await store.connect(link_of(), "sealed", None)
    claimed = await claim(store)
    wait = claimed.now_ms + HOUR
    await store.ack(claimed, lane=Lane.CHANGE, due_ms=wait, patch=Patch(wait_ms=wait))
    await store.offer(ADA, await seen(store, Z.BUSY))
    assert await lane_of(redis) == (Lane.URGENT, wait)
    await store.demand(ADA)
    assert await lane_of(redis) == (Lane.URGENT, wait)
    direct = await store.claim_one(ADA, "w2")
    assert isinstance(direct, Claim)
    await store.offer(ADA, await seen(store, Z.AWAY))
    await store.ack(direct, lane=Lane.CHANGE, due_ms=direct.now_ms)
    assert (await lane_of(redis) or (0, 0))[1] == wait
    await store.demand(ADA, Lane.URGENT, Patch(wait_ms=None))
    assert (await claim(store)).state.wait_ms is None


async def test_failures_of_an_earlier_link_do_not_stick_to_the_new_one(store: PeopleStore) -> None:
    await store.connect(link_of(), "sealed", None)
    old = await claim(store)
    await store.connect(link_of(), "sealed", None)
    held = Held(AVAILABLE, 3, 4)
    patch = Patch(trouble=Trouble.AUTHORIZE, wait_ms=10**15, tries=5, held=held)
    assert await store.ack(old, lane=Lane.CHANGE, due_ms=None, patch=patch)
    state = (await claim(store)).state
    assert (state.trouble, state.wait_ms, state.tries) == (None, None, 0)
    assert state.held == held, "what Microsoft holds is true of every link"


async def test_the_most_urgent_lane_is_served_first(store: PeopleStore) -> None:
    people = people_of_one_shard(4)
    shard = keys.shard_of(people[0])
    for oid in people:
        await connected(store, oid)
    for oid, lane in zip(people, reversed(Lane), strict=True):
        await store.demand(oid, lane)
    order = []
    for token in ("w1", "w2"):
        order += [c.state.object_id for c in (await store.claim(shard, token, 2)).people]
    assert order == people[::-1]


@pytest.mark.parametrize(
    ("held", "presence"),
    [
        (None, Z.PRESENTING),
        (None, Z.DO_NOT_DISTURB),
        (IN_A_CALL, Z.AVAILABLE),
        (PRESENTING, Z.IN_MEETING),
        (PRESENTING, Z.AWAY),
    ],
)
@pytest.mark.parametrize(("waited", "first"), [(MINUTE, True), (5 * MINUTE, False)])
async def test_silence_and_the_end_of_busy_overtake_for_a_while(
    store: PeopleStore, redis: Client, held: Pair | None, presence: Z, waited: int, first: bool
) -> None:
    waits, overtakes = people_of_one_shard(2)
    for oid in (waits, overtakes):
        await connected(store, oid)
        for each in (await store.claim(keys.shard_of(oid), "w", 9)).people:
            await store.ack(each, lane=Lane.CHANGE, due_ms=None)
    now = await store.now_ms()
    await store.offer(waits, Observation(Z.IN_MEETING, now))
    dues = keys.dues(keys.shard_of(waits))
    await redis.zincrby(dues[Lane.URGENT], -waited, waits)
    if held is not None:
        await redis.hset(keys.person(overtakes), mapping={"held": str(held), "until": now + HOUR})
    await store.offer(overtakes, Observation(presence, now))
    late = (await store.queue())[Lane.URGENT].oldest_seconds
    assert late <= waited / 1000 + 5, "overtaking is not being late"
    if first:
        assert late >= waited / 1000
    claims = await store.claim(keys.shard_of(waits), "w", 1)
    assert claims.people[0].state.object_id == (overtakes if first else waits)


async def test_no_more_are_claimed_than_asked_for(store: PeopleStore) -> None:
    people = people_of_one_shard(5)
    shard = keys.shard_of(people[0])
    for oid in people:
        await store.connect(link_of(oid), "sealed", None)
    first = await store.claim(shard, "w1", 2)
    assert len(first.people) == 2
    assert first.due == (0, 3, 0, 0), "the others are due already"
    assert len((await store.claim(shard, "w1", 10)).people) == 3


async def test_an_entry_without_a_person_is_thrown_away(store: PeopleStore, redis: Client) -> None:
    await redis.zadd(keys.dues(keys.shard_of(ADA))[2], {ADA: 1})
    assert await nobody(store)
    assert await redis.keys("*") == []


async def test_one_person_is_claimed_at_once_wherever_they_stand(store: PeopleStore) -> None:
    await connected(store)
    one = await store.claim_one(ADA, "w1")
    assert isinstance(one, Claim)
    assert one.state == await store.state(ADA)
    assert await store.claim_one(ADA, "w2") is True
    assert await nobody(store)
    await store.ack(one, lane=Lane.CHANGE, due_ms=None)
    assert isinstance(await store.claim_one(ADA, "w2"), Claim)


async def test_whoever_was_claimed_by_an_answer_that_got_lost_can_be_given_back(
    store: PeopleStore, redis: Client
) -> None:
    first, second, third = people_of_one_shard(3)
    shard = keys.shard_of(first)
    for oid in (first, second, third):
        await store.connect(link_of(oid), "sealed", None)
    await store.claim(shard, "lost", 2)
    [other] = (await store.claim(shard, "kept", 2)).people
    await store.let_go(shard, "lost")
    found = {c.state.object_id: c.state.held for c in (await store.claim(shard, "w", 9)).people}
    assert found.keys() == {first, second, third} - {other.state.object_id}
    assert set(found.values()) == {None}, "nothing was sent, so nothing is in doubt"
    assert await store.renew(other)


async def test_a_lease_that_nobody_gave_back_puts_what_microsoft_holds_in_doubt(
    store: PeopleStore, redis: Client
) -> None:
    await store.connect(link_of(), "sealed", None)
    await claim(store)
    await end_lease(redis)
    again = await claim(store, token="w2")
    held = again.state.held
    assert held is not None
    assert not held.sure
    assert held.until_ms == again.now_ms + EXPIRY_MIN * MINUTE
    await store.ack(again, lane=Lane.CHANGE, due_ms=None, patch=Patch(held=None))
    assert (await store.state(ADA) or PersonState("")).held is None


def _presence(state: PersonState) -> Z | None:
    return state.observation.presence if state.observation else None


async def test_an_event_may_take_the_person_for_a_worker_at_once(store: PeopleStore) -> None:
    await connected(store)
    taken = await store.offer_and_take(ADA, await seen(store, Z.BUSY, 9000), token="w1")
    assert taken.claim is not None
    assert _presence(taken.claim.state) == Z.BUSY
    busy = await store.offer_and_take(ADA, await seen(store, Z.AWAY, 5000), token="w2")
    assert (busy.outcome, busy.claim) == ("accepted", None), "somebody has them"
    await store.ack(taken.claim, lane=Lane.HOLD, due_ms=10**15)
    assert _presence((await claim(store)).state) == Z.AWAY


async def test_an_event_of_somebody_elses_zoom_id_is_refused(store: PeopleStore) -> None:
    await store.connect(link_of(zoom_id="zAda"), "sealed", None)
    observation = await seen(store)
    wrong = await store.offer_and_take(ADA, observation, zoom_id="zBen")
    right = await store.offer_and_take(ADA, observation, zoom_id="zAda")
    assert (wrong.outcome, right.outcome) == ("not_connected", "accepted")


# -- what goes to Redis together -------------------------------------------------------------------


class Commands(Scripts):
    """The real scripts; counts how often each is run. `away`: Redis can't be reached."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.runs: Counter[str] = Counter()
        self.away = False

    async def run(self, script: Script[P, R], /, *args: P.args, **given: P.kwargs) -> R:
        self.runs[script.name] += 1
        if self.away:
            raise RedisConnectionError
        return await super().run(script, *args, **given)


async def test_what_is_given_back_while_redis_is_busy_goes_there_together(redis: Client) -> None:
    scripts = Commands(redis)
    store = PeopleStore(redis, scripts)
    people = people_of_one_shard(20)
    for oid in people:
        await store.connect(link_of(oid, f"{oid}@example.com"), "sealed", None)
    claims = (await store.claim(keys.shard_of(people[0]), "w1", 20)).people
    first = store.ack(claims[0], lane=Lane.HOLD, due_ms=10**13)
    while not scripts.runs["ack"]:  # noqa: ASYNC110 - one turn of the loop, not a wait
        await asyncio.sleep(0)
    rest = (store.ack(claim, lane=Lane.HOLD, due_ms=10**13) for claim in claims[1:])
    assert await asyncio.gather(first, *rest) == [True] * 20
    assert scripts.runs["ack"] == 2
    assert await lane_of(redis, people[7]) == (Lane.HOLD, 10**13)


async def test_what_redis_did_not_take_fails_and_the_next_is_taken_again(redis: Client) -> None:
    scripts = Commands(redis)
    store = PeopleStore(redis, scripts)
    await store.connect(link_of(), "sealed", None)
    claimed = await claim(store)
    scripts.away = True
    with pytest.raises(RedisConnectionError):
        await store.ack(claimed, lane=Lane.HOLD, due_ms=10**13)
    scripts.away = False
    assert await store.ack(claimed, lane=Lane.HOLD, due_ms=10**13)
