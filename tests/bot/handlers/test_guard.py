"""Before the settings: who may, whom a card asks, and which groups there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.admins import Admins
from bot.handlers.settings.guard import Gatekeeper, ZoomGroups
from cards.click import BadInput
from domain.directory import DirectoryGroup
from domain.policy import ACCOUNT, Level
from domain.roles import By, Role, Standing
from tests.doubles.memory import ADA, BEN, Rows, ZoomDirectory, admins, turn
from tests.doubles.outside import words

if TYPE_CHECKING:
    from bot.dispatch import Intent
    from bot.request import Turn
    from bot.teams.activity import Person
    from cards.build import Card

pytestmark = pytest.mark.unit

SALES = DirectoryGroup("g1", "Sales", 3)


class Unknown(Admins):
    """Which role somebody has can't be found out."""

    def __init__(self) -> None:
        pass

    async def standing(self, person: Person) -> Standing:
        return Standing(sure=False)


class ByZoom(Unknown):
    """An admin, perhaps by a role in Zoom alone."""

    def __init__(self, by_zoom: bool) -> None:
        self.by_zoom = by_zoom

    async def standing(self, person: Person) -> Standing:
        return Standing(Role.ADMIN, by_zoom=self.by_zoom)

    async def _external(self, _: str) -> bool:
        return False

    external = _external


class Room:
    def __init__(self) -> None:
        self.admins, self.rows = admins(ADA, BEN), Rows()
        self.directory = ZoomDirectory((SALES,))
        self.groups = ZoomGroups(self.directory, ())
        self.answered: list[str] = []
        self.turns: list[Turn] = []

    async def handler(self, turn: Turn, _: Intent) -> Card:
        self.answered.append(turn.person.object_id)
        self.turns.append(turn)
        return {"answered": True}

    async def needs_groups(self, _: Turn, __: Intent) -> Card:
        await self.groups.view()
        return {"answered": True}

    async def asks(self, turn: Turn, by: By = By.ADMIN, *, zoom_admins: bool = False) -> Card:
        guard = Gatekeeper(self.admins, self.rows, self.groups, zoom_admins)
        return await guard(turn, None, by, self.handler)


@pytest.fixture
def room() -> Room:
    return Room()


async def test_an_admin_is_answered(room: Room) -> None:
    assert await room.asks(turn()) == {"answered": True}


@pytest.mark.parametrize("may", [False, None])
async def test_nobody_else_is(room: Room, may: bool | None) -> None:
    room.admins = admins() if may is False else Unknown()
    card = await room.asks(turn(), By.ADMIN)
    assert room.answered == []
    assert room.rows.asked == {}, "who is no admin is asked nothing"
    assert ("Try again in a minute" in words(card)) == (may is None)


async def test_a_guest_hears_that_guests_never_may(room: Room) -> None:
    room.admins = admins()
    member = words(await room.asks(turn()))
    room.admins = admins(ADA, guests=[ADA.object_id])
    assert words(await room.asks(turn())) != member


async def test_a_role_in_zoom_is_named_only_where_it_counts(room: Room) -> None:
    room.admins = admins()
    with_zoom, without = [words(await room.asks(turn(), zoom_admins=z)) for z in (True, False)]
    assert with_zoom != without


async def test_only_the_admin_who_was_asked_may_say_yes(room: Room) -> None:
    await room.asks(turn(clicked="card-9"))
    card = await room.asks(turn(BEN, clicked="card-9"), By.RECIPIENT)
    assert "card is someone else’s" in words(card)
    assert room.answered == [ADA.object_id]
    await room.asks(turn(clicked="card-9"), By.RECIPIENT)
    assert room.answered == [ADA.object_id] * 2


async def test_looking_at_another_s_card_does_not_make_it_one_s_own(room: Room) -> None:
    await room.asks(turn(clicked="card-9"))
    await room.asks(turn(BEN, clicked="card-9"))
    assert "card is someone else’s" in words(
        await room.asks(turn(BEN, clicked="card-9"), By.RECIPIENT)
    )


async def test_a_card_that_asks_nobody_takes_no_yes(room: Room) -> None:
    assert "card is someone else’s" in words(
        await room.asks(turn(clicked="forgotten"), By.RECIPIENT)
    )
    assert room.answered == []


class Helpdesk(Admins):
    """Everybody is of the helpdesk, and not surely no more."""

    def __init__(self, *, sure: bool = True) -> None:
        self.sure = sure

    async def standing(self, person: Person) -> Standing:
        return Standing(Role.HELPDESK, self.sure)


async def test_the_helpdesk_may_what_is_for_it_and_hears_what_that_is(room: Room) -> None:
    room.admins = Helpdesk()
    assert await room.asks(turn(), By.HELPDESK) == {"answered": True}
    assert room.turns[-1].role is Role.HELPDESK
    for by in (By.ADMIN, By.RECIPIENT):
        said = words(await room.asks(turn(clicked="card-1"), by))
        assert "You’re on the helpdesk of this app." in said
        assert "settings user" in said
    assert len(room.answered) == 1


async def test_who_may_be_more_than_helpdesk_may_what_is_certain(room: Room) -> None:
    room.admins = Helpdesk(sure=False)
    assert await room.asks(turn(), By.HELPDESK) == {"answered": True}
    assert "Try again in a minute." in words(await room.asks(turn(), By.ADMIN))


async def test_the_helpdesk_presses_on_cards_of_its_own_only(room: Room) -> None:
    await room.asks(turn(clicked="card-9"))
    room.admins = Helpdesk()
    card = await room.asks(turn(BEN, clicked="card-9"), By.HELPDESK)
    assert "card is someone else’s" in words(card)
    await room.asks(turn(BEN, clicked=""), By.HELPDESK)
    assert room.answered == [ADA.object_id, BEN.object_id]
    assert await room.asks(turn(BEN, clicked="card-1"), By.HELPDESK) == {"answered": True}


async def test_a_role_that_is_gone_when_the_button_is_pressed_lets_nothing_through(
    room: Room,
) -> None:
    room.admins = Helpdesk()
    await room.asks(turn(), By.HELPDESK)
    room.admins = admins()
    card = await room.asks(turn(clicked="card-1"), By.HELPDESK)
    assert "Settings are for admins" in words(card)
    assert room.answered == [ADA.object_id]


@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize("by", By)
def test_whoever_may_more_may_what_others_may(by: By, role: Role | None) -> None:
    assert by.lets(role) <= by.lets(Role.ADMIN)
    assert by.lets(None) <= by.lets(role)
    assert not (by in {By.ADMIN, By.RECIPIENT} and by.lets(Role.OPERATOR))
    assert by.lets(role, by_zoom=True) <= by.lets(role)


@pytest.mark.parametrize("by", [By.ENTRA_ADMIN, By.ENTRA_RECIPIENT])
async def test_a_role_in_zoom_is_not_enough_for_what_is_microsofts(room: Room, by: By) -> None:
    room.admins = ByZoom(True)
    assert "Your role in Zoom isn’t enough" in words(await room.asks(turn(clicked="card-1"), by))
    assert room.answered == []
    assert await room.asks(turn(), By.ADMIN) == {"answered": True}


async def test_what_is_microsofts_is_for_the_recipient_of_its_card(room: Room) -> None:
    card = await room.asks(turn(BEN, clicked="card-9"), By.ENTRA_RECIPIENT)
    assert "someone else’s" in words(card)
    await room.asks(turn(), By.ENTRA_ADMIN)
    assert await room.asks(turn(clicked="card-1"), By.ENTRA_RECIPIENT) == {"answered": True}


async def test_groups_that_are_not_known_are_explained(room: Room) -> None:
    room.directory.read = False
    guard = Gatekeeper(room.admins, room.rows, room.groups, zoom_admins=False)
    card = await guard(turn(), None, By.ADMIN, room.needs_groups)
    assert "Settings for the whole account still work" in words(card)


async def test_settings_that_groups_need_are_named(room: Room) -> None:
    room.groups = ZoomGroups(room.directory, ["ZOOM_ACCOUNT_ID"])
    guard = Gatekeeper(room.admins, room.rows, room.groups, zoom_admins=False)
    card = await guard(turn(), None, By.ADMIN, room.needs_groups)
    assert "ZOOM_ACCOUNT_ID" in words(card)


async def test_a_group_goes_by_its_present_name(room: Room) -> None:
    assert await room.groups.known(Level("g1", "Old name")) == Level("g1", "Sales")
    room.directory.read = False
    assert await room.groups.known(ACCOUNT) == ACCOUNT


async def test_a_group_that_zoom_let_go_of_changes_nothing(room: Room) -> None:
    with pytest.raises(BadInput, match="nothing was changed"):
        await room.groups.level("g2")


async def test_a_name_that_two_groups_have_is_nobody_s(room: Room) -> None:
    assert await room.groups.called("sales") == Level("g1", "Sales")
    assert await room.groups.called("") is None
    room.directory.groups += (DirectoryGroup("g2", "SALES"),)
    assert await room.groups.called("sales") is None


@pytest.mark.parametrize("by", [By.ENTRA_ADMIN, By.ENTRA_RECIPIENT])
async def test_a_role_in_zoom_alone_is_not_enough_for_what_is_the_organisation_s(
    room: Room, by: By
) -> None:
    await room.asks(turn(clicked="card-9"))
    for by_zoom in (True, False):
        room.answered.clear()
        room.admins = ByZoom(by_zoom)
        card = await room.asks(turn(clicked="card-9"), by, zoom_admins=True)
        assert (card == {"answered": True}) == (not by_zoom)
        assert (room.answered == []) == by_zoom
