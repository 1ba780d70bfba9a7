"""Two admins at once, double clicks, repeated deliveries, old cards."""

from __future__ import annotations

import asyncio
import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from sync.redis import keys
from sync.settings.audit import AuditLog
from tests.doubles.inside import ADA, BEN, Admin, filled, inputs, said_by
from tests.doubles.outside import titles

if TYPE_CHECKING:
    from sync.settings.audit import AuditRecord
    from tests.doubles.inside import Office
    from tests.doubles.teams import Sent

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOT_SAVED = "a moment ago, so nothing was saved."


async def two_admins(place: Office) -> tuple[Admin, Admin]:
    place.app_roles(BEN, "PresenceAdmin")
    await place.connect(BEN)
    return place.chat(ADA), place.chat(BEN)


async def history(place: Office) -> list[AuditRecord]:
    """Every change but the installation's."""
    return [record async for record in AuditLog(place.redis).everything()][1:]


def overtaken(who: str, scope: str) -> str:
    return f"{who} changed the settings for {scope} {NOT_SAVED}"


def press(chat: Admin, message: Sent, title: str, **entered: object) -> dict[str, Any]:
    """The click as the client sends it, to be delivered as often as wanted."""
    card = deepcopy(chat.now(message))  # the click may be changed
    return chat.teams.presses(chat.client, card, title, on=message, inputs=filled(card, **entered))


async def test_of_two_different_changes_one_wins_and_the_other_sees_how_it_is(
    place: Office,
) -> None:
    first, second = await two_admins(place)
    mine = await first.says("settings account lock")
    theirs = await second.says("settings account disable")
    await first.clicks("Lock", mine)
    card = await second.clicks("Disable", theirs)
    assert overtaken(ADA.name, "the account") in said_by(card)
    assert titles(card) == ["Disable", "Cancel"]
    [record] = await history(place)
    assert record.by.name == ADA.name
    await second.clicks("Disable", theirs)  # the fresh card may be confirmed
    [_, record] = await history(place)
    assert record.by.name == BEN.name
    assert record.new is not None
    assert (record.new["locked"], record.new["integration"]) == (True, False)


async def test_a_form_that_was_overtaken_shows_how_it_is_now(place: Office) -> None:
    first, second = await two_admins(place)
    theirs = await second.says("settings account")
    mine = await first.says("settings account style busy only")
    await first.clicks("Use busy only", mine)
    card = await second.clicks("Save", theirs, locked="true")
    assert overtaken(ADA.name, "the account") in said_by(card)
    assert "style busy only" in said_by(card)
    assert len(await history(place)) == 1
    card = await second.clicks("Save", theirs, locked="true")
    assert "Lock: not locked → locked" in said_by(card)


async def test_look_ups_in_between_hide_nobody_and_an_old_change_has_its_time(
    place: Office,
) -> None:
    first, second = await two_admins(place)
    theirs = await second.says("settings group Sales disable")
    mine = await first.says("settings group Management disable")
    await first.clicks("Disable", mine)
    for _ in range(3):
        await first.says("settings user chiara@example.com")
    # As if it had been two hours ago.
    [(changed, entry), *later] = (await place.redis.xrange(keys.AUDIT))[1:]
    await place.redis.delete(keys.AUDIT)
    ago = int(changed.partition("-")[0]) - 2 * 3_600_000
    await place.redis.xadd(keys.AUDIT, entry, id=f"{ago}-0")
    for entry_id, fields in later:
        await place.redis.xadd(keys.AUDIT, fields, id=entry_id)
    text = said_by(await second.clicks("Disable", theirs))
    assert re.search(r"Ada Lindqvist changed the settings for Management at [\w, ]*\d\d:\d\d", text)
    assert "so nothing was saved." in text


async def test_a_change_of_another_group_counts_too(place: Office) -> None:
    # Whom the confirmation counted may have changed.
    first, second = await two_admins(place)
    theirs = await second.says("settings group Sales disable")
    mine = await first.says("settings group Management disable")
    await first.clicks("Disable", mine)
    card = await second.clicks("Disable", theirs)
    assert overtaken(ADA.name, "Management") in said_by(card)
    assert len(await history(place)) == 1


async def test_clicks_at_the_very_same_time_have_one_winner(place: Office) -> None:
    first, second = await two_admins(place)
    clicks = [
        (first, await first.says("settings account lock"), "Lock"),
        (second, await second.says("settings account style full"), "Use full"),
        (first, await first.says("settings group Sales disable"), "Disable"),
        (second, await second.says("settings group Management disable"), "Disable"),
    ]
    answers = await asyncio.gather(
        *(chat.deliver(press(chat, message, title)) for chat, message, title in clicks)
    )
    lost = [answer for answer in answers if NOT_SAVED in said_by(answer["value"])]
    assert len(lost) == len(clicks) - 1
    assert len(await history(place)) == 1


async def test_a_double_click_has_one_effect_and_one_entry(place: Office) -> None:
    await place.connect(BEN)
    chat = place.chat(ADA)
    question = await chat.says("settings group Sales disable")
    twice = [press(chat, question, "Disable") for _ in range(2)]
    assert twice[0]["id"] != twice[1]["id"]
    answers = await asyncio.gather(*(chat.deliver(click) for click in twice))
    assert all("Presence sync is disabled for Sales." in said_by(a["value"]) for a in answers)
    [record] = await history(place)
    assert (record.scope_name, record.old) == ("Sales", None)
    await place.at_rest()
    assert "Presence sync is disabled for Sales." in said_by(chat.now(question))


async def test_a_delivery_that_is_repeated_changes_nothing(place: Office) -> None:
    chat = place.chat(ADA)
    question = await chat.says("settings account lock")
    click = press(chat, question, "Lock")
    assert "is locked" in said_by((await chat.deliver(click))["value"])
    shown = chat.now(question)
    undo = await chat.says("settings account unlock")
    await chat.clicks("Unlock", undo)
    assert (await chat.deliver(click))["value"] == ""
    assert chat.now(question) == shown
    assert [record.new and record.new["locked"] for record in await history(place)] == [True, False]


async def test_an_old_card_is_harmless(place: Office) -> None:
    chat = place.chat(ADA)
    old = await chat.says("settings group Sales enable")
    clicked = press(chat, old, "Enable")
    await chat.deliver(clicked)
    later = await chat.says("settings group Sales disable")
    await chat.clicks("Disable", later)
    answer = await chat.deliver(clicked | {"id": "much-later"})
    assert overtaken("You", "Sales") in said_by(answer["value"])
    assert titles(answer["value"]) == ["Enable", "Cancel"]
    assert len(await history(place)) == 2


async def test_a_card_of_a_group_that_is_gone_is_harmless(place: Office) -> None:
    chat = place.chat(ADA)
    old = await chat.says("settings group Sales disable")
    place.zoom_groups([g for g in place.world.config.groups if g.name != "Sales"])
    await place.directory_read_again()
    answer = await chat.deliver(press(chat, old, "Disable"))
    assert "Zoom no longer has this group" in answer["value"]
    groups = await chat.says("settings groups")
    place.zoom_groups(place.world.config.groups[:1])
    await place.directory_read_again()
    last = inputs(place.chat(ADA).now(groups))["group"]["choices"][-1]["value"]
    chosen = filled(chat.now(groups), group=last)
    click = chat.teams.presses(chat.client, chat.now(groups), "Open", on=groups, inputs=chosen)
    assert "Zoom no longer has this group" in (await chat.deliver(click))["value"]
    assert await history(place) == []


async def test_a_payload_that_was_changed_is_refused(place: Office) -> None:
    chat = place.chat(ADA)
    question = await chat.says("settings group Sales enable")
    for name, value in (("group", "zgManagement"), ("version", 99), ("act", "disable")):
        click = press(chat, question, "Enable")
        click["value"]["action"]["data"]["args"][name] = value
        answer = await chat.deliver(click)
        assert answer["statusCode"] == 400, name
    assert await history(place) == []


async def test_what_a_client_adds_does_not_change_whom_a_button_is_about(place: Office) -> None:
    chat = place.chat(ADA)
    question = await chat.says("settings account lock")
    click = press(chat, question, "Lock")
    click["value"]["action"]["data"]["group"] = "zgSales"
    assert "The account is locked." in said_by((await chat.deliver(click))["value"])
    [record] = await history(place)
    assert record.scope == "account"
