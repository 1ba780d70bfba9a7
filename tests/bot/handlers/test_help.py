"""`help`: what is for admins is shown to them alone, and only where nobody reads along."""

from __future__ import annotations

import pytest

from bot.grammar.commands import BadCommand, Help, Unknown
from bot.handlers.help import HelpHandler
from tests.doubles.memory import ADA, BEN, GROUP_CHAT, admins, turn
from tests.doubles.outside import words

pytestmark = pytest.mark.unit


HELPER = HelpHandler(admins(ADA), local=False)


async def test_settings_are_shown_to_admins_in_their_own_chat() -> None:
    assert "settings" in words(await HELPER.help(turn(), Help()))
    assert "settings" not in words(await HELPER.help(turn(BEN), Help()))
    assert "settings" not in words(await HELPER.help(turn(at=GROUP_CHAT), Help()))


async def test_what_is_no_command_is_repeated_with_the_nearest() -> None:
    said = words(await HELPER.help(turn(), Unknown("conect", "connect")))
    assert "conect" in said
    assert "connect" in said.replace("conect", "")


async def test_what_was_not_understood_of_a_command_is_said() -> None:
    card = await HELPER.unclear(turn(), BadCommand("Is that 5 hours?", "Say 5h."))
    assert "Is that 5 hours?" in words(card)
    assert "Say 5h." in words(card)


async def test_only_local_mode_says_that_nothing_is_real() -> None:
    real, local = words(await HELPER.welcome(turn())), HelpHandler(admins(), local=True)
    assert "Ada" in real
    assert words(await local.welcome(turn())) != real
