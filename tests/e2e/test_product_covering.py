"""Nobody signs in: an organisation authorises, and people say Start or Not for me."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from sandbox.people import PEOPLE
from tests.e2e.chat_driver import only_this_machine
from tests.e2e.product import Panel, running_product

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser

    from tests.e2e.conftest import OpenChat

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.long,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

ADA = PEOPLE[0]
RIGHTS = ["Presence.ReadWrite.All", "User.Read.All"]


async def test_an_organisation_authorises_and_people_decide(
    open_chat: OpenChat, browser: Browser, tmp_path: Path
) -> None:
    async with running_product(tmp_path) as product:
        context = await browser.new_context()
        await only_this_machine(context)
        panel = await Panel.open(await context.new_page(), product.panel_url, ADA)
        granted = await panel.page.request.post(
            f"{product.panel_url}sandbox/api/organisation", data={"granted": RIGHTS}
        )
        assert granted.ok
        await panel.covered("Not connected. Zoom’s people aren’t matched with Entra’s yet.")
        chat = await open_chat(product.chat_url)
        await chat.last_card("Welcome to Presence Bridge")
        await chat.ask("settings organisation", "Authorised since")
        await chat.screenshot("card-settings-organisation", card_only=True)
        await chat.ask("settings account authorise ask", "Let the organisation authorise it")
        await chat.screenshot("card-settings-authorise", card_only=True)
        await chat.click("Authorise on request")
        await chat.last_card("the organisation authorises it, on request.")
        await chat.screenshot("card-settings-authorised", card_only=True)

        await chat.ask("connect", "Nothing to set up.")
        await chat.screenshot("card-organisation-offer", card_only=True)
        await chat.click("Start")
        await chat.last_card("All set.")
        await chat.screenshot("card-organisation-started", card_only=True)
        await panel.zoom("In_Meeting")
        await panel.ours("In a call")
        await panel.covered("By the organisation, on request: they chose Start.")
        everybody = panel.page.get_by_test_id("coverage")
        await everybody.locator("summary").press("Enter")
        ida = everybody.get_by_role("row", name="Ida Merger")
        await expect(ida).to_contain_text("Nobody in Entra has this address")
        await chat.last_card("Your first Zoom meeting")
        await chat.ask("status", "In a call")
        await chat.screenshot("card-organisation-status", card_only=True)
        await panel.zoom("Available")
        await panel.ours(None)

        await panel.zoom("In_Meeting")
        await panel.ours("In a call")
        await chat.ask("disconnect", "only you can")
        await chat.screenshot("card-organisation-disconnect", card_only=True)
        await chat.click("Disconnect")
        card = await chat.last_card("can’t start this for you")
        await chat.screenshot("card-organisation-not-for-me", card_only=True)
        await expect(card.get_by_role("button")).to_have_text(["Start after all"])
        await panel.covered("Chose Not for me.")
        await panel.ours(None)
        await chat.ask("connect", "You chose Not for me before")
        await chat.screenshot("card-organisation-offer-again", card_only=True)

        await chat.ask("settings account authorise inform", "after notice?")
        await chat.screenshot("card-settings-authorise-inform", card_only=True)
        await chat.click("Authorise after notice")
        await chat.last_card("authorises it, after notice.")
        await chat.ask("settings informed", "were told?")
        await chat.screenshot("card-settings-informed", card_only=True)
        await chat.click("Record")
        await chat.last_card("were told today")
        await chat.screenshot("card-settings-informed-done", card_only=True)
        await chat.ask("settings account", "Who authorises")
        await chat.screenshot("card-settings-account-authoriser", card_only=True)
        await context.close()
