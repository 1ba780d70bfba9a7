"""Zoom's groups change: verdicts follow, what we wrote is cleared or pushed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from sandbox.people import GROUPS
from sandbox.zoom_states import ZoomPresence
from sync.redis import keys
from sync.settings.audit import AuditLog
from tests.doubles.inside import ADA, BEN, CHIARA, said_by
from tests.doubles.outside import titles

if TYPE_CHECKING:
    from sandbox.people import SandboxPerson
    from tests.doubles.inside import Office

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALL = ("Busy", "InACall")


async def change(place: Office, said: str) -> None:
    chat = place.chat(ADA)
    question = await chat.says(said)
    await chat.clicks(titles(question.card)[0], question)


async def in_a_meeting(place: Office, *people: SandboxPerson) -> None:
    await place.connect(*people)
    for person in people:
        place.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
    for person in people:
        await place.product.told(person, CALL)


@pytest.mark.parametrize(
    "event",
    [
        "group.created",
        "group.updated",
        "group.deleted",
        "group.member_added",
        "group.member_deleted",
    ],
)
async def test_zooms_word_of_a_change_asks_for_a_new_reading(place: Office, event: str) -> None:
    assert await place.redis.hget(keys.DIRECTORY_STATE, "requested") is None
    payload = {
        "account_id": place.world.config.zoom_account_id,
        "object": {"id": "zgSales", "name": "Sales"},
    }
    delivery = place.world.webhooks.send(event, payload)
    assert delivery is not None
    await place.product.until(lambda: delivery.state == "delivered", "the webhook is answered")
    assert await place.redis.hget(keys.DIRECTORY_STATE, "requested") is not None


async def test_whoever_leaves_a_disabled_group_shows_again(place: Office) -> None:
    await in_a_meeting(place, BEN)
    await change(place, "settings group Sales disable")
    await place.product.told(BEN, None)
    place.in_zoom(BEN, "Sales Team North")
    await place.directory_read_again()
    await place.product.told(BEN, CALL)


async def test_whoever_joins_a_disabled_group_is_cleared(place: Office) -> None:
    await in_a_meeting(place, CHIARA)
    await change(place, "settings group Customer Care disable")
    assert place.around.told(CHIARA) == CALL
    place.in_zoom(CHIARA, *CHIARA.groups, "Customer Care")
    await place.directory_read_again()
    await place.product.told(CHIARA, None)
    status = said_by((await place.chat(CHIARA).says("status")).card)
    assert "Your admins have presence sync turned off for your group Customer Care" in status


async def test_a_renamed_group_keeps_its_settings_under_the_new_name(place: Office) -> None:
    await in_a_meeting(place, BEN)
    await change(place, "settings group Sales disable")
    await place.product.told(BEN, None)
    place.zoom_groups([replace(g, name="Vertrieb") if g.name == "Sales" else g for g in GROUPS])
    place.in_zoom(BEN, "Vertrieb", "Sales Team North")
    place.in_zoom(CHIARA, "Vertrieb", "O'Brien's Desk")
    await place.directory_read_again()
    chat = place.chat(ADA)
    assert "Presence sync is off" in said_by((await chat.says("settings group Vertrieb")).card)
    assert "There’s no group called “Sales”" in said_by(
        (await chat.says("settings group Sales")).card
    )
    assert place.around.told(BEN) is None
    status = said_by((await place.chat(BEN).says("status")).card)
    assert "Your admins have presence sync turned off for your group Vertrieb" in status
    history = said_by((await chat.says("settings history")).card)
    assert "Vertrieb: changed Name: Sales → Vertrieb Zoom, " in history


async def test_a_group_that_vanished_is_let_go_and_recorded(place: Office) -> None:
    await in_a_meeting(place, BEN, CHIARA)
    await change(place, "settings account disable")
    await change(place, "settings group Sales enable")
    await change(place, "settings group O'Brien's Desk enable")
    await place.product.told(BEN, CALL)
    place.zoom_groups([g for g in GROUPS if g.name != "Sales"])
    await place.directory_read_again()
    await place.product.told(BEN, None)
    assert place.around.told(CHIARA) == CALL  # her other group decides now
    records = [record async for record in AuditLog(place.redis).everything()]
    assert (records[-1].by.name, records[-1].scope_name) == ("Zoom", "Sales")
    assert records[-1].new is None
    chat = place.chat(ADA)
    assert "1. O'Brien's Desk" in said_by((await chat.says("settings")).card)
    history = said_by((await chat.says("settings history")).card)
    assert "Sales: changed Calendar and contacts integration: on → inherits Zoom" in history


async def test_an_empty_answer_of_zoom_changes_nothing(place: Office) -> None:
    await in_a_meeting(place, BEN)
    await change(place, "settings account disable")
    await change(place, "settings group Sales enable")
    await place.product.told(BEN, CALL)
    people = dict(place.world.people)
    place.world.people.clear()
    try:
        await place.directory_read_again()
    finally:
        place.world.people.update(people)
    chat = place.chat(ADA)
    centre = said_by((await chat.says("settings")).card)
    assert "Zoom sent an empty list, which can’t be right." in centre
    assert "Presence sync is on with this form" in said_by(
        (await chat.says("settings group Sales")).card
    )
    assert place.around.told(BEN) == CALL


async def test_somebody_who_connects_later_is_in_their_groups(place: Office) -> None:
    await change(place, "settings account disable")
    await change(place, "settings group Sales enable")
    place.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await place.connect(BEN, ADA)
    await place.product.told(BEN, CALL)
    status = said_by((await place.chat(ADA).says("status")).card)
    assert "Your admins have presence sync turned off for your organisation" in status
