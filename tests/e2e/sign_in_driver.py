"""Walks through the sign-in in a browser: our start page, and the sandbox's pages for Microsoft."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import expect

from tests.doubles.outside import link_in
from tests.e2e.chat_driver import only_this_machine

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

    from sandbox.people import SandboxPerson
    from tests.doubles.teams import TeamsDouble
    from tests.e2e.chat_driver import Chat
    from tests.e2e.product import Panel, Product

LINK = "Connect with Microsoft"
FIRST_MEETING = "You’ll only see this once."


async def to_accounts(page: Page) -> None:
    """Go on from our start page to the choice of an account."""
    await page.get_by_role("button", name="Continue to Microsoft").click()
    await expect(page.get_by_role("heading", name="Pick an account")).to_be_visible()


async def choose(page: Page, person: SandboxPerson) -> None:
    """Choose an account."""
    await page.get_by_test_id(f"signin-{person.object_id}").click()


async def answer_consent(page: Page, answer: str) -> None:
    """Accept or cancel, where the question comes: who accepted once is not asked again."""
    accept = page.get_by_role("button", name="Accept")
    result = page.get_by_role("status")
    await expect(accept.or_(result)).to_be_visible()
    if await accept.is_visible():
        await page.get_by_role("button", name=answer).click()


async def connect(chat: Chat, panel: Panel) -> None:
    """Bring it about that the panel's person is connected and knows the first meeting's notice.

    Leaves Zoom at Offline if they were not connected before.
    """
    card = await chat.ask("connect")
    if "Already connected" in await card.inner_text():
        return
    page = await chat.open_link(LINK)
    await to_accounts(page)
    await choose(page, panel.person)
    await answer_consent(page, "Accept")
    await expect(page.get_by_role("heading", name="Connected")).to_be_visible()
    await page.close()
    await expect(card).to_contain_text("All set.")
    await panel.zoom("In_Meeting")
    await chat.last_card(FIRST_MEETING)  # a card that comes by itself would disturb what follows
    await panel.zoom("Offline")
    await panel.shows("Offline")


async def disconnect(chat: Chat) -> None:
    """Bring it about that the person is not connected."""
    card = await chat.ask("disconnect")
    if "Disconnect?" in await card.inner_text():
        await chat.click("Disconnect")
        await chat.last_card("Your authorisation is erased.")


async def connect_elsewhere(
    teams: TeamsDouble, product: Product, person: SandboxPerson, browser: Browser
) -> None:
    """Connect somebody who has a chat client of their own."""
    client = teams.person(person.object_id, person.name)
    await teams.deliver(product.endpoint, teams.says(client, "connect"))
    context = await browser.new_context()
    try:
        await only_this_machine(context)
        page = await context.new_page()
        await page.goto(link_in(teams.messages[-1].card))
        await to_accounts(page)
        await choose(page, person)
        await answer_consent(page, "Accept")
        await expect(page.get_by_role("heading", name="Connected")).to_be_visible()
    finally:
        await context.close()
