"""An admin changes settings in the chat client, with its real inputs and buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.e2e.sign_in_driver import connect

if TYPE_CHECKING:
    from tests.e2e.chat_driver import Chat
    from tests.e2e.product import Panel

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(120),
    pytest.mark.asyncio(loop_scope="session"),
]

SHOWN = "In a call"


async def test_disabling_asks_first_and_takes_effect_at_once(chat: Chat, panel: Panel) -> None:
    await connect(chat, panel)
    await panel.zoom("In_Meeting")
    await panel.shows(SHOWN)

    await chat.ask("settings group Management disable")
    await chat.screenshot("card-settings-confirm", card_only=True)
    await chat.click("Cancel")
    await panel.ours(SHOWN)

    card = await chat.ask("settings group Management disable")
    await card.get_by_role("button", name="Disable").click()
    await panel.ours(None)
    await panel.shows("Offline")
    await chat.screenshot("card-settings-done", card_only=True)

    card = await chat.ask("settings group Management inherit")
    await card.get_by_role("button").first.click()
    await panel.shows(SHOWN)


async def test_form_of_the_account_is_saved_with_its_inputs(chat: Chat, panel: Panel) -> None:
    await connect(chat, panel)
    await panel.zoom("Available")
    await panel.ours("Available")
    await chat.ask("settings")
    await chat.screenshot("card-settings", card_only=True)

    card = await chat.ask("settings account", "Default calendar and contact service")
    await chat.screenshot("card-settings-form", card_only=True)
    await card.get_by_role("radio", name="Busy only").click()
    await card.get_by_role("button", name="Save").click()
    await expect(card).not_to_contain_text("Default calendar and contact service")
    await panel.ours(None)

    card = await chat.ask("settings account style mirror")
    await card.get_by_role("button").first.click()
    await panel.ours("Available")
