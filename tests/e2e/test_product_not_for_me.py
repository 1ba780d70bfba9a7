"""*Not for me* without the app: from the privacy page, by keyboard, to the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from sandbox.people import PEOPLE
from tests.e2e.chat_driver import only_this_machine
from tests.e2e.portraits import portraits
from tests.e2e.product import Ports, running_product
from tests.e2e.sign_in_driver import choose

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

BEN = PEOPLE[1]


@pytest.mark.long
async def test_somebody_without_the_app_says_no(
    chat_client: None, browser: Browser, screenshots: Path, tmp_path: Path
) -> None:
    ports = Ports.free()
    context = await browser.new_context()
    await only_this_machine(context)
    page = await context.new_page()
    async with running_product(tmp_path, ports=ports) as product:
        await page.goto(f"http://127.0.0.1:{ports.bot}/privacy")
        await page.get_by_role("link", name="Not for me, also without the app").click()
        await expect(page.get_by_role("heading", name="Not for me", exact=True)).to_be_visible()
        await portraits(page, screenshots, "not-for-me")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="Sign in with Microsoft")).to_be_focused()
        await page.keyboard.press("Enter")
        await choose(page, BEN)  # and no question for consent
        await expect(page.get_by_role("heading", name="It isn’t on for you")).to_be_visible()
        await expect(page.get_by_text(f"Signed in as {BEN.name}")).to_be_visible()
        await portraits(page, screenshots, "not-for-me-holds")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="Not for me")).to_be_focused()
        await page.keyboard.press("Enter")
        done = page.get_by_role("heading", name="All right, not for you")
        await expect(done).to_be_visible()
        await portraits(page, screenshots, "not-for-me-done")
        await page.go_back()  # it is asked for anew, and says what came of it
        await expect(done).to_be_visible()
        assert product.complaints() == []
    await context.close()
