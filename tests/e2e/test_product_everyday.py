"""What people say and press once they are connected, and when connecting does not work."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import expect
from redis.asyncio import Redis

from sandbox.people import PEOPLE
from sandbox.playground import playground
from tests.e2e.chat_driver import new_chat
from tests.e2e.portraits import picture, portraits
from tests.e2e.product import running_product
from tests.e2e.sign_in_driver import (
    LINK,
    answer_consent,
    choose,
    connect,
    disconnect,
    to_accounts,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser

    from tests.e2e.chat_driver import Chat
    from tests.e2e.product import Panel, Product

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

ADA, BEN, FARID = PEOPLE[0], PEOPLE[1], PEOPLE[5]
CLOCK = r"\d\d:\d\d"


@pytest_asyncio.fixture(loop_scope="session")
async def ada(chat: Chat, panel: Panel) -> AsyncIterator[Chat]:
    """The chat of Ada, who is connected. Afterwards she is not, which also ends a running test."""
    await connect(chat, panel)
    yield chat
    await disconnect(chat)


async def test_status_answers_in_one_sentence_first(chat: Chat, panel: Panel) -> None:
    await connect(chat, panel)
    await panel.zoom("In_Meeting")
    await panel.shows("In a call")

    card = await chat.ask("status", "Your presence")

    lines = [line for line in (await card.inner_text()).splitlines() if line.strip()]
    assert re.fullmatch(
        r"Working\. Microsoft shows “In a call” because Zoom has said “In a meeting” since "
        rf"{CLOCK}\. "
        r"I’ll keep it going while that lasts\.",
        lines[1],
    ), lines
    await chat.screenshot("chat-status")
    await chat.screenshot("card-status", card_only=True)


async def test_test_it_shows_in_a_call_and_says_what_microsoft_answered(
    ada: Chat, panel: Panel
) -> None:
    await ada.ask("status", "Your presence")

    await ada.click("Test it")

    card = await ada.last_card("The test worked")
    await expect(card).to_contain_text("“In a call” (Busy, InACall)")
    await panel.shows("In a call", "Busy / InACall")
    await ada.screenshot("chat-test")
    await ada.click("Status")
    await ada.last_card("because of your test until")


@pytest.mark.long
async def test_test_it_says_so_when_an_own_status_hides_it(ada: Chat, panel: Panel) -> None:
    await panel.teams("active")
    await panel.by_hand("DoNotDisturb")
    await ada.ask("status", "Your presence")

    await ada.click("Test it")

    card = await ada.last_card("Almost: Microsoft shows something else")
    await expect(card).to_contain_text("your own status always wins")
    await ada.screenshot("chat-test-hidden")


async def test_disconnect_asks_first_and_erases_only_when_confirmed(
    chat: Chat, panel: Panel
) -> None:
    await connect(chat, panel)
    await panel.zoom("In_Meeting")
    await panel.shows("In a call")

    await chat.ask("disconnect", "Disconnect?")
    await chat.screenshot("chat-disconnect")
    await chat.click("Cancel")
    await chat.last_card("Still connected")
    await panel.ours("In a call")

    await chat.ask("disconnect", "Disconnect?")
    await chat.click("Disconnect")
    await chat.last_card("Your authorisation is erased. The presence I’d set is cleared.")
    await chat.screenshot("chat-disconnected")
    await panel.shows("Offline")
    await panel.ours(None)

    await chat.ask("status", "Not connected.")
    await chat.screenshot("chat-status-not-connected")
    await connect(chat, panel)
    await panel.zoom("On_Phone_Call")
    await panel.shows("In a call")


@pytest.mark.long
async def test_people_who_are_not_connected_are_left_alone(chat: Chat, panel: Panel) -> None:
    await connect(chat, panel)
    await panel.zoom("In_Meeting")
    await panel.shows("In a call")
    await disconnect(chat)
    await panel.shows("Offline")

    await panel.zoom("Presenting")
    await expect(panel.page.get_by_test_id("webhooks")).to_have_text("All settled")

    await panel.shows("Offline")
    await panel.ours(None)


@pytest.mark.long
async def test_cancelled_link_no_longer_works(chat: Chat) -> None:
    await disconnect(chat)
    await chat.ask("connect", "Connect your Microsoft account")
    page = await chat.open_link(LINK)

    await chat.click("Cancel")
    await chat.last_card("Nothing was connected, and the link no longer works.")
    await page.reload()

    await expect(page.get_by_role("heading", name="This sign-in was ended")).to_be_visible()


@pytest.mark.long
async def test_declined_consent_connects_nothing_and_says_so_in_both_places(
    chat: Chat, panel: Panel, screenshots: Path
) -> None:
    await disconnect(chat)
    await withdraw_consent(panel)
    await chat.ask("connect", "Connect your Microsoft account")
    page = await chat.open_link(LINK)
    await to_accounts(page)
    await choose(page, ADA)

    await page.get_by_role("button", name="Cancel").click()

    await expect(page.get_by_role("heading", name="Not connected")).to_be_visible()
    await picture(page, screenshots / "sign-in-declined.png")
    card = await chat.last_card("Microsoft wasn’t given the permission")
    await expect(card).to_contain_text("Not connected")
    await chat.screenshot("chat-declined")
    await chat.click("Connect")
    await chat.last_card("Connect your Microsoft account")


@pytest.mark.long
async def test_other_account_is_refused_and_the_next_try_offers_the_choice(
    chat: Chat, panel: Panel, screenshots: Path
) -> None:
    await disconnect(chat)
    await chat.ask("connect", "Connect your Microsoft account")
    page = await chat.open_link(LINK)
    await to_accounts(page)
    await choose(page, BEN)
    await answer_consent(page, "Accept")

    await expect(page.get_by_role("heading", name="That was a different account")).to_be_visible()
    await portraits(page, screenshots, "sign-in-other-account")
    await chat.last_card("That was a different account")
    await chat.screenshot("chat-other-account")
    await panel.zoom("In_Meeting")
    await chat.ask("status", "Not connected.")
    await panel.shows("Offline")


@pytest.mark.long
async def test_used_and_expired_links_say_so(
    chat: Chat, product: Product, screenshots: Path
) -> None:
    await disconnect(chat)
    await chat.ask("connect", "Connect your Microsoft account")
    page = await chat.open_link(LINK)
    link = page.url
    await to_accounts(page)
    await page.go_back()  # the same browser goes on as often as it likes
    await to_accounts(page)
    browser = page.context.browser
    assert browser is not None
    async with await browser.new_context() as another:
        elsewhere = await another.new_page()
        await elsewhere.goto(link)
        used = elsewhere.get_by_role("heading", name="This link was already used")
        await expect(used).to_be_visible()
        await picture(elsewhere, screenshots / "sign-in-used.png")

    await chat.ask("connect", "Connect your Microsoft account")
    page = await chat.open_link(LINK)
    await expire_links(product)
    await page.get_by_role("button", name="Continue to Microsoft").click()
    await expect(page.get_by_role("heading", name="This link has expired")).to_be_visible()
    await picture(page, screenshots / "sign-in-expired.png")


@pytest.mark.long
async def test_somebody_without_zoom_is_told_which_addresses_were_compared(
    chat_client: None, browser: Browser, screenshots: Path, tmp_path: Path
) -> None:
    async with (
        running_product(tmp_path, person="farid") as product,
        new_chat(browser, screenshots) as chat,
    ):
        await chat.open(product.chat_url)
        await chat.last_card("Welcome to Presence Bridge")
        await chat.click("Connect")
        page = await chat.open_link(LINK)
        await to_accounts(page)
        await choose(page, FARID)
        await answer_consent(page, "Accept")

        await expect(page.get_by_role("heading", name="No matching Zoom account")).to_be_visible()
        await portraits(page, screenshots, "sign-in-no-zoom")
        card = await chat.last_card("Zoom has no user with your Microsoft address")
        await expect(card).to_contain_text(FARID.mail)
        await chat.screenshot("chat-no-zoom")
        await chat.ask("status", "Not connected.")


async def test_group_chat_and_channel_get_help_there_and_status_in_private(
    chat: Chat, panel: Panel
) -> None:
    await connect(chat, panel)
    before = (await chat.visible_text()).count("Your presence")

    await chat.go_to("Group Chat")
    await chat.mention("help")
    await chat.last_card("What you can say")
    await chat.mention("status")
    await chat.wait_for_text("I’ve answered in our private chat")
    assert "Your presence" not in await chat.visible_text()
    await chat.screenshot("chat-group")

    await chat.go_to("General")
    await chat.mention("help")
    await chat.last_card("What you can say")
    await chat.mention("status")
    await chat.wait_for_text("I’ve answered in our private chat")
    assert "Your presence" not in await chat.visible_text()
    await chat.screenshot("chat-channel")

    await chat.go_to("Personal Chat")
    await chat.last_card("Your presence")
    assert (await chat.visible_text()).count("Your presence") == before + 2


@pytest.mark.long
async def test_clients_without_installation_and_updates_work_too(
    product: Product, panel: Panel, browser: Browser, screenshots: Path, tmp_path: Path
) -> None:
    async with (
        playground(
            endpoint=product.endpoint, person=ADA, data_dir=tmp_path, port=0, channel="emulator"
        ) as client,
        new_chat(browser, screenshots) as chat,
    ):
        await chat.open(client.url)
        await disconnect(chat)
        await connect(chat, panel)
        await panel.zoom("In_Meeting")
        await panel.shows("In a call")
        await chat.ask("status", "Microsoft shows “In a call”")
        await chat.click("Refresh")
        await chat.screenshot("chat-emulator")
        await chat.last_card("Microsoft shows “In a call”")


async def withdraw_consent(panel: Panel) -> None:
    """Make Microsoft ask Ada for consent again."""
    summary = panel.card.get_by_text("Sign-in and consent")
    await summary.click()
    await panel.page.get_by_test_id(f"withdraw-{ADA.object_id}").click()
    await summary.click()


async def expire_links(product: Product) -> None:
    """Let ten minutes pass for the sign-in links, in the product's own Redis."""
    async with Redis(unix_socket_path=str(product.redis_socket())) as redis:
        async for key in redis.scan_iter("pb:signin:*"):
            await redis.pexpire(key, 0)
