"""Where people are told something: chats that died, moved, or were left in the meantime."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.conversations import REFERENCES, ConversationStore
from bot.desk import Desk
from bot.teams.activity import (
    CardGone,
    ConversationGone,
    NotFound,
    NotSent,
    SendFailed,
)
from cards.seal import Seal
from sync.redis import keys
from tests.doubles.channel import ADA, GROUP, NEW, OLD, Channel

if TYPE_CHECKING:
    from cards.build import Card
    from sync.redis.connection import Client

CARD: Card = {"type": "AdaptiveCard"}

SEAL = Seal(b"a secret that only tests know....")


class Place:
    def __init__(self, redis: Client) -> None:
        self.redis = redis
        self.channel = Channel()
        self.rows = ConversationStore(redis)
        self.desk = Desk(self.channel, self.rows, SEAL)

    async def known_at(self) -> str | None:
        known = await self.desk.personal(ADA)
        return None if known is None else known.conversation_id


@pytest.fixture
async def place(redis: Client) -> Place:
    made = Place(redis)
    await made.desk.chats.remember_reference(ADA, OLD)
    return made


def test_a_reference_is_read_back_with_whose_it_is() -> None:
    read = REFERENCES.load_if_good(REFERENCES.dump(OLD))
    assert read == OLD
    assert read is not None
    assert read.member_id == "29:a"


@pytest.mark.parametrize("dead", [ConversationGone("blocked"), NotFound("404")])
@pytest.mark.parametrize("once", [True, False])
async def test_a_dead_chat_is_replaced(place: Place, dead: Exception, *, once: bool) -> None:
    place.channel.fails["a:old"] = dead
    await place.desk.tell(ADA, "card", CARD, once=once)
    await place.desk.tell(ADA, "another", CARD, once=once)
    how = "once" if once else "post"
    assert place.channel.sent == [(how, "https://eu/", "a:new")] * 2
    assert place.channel.opened_at == [("https://eu/", "29:a")]
    assert await place.rows.activity_of("card") == "1:1"


async def test_it_is_opened_where_the_person_was_just_met(place: Place) -> None:
    place.channel.fails["a:old"] = ConversationGone("gone")
    await place.desk.tell(ADA, "card", CARD, met=GROUP)
    assert place.channel.opened_at == [("https://us/", "29:a")]


async def test_a_chat_is_kept_no_longer_for_being_opened_anew(place: Place) -> None:
    await place.desk.chats.doubt_reference(ADA)
    place.channel.fails["a:old"] = ConversationGone("gone")
    await place.desk.tell(ADA, "card", CARD)
    assert await place.redis.ttl(keys.reference(ADA)) <= keys.APP_BACK_TTL


@pytest.mark.parametrize(
    ("opens", "raised", "reached"),
    [
        (ConversationGone("no"), ConversationGone, "gone"),
        (SendFailed("503"), NotSent, "failed"),
        (NotSent("429"), NotSent, "failed"),
    ],
)
async def test_where_none_can_be_opened_it_is_told(
    place: Place, opens: Exception, raised: type[Exception], reached: str
) -> None:
    place.channel.fails["a:old"] = ConversationGone("gone")
    place.channel.opens = opens
    with pytest.raises(raised):
        await place.desk.tell(ADA, "card", CARD)
    assert await place.desk.reach(ADA, "card", CARD) == reached
    assert await place.known_at() == "a:old", "it may be alive again one day"


async def test_nobody_who_removes_the_app_meanwhile_is_written_to(place: Place) -> None:
    place.channel.fails["a:old"] = ConversationGone("gone")
    place.channel.meanwhile = lambda: place.desk.chats.forget_reference(ADA)
    with pytest.raises(ConversationGone):
        await place.desk.tell(ADA, "card", CARD)
    assert place.channel.opened_at == []
    assert await place.redis.keys("*") == []


async def test_nobody_is_remembered_who_removes_the_app_while_a_chat_is_opened(
    place: Place,
) -> None:
    await place.desk.chats.forget_reference(ADA)
    await place.rows.move_reference(ADA, NEW)
    assert await place.redis.keys("*") == []


async def test_where_they_wrote_meanwhile_is_where_they_are(place: Place) -> None:
    third = replace(OLD, conversation_id="a:third")
    place.channel.fails["a:old"] = ConversationGone("gone")
    place.channel.meanwhile = lambda: place.desk.chats.remember_reference(ADA, third)
    await place.desk.tell(ADA, "card", CARD)
    assert place.channel.sent == [("post", "https://eu/", "a:third")]
    assert place.channel.opened_at == []


async def test_an_address_that_changed_is_learnt_from_where_they_are_met(place: Place) -> None:
    place.channel.address_fails["https://eu/"] = NotSent("no answer")
    with pytest.raises(NotSent):  # nobody knows a better one
        await place.desk.tell(ADA, "card", CARD)
    await place.desk.tell(ADA, "card", CARD, met=GROUP)
    await place.desk.tell(ADA, "card", CARD)
    assert place.channel.sent == [("post", "https://us/", "a:old")] * 2
    assert place.channel.opened_at == []


async def test_an_address_is_kept_only_if_it_works(place: Place) -> None:
    place.channel.fails["a:old"] = NotSent("429")
    with pytest.raises(NotSent):
        await place.desk.tell(ADA, "card", CARD, met=GROUP)
    assert await place.desk.personal(ADA) == OLD


async def test_a_failure_says_nothing_about_the_chat(place: Place) -> None:
    for error in (SendFailed("502"), NotSent("429")):
        place.channel.fails["a:old"] = error
        with pytest.raises(type(error)):
            await place.desk.tell(ADA, "card", CARD)
    assert place.channel.opened_at == []


async def test_nobody_unknown_is_told(place: Place) -> None:
    await place.desk.chats.forget_reference(ADA)
    assert await place.desk.reach(ADA, "card", CARD) == "gone"


async def test_a_card_is_edited_at_the_chats_newest_address(place: Place) -> None:
    await place.rows.remember_card("card", "1:7")
    await place.desk.chats.remember_reference(ADA, replace(OLD, service_url="https://amer/"))
    assert await place.desk.replace(OLD, "card", CARD, whose=ADA)
    assert await place.desk.replace(NEW, "card", CARD, whose=ADA)  # another chat of theirs
    assert place.channel.sent == [
        ("edit", "https://amer/", "a:old"),
        ("edit", "https://eu/", "a:new"),
    ]


@pytest.mark.parametrize("gone", [CardGone("card"), ConversationGone("chat")])
@pytest.mark.parametrize("or_post", [True, False])
async def test_a_card_that_cannot_be_edited_follows_its_person(
    place: Place, gone: Exception, *, or_post: bool
) -> None:
    await place.rows.remember_card("card", "1:7")
    place.channel.fails["a:old"] = ConversationGone("gone")
    place.channel.edits_fail = gone
    done = await place.desk.replace(OLD, "card", CARD, or_post=or_post, whose=ADA)
    assert done is or_post
    posts: list[Any] = [("post", "https://eu/", "a:new")] if or_post else []
    assert place.channel.sent == posts


async def test_news_of_a_chat_goes_by_when_it_was_sent(place: Place) -> None:
    now = 1_767_268_800_000
    assert await place.desk.chats.remember_reference(ADA, NEW, now)
    assert not await place.desk.chats.remember_reference(ADA, OLD, now - 1)
    assert not await place.desk.chats.doubt_reference(ADA, now - 1)
    assert not await place.desk.chats.forget_reference(ADA, now - 1000)
    assert await place.known_at() == "a:new"
    assert await place.desk.chats.is_there(ADA)
    assert await place.desk.chats.doubt_reference(ADA, now)
    assert not await place.desk.chats.is_there(ADA)
    assert await place.desk.chats.remember_reference(ADA, OLD, now + 1)
    assert await place.desk.chats.is_there(ADA)
    # No delivery is late for hours: that is another clock.
    assert await place.desk.chats.forget_reference(ADA, now - 7_200_000)
    assert await place.known_at() is None
    assert await place.desk.chats.doubt_reference(ADA, now)
    assert await place.redis.keys("*") == []
