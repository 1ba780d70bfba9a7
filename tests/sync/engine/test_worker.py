"""Workers at work: at once, together, through trouble, and to a clean end."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from domain.budget import Grant
from domain.presence import Observation, Style, ZoomPresence, demand_of
from domain.step import Lane
from sync.engine.queue import LEASE_MS
from sync.engine.worker import LOOK_AROUND_S, Worker
from sync.redis import channels, keys
from sync.redis.connection import Client, connect_listener
from tests.doubles.engine import Bridge, Zoom, running_bridge
from tests.doubles.graph import SET, Fault, Graph
from tests.doubles.people import ADA, BEN, person
from tests.doubles.redis import RedisServer, eventually, open_client

Z = ZoomPresence


@asynccontextmanager
async def working(bridge: Bridge, server: RedisServer) -> AsyncIterator[Worker]:
    """A worker that runs, and stops cleanly."""
    beats: list[float] = []
    async with connect_listener(server.url) as listener:
        worker = Worker(
            bridge.store,
            bridge.reconciler,
            bridge.quota,
            listener,
            beat=lambda: beats.append(time.monotonic()),
        )
        running = asyncio.create_task(worker.run())
        yield worker
        worker.stop()
        async with asyncio.timeout(10):
            await running
        assert beats


async def listening(redis: Client, workers: int = 1) -> None:
    """Wait until the workers hear what others tell them."""

    async def subscribed() -> bool:
        [(_, count)] = await redis.pubsub_numsub(channels.WAKE)
        return int(count) >= workers

    await eventually(subscribed)


async def at_rest(bridge: Bridge, *people: str) -> bool:
    """Whether nobody works on these people and nobody has to."""
    for oid in people:
        due = await bridge.due_in(oid)
        if await bridge.redis.hexists(keys.person(oid), "lease") or (due is not None and due <= 0):
            return False
    return True


async def test_an_event_reaches_graph_without_any_polling_delay(
    bridge: Bridge, redis_server: RedisServer
) -> None:
    await bridge.connect(ADA, Z.AVAILABLE)
    async with working(bridge, redis_server):
        await bridge.graph.until(lambda: bridge.shown(ADA) == "Available/Available")
        await listening(bridge.redis)
        delays = []
        for presence, session in [
            (Z.IN_MEETING, "Busy/InACall"),
            (Z.PRESENTING, "DoNotDisturb/Presenting"),
            (Z.AVAILABLE, "Available/Available"),
        ] * 3:
            await eventually(lambda: at_rest(bridge, ADA))
            began = time.monotonic()
            await bridge.say(ADA, presence)
            await bridge.graph.until(lambda: bridge.shown(ADA) == session)  # noqa: B023 - at once
            delays.append(time.monotonic() - began)
    assert sorted(delays)[len(delays) // 2] < LOOK_AROUND_S / 10
    assert max(delays) < LOOK_AROUND_S


async def test_whoever_was_not_announced_is_found_all_the_same(
    bridge: Bridge, redis_server: RedisServer
) -> None:
    await bridge.connect(ADA, Z.OFFLINE)
    async with working(bridge, redis_server):
        await eventually(lambda: at_rest(bridge, ADA))
        await bridge.redis.hset(keys.person(ADA), mapping={"obs": "In_Meeting", "lane": 2})
        await bridge.redis.zadd(keys.dues(keys.shard_of(ADA))[2], {ADA: 1})
        await bridge.graph.until(lambda: bridge.shown(ADA) == "Busy/InACall")


async def test_somebody_is_reconciled_when_they_are_due(
    bridge: Bridge, redis_server: RedisServer
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    bridge.graph.faults.append(Fault(503))
    async with working(bridge, redis_server):
        await bridge.graph.until(lambda: bridge.graph.count(SET) == 1)
        began = time.monotonic()
        await bridge.graph.until(lambda: bridge.shown(ADA) == "Busy/InACall")
        assert time.monotonic() - began < 2 + LOOK_AROUND_S + 1


@pytest.mark.parametrize("nonsense", ["", "x", "-1", "99", "1e3", "²"])
async def test_a_message_that_makes_no_sense_is_ignored(
    bridge: Bridge, redis_server: RedisServer, nonsense: str
) -> None:
    async with working(bridge, redis_server):
        await listening(bridge.redis)
        await bridge.redis.publish(channels.WAKE, nonsense)
        await bridge.connect(ADA, Z.IN_MEETING)
        await bridge.graph.until(lambda: bridge.shown(ADA) == "Busy/InACall")


async def test_five_hundred_events_in_any_order_end_with_the_newest(
    bridge: Bridge, redis_server: RedisServer
) -> None:
    chance = random.Random(random.random())  # pytest-randomly seeds it and shows the seed
    people = [person(number) for number in range(50)]
    for oid in people:
        await bridge.connect(oid)
    now = await bridge.store.now_ms()
    events = [
        (oid, Observation(chance.choice(list(Z)), now - chance.randrange(60_000)))
        for oid in people
        for _ in range(10)
    ]
    newest = {
        oid: max(
            (observation for who, observation in events if who == oid),
            key=lambda observation: (observation.at_ms, observation.presence),
        )
        for oid in people
    }
    chance.shuffle(events)

    async def deliver(some: list[tuple[str, Observation]]) -> None:
        for oid, observation in some:
            await bridge.engine.take_event(zoom_id=f"z{oid}", address=None, observation=observation)

    async with working(bridge, redis_server), working(bridge, redis_server):
        await listening(bridge.redis, 2)
        await asyncio.gather(*(deliver(events[start::10]) for start in range(10)))
        await eventually(lambda: at_rest(bridge, *people), within=20)

    expected = {}
    for oid, observation in newest.items():
        session = demand_of(observation.presence, Style.MIRROR).session
        if session is not None:
            expected[oid] = str(session)
    assert bridge.graph.sessions == expected
    assert bridge.graph.overlaps == 0
    assert {request.status for request in bridge.graph.requests} == {200}


async def test_stopping_finishes_what_is_in_hand_and_takes_nothing_new(
    bridge: Bridge, redis_server: RedisServer
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    bridge.graph.faults.append(Fault(kind="stall"))
    async with working(bridge, redis_server) as worker:
        await bridge.graph.until(lambda: bridge.graph.stalled == 1)
        worker.stop()
        await bridge.connect(BEN, Z.IN_MEETING)
        bridge.graph.release()
    held = (await bridge.state(ADA)).held
    assert held is not None
    assert held.sure, "Graph's answer was waited for and kept"
    assert bridge.shown(BEN) is None
    await bridge.work()
    assert bridge.shown(BEN) == "Busy/InACall"


async def test_a_cancelled_worker_finishes_what_is_in_hand(
    bridge: Bridge, redis_server: RedisServer
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    bridge.graph.faults.append(Fault(kind="stall"))
    async with connect_listener(redis_server.url) as listener:
        worker = Worker(bridge.store, bridge.reconciler, bridge.quota, listener, beat=lambda: None)
        running = asyncio.create_task(worker.run())
        await bridge.graph.until(lambda: bridge.graph.stalled == 1)
        running.cancel()
        bridge.graph.release()
        with pytest.raises(asyncio.CancelledError):
            await running
    held = (await bridge.state(ADA)).held
    assert held is not None
    assert held.sure


async def test_redis_may_go_away_and_come_back(own_redis: RedisServer, graph: Graph) -> None:
    async with open_client(own_redis) as redis, running_bridge(redis, graph) as bridge:
        await bridge.connect(ADA, Z.IN_MEETING)
        with capture_logs() as logs:
            async with working(bridge, own_redis):
                await graph.until(lambda: bridge.shown(ADA) == "Busy/InACall")
                await eventually(lambda: at_rest(bridge, ADA))
                own_redis.kill()
                await eventually(lambda: _logged(logs, "worker_redis_away"))
                own_redis.start()
                await listening(redis)
                await bridge.connect(BEN, Z.IN_MEETING)
                await graph.until(lambda: bridge.shown(BEN) == "Busy/InACall")
        assert [line["event"] for line in logs] == ["worker_redis_away", "worker_redis_back"]


async def test_a_turn_that_redis_breaks_is_lost_and_made_good(
    own_redis: RedisServer, graph: Graph
) -> None:
    async with open_client(own_redis) as redis, running_bridge(redis, graph) as bridge:
        await bridge.connect(ADA, Z.IN_MEETING)
        graph.faults.append(Fault(kind="stall"))
        with capture_logs() as logs:
            async with working(bridge, own_redis):
                await graph.until(lambda: graph.stalled == 1)
                own_redis.kill()
                graph.release()
                await graph.until(lambda: graph.count(SET) == 1)
                for event in ("worker_redis_away", "worker_turn_lost"):
                    await eventually(lambda: _logged(logs, event))  # noqa: B023 - at once
                own_redis.start()
                await bridge.connect(ADA, Z.PRESENTING)
                await graph.until(lambda: bridge.shown(ADA) == "DoNotDisturb/Presenting")


async def test_whom_redis_did_not_take_back_it_takes_when_it_is_there(graph: Graph) -> None:
    """Before the lease ends, and with what was learned: nothing is in doubt."""
    with RedisServer(None, "--appendonly", "yes", "--appendfsync", "always") as keeps:
        async with open_client(keeps) as redis, running_bridge(redis, graph) as bridge:
            await bridge.connect(ADA, Z.AVAILABLE)
            graph.faults.append(Fault(kind="stall"))
            with capture_logs() as logs:
                async with working(bridge, keeps):
                    await graph.until(lambda: graph.stalled == 1)
                    keeps.kill()
                    graph.release()
                    await eventually(lambda: _logged(logs, "worker_turn_lost"))
                    keeps.start()
                    await eventually(lambda: at_rest(bridge, ADA), within=LEASE_MS / 1000 / 2)
            held = (await bridge.state(ADA)).held
    assert held is not None
    assert held.sure
    assert graph.count(SET) == 1


async def test_who_was_taken_when_the_budget_was_away_does_not_wait_for_the_lease(
    bridge: Bridge, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a cluster the node with the budget may fail alone: people are taken, and not begun."""
    take, away = bridge.quota.take, [True, True]

    async def taken(lane: Lane, wanted: int = 1) -> Grant:
        if away:
            away.pop()
            raise ConnectionError("the node is away")
        return await take(lane, wanted)

    monkeypatch.setattr(bridge.quota, "take", taken)
    await bridge.connect(ADA, Z.AVAILABLE)
    await bridge.connect(BEN, Z.AVAILABLE)
    async with working(bridge, redis_server), asyncio.timeout(LEASE_MS / 1000 / 2):
        for oid in (ADA, BEN):
            await bridge.graph.until(lambda: bridge.shown(oid) == "Available/Available")  # noqa: B023 - at once
        await eventually(lambda: at_rest(bridge, ADA, BEN))
    for oid in (ADA, BEN):
        held = (await bridge.state(oid)).held
        assert held is not None
        assert held.sure, "nothing had been sent"
    assert bridge.graph.count(SET) == 2


async def test_a_bug_with_one_person_stops_nobody_else(
    redis: Client, redis_server: RedisServer, graph: Graph
) -> None:
    zoom = Zoom()
    zoom.presence = {f"z{ADA}": RuntimeError("a bug"), f"z{BEN}": Z.IN_MEETING}
    async with running_bridge(redis, graph, zoom=zoom) as bridge:
        with capture_logs() as logs:
            async with working(bridge, redis_server):
                await bridge.connect(ADA)
                await eventually(lambda: _logged(logs, "worker_turn_failed"))
                await bridge.connect(BEN)
                await graph.until(lambda: bridge.shown(BEN) == "Busy/InACall")
    [line] = [line for line in logs if line["event"] == "worker_turn_failed"]
    assert (line["person"], str(line["exc_info"])) == (ADA, "a bug")
    assert len(zoom.asked) == 2, "whoever fails is not tried again at once"


async def _logged(logs: Sequence[Mapping[str, object]], event: str) -> bool:
    return any(line["event"] == event for line in logs)
