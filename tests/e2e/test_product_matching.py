"""Who in Zoom is whom in Entra, as an admin sees and changes it in the chat and the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from sandbox.people import PEOPLE
from tests.e2e.chat_driver import only_this_machine
from tests.e2e.portraits import portraits
from tests.e2e.product import Panel, running_product
from tests.e2e.sign_in_driver import choose, to_accounts

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser, Locator

    from tests.e2e.chat_driver import Chat
    from tests.e2e.conftest import OpenChat

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.long,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

ADA = PEOPLE[0]
RIGHTS = ["Presence.ReadWrite.All", "User.Read.All"]


async def until_said(chat: Chat, words: str) -> Locator:
    """Ask who isn't matched until the card says so: people are matched within seconds."""
    for _ in range(12):
        card = await chat.ask("settings unmatched", "Who can’t be matched")
        try:
            await expect(card).to_contain_text(words, timeout=2_500)
        except AssertionError:
            continue
        return card
    raise AssertionError(f"It never said {words!r}: {await chat.visible_text()}")


async def test_an_admin_sees_who_is_not_matched_and_mends_it(
    open_chat: OpenChat, browser: Browser, screenshots: Path, tmp_path: Path
) -> None:
    async with running_product(tmp_path) as product:
        context = await browser.new_context()
        await only_this_machine(context)
        panel = await Panel.open(await context.new_page(), product.panel_url, ADA)
        chat = await open_chat(product.chat_url)
        await chat.last_card("Welcome to Presence Bridge")
        granted = await panel.page.request.post(
            f"{product.panel_url}sandbox/api/organisation", data={"granted": RIGHTS}
        )
        assert granted.ok
        await chat.ask("settings organisation", "Authorised since")
        await until_said(chat, "6 of 15 people in Zoom are matched.")
        await chat.screenshot("card-unmatched", card_only=True)

        await chat.ask("settings alias old.example example.com", "With the alias 1 of them")
        await chat.screenshot("card-alias", card_only=True)
        await chat.click("Add alias")
        await chat.last_card("Saved.")
        await chat.screenshot("card-aliases", card_only=True)
        await until_said(chat, "7 of 15 people in Zoom are matched.")

        await chat.ask("settings match kim.lee@example.com kim@nick.example", "Is this their")
        await chat.screenshot("card-match", card_only=True)
        await chat.click("Match them")
        await chat.last_card("It doesn’t count yet")
        await chat.screenshot("card-matched-by-hand", card_only=True)
        await chat.ask("settings user zed@sales.example", "Matched with")
        await chat.screenshot("card-user-matched", card_only=True)

        await until_said(chat, "7 of 15")
        await chat.click("Download…")
        await chat.last_card("Your list is ready")
        await chat.screenshot("card-download", card_only=True)
        page = await chat.open_link("Open the download")
        await portraits(page, screenshots, "page-download")
        await to_accounts(page)
        async with page.expect_download() as downloading:
            await choose(page, ADA)
        download = await downloading.value
        assert download.suggested_filename == "zoom-people.csv"
        path = await download.path()
        assert path.read_text("utf-8-sig").startswith("zoom_name,zoom_address,zoom_id")
