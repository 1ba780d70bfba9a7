"""News of the app that Redis does not take at once, and news in another order than it was sent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from structlog.testing import capture_logs

from bot.conversations import ConversationStore
from bot.desk import Desk
from bot.handlers.app_news import TRIES, AppNews
from bot.teams.activity import Inbound, Kind, Person, SendFailed
from cards.seal import Seal
from tests.doubles.channel import ADA, OLD, Channel

if TYPE_CHECKING:
    from bot.request import Turn
    from cards.build import Card
    from sync.redis.connection import Client

PERSON = Person("tenant", ADA, "29:a", "Ada")
NOW = 1_767_268_800_000

SEAL = Seal(b"a secret that only tests know....")


class Links:
    """What the engine would have been told."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.away = False
        self.meanwhile: Inbound | None = None
        self.news: AppNews | None = None
        self.meanwhile_back: Inbound | None = None
        self.asked = 0

    async def app_gone(self, object_id: str) -> None:
        self.heard.append("gone")
        self.away = True
        if self.news is not None and self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await self.news.act(meanwhile, PERSON)
            if "back" in self.heard:  # as if it had come before there was anything to restore
                self.heard.remove("back")
            self.away = True

    async def app_back(self, object_id: str) -> None:
        self.asked += 1
        if self.news is not None and self.meanwhile_back is not None:
            meanwhile, self.meanwhile_back = self.meanwhile_back, None
            await self.news.act(meanwhile, PERSON)
        if self.away:
            self.heard.append("back")
        self.away = False

    async def app_is_gone(self, object_id: str) -> bool:
        return self.away


class Place:
    def __init__(self, redis: Client) -> None:
        self.links, self.channel = Links(), Channel()
        self.fails = 0
        self.pauses: list[float] = []
        self.removed = 0
        rows = ConversationStore(redis)
        self.desk = Desk(self.channel, rows, SEAL)
        self.news = AppNews(
            self.desk,
            self.links,
            welcome=self.welcome,
            met=lambda _: None,
            away=self.trouble,
            removed=self.remove,
            sleep=self.sleep,
            now=lambda: NOW / 1000,
        )

    async def welcome(self, _: Turn) -> Card:
        return {}

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    async def trouble(self, _: str) -> None:
        if self.fails:
            self.fails -= 1
            raise RedisConnectionError

    async def remove(self, oid: str) -> None:
        await self.trouble(oid)
        self.removed += 1

    async def act(self, kind: Kind, sent_ms: int | None = None) -> None:
        await self.news.act(Inbound(kind, "id", PERSON, OLD, sent_ms=sent_ms), PERSON)


@pytest.fixture
def place(redis: Client) -> Place:
    return Place(redis)


async def test_the_link_is_not_looked_at_for_each_message(place: Place) -> None:
    async def says(sent_ms: int) -> None:
        await place.news.heard(Inbound(Kind.MESSAGE, "id", PERSON, OLD, sent_ms=sent_ms), PERSON)

    for number in range(5):
        await says(NOW + number)
    assert place.links.asked == 1
    await place.act(Kind.UPGRADING, NOW + 10)
    assert place.links.heard == ["gone"]
    for number in range(5):
        await says(NOW + 20 + number)
    assert place.links.heard == ["gone", "back"]
    assert place.links.asked == 2
    for number in range(2):  # but for each word of Teams
        await place.act(Kind.UPGRADED, NOW + 30 + number)
    assert place.links.asked == 4


@pytest.mark.parametrize("kind", [Kind.UNINSTALLED, Kind.UPGRADING])
async def test_news_waits_until_redis_takes_it(place: Place, kind: Kind) -> None:
    place.fails = 3
    await place.act(kind)
    assert place.pauses == [1, 2, 4]
    assert (place.removed, place.links.heard) == (
        (1, []) if kind is Kind.UNINSTALLED else (0, ["gone"])
    )


async def test_at_last_it_is_given_up_aloud(place: Place) -> None:
    place.fails = TRIES
    with capture_logs() as lines:
        await place.act(Kind.UNINSTALLED)
    assert [line["event"] for line in lines].count("app_news_lost") == 1
    assert sum(place.pauses) >= 600
    assert place.removed == 0


async def test_a_process_that_ends_says_what_it_loses(place: Place) -> None:
    place.fails = TRIES

    async def ends(seconds: float) -> None:
        raise asyncio.CancelledError

    place.news.sleep = ends
    with capture_logs() as lines, pytest.raises(asyncio.CancelledError):
        await place.act(Kind.UNINSTALLED)
    assert [line["event"] for line in lines][-1] == "app_news_lost"


async def test_what_waited_is_as_old_as_it_was_when_it_came(place: Place) -> None:
    await place.act(Kind.INSTALLED, NOW - 10)
    place.fails = 1

    async def comes_back(seconds: float) -> None:
        await place.act(Kind.INSTALLED, NOW + 10)

    place.news.sleep = comes_back
    await place.act(Kind.UPGRADING)
    assert place.links.heard == [], "a newer package was there before Redis was"


async def test_news_of_the_same_moment_is_not_lost_in_between(place: Place) -> None:
    await place.act(Kind.INSTALLED, NOW)
    place.links.news = place.news
    place.links.meanwhile = Inbound(Kind.UPGRADED, "id", PERSON, OLD, sent_ms=NOW + 20)
    await place.act(Kind.UPGRADING, NOW + 10)
    assert not place.links.away
    assert place.links.heard == ["gone", "back"]


async def test_twice_taken_out_at_once_is_taken_out(place: Place) -> None:
    await place.act(Kind.INSTALLED, NOW)
    place.links.news = place.news
    place.links.meanwhile = Inbound(Kind.UPGRADING, "id", PERSON, OLD, sent_ms=NOW + 20)
    await place.act(Kind.UPGRADING, NOW + 10)
    assert place.links.away


async def test_what_comes_while_an_older_return_is_acted_on_holds(place: Place) -> None:
    await place.act(Kind.UPGRADING, NOW)
    place.links.meanwhile_back = Inbound(Kind.UPGRADING, "id", PERSON, OLD, sent_ms=NOW + 20)
    place.links.news = place.news
    await place.act(Kind.UPGRADED, NOW + 10)
    assert place.links.away


async def test_a_welcome_that_may_have_arrived_is_not_sent_again(place: Place) -> None:
    place.channel.fails["a:old"] = SendFailed("502")
    await place.act(Kind.INSTALLED)
    place.channel.fails.clear()
    await place.act(Kind.INSTALLED)
    assert place.channel.sent == []


async def test_an_installation_older_than_the_removal_of_the_app_greets_nobody(
    place: Place,
) -> None:
    await place.act(Kind.INSTALLED, NOW)
    await place.act(Kind.UPGRADING, NOW + 2)
    await place.act(Kind.UPGRADED, NOW + 1)
    assert place.links.away
    assert len(place.channel.sent) == 1
