"""Workers when the budget is short: whose turn it is, and that nobody is claimed in vain."""

import asyncio
import time

import pytest
from structlog.testing import capture_logs

from domain.budget import CELL_MS, Limits
from domain.presence import ZoomPresence
from domain.step import Lane
from sync.engine.worker import Worker
from sync.redis import channels, keys
from sync.redis.connection import Client, connect_listener
from tests.doubles.engine import Bridge, running_bridge
from tests.doubles.graph import SET, Fault, Graph
from tests.doubles.people import ADA, people_of_one_shard, person
from tests.doubles.redis import RedisServer, eventually
from tests.sync.engine.test_worker import at_rest, listening, working

Z = ZoomPresence

FEW = Limits.of(limit=20, window_ms=1000, cell_ms=250)
"""At most 20 in 1.5 s: 17 of them for others than calls."""


async def waiting(bridge: Bridge, lane: Lane, first: int, count: int) -> list[str]:
    """People in a lane for whom something is to be written."""
    people = [person(number) for number in range(first, first + count)]
    for oid in people:
        await bridge.connect(oid, Z.IN_MEETING)
    for claim in await bridge.due():
        own = lane if claim.state.object_id in people else claim.lane
        await bridge.store.ack(claim, lane=own, due_ms=1000)
    return people


async def test_the_most_urgent_go_first_whatever_their_shard(
    redis: Client, redis_server: RedisServer, graph: Graph
) -> None:
    async with running_bridge(redis, graph, limits=FEW) as bridge:
        fades = await waiting(bridge, Lane.FADE, 100, 12)
        changes = await waiting(bridge, Lane.CHANGE, 200, 20)
        urgent = await waiting(bridge, Lane.URGENT, 300, 30)
        everyone = [*urgent, *changes, *fades]
        async with working(bridge, redis_server):
            await graph.until(lambda: graph.count(SET) == len(everyone))
        order = [request.person for request in graph.requests]
        assert set(order[: len(urgent)]) == set(urgent)
        assert set(order[len(urgent) : -len(fades)]) == set(changes)
        assert graph.overlaps == 0


async def test_who_enters_a_meeting_passes_everybody_who_waits(
    redis: Client, redis_server: RedisServer, graph: Graph
) -> None:
    async with running_bridge(redis, graph, limits=FEW) as bridge:
        many = await waiting(bridge, Lane.CHANGE, 100, 90)
        async with working(bridge, redis_server):
            await listening(redis)
            await graph.until(lambda: graph.count(SET) >= 32)
            await bridge.connect(ADA)
            await bridge.say(ADA, Z.PRESENTING)
            await graph.until(lambda: graph.count(person=ADA) == 1)
            assert graph.count(SET) < len(many) - 10


async def test_a_permit_that_was_not_needed_serves_the_next_at_once(
    redis: Client, redis_server: RedisServer, graph: Graph
) -> None:
    """Else it would be lost: nothing more is granted for a minute."""
    limits = Limits.of(limit=2, window_ms=60_000, cell_ms=CELL_MS)
    async with running_bridge(redis, graph, limits=limits) as bridge:
        nothing_to_send, *others = people_of_one_shard(3)
        await bridge.connect(nothing_to_send, Z.OFFLINE)
        for oid in others:
            await bridge.connect(oid, Z.IN_MEETING)
        for claim in await bridge.due():
            due = 1000 + (claim.state.object_id != nothing_to_send)
            await bridge.store.ack(claim, lane=Lane.URGENT, due_ms=due)
        async with working(bridge, redis_server):
            await graph.until(lambda: graph.count(SET) == len(others))
        assert {request.person for request in graph.requests} == set(others)


async def test_while_the_budget_is_short_nobody_is_held_in_vain(
    redis: Client, redis_server: RedisServer, graph: Graph
) -> None:
    """Whoever waits stands in Redis, so that any worker plans them from the newest state."""
    limits = Limits.of(limit=10, window_ms=60_000, cell_ms=CELL_MS)
    async with running_bridge(redis, graph, limits=limits) as bridge:
        people = await waiting(bridge, Lane.URGENT, 100, 60)
        async with working(bridge, redis_server), working(bridge, redis_server):
            await graph.until(lambda: graph.count(SET) == 10)

            async def nobody_is_held() -> bool:
                leases = [await redis.hexists(keys.person(oid), "lease") for oid in people]
                return not any(leases)

            await eventually(nobody_is_held)
            for oid in people:
                await bridge.say(oid, Z.OFFLINE)
            standing = [await redis.hget(keys.person(oid), "lane") for oid in people]
            # Those for whom nothing was sent have nothing to be told any more: they need no permit.
            assert standing.count(str(int(Lane.URGENT))) >= 10
        assert graph.count() == 10


async def test_permits_that_were_not_needed_serve_others(
    redis: Client, redis_server: RedisServer, graph: Graph
) -> None:
    async with running_bridge(redis, graph, limits=FEW) as bridge:
        needy = await waiting(bridge, Lane.URGENT, 100, 30)
        idle = await waiting(bridge, Lane.URGENT, 200, 30)
        for oid in idle:  # Microsoft has it from us already
            now = await bridge.store.now_ms()
            held = {"held": "Busy/InACall", "told": now, "until": now + 3_600_000}
            await redis.hset(keys.person(oid), mapping=held)
        began = time.monotonic()
        async with working(bridge, redis_server):
            await graph.until(lambda: graph.count(SET) == len(needy))
            await eventually(lambda: at_rest(bridge, *needy, *idle))
        assert graph.count() == len(needy)
        assert time.monotonic() - began < 10


async def test_an_event_is_reconciled_without_waking_anybody(
    bridge: Bridge, redis_server: RedisServer
) -> None:
    await bridge.connect(ADA, Z.AVAILABLE)
    await bridge.work()
    async with working(bridge, redis_server) as worker:
        await listening(bridge.redis)
        bridge.engine.hand_to(worker)
        async with bridge.redis.pubsub(ignore_subscribe_messages=True) as channel:
            await channel.subscribe(channels.WAKE)
            assert await channel.get_message(timeout=1) is None
            await bridge.say(ADA, Z.IN_MEETING)
            await bridge.graph.until(lambda: bridge.shown(ADA) == "Busy/InACall")
            assert await channel.get_message(timeout=0.05) is None


async def test_who_is_remembered_is_checked_each_time(
    bridge: Bridge, redis_server: RedisServer
) -> None:
    await bridge.connect(ADA, Z.AVAILABLE)
    assert await bridge.say(ADA, Z.BUSY, ago_ms=-1) == "accepted"
    assert await bridge.say(ADA, Z.AWAY, ago_ms=-1000) == "accepted"
    # Another person has this Zoom id from now on.
    other = person(77)
    await bridge.redis.hset(keys.person(ADA), "zoom", "zNew")
    await bridge.connect(other)
    await bridge.redis.set(keys.zoom_id(f"z{ADA}"), other)
    await bridge.redis.hset(keys.person(other), "zoom", f"z{ADA}")
    assert await bridge.say(ADA, Z.PRESENTING, ago_ms=-2000) == "accepted"
    newest = (await bridge.state(other)).observation
    assert newest is not None
    assert newest.presence is Z.PRESENTING


async def test_in_an_outage_one_request_at_a_time_tries_and_then_all_is_made_good(
    redis: Client, redis_server: RedisServer, graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.engine.gate.FIRST_S", 0.05)
    monkeypatch.setattr("sync.engine.gate.LONGEST_S", 0.1)
    monkeypatch.setattr("domain.setback.FIRST_RETRY_MS", 20)
    monkeypatch.setattr("domain.setback.LONGEST_RETRY_MS", 100)
    async with running_bridge(redis, graph) as bridge:
        people = await waiting(bridge, Lane.URGENT, 100, 100)
        graph.faults.extend([Fault(503)] * 80)
        with capture_logs() as logs:
            async with working(bridge, redis_server):
                await graph.until(lambda: len(graph.sessions) == len(people))
                await eventually(lambda: at_rest(bridge, *people))
        said = [line["event"] for line in logs]
        assert said.count("graph_away") == said.count("graph_back") == 1
        assert bridge.counts.outages == [True, False]
        assert (await bridge.store.counts()).parked["failing"] == 0


async def test_a_bug_in_the_loop_ends_the_worker_and_is_not_swallowed(
    bridge: Bridge, redis_server: RedisServer
) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    async with connect_listener(redis_server.url) as listener:
        worker = Worker(bridge.store, bridge.reconciler, bridge.quota, listener, beat=broken)
        with pytest.raises(ZeroDivisionError):
            async with asyncio.timeout(10):
                await worker.run()
