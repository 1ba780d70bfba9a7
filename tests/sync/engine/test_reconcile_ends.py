"""Reconciliations that are cut short, and people who leave: nothing of ours stays at Microsoft."""

import asyncio
import time
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from domain.clock import MINUTE
from domain.presence import ZoomPresence
from domain.setback import MOST_REFUSALS
from sync.redis.connection import Client
from tests.doubles.engine import Bridge, running_bridge
from tests.doubles.graph import CLEAR, PREFER, SET, Fault, Graph
from tests.doubles.people import ADA, end_lease
from tests.doubles.redis import RedisServer, open_client

Z = ZoomPresence


# -- crashes -------------------------------------------------------------------------------------


async def die_during(bridge: Bridge, action: str) -> None:
    """A worker dies after Graph got the request and before it could say so."""
    [claim] = await bridge.due()
    bridge.graph.faults.append(Fault(kind="stall", action=action))
    reconciling = asyncio.create_task(bridge.reconciler.reconcile(claim))
    await bridge.graph.until(lambda: bridge.graph.stalled == 1)
    reconciling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reconciling
    bridge.graph.release()
    await bridge.graph.until(lambda: bridge.graph.count(action) > 0)
    await end_lease(bridge.redis)


async def test_a_write_without_an_acknowledgement_is_written_again(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await die_during(bridge, SET)
    assert (await bridge.state(ADA)).held is None, "nobody could tell"
    await bridge.work()
    assert bridge.graph.count(SET) == 2
    assert bridge.shown(ADA) == "Busy/InACall"


async def test_a_write_without_an_acknowledgement_is_cleared_when_it_is_not_wanted(
    bridge: Bridge,
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await die_during(bridge, SET)
    assert bridge.shown(ADA) == "Busy/InACall"
    await bridge.say(ADA, Z.OFFLINE)
    await bridge.work()
    assert bridge.shown(ADA) is None


async def test_a_clear_without_an_acknowledgement_is_not_taken_for_a_session(
    bridge: Bridge,
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    await bridge.say(ADA, Z.OFFLINE)
    await die_during(bridge, CLEAR)
    assert bridge.shown(ADA) is None
    await bridge.say(ADA, Z.IN_MEETING)
    await bridge.work()
    assert bridge.shown(ADA) == "Busy/InACall"


async def test_a_long_session_is_cleared_even_after_a_shorter_one_may_have_replaced_it(
    bridge: Bridge,
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    bridge.graph.faults.append(Fault(404, action=SET))  # parked, and Busy stays for an hour
    await bridge.say(ADA, Z.AVAILABLE)
    await bridge.work()
    assert bridge.shown(ADA) == "Busy/InACall"
    await bridge.pass_time(ADA, 20 * 60)
    await bridge.say(ADA, Z.OFFLINE)
    await bridge.work()
    assert bridge.shown(ADA) is None


async def test_whoever_lost_the_lease_sends_nothing_more(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    [slow] = await bridge.due()
    await end_lease(bridge.redis)
    await bridge.work()
    await bridge.say(ADA, Z.OFFLINE)
    sent = bridge.graph.count()
    [owner] = await bridge.due()
    with capture_logs() as logs:
        await bridge.reconciler.reconcile(replace(slow, taken=slow.taken - 11))
    assert bridge.graph.count() == sent
    assert [line["event"] for line in logs] == ["engine_lease_lost"]
    await bridge.reconciler.reconcile(owner)
    assert bridge.shown(ADA) is None


async def test_a_lease_is_renewed_while_graph_is_slow(redis: Client, graph: Graph) -> None:
    async with running_bridge(redis, graph, lease_ms=300) as bridge:
        await bridge.connect(ADA, Z.IN_MEETING)
        [claim] = await bridge.due()
        graph.faults.append(Fault(kind="stall"))
        reconciling = asyncio.create_task(bridge.reconciler.reconcile(claim))
        await graph.until(lambda: graph.stalled == 1)
        until = await bridge.store.now_ms() + 750
        while await bridge.store.now_ms() < until:
            assert await bridge.due() == [], "nobody else may take them"
            await asyncio.sleep(0.005)
        graph.release()
        await reconciling
        assert graph.overlaps == 0
        assert bridge.shown(ADA) == "Busy/InACall"


async def test_a_write_is_broken_off_where_its_lease_ends_while_redis_is_away(
    own_redis: RedisServer, graph: Graph
) -> None:
    client = open_client(own_redis)
    async with client, running_bridge(client, graph, lease_ms=300) as bridge:
        await bridge.connect(ADA, Z.IN_MEETING)
        [claim] = await bridge.due()
        graph.faults.append(Fault(kind="stall"))
        reconciling = asyncio.create_task(bridge.reconciler.reconcile(claim))
        await graph.until(lambda: graph.stalled == 1)
        own_redis.kill()
        with capture_logs() as logs:
            await reconciling
        assert time.monotonic() - claim.taken < 1, "not as long as Graph may take"
        assert logs[-1]["event"] == "engine_lease_lost"
        graph.release()


async def test_a_slow_graph_is_given_up_and_its_late_write_is_made_good(
    redis: Client, graph: Graph
) -> None:
    async with running_bridge(redis, graph, graph_seconds=0.1) as bridge:
        await bridge.connect(ADA, Z.IN_MEETING)
        graph.faults.append(Fault(kind="stall"))
        await bridge.work()
        assert (await bridge.state(ADA)).tries == 1
        await bridge.say(ADA, Z.OFFLINE)
        graph.release()
        await graph.until(lambda: graph.count(SET) == 1)
        assert bridge.shown(ADA) == "Busy/InACall"
        await bridge.pass_time(ADA, 3)
        await bridge.work()
        assert bridge.shown(ADA) is None


async def test_a_label_that_may_have_arrived_is_taken_back(bridge: Bridge) -> None:
    bridge.full()
    await bridge.connect(ADA, Z.BUSY)
    await die_during(bridge, PREFER)
    assert bridge.graph.preferred == {ADA: "Busy/Busy"}
    await bridge.say(ADA, Z.IN_MEETING)
    await bridge.work()
    assert bridge.graph.preferred == {}
    assert bridge.shown(ADA) == "Busy/InACall"


# -- leaving -------------------------------------------------------------------------------------


async def test_whoever_leaves_is_cleared_and_erased(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    await bridge.leave(ADA)
    await bridge.work()
    assert bridge.shown(ADA) is None
    assert await bridge.lasting_keys() == []


async def test_whoever_leaves_without_a_session_costs_no_request(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.OFFLINE)
    await bridge.work()
    await bridge.leave(ADA)
    await bridge.work()
    assert bridge.graph.count() == 0
    assert await bridge.lasting_keys() == []


@pytest.mark.parametrize("how", ["revoked", "gone"])
async def test_whoever_leaves_without_a_way_to_clear_is_erased_all_the_same(
    bridge: Bridge, how: str
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    if how == "revoked":
        bridge.login.revoked.add(ADA)
        bridge.tokens.forget(ADA)
    else:
        bridge.graph.faults.extend([Fault(400, action=CLEAR)] * MOST_REFUSALS)
    await bridge.leave(ADA)
    await bridge.work()
    while await bridge.store.state(ADA) is not None:
        await bridge.pass_time(ADA, 10)
        await bridge.work()
    assert await bridge.lasting_keys() == []
    assert bridge.chat.told == []


async def test_whoever_leaves_while_graph_is_down_is_erased_when_it_is_back(
    bridge: Bridge,
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    bridge.graph.faults.extend([Fault(503)] * 2)
    await bridge.leave(ADA)
    for _ in range(2):
        await bridge.work()
        assert (await bridge.state(ADA)).leaving
        await bridge.pass_time(ADA, (await bridge.due_in(ADA) or 0) + 0.1)
    await bridge.work()
    assert bridge.shown(ADA) is None
    assert await bridge.lasting_keys() == []


async def test_whoever_leaves_is_erased_at_the_latest_when_their_session_has_ended(
    bridge: Bridge,
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    bridge.graph.faults.append(Fault(503, {"Retry-After": "300"}))
    await bridge.leave(ADA)
    await bridge.work()
    await bridge.pass_time(ADA, 61 * MINUTE / 1000)
    await bridge.work()
    assert await bridge.lasting_keys() == []
    assert bridge.graph.count(CLEAR) == 1


async def test_whoever_connects_while_leaving_stays_and_is_written_again(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    await bridge.leave(ADA)
    [claim] = await bridge.due()
    bridge.graph.faults.append(Fault(kind="stall", action=CLEAR))
    reconciling = asyncio.create_task(bridge.reconciler.reconcile(claim))
    await bridge.graph.until(lambda: bridge.graph.stalled == 1)
    await bridge.connect(ADA)
    bridge.graph.tokens[f"{ADA}.0"] = ADA
    bridge.graph.release()
    await reconciling
    assert bridge.shown(ADA) is None
    await bridge.work()
    assert bridge.shown(ADA) == "Busy/InACall"
    assert not (await bridge.state(ADA)).leaving
