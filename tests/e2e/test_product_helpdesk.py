"""Somebody of the helpdesk at the real chat client, and what people read of being looked up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from sandbox.people import APP_ID, PEOPLE, TENANT_ID
from tests.doubles.outside import words
from tests.doubles.teams import TeamsDouble
from tests.e2e.chat_driver import new_chat, only_this_machine
from tests.e2e.product import Panel, running_product
from tests.e2e.sign_in_driver import connect, connect_elsewhere

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

BEN, EMEKA = PEOPLE[1], next(person for person in PEOPLE if person.helpdesk)


@pytest.mark.usefixtures("chat_client")
@pytest.mark.long
async def test_the_helpdesk_looks_somebody_up_and_changes_nothing(
    browser: Browser, screenshots: Path, tmp_path: Path
) -> None:
    async with (
        running_product(tmp_path, person="emeka") as product,
        TeamsDouble(app_id=APP_ID, tenant_id=TENANT_ID) as teams,
        new_chat(browser, screenshots) as chat,
    ):
        context = await browser.new_context()
        await only_this_machine(context)
        panel = await Panel.open(await context.new_page(), product.panel_url, EMEKA)
        await expect(panel.card).to_contain_text("Helpdesk")
        await chat.open(product.chat_url)
        await chat.last_card("Welcome to Presence Bridge")
        # Nobody knows their role before they are connected.
        await chat.ask("settings user Ben", "Settings are for admins")
        await connect(chat, panel)
        await chat.ask("help", "look someone up")
        await chat.screenshot("card-help-helpdesk", card_only=True)

        await connect_elsewhere(teams, product, BEN, browser)
        ben = Panel(panel.page, BEN)
        await ben.zoom("In_Meeting")
        await ben.shows("In a call")
        card = await chat.ask("settings user Ben", "Presence sync is on for them.")
        await expect(card).to_contain_text("It last worked today")
        await expect(card).not_to_contain_text(re.compile(r"\d:\d\d"))
        await expect(card.get_by_role("button")).to_have_count(0)
        await chat.screenshot("card-settings-user-helpdesk", card_only=True)

        card = await chat.ask("settings group Sales disable because INC1", "That’s for admins")
        await expect(card).to_contain_text("settings user")
        await expect(card.get_by_role("button")).to_have_text(["Status"])
        await chat.screenshot("card-settings-not-for-helpdesk", card_only=True)

        told = teams.person(BEN.object_id, BEN.name)
        await teams.deliver(product.endpoint, teams.says(told, "status"))
        assert "looked up once, by the helpdesk." in words(teams.messages[-1].card)
        await chat.ask("status", "Nobody has looked up your status today.")
        await chat.screenshot("card-status-looked-up", card_only=True)
        await context.close()
