"""The app comes and goes: who is greeted, who is forgotten, and news that comes late."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from bot.handlers.app_news import TRIES, AppNews
from bot.teams.activity import Inbound, Kind, NotSent, SendFailed
from domain.clock import MINUTE
from tests.doubles.memory import ADA, CHAT, NOW, Chats, Presence, Rows, desk

if TYPE_CHECKING:
    from bot.request import Turn
    from bot.teams.activity import Person
    from cards.build import Card

pytestmark = pytest.mark.unit

OID = ADA.object_id


class Room:
    """Somebody's own chat with the bot. `heard` is what the rest of the product heard."""

    def __init__(self, *, welcomes: bool = True) -> None:
        self.chats, self.rows, self.engine = Chats(), Rows(), Presence()
        self.heard: list[str] = []
        self.pauses: list[float] = []
        self.news = AppNews(
            desk(self.chats, self.rows),
            self.engine,
            welcome=self.welcome if welcomes else None,
            met=self.met,
            away=self.away,
            removed=self.removed,
            sleep=self.sleep,
            now=lambda: NOW / 1000,
        )

    async def welcome(self, turn: Turn) -> Card:
        assert turn.at == CHAT
        return {"welcome": True}

    def met(self, person: Person) -> None:
        self.heard.append(f"met {person.name}")

    async def away(self, oid: str) -> None:
        assert oid == OID
        self.heard.append("away")

    async def removed(self, oid: str) -> None:
        assert oid == OID
        self.heard.append("removed")

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    async def act(self, kind: Kind, sent_ms: int | None = NOW) -> None:
        await self.news.act(Inbound(kind, "id", ADA, CHAT, sent_ms=sent_ms), ADA)

    async def says(self, sent_ms: int = NOW) -> None:
        await self.news.heard(Inbound(Kind.MESSAGE, "id", ADA, CHAT, sent_ms=sent_ms), ADA)


@pytest.fixture
def room() -> Room:
    return Room()


async def test_who_gets_the_app_is_met_and_greeted_once(room: Room) -> None:
    for at_ms in (NOW, NOW + 1):
        await room.act(Kind.INSTALLED, at_ms)
    assert room.heard == ["met Ada", "met Ada"]
    assert len(room.chats.took) == 1


async def test_where_the_operator_wants_no_welcome_nobody_is_greeted() -> None:
    room = Room(welcomes=False)
    await room.act(Kind.INSTALLED)
    assert (room.heard, room.chats.took) == (["met Ada"], [])


async def test_a_newer_package_greets_only_who_was_not_met_before(room: Room) -> None:
    await room.says(NOW - MINUTE)
    await room.act(Kind.UPGRADED)
    assert room.chats.took == []
    other = Room()
    await other.act(Kind.UPGRADED)
    assert len(other.chats.took) == 1


@pytest.mark.parametrize(("error", "greeted"), [(NotSent("503"), 1), (SendFailed("502"), 0)])
async def test_a_welcome_is_sent_again_only_if_it_certainly_did_not_arrive(
    room: Room, error: Exception, greeted: int
) -> None:
    room.chats.fails[CHAT.conversation_id] = error
    await room.act(Kind.INSTALLED)
    room.chats.fails.clear()
    await room.act(Kind.INSTALLED, NOW + 1)
    assert len(room.chats.took) == greeted


async def test_who_removes_the_app_is_forgotten(room: Room) -> None:
    await room.says(NOW - MINUTE)
    await room.act(Kind.UNINSTALLED)
    assert room.heard == ["met Ada", "removed"]
    assert await room.rows.reference(OID) is None


async def test_an_app_taken_out_for_a_newer_one_is_away_until_it_is_heard_of(room: Room) -> None:
    room.engine.connect()
    await room.says(NOW - MINUTE)
    await room.act(Kind.UPGRADING)
    assert await room.news.is_away(ADA)
    assert "removed" not in room.heard, "they may be back within a day"
    await room.says(NOW + 1)
    assert not await room.news.is_away(ADA)


async def test_older_news_than_what_is_known_changes_nothing(room: Room) -> None:
    room.engine.connect()
    await room.says(NOW)
    await room.act(Kind.UNINSTALLED, NOW - 1)
    await room.act(Kind.UPGRADING, NOW - 1)
    assert room.heard == ["met Ada"]
    assert not await room.news.is_away(ADA)
    await room.act(Kind.UPGRADING, NOW + 2)
    await room.says(NOW + 1)
    await room.act(Kind.INSTALLED, NOW + 1)
    assert await room.news.is_away(ADA)
    assert room.chats.took == []


async def test_a_message_within_the_hour_costs_the_engine_nothing(room: Room) -> None:
    for number in range(3):
        await room.says(NOW + number)
    assert room.engine.done == ["back"]
    assert room.heard == ["met Ada"] * 3


async def test_news_of_a_channel_that_does_not_say_when_counts_from_when_it_came(
    room: Room,
) -> None:
    await room.says(NOW + MINUTE)
    await room.act(Kind.UNINSTALLED, None)
    assert "removed" not in room.heard


async def test_news_waits_until_redis_takes_it(room: Room) -> None:
    room.rows.down = 3
    await room.act(Kind.UNINSTALLED)
    assert (room.pauses, room.heard) == ([1, 2, 4], ["removed"])


async def test_what_is_lost_is_said(room: Room) -> None:
    room.rows.down = TRIES
    with capture_logs() as lines:
        await room.act(Kind.UNINSTALLED)
    assert lines[-1]["event"] == "app_news_lost"
    assert room.heard == []


async def test_the_chat_is_where_the_last_news_came_from(room: Room) -> None:
    await room.says(NOW)
    moved = replace(CHAT, service_url="https://us/")
    inbound = Inbound(Kind.MESSAGE, "id", ADA, moved, sent_ms=NOW + 1)
    await room.news.heard(inbound, ADA)
    assert await room.rows.reference(OID) == moved
