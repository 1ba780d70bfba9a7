"""One turn with one person, over a real Redis and real HTTP: writes, failures, crashes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from sync.attend import LONGEST_RETRY_MS
from sync.errors import AdminMustAct, PersonGone, RetryLater
from sync.plan import MINUTE, Lane
from sync.policy import Form
from sync.presence import ZoomPresence
from sync.store import keys
from sync.store.connection import Client
from tests.doubles.engine import Bridge, Zoom, running_bridge
from tests.doubles.graph import CLEAR, LOOK, SET, Fault, Graph, running_graph
from tests.doubles.people import ADA, BEN, end_lease, lane_of

Z = ZoomPresence


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    async with running_graph() as double:
        yield double


@pytest.fixture
async def bridge(redis: Client, graph: Graph) -> AsyncIterator[Bridge]:
    async with running_bridge(redis, graph) as running:
        yield running


@pytest.fixture
async def asking(redis: Client, graph: Graph) -> AsyncIterator[Bridge]:
    """With Zoom's API."""
    async with running_bridge(redis, graph, zoom=Zoom()) as running:
        yield running


def zoom_says(bridge: Bridge, oid: str, presence: Z | Exception | None) -> None:
    assert bridge.zoom is not None
    bridge.zoom.presence[f"z{oid}"] = presence


# -- what is written -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zoom", "session"),
    [
        (Z.IN_MEETING, "Busy/InACall"),
        (Z.ON_PHONE_CALL, "Busy/InACall"),
        (Z.PRESENTING, "DoNotDisturb/Presenting"),
        (Z.DO_NOT_DISTURB, "DoNotDisturb/Presenting"),
        (Z.BUSY, "Busy/InACall"),
        (Z.AVAILABLE, "Available/Available"),
        (Z.AWAY, "Away/Away"),
        (Z.IN_CALENDAR_EVENT, None),
        (Z.OFFLINE, None),
        (Z.OUT_OF_OFFICE, None),
        (Z.MOBILE_ONLY, None),
    ],
)
async def test_each_state_of_zoom_reaches_graph(
    bridge: Bridge, zoom: Z, session: str | None
) -> None:
    await bridge.connect(ADA)
    await bridge.work()
    assert await bridge.say(ADA, zoom) == "accepted"
    await bridge.work()
    assert bridge.shown(ADA) == session
    state = await bridge.state(ADA)
    assert (str(state.held.pair) if state.held else None) == session
    assert state.held is None or state.held.sure
    assert {request.status for request in bridge.graph.requests} <= {200}


async def test_nothing_is_written_twice(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    await bridge.say(ADA, Z.ON_PHONE_CALL)  # another state, the same for Microsoft
    await bridge.work()
    await bridge.store.demand(ADA)
    await bridge.work()
    assert bridge.graph.count() == 1
    assert len(bridge.counts.latencies) == 1


async def test_available_is_repeated_after_less_than_five_minutes(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.AVAILABLE)
    await bridge.work()
    due = await bridge.due_in(ADA)
    assert due is not None
    assert 3 * 60 < due <= 4 * 60
    assert (await lane_of(bridge.redis) or (0, 0))[0] == Lane.FADE
    await bridge.pass_time(ADA, 4 * 60)
    await bridge.work()
    assert bridge.graph.count(SET) == 2
    assert len(bridge.counts.latencies) == 1, "a repetition answers no event"


async def test_an_echo_is_not_written(bridge: Bridge) -> None:
    bridge.graph.shown[ADA] = ("DoNotDisturb", "DoNotDisturb")
    await bridge.connect(ADA, Z.DO_NOT_DISTURB)
    await bridge.work()
    assert [request.action for request in bridge.graph.requests] == [LOOK]
    bridge.graph.shown[ADA] = ("Available", "Available")
    await bridge.pass_time(ADA, 12 * 60)
    await bridge.work()
    assert bridge.shown(ADA) == "DoNotDisturb/Presenting"


async def test_switching_off_clears_and_on_writes_again(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    for on, session in ((False, None), (True, "Busy/InACall")):
        bridge.decisions.policy = replace(bridge.decisions.policy, account=Form(integration=on))
        await bridge.store.demand(ADA)
        await bridge.work()
        assert bridge.shown(ADA) == session


# -- Zoom is asked -------------------------------------------------------------------------------


async def test_a_new_link_asks_zoom_once(asking: Bridge) -> None:
    zoom_says(asking, ADA, Z.PRESENTING)
    await asking.connect(ADA)
    await asking.work()
    assert asking.shown(ADA) == "DoNotDisturb/Presenting"
    assert asking.zoom is not None
    assert asking.zoom.asked == [f"z{ADA}"]


async def test_an_old_state_is_asked_for_again(asking: Bridge) -> None:
    zoom_says(asking, ADA, Z.AVAILABLE)
    await asking.connect(ADA, Z.IN_MEETING)
    await asking.work()
    assert asking.shown(ADA) == "Busy/InACall"
    await asking.pass_time(ADA, 62 * 60)
    await asking.work()
    assert asking.shown(ADA) == "Available/Available"


@pytest.mark.parametrize("answer", [RetryLater("x"), AdminMustAct("x"), None])
async def test_a_zoom_that_gives_no_answer_is_asked_again_after_a_while(
    asking: Bridge, answer: Exception | None
) -> None:
    zoom_says(asking, ADA, answer)
    await asking.connect(ADA)
    await asking.work()
    assert asking.graph.count() == 0
    due = await asking.due_in(ADA)
    assert due is not None
    assert 4 * 60 < due <= 5 * 60


async def test_whoever_zoom_does_not_know_is_offline(asking: Bridge) -> None:
    zoom_says(asking, ADA, Z.IN_MEETING)
    await asking.connect(ADA)
    await asking.work()
    zoom_says(asking, ADA, PersonGone("x"))
    for _ in range(2):
        await asking.pass_time(ADA, 31 * 60)
        await asking.work()
    assert asking.shown(ADA) is None


async def test_an_event_that_came_while_zoom_was_asked_wins(asking: Bridge) -> None:
    assert asking.zoom is not None
    asking.zoom.meanwhile = lambda: asking.say(ADA, Z.PRESENTING, ago_ms=-1000)
    zoom_says(asking, ADA, Z.AVAILABLE)
    await asking.connect(ADA)
    await asking.work()
    assert asking.shown(ADA) == "DoNotDisturb/Presenting"


async def test_whoever_leaves_while_zoom_is_asked_is_asked_once(asking: Bridge) -> None:
    assert asking.zoom is not None
    asking.zoom.meanwhile = lambda: leave(asking)
    zoom_says(asking, ADA, Z.AVAILABLE)
    await asking.connect(ADA)
    with capture_logs() as logs:
        await asking.work()
    assert asking.zoom.asked == [f"z{ADA}"]
    assert [line["event"] for line in logs] == ["link_erased"]
    assert await nothing_left(asking)


# -- failures of Graph ---------------------------------------------------------------------------


async def test_a_refused_token_is_replaced_once(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    bridge.graph.faults.append(Fault(401))
    await bridge.work()
    assert [request.status for request in bridge.graph.requests] == [401, 200]
    assert [request.token for request in bridge.graph.requests] == [f"{ADA}.0", f"{ADA}.1"]
    assert bridge.shown(ADA) == "Busy/InACall"
    await bridge.say(ADA, Z.OFFLINE)
    await bridge.work()
    assert bridge.graph.requests[-1].token == f"{ADA}.1"


@pytest.mark.parametrize("how", ["revoked", "401 for ever", "403"])
async def test_a_revoked_authorisation_is_told_once_and_then_graph_is_left_alone(
    bridge: Bridge, how: str
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    if how == "revoked":
        bridge.login.revoked.add(ADA)
    elif how == "403":
        bridge.graph.faults.append(Fault(403))
    else:
        bridge.graph.faults.extend([Fault(401), Fault(401)])
    await bridge.work()
    sent = bridge.graph.count()
    for presence in (Z.AVAILABLE, Z.PRESENTING, Z.OFFLINE):
        await bridge.say(ADA, presence)
        await bridge.work()
    assert [oid for oid, _ in bridge.chat.told] == [ADA]
    assert bridge.graph.count() == sent
    assert await bridge.due_in(ADA) is None
    assert (await bridge.state(ADA)).trouble == "authorize"

    bridge.login.revoked.clear()
    await bridge.connect(ADA, Z.PRESENTING)
    await bridge.work()
    assert bridge.shown(ADA) == "DoNotDisturb/Presenting"
    assert (await bridge.state(ADA)).trouble is None


async def test_an_old_authorisation_that_fails_while_they_connect_anew_is_not_told(
    bridge: Bridge,
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    [claim] = await bridge.due()
    bridge.graph.faults.append(Fault(kind="stall"))
    attending = asyncio.create_task(bridge.attendant.attend(claim))
    await bridge.graph.until(lambda: bridge.graph.stalled == 1)
    bridge.login.revoked.add(ADA)
    await bridge.connect(ADA)
    bridge.graph.tokens[f"{ADA}.0"] = BEN  # Graph answers 403
    bridge.graph.release()
    await attending
    assert bridge.counts.writes == {("set", "reauthorize"): 1}
    assert bridge.chat.told == []
    assert (await bridge.state(ADA)).trouble is None
    bridge.login.revoked.clear()
    bridge.login.grant(ADA)
    await bridge.work()
    assert bridge.shown(ADA) == "Busy/InACall"


async def test_a_throttled_tenant_waits_as_a_whole(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.connect(BEN, Z.IN_MEETING)
    [first, second] = await bridge.due()
    bridge.graph.faults.append(Fault(429, {"Retry-After": "20"}))
    await bridge.attendant.attend(first)
    await bridge.attendant.attend(second)
    assert bridge.graph.count() == 1
    for oid in (ADA, BEN):
        due = await bridge.due_in(oid)
        assert due is not None
        assert 18 < due <= 21
        assert (await bridge.state(oid)).tries == 0, "nobody is parked for it"
    assert bridge.counts.writes == {("set", "throttled"): 1}


async def test_a_throttled_look_pauses_everyone_too(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.AVAILABLE)
    await bridge.work()
    bridge.graph.faults.append(Fault(429, {"Retry-After": "20"}))
    explanation = await bridge.engine.explain(ADA)
    assert explanation is not None
    assert explanation.shown_error == "graph_throttled"
    assert not (await bridge.quota.take()).granted


@pytest.mark.parametrize(
    "fault",
    [
        Fault(503),
        Fault(500),
        Fault(kind="reset"),
        Fault(503, {"Retry-After": "1"}),
    ],
    ids=str,
)
async def test_a_temporary_failure_delays_one_person_longer_and_longer(
    bridge: Bridge, fault: Fault
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.connect(BEN, Z.IN_MEETING)
    bridge.graph.faults.extend([replace(fault, person=ADA)] * 3)
    expected = [2, 4, 8]
    for tries, seconds in enumerate(expected, start=1):
        await bridge.work()
        due = await bridge.due_in(ADA)
        assert due is not None
        assert seconds - 1 < due <= seconds
        state = await bridge.state(ADA)
        assert (state.tries, state.held and state.held.sure) == (tries, False)
        await bridge.pass_time(ADA, due + 0.1)
    assert bridge.shown(BEN) == "Busy/InACall"
    await bridge.work()
    assert bridge.shown(ADA) == "Busy/InACall"
    state = await bridge.state(ADA)
    assert (state.tries, state.trouble, state.wait_ms) == (0, None, None)
    assert max(bridge.counts.latencies) > sum(expected), "the whole wait is measured"


async def test_retry_after_is_kept_and_waiting_has_a_limit(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    bridge.graph.faults.append(Fault(503, {"Retry-After": "90"}))
    await bridge.work()
    assert 88 < (await bridge.due_in(ADA) or 0) <= 90
    await bridge.redis.hset(keys.person(ADA), "tries", 1000)
    await bridge.pass_time(ADA, 91)
    bridge.graph.faults.append(Fault(503))
    await bridge.work()
    assert 290 < (await bridge.due_in(ADA) or 0) <= LONGEST_RETRY_MS / 1000


async def test_a_state_that_changed_while_waiting_is_written_not_the_old_one(
    bridge: Bridge,
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    bridge.graph.faults.append(Fault(503))
    await bridge.work()
    await bridge.say(ADA, Z.PRESENTING)
    assert (await bridge.due_in(ADA) or 0) > 0.5, "an event does not end the wait"
    await bridge.pass_time(ADA, 3)
    await bridge.work()
    assert [request.status for request in bridge.graph.requests] == [503, 200]
    assert bridge.shown(ADA) == "DoNotDisturb/Presenting"


@pytest.mark.parametrize("status", [400, 404])
async def test_a_request_that_cannot_succeed_parks_the_person_until_something_happens(
    bridge: Bridge, status: int
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    bridge.graph.faults.append(Fault(status))
    with capture_logs() as logs:
        await bridge.work()
    assert "person_parked" in [line["event"] for line in logs]
    assert await bridge.due_in(ADA) is None
    assert (await bridge.state(ADA)).trouble in {"graph_404", "graph_refused"}
    await bridge.say(ADA, Z.PRESENTING)
    await bridge.work()
    assert bridge.shown(ADA) == "DoNotDisturb/Presenting"
    assert (await bridge.state(ADA)).trouble is None


async def test_what_an_admin_must_mend_is_tried_again_after_a_while(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.redis.set(keys.tokens(ADA), f"{(await bridge.state(ADA)).generation}:rubbish")
    await bridge.work()
    assert 14 * 60 < (await bridge.due_in(ADA) or 0) <= 15 * 60
    assert (await bridge.state(ADA)).trouble == "tokens_unreadable"


async def test_whoever_has_to_wait_for_quota_is_planned_anew(redis: Client, graph: Graph) -> None:
    async with running_bridge(redis, graph, limit=1) as bridge:
        await bridge.connect(ADA, Z.IN_MEETING)
        await bridge.work()
        await bridge.say(ADA, Z.AVAILABLE)
        await bridge.work()
        assert graph.count() == 1
        assert 28 < (await bridge.due_in(ADA) or 0) <= 31
        held = (await bridge.state(ADA)).held
        assert held is not None
        assert held.sure, "nothing was sent, so nothing is in doubt"
        await bridge.say(ADA, Z.ON_PHONE_CALL)
        await bridge.work()
        assert graph.count() == 1
        assert (await bridge.due_in(ADA) or 0) > 60, "Microsoft shows it already"


# -- crashes -------------------------------------------------------------------------------------


async def die_during(bridge: Bridge, action: str) -> None:
    """A worker dies after Graph got the request and before it could say so."""
    [claim] = await bridge.due()
    bridge.graph.faults.append(Fault(kind="stall", action=action))
    attending = asyncio.create_task(bridge.attendant.attend(claim))
    await bridge.graph.until(lambda: bridge.graph.stalled == 1)
    attending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attending
    bridge.graph.release()
    await bridge.graph.until(lambda: bridge.graph.count(action) > 0)
    await end_lease(bridge.redis)


async def test_a_write_without_an_acknowledgement_is_written_again(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await die_during(bridge, SET)
    assert (await bridge.state(ADA)).held is not None
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
        await bridge.attendant.attend(slow)
    assert bridge.graph.count() == sent
    assert [line["event"] for line in logs] == ["engine_lease_lost"]
    await bridge.attendant.attend(owner)
    assert bridge.shown(ADA) is None


async def test_a_lease_is_renewed_while_graph_is_slow(redis: Client, graph: Graph) -> None:
    async with running_bridge(redis, graph, lease_ms=90) as bridge:
        await bridge.connect(ADA, Z.IN_MEETING)
        [claim] = await bridge.due()
        graph.faults.append(Fault(kind="stall"))
        attending = asyncio.create_task(bridge.attendant.attend(claim))
        await graph.until(lambda: graph.stalled == 1)
        until = await bridge.store.now_ms() + 250
        while await bridge.store.now_ms() < until:
            assert await bridge.due() == [], "nobody else may take them"
            await asyncio.sleep(0.005)
        graph.release()
        await attending
        assert graph.overlaps == 0
        assert bridge.shown(ADA) == "Busy/InACall"


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


# -- leaving -------------------------------------------------------------------------------------


async def leave(bridge: Bridge) -> None:
    await bridge.store.demand(ADA, Lane.TURN, {"leaving": 1, "wait": ""})


async def nothing_left(bridge: Bridge) -> bool:
    """Whether no key of a person is left (the quota and locks end by themselves)."""
    return [key for key in await bridge.redis.keys("*") if await bridge.redis.ttl(key) == -1] == []


async def test_whoever_leaves_is_cleared_and_erased(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    await leave(bridge)
    await bridge.work()
    assert bridge.shown(ADA) is None
    assert await nothing_left(bridge)


async def test_whoever_leaves_without_a_session_costs_no_request(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.OFFLINE)
    await bridge.work()
    await leave(bridge)
    await bridge.work()
    assert bridge.graph.count() == 0
    assert await nothing_left(bridge)


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
        bridge.graph.faults.append(Fault(400, action=CLEAR))
    await leave(bridge)
    await bridge.work()
    assert await nothing_left(bridge)
    assert bridge.chat.told == []


async def test_whoever_leaves_while_graph_is_down_is_erased_when_it_is_back(
    bridge: Bridge,
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    bridge.graph.faults.extend([Fault(503)] * 2)
    await leave(bridge)
    for _ in range(2):
        await bridge.work()
        assert (await bridge.state(ADA)).leaving
        await bridge.pass_time(ADA, (await bridge.due_in(ADA) or 0) + 0.1)
    await bridge.work()
    assert bridge.shown(ADA) is None
    assert await nothing_left(bridge)


async def test_whoever_leaves_is_erased_at_the_latest_when_their_session_has_ended(
    bridge: Bridge,
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    bridge.graph.faults.append(Fault(503, {"Retry-After": "300"}))
    await leave(bridge)
    await bridge.work()
    await bridge.pass_time(ADA, 61 * MINUTE / 1000)
    await bridge.work()
    assert await nothing_left(bridge)
    assert bridge.graph.count(CLEAR) == 1


async def test_whoever_connects_while_leaving_stays_and_is_written_again(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    await leave(bridge)
    [claim] = await bridge.due()
    bridge.graph.faults.append(Fault(kind="stall", action=CLEAR))
    attending = asyncio.create_task(bridge.attendant.attend(claim))
    await bridge.graph.until(lambda: bridge.graph.stalled == 1)
    await bridge.connect(ADA)
    bridge.graph.tokens[f"{ADA}.0"] = ADA
    bridge.graph.release()
    await attending
    assert bridge.shown(ADA) is None
    await bridge.work()
    assert bridge.shown(ADA) == "Busy/InACall"
    assert not (await bridge.state(ADA)).leaving
