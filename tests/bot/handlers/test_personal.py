"""People's own choices: until when, from when, and nothing said that Microsoft did not answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from bot.grammar.asides import WhichPause
from bot.grammar.ends import For, InDays, OnDate, OnWeekday, Until
from bot.grammar.intents import Resume
from bot.grammar.personal import Pause, StyleCommand
from bot.handlers.personal import PersonalHandler
from cards.person.clicks import (
    UNTIL_RESUMED,
    ChooseOwnStyle,
    NoticeSeen,
    ShowStyles,
    StartPause,
    UseStyle,
)
from domain.clock import HOUR, MINUTE
from domain.errors import Trouble
from domain.person import Held
from domain.policy import FOREVER, Form, ManagedGroup, Personal, Policy
from domain.presence import IN_A_CALL, Style
from tests.cards.lint import walk
from tests.doubles.memory import NOW, Presence, turn
from tests.doubles.outside import titles, words
from wording.ours import CLEARED, NOTHING_SET

pytestmark = pytest.mark.unit

HELD = Held(IN_A_CALL, NOW - MINUTE, NOW + 40 * MINUTE)
OFF = Form(integration=False)
LOCKED = Form(integration=True, locked=True, style=Style.BUSY_ONLY)


@pytest.fixture
def engine() -> Presence:
    engine = Presence()
    engine.connect()
    return engine


async def every_style(_: Style) -> bool:
    """No older process is running."""
    return True


@pytest.fixture
def handler(engine: Presence) -> PersonalHandler:
    return PersonalHandler(engine, every_style)


@pytest.mark.parametrize(
    ("wanted", "until_ms"),
    [
        (Pause(), FOREVER),
        (Pause(For(90)), NOW + 90 * MINUTE),
        (Pause(Until(17)), NOW + 160 * MINUTE),
        (Pause(Until(14, 20)), NOW + 24 * HOUR),  # this very minute: the next one is tomorrow's
        (Pause(Until(9)), NOW + 18 * HOUR + 40 * MINUTE),
        (Pause(Until(0, day=OnWeekday(0))), NOW + 6 * 24 * HOUR + 9 * HOUR + 40 * MINUTE),
        (StartPause(60), NOW + HOUR),
        (StartPause(until_ms=NOW + 7), NOW + 7),
        (StartPause(UNTIL_RESUMED), FOREVER),
    ],
)
async def test_a_pause_lasts_as_long_as_was_said(
    engine: Presence, handler: PersonalHandler, wanted: Pause | StartPause, until_ms: int
) -> None:
    await handler.pause(turn(), wanted)
    assert engine.chose == [(Personal(paused_until_ms=until_ms), None)]


async def test_a_button_whose_time_has_passed_pauses_nothing(
    engine: Presence, handler: PersonalHandler
) -> None:
    said = words(await handler.pause(turn(), StartPause(until_ms=NOW)))
    assert engine.chose == []
    assert "nothing has changed" in said


async def test_which_pause_is_asked_with_the_soonest_end_first(
    engine: Presence, handler: PersonalHandler
) -> None:
    asked = WhichPause(
        "Is that 5?", "Choose.", (Until(5), Until(17), For(60), Until(9, 0, InDays(0)))
    )
    card = await handler.which(turn(), asked)
    buttons = [e for e in walk(card) if e.get("type") == "Action.Execute"]
    assert [e["title"] for e in buttons] == [
        "For 1 hour",
        "Until 17:00 UTC",
        "Until 22 Sep, 05:00 UTC",
    ]
    assert buttons[1]["click"] == StartPause(until_ms=NOW + 160 * MINUTE)
    assert engine.chose == []


async def test_a_time_that_is_sooner_in_the_afternoon_is_asked_about(
    engine: Presence, handler: PersonalHandler
) -> None:
    card = await handler.pause(turn(), Pause(Until(5, 30, or_later=True)))
    buttons = [e["title"] for e in walk(card) if e.get("type") == "Action.Execute"]
    assert buttons == ["Until 17:30 UTC", "Until 22 Sep, 05:30 UTC"]
    assert engine.chose == []
    await handler.pause(turn(), Pause(Until(1, 30, or_later=True)))  # that of today is past
    assert len(engine.chose) == 1


async def test_who_is_not_connected_is_asked_nothing(handler: PersonalHandler) -> None:
    handler = PersonalHandler(Presence(), every_style)
    said = words(await handler.which(turn(), WhichPause("Is that 5?", "Choose.", (Until(17),))))
    assert "Is that 5?" not in said


async def test_an_end_that_is_past_or_too_far_away_is_refused(
    engine: Presence, handler: PersonalHandler
) -> None:
    for until in (Until(9, 0, InDays(0)), Until(0, day=OnDate(12, 24))):
        assert "from 1 minute to 30 days" in words(await handler.pause(turn(), Pause(until)))
    assert engine.chose == []


async def test_a_time_of_day_is_the_person_s_own(
    engine: Presence, handler: PersonalHandler
) -> None:
    here = turn()
    inbound = replace(here.inbound, time_zone=timezone(timedelta(hours=2)))  # 16:20 there
    card = await handler.pause(replace(here, inbound=inbound), Pause(Until(17)))
    assert engine.chose[0][0].paused_until_ms == NOW + 40 * MINUTE
    assert "17:00" in words(card)


async def test_a_pause_keeps_the_style(engine: Presence, handler: PersonalHandler) -> None:
    engine.connect(personal=Personal(style=Style.FULL))
    await handler.pause(turn(), Pause())
    assert engine.chose[0][0].style is Style.FULL


async def test_pausing_works_where_the_level_is_locked(
    engine: Presence, handler: PersonalHandler
) -> None:
    engine.policy = Policy(LOCKED)
    await handler.pause(turn(), Pause())
    assert len(engine.chose) == 1


@pytest.mark.parametrize("held", [HELD, None])
async def test_cleared_is_said_only_of_what_was_there(
    engine: Presence, handler: PersonalHandler, held: Held | None
) -> None:
    engine.connect(held=held)
    said = words(await handler.pause(turn(), Pause()))
    assert (CLEARED in said, NOTHING_SET in said) == (held is not None, held is None)


@pytest.mark.parametrize("held", [HELD, None])
async def test_nothing_is_called_cleared_before_microsoft_has_answered(
    engine: Presence, handler: PersonalHandler, held: Held | None
) -> None:
    engine.connect(held=held)
    engine.answers = False
    said = words(await handler.pause(turn(), Pause()))
    assert CLEARED not in said
    assert NOTHING_SET not in said
    assert ("I’m clearing" in said) or ("I’m trying to clear" in said)
    assert ("Microsoft hasn’t answered yet" in said and "15:00" in said) == (held is not None)


async def test_what_microsoft_refuses_to_clear_is_said_with_the_reason(
    engine: Presence, handler: PersonalHandler
) -> None:
    engine.connect(held=HELD, trouble=Trouble.LATER, trouble_code="graph_error")
    engine.refuses = True
    said = words(await handler.pause(turn(), Pause()))
    assert "isn’t cleared yet and may show until 15:00" in said
    assert "answered with an error" in said


async def test_who_chooses_too_often_is_obeyed_a_minute_later(
    engine: Presence, handler: PersonalHandler
) -> None:
    engine.connect(held=HELD)
    engine.allowed = False
    said = words(await handler.pause(turn(), Pause()))
    assert engine.chose[0][1] == NOW + MINUTE
    assert CLEARED not in said
    assert "within a minute" in said


async def test_choosing_often_does_not_shorten_a_wait(
    engine: Presence, handler: PersonalHandler
) -> None:
    engine.connect(wait_ms=NOW + HOUR)
    engine.allowed = False
    await handler.pause(turn(), Pause())
    assert engine.chose[0][1] == NOW + HOUR


async def test_resume_ends_the_pause_and_keeps_the_style(
    engine: Presence, handler: PersonalHandler
) -> None:
    engine.connect(personal=Personal(Style.FULL, FOREVER))
    paused = words(await handler.resume(turn(), Resume()))
    assert engine.chose == [(Personal(Style.FULL), None)]
    assert words(await handler.resume(turn(), Resume())) != paused, "there was nothing to end"


async def test_a_pause_that_ended_by_itself_is_no_pause(
    engine: Presence, handler: PersonalHandler
) -> None:
    engine.connect(personal=Personal(paused_until_ms=NOW - 1))
    over = words(await handler.resume(turn(), Resume()))
    engine.connect()
    assert words(await handler.resume(turn(), Resume())) == over


@pytest.mark.parametrize("wanted", [StyleCommand(Style.BUSY_ONLY), ChooseOwnStyle(Style.BUSY_ONLY)])
async def test_a_style_is_chosen(
    engine: Presence, handler: PersonalHandler, wanted: StyleCommand | ChooseOwnStyle
) -> None:
    await handler.style(turn(), wanted)
    assert engine.chose == [(Personal(Style.BUSY_ONLY), None)]


@pytest.mark.parametrize("wanted", [StyleCommand(Style.FULL), ChooseOwnStyle(Style.FULL)])
async def test_a_style_that_may_replace_their_own_status_is_asked_about_first(
    engine: Presence, handler: PersonalHandler, wanted: StyleCommand | ChooseOwnStyle
) -> None:
    asked = await handler.style(turn(), wanted)
    assert "can replace an Available or Away that you set" in words(asked)
    assert titles(asked) == ["Use full", "Cancel"]
    assert engine.chose == []
    await handler.style(turn(), ShowStyles())
    assert engine.chose == []
    await handler.style(turn(), UseStyle(Style.FULL))
    assert engine.chose == [(Personal(Style.FULL), None)]


async def test_following_an_organisation_with_such_a_style_is_asked_about_too(
    engine: Presence, handler: PersonalHandler
) -> None:
    engine.policy = Policy(Form(integration=True, style=Style.FULL))
    engine.connect(personal=Personal(Style.MIRROR))
    asked = await handler.style(turn(), ChooseOwnStyle(None))
    assert (titles(asked), engine.chose) == (["Use full", "Cancel"], [])
    await handler.style(turn(), UseStyle(None))
    assert engine.chose == [(Personal(None), None)]


async def test_who_has_that_style_already_is_not_asked(
    engine: Presence, handler: PersonalHandler
) -> None:
    engine.policy = Policy(Form(integration=True, style=Style.FULL))
    await handler.style(turn(), StyleCommand(Style.FULL))
    assert engine.chose == [(Personal(Style.FULL), None)]


async def test_quiet_is_asked_about_first(engine: Presence, handler: PersonalHandler) -> None:
    asked = await handler.style(turn(), StyleCommand(Style.QUIET))
    assert "Teams calls and messages don’t ring" in words(asked)
    assert engine.chose == []
    await handler.style(turn(), UseStyle(Style.QUIET))
    assert engine.chose == [(Personal(Style.QUIET), None)]


async def not_quiet(style: Style) -> bool:
    """While an older process may be running."""
    return style is not Style.QUIET


@pytest.mark.parametrize("wanted", [StyleCommand, ChooseOwnStyle, UseStyle])
async def test_a_style_that_not_every_process_knows_is_neither_offered_nor_chosen(
    engine: Presence, wanted: type[StyleCommand | ChooseOwnStyle | UseStyle]
) -> None:
    handler = PersonalHandler(engine, not_quiet)
    engine.connect(personal=Personal(Style.BUSY_ONLY))
    assert "Quiet" not in titles(await handler.style(turn(), ShowStyles()))
    said = words(await handler.style(turn(), wanted(Style.QUIET)))
    assert "can’t be chosen yet. Your style is still busy only." in said
    assert engine.chose == []


async def test_who_has_that_style_sees_it(engine: Presence) -> None:
    engine.connect(personal=Personal(Style.QUIET))
    card = await PersonalHandler(engine, not_quiet).style(turn(), ShowStyles())
    assert "Your style is quiet, your own choice." in words(card)
    assert "Quiet (now)" in words(card)


@pytest.mark.parametrize(
    "wanted", [StyleCommand(Style.FULL), UseStyle(Style.FULL), UseStyle(Style.QUIET)]
)
async def test_a_lock_is_stronger_than_the_answer(
    engine: Presence, handler: PersonalHandler, wanted: StyleCommand | UseStyle
) -> None:
    engine.policy = Policy(LOCKED)
    assert "locked" in words(await handler.style(turn(), wanted))
    assert engine.chose == []


async def test_a_button_gives_the_organisation_s_style_back(
    engine: Presence, handler: PersonalHandler
) -> None:
    engine.connect(personal=Personal(Style.FULL, FOREVER))
    await handler.style(turn(), ChooseOwnStyle(None))
    assert engine.chose == [(Personal(None, FOREVER), None)]


async def test_looking_at_the_styles_is_no_choice_and_costs_nothing(
    engine: Presence, handler: PersonalHandler
) -> None:
    await handler.style(turn(), StyleCommand())
    assert engine.chose == []
    assert engine.done == []


async def test_a_locked_style_stays_and_the_lock_is_named(
    engine: Presence, handler: PersonalHandler
) -> None:
    engine.policy = Policy(OFF, (ManagedGroup("g", "Sales", 1, LOCKED),))
    engine.connect(group_ids=frozenset({"g"}))
    assert "Sales" in words(await handler.style(turn(), StyleCommand(Style.FULL)))
    assert engine.chose == []


async def test_who_is_not_connected_chooses_nothing(
    engine: Presence, handler: PersonalHandler
) -> None:
    engine.people.clear()
    for card in [
        await handler.pause(turn(), Pause()),
        await handler.resume(turn(), Resume()),
        await handler.style(turn(), StyleCommand(Style.FULL)),
    ]:
        assert "Not connected" in words(card)
    assert engine.chose == []


async def test_the_notice_says_what_it_was_when_it_was_read(handler: PersonalHandler) -> None:
    assert "In a call" in words(await handler.notice_seen(turn(), NoticeSeen()))


@pytest.mark.parametrize("wanted", [Pause(), Resume(), StyleCommand(Style.BUSY_ONLY)])
async def test_who_disconnects_meanwhile_is_told_so(
    engine: Presence, handler: PersonalHandler, wanted: Pause | Resume | StyleCommand
) -> None:
    admit = engine.admit

    async def leaves(oid: str) -> object:
        admitted = await admit(oid)
        engine.people.clear()
        return admitted

    engine.admit = leaves  # type: ignore[assignment, method-assign]
    if isinstance(wanted, Pause):
        card = await handler.pause(turn(), wanted)
    elif isinstance(wanted, Resume):
        card = await handler.resume(turn(), wanted)
    else:
        card = await handler.style(turn(), wanted)
    assert "Not connected" in words(card)
    assert engine.chose == []
