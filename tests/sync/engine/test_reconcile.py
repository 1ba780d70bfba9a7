"""Reconciling one person, over a real Redis and real HTTP: what is written."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from domain.errors import AdminMustAct, PersonGone, RetryLater, Trouble
from domain.policy import Form
from domain.presence import Style, ZoomPresence
from domain.setback import MOST_REFUSALS
from domain.step import Lane
from tests.doubles.engine import Bridge
from tests.doubles.graph import CLEAR, LOOK, PREFER, SET, UNPREFER, Fault
from tests.doubles.people import ADA, lane_of

Z = ZoomPresence


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


async def test_the_first_meeting_that_shows_is_told_once(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.AVAILABLE)
    await bridge.work()
    assert bridge.chat.meetings == []
    for presence in (Z.IN_MEETING, Z.AVAILABLE, Z.IN_MEETING):
        await bridge.say(ADA, presence)
        await bridge.work()
    assert bridge.chat.meetings == [(ADA, "In_Meeting", "Busy/InACall")]


async def test_available_is_repeated_after_less_than_five_minutes(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.AVAILABLE)
    await bridge.work()
    due = await bridge.due_in(ADA)
    assert due is not None
    assert 4 * 60 < due <= 4.5 * 60
    assert (await lane_of(bridge.redis) or (0, 0))[0] == Lane.FADE
    await bridge.pass_time(ADA, 4.5 * 60)
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


async def test_full_shows_zooms_own_label_and_takes_it_back(bridge: Bridge) -> None:
    bridge.full()
    await bridge.connect(ADA, Z.DO_NOT_DISTURB)
    await bridge.work()
    assert bridge.graph.preferred == {ADA: "DoNotDisturb/DoNotDisturb"}
    assert bridge.shown(ADA) == "Away/Away"
    assert [request.action for request in bridge.graph.requests] == [LOOK, SET, LOOK, PREFER]
    await bridge.say(ADA, Z.BUSY)
    await bridge.work()
    assert bridge.graph.preferred == {ADA: "Busy/Busy"}
    await bridge.leave(ADA)
    await bridge.work()
    assert (bridge.graph.preferred, bridge.graph.sessions) == ({}, {})
    actions = [request.action for request in bridge.graph.requests]
    assert actions[-2:] == [UNPREFER, CLEAR]
    assert await bridge.lasting_keys() == []


async def test_full_leaves_what_the_person_chose(bridge: Bridge) -> None:
    bridge.full()
    bridge.graph.shown[ADA] = ("Available", "Available")
    await bridge.connect(ADA, Z.BUSY)
    await bridge.work()
    bridge.graph.preferred[ADA] = "BeRightBack/BeRightBack"
    await bridge.leave(ADA)
    await bridge.work()
    assert bridge.graph.preferred == {ADA: "BeRightBack/BeRightBack"}
    assert bridge.graph.sessions == {}
    assert await bridge.lasting_keys() == []


# -- Zoom is asked -------------------------------------------------------------------------------


async def test_a_new_link_asks_zoom_once(asking: Bridge) -> None:
    asking.zoom_would_say(ADA, Z.PRESENTING)
    await asking.connect(ADA)
    await asking.work()
    assert asking.shown(ADA) == "DoNotDisturb/Presenting"
    assert asking.zoom is not None
    assert asking.zoom.asked == [f"z{ADA}"]


async def test_an_old_state_is_asked_for_again(asking: Bridge) -> None:
    asking.zoom_would_say(ADA, Z.AVAILABLE)
    await asking.connect(ADA, Z.IN_MEETING)
    await asking.work()
    assert asking.shown(ADA) == "Busy/InACall"
    await asking.pass_time(ADA, 62 * 60)
    await asking.work()
    assert asking.shown(ADA) == "Available/Available"


@pytest.mark.parametrize(
    ("answer", "minutes"),
    [
        (RetryLater("x"), 5),
        (RetryLater("x", after=3.5), 5),
        (RetryLater("x", after=3600), 60),  # its daily limit, say
        (AdminMustAct("x"), 5),
        (None, 5),
    ],
)
async def test_a_zoom_that_gives_no_answer_is_asked_again_after_a_while(
    asking: Bridge, answer: Exception | None, minutes: int
) -> None:
    asking.zoom_would_say(ADA, answer)
    await asking.connect(ADA)
    await asking.work()
    assert asking.graph.count() == 0
    due = await asking.due_in(ADA)
    assert due is not None
    assert (minutes - 1) * 60 < due <= minutes * 60


async def test_whoever_zoom_does_not_know_is_offline(asking: Bridge) -> None:
    asking.zoom_would_say(ADA, Z.IN_MEETING)
    await asking.connect(ADA)
    await asking.work()
    asking.zoom_would_say(ADA, PersonGone("x"))
    for _ in range(2):
        await asking.pass_time(ADA, 31 * 60)
        await asking.work()
    assert asking.shown(ADA) is None


async def test_an_event_that_came_while_zoom_was_asked_wins(asking: Bridge) -> None:
    assert asking.zoom is not None
    asking.zoom.meanwhile = lambda: asking.say(ADA, Z.PRESENTING, ago_ms=-1000)
    asking.zoom_would_say(ADA, Z.AVAILABLE)
    await asking.connect(ADA)
    await asking.work()
    assert asking.shown(ADA) == "DoNotDisturb/Presenting"


async def test_whoever_leaves_while_zoom_is_asked_is_asked_once(asking: Bridge) -> None:
    assert asking.zoom is not None
    asking.zoom.meanwhile = lambda: asking.leave(ADA)
    asking.zoom_would_say(ADA, Z.AVAILABLE)
    await asking.connect(ADA)
    with capture_logs() as logs:
        await asking.work()
    assert asking.zoom.asked == [f"z{ADA}"]
    assert [line["event"] for line in logs] == ["link_erased"]
    assert await asking.lasting_keys() == []


async def test_what_should_be_shown_is_known_of_whom_it_can_be_said(bridge: Bridge) -> None:
    await bridge.connect(ADA, Z.IN_MEETING)
    await bridge.work()
    assert (await bridge.state(ADA)).planned_as is Style.MIRROR
    bridge.graph.faults.extend([Fault(403)] * (MOST_REFUSALS + 1))  # once more with a new token
    await bridge.say(ADA, Z.PRESENTING)
    for _ in range(MOST_REFUSALS):
        await bridge.work()
        await bridge.pass_time(ADA, 10)
    assert (await bridge.state(ADA)).trouble == Trouble.FORBIDDEN
    assert (await bridge.state(ADA)).planned_as is None, "nothing is tried any more"
    await bridge.say(ADA, Z.AVAILABLE)
    await bridge.work()
    assert (await bridge.state(ADA)).planned_as is Style.MIRROR
    for form in (Form(integration=True, style=Style.FULL), Form(integration=False)):
        bridge.decisions.policy = replace(bridge.decisions.policy, account=form)
        await bridge.store.demand(ADA)
        await bridge.work()
        assert (await bridge.state(ADA)).planned_as is None, form
    bridge.decisions.policy = replace(bridge.decisions.policy, account=Form(integration=True))
    await bridge.engine.test(ADA)
    assert (await bridge.state(ADA)).planned_as is None, (
        "a test shows something else than Zoom says"
    )
