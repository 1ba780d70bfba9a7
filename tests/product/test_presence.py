"""What Microsoft is told for each Zoom state, and what `status` says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.faults import Fault, FaultKind
from sandbox.graph_presence import OFFLINE, TeamsClient
from sandbox.zoom_states import ZoomPresence
from tests.doubles.outside import facts, titles, words

if TYPE_CHECKING:
    from tests.doubles.outside import Outside, Product

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALL = ("Busy", "InACall")
PRESENTING = ("DoNotDisturb", "Presenting")
AVAILABLE = ("Available", "Available")
AWAY = ("Away", "Away")
MIRROR = {
    ZoomPresence.IN_MEETING: CALL,
    ZoomPresence.ON_PHONE_CALL: CALL,
    ZoomPresence.PRESENTING: PRESENTING,
    ZoomPresence.DO_NOT_DISTURB: PRESENTING,
    ZoomPresence.BUSY: CALL,
    ZoomPresence.IN_CALENDAR_EVENT: None,
    ZoomPresence.AVAILABLE: AVAILABLE,
    ZoomPresence.AWAY: AWAY,
    ZoomPresence.OFFLINE: None,
    ZoomPresence.OUT_OF_OFFICE: None,
    ZoomPresence.MOBILE_ONLY: None,
}


async def test_every_zoom_state_is_mirrored(product: Product, around: Outside) -> None:
    assert set(MIRROR) == set(ZoomPresence)
    person = around.somebody()
    await product.connected(person)
    for zoom, pair in MIRROR.items():
        # Away from it first, so that every state is a change.
        other = ZoomPresence.IN_MEETING if pair != CALL else ZoomPresence.PRESENTING
        around.world.set_zoom(person.object_id, other)
        await product.told(person, MIRROR[other])
        around.world.set_zoom(person.object_id, zoom)
        await product.told(person, pair)
        assert around.world.shown(person.object_id) == (pair or OFFLINE)


async def test_a_status_set_by_hand_always_wins(product: Product, around: Outside) -> None:
    person = around.somebody()
    chat = await product.connected(person)
    around.world.set_teams(person.object_id, TeamsClient.ACTIVE)
    around.world.set_manual(person.object_id, "BeRightBack")
    by_hand = around.state(person).preferred
    for zoom in (ZoomPresence.IN_MEETING, ZoomPresence.PRESENTING, ZoomPresence.AVAILABLE):
        around.world.set_zoom(person.object_id, zoom)
        await product.told(person, MIRROR[zoom])
        assert around.world.shown(person.object_id) == ("BeRightBack", "BeRightBack")
    around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
    await product.told(person, CALL)

    card = (await chat.says("status")).card
    assert "although Zoom has said “In a meeting”" in words(card)
    assert "your own status always wins" in words(card)
    assert facts(card)["Shown"] == "“Be right back” (BeRightBack, BeRightBack)"

    around.world.set_zoom(person.object_id, ZoomPresence.OFFLINE)
    await product.told(person, None)
    assert around.state(person).preferred == by_hand
    assert not any("Preferred" in line.what for line in around.state(person).journal)


async def test_status_in_a_meeting(product: Product, around: Outside) -> None:
    person = around.somebody()
    chat = await product.connected(person)
    around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
    await product.told(person, CALL)
    card = await chat.works()
    assert "Microsoft shows “In a call” because Zoom has said “In a meeting” since" in words(card)
    assert facts(card)["Zoom"].startswith("In a meeting, since ")
    assert facts(card)["I set"].startswith("“In a call” at ")
    assert "valid until" in facts(card)["I set"]
    assert facts(card)["Shown"] == "“In a call” (Busy, InACall)"
    assert facts(card)["Setting"]
    assert {"Refresh", "Test it", "Disconnect"} <= set(titles(card))


async def test_status_of_an_echo(product: Product, around: Outside) -> None:
    person = around.somebody()
    chat = await product.connected(person)
    around.world.set_teams(person.object_id, TeamsClient.PRESENTING)
    around.world.set_zoom(person.object_id, ZoomPresence.DO_NOT_DISTURB)
    # Shown when the event has gone through: a look leaves no trace at Microsoft.
    card = (await chat.says("status")).card
    for _ in range(100):
        if "Do not disturb" in facts(card)["Zoom"]:
            break
        card = (await chat.says("status")).card
    assert "on its own, and Zoom says “Do not disturb” too, so there’s nothing to add" in words(
        card
    )
    assert facts(card)["I set"] == "Nothing right now."
    assert around.told(person) is None


async def test_status_while_microsoft_decides(product: Product, around: Outside) -> None:
    person = around.somebody()
    chat = await product.connected(person)
    card = (await chat.says("status")).card
    assert "while Zoom says “Offline”, Microsoft decides on its own" in words(card)
    assert facts(card)["I set"] == "Nothing right now."


async def test_status_when_teams_weighs_more(product: Product, around: Outside) -> None:
    person = around.somebody()
    chat = await product.connected(person)
    around.world.set_teams(person.object_id, TeamsClient.ACTIVE)
    around.world.set_zoom(person.object_id, ZoomPresence.AWAY)
    await product.told(person, AWAY)
    text = words((await chat.says("status")).card)
    assert "although Zoom has said “Away”" in text
    assert "Your Teams is open and active" in text


async def test_status_while_graph_is_down(product: Product, around: Outside) -> None:
    person = around.somebody()
    chat = await product.connected(person)
    around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
    await product.told(person, CALL)
    around.world.faults.graph.append(Fault(FaultKind.UNAVAILABLE))
    card = (await chat.says("status")).card
    assert "I can’t see right now what Microsoft shows" in words(card)
    assert facts(card)["Shown"] == "Microsoft didn’t answer just now. Ask again in a minute."
    assert "“In a call”" in facts(card)["I set"]


async def test_status_tells_what_was_accepted_beside_what_is_tried(
    product: Product, around: Outside
) -> None:
    person = around.somebody()
    chat = await product.connected(person)
    around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
    await product.told(person, CALL)
    queue = around.world.faults.graph
    queue.append(Fault(FaultKind.UNAVAILABLE, retry_after=120))
    around.world.set_zoom(person.object_id, ZoomPresence.PRESENTING)
    await product.until(lambda: not queue.waiting(), "Microsoft refused it")
    await product.command.event("person_later", person=person.object_id)
    card = (await chat.says("status")).card
    assert facts(card)["I set"].startswith("Trying to set “Presenting”; last accepted: “In a call”")
    assert facts(card)["Problem"].startswith("Microsoft answered with an error. I’ll try again")
    assert facts(card)["Shown"] == "“In a call” (Busy, InACall)"
    assert "hasn’t accepted “Presenting” yet" in words(card)
    assert "takes precedence" not in words(card)


async def test_an_authorisation_that_ended_leaves_what_microsoft_holds(
    product: Product, around: Outside
) -> None:
    person = around.somebody()
    chat = await product.connected(person)
    around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
    await product.told(person, CALL)
    around.world.identity.revoke(person.object_id)
    around.world.faults.graph.append(Fault(FaultKind.UNAUTHORIZED))
    around.world.set_zoom(person.object_id, ZoomPresence.PRESENTING)
    await product.command.event("person_must_authorize_again", person=person.object_id)
    card = (await chat.says("status")).card
    assert around.told(person) == CALL
    assert "Microsoft may still show “In a call”" in words(card)
    assert "isn’t shown" not in words(card)
    assert "last accepted: “In a call” at" in facts(card)["I set"]


async def test_who_may_not_be_written_is_not_asked_to_connect_again(
    product: Product, around: Outside
) -> None:
    person = around.somebody()
    chat = await product.connected(person)
    queue = around.world.faults.graph
    queue.append(Fault(FaultKind.FORBIDDEN, times=4))  # three turns, the first with a new token
    around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
    await product.command.event("person_parked", person=person.object_id)
    assert queue.waiting() == []
    card = (await chat.says("status")).card
    assert "Microsoft doesn’t allow this app to set your presence. Zoom isn’t" in words(card)
    assert "Tell your admin" in words(card)
    assert "“In a call” wasn’t accepted; last accepted: nothing." in facts(card)["I set"]
    assert "Connect again" not in titles(card)
    card = (await chat.says("connect")).card
    assert "don’t need to connect again" in words(card)
    assert "Microsoft doesn’t allow this app to set your presence (403)." in words(card)
    assert not [m for m in chat.received if words(m.card).startswith("Please connect again")]
    around.world.set_zoom(person.object_id, ZoomPresence.PRESENTING)
    await product.told(person, PRESENTING)  # the admin has mended it
    await chat.works()


async def test_who_may_not_be_read_is_written_all_the_same(
    product: Product, around: Outside
) -> None:
    person = around.somebody()
    chat = await product.connected(person)
    around.world.faults.graph.append(Fault(FaultKind.FORBIDDEN))
    around.world.set_zoom(person.object_id, ZoomPresence.BUSY)  # looked at first: may be an echo
    await product.told(person, CALL)
    around.world.faults.graph.append(Fault(FaultKind.FORBIDDEN))
    card = (await chat.says("status")).card
    assert "I told it “In a call” because Zoom has said “Busy”" in words(card)
    assert facts(card)["Shown"].startswith("Microsoft doesn’t let me read it.")
    assert titles(card)[0] == "Refresh"
    around.world.set_zoom(person.object_id, ZoomPresence.PRESENTING)
    await product.told(person, PRESENTING)
    await chat.works()


async def test_status_without_a_connection(product: Product, around: Outside) -> None:
    card = (await product.chat(around.somebody()).says("status")).card
    assert "Not connected." in words(card)
    assert titles(card) == ["Connect", "What can I say?"]


async def test_late_and_repeated_events_change_nothing(product: Product, around: Outside) -> None:
    person = around.somebody()
    await product.connected(person)
    around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
    await product.told(person, CALL)
    now = round(around.world.clock.wall() * 1000)
    about = {"id": person.zoom_id, "email": person.zoom_email, "presence_status": "Available"}
    payload = {"account_id": around.world.config.zoom_account_id, "object": about}
    event = "user.presence_status_updated"
    for event_ts in (now - 3_600_000, now + 3_600_000):  # an hour late, an hour ahead
        delivery = around.world.webhooks.send(event, payload, event_ts)
        await product.until(
            lambda d=delivery: d.state == "delivered",  # type: ignore[misc]
            "the webhook is answered",
        )
    await product.command.event("zoom_event_from_the_future")
    about["presence_status"] = "Presenting"
    around.world.webhooks.send(event, payload, now + 1000)
    await product.told(person, PRESENTING)
    writes = [line.what for line in around.state(person).journal if "Presence" in line.what]
    assert [what.split()[1] for what in writes] == ["Busy/InACall", "DoNotDisturb/Presenting"]
