"""`status` and the test: told is only what Microsoft accepted; a failure has a next step."""

from __future__ import annotations

import pytest

from bot.grammar.intents import Status
from bot.handlers.status import StatusHandler
from cards.person.clicks import RunTest
from domain.clock import MINUTE
from domain.errors import Trouble
from domain.explanation import SLOW, TOO_OFTEN
from domain.link import Ending
from domain.person import Held
from domain.policy import FOREVER, Form, ManagedGroup, Personal, Policy
from domain.presence import IN_A_CALL, Observation, Shown, ZoomPresence
from domain.roles import Role
from tests.doubles.memory import ADA, NOW, LookUps, Presence, turn
from tests.doubles.outside import titles, words

pytestmark = pytest.mark.unit

ON, OFF = Form(integration=True), Form(integration=False)
IN_MEETING = Observation(ZoomPresence.IN_MEETING, NOW - MINUTE)
HELD = Held(IN_A_CALL, NOW - MINUTE, NOW + 40 * MINUTE)
TOLD = "“In a call”, until 15:00"


@pytest.fixture
def engine() -> Presence:
    return Presence()


@pytest.fixture
def looks() -> LookUps:
    return LookUps()


@pytest.fixture
def handler(engine: Presence, looks: LookUps) -> StatusHandler:
    async def groups_of(oid: str) -> frozenset[str]:
        assert oid == ADA.object_id
        return frozenset({"g"})

    return StatusHandler(engine, groups_of, looks)


async def test_who_is_not_connected_reads_what_their_groups_would_have(
    engine: Presence, handler: StatusHandler
) -> None:
    engine.policy = Policy(OFF, (ManagedGroup("g", "Sales", 1, ON),))
    said = words(await handler.status(turn(), Status()))
    assert "Not connected" in said
    assert "on for your group Sales" in said


async def test_what_could_not_be_cleared_is_still_said(
    engine: Presence, handler: StatusHandler
) -> None:
    engine.endings[ADA.object_id] = Ending("later", NOW + 40 * MINUTE)
    assert "15:00" in words(await handler.status(turn(), Status()))


async def test_status_refreshes_itself_for_its_reader_alone(
    engine: Presence, handler: StatusHandler
) -> None:
    engine.connect(observation=IN_MEETING)
    card = await handler.status(turn(), Status())
    assert card["refresh"]["userIds"] == [ADA.mri]


async def test_what_was_not_accepted_is_not_told(engine: Presence, handler: StatusHandler) -> None:
    engine.connect(observation=IN_MEETING)
    assert TOLD not in words(await handler.status(turn(), Status()))
    engine.connect(observation=IN_MEETING, held=HELD)
    engine.shown = Shown("Busy", "InACall")
    assert "15:00" in words(await handler.status(turn(), Status()))


async def test_a_test_that_microsoft_did_not_accept_yet_is_pending(
    engine: Presence, handler: StatusHandler
) -> None:
    engine.connect(test_until_ms=NOW + 5 * MINUTE)
    assert TOLD not in words(await handler.test(turn(), RunTest()))


async def test_a_test_is_read_back(engine: Presence, handler: StatusHandler) -> None:
    engine.connect(observation=IN_MEETING, held=HELD)
    engine.shown = Shown("Busy", "InACall")
    said = words(await handler.test(turn(), RunTest()))
    assert TOLD in said
    assert "Busy, InACall" in said


async def test_what_weighs_the_same_is_no_failure(engine: Presence, handler: StatusHandler) -> None:
    engine.connect(observation=IN_MEETING, held=HELD)
    engine.shown = Shown("Busy", "InAMeeting")
    assert "which counts as the same" in words(await handler.test(turn(), RunTest()))


async def test_what_could_not_be_read_back_is_not_claimed(
    engine: Presence, handler: StatusHandler
) -> None:
    engine.connect(observation=IN_MEETING, held=HELD)
    engine.shown_error = SLOW
    said = words(await handler.test(turn(), RunTest()))
    assert TOLD in said
    assert "Microsoft shows “" not in said


async def test_a_test_too_often_is_not_run(engine: Presence, handler: StatusHandler) -> None:
    engine.connect(observation=IN_MEETING, held=HELD)
    engine.shown_error = TOO_OFTEN
    assert TOLD not in words(await handler.test(turn(), RunTest()))


@pytest.mark.parametrize(
    ("trouble", "code", "step"),
    [
        (Trouble.AUTHORIZE, "AADSTS50173", "Your authorisation ended"),
        (Trouble.LATER, "graph_error", "I’m still trying"),
        (Trouble.ADMIN, "tokens_unreadable", "Tell your admin"),
        (Trouble.FORBIDDEN, "graph_403", "doesn’t allow this app"),
    ],
)
async def test_a_failure_is_explained_with_what_to_do(
    engine: Presence, handler: StatusHandler, trouble: Trouble, code: str, step: str
) -> None:
    engine.connect(observation=IN_MEETING, trouble=trouble, trouble_code=code)
    said = words(await handler.test(turn(), RunTest()))
    assert step in said
    assert TOLD not in said


@pytest.mark.parametrize(
    ("personal", "form", "step"),
    [
        (Personal(paused_until_ms=FOREVER), ON, "Say resume"),
        (Personal(), OFF, "Ask your admin"),
    ],
)
async def test_where_it_is_off_the_test_says_who_can_switch_it_on(
    engine: Presence, handler: StatusHandler, personal: Personal, form: Form, step: str
) -> None:
    engine.policy = Policy(form)
    engine.connect(personal=personal)
    assert step in words(await handler.test(turn(), RunTest()))


async def test_nobody_is_tested_who_is_not_connected(handler: StatusHandler) -> None:
    assert "Not connected" in words(await handler.test(turn(), RunTest()))


@pytest.mark.parametrize(
    "policy", [Policy(OFF), Policy(Form(integration=True, presence_write=False))]
)
async def test_while_an_admin_has_it_off_no_button_is_there_that_can_not_work(
    engine: Presence, handler: StatusHandler, policy: Policy
) -> None:
    engine.policy = policy
    engine.connect(observation=IN_MEETING)
    assert titles(await handler.status(turn(), Status())) == ["Refresh", "Disconnect"]
    assert titles(await handler.test(turn(), RunTest())) == ["Status"]


async def test_status_tells_how_often_others_looked(
    engine: Presence, handler: StatusHandler, looks: LookUps
) -> None:
    engine.connect()
    none = words(await handler.status(turn(), Status()))
    assert "Nobody has looked up your status" in none
    for role in (Role.ADMIN, Role.HELPDESK, Role.ADMIN):
        await looks.count(ADA.object_id, role, NOW)
    said = words(await handler.status(turn(), Status()))
    assert "looked up 3 times: twice by an admin, once by the helpdesk." in said
    looks.all_know = False
    assert "looked up" not in words(await handler.status(turn(), Status()))
