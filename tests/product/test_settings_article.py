"""The steps of Zoom's article, clicked through in the chat, for the account and for a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.zoom_states import ZoomPresence
from tests.doubles.inside import ADA, BEN, CHIARA, Admin, filled, inputs, said_by
from tests.doubles.outside import titles

if TYPE_CHECKING:
    from tests.doubles.inside import Office
    from tests.doubles.teams import Sent

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALL = ("Busy", "InACall")
PERMISSIONS = ["calendar", "contacts", "presence_write"]
WHOLE = ["integration", "service", "authorize_with", "authoriser", *PERMISSIONS, "style", "locked"]
ON = "Presence sync is on with this form"
OFF = "Presence sync is off with this form"


async def asked(chat: Admin, said: str) -> tuple[Sent, dict[str, Any]]:
    message = await chat.says(said)
    assert message.card is not None
    return message, message.card


async def is_on(place: Office) -> bool:
    """Whether presence is synchronised for Ada, as her own status says."""
    text = said_by((await place.chat(ADA).says("status")).card)
    off = any(words in text for words in ("Presence sync is off for", "have presence sync turned"))
    assert ("Presence sync is on for" in text) != off
    return "Presence sync is on for" in text


def fields(card: dict[str, Any]) -> list[str]:
    """The fields of the article's form that a card offers; last of all it asks for a reason."""
    *offered, reason = inputs(card)
    assert reason == "reason"
    return offered


async def test_the_nine_steps_for_the_account(place: Office) -> None:
    chat = place.chat(ADA)
    await place.connect(ADA)
    await chat.says("settings account disable")
    await chat.clicks("Disable", chat.received[-1])
    assert not await is_on(place)

    # 1 to 3: sign in as an admin, open the account's settings, Mail & Calendar.
    form, card = await asked(chat, "settings account")
    assert fields(card) == ["integration", "locked"]
    assert f"{OFF}, because the calendar and contacts integration is off." in said_by(card)
    # 4: the integration toggle. 5: the verification.
    card = await chat.clicks("Save", form, integration="true")
    assert titles(card) == ["Enable", "Cancel"]
    assert "Enable the calendar and contacts integration for the account?" in said_by(card)
    assert not await is_on(place)
    card = await chat.clicks("Enable", form)
    assert "Not saved yet." in said_by(card)
    assert not await is_on(place)
    # 6: another service first: what belongs to Office 365 is not offered then.
    card = await chat.clicks("Save", form, service="google")
    assert "are saved" in said_by(card)
    assert not await is_on(place)
    form, card = await asked(chat, "settings account")
    assert fields(card) == ["integration", "service", "locked"]
    assert f"{OFF}, because the default service is Google, not Office 365." in said_by(card)
    card = await chat.clicks("Save", form, service="office365")
    assert fields(card) == WHOLE  # Graph API was chosen before, and is kept
    assert "Not saved yet." in said_by(card)
    assert not await is_on(place)
    # 7: EWS first: it has no permissions.
    card = await chat.clicks("Save", form, authorize_with="ews")
    assert "are saved" in said_by(card)
    assert not await is_on(place)
    form, card = await asked(chat, "settings account")
    assert fields(card) == ["integration", "service", "authorize_with", "locked"]
    assert "it authorises with EWS, not with the Graph API" in said_by(card)
    card = await chat.clicks("Save", form, authorize_with="graph")
    assert fields(card) == WHOLE
    # 8: without Write it stays off.
    card = await chat.clicks("Save", form, presence_write="false", calendar="true")
    assert not await is_on(place)
    form, card = await asked(chat, "settings account")
    assert f"{OFF}, because the Presence permission isn’t Write." in said_by(card)
    # 8 and 9.
    card = await chat.clicks("Save", form, presence_write="true")
    assert "The settings for the account are saved." in said_by(card)
    assert await is_on(place)
    _, card = await asked(chat, "settings account")
    assert ON in said_by(card)
    assert inputs(card)["calendar"]["value"] == "true"


async def test_the_ten_steps_for_a_group(place: Office) -> None:
    await place.connect(BEN)
    place.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await place.product.told(BEN, CALL)
    chat = place.chat(ADA)
    account = await chat.says("settings account disable")
    await chat.clicks("Disable", account)
    await place.product.told(BEN, None)

    # 1 to 4: the group, Mail & Calendar.
    groups, card = await asked(chat, "settings groups")
    assert {"Sales", "O'Brien's Desk"} <= {c["title"] for c in inputs(card)["group"]["choices"]}
    card = await chat.clicks("Open", groups, group="zgSales")
    assert fields(card) == ["manages"]
    assert "Inherits from the account, where presence sync is off" in said_by(card)
    card = await chat.clicks("Save", groups, manages="true")
    assert "Not saved yet." in said_by(card)
    assert fields(card) == ["manages", "integration", "locked", "priority"]
    # 5 and 6: the toggle, and the verification.
    card = await chat.clicks("Save", groups, integration="true")
    assert titles(card) == ["Enable", "Cancel"]
    card = await chat.clicks("Enable", groups)
    assert fields(card) == ["manages", *WHOLE, "priority"]
    # 7 to 10.
    card = await chat.clicks(
        "Save", groups, service="office365", authorize_with="graph", presence_write="true"
    )
    assert "The settings for Sales are saved." in said_by(card)
    await place.product.told(BEN, CALL)
    _, card = await asked(chat, "settings group Sales")
    assert ON in said_by(card)
    text = said_by((await place.chat(BEN).says("status")).card)
    assert "Presence sync is on for your group Sales." in text


async def test_switching_off_by_the_toggle_asks_and_clears(place: Office) -> None:
    await place.connect(BEN, CHIARA)
    place.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await place.product.told(BEN, CALL)
    chat = place.chat(ADA)
    form, _ = await asked(chat, "settings account")
    card = await chat.clicks("Save", form, integration="false")
    assert titles(card) == ["Disable", "Cancel"]
    assert "2 people now, 3 people once they connect" in said_by(card)
    assert place.around.told(BEN) == CALL
    card = await chat.clicks("Disable", form)
    assert "Clearing 0 of 2" in said_by(card)
    await place.product.told(BEN, None)
    card = await place.shows(chat, form, "Cleared for 2 people.")
    assert titles(card) == ["Open the account", "All settings"]
    # The other choices are kept.
    form, card = await asked(chat, "settings account")
    await chat.clicks("Save", form, integration="true")
    card = await chat.clicks("Enable", form)
    assert inputs(card)["service"]["value"] == "office365"
    assert inputs(card)["authorize_with"]["value"] == "graph"
    assert inputs(card)["presence_write"]["value"] == "true"


async def test_cancelling_the_verification_changes_nothing(place: Office) -> None:
    await place.connect(ADA)
    chat = place.chat(ADA)
    form, before = await asked(chat, "settings account")
    await chat.clicks("Save", form, integration="false")
    card = await chat.clicks("Cancel", form)
    assert said_by(card) == said_by(before)
    assert await is_on(place)


async def test_a_group_may_inherit_again_by_its_form(place: Office) -> None:
    chat = place.chat(ADA)
    question = await chat.says("settings group Sales disable")
    await chat.clicks("Disable", question)
    form, card = await asked(chat, "settings group Sales")
    assert inputs(card)["manages"]["value"] == "true"
    card = await chat.clicks("Save", form, manages="false")
    assert "Own settings: yes → no (inherits)" in said_by(card)
    _, card = await asked(chat, "settings group Sales")
    assert "Inherits from the account, where presence sync is on." in said_by(card)


async def test_a_save_of_form_and_priority_is_one_change(place: Office) -> None:
    chat = place.chat(ADA)
    for name in ("Sales", "Management"):
        question = await chat.says(f"settings group {name} enable")
        await chat.clicks("Enable", question)
    form, _ = await asked(chat, "settings group Management")
    card = await chat.clicks("Save", form, priority=1, style="busy only")
    assert "Style: mirror → busy only" in said_by(card)
    assert "Priority: 2 → 1" in said_by(card)
    history = said_by((await chat.says("settings history")).card)
    assert history.count("Management: changed") == 2  # enabled, then this
    assert "Style: mirror → busy only" in history
    assert "Priority: 2 → 1" in history


async def test_a_form_that_a_tablet_sends_empty_saves_what_was_touched(place: Office) -> None:
    chat = place.chat(ADA)
    question = await chat.says("settings group Sales enable")
    await chat.clicks("Enable", question)
    form, card = await asked(chat, "settings group Sales")
    nothing: dict[str, Any] = dict.fromkeys(inputs(card), "")
    card = await chat.clicks("Save", form, **nothing)
    assert "Nothing to change" in said_by(card)
    form, card = await asked(chat, "settings group Sales")
    card = await chat.clicks("Save", form, **nothing | {"locked": "True", "style": "FULL"})
    assert "can replace an Available or Away that people set by hand" in said_by(card)
    card = await chat.clicks("Save with full", form)
    assert "Lock: not locked → locked" in said_by(card)
    assert "Style: mirror → full" in said_by(card)
    form, _ = await asked(chat, "settings group Sales")
    card = await chat.clicks("Save", form, integration="False")
    assert titles(card) == ["Disable", "Cancel"]


async def test_what_can_not_be_used_is_explained_and_the_card_stays(place: Office) -> None:
    chat = place.chat(ADA)
    await chat.clicks("Enable", await chat.says("settings group Sales enable"))
    form, card = await asked(chat, "settings group Sales")
    groups, listed = await asked(chat, "settings groups")
    for message, shown, title, entered, told in (
        (form, card, "Save", {"priority": 0}, "A priority is a whole number from 1 to 9,999."),
        (form, card, "Save", {"style": "mirror,full"}, "Your Teams sent a value for “Style” that"),
        (
            form,
            card,
            "Save",
            {"locked": "null"},
            "Your Teams sent a value for “Lock” that isn’t one",
        ),
        (groups, listed, "Open", {"group": ""}, "You haven’t chosen a group."),
        (groups, listed, "Open", {"group": "g404"}, "Zoom no longer has this group"),
    ):
        data = filled(shown, **entered)
        click = chat.teams.presses(chat.client, shown, title, on=message, inputs=data)
        before = len(chat.received)
        answer = await chat.deliver(click)
        assert answer["type"] == "application/vnd.microsoft.activity.message"
        assert answer["value"].startswith(told)
        assert len(chat.received) == before
        # A client older than Universal Actions sends the same as a message.
        data = click["value"]["action"]["data"]
        said = await chat.says("", value=data, replyToId=message.activity_id)
        assert said.text.startswith(told)


async def test_a_form_that_was_not_changed_saves_nothing(place: Office) -> None:
    chat = place.chat(ADA)
    form, _ = await asked(chat, "settings account")
    card = await chat.clicks("Save", form)
    assert "Nothing to change" in said_by(card)
    history = said_by((await chat.says("settings history")).card)
    assert history.count("changed") == 1  # the installation
