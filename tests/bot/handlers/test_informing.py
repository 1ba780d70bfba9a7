"""`settings informed`: an admin records that people were told outside the app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from bot.grammar.said import InformedPeople
from bot.handlers.settings.guard import ZoomGroups
from bot.handlers.settings.informing import InformingHandler
from cards.settings.clicks import RecordInformed
from domain.directory import DirectoryGroup
from domain.policy import ACCOUNT, Level
from tests.doubles.memory import ADA, BEN, ZoomDirectory, now_ms, turn
from tests.doubles.outside import titles, words

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.unit

SALES = Level("g1", "Sales")


class Room:
    """Nobody was told; `done` is what was kept."""

    def __init__(self) -> None:
        self.people = [ADA.object_id, BEN.object_id]
        self.asked: list[Level] = []
        self.done: list[object] = []
        self.handler = InformingHandler(
            ZoomGroups(ZoomDirectory((DirectoryGroup("g1", "Sales", 3),)), ()),
            self.untold,
            self,
            cast("Any", self),
            now_ms,
            lambda: self.done.append("looked at"),
        )

    async def untold(self, level: Level) -> list[str]:
        self.asked.append(level)
        return self.people

    async def keep_otherwise(self, people: Sequence[str], by: str, now_ms: int) -> int:
        assert by == ADA.object_id
        self.done.append(len(people))
        self.people = []
        return len(people)

    async def informed(self, by: object, scope: str, scope_name: str, *, people: int) -> None:
        self.done.append((scope, scope_name, people))


@pytest.fixture
def room() -> Room:
    return Room()


async def test_it_is_asked_first_and_then_kept_with_a_day(room: Room) -> None:
    card = await room.handler.of_group(turn(), InformedPeople("sales"))
    assert titles(card) == ["Record", "Cancel"]
    assert "Record that 2 people of Sales were told?" in words(card)
    assert "Monday, 28 September" in words(card)  # a Monday, and five working days
    assert room.done == []
    card = await room.handler.record(turn(), RecordInformed(SALES, 2))
    assert room.done == [2, ("group:g1", "Sales", 2), "looked at"]
    assert "2 people of Sales were told today" in words(card)


async def test_more_people_than_the_admin_saw_are_asked_about_again(room: Room) -> None:
    card = await room.handler.record(turn(), RecordInformed(ACCOUNT, 1))
    assert titles(card) == ["Record", "Cancel"]
    assert room.done == []


async def test_a_second_click_records_nothing(room: Room) -> None:
    for _ in range(2):
        await room.handler.record(turn(), RecordInformed(ACCOUNT, 2))
    assert room.done == [2, ("account", "account", 2), "looked at", 0]


async def test_nobody_and_nowhere_say_so(room: Room) -> None:
    room.people = []
    assert "Nobody to record" in words(await room.handler.of_group(turn(), InformedPeople()))
    assert room.asked == [ACCOUNT]
    said = words(await room.handler.of_group(turn(), InformedPeople("Nowhere")))
    assert "I can’t tell which group “Nowhere” is" in said
