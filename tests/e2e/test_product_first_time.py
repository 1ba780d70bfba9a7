"""A newcomer's way: welcomed, connected, seen, and still connected after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import ViewportSize, expect

from sandbox.people import PEOPLE
from tests.e2e.chat_driver import new_chat
from tests.e2e.portraits import picture, portraits
from tests.e2e.product import Panel, Ports, running_product
from tests.e2e.sign_in_driver import FIRST_MEETING, LINK, answer_consent, choose, to_accounts

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

ADA = PEOPLE[0]
STORY_PANEL = ViewportSize(width=560, height=850)
"""So narrow that Ada's card is about as tall as the story in the chat."""


@pytest.mark.long
async def test_newcomer_connects_and_stays_connected_over_a_restart(
    chat_client: None, browser: Browser, screenshots: Path, tmp_path: Path
) -> None:
    ports = Ports.free()

    async with (
        running_product(tmp_path, ports=ports) as product,
        new_chat(browser, screenshots) as chat,
    ):
        await chat.open(product.chat_url)
        await chat.last_card("Welcome to Presence Bridge")
        await chat.screenshot("chat-welcome")
        await chat.ask("help", "What you can say")
        await chat.screenshot("chat-help")
        await chat.ask("conect", "Did you mean connect?")
        await chat.screenshot("chat-suggestion")
        await chat.click("Connect")
        await chat.last_card("Connect your Microsoft account")
        await chat.screenshot("chat-connect")
        await chat.screenshot("card-connect", card_only=True)

        page = await chat.open_link(LINK)
        await expect(page.get_by_role("heading", name="Connect Ada Lindqvist")).to_be_visible()
        await portraits(page, screenshots, "sign-in-start")
        await to_accounts(page)
        await portraits(page, screenshots, "sign-in-account")
        await choose(page, ADA)
        await expect(page.get_by_role("heading", name="Permissions requested")).to_be_visible()
        await portraits(page, screenshots, "sign-in-consent")
        await answer_consent(page, "Accept")
        await expect(page.get_by_role("heading", name="Connected")).to_be_visible()
        await portraits(page, screenshots, "sign-in-done")
        await page.close()
        await chat.last_card("All set. Ada Lindqvist, from now on I’ll tell Microsoft 365")
        await chat.screenshot("chat-connected")
        assert "Connect your Microsoft account" not in await chat.visible_text()

        panel = await Panel.open(await chat.page.context.new_page(), product.panel_url, ADA)
        await panel.zoom("In_Meeting")
        await panel.shows("In a call", "Busy / InACall")
        await chat.last_card(FIRST_MEETING)
        await chat.screenshot("chat-first-meeting")
        await panel.page.set_viewport_size(STORY_PANEL)
        await picture(panel.card, screenshots / "story-panel.png")
        await chat.page.bring_to_front()
        await chat.ask("status", "Microsoft shows “In a call” because Zoom has said “In a meeting”")
        await chat.conversation("story-chat", since="Your first Zoom meeting")
        await chat.page.get_by_role("button", name="OK", exact=True).click()
        await chat.wait_for_text("Say status or pause at any time.")

        await chat.open(product.chat_url)
        await chat.ask("status", "Your presence")
        assert "Welcome" not in await chat.visible_text()
        await chat.screenshot("chat-reloaded")

    async with (
        running_product(tmp_path, ports=ports) as product,
        new_chat(browser, screenshots) as chat,
    ):
        await chat.open(product.chat_url)
        await chat.ask("connect", "Already connected")
        assert "Welcome" not in await chat.visible_text()
        panel = await Panel.open(await chat.page.context.new_page(), product.panel_url, ADA)
        await panel.shows("In a call")
        await panel.zoom("Presenting")
        await panel.shows("Presenting", "DoNotDisturb / Presenting")
