"""The engine's front: what Zoom says in, what people ask, how a link ends."""

import asyncio

import pytest
from structlog.testing import capture_logs

from domain.budget import Limits
from domain.explanation import SLOW, TOO_OFTEN
from domain.link import Ending
from domain.policy import FOREVER, Personal
from domain.presence import IN_A_CALL, Observation, Shown, Style, ZoomPresence
from domain.readback import Reading
from domain.step import Do, Why
from sync.engine.engine import Busy, Chosen, Engine
from sync.engine.explanation import MOST_ADMITTED
from sync.engine.patience import Patience
from sync.redis import keys
from sync.redis.connection import Client
from tests.doubles.engine import Bridge, Zoom, running_bridge
from tests.doubles.graph import CLEAR, LOOK, SET, Fault, Graph
from tests.doubles.people import ADA, BEN, person

Z = ZoomPresence


# -- Zoom's side ---------------------------------------------------------------------------------


async def test_an_event_finds_its_person_by_id_or_address(bridge: Bridge) -> None:
    await bridge.connect(ADA)
    at = await bridge.store.now_ms()
    take = bridge.engine.take_event
    for zoom_id, address, outcome in (
        (f"z{ADA}", None, "accepted"),
        (f"z{ADA}", f"{ADA}@example.com", "accepted"),
        (f"z{ADA}", "nobody@example.com", "unproven"),
        (None, f"{ADA}@example.com", "unproven"),
        ("unknown", f"{ADA}@example.com", "not_connected"),
        ("unknown", "nobody@example.com", "not_connected"),
    ):
        at += 1
        observation = Observation(Z.BUSY, at)
        assert await take(zoom_id=zoom_id, address=address, observation=observation) == outcome


async def test_nothing_of_strangers_is_stored_or_logged(bridge: Bridge) -> None:
    with capture_logs() as logs:
        assert await bridge.say(BEN, Z.IN_MEETING) == "not_connected"
        await bridge.engine.zoom_user_gone(zoom_id="zBen", address="ben@example.com", at_ms=1)
    assert logs == []
    assert await bridge.redis.keys("*") == []


async def test_a_user_who_is_gone_from_zoom_is_cleared_and_erased(bridge: Bridge) -> None:
    for oid in (ADA, BEN):
        await bridge.connect(oid, Z.IN_MEETING)
    await bridge.work()
    at_ms = await bridge.store.now_ms()
    outcome = await bridge.engine.zoom_user_gone(zoom_id=f"z{ADA}", address=None, at_ms=at_ms)
    assert outcome == "accepted"
    await bridge.work()
    assert (bridge.shown(ADA), bridge.shown(BEN)) == (None, "Busy/InACall")
    assert not await bridge.engine.is_connected(ADA)
    assert await bridge.engine.is_connected(BEN)


async def test_when_the_zoom_app_is_removed_every_link_ends(bridge: Bridge) -> None:
    for number in range(1, 12):
        await bridge.connect(person(number), Z.IN_MEETING)
    await bridge.work()
    await bridge.departures.step()  # looks for who has left, as it does every day
    assert await bridge.engine.zoom_app_removed(await bridge.store.now_ms()) == "accepted"
    late = await bridge.connect(BEN, Z.IN_MEETING)
    with capture_logs() as logs:
        await bridge.departures.step()
    assert [(line["event"], line["people"]) for line in logs] == [("link_zoom_app_removed", 10)]
    await bridge.work()
    assert bridge.graph.sessions == {BEN: "Busy/InACall"}, "who connects later stays"
    await bridge.store.erase(BEN, late)
    assert await bridge.lasting_keys() == []


# -- disconnecting -------------------------------------------------------------------------------


async def test_disconnecting_clears_and_leaves_nothing(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    assert await bridge.engine.disconnect(ADA) == Ending("cleared")
    assert bridge.shown(ADA) is None
    assert await bridge.lasting_keys() == []
    assert await bridge.engine.disconnect(ADA) is None


async def test_disconnecting_before_anything_happened_costs_no_request(bridge: Bridge) -> None:
    await bridge.connect(ADA)
    assert await bridge.engine.disconnect(ADA) == Ending("cleared")
    assert bridge.graph.count() == 0
    assert await bridge.lasting_keys() == []


async def test_disconnecting_while_graph_is_down_ends_later(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    bridge.graph.faults.append(Fault(503))
    held = (await bridge.state(ADA)).held
    assert held is not None
    ending = await bridge.engine.disconnect(ADA)
    assert ending is not None
    assert ending.how == "later"
    assert abs((ending.until_ms or 0) - held.until_ms) < 1000
    assert await bridge.engine.leaving(ADA) is not None
    assert not await bridge.engine.is_connected(ADA), "for everybody else they have left"
    assert await bridge.say(ADA, Z.PRESENTING) == "not_connected"
    await bridge.pass_time(ADA, 5)
    await bridge.work()
    assert bridge.shown(ADA) is None
    assert await bridge.lasting_keys() == []
    assert await bridge.engine.leaving(ADA) is None


CLEARING_NEEDS = {"gen", "ver", "leaving", "lane", "wait", "need", "pol"}
CLEARING_NEEDS |= {"held", "told", "until", "unsure", "tries", "trouble", "trouble_at", "code"}


async def test_until_graph_is_back_only_what_clearing_needs_is_kept(
    bridge: Bridge, redis: Client
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    await bridge.engine.choose(ADA, Personal(style=Style.BUSY_ONLY))
    bridge.graph.faults += [Fault(503)] * 3
    ending = await bridge.engine.disconnect(ADA)
    assert ending is not None
    assert ending.how == "later"
    row = await redis.hgetall(keys.person(ADA))
    assert set(row) <= CLEARING_NEEDS
    assert await bridge.store.link(ADA) is None
    assert [key for key in await redis.keys("*") if "{z:" in key] == []
    # The tokens end by themselves, even if no worker ever comes back, and a refresh does not help.
    assert 0 < await redis.pttl(keys.tokens(ADA)) <= 3_600_000
    generation = int(row["gen"])
    assert await bridge.store.save_tokens(ADA, generation, "refreshed")
    assert 0 < await redis.pttl(keys.tokens(ADA)) <= 3_600_000
    await bridge.pass_time(ADA, 5)
    await bridge.work()
    again = await bridge.engine.leaving(ADA)
    assert again is not None
    assert abs((again.until_ms or 0) - (ending.until_ms or 0)) < 1000, "the promise is kept"


async def test_when_the_tokens_have_ended_the_rest_is_forgotten(
    bridge: Bridge, redis: Client
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    bridge.graph.faults.append(Fault(503))
    await bridge.engine.disconnect(ADA)
    bridge.tokens.forget(ADA)  # as after a restart
    await redis.delete(keys.tokens(ADA))
    await bridge.pass_time(ADA, 5)
    await bridge.work()
    assert await bridge.lasting_keys() == []


async def test_connecting_anew_while_leaving_is_a_whole_connection(
    bridge: Bridge, redis: Client
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    bridge.graph.faults.append(Fault(503))
    await bridge.engine.disconnect(ADA)
    await bridge.connect(ADA, Z.PRESENTING)
    assert await bridge.engine.leaving(ADA) is None
    assert await bridge.store.link(ADA) is not None
    assert await redis.ttl(keys.tokens(ADA)) == -1
    assert await bridge.say(ADA, Z.IN_MEETING) == "accepted"


async def test_disconnecting_without_a_working_authorisation_erases(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    bridge.login.revoked.add(ADA)
    bridge.tokens.forget(ADA)
    ending = await bridge.engine.disconnect(ADA)
    assert ending is not None
    assert ending.how == "expires"
    assert ending.until_ms is not None
    assert bridge.chat.told == []
    assert await bridge.lasting_keys() == []


async def test_disconnecting_during_a_wait_happens_at_once(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    bridge.graph.faults.append(Fault(503, {"Retry-After": "300"}))
    await bridge.work()
    assert await bridge.engine.disconnect(ADA) == Ending("cleared")
    assert bridge.graph.count(CLEAR) == 1, "the failed write may have arrived"
    assert await bridge.lasting_keys() == []


async def test_connecting_after_disconnecting_starts_from_nothing(bridge: Bridge) -> None:
    first = await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    await bridge.engine.disconnect(ADA)
    assert await bridge.connect(ADA) > first
    await bridge.work()
    assert (await bridge.state(ADA)).observation is None
    assert bridge.shown(ADA) is None


async def test_somebody_in_a_workers_hands_is_waited_for_but_not_for_ever(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    await bridge.store.demand(ADA)
    [claim] = await bridge.due()
    asked = asyncio.gather(
        bridge.engine.reconcile_now(ADA), bridge.engine.disconnect(ADA), return_exceptions=True
    )
    busy, ending = await asked
    assert isinstance(busy, Busy)
    assert isinstance(ending, Ending)
    assert ending.how == "later"
    await bridge.reconciler.reconcile(claim)
    await bridge.work()
    assert await bridge.lasting_keys() == []


async def test_somebody_in_a_workers_hands_is_reconciled_right_after(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    [claim] = await bridge.due()
    bridge.graph.faults.append(Fault(kind="stall"))
    working = asyncio.create_task(bridge.reconciler.reconcile(claim))
    await bridge.graph.until(lambda: bridge.graph.stalled == 1)
    leaving = asyncio.create_task(bridge.engine.disconnect(ADA))
    bridge.graph.release()
    await working
    assert await leaving == Ending("cleared")
    assert bridge.graph.overlaps == 0
    assert bridge.shown(ADA) is None
    assert await bridge.lasting_keys() == []


# -- Test it -------------------------------------------------------------------------------------


async def test_a_test_shows_in_a_call_and_then_what_zoom_says(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.AVAILABLE)
    await bridge.work()
    explanation = await bridge.engine.test(ADA)
    assert explanation is not None
    assert explanation.shown == Shown("Busy", "InACall")
    assert explanation.plan.why is Why.TEST
    assert 4.9 * 60 < (await bridge.due_in(ADA) or 0) <= 5 * 60
    await bridge.pass_time(ADA, 5 * 60 + 1)
    await bridge.work()
    assert bridge.shown(ADA) == "Available/Available"
    assert (await bridge.state(ADA)).test_until_ms is None


async def test_a_test_ends_when_zoom_says_something_new(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.AVAILABLE)
    await bridge.engine.test(ADA)
    await bridge.say(ADA, Z.PRESENTING)
    await bridge.work()
    assert bridge.shown(ADA) == "DoNotDisturb/Presenting"


async def test_whoever_is_not_connected_can_test_and_explain_nothing(bridge: Bridge) -> None:
    assert await bridge.engine.test(ADA) is None
    assert await bridge.engine.explain(ADA) is None
    await bridge.engine.reconcile_now(ADA)
    assert await bridge.redis.keys("*") == []


# -- explaining ----------------------------------------------------------------------------------


async def test_everything_is_explained(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    explanation = await bridge.engine.explain(ADA)
    assert explanation is not None
    assert explanation.link.object_id == ADA
    assert explanation.state == await bridge.state(ADA)
    assert explanation.state.held is not None
    assert explanation.state.held.pair == IN_A_CALL
    assert explanation.verdict.on
    assert (explanation.plan.do, explanation.plan.why) == (Do.NOTHING, Why.SHOWING)
    assert abs(explanation.now_ms - await bridge.store.now_ms()) < 5000
    assert (explanation.shown, explanation.shown_error) == (Shown("Busy", "InACall"), None)
    assert not explanation.can_ask


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(503), "graph_error"),
        (Fault(404), "graph_404"),
        (Fault(429), "graph_throttled"),
        (Fault(403), "graph_403"),
    ],
    ids=str,
)
async def test_an_explanation_says_why_microsoft_could_not_be_read(
    bridge: Bridge, fault: Fault, error: str
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    bridge.graph.faults.append(fault)
    explanation = await bridge.engine.explain(ADA)
    assert explanation is not None
    assert (explanation.shown, explanation.shown_error) == (None, error)


async def test_a_look_finds_out_that_the_authorisation_no_longer_works(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.OFFLINE)
    await bridge.work()
    bridge.login.revoked.add(ADA)
    explanation = await bridge.engine.explain(ADA)
    assert explanation is not None
    assert explanation.state.trouble == (await bridge.state(ADA)).trouble == "authorize"


async def test_an_old_authorisation_that_fails_in_a_look_is_not_held_against_a_new_link(
    bridge: Bridge,
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    bridge.graph.faults.append(Fault(kind="stall"))
    looking = asyncio.create_task(bridge.engine.explain(ADA))
    await bridge.graph.until(lambda: bridge.graph.stalled == 1)
    bridge.login.revoked.add(ADA)
    await bridge.connect(ADA)
    del bridge.graph.tokens[f"{ADA}.0"]  # Graph answers 401
    bridge.graph.release()
    explanation = await looking
    assert explanation is not None
    assert explanation.shown is None
    assert (await bridge.state(ADA)).trouble is None


async def test_explaining_takes_from_the_quota(redis: Client, graph: Graph) -> None:
    async with running_bridge(redis, graph, limits=Limits.of(1)) as bridge:
        await bridge.connect(ADA, Z.IN_MEETING)
        await bridge.work()
        explanation = await bridge.engine.explain(ADA)
        assert explanation is not None
        assert explanation.shown_error == "quota"


async def test_somebody_who_asks_too_often_costs_no_requests_in_any_process(
    bridge: Bridge,
) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    for _ in range(MOST_ADMITTED):
        explanation = await bridge.engine.explain(ADA)
        assert explanation is not None
        assert explanation.shown_error is None
    another = Engine(
        bridge.store,
        bridge.reconciler,
        bridge.decisions,
        prove=bridge.proving.hear,
        departures=bridge.departures,
    )
    for engine in (bridge.engine, another) * 10:
        explanation = await engine.explain(ADA)
        assert explanation is not None
        assert explanation.shown_error == TOO_OFTEN
        assert explanation.shown == Shown("Busy", "InACall"), "the last look, with its age"
        assert 0 <= explanation.now_ms - explanation.shown_ms < 5000
    assert bridge.graph.count(LOOK) == MOST_ADMITTED
    writes = bridge.graph.count()
    testing = await another.test(ADA)
    assert testing is not None
    assert testing.shown_error == TOO_OFTEN
    assert (await bridge.state(ADA)).test_until_ms is None
    assert bridge.graph.count() == writes
    await bridge.connect(BEN, Z.IN_MEETING)
    other = await bridge.engine.explain(BEN)
    assert other is not None
    assert other.shown_error is None, "it is each person's own"
    await bridge.redis.delete(keys.admitted(ADA))  # a minute has passed
    again = await bridge.engine.explain(ADA)
    assert again is not None
    assert again.shown_error is None


async def test_what_was_seen_lately_costs_no_request(bridge: Bridge) -> None:
    async def reading() -> Reading | None:
        return Reading(settle_ms=1_000, sweep_ms=5_000)

    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    now = await bridge.store.now_ms()
    row, watched = keys.person(ADA), keys.watched(keys.shard_of(ADA))
    await bridge.redis.hset(row, mapping={"told": now - 90_000, "wrote": now - 90_000})
    await bridge.redis.hset(
        row, mapping={"got": now - 90_000, "sight": f"Busy/Busy@{now - 70_000}"}
    )
    looks = bridge.graph.count(LOOK)
    await bridge.engine.explain(ADA)
    assert bridge.graph.count(LOOK) == looks + 1, "nobody reads"
    bridge.reconciler.reading = reading
    await bridge.engine.explain(ADA)
    assert bridge.graph.count(LOOK) == looks + 2, "it was seen more than a minute ago"
    await bridge.redis.zadd(watched, {ADA: now - 20_000})
    await bridge.engine.explain(ADA)
    assert bridge.graph.count(LOOK) == looks + 3, "the engine waits for a look"
    await bridge.redis.zadd(watched, {ADA: now - 15_000 + keys.ROUND})
    for _ in range(MOST_ADMITTED):  # it is never too often
        seen = await bridge.engine.explain(ADA)
        assert seen is not None
        assert (seen.shown, seen.shown_error) == (Shown("Busy", "Busy"), None)
        assert 20_000 <= seen.now_ms - seen.shown_ms < 25_000
    assert bridge.graph.count(LOOK) == looks + 3
    await bridge.redis.hset(row, "got", now)  # Zoom says something else meanwhile
    await bridge.redis.delete(keys.admitted(ADA))
    await bridge.engine.explain(ADA)
    assert bridge.graph.count(LOOK) == looks + 4


async def test_trying_everybody_again_counts_as_many_look_ups(bridge: Bridge) -> None:
    tried = [await bridge.engine.may_look_up(ADA, everybody=True) for _ in range(4)]
    assert tried == [True, True, True, False]
    assert not await bridge.engine.may_look_up(ADA)
    assert await bridge.engine.may_look_up(BEN)


async def test_what_was_seen_is_forgotten_with_the_link(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.engine.explain(ADA)
    assert await bridge.store.last_look(ADA) is not None
    await bridge.engine.disconnect(ADA)
    assert await bridge.store.last_look(ADA) is None


async def test_nobody_waits_for_a_look_that_hangs(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    bridge.graph.faults.append(Fault(kind="stall", action=LOOK))
    explanation = await bridge.engine.explain(ADA, Patience(0.05))
    assert explanation is not None
    assert (explanation.shown, explanation.shown_error) == (None, SLOW)
    assert explanation.state.held is not None
    bridge.graph.release()
    await bridge.engine.aclose()
    assert bridge.graph.count(LOOK) == 1


async def test_nobody_waits_for_a_write_that_hangs_and_it_is_finished(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.OFFLINE)
    await bridge.work()
    bridge.graph.faults.append(Fault(kind="stall", action=SET))
    testing = await bridge.engine.test(ADA, Patience(0.05))
    assert testing is not None
    assert testing.shown_error == SLOW
    held = testing.state.held
    assert held is None or held.accepted is None, "nothing is accepted yet"
    bridge.graph.release()
    await bridge.engine.aclose()
    assert bridge.shown(ADA) == "Busy/InACall"
    assert (await bridge.state(ADA)).trouble is None


async def test_nobody_waits_for_zoom_either(redis: Client, graph: Graph) -> None:
    zoom, answers = Zoom(), asyncio.Event()
    zoom.meanwhile = answers.wait
    async with running_bridge(redis, graph, zoom=zoom) as bridge:
        await bridge.connect(ADA)  # nothing is known: Zoom is asked
        bridge.zoom_would_say(ADA, Z.IN_MEETING)
        chosen = await bridge.engine.choose(ADA, Personal(), Patience(0.05))
        assert chosen == Chosen(None)
        answers.set()
        await bridge.engine.aclose()
        assert bridge.shown(ADA) == "Busy/InACall"


async def test_a_choice_made_too_often_is_kept_and_takes_effect_later(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    writes, now = bridge.graph.count(), await bridge.store.now_ms()
    for paused in (FOREVER, None) * 10 + (FOREVER,):
        wanted = Personal(paused_until_ms=paused)
        chosen = await bridge.engine.choose(ADA, wanted, not_before_ms=now + 60_000)
        assert chosen == Chosen(None)
        await bridge.work()
    assert bridge.graph.count() == writes
    assert 55 < (await bridge.due_in(ADA) or 0) <= 60
    await bridge.pass_time(ADA, 61)
    await bridge.work()
    assert bridge.graph.count() == writes + 1
    assert bridge.shown(ADA) is None


async def test_a_damaged_link_is_like_none_until_they_connect_again(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    await bridge.redis.set(keys.link(ADA), "{}")
    assert await bridge.engine.explain(ADA) is None
    await bridge.connect(ADA)
    assert await bridge.engine.explain(ADA) is not None
