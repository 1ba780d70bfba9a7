"""An admin changes settings in the chat client, with its real inputs and buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from sandbox.people import APP_ID, PEOPLE, TENANT_ID
from tests.doubles.teams import TeamsDouble
from tests.e2e.product import Panel
from tests.e2e.sign_in_driver import connect, connect_elsewhere

if TYPE_CHECKING:
    from playwright.async_api import Browser, Locator

    from tests.e2e.chat_driver import Chat
    from tests.e2e.product import Product

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

BEN = PEOPLE[1]
SHOWN = "In a call"


@pytest.mark.long
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
    card = await chat.ask("settings account", "Default calendar and contact service")
    await chat.screenshot("card-settings-form", card_only=True)
    await chat.at_rest()
    await card.get_by_role("radio", name="Busy only").click()
    await card.get_by_role("button", name="Save").click()
    await expect(card).not_to_contain_text("Default calendar and contact service")
    await panel.ours(None)

    card = await chat.ask("settings account style mirror")
    await card.get_by_role("button").first.click()
    await panel.ours("Available")


async def test_a_row_of_a_group_opens_by_a_click_and_by_keyboard(chat: Chat) -> None:
    card = await chat.ask("settings groups", "Groups in Zoom")
    await chat.screenshot("card-settings-rows", card_only=True)
    row = card.get_by_label("Open Management")
    await row.focus()
    await row.press("Enter")
    await expect(card).to_contain_text("Settings for Management")
    await expect(card).to_contain_text("in Zoom.")
    await chat.screenshot("card-settings-row-opened", card_only=True)
    card = await chat.ask("settings groups", "Groups in Zoom")
    await card.get_by_text("Customer Care").first.click()
    await expect(card).to_contain_text("Settings for Customer Care")


# -- groups --------------------------------------------------------------------------------------


@pytest.mark.long
async def test_a_name_that_is_not_clear_leads_to_a_choice_of_the_nearest(chat: Chat) -> None:
    card = await chat.ask(
        "settings group Sales Team disable", "There’s no group called “Sales Team”."
    )
    await expect(card.get_by_role("button")).to_have_text(
        ["Sales Team North", "Sales", "All groups", "Cancel"]
    )
    await chat.screenshot("card-settings-pick", card_only=True)

    await card.get_by_role("button", name="Sales Team North").click()
    await expect(card).to_contain_text("Disable presence sync for Sales Team North?")
    await card.get_by_role("button", name="Cancel").click()
    await expect(card).to_contain_text("Nothing was changed.")

    card = await chat.ask("settings groups sa", "2 groups with “sa” in the name.")
    await chat.screenshot("card-settings-groups", card_only=True)


@pytest.mark.long
async def test_a_lock_takes_the_choice_of_a_style_and_says_so(chat: Chat, panel: Panel) -> None:
    await connect(chat, panel)
    await confirm(chat, "settings group Management enable", "is enabled for Management")
    card = await chat.ask("style")
    await expect(card.get_by_role("button")).to_have_text(["Busy only", "Full", "Quiet"])

    await confirm(chat, "settings group Management lock", "Management is locked.")

    card = await chat.ask("style", "set for your group Management and locked")
    await expect(card.get_by_role("button")).to_have_count(0)
    await chat.screenshot("card-style-locked", card_only=True)
    await chat.ask("status", "your group Management")
    await panel.zoom("In_Meeting")
    await panel.ours(SHOWN)
    await chat.ask("pause for 2h", "Paused until")  # always works
    await panel.ours(None)
    await chat.ask("resume")
    await panel.ours(SHOWN)
    await confirm(chat, "settings account lock", "The account is locked.")
    await chat.ask("settings", "They don’t count while the account is locked.")
    card = await chat.ask("settings account unlock")
    await card.get_by_role("button", name="Unlock").click()
    await confirm(chat, "settings group Management inherit", "Management inherits")


# -- the article ---------------------------------------------------------------------------------

SERVICE = "Default calendar and contact service"
OFF = ["Calendar and contacts integration", "Lock"]
OTHER_SERVICE = [OFF[0], SERVICE, "Lock"]
EWS = [OFF[0], SERVICE, "Authorize with", "Lock"]
WHOLE = [*EWS[:3], "Who authorises", "Calendar", "Contacts", "Presence", "Style", "Lock"]


@pytest.mark.long
async def test_the_article_s_steps_for_the_account_by_clicking(chat: Chat, panel: Panel) -> None:
    await connect(chat, panel)
    await panel.zoom("In_Meeting")
    await panel.shows(SHOWN)

    # Steps 1 to 3: an admin opens the settings of the account.
    card = await chat.ask("settings account")
    await form_says(card, "Presence sync is on with this form, style mirror.", WHOLE)

    # Steps 4 and 5: the toggle of the integration, off and on, each time with the verification.
    await chat.at_rest()
    await card.get_by_role("checkbox", name="Enabled").uncheck()
    await save(card)
    await expect(card).to_contain_text("Disable the calendar and contacts integration for the")
    await expect(card.get_by_role("button")).to_have_text(["Disable", "Cancel"])
    await panel.ours(SHOWN)  # not before it is verified
    await card.get_by_role("button", name="Disable").click()
    # Others may be connected to this product, too.
    await expect(card).to_contain_text("Cleared for ")
    await panel.ours(None)
    await panel.shows("Offline")
    await open_account(card)
    off = "Presence sync is off with this form, because "
    await form_says(card, f"{off}the calendar and contacts integration is off.", OFF)
    await chat.at_rest()
    await card.get_by_role("checkbox", name="Enabled").check()
    await save(card)
    await expect(card).to_contain_text("Enable the calendar and contacts integration for the")
    await expect(card.get_by_role("button")).to_have_text(["Enable", "Cancel"])
    await card.get_by_role("button", name="Enable").click()
    await form_says(card, "Presence sync is on with this form, style mirror.", WHOLE)
    await expect(card).to_contain_text("Not saved yet.")
    await panel.ours(None)

    # Step 6: the service. Google has no part in it; Office 365 leads on.
    await chat.at_rest()
    await card.get_by_role("radio", name="Google").click()
    await save(card)
    await expect(card).to_contain_text(f"{SERVICE}: Office 365 → Google")
    await open_account(card)
    await form_says(card, f"{off}the default service is Google, not Office 365.", OTHER_SERVICE)
    await panel.ours(None)
    await chat.at_rest()
    await card.get_by_role("radio", name="Office 365").click()
    await save(card)

    # Step 7: authorize with. EWS has no permissions to choose; the Graph API has.
    await expect(card).to_contain_text("Not saved yet.")
    await chat.at_rest()
    await card.get_by_role("radio", name="EWS").click()
    await save(card)
    await expect(card).to_contain_text("Authorize with: Graph API → EWS")
    await open_account(card)
    await form_says(card, f"{off}it authorises with EWS, not with the Graph API.", EWS)
    await panel.ours(None)
    await chat.at_rest()
    await card.get_by_role("radio", name="Graph API").click()
    await save(card)

    # Step 8: the permissions. Without Write it stays off.
    await expect(card).to_contain_text("Not saved yet.")
    await chat.at_rest()
    await card.get_by_role("checkbox", name="Presence").uncheck()
    await save(card)
    await expect(card).to_contain_text("Presence: Write → none")
    await open_account(card)
    await form_says(card, f"{off}the Presence permission isn’t Write.", WHOLE)
    await panel.ours(None)
    await chat.at_rest()
    await card.get_by_role("checkbox", name="Presence").check()

    # Step 9: save.
    await save(card)
    await expect(card).to_contain_text("The settings for the account are saved.")
    await expect(card).to_contain_text("Updated for ")
    await panel.shows(SHOWN, "Busy / InACall")
    await open_account(card)
    await form_says(card, "Presence sync is on with this form, style mirror.", WHOLE)

    # What was done is in the history, and presence follows again.
    card = await chat.ask("settings history")
    newest = [
        "Presence: none → Write",
        "Authorize with: EWS → Graph API · Presence: Write → none",
        f"{SERVICE}: Google → Office 365 · Authorize with: Graph API → EWS",
        f"Calendar and contacts integration: off → on · {SERVICE}: Office 365 → Google",
        "Calendar and contacts integration: on → off",
    ]
    said = await card.inner_text()
    assert [line for line in said.splitlines() if " → " in line][:5] == newest
    assert f"{PEOPLE[0].name}, " in said
    await panel.zoom("Presenting")
    await panel.shows("Presenting", "DoNotDisturb / Presenting")
    await panel.zoom("Offline")
    await panel.ours(None)


@pytest.mark.long
async def test_the_article_s_steps_for_a_group_by_clicking(chat: Chat) -> None:
    await confirm(chat, "settings group Customer Care disable", "disabled for Customer Care")

    # Steps 2 and 3: the groups, and the name of one.
    card = await chat.ask("settings groups", "5 groups.")
    await card.get_by_role("combobox", name="Open a group").click()
    await chat.page.get_by_role("option", name="Customer Care").click()
    await card.get_by_role("button", name="Open", exact=True).click()
    await expect(card).to_contain_text("Settings for Customer Care")
    await expect(card).to_contain_text("the calendar and contacts integration is off")

    # Steps 5 and 6: the toggle of the integration, and its verification.
    await chat.at_rest()
    await card.get_by_role("checkbox", name="Enabled").check()
    await card.get_by_role("button", name="Save").click()
    await expect(card).to_contain_text(
        "Enable the calendar and contacts integration for Customer Care?"
    )
    await expect(card.get_by_role("button")).to_have_text(["Enable", "Cancel"])
    await chat.screenshot("card-settings-verify", card_only=True)
    await card.get_by_role("button", name="Enable").click()

    # Step 7: the service. What another service has no use for is not offered.
    await expect(card).to_contain_text("Not saved yet.")
    await chat.at_rest()
    await card.get_by_role("radio", name="Google").click()
    await card.get_by_role("button", name="Save").click()
    await expect(card).to_contain_text("Default calendar and contact service: Office 365 → Google")
    await card.get_by_role("button", name="Open the group").click()
    await expect(card).to_contain_text("the default service is Google, not Office 365")
    await expect(card).not_to_contain_text("Authorize with")
    await chat.at_rest()
    await card.get_by_role("radio", name="Office 365").click()
    await card.get_by_role("button", name="Save").click()

    # Steps 8 to 10: authorize with, the permissions, save.
    await expect(card).to_contain_text("Authorize with")
    await chat.at_rest()
    await card.get_by_role("radio", name="Graph API").click()
    await card.get_by_role("checkbox", name="Presence").check()
    await chat.screenshot("card-settings-form-group", card_only=True)
    await card.get_by_role("button", name="Save").click()
    await expect(card).to_contain_text("The settings for Customer Care are saved.")
    await chat.screenshot("card-settings-saved", card_only=True)

    card = await chat.ask("settings groups", "Customer Care")
    await expect(card).to_contain_text("On · mirror · priority 1")
    await confirm(chat, "settings group Customer Care inherit", "inherits")


@pytest.mark.long
async def test_a_reason_is_typed_into_the_question_and_stands_in_the_history(
    chat: Chat, panel: Panel
) -> None:
    await connect(chat, panel)
    said = "settings group Customer Care disable because INC0012345"
    card = await chat.ask(said, "Disable presence sync for Customer Care?")
    reason = card.get_by_role("textbox", name="Reason or ticket (optional)")
    await expect(reason).to_have_value("INC0012345")
    await chat.screenshot("card-settings-reason", card_only=True)
    await chat.at_rest()
    await reason.fill("INC0012345: works council <b>agreed</b> [on](https://x.example) 👩‍🚀")
    await card.get_by_role("button", name="Disable", exact=True).click()
    kept = "Reason: INC0012345: works council <b>agreed</b> [on](https://x.example) 👩‍🚀"
    await expect(card).to_contain_text(kept)
    await chat.screenshot("card-settings-reason-done", card_only=True)
    card = await chat.ask("settings history", kept)
    await chat.screenshot("card-settings-history-reason", card_only=True)

    card = await chat.ask("settings group Customer Care inherit because")
    await expect(card).to_contain_text("There is no reason after “because”.")
    card = await chat.ask("settings group Customer Care")
    await chat.at_rest()
    await card.get_by_role("textbox", name="Reason or ticket (optional)").fill("INC2")
    await card.get_by_role("checkbox").first.uncheck()  # it inherits again
    await card.get_by_role("button", name="Save").click()
    await expect(card).to_contain_text("Reason: INC2")


@pytest.mark.long
async def test_enabling_a_group_shows_its_people_s_zoom_presence(
    chat: Chat, product: Product, shared_panel: Panel, browser: Browser
) -> None:
    async with TeamsDouble(app_id=APP_ID, tenant_id=TENANT_ID) as teams:
        ben = Panel(shared_panel.page, BEN)
        await connect_elsewhere(teams, product, BEN, browser)
        await ben.zoom("In_Meeting")
        await ben.shows(SHOWN, "Busy / InACall")
        await confirm(chat, "settings group Sales disable", "Cleared for 1 person.")
        await ben.ours(None)
        await ben.shows("Offline")

        card = await chat.ask("/settings group Sales enable", "Enable presence sync for Sales?")
        await expect(card).to_contain_text("1 person now")
        await card.get_by_role("button", name="Enable", exact=True).click()
        await expect(card).to_contain_text("Presence sync is enabled for Sales.")
        await expect(card).to_contain_text("Updated for 1 person.")
        await ben.shows(SHOWN, "Busy / InACall")
        await chat.screenshot("card-settings-enabled", card_only=True)

        card = await chat.ask("settings user ben@example.com", "Presence sync is on for them.")
        await expect(card).to_contain_text("Sales, priority")
        await chat.screenshot("card-settings-user", card_only=True)
        await chat.ask("settings")
        await chat.screenshot("card-settings", card_only=True)
        await confirm(chat, "settings group Sales inherit", "inherits")


async def form_says(card: Locator, verdict: str, offered: list[str]) -> None:
    """Wait until the form says whether presence sync is on, and offers these fields and no more.

    Last of all it asks for a reason.
    """
    await expect(card).to_contain_text(verdict)
    fields = [*offered, "Reason or ticket (optional)"]
    await expect(card.locator("label.ac-richTextBlock")).to_have_text(fields)


async def save(card: Locator) -> None:
    await card.get_by_role("button", name="Save").click()


async def open_account(card: Locator) -> None:
    await card.get_by_role("button", name="Open the account").click()


async def confirm(chat: Chat, said: str, then: str) -> None:
    """Say it, press the first button of the answer, and wait until it is carried out.

    Its progress would have every card drawn anew, and empty what is being filled in.
    """
    card = await chat.ask(said)
    await card.get_by_role("button").first.click()
    await expect(card).to_contain_text(then)
    await expect(card.get_by_role("button", name="All settings")).to_be_visible()
