"""From a click on Zoom's side of the panel to what Microsoft shows, and `status` about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.e2e.portraits import picture, portraits
from tests.e2e.sign_in_driver import connect

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.chat_driver import Chat
    from tests.e2e.product import Panel, TeamsClient

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

IN_A_CALL = ("In a call", "Busy / InACall")
PRESENTING = ("Presenting", "DoNotDisturb / Presenting")
NOTHING = ("Offline", "Offline / Offline")  # with Teams closed Microsoft itself has nothing to show

MIRROR = {
    "In_Meeting": IN_A_CALL,
    "On_Phone_Call": IN_A_CALL,
    "Presenting": PRESENTING,
    "Do_Not_Disturb": PRESENTING,
    "Busy": IN_A_CALL,
    "In_Calendar_Event": NOTHING,
    "Available": ("Available", "Available / Available"),
    "Away": ("Away", "Away / Away"),
    "Offline": NOTHING,
    "Out_of_Office": NOTHING,
    "Mobile_signed_in": NOTHING,
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ada_is_connected(shared_chat: Chat, shared_panel: Panel) -> None:
    await shared_chat.go_to("Personal Chat")
    await connect(shared_chat, shared_panel)


@pytest_asyncio.fixture(loop_scope="session")
async def connected(ada_is_connected: None, panel: Panel) -> Panel:
    """Ada is connected, and offline everywhere."""
    await panel.shows(*NOTHING)
    return panel


@pytest.mark.long
async def test_every_zoom_state_shows_in_microsoft_as_the_table_says(connected: Panel) -> None:
    for presence, (words, pair) in MIRROR.items():
        before = "Presenting" if (words, pair) == IN_A_CALL else "In_Meeting"
        await connected.zoom(before)
        await connected.shows(*MIRROR[before])

        await connected.zoom(presence)
        await connected.shows(words, pair)
        await connected.ours(None if pair == NOTHING[1] else words)


async def test_status_set_by_hand_is_never_overridden_and_status_says_why(
    connected: Panel, chat: Chat
) -> None:
    await connected.by_hand("BeRightBack")
    await connected.teams("active")
    await connected.shows("Be right back")

    for presence, told in (("In_Meeting", "In a call"), ("Presenting", "Presenting")):
        await connected.zoom(presence)
        await connected.ours(told)
        await connected.shows("Be right back", "BeRightBack / BeRightBack")

    card = await chat.ask("status", "Why they differ")
    await expect(card).to_contain_text("Microsoft shows “Be right back”, although Zoom has said")
    await expect(card).to_contain_text("your own status always wins")
    await chat.screenshot("chat-status-own")
    await chat.screenshot("card-status-own", card_only=True)

    await connected.by_hand("None")
    await connected.shows(*PRESENTING)


@pytest.mark.long
async def test_status_set_by_hand_during_a_call_stays(connected: Panel) -> None:
    await connected.zoom("In_Meeting")
    await connected.shows(*IN_A_CALL)

    await connected.by_hand("DoNotDisturb")
    await connected.shows("Do not disturb", "DoNotDisturb / DoNotDisturb")
    await connected.zoom("On_Phone_Call")
    await connected.ours("In a call")
    await connected.shows("Do not disturb", "DoNotDisturb / DoNotDisturb")


@pytest.mark.long
@pytest.mark.parametrize(
    ("client", "zoom", "shown"),
    [
        ("active", "Away", "Available"),
        ("active", "In_Meeting", "In a call"),
        ("idle", "Available", "Available"),
        ("call", "Available", "In a call"),
        ("call", "Presenting", "Presenting"),
        ("presenting", "In_Meeting", "Presenting"),
    ],
)
async def test_zoom_and_a_teams_client_are_merged_by_microsoft(
    connected: Panel, client: TeamsClient, zoom: str, shown: str
) -> None:
    await connected.teams(client)
    await connected.zoom(zoom)

    await connected.ours(MIRROR[zoom][0])
    await connected.shows(shown)


@pytest.mark.long
async def test_after_a_zoom_state_that_shows_nothing_teams_decides_alone(connected: Panel) -> None:
    await connected.teams("active")
    await connected.zoom("Do_Not_Disturb")
    await connected.shows(*PRESENTING)

    await connected.zoom("Out_of_Office")

    await connected.ours(None)
    await connected.shows("Available", "Available / Available")


@pytest.mark.long
async def test_panel_fits_every_screen(connected: Panel, screenshots: Path) -> None:
    await connected.teams("active")
    await connected.zoom("In_Meeting")
    await connected.shows(*IN_A_CALL)

    await portraits(connected.page, screenshots, "panel")


@pytest.mark.long
async def test_quiet_says_what_it_silences_and_shows_presenting(
    chat: Chat, connected: Panel, screenshots: Path
) -> None:
    panel = connected
    await panel.zoom("In_Meeting")
    await panel.shows("In a call", "Busy / InACall")
    await expect(panel.card).to_contain_text("Teams rings all the same.")
    await chat.ask("style", "“In a call” that an app sets doesn’t stop Teams from ringing.")
    await chat.screenshot("card-style", card_only=True)

    await chat.click("Quiet")

    await chat.last_card("Use the style quiet?")
    await chat.screenshot("card-style-quiet", card_only=True)
    await panel.shows("In a call", "Busy / InACall")
    await chat.click("Use quiet")
    await chat.last_card("Your style is now quiet.")
    await chat.screenshot("card-style-changed", card_only=True)
    await panel.shows("Presenting", "DoNotDisturb / Presenting")
    await expect(panel.card).to_contain_text("Teams is silent, but for urgent calls and messages.")
    await picture(panel.page, screenshots / "panel-quiet.png")
    await chat.ask("status", "Microsoft shows “Presenting” because Zoom has said “In a meeting”")
    await chat.screenshot("card-status-quiet", card_only=True)
    await chat.ask("settings account style quiet", "People can only choose quiet for themselves")
    await chat.screenshot("card-settings-quiet", card_only=True)
    await chat.ask("help", "The style quiet")
    await chat.screenshot("card-help", card_only=True)
    await chat.ask("style")
    await chat.click("Follow my organisation")
    await chat.last_card("Your style is now mirror.")
    await panel.shows(*IN_A_CALL)
