"""From an activity to its answer: where it is said, who reads it, and what is never left open."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from structlog.testing import capture_logs

from bot.dispatch import Dispatch
from bot.grammar.commands import Attached, Unknown
from bot.grammar.intents import Help, Status
from bot.handlers.app_news import AppNews
from bot.router import Router
from bot.teams.activity import ConversationGone, Inbound, InvokeError, Kind, SendFailed
from cards.build import refreshing
from cards.click import BadInput
from cards.person.clicks import ShowHelp, ShowStatus
from cards.settings.clicks import ShowCentre
from tests.doubles.memory import (
    ADA,
    CHAT,
    GROUP_CHAT,
    NOW,
    SEAL,
    Chats,
    Presence,
    Rows,
    desk,
)
from tests.doubles.outside import words
from wording.chat import WHO_ARE_YOU

if TYPE_CHECKING:
    from bot.dispatch import Handler, Intent
    from bot.request import Turn
    from bot.teams.activity import Answer, ConversationReference, Person
    from cards.build import Card
    from cards.click import Click
    from domain.roles import By

pytestmark = pytest.mark.unit

PRIVATE = CHAT.conversation_id
PUBLIC = GROUP_CHAT.conversation_id
THEIR_CHAT = replace(CHAT, conversation_id="a:opened")


class Room:
    """One bot with the commands `status` and `help`. `fails` is what handlers raise."""

    def __init__(self) -> None:
        self.chats, self.rows, self.engine = Chats(), Rows(), Presence()
        self.chats.opens = THEIR_CHAT
        self.turns: list[Turn] = []
        self.asked: list[object] = []
        self.outcomes: list[str] = []
        self.fails: Exception | None = None
        self.met: list[str] = []
        dispatch = Dispatch(self.guard)
        dispatch.said(Status, self.answer)
        dispatch.said(Help, self.answer)
        dispatch.said(Unknown, self.answer)
        dispatch.said(Attached, self.answer)
        dispatch.clicked(ShowStatus, self.answer)
        dispatch.clicked(ShowHelp, self.answer)
        dispatch.clicked(ShowCentre, self.answer)
        self.desk = desk(self.chats, self.rows)
        news = AppNews(
            self.desk,
            self.engine,
            welcome=None,
            met=self.meets,
            away=self.nothing,
            removed=self.nothing,
            now=lambda: NOW / 1000,
        )
        self.router = Router(self.desk, SEAL, news, dispatch, on_outcome=self.ended)

    async def guard(self, _: Turn, __: Intent, ___: By, ____: Handler) -> Card:
        return {"refused": True}

    async def answer(self, turn: Turn, asked: object) -> Card:
        self.turns.append(turn)
        self.asked.append(asked)
        if self.fails is not None:
            raise self.fails
        return {"answered": True}

    def meets(self, person: Person) -> None:
        self.met.append(person.object_id)

    async def nothing(self, _: str) -> None:
        pass

    def ended(self, outcome: str, seconds: float) -> None:
        assert 0 <= seconds < 5
        self.outcomes.append(outcome)

    async def says(self, text: str, at: ConversationReference = CHAT, **facts: Any) -> Answer:
        inbound = Inbound(Kind.MESSAGE, "1", ADA, at, text=text, sent_ms=NOW)
        return await self.router.on_turn(replace(inbound, **facts))

    async def clicks(
        self,
        click: Click,
        at: ConversationReference = CHAT,
        *,
        answered: bool = True,
        **facts: Any,
    ) -> Answer:
        """Press a button of ours. `answered`: the client waits for the card (an invoke)."""
        action = SEAL.sealed(refreshing({}, click, []), "card-1")["refresh"]["action"]
        inbound = Inbound(
            Kind.CLICK, "1", ADA, at, verb=action["verb"], data=action["data"], reply_to_id="1:7"
        )
        return await self.router.on_turn(replace(inbound, wants_card_answer=answered, **facts))

    @property
    def where(self) -> list[str]:
        return [where for where, _ in self.chats.took]

    @property
    def last(self) -> str:
        """The last line, or what the last card says."""
        content = self.chats.took[-1][1]
        return content if isinstance(content, str) else words(content)


@pytest.fixture
def room() -> Room:
    return Room()


# -- where the answer is


async def test_what_is_asked_in_one_s_own_chat_is_answered_there(room: Room) -> None:
    assert await room.says("status") is None
    assert room.where == [PRIVATE]
    assert room.met == [ADA.object_id]
    assert room.outcomes == ["ok"]


async def test_what_is_personal_is_never_answered_where_others_read_along(room: Room) -> None:
    await room.says("status", GROUP_CHAT)
    assert room.where == [THEIR_CHAT.conversation_id, PUBLIC]
    assert isinstance(room.chats.took[1][1], str), "one line says where the answer is"
    assert room.turns[0].at == THEIR_CHAT


async def test_help_is_answered_where_it_was_asked(room: Room) -> None:
    await room.says("help", GROUP_CHAT)
    await room.says("what is this", GROUP_CHAT)
    assert room.where == [PUBLIC, PUBLIC]
    assert room.chats.opened_at == []


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ConversationGone("Forbidden"), "Add the app for yourself in Teams"),
        (ConversationGone("BotDisabledByAdmin"), "your organisation has switched this app off"),
        (SendFailed("502"), "ask again in a minute"),
    ],
)
async def test_who_has_no_chat_hears_why_and_nothing_is_done(
    room: Room, error: Exception, line: str
) -> None:
    room.chats.opens = error
    await room.says("status", GROUP_CHAT)
    assert room.turns == []
    assert line in room.last
    assert await room.clicks(ShowStatus(), GROUP_CHAT) == room.last


async def test_i_answered_you_is_said_only_of_what_teams_took(room: Room) -> None:
    room.chats.fails[THEIR_CHAT.conversation_id] = SendFailed("502")
    await room.says("status", GROUP_CHAT)
    assert room.where == [PUBLIC]
    assert "I couldn’t answer you" in room.last


async def test_an_app_that_was_taken_out_is_back_if_teams_opens_the_chat(room: Room) -> None:
    await room.says("help")
    room.engine.connect(gone_ms=NOW)
    await room.says("status", GROUP_CHAT)
    assert room.chats.opened_at, "a chat that is known may be dead"
    assert not await room.engine.app_is_gone(ADA.object_id)


async def test_an_app_that_stays_out_is_not_called_back(room: Room) -> None:
    room.engine.connect(gone_ms=NOW)
    room.chats.opens = ConversationGone("Forbidden")
    await room.says("status", GROUP_CHAT)
    assert await room.engine.app_is_gone(ADA.object_id)


async def test_news_of_a_group_is_nobody_s_own(room: Room) -> None:
    for kind in (Kind.INSTALLED, Kind.UNINSTALLED, Kind.UPGRADING):
        assert await room.router.on_turn(Inbound(kind, "1", ADA, GROUP_CHAT, sent_ms=NOW)) is None
    assert room.rows.chats == {}
    await room.router.on_turn(Inbound(Kind.INSTALLED, "1", ADA, CHAT, sent_ms=NOW))
    assert list(room.rows.chats) == [ADA.object_id]


async def test_a_picture_without_words_is_answered_as_one(room: Room) -> None:
    await room.says("", attached=True)
    await room.says("status", attached=True)
    assert room.asked == [Attached(), Status()]


async def test_what_asks_nothing_is_not_answered(room: Room) -> None:
    assert await room.router.on_turn(Inbound(Kind.OTHER, "1", ADA, CHAT)) is None
    assert (room.chats.took, room.outcomes) == ([], [])


# -- clicks


async def test_a_click_s_answer_is_the_card_and_the_message_is_edited_too(room: Room) -> None:
    answer = await room.clicks(ShowStatus())
    assert answer == {"answered": True}
    assert room.chats.sent == [("edit", CHAT.service_url, PRIVATE)]
    assert (room.turns[0].card_id, room.turns[0].clicked) == ("card-1", "card-1")


async def test_a_client_that_waits_for_no_answer_gets_the_card_in_the_chat(room: Room) -> None:
    assert await room.clicks(ShowStatus(), answered=False, reply_to_id=None) is None
    assert room.chats.sent == [("post", CHAT.service_url, PRIVATE)]


async def test_an_edit_that_teams_does_not_take_is_no_matter_to_who_clicked(room: Room) -> None:
    room.chats.edits_fail = SendFailed("502")
    assert await room.clicks(ShowStatus()) == {"answered": True}
    assert room.chats.took == []


async def test_a_card_that_others_see_is_answered_in_one_s_own_chat(room: Room) -> None:
    line = await room.clicks(ShowStatus(), GROUP_CHAT)
    assert isinstance(line, str)
    assert room.where == [THEIR_CHAT.conversation_id]
    assert room.turns[0].card_id != "card-1", "the card of the group stays as it is"


async def test_a_public_click_is_answered_where_the_card_is(room: Room) -> None:
    assert await room.clicks(ShowHelp(), GROUP_CHAT) == {"answered": True}
    assert room.where == [PUBLIC]


async def test_a_card_that_refreshes_itself_changes_this_one_screen(room: Room) -> None:
    assert await room.clicks(ShowStatus(), automatic=True) == {"answered": True}
    assert room.chats.took == []


async def test_a_card_of_one_s_own_does_not_refresh_where_others_read_along(room: Room) -> None:
    assert await room.clicks(ShowStatus(), GROUP_CHAT, automatic=True) is None
    assert (room.turns, room.chats.took) == ([], [])


@pytest.mark.parametrize("data", [{}, {"sig": "x"}, {"args": {}, "card": "c", "sig": "0" * 64}])
async def test_a_button_that_we_did_not_make_does_nothing(
    room: Room, data: dict[str, object]
) -> None:
    inbound = Inbound(Kind.CLICK, "1", ADA, CHAT, verb="status.show", data=data)
    answer = await room.router.on_turn(replace(inbound, wants_card_answer=True))
    assert isinstance(answer, InvokeError)
    assert answer.status == 400
    assert room.outcomes == ["refused"]
    assert await room.router.on_turn(inbound) is None
    assert "help" in room.last
    assert room.turns == []


async def test_what_was_entered_wrongly_is_said_beside_the_card(room: Room) -> None:
    room.fails = BadInput("That is no number.")
    assert await room.clicks(ShowStatus()) == "That is no number."
    assert await room.clicks(ShowStatus(), automatic=True) is None
    assert room.chats.took == []


async def test_a_client_without_answers_hears_in_the_chat_what_was_wrong(room: Room) -> None:
    room.fails = BadInput("That is no number.")
    await room.clicks(ShowStatus(), answered=False)
    assert room.last == "That is no number."
    room.fails = None
    await room.clicks(ShowStatus(), GROUP_CHAT, answered=False)
    assert room.where[-1] == PUBLIC
    assert isinstance(room.chats.took[-1][1], str)


async def test_what_is_for_admins_passes_the_guard(room: Room) -> None:
    assert await room.clicks(ShowCentre()) == {"refused": True}
    assert room.turns == []


# -- trouble


@pytest.mark.parametrize("error", [RedisConnectionError(), RuntimeError("a bug")])
async def test_nobody_is_left_without_an_answer(room: Room, error: Exception) -> None:
    room.fails = error
    with capture_logs() as lines:
        await room.says("status")
        assert "Nothing was changed" in room.last
        answer = await room.clicks(ShowStatus())
    assert [line["event"] for line in lines] == ["turn_failed"] * 2
    assert isinstance(answer, InvokeError)
    assert answer.status == 500
    assert room.outcomes == ["failed", "failed"]


async def test_news_that_fails_is_answered_with_silence(room: Room) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    room.router.news.removed = broken
    inbound = Inbound(Kind.UNINSTALLED, "1", ADA, CHAT, sent_ms=NOW)
    with capture_logs():
        assert await room.router.on_turn(inbound) is None
    assert (room.outcomes, room.chats.took) == (["failed"], [])


# -- whom Teams does not identify


async def test_a_stranger_gets_one_line_and_nothing_is_run(room: Room) -> None:
    assert await room.says("status", person=None) is None
    assert room.chats.took == [(PRIVATE, WHO_ARE_YOU)]
    assert await room.clicks(ShowStatus(), person=None) == WHO_ARE_YOU
    assert (room.turns, room.outcomes, room.met) == ([], [], [])


async def test_programs_and_cards_that_refresh_get_no_line(room: Room) -> None:
    assert await room.says("status", person=None, from_bot=True) is None
    assert await room.clicks(ShowStatus(), person=None, automatic=True) is None
    assert room.chats.took == []


async def test_nobody_talks_with_an_echo_for_ever(room: Room) -> None:
    for _ in range(20):
        await room.says("status", person=None)
    assert len(room.chats.took) == 5
