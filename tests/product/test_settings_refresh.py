"""Old cards ask for themselves anew where their reader looks at them; nobody clicks."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.faults import Fault, FaultKind
from sandbox.zoom_states import ZoomPresence
from sync.settings.audit import AuditLog
from tests.doubles.inside import ADA, BEN, CHIARA, Admin, said_by
from tests.doubles.outside import titles

if TYPE_CHECKING:
    from tests.doubles.inside import Office
    from tests.doubles.teams import Sent

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALL = ("Busy", "InACall")


async def refreshed(chat: Admin, message: Sent) -> dict[str, Any]:
    """What Teams gets when it asks for a card anew because its reader looks at it."""
    card = deepcopy(chat.now(message))
    assert card["refresh"]["userIds"] == [chat.client.mri]
    action = card["refresh"]["action"]
    answer = await chat.deliver(
        chat.teams.clicks(
            chat.client, action["verb"], action["data"], on=message, trigger="automatic"
        )
    )
    fresh: dict[str, Any] = answer["value"]
    return fresh


async def test_old_cards_refresh_themselves_where_teams_asks_for_it(place: Office) -> None:
    chat = place.chat(ADA)
    centre = await chat.says("settings")
    account = await chat.says("settings account lock")
    group = await chat.says("settings group Sales disable")
    change = await chat.says("settings account style busy only")
    await chat.clicks("Use busy only", change)
    count = len(chat.received)
    assert "Style busy only." in said_by(await refreshed(chat, centre))
    card = await refreshed(chat, account)
    assert "has the style busy only" in said_by(card)
    fresh = await refreshed(chat, group)
    assert said_by(fresh) == said_by(group.card)
    assert len(chat.received) == count  # nobody clicked: no message is sent or edited
    # The fresh question may be answered.
    click = chat.teams.presses(chat.client, fresh, "Disable", on=group)
    assert "Presence sync is disabled for Sales." in said_by((await chat.deliver(click))["value"])
    records = [record async for record in AuditLog(place.redis).everything()]
    assert len(records) == 3  # the installation's, the style's, and this one


async def test_status_refreshes_itself_for_its_reader(place: Office) -> None:
    chat = place.chat(BEN)
    before = await chat.says("status")
    await place.connect(BEN)
    assert "Not connected." in said_by(before.card)
    assert "Zoom Offline, since" in said_by(await refreshed(chat, before))
    place.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await place.product.told(BEN, CALL)
    card = await refreshed(chat, before)
    assert "because Zoom has said “In a meeting”" in said_by(card)
    edits = [sent for sent in chat.received if sent.activity_id == before.activity_id]
    assert len(edits) == 1  # only that one screen shows it
    assert "refresh" in card


async def test_nobody_else_s_screen_gets_a_status(place: Office) -> None:
    await place.connect(BEN, CHIARA)
    chat, other = place.chat(BEN), place.chat(CHIARA)
    mine = await chat.says("status")
    assert mine.card is not None
    action = mine.card["refresh"]["action"]
    forwarded = chat.teams.clicks(
        other.client, action["verb"], action["data"], on=mine, trigger="automatic"
    )
    place.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await place.product.told(BEN, CALL)
    answer = await other.deliver(forwarded)
    assert "In a meeting" not in said_by(answer["value"])  # their own, if any


async def test_progress_whose_edits_got_lost_catches_up(place: Office) -> None:
    await place.connect(BEN, CHIARA)
    for person in (BEN, CHIARA):
        place.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
    for person in (BEN, CHIARA):
        await place.product.told(person, CALL)
    place.world.faults.graph.append(Fault(FaultKind.STALLED, times=2))
    chat = place.chat(ADA)
    question = await chat.says("settings group Sales disable")
    begun = await chat.clicks("Disable", question)
    assert "Clearing 0 of 2" in said_by(begun)
    card = await refreshed(chat, question)
    assert "Clearing 0 of 2" in said_by(card)
    assert "refresh" in card
    place.world.faults.graph.release()
    await place.at_rest()
    assert "Cleared for 2 people." in said_by(chat.now(question))
    assert "refresh" not in chat.now(question)
    # As if that last edit had not arrived.
    action = begun["refresh"]["action"]
    answer = await chat.deliver(
        chat.teams.clicks(
            chat.client, action["verb"], action["data"], on=question, trigger="automatic"
        )
    )
    assert said_by(answer["value"]) == (
        "Presence sync is now off for 2 people Presence sync is disabled for Sales."
    )
    assert titles(answer["value"]) == ["Open the group", "All settings"]
