"""The alert's buttons: of the storm that they were made for, and on record before anything."""

from __future__ import annotations

import pytest

from bot.handlers.settings.storms import StormHandler
from cards.settings.clicks import RetryStorm, ShowStorm
from domain.clock import MINUTE
from domain.history import REVIVE
from domain.storms import Storm
from tests.doubles.memory import NOW, History, now_ms, turn
from tests.doubles.outside import titles, words

pytestmark = pytest.mark.unit

BEGAN = NOW - 10 * MINUTE
STORM = Storm("AADSTS50173", BEGAN, 40, 50, NOW)
SHOW, RETRY = ShowStorm(STORM.code, BEGAN), RetryStorm(STORM.code, BEGAN)


class Room:
    def __init__(self) -> None:
        self.known, self.allowed, self.audit = {STORM.code: STORM}, True, History()
        self.tried: list[tuple[str, int, int]] = []
        self.handler = StormHandler(
            self.storms, self.try_again, self.audit, now_ms, self.may_try_all
        )

    async def storms(self) -> dict[str, Storm]:
        return self.known

    async def try_again(self, storm: Storm, at_ms: int) -> bool:
        self.tried.append((storm.code, at_ms, len(self.audit.records)))
        return True

    async def may_try_all(self, _: object) -> bool:
        return self.allowed


@pytest.fixture
def room() -> Room:
    return Room()


async def test_everybody_is_tried_again_after_it_was_recorded(room: Room) -> None:
    card = await room.handler.retry(turn(), RETRY)
    assert room.tried == [(STORM.code, NOW, 1)]
    assert room.audit.acts == [(REVIVE, "parked")]
    assert "I’m trying again for 40 people" in words(card)


async def test_who_tries_too_often_tries_nobody(room: Room) -> None:
    room.allowed = False
    await room.handler.retry(turn(), RETRY)
    assert (room.tried, room.audit.acts) == ([], [])


async def test_a_later_storm_has_a_card_of_its_own(room: Room) -> None:
    room.known = {STORM.code: Storm(STORM.code, NOW, 5, 5, NOW)}
    over = words(await room.handler.show(turn(), SHOW))
    assert words(await room.handler.retry(turn(), RETRY)) == over
    room.known = {}
    assert words(await room.handler.show(turn(), SHOW)) == over
    assert room.tried == []


async def test_a_storm_that_nobody_is_in_any_more_tries_nobody(room: Room) -> None:
    room.known = {STORM.code: Storm(STORM.code, BEGAN, 0, 50, NOW)}
    await room.handler.retry(turn(), RETRY)
    assert (room.tried, room.audit.acts) == ([], [])
    assert await room.handler.banner() is None


async def test_the_banner_is_of_the_largest(room: Room) -> None:
    room.known["AADSTS700082"] = Storm("AADSTS700082", BEGAN, 77, 77, NOW)
    assert "77" in words(await room.handler.banner())


async def test_showing_changes_nothing(room: Room) -> None:
    assert titles(await room.handler.show(turn(), SHOW))
    assert (room.tried, room.audit.acts) == ([], [])
