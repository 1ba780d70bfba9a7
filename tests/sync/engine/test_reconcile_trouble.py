"""Reconciling one person when Graph or the authorisation fails."""

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from domain.budget import Limits
from domain.person import Accepted
from domain.plan import LOOK_AGAIN_MS
from domain.presence import IN_A_CALL, PRESENTING, Style, ZoomPresence, demand_of
from domain.setback import LONGEST_RETRY_MS, MOST_REFUSALS, MOST_TRIES
from domain.step import Lane
from sync.engine.gate import FEWEST, LONGEST_S
from sync.redis import keys
from sync.redis.connection import Client
from tests.doubles.engine import Bridge, running_bridge
from tests.doubles.graph import CLEAR, LOOK, PREFER, Fault, Graph
from tests.doubles.people import ADA, BEN, person

Z = ZoomPresence


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


@pytest.mark.parametrize("how", ["revoked", "401 for ever"])
async def test_a_revoked_authorisation_is_told_once_and_then_graph_is_left_alone(
    bridge: Bridge, how: str
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    if how == "revoked":
        bridge.login.revoked.add(ADA)
    else:
        bridge.graph.faults.extend([Fault(401), Fault(401)])
    await bridge.work()
    sent = bridge.graph.count()
    for presence in (Z.AVAILABLE, Z.PRESENTING, Z.OFFLINE):
        await bridge.say(ADA, presence)
        await bridge.work()
        await bridge.notifier.round()
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
    reconciling = asyncio.create_task(bridge.reconciler.reconcile(claim))
    await bridge.graph.until(lambda: bridge.graph.stalled == 1)
    bridge.login.revoked.add(ADA)
    await bridge.connect(ADA)
    del bridge.graph.tokens[f"{ADA}.0"]  # Graph answers 401
    bridge.graph.release()
    await reconciling
    assert bridge.counts.writes == {("set", "reauthorize"): 1}
    await bridge.notifier.round()
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
    await bridge.reconciler.reconcile(first)
    await bridge.reconciler.reconcile(second)
    assert bridge.graph.count() == 1
    for oid in (ADA, BEN):
        due = await bridge.due_in(oid)
        assert due is not None
        assert 18 < due <= 21
        assert (await bridge.state(oid)).tries == 0, "nobody is parked for it"
    assert bridge.counts.writes == {("set", "throttled"): 1}


async def test_what_failed_last_is_known_also_when_it_is_over(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    bridge.graph.faults.append(Fault(429, {"Retry-After": "20"}))
    await bridge.work()
    assert (await bridge.state(ADA)).failed_ms is None, "it was no answer to them"
    bridge.graph.faults.clear()
    await bridge.connect(BEN, Z.IN_MEETING)
    await bridge.redis.delete(keys.QUOTA_PAUSE)
    bridge.graph.faults.append(Fault(404))
    await bridge.work()
    state = await bridge.state(BEN)
    assert (state.trouble, state.failed_code) == ("later", "graph_404")
    await bridge.redis.hdel(keys.person(BEN), "wait")
    await bridge.say(BEN, Z.PRESENTING)
    await bridge.work()
    state = await bridge.state(BEN)
    assert (state.trouble, state.failed_code) == (None, "graph_404")
    assert state.failed_ms is not None
    assert state.wrote_ms is not None
    assert state.failed_ms <= state.wrote_ms


async def test_a_throttled_look_pauses_everyone_too(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.AVAILABLE)
    await bridge.work()
    bridge.graph.faults.append(Fault(429, {"Retry-After": "20"}))
    explanation = await bridge.engine.explain(ADA)
    assert explanation is not None
    assert explanation.shown_error == "graph_throttled"
    assert not (await bridge.quota.take(Lane.URGENT)).granted


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


async def parked(bridge: Bridge) -> dict[str, str]:
    """Who is parked, and why."""
    return {person.object_id: person.reason.value async for person in bridge.store.parked()}


@pytest.mark.parametrize(
    ("status", "trouble"), [(400, "refused"), (404, "gone"), (403, "forbidden")]
)
async def test_a_request_that_cannot_succeed_parks_the_person_until_something_happens(
    bridge: Bridge, status: int, trouble: str
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    tries = MOST_REFUSALS + (status == 403)  # once more with a new token
    bridge.graph.faults.extend([Fault(status)] * tries)
    with capture_logs() as logs:
        for _ in range(MOST_REFUSALS):
            await bridge.work()
            await bridge.pass_time(ADA, 10)
    await bridge.notifier.round()
    assert bridge.chat.told == [], "connecting again would not mend it"
    assert bridge.graph.count() == tries
    assert "person_parked" in [line["event"] for line in logs]
    assert await bridge.due_in(ADA) is None
    assert (await bridge.state(ADA)).trouble == trouble
    assert await parked(bridge) == {ADA: trouble}
    await bridge.say(ADA, Z.PRESENTING)
    await bridge.work()
    assert bridge.shown(ADA) == "DoNotDisturb/Presenting"
    assert (await bridge.state(ADA)).trouble is None
    assert await parked(bridge) == {}


async def test_a_token_older_than_a_grant_is_replaced_before_a_403_counts(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    bridge.graph.faults.append(Fault(403))
    await bridge.work()
    assert [r.token for r in bridge.graph.requests] == [f"{ADA}.0", f"{ADA}.1"]
    assert bridge.shown(ADA) == "Busy/InACall"
    assert (await bridge.state(ADA)).trouble is None


async def test_a_403_behind_which_a_consent_was_withdrawn_is_for_the_person(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    bridge.graph.faults.append(Fault(403))
    bridge.login.revoked.add(ADA)
    await bridge.say(ADA, Z.PRESENTING)
    await bridge.work()
    assert (await bridge.state(ADA)).trouble == "authorize"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(403, action=LOOK),
        Fault(401, action=LOOK),
        Fault(404, action=LOOK),
        Fault(400, action=LOOK),
        Fault(200, body=b"{}", action=LOOK),
        Fault(200, body=b'{"availability": null, "activity": null}', action=LOOK),
        Fault(200, body=b'{"availability": "New", "activity": "Newer"}', action=LOOK),
    ],
    ids=str,
)
@pytest.mark.parametrize("full", [False, True])
async def test_a_look_that_says_nothing_stops_no_write_and_parks_nobody(
    bridge: Bridge, fault: Fault, *, full: bool
) -> None:
    if full:
        bridge.full()
    await bridge.connect(ADA, Z.DO_NOT_DISTURB)
    bridge.graph.faults.extend([fault] * 20)
    await bridge.work()
    assert bridge.shown(ADA) == "DoNotDisturb/Presenting"
    assert bridge.graph.preferred == {}, "the person's own slot is left alone"
    explanation = await bridge.engine.explain(ADA)
    assert explanation is not None
    assert explanation.shown is None or not explanation.shown.known
    state = await bridge.state(ADA)
    assert (state.trouble, state.tries) == (None, 0)
    await bridge.say(ADA, Z.OFFLINE)
    await bridge.work()
    assert bridge.shown(ADA) is None


@pytest.mark.parametrize(
    "fault",
    [Fault(503, action=LOOK), Fault(200, body=b'{"availability": "Av', action=LOOK)],
    ids=str,
)
async def test_a_look_that_microsoft_does_not_answer_stops_a_write_for_seconds(
    bridge: Bridge, fault: Fault
) -> None:
    await bridge.connect(ADA, Z.BUSY)
    bridge.graph.faults.extend([fault] * 10)
    for _ in range(3):
        assert bridge.shown(ADA) is None
        await bridge.work()
        await bridge.pass_time(ADA, 10)
    assert bridge.shown(ADA) == "Busy/InACall"
    assert (await bridge.state(ADA)).trouble is None


async def test_full_shows_zooms_label_again_once_microsoft_can_be_read(bridge: Bridge) -> None:
    bridge.full()
    await bridge.connect(ADA, Z.DO_NOT_DISTURB)
    bridge.graph.faults.append(Fault(200, body=b"{", action=LOOK))
    await bridge.work()
    assert bridge.shown(ADA) is None
    await bridge.pass_time(ADA, 3)
    await bridge.work()
    assert bridge.shown(ADA) == "Away/Away"
    assert bridge.graph.preferred == {ADA: "DoNotDisturb/DoNotDisturb"}


@pytest.mark.parametrize("says", [Z.DO_NOT_DISTURB, Z.BUSY, Z.IN_CALENDAR_EVENT])
async def test_full_looks_again_soon_where_it_could_not_see(bridge: Bridge, says: Z) -> None:
    bridge.full()
    await bridge.connect(ADA, says)
    bridge.graph.faults.append(Fault(403, action=LOOK))
    await bridge.work()
    assert bridge.graph.preferred == {}
    assert 0 < (await bridge.due_in(ADA) or 0) <= LOOK_AGAIN_MS / 1000
    await bridge.pass_time(ADA, LOOK_AGAIN_MS / 1000)
    await bridge.work()
    wanted = demand_of(says, Style.FULL)
    assert bridge.shown(ADA) == str(wanted.session)
    assert bridge.graph.preferred == {ADA: str(wanted.preferred)}


async def test_a_preferred_status_that_can_not_be_seen_ends_by_itself(bridge: Bridge) -> None:
    bridge.full()
    await bridge.connect(ADA, Z.DO_NOT_DISTURB)
    await bridge.work()
    assert bridge.graph.preferred == {ADA: "DoNotDisturb/DoNotDisturb"}
    bridge.graph.faults.extend([Fault(403, action=LOOK)] * 4)
    await bridge.say(ADA, Z.OFFLINE)
    await bridge.work()
    assert bridge.graph.preferred == {ADA: "DoNotDisturb/DoNotDisturb"}, "it may be theirs by now"
    assert bridge.shown(ADA) == "Away/Away", "without a session they would show as Offline"
    assert 0 < (await bridge.due_in(ADA) or 0) <= LOOK_AGAIN_MS / 1000
    bridge.graph.faults.clear()
    await bridge.pass_time(ADA, LOOK_AGAIN_MS / 1000)
    await bridge.work()
    assert (bridge.graph.preferred, bridge.shown(ADA)) == ({}, None)


async def held(bridge: Bridge) -> Accepted | None:
    """What Microsoft accepted last of Ada's session."""
    session = (await bridge.state(ADA)).held
    return None if session is None else session.accepted


async def test_what_microsoft_accepted_is_known_beside_what_is_attempted(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    accepted = await held(bridge)
    assert accepted is not None
    assert accepted.pair == IN_A_CALL
    bridge.graph.faults.extend([Fault(503)] * 4)
    await bridge.say(ADA, Z.PRESENTING)
    for _ in range(3):
        await bridge.work()
        state = await bridge.state(ADA)
        assert state.held is not None
        assert state.held.pair == PRESENTING
        assert state.held.accepted == accepted, "what was accepted is known through every try"
        await bridge.pass_time(ADA, 10)
    await bridge.say(ADA, Z.OFFLINE)
    await bridge.work()
    assert bridge.graph.asked()[-1].action == CLEAR
    assert await held(bridge) == accepted, "and through a try to end it"
    await bridge.pass_time(ADA, 60)
    await bridge.work()
    assert (await bridge.state(ADA)).held is None


@pytest.mark.parametrize("fault", [Fault(s) for s in (400, 401, 403, 404, 429, 503)], ids=str)
async def test_nothing_counts_as_accepted_that_was_not(bridge: Bridge, fault: Fault) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    bridge.graph.faults.extend([fault] * 2)
    await bridge.work()
    state = await bridge.state(ADA)
    assert await held(bridge) is None
    unheard = fault.status in {404, 429, 503}
    assert (state.held is not None) is unheard, "what was refused outright has changed nothing"


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_refusal_leaves_what_was_accepted(bridge: Bridge, status: int) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    before = (await bridge.state(ADA)).held
    bridge.graph.faults.extend([Fault(status)] * 10)
    await bridge.say(ADA, Z.PRESENTING)
    await bridge.work()
    assert (await bridge.state(ADA)).held == before
    await bridge.say(ADA, Z.OFFLINE)
    await bridge.pass_time(ADA, 5)
    await bridge.work()
    after = (await bridge.state(ADA)).held
    assert after is not None
    assert (after.pair, after.sure) == (IN_A_CALL, True), "nor is it cleared"


async def test_a_refused_preferred_status_is_not_taken_back_later(bridge: Bridge) -> None:
    bridge.full()
    await bridge.connect(ADA, Z.BUSY)
    bridge.graph.faults.extend([Fault(403, action=PREFER)] * 4)
    await bridge.work()
    assert (await bridge.state(ADA)).preferred is None
    assert bridge.graph.count(PREFER) == 2


async def test_what_was_accepted_is_known_after_a_worker_died(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    accepted = await held(bridge)
    for _ in range(2):
        await bridge.store.demand(ADA)
        await bridge.due()  # and nobody gives them back
        await bridge.pass_time(ADA, 20)
    [claim] = await bridge.due()
    assert claim.state.held is not None
    assert not claim.state.held.sure
    assert claim.state.held.accepted is not None
    assert accepted is not None
    assert claim.state.held.accepted.pair == accepted.pair


async def test_an_admin_may_have_it_tried_again(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    bridge.graph.faults.extend([Fault(404)] * MOST_REFUSALS)
    for _ in range(MOST_REFUSALS):
        await bridge.work()
        await bridge.pass_time(ADA, 10)
    assert (await bridge.store.counts()).parked["gone"] == 1
    assert await bridge.engine.revive(ADA)
    await bridge.work()
    assert bridge.shown(ADA) == "Busy/InACall"
    assert (await bridge.store.counts()).parked["gone"] == 0
    assert not await bridge.engine.revive(BEN)


async def test_whoever_fails_alone_is_parked(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.connect(BEN, Z.IN_MEETING)
    bridge.graph.faults.append(Fault(500, person=ADA))
    await bridge.work()
    await bridge.redis.hset(keys.person(ADA), "tries", MOST_TRIES - 1)
    await bridge.say(BEN, Z.PRESENTING)
    await bridge.work()
    bridge.graph.faults.append(Fault(500, person=ADA))
    await bridge.pass_time(ADA, 10)
    await bridge.work()
    assert await parked(bridge) == {ADA: "failing"}
    assert await bridge.due_in(ADA) is None


async def test_when_graph_fails_for_many_one_request_at_a_time_tries_how_it_is(
    bridge: Bridge,
) -> None:
    people = [person(number) for number in range(10, 30)]
    for oid in people:
        await bridge.connect(oid, Z.IN_MEETING)
    bridge.graph.faults.extend([Fault(503)] * 100)
    with capture_logs() as logs:
        for claim in await bridge.due():
            await bridge.reconciler.reconcile(claim)
    assert bridge.graph.count() == FEWEST
    assert bridge.counts.outages == [True]
    assert "graph_away" in [line["event"] for line in logs]
    states = [await bridge.state(oid) for oid in people]
    blamed = [state for state in states if state.tries or state.trouble]
    assert len(blamed) == FEWEST, "nobody else is blamed for it"
    for oid in people:
        assert 0 < (await bridge.due_in(oid) or 0) <= LONGEST_S


async def test_what_an_admin_must_mend_is_tried_again_after_a_while(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.redis.set(keys.tokens(ADA), f"{(await bridge.state(ADA)).generation}:rubbish")
    await bridge.work()
    assert 14 * 60 < (await bridge.due_in(ADA) or 0) <= 15 * 60
    state = await bridge.state(ADA)
    assert (state.trouble, state.trouble_code) == ("admin", "tokens_unreadable")


async def test_whoever_has_to_wait_for_quota_is_planned_anew(redis: Client, graph: Graph) -> None:
    async with running_bridge(redis, graph, limits=Limits.of(1)) as bridge:
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
