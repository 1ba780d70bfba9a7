"""The helpdesk looks one person up, has them tried again, and can do and see nothing more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from bot.admins import REFUSED_S
from sandbox.zoom_states import ZoomPresence
from sync.redis import keys
from sync.settings.audit import AuditLog
from tests.doubles.inside import ADA, BEN, CHIARA, EMEKA, parked, said_by
from tests.doubles.outside import titles
from tests.doubles.settings import history
from wording.trouble import FAILED_AGAIN, WELL_AGAIN

if TYPE_CHECKING:
    from typing import Any

    from sandbox.people import SandboxPerson
    from tests.doubles.inside import Admin, Office

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROLE = "PresenceHelpdesk"
REFUSED = "You’re on the helpdesk of this app."
FOR_ADMINS = (
    "settings",
    "settings account",
    "settings account disable because INC1",
    "settings group Sales",
    "settings group Sales enable",
    "settings groups",
    "settings invite",
    "settings history",
    "settings acount enable",
    "turn it off for everyone",
)


async def helpdesk(place: Office, person: SandboxPerson = EMEKA) -> Admin:
    place.app_roles(person, ROLE)
    await place.connect(person)
    return place.chat(person)


async def test_somebody_is_looked_up_by_name_or_address_and_tried_again(place: Office) -> None:
    chat = await helpdesk(place)
    await place.connect(BEN)
    for said in ("settings user Ben", "settings user ben.okafor@example.com"):
        card = (await chat.says(said)).card
        assert "Presence sync is on for them." in said_by(card)
        assert titles(card) == []
    looked = [r for r in await history(AuditLog(place.redis)) if r.by.actor_id == EMEKA.object_id]
    assert [record.scope for record in looked] == ["user:ben.okafor@example.com"] * 2


async def test_what_is_for_admins_is_refused_and_what_is_not_is_said(place: Office) -> None:
    chat = await helpdesk(place)
    before = await place.redis.hgetall(keys.SETTINGS)
    for said in FOR_ADMINS:
        card = (await chat.says(said)).card
        assert REFUSED in said_by(card), said
        assert "settings user and their name or address" in said_by(card)
        assert titles(card) == ["Status"]
    assert await place.redis.hgetall(keys.SETTINGS) == before
    listed = said_by((await chat.says("help")).card)
    assert "settings user For the helpdesk: look someone up" in listed
    assert "For admins" not in listed


async def test_buttons_of_admins_do_nothing_for_the_helpdesk(place: Office) -> None:
    """Cards that were forwarded, and every button that an admin's cards have."""
    chat, admin = await helpdesk(place), place.chat(ADA)
    await place.connect(BEN)
    before = len(await history(AuditLog(place.redis)))
    for said in (
        *("settings", "settings account", "settings groups", "settings history"),
        *("settings group Sales", "settings group Sales disable", "settings invite"),
    ):
        message = await admin.says(said)
        card = message.card
        assert card is not None
        for title in titles(card):
            pressed = chat.teams.presses(chat.client, card, title)
            answer = said_by((await chat.deliver(pressed))["value"])
            assert REFUSED in answer, title
        assert admin.now(message) == card
    assert len(await history(AuditLog(place.redis))) == before


async def test_a_card_of_somebody_else_is_not_the_helpdesk_s(place: Office) -> None:
    chat, admin = await helpdesk(place), place.chat(ADA)
    await parked(place, BEN)
    message = await admin.says("settings user Ben")
    assert "Try again" in titles(message.card)
    assert message.card is not None
    pressed = chat.teams.presses(chat.client, message.card, "Try again")
    assert "card is someone else’s" in said_by((await chat.deliver(pressed))["value"])
    own = await chat.says("settings user Ben")
    assert titles(own.card) == ["Try again"]
    again = said_by(await chat.clicks("Try again", own))
    assert FAILED_AGAIN in again or WELL_AGAIN in again
    kinds = [record.kind for record in await history(AuditLog(place.redis))]
    assert kinds.count("revive") == 1


async def test_a_role_that_is_withdrawn_between_card_and_press_counts_no_more(
    place: Office,
) -> None:
    chat = await helpdesk(place)
    await parked(place, BEN)
    card = await chat.says("settings user Ben")
    place.app_roles(EMEKA)
    again = await chat.says("disconnect")
    await chat.presses("Disconnect", again)
    await place.connect(EMEKA)
    assert "Settings are for admins" in said_by(await chat.clicks("Try again", card))
    assert REFUSED_S == 60.0, "without a new connection it is asked anew each minute"


async def test_nothing_moves_on_the_card_when_a_meeting_begins_or_a_pause(place: Office) -> None:
    chat = await helpdesk(place)
    await place.connect(BEN, CHIARA)
    place.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await place.product.told(BEN, ("Busy", "InACall"))
    before = said_by((await chat.says("settings user Ben")).card)
    assert not re.search(r"\d:\d\d", before)
    assert "It last worked today" in before
    place.world.set_zoom(BEN.object_id, ZoomPresence.PRESENTING)
    await place.product.told(BEN, ("DoNotDisturb", "Presenting"))
    assert said_by((await chat.says("settings user Ben")).card) == before
    await place.chat(BEN).says("pause")
    await place.product.told(BEN, None)
    assert said_by((await chat.says("settings user Ben")).card) == before
    assert "They paused" in said_by((await place.chat(ADA).says("settings user Ben")).card)


def looked_up(card: dict[str, Any] | None) -> str:
    """What a status says of look-ups."""
    found = re.search(r"(Nobody|Since|Today|In the last) [^.]*looked up[^.]*\.", said_by(card))
    assert found is not None, said_by(card)
    return found[0]


async def test_people_read_how_often_they_were_looked_up_and_by_which_role(place: Office) -> None:
    helper, admin, own = await helpdesk(place), place.chat(ADA), place.chat(BEN)
    await place.connect(BEN)
    none = looked_up((await own.says("status")).card)
    assert none == "Nobody has looked up your status today."
    await admin.says("settings user Ben")
    await admin.says("settings user ben.okafor@example.com")
    shown = await helper.says("settings user Ben")
    assert "their status tells them there was one, but not by whom" in said_by(shown.card)
    await helper.says("settings user O")  # several people: nobody is shown
    told = looked_up((await own.says("status")).card)
    assert told == (
        "Today your status was looked up 3 times: twice by an admin, once by the helpdesk."
    )
    for name in (ADA.name, EMEKA.name, ADA.object_id, EMEKA.object_id):
        of_ben = [key async for key in place.redis.scan_iter("pb:*lookups*")]
        assert not [key for key in of_ben if name in str(key)]
    # Asking about oneself is no look-up, and who disconnects begins anew.
    await place.connect(ADA)
    await admin.says("settings user Ada")
    assert "Nobody" in looked_up((await admin.says("status")).card)
    again = await own.says("disconnect")
    await own.presses("Disconnect", again)
    assert [key async for key in place.redis.scan_iter("pb:{*}:lookups:*")] == []
    await admin.says("settings user Ben")
    assert [key async for key in place.redis.scan_iter("pb:{*}:lookups:*")] == []
    await place.connect(BEN)
    assert "Nobody" in looked_up((await own.says("status")).card)
