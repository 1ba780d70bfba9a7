"""Catching up: the planner, the real queue and the sweep over a real Redis, with Zoom's API."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from structlog.testing import capture_logs

from domain.clock import HOUR, MINUTE
from domain.errors import RetryLater
from domain.link import Link
from domain.policy import Form
from domain.presence import Observation, ZoomPresence
from domain.step import Lane
from sync.engine.queue import Claim
from sync.feed.catch_up import (
    PATIENCE_SECONDS,
    SETTLE_MS,
    STEP_SECONDS,
    TOGETHER_SECONDS,
    CatchUp,
    SweepStore,
)
from sync.feed.store import Doubt, FeedStore
from sync.feed.watch import FeedWatch
from sync.redis import keys
from sync.redis.connection import Client
from sync.redis.scripts import Scripts
from tests.doubles.engine import Bridge, Zoom, running_bridge
from tests.doubles.feed import let_pass
from tests.doubles.graph import Graph
from tests.doubles.people import ADA, BEN, person

Z = ZoomPresence
SWEEPER = keys.SWEEP_LEASE


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Place:
    """An engine with everything around the feed."""

    bridge: Bridge
    feed: FeedStore
    doubt: Doubt
    zoom: Zoom
    clock: Clock = field(default_factory=Clock)
    missed: list[tuple[int, int, int]] = field(default_factory=list)

    def process(self, *, per_second: float | None = 10.0) -> CatchUp:
        """A process that may sweep."""

        async def missed(from_ms: int, to_ms: int, now_ms: int) -> None:
            self.missed.append((from_ms, to_ms, now_ms))

        return CatchUp(
            self.feed,
            FeedWatch(self.feed),
            SweepStore(self.bridge.redis, self.bridge.store),
            self.bridge.store,
            policy=self.bridge.decisions,
            per_second=per_second,
            missed=missed,
            monotonic=self.clock,
        )

    async def connect(self, oid: str, presence: Z | None, *, ago_ms: int = MINUTE) -> None:
        """Somebody connected, Zoom said something of them a while ago, and it was acted on."""
        link = Link(oid, "tenant", "Somebody", (f"{oid}@example.com",), 1, f"z{oid}", None)
        sealed = self.bridge.tokens.seal(oid, self.bridge.login.grant(oid))
        now = await self.bridge.store.now_ms()
        said = None if presence is None else Observation(presence, now - ago_ms)
        await self.bridge.store.connect(link, sealed, said)
        self.zoom.presence[f"z{oid}"] = presence or Z.OFFLINE

    async def doubted(self) -> None:
        """Everything known is doubted, and every process knows it."""
        await self.feed.doubt()
        await let_pass(self.bridge.redis, SETTLE_MS + 1, keep={"beat", "since", "last"})
        await self.doubt.load()

    async def sweep(self, process: CatchUp, *, steps: int = 1000) -> int:
        """Step and work until the sweep is over; how many steps it took."""
        for step in range(steps):
            await process.step()
            await self.bridge.work()
            self.clock.now += STEP_SECONDS
            state = await self.feed.read()
            if state.swept_ms == state.doubted_ms:
                return step
        raise AssertionError(f"not swept after {steps} steps")

    @property
    def asked(self) -> Counter[str]:
        return Counter(name.removeprefix("z") for name in self.zoom.asked)


@asynccontextmanager
async def running(redis: Client, graph: Graph) -> AsyncIterator[Place]:
    zoom, feed = Zoom(), FeedStore(redis, Scripts(redis))
    doubt = Doubt(feed)
    async with running_bridge(redis, graph, zoom=zoom, doubted=doubt.ms) as bridge:
        yield Place(bridge, feed, doubt, zoom)


@pytest.fixture
async def place(redis: Client, graph: Graph) -> AsyncIterator[Place]:
    async with running(redis, graph) as one:
        yield one


# -- an event that is late -------------------------------------------------------------------------


async def test_a_late_event_never_turns_a_free_person_busy(bridge: Bridge, asking: Bridge) -> None:
    """90 minutes late, newer than what is known, with and without Zoom's API."""
    for one, oid in ((bridge, ADA), (asking, BEN)):
        await one.connect(oid, Z.AVAILABLE)
        await one.work()
        await one.pass_time(oid, 2 * 3600)
        if one.zoom is not None:
            one.zoom_would_say(oid, Z.AVAILABLE)
        await one.work()
        await one.pass_time(oid, 100 * 60)
        one.graph.requests.clear()
        assert await one.say(oid, Z.IN_MEETING, ago_ms=90 * MINUTE) == "accepted"
        await one.work()
        assert not any("Busy" in str(request) for request in one.graph.requests)
        assert one.shown(oid) in {"Available/Available", None}


# -- doubt -------------------------------------------------------------------------------------


async def test_what_is_doubted_is_asked_before_anything_is_written(place: Place) -> None:
    await place.connect(ADA, Z.IN_MEETING)
    await place.bridge.work()
    await place.doubted()
    place.zoom.presence[f"z{ADA}"] = Z.OFFLINE
    await place.bridge.store.demand(ADA)
    await place.bridge.work()
    assert place.asked == {ADA: 1}
    assert place.bridge.shown(ADA) is None
    await place.bridge.store.demand(ADA)
    await place.bridge.work()
    assert place.asked == {ADA: 1}  # it is known now


async def test_nobody_is_waited_for_whose_app_is_taken_out(place: Place) -> None:
    await place.connect(ADA, Z.IN_MEETING)
    await place.bridge.work()
    await place.bridge.engine.app_gone(ADA)
    await place.doubted()
    assert await place.sweep(place.process()) <= 3
    assert place.asked == {}
    await place.bridge.engine.app_back(ADA)
    assert place.asked == {ADA: 1}


async def test_an_event_after_the_doubt_needs_no_asking(place: Place) -> None:
    await place.connect(ADA, Z.AVAILABLE)
    await place.bridge.work()
    await place.doubted()
    await place.bridge.say(ADA, Z.PRESENTING)
    await place.bridge.work()
    assert place.asked == {}
    assert place.bridge.shown(ADA) == "DoNotDisturb/Presenting"


async def test_where_zoom_does_not_answer_nothing_changes(place: Place) -> None:
    await place.connect(ADA, Z.IN_MEETING)
    await place.bridge.work()
    await place.doubted()
    place.zoom.presence[f"z{ADA}"] = RetryLater("zoom_error")
    await place.bridge.store.demand(ADA)
    await place.bridge.work()
    assert place.bridge.shown(ADA) == "Busy/InACall"
    due = await place.bridge.due_in(ADA)
    assert due is not None
    assert due < 301


# -- the sweep ---------------------------------------------------------------------------------


async def test_everyone_is_asked_about_once(place: Place) -> None:
    """Also who has never been heard of; not who left, is off, or is in trouble."""
    states = [Z.IN_MEETING, Z.AVAILABLE, Z.OFFLINE, None, Z.IN_MEETING, Z.AVAILABLE]
    for number, state in enumerate(states):
        await place.connect(person(number), state)
    await place.bridge.work()
    await place.bridge.redis.hset(keys.person(person(4)), "trouble", "authorize")
    await place.bridge.redis.hset(keys.person(person(5)), "paused", 2**45)
    # One of those who were never heard of, because Zoom did not answer then.
    await place.bridge.redis.hdel(keys.person(person(3)), "obs", "obs_at")
    place.zoom.asked.clear()
    place.zoom.presence[f"z{person(0)}"] = Z.OFFLINE
    await place.doubted()
    with capture_logs() as logs:
        await place.sweep(place.process())
    assert place.asked == dict.fromkeys(map(person, range(4)), 1)
    assert place.bridge.shown(person(0)) is None
    told = {line["event"]: line for line in logs}
    assert told["catch_up_started"]["people"] == 4
    assert (told["catch_up_done"]["people"], told["catch_up_done"]["left"]) == (4, 0)
    assert (await place.feed.health()).left == 0
    # And never again for the same doubt.
    process = place.process()
    for _ in range(5):
        await process.step()
        await place.bridge.work()
    assert set(place.asked.values()) == {1}


async def test_whom_microsoft_shows_busy_because_of_us_comes_first(place: Place) -> None:
    for number in range(30):
        await place.connect(person(number), Z.IN_MEETING if number % 10 == 9 else Z.AVAILABLE)
    await place.bridge.work()
    await place.doubted()
    await place.sweep(place.process(per_second=2))
    first = [name.removeprefix("z") for name in place.zoom.asked[:3]]
    assert sorted(first) == [person(9), person(19), person(29)]


@pytest.mark.long
async def test_two_thousand_people_within_the_pace_and_without_a_flood(place: Place) -> None:
    """The reconciler is left out, so that it takes seconds; what it asks is offered instead."""
    redis, store, count, pace = place.bridge.redis, place.bridge.store, 2000, 100.0
    now = await store.now_ms()
    pipe = redis.pipeline(transaction=False)
    for number in range(count):
        row = {"gen": 1, "ver": 1, "obs": Z.OFFLINE.value, "obs_at": now - MINUTE}
        pipe.hset(keys.person(person(number)), mapping=row)
        pipe.sadd(keys.everybody(keys.shard_of(person(number))), person(number))
    await pipe.execute()
    asked: Counter[str] = Counter()

    async def reconcile(claim: Claim) -> None:
        state = await store.state(claim.state.object_id)
        assert state is not None
        assert state.observation is not None
        if state.observation.at_ms < place.doubt.ms():
            asked[state.object_id] += 1
            await store.offer(state.object_id, Observation(Z.OFFLINE, claim.now_ms))
        await store.ack(claim, lane=Lane.CHANGE, due_ms=None)

    await place.doubted()
    process, began, steps = place.process(per_second=pace), place.clock.now, 0
    while (known := await place.feed.read()).swept_ms != known.doubted_ms:
        before = asked.total()
        await process.step()
        due = sum(lane.overdue for lane in await store.queue())
        assert due <= pace * TOGETHER_SECONDS
        while claims := await place.bridge.due():
            await asyncio.gather(*map(reconcile, claims))
        assert asked.total() - before <= pace  # a second's worth, after a pause
        if steps == 10:
            assert 0 < (await place.feed.health()).left < count
        place.clock.now += STEP_SECONDS
        steps += 1
        assert steps < 1000
    assert asked == dict.fromkeys(map(person, range(count)), 1)
    assert count / pace <= place.clock.now - began <= 1.2 * count / pace
    await redis.flushall()  # thousands of keys take long to look through


async def test_people_who_are_not_worked_off_are_not_joined_by_more(place: Place) -> None:
    for number in range(50):
        await place.connect(person(number), Z.OFFLINE)
    await place.bridge.work()
    await place.doubted()
    process = place.process(per_second=10)
    for _ in range(60):  # nobody works
        await process.step()
        place.clock.now += STEP_SECONDS
    due = sum(lane.overdue for lane in await place.bridge.store.queue())
    assert due == 10 * TOGETHER_SECONDS


async def test_a_restart_in_the_middle_goes_on(place: Place) -> None:
    for number in range(40):
        await place.connect(person(number), Z.OFFLINE)
    await place.bridge.work()
    await place.doubted()
    dying = place.process()
    for _ in range(6):
        await dying.step()
        await place.bridge.work()
        place.clock.now += STEP_SECONDS
    done = len(place.zoom.asked)
    assert 0 < done < 40
    heir = place.process()
    await heir.step()
    await place.bridge.work()
    assert len(place.zoom.asked) == done  # the dead one's turn is not over yet
    await place.bridge.redis.delete(SWEEPER)  # some seconds later it is
    await place.sweep(heir)
    assert place.asked == dict.fromkeys(map(person, range(40)), 1)


async def test_of_two_processes_one_sweeps(place: Place) -> None:
    for number in range(40):
        await place.connect(person(number), Z.OFFLINE)
    await place.bridge.work()
    await place.doubted()
    one, two = place.process(per_second=2), place.process(per_second=2)
    for _ in range(4):
        await one.step()
        await two.step()
        await place.bridge.work()
        place.clock.now += 1
    assert len(place.zoom.asked) <= 2 * 4 + 2
    assert two._under_way == {}


async def test_a_newer_doubt_begins_anew(place: Place) -> None:
    for number in range(20):
        await place.connect(person(number), Z.OFFLINE)
    await place.bridge.work()
    await place.doubted()
    process = place.process()
    for _ in range(3):
        await process.step()
        await place.bridge.work()
        place.clock.now += STEP_SECONDS
    assert 0 < len(place.zoom.asked) < 20
    # All times of the first sweep are over when events are missed once more.
    for number in range(20):
        await place.bridge.pass_time(person(number), 10)
    await place.doubted()
    await place.sweep(process)
    assert set(place.asked) == set(map(person, range(20)))
    assert max(place.asked.values()) == 2


async def test_the_log_of_a_gap_is_taken_before_anybody_is_asked(place: Place) -> None:
    await place.connect(ADA, Z.OFFLINE)
    await place.bridge.work()
    now = (await place.feed.read()).now_ms
    gap = {"gap_from": now - 300_000, "gap_to": now}
    await place.bridge.redis.hset(keys.FEED_STATE, mapping=gap)
    await place.doubted()
    gap = {name: int(await place.bridge.redis.hget(keys.FEED_STATE, name)) for name in gap}
    await place.sweep(place.process())
    ((from_ms, to_ms, now_ms),) = place.missed
    assert (from_ms, to_ms) == (gap["gap_from"], gap["gap_to"])
    assert now_ms > to_ms
    assert (await place.feed.read()).gap is None
    assert place.asked == {ADA: 1}


async def test_without_zooms_api_nobody_is_asked(place: Place) -> None:
    await place.connect(ADA, Z.AVAILABLE)
    await place.bridge.work()
    await place.doubted()
    process = place.process(per_second=None)
    for _ in range(5):
        assert await process.step() is None
    assert (await place.feed.health()).left == 0


async def test_a_zoom_that_answers_nobody_is_waited_for(place: Place) -> None:
    for number in range(5):
        await place.connect(person(number), Z.IN_MEETING)
        place.zoom.presence[f"z{person(number)}"] = RetryLater("zoom_error")
    await place.bridge.work()
    await place.doubted()
    process = place.process()
    with capture_logs() as logs:
        for _ in range(int(PATIENCE_SECONDS / STEP_SECONDS) + 10):
            await process.step()
            await place.bridge.work()
            place.clock.now += STEP_SECONDS
    assert [line["event"] for line in logs].count("catch_up_rests") == 1
    assert set(place.asked.values()) == {1}
    assert (await place.feed.health()).left == 5
    for number in range(5):
        assert place.bridge.shown(person(number)) == "Busy/InACall"
        place.zoom.presence[f"z{person(number)}"] = Z.OFFLINE
    await place.sweep(process)
    assert [place.bridge.shown(person(number)) for number in range(5)] == [None] * 5


async def test_who_can_never_be_asked_does_not_keep_a_sweep_open(place: Place) -> None:
    for number in range(3):
        await place.connect(person(number), Z.OFFLINE)
    place.zoom.presence[f"z{person(1)}"] = None  # a state that nobody knows
    await place.bridge.work()
    await place.doubted()
    process = place.process()
    with capture_logs() as logs:
        await place.sweep(process)
    assert [line["left"] for line in logs if line["event"] == "catch_up_done"] == [1]
    assert set(place.asked) == set(map(person, range(3)))


async def test_a_doubt_that_is_still_to_come_is_none(place: Place) -> None:
    """The clock was set back: nobody could ever be asked late enough."""
    await place.connect(ADA, Z.IN_MEETING)
    await place.bridge.work()
    await place.feed.doubt()
    await let_pass(place.bridge.redis, -HOUR)
    await place.doubt.load()
    process = place.process()
    for _ in range(5):
        await process.step()
        await place.bridge.store.demand(ADA)
        await place.bridge.work()
    assert place.asked == {}
    await place.doubted()  # the next one counts
    await place.sweep(process)
    assert place.asked == {ADA: 1}


async def test_presence_that_is_off_is_not_asked_about(place: Place) -> None:
    await place.connect(ADA, Z.IN_MEETING)
    await place.bridge.work()
    policy = place.bridge.decisions.policy
    place.bridge.decisions.policy = replace(policy, account=Form(integration=False))
    await place.doubted()
    await place.sweep(place.process())
    assert place.asked == {}
