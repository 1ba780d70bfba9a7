"""The morning digest over the chat: asked for, seen, and sent on a working morning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import bot.digest.wire
from bot.teams.activity import Person
from domain.digest import next_ms
from sandbox.people import TENANT_ID
from sync.redis.scripts import Scripts
from tests.doubles.inside import ADA, BEN, CHIARA, parked, said_by
from tests.doubles.memory import admins
from tests.doubles.outside import titles

if TYPE_CHECKING:
    from bot.digest.sending import Digests
    from tests.doubles.inside import Admin, Office

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def in_the_morning(place: Office) -> tuple[Digests, list[str]]:
    """What another process would send on Ada's next working morning, and what came of it."""
    place.beside.chat.seal.use(place.button_key)
    outcomes = list[str]()
    room = bot.digest.wire.wire(
        place.beside,
        place.redis,
        Scripts(place.redis),
        admins=admins(Person(TENANT_ID, ADA.object_id, "", ADA.name)),
        tenant_id=TENANT_ID,
        on_outcome=outcomes.append,
    )
    digest = await room.digests.rows.of(ADA.object_id)
    assert digest is not None
    morning = next_ms(digest.day, await place.beside.engine.people.now_ms(), digest.clock)

    async def then() -> int:
        return morning

    room.digests.now_ms = then
    room.digests.everyone_knows = lambda: True
    return room.digests, outcomes


def digests_of(chat: Admin) -> list[str]:
    shown = [said_by(chat.now(sent)) for sent in chat.received]
    return [said for said in shown if "New since" in said]


async def test_asked_for_it_comes_with_what_is_new_and_its_buttons_work(place: Office) -> None:
    chat = place.chat(ADA)
    centre = await chat.says("settings")
    card = await chat.clicks("Morning digest", centre)
    assert "Your morning digest is off." in said_by(card)
    card = await chat.clicks("Turn it on", centre)
    assert "Your morning digest is on now." in said_by(card)
    assert "on working days at 08:00 in your time zone" in said_by(card)
    assert "There’s nothing new." in said_by((await chat.says("settings digest now")).card)

    bring_back = await parked(place, BEN)
    shown = await chat.says("settings digest now")
    assert "1 person has a new problem: 1 unknown to Microsoft" in said_by(shown.card)
    digests, outcomes = await in_the_morning(place)
    before = len(digests_of(chat))
    for _ in range(2):
        await digests.step()
    assert len(digests_of(chat)) == before + 1
    assert outcomes == ["sent"]
    sent = chat.received[-1]
    assert BEN.name not in said_by(chat.now(sent)), "numbers only"
    assert titles(chat.now(sent)) == ["Who has problems", "Settings"]
    listed = await chat.clicks("Who has problems", sent)
    assert BEN.name in said_by(listed)

    bring_back()
    await chat.clicks("Try again", sent)

    async def well() -> bool:
        return "1 person has no problem any more." in said_by(
            (await chat.says("settings digest now")).card
        )

    await place.until(well, "it is over")
    off = await chat.says("settings digest off")
    assert "Your morning digest is off now." in said_by(off.card)
    await digests.step()
    assert outcomes == ["sent"]


async def test_it_is_for_admins_and_ends_with_the_role(place: Office) -> None:
    chat = place.chat(CHIARA)
    refused = said_by((await chat.says("settings digest on")).card)
    assert "Settings are for admins" in refused
    admin = place.chat(ADA)
    await admin.says("settings digest on")
    digests, outcomes = await in_the_morning(place)
    digests.admins = admins()
    await digests.step()
    await digests.step()
    assert outcomes == ["ended"]
    assert "Your morning digest has ended." in said_by(admin.now(admin.received[-1]))
    assert "is off." in said_by((await admin.says("settings digest")).card)
