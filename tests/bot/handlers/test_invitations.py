"""Inviting: not more people than the admin saw, once a card, and nothing without a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.grammar.said import InvitePeople
from bot.handlers.settings.guard import ZoomGroups
from bot.handlers.settings.invitations import InvitationHandler
from cards.click import BadInput
from cards.person.clicks import DeclineInvitation
from cards.settings.clicks import ConfirmInvite, Invite, ShowMailing
from domain.directory import DirectoryGroup
from domain.history import INVITE
from domain.policy import ACCOUNT, Level
from tests.doubles.memory import ADA, History, ZoomDirectory, turn
from tests.doubles.outside import titles, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.invite.store import MailingCard
    from bot.request import Turn
    from cards.build import Card

pytestmark = pytest.mark.unit

SALES = Level("g", "Sales")


class Mailings:
    """Mailings that were begun. `taken` are in another one already."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, str, list[str]]] = []
        self.taken: set[str] = set()
        self.card: Card | None = {"sending": True}

    async def hold(self, people: Sequence[str], card: MailingCard) -> list[str]:
        return [oid for oid in people if oid not in self.taken]

    async def begin(self, group_id: str, held: Sequence[str], card: MailingCard) -> None:
        assert (card.inviter, card.admin) == ("Ada", ADA.object_id)
        self.begun.append((card.card_id, group_id, list(held)))

    async def under_way(self, mailing_id: str) -> bool:
        return any(mailing_id == begun for begun, _, _ in self.begun)

    async def shown(self, mailing_id: str) -> Card | None:
        return self.card if await self.under_way(mailing_id) else None


class Room:
    def __init__(self) -> None:
        self.people = ["a", "b", "c"]
        self.mailings, self.audit = Mailings(), History()
        groups = ZoomGroups(ZoomDirectory((DirectoryGroup("g", "Sales"),)), ())
        self.handler = InvitationHandler(
            groups, self.invitable, self.mailings, self.audit, self.overview
        )

    async def asks(self) -> Card:
        return await self.handler.confirm(turn(), ConfirmInvite(ACCOUNT))

    async def invitable(self, group_id: str, inviter: str) -> list[str]:
        assert inviter == ADA.object_id
        return self.people

    async def overview(self, _: Turn) -> Card:
        return {"overview": True}


@pytest.fixture
def room() -> Room:
    return Room()


async def test_nobody_is_invited_before_the_answer(room: Room) -> None:
    assert any("3 people" in title for title in titles(await room.asks()))
    assert (room.mailings.begun, room.audit.acts) == ([], [])


async def test_whom_to_invite_can_be_said(room: Room) -> None:
    everyone = await room.handler.of_group(turn(), InvitePeople())
    assert words(everyone) == words(await room.asks())
    of_sales = await room.handler.of_group(turn(), InvitePeople("sales"))
    assert "They belong to Sales" in words(of_sales)
    assert titles(of_sales) == ["Invite 3 people once", "Cancel"]
    nowhere = await room.handler.of_group(turn(), InvitePeople("Salse"))
    assert titles(nowhere) == ["All groups", "All settings"]
    assert room.mailings.begun == []


async def test_invitations_are_recorded_and_sent(room: Room) -> None:
    assert await room.handler.send(turn(), Invite(SALES, 3)) == {"sending": True}
    assert room.mailings.begun == [("card-1", "g", ["a", "b", "c"])]
    assert room.audit.acts == [(INVITE, "group:g")]


async def test_more_people_than_the_admin_saw_are_asked_about(room: Room) -> None:
    card = await room.handler.send(turn(), Invite(ACCOUNT, 2))
    assert any("3 people" in title for title in titles(card))
    assert (room.mailings.begun, room.audit.acts) == ([], [])


async def test_fewer_people_need_no_further_question(room: Room) -> None:
    room.people = ["a"]
    await room.handler.send(turn(), Invite(ACCOUNT, 3))
    assert room.mailings.begun == [("card-1", "", ["a"])]


async def test_a_second_click_on_the_card_invites_nobody_again(room: Room) -> None:
    for _ in range(2):
        assert await room.handler.send(turn(), Invite(ACCOUNT, 3)) == {"sending": True}
    assert len(room.mailings.begun) == 1
    assert len(room.audit.acts) == 1


async def test_who_is_in_another_mailing_is_not_recorded_in_this_one(room: Room) -> None:
    room.mailings.taken = {"a"}
    await room.handler.send(turn(), Invite(ACCOUNT, 3))
    assert room.audit.records[0].new == {"people": 2}
    room = Room()
    room.mailings.taken = {"a", "b", "c"}
    await room.handler.send(turn(), Invite(ACCOUNT, 3))
    assert (room.mailings.begun, room.audit.acts) == ([], [])


async def test_where_nobody_is_to_be_invited_there_is_no_question(room: Room) -> None:
    room.people = []
    assert words(await room.asks()) == words(await room.handler.send(turn(), Invite(ACCOUNT, 3)))
    assert room.mailings.begun == []


async def test_a_group_that_zoom_let_go_of_invites_nobody(room: Room) -> None:
    with pytest.raises(BadInput, match="no longer has this group"):
        await room.handler.send(turn(), Invite(Level("gone"), 3))


async def test_a_mailing_that_ended_a_while_ago_is_the_overview_s(room: Room) -> None:
    assert await room.handler.progress(turn(), ShowMailing("card-1")) == {"overview": True}
    await room.handler.send(turn(), Invite(ACCOUNT, 3))
    assert await room.handler.progress(turn(), ShowMailing("card-1")) == {"sending": True}


async def test_who_declines_is_thanked(room: Room) -> None:
    assert words(await room.handler.decline(turn(), DeclineInvitation()))
