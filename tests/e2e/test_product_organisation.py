"""The organisation authorises the app once: an admin asks, somebody consents, and it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from sandbox.people import PEOPLE
from tests.e2e.chat_driver import new_chat
from tests.e2e.portraits import picture, portraits
from tests.e2e.product import WITHDRAWN, Panel, running_product
from tests.e2e.sign_in_driver import choose, to_accounts

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser, Locator

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

ADA, BEN = PEOPLE[0], PEOPLE[1]


async def refreshed(card: Locator, words: str) -> None:
    """Press Refresh until the card says so: Microsoft is asked every few seconds at most."""
    button = card.get_by_role("button", name="Refresh")
    for _ in range(20):
        await button.click()
        try:
            await expect(card).to_contain_text(words, timeout=1_500)
        except AssertionError:
            continue
        return
    await expect(card).to_contain_text(words)


@pytest.mark.usefixtures("chat_client")
@pytest.mark.long
async def test_an_admin_asks_somebody_consents_and_it_is_withdrawn(
    browser: Browser, screenshots: Path, tmp_path: Path
) -> None:
    async with (
        running_product(tmp_path, but=WITHDRAWN) as product,
        new_chat(browser, screenshots) as chat,
        new_chat(browser, screenshots) as elsewhere,
    ):
        panel = await Panel.open(elsewhere.page, product.panel_url, ADA)
        await chat.open(product.chat_url)
        await chat.last_card("Welcome to Presence Bridge")
        card = await chat.ask("settings organisation", "Not authorised.")
        await chat.screenshot("card-organisation-not", card_only=True)
        await card.get_by_role("button", name="Authorise", exact=True).click()
        await expect(card).to_contain_text("Privileged Role Administrator")
        await chat.screenshot("card-organisation-address", card_only=True)
        field = card.get_by_role("textbox")
        address = await field.input_value()
        assert "/auth/microsoft/organisation/start?ticket=" in address

        # Whoever may not consent is told who may, and the address goes on working.
        page = await chat.open_link("Open the page")
        await expect(page.get_by_text("Ada Lindqvist")).to_be_visible()
        await portraits(page, screenshots, "page-organisation")
        await to_accounts(page)
        await choose(page, BEN)
        await expect(page.get_by_role("heading", name="Need admin approval")).to_be_visible()
        await page.get_by_test_id("approval-leave").click()
        refused = page.get_by_role("heading", name="Someone else has to do this")
        await expect(refused).to_be_visible()
        await portraits(page, screenshots, "page-organisation-not-allowed")

        await page.goto(address)
        await to_accounts(page)
        await choose(page, ADA)
        await expect(page.get_by_text("Review for your organisation.")).to_be_visible()
        await portraits(page, screenshots, "page-organisation-microsoft")
        await page.get_by_test_id("admin-consent-accept").click()
        await expect(page.get_by_role("heading", name="Authorised")).to_be_visible()
        await portraits(page, screenshots, "page-organisation-done")
        await page.close()
        await expect(card).to_contain_text("Authorised since")
        await expect(card.get_by_role("button", name="Authorise", exact=True)).to_have_count(0)
        await chat.screenshot("card-organisation-done", card_only=True)

        # An admin takes it back in Entra.
        await panel.page.get_by_test_id("organisation").locator("summary").click()
        for name in ("Presence.ReadWrite.All", "User.Read.All"):
            box = panel.page.get_by_test_id(f"right-{name}")
            await expect(box).to_be_checked()
            await box.uncheck()
        await expect(panel.page.get_by_test_id("rights")).to_have_text("· none")
        await picture(panel.page, screenshots / "panel-organisation.png")
        await refreshed(card, "No longer authorised.")
        await expect(card).to_contain_text(
            "I no longer set anything with this authorisation. What I’ve set with it ends by"
        )
        await chat.last_card("The consent was withdrawn in Entra.")
        await chat.screenshot("card-organisation-withdrawn", card_only=True)
