"""`disconnect`: nothing is ended unasked, everything in an order that survives a crash."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.handlers.disconnect import DisconnectHandler
from cards.person import organisation
from cards.person.clicks import CancelDisconnect, ConfirmDisconnect, DisconnectNow, NotForMe
from domain.clock import MINUTE
from domain.link import Ending
from domain.policy import AuthorisedBy
from tests.doubles.memory import ADA, NOW, Presence, SignInLinks, turn
from tests.doubles.outside import titles, words

if TYPE_CHECKING:
    from bot.request import Turn
    from cards.build import Card
    from domain.person import PersonState

pytestmark = pytest.mark.unit

ASK, YES, NO = ConfirmDisconnect(), DisconnectNow(), CancelDisconnect()


class Room:
    def __init__(self) -> None:
        self.engine, self.links = Presence(), SignInLinks()
        self.told = False
        self.handler = DisconnectHandler(self.engine, self.links, self.left, self)

    async def confirm_disconnect(self, _: Turn, person: PersonState) -> Card | None:
        if person.authorised_by is AuthorisedBy.ORGANISATION:
            return organisation.confirm(name="Ada")
        return organisation.confirm(name="Ada", told=True) if self.told else None

    async def not_connected(self, _: Turn) -> Card | None:
        return organisation.not_begun(name="Ada") if self.told else None

    async def disconnected(self, _: Turn, ending: Ending) -> Card:
        return organisation.opted_out(ending)

    async def not_for_me(self, _: Turn, __: NotForMe) -> Card:
        self.engine.done.append("not for me")
        return organisation.opted_out(None)

    async def left(self, oid: str) -> None:
        self.engine.done.append(f"left {oid}")


@pytest.fixture
def room() -> Room:
    return Room()


async def test_nothing_is_ended_before_the_answer(room: Room) -> None:
    room.engine.connect()
    assert titles(await room.handler.confirm(turn(), ASK))
    assert room.engine.done == []
    assert await room.engine.is_connected(ADA.object_id)


async def test_who_is_noted_as_gone_before_they_are_forgotten_is_not_invited(room: Room) -> None:
    room.engine.connect()
    room.links.under_way.add(ADA.object_id)
    await room.handler.disconnect(turn(), YES)
    assert room.engine.done == [f"left {ADA.object_id}", "disconnect"]
    assert room.links.under_way == set(), "or they come back from Microsoft connected"


async def test_whoever_the_organisation_authorised_opts_out(room: Room) -> None:
    room.engine.connect(authorised_by=AuthorisedBy.ORGANISATION)
    assert "Only you can" in words(await room.handler.confirm(turn(), ASK))
    assert room.engine.done == []
    await room.handler.disconnect(turn(), YES)
    assert room.engine.done == ["not for me"]


async def test_who_was_told_that_it_starts_opts_out_before_their_own_ends(room: Room) -> None:
    room.engine.connect()
    room.told = True
    asked = await room.handler.confirm(turn(), ASK)
    assert "Your organisation can’t start it for you. Only you can." in words(asked)
    assert "Your organisation can’t start this for you" in words(
        await room.handler.disconnect(turn(), YES)
    )
    assert room.engine.done == ["not for me", f"left {ADA.object_id}", "disconnect"]


async def test_who_was_told_and_is_not_connected_can_say_no(room: Room) -> None:
    room.told = True
    for card in [
        await room.handler.confirm(turn(), ASK),
        await room.handler.disconnect(turn(), YES),
    ]:
        assert titles(card) == ["Not for me", "Cancel"]
    assert room.engine.done == [], "nothing is decided for them"


async def test_a_second_click_ends_nothing_again(room: Room) -> None:
    room.engine.connect()
    await room.handler.disconnect(turn(), YES)
    card = await room.handler.disconnect(turn(), YES)
    assert room.engine.done.count("disconnect") == 1
    assert "Not connected" in words(card)


async def test_who_is_still_signing_in_is_stopped(room: Room) -> None:
    room.links.under_way.add(ADA.object_id)
    await room.handler.confirm(turn(), ASK)
    assert room.links.under_way == set()
    assert room.engine.done == []


@pytest.mark.parametrize("how", ["later", "expires"])
async def test_what_is_not_cleared_yet_is_said_with_its_end(room: Room, how: str) -> None:
    room.engine.connect()
    room.engine.ends = Ending("later" if how == "later" else "expires", NOW + 40 * MINUTE)
    assert "15:00" in words(await room.handler.disconnect(turn(), YES))
    again = words(await room.handler.confirm(turn(), ASK))
    assert ("15:00" in again) == (how == "later")


async def test_what_is_cleared_has_no_end_to_wait_for(room: Room) -> None:
    room.engine.connect()
    assert "14:" not in words(await room.handler.disconnect(turn(), YES))


async def test_who_was_quicker_elsewhere_is_not_connected(room: Room) -> None:
    room.engine.connect()
    room.engine.ends = None
    assert "Not connected" in words(await room.handler.disconnect(turn(), YES))


async def test_who_changes_their_mind_stays(room: Room) -> None:
    room.engine.connect()
    assert "Not connected" not in words(await room.handler.cancel(turn(), NO))
    assert await room.engine.is_connected(ADA.object_id)
    room.engine.people.clear()
    assert "Not connected" in words(await room.handler.cancel(turn(), NO))
