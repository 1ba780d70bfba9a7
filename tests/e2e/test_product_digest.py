"""An admin asks for the morning digest in the chat client, and ends it."""

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
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]


@pytest.mark.long
async def test_it_is_asked_for_and_ended(chat: Chat, panel: Panel) -> None:
    await connect(chat, panel)
    card = await chat.ask("settings", "Presence sync settings")
    await card.get_by_role("button", name="Morning digest", exact=True).click()
    await expect(card).to_contain_text("Your morning digest is off.")
    await card.get_by_role("button", name="Turn it on", exact=True).click()
    await expect(card).to_contain_text("Your morning digest is on now.")
    await expect(card).to_contain_text("The next one can come on")
    await chat.screenshot("card-digest-on", card_only=True)
    await card.get_by_role("button", name="What’s new now?", exact=True).click()
    await expect(card).to_contain_text("There’s nothing new.")
    await chat.ask("settings digest off", "Your morning digest is off now.")
