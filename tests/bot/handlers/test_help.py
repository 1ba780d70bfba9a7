"""`help` and a greeting: what applies to somebody, and nothing of it where others read along."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.grammar.asides import About
from bot.grammar.commands import Attached, BadCommand, Unknown
from bot.grammar.intents import Contact, Greeting, Help, Privacy, SmallTalk
from bot.grammar.small_talk import Courtesy
from bot.handlers.help import HelpHandler
from domain.errors import Trouble
from domain.policy import FOREVER, Form, Personal, Policy
from tests.cards.lint import walk
from tests.doubles.memory import ADA, BEN, GROUP_CHAT, Presence, admins, turn
from tests.doubles.outside import words

if TYPE_CHECKING:
    from cards.build import Card

pytestmark = pytest.mark.unit

PRIVACY = "https://bot.example/privacy"


@pytest.fixture
def engine() -> Presence:
    return Presence()


@pytest.fixture
def helper(engine: Presence) -> HelpHandler:
    return HelpHandler(admins(ADA), engine, PRIVACY, local=False)


def titles(card: Card) -> list[str]:
    return [e["title"] for e in walk(card) if e.get("type") in {"Action.Execute", "Action.OpenUrl"}]


async def test_settings_are_shown_to_admins_in_their_own_chat(helper: HelpHandler) -> None:
    assert "settings" in words(await helper.help(turn(), Help()))
    assert "settings" not in words(await helper.help(turn(BEN), Help()))
    assert "settings" not in words(await helper.help(turn(at=GROUP_CHAT), Help()))


async def test_help_has_buttons_for_what_applies(helper: HelpHandler, engine: Presence) -> None:
    assert titles(await helper.help(turn(BEN), Help())) == ["Connect", "Status"]
    assert titles(await helper.help(turn(), Help())) == ["Connect", "Status", "Settings"]
    engine.connect(BEN)
    connected = titles(await helper.help(turn(BEN), Help()))
    assert connected == ["Status", "Pause", "Styles", "Disconnect"]
    engine.connect(BEN, personal=Personal(paused_until_ms=FOREVER))
    assert "Resume" in titles(await helper.help(turn(BEN), Help()))
    engine.connect(BEN)
    engine.policy = Policy(Form(integration=False), version=2)
    switched_off = titles(await helper.help(turn(BEN), Help()))
    assert switched_off == ["Status", "Styles", "Disconnect"]  # there is nothing to pause


async def test_where_others_read_along_help_tells_nothing_of_anybody(
    helper: HelpHandler, engine: Presence
) -> None:
    before = await helper.help(turn(at=GROUP_CHAT), Help())
    engine.connect()
    assert await helper.help(turn(at=GROUP_CHAT), Help()) == before


async def test_a_greeting_says_how_it_stands_and_what_to_do_next(
    helper: HelpHandler, engine: Presence
) -> None:
    new = await helper.greet(turn(), Greeting())
    assert "Hi Ada!" in words(new)
    assert "not connected" in words(new)
    assert titles(new) == ["Connect", "What can I say?"]
    engine.connect()
    assert titles(await helper.greet(turn(), Greeting())) == ["Status", "What can I say?"]
    engine.connect(personal=Personal(paused_until_ms=FOREVER))
    assert titles(await helper.greet(turn(), Greeting())) == ["Resume", "What can I say?"]
    engine.connect(trouble=Trouble.AUTHORIZE)
    assert titles(await helper.greet(turn(), Greeting())) == ["Connect", "What can I say?"]


async def test_a_greeting_in_a_group_tells_nothing_of_anybody(
    helper: HelpHandler, engine: Presence
) -> None:
    before = await helper.greet(turn(at=GROUP_CHAT), Greeting())
    engine.connect()
    assert await helper.greet(turn(at=GROUP_CHAT), Greeting()) == before
    assert "connected" not in words(before)


async def test_what_is_no_command_is_repeated_with_the_nearest(helper: HelpHandler) -> None:
    card = await helper.unknown(turn(), Unknown("conect", ("connect",)))
    assert "conect" in words(card)
    assert titles(card) == ["Connect", "What can I say?"]


async def test_what_may_not_be_wanted_is_not_offered(helper: HelpHandler) -> None:
    card = await helper.unknown(turn(), Unknown("don’t disconnect", negated=True))
    assert titles(card) == ["Status", "What can I say?"]


@pytest.mark.parametrize("courtesy", Courtesy)
async def test_small_talk_gets_one_line(helper: HelpHandler, courtesy: Courtesy) -> None:
    card = await helper.small_talk(turn(), SmallTalk(courtesy))
    assert len(card["body"]) == 1
    assert titles(card) == []


async def test_a_picture_gets_one_line(helper: HelpHandler) -> None:
    assert len((await helper.attached(turn(), Attached()))["body"]) == 1


async def test_privacy_leads_to_its_page(helper: HelpHandler) -> None:
    card = await helper.privacy(turn(), Privacy())
    assert [e["url"] for e in walk(card) if e.get("type") == "Action.OpenUrl"] == [PRIVACY]


async def test_what_was_not_understood_of_a_command_is_said(helper: HelpHandler) -> None:
    card = await helper.unclear(turn(), BadCommand("Is that 5 hours?", "Say 5h."))
    assert "Is that 5 hours?" in words(card)
    assert "Say 5h." in words(card)


async def test_only_local_mode_says_that_nothing_is_real(
    helper: HelpHandler, engine: Presence
) -> None:
    real = words(await helper.welcome(turn()))
    local = HelpHandler(admins(), engine, PRIVACY, local=True)
    assert "Ada" in real
    assert words(await local.welcome(turn())) != real


async def test_settings_are_offered_to_admins_only(helper: HelpHandler) -> None:
    asked = Unknown("who is connected?", ("settings", "status"))
    assert titles(await helper.unknown(turn(), asked))[:2] == ["Settings", "Status"]
    assert titles(await helper.unknown(turn(BEN), asked)) == ["Status", "What can I say?"]
    assert "Settings" not in titles(await helper.unknown(turn(at=GROUP_CHAT), asked))
    only = await helper.unknown(turn(BEN), Unknown("setings", ("settings",)))
    assert "Did you mean" not in words(only)


async def test_a_question_about_a_command_says_what_it_does(helper: HelpHandler) -> None:
    card = await helper.about(turn(BEN), About("disconnect"))
    assert "erase what’s stored about you" in words(card)
    assert titles(card) == ["Disconnect", "What can I say?"]
    assert "Privacy page" in titles(await helper.about(turn(BEN), About("privacy")))


async def test_who_helps_is_said_as_the_organisation_wants_it(helper: HelpHandler) -> None:
    assert "your Teams admin" in words(await helper.whom_to_ask(turn(BEN), Contact()))
    named = replace(helper, contact="it@example.com")
    assert "Please ask it@example.com" in words(await named.whom_to_ask(turn(BEN), Contact()))
    page = replace(helper, contact="https://help.example.com/zoom")
    assert "ask here: https://help.example.com/zoom" in words(
        await page.whom_to_ask(turn(BEN), Contact())
    )


async def test_an_unknown_style_leads_to_the_styles(helper: HelpHandler) -> None:
    card = await helper.unclear(turn(BEN), BadCommand("I don’t know it.", "Say style.", "style"))
    assert titles(card) == ["Styles", "What can I say?"]
