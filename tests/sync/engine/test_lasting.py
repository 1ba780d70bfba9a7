"""How long states last is counted for everybody together, by events of all processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.clock import MINUTE
from domain.lasting import FEWEST, bucket_of
from domain.presence import Observation
from domain.presence import ZoomPresence as Z
from sync.engine.belief import COUNTED_SECONDS, Belief
from sync.engine.lasting import ADDED_SECONDS, WEEK_MS, Lasting
from sync.engine.people import PeopleStore
from sync.redis import keys
from sync.redis.scripts import Scripts
from tests.doubles.people import ADA

if TYPE_CHECKING:
    from sync.redis.connection import Client
    from tests.doubles.engine import Bridge


async def test_it_is_added_once_a_minute_and_says_nothing_of_anybody(redis: Client) -> None:
    now, at = 0.0, 1_790_000_400_000
    one, two = (Lasting(redis, monotonic=lambda: now) for _ in range(2))
    for counter in (one, two):
        await counter.ended("In_Meeting", 30 * MINUTE, at)
        await counter.ended("Asleep", 30 * MINUTE, at)
        await counter.ended("In_Meeting", -1, at)
    assert await one.counts(at) == {}
    now = ADDED_SECONDS
    await one.ended("On_Phone_Call", 5 * MINUTE, at)
    await two.ended("On_Phone_Call", 5 * MINUTE, at)
    counts = await one.counts(at)
    assert counts[Z.IN_MEETING][bucket_of(30 * MINUTE)] == sum(counts[Z.IN_MEETING]) == 2
    assert sum(counts[Z.ON_PHONE_CALL]) == 2
    assert await two.counts(at + WEEK_MS) == counts
    assert await two.counts(at + 2 * WEEK_MS) == {}
    [key] = [key async for key in redis.scan_iter("*")]
    assert 0 < await redis.ttl(key) <= keys.LASTING_TTL
    assert set(await redis.hkeys(key)) == {"In_Meeting:7", "On_Phone_Call:3"}
    await redis.hset(key, mapping={"In_Meeting:99": 1, "x": "y", "Busy:1": "1e3", "Away:²": 1})
    assert await two.counts(at) == counts


async def test_an_event_says_how_long_the_state_before_lasted(bridge: Bridge) -> None:
    now = 0.0
    lasting = bridge.engine.lasting = Lasting(bridge.redis, monotonic=lambda: now)
    await bridge.connect(ADA)
    began = await bridge.store.now_ms() - 50 * MINUTE
    link = await bridge.store.link(ADA)
    assert link is not None

    async def says(presence: Z, minutes: int) -> str:
        said = Observation(presence, began + minutes * MINUTE)
        return await bridge.engine.take_event(zoom_id=link.zoom_id, address=None, observation=said)

    assert await says(Z.AVAILABLE, 0) == "accepted"
    assert await says(Z.IN_MEETING, 5) == "accepted"
    # Asked meanwhile, Zoom says the same: it began when it began.
    assert await bridge.store.offer(ADA, Observation(Z.IN_MEETING, began + 20 * MINUTE))
    assert (await bridge.state(ADA)).since_ms == began + 5 * MINUTE
    assert await says(Z.AVAILABLE, 30) == "accepted"
    now = ADDED_SECONDS
    assert await says(Z.AWAY, 45) == "accepted"
    counts = await lasting.counts(await bridge.store.now_ms())
    assert counts[Z.IN_MEETING][bucket_of(25 * MINUTE)] == sum(counts[Z.IN_MEETING]) == 1
    assert sum(counts[Z.AVAILABLE]) >= 2
    assert (await bridge.state(ADA)).since_ms == began + 45 * MINUTE


async def test_what_is_usual_reaches_the_planner_of_many(redis: Client) -> None:
    now = 0.0
    lasting = Lasting(redis, monotonic=lambda: now)
    people = PeopleStore(redis, Scripts(redis))
    belief = Belief(people, 10.0, lasting, monotonic=lambda: now)
    for _ in range(FEWEST):
        await lasting.ended("Presenting", 25 * MINUTE, await people.now_ms())
    now = ADDED_SECONDS
    await lasting.ended("Presenting", 25 * MINUTE, await people.now_ms())
    assert dict((await belief.fresh()).usual) == {}, "nobody is connected"
    await redis.sadd(keys.everybody(0), *map(str, range(20)))
    now += COUNTED_SECONDS
    assert dict((await belief.fresh()).usual) == {Z.PRESENTING: 30 * MINUTE}
