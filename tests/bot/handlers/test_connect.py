"""`connect` and what comes of it: whose link it is, and what the chat says afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from bot.handlers.connect import ConnectHandler, SignInResults
from bot.sign_in.attempt import Attempt
from cards.person.clicks import CancelConnect
from cards.person.connect import connected
from domain.errors import AdminMustAct, AuthorizeAgain, RetryLater, Trouble
from domain.policy import Form, Policy
from domain.presence import Observation, ZoomPresence
from domain.refusal import Refusal
from sync.connect.linking import AddressTaken, Contested, NoZoomUser, SignInOver
from tests.doubles.memory import (
    ADA,
    CHAT,
    NOW,
    TENANT,
    Chats,
    Presence,
    Rows,
    SignInLinks,
    desk,
    link_of,
    turn,
)
from tests.doubles.outside import titles, words
from wording.refusals import REFUSALS

if TYPE_CHECKING:
    from domain.link import Link
    from sync.microsoft.authorization import Grant

pytestmark = pytest.mark.unit

GRANT = cast("Grant", None)
ATTEMPT = Attempt(TENANT, ADA.object_id, "Ada", CHAT, "card-1")
FAILURES: list[tuple[Exception, str]] = [
    (NoZoomUser(("ada@example.com",)), "No matching Zoom account"),
    (NoZoomUser(()), "No matching Zoom account"),
    (AddressTaken("ada@example.com"), "already connected"),
    (Contested(), "Someone else is connecting"),
    (AdminMustAct("zoom_scope"), "isn’t set up correctly"),
    (AuthorizeAgain("AADSTS50173"), "didn’t accept the sign-in"),
    (RetryLater("zoom_unreachable"), "Zoom can’t be reached"),
    (RetryLater("graph_unreachable"), "Microsoft can’t be reached"),
    (RetryLater("zoom_intercepted"), "Zoom can’t be reached"),
]


class Room:
    """Both halves of connecting, and one chat."""

    def __init__(self) -> None:
        self.engine, self.links = Presence(), SignInLinks()
        self.handler = ConnectHandler(self.engine, self.links)
        self.chats, self.rows = Chats(), Rows()
        self.rows.cards["card-1"] = "1:0"
        self.came_back: list[str] = []
        self.observation: Observation | None = Observation(ZoomPresence.IN_MEETING, NOW)
        self.fails: Exception | None = None
        self.results = SignInResults(
            desk(self.chats, self.rows), self.link, self.back, self.engine.verdict_of
        )

    async def link(self, _: Grant, __: str) -> tuple[Link, Observation | None]:
        if self.fails is not None:
            raise self.fails
        self.engine.connect()
        return link_of(ADA), self.observation

    async def back(self, oid: str) -> None:
        self.came_back.append(oid)

    @property
    def card(self) -> dict[str, Any]:
        """What the chat shows in the place of the link."""
        [(where, content)] = self.chats.took
        assert where == CHAT.conversation_id
        assert isinstance(content, dict)
        return content


@pytest.fixture
def room() -> Room:
    return Room()


async def test_a_link_is_of_whoever_asks_and_leads_back_to_their_card(room: Room) -> None:
    card = await room.handler.offer(turn())
    assert room.links.made == [ATTEMPT]
    assert titles(card)


async def test_who_is_connected_gets_no_link(room: Room) -> None:
    room.engine.connect()
    assert "ada@example.com" in words(await room.handler.offer(turn()))
    assert room.links.made == []


async def test_what_ails_a_connection_is_said_with_it(room: Room) -> None:
    room.engine.connect(trouble=Trouble.FORBIDDEN, trouble_code="graph_403")
    assert "doesn’t allow this app" in words(await room.handler.offer(turn()))
    assert room.links.made == []


async def test_whose_authorisation_ended_gets_a_link(room: Room) -> None:
    room.engine.connect(trouble=Trouble.AUTHORIZE, trouble_code="AADSTS50173")
    await room.handler.offer(turn())
    assert len(room.links.made) == 1


async def test_cancel_ends_the_link(room: Room) -> None:
    await room.handler.offer(turn())
    assert "ada@example.com" not in words(await room.handler.cancel(turn(), CancelConnect()))
    assert room.links.under_way == set()


async def test_cancel_does_not_say_that_nothing_happened_to_who_is_connected(room: Room) -> None:
    room.engine.connect()
    assert "ada@example.com" in words(await room.handler.cancel(turn(), CancelConnect()))


async def test_a_grant_makes_the_link_and_the_card_says_so(room: Room) -> None:
    outcome = await room.results.granted(ATTEMPT, GRANT, "key")
    assert outcome.ok
    assert room.came_back == [ADA.object_id]
    assert "I’m telling Microsoft “In a call”" in words(room.card)


async def test_nothing_is_claimed_where_policy_is_off(room: Room) -> None:
    room.engine.policy = Policy(Form(integration=False))
    await room.results.granted(ATTEMPT, GRANT, "key")
    assert "I’m not telling Microsoft anything right now" in words(room.card)
    assert "I’m telling" not in words(room.card)


async def test_nothing_is_claimed_of_what_zoom_did_not_say(room: Room) -> None:
    room.observation = None
    await room.results.granted(ATTEMPT, GRANT, "key")
    assert "I’m telling" not in words(room.card)


@pytest.mark.parametrize(("error", "title"), FAILURES)
async def test_page_and_chat_say_alike_why_there_is_no_link(
    room: Room, error: Exception, title: str
) -> None:
    room.fails = error
    outcome = await room.results.granted(ATTEMPT, GRANT, "key")
    assert not outcome.ok
    assert title in outcome.title
    assert outcome.sentences[-1] in words(room.card)
    assert room.came_back == []


async def test_a_proxy_in_the_way_is_the_admin_s_matter(room: Room) -> None:
    room.fails = RetryLater("graph_intercepted")
    outcome = await room.results.granted(ATTEMPT, GRANT, "key")
    assert "a firewall or a proxy may be in the way" in outcome.sentences[-1]


async def test_an_attempt_that_was_ended_changes_no_card(room: Room) -> None:
    room.fails = SignInOver()
    with pytest.raises(SignInOver):
        await room.results.granted(ATTEMPT, GRANT, "key")
    assert room.chats.took == []


@pytest.mark.parametrize("reason", Refusal)
async def test_the_chat_says_what_the_page_says(room: Room, reason: Refusal) -> None:
    await room.results.refused(ATTEMPT, reason)
    assert REFUSALS[reason].next_step in words(room.card)


async def test_while_presence_sync_is_off_connecting_promises_nothing_and_offers_no_test(
    room: Room,
) -> None:
    room.engine.policy = Policy(Form(integration=False))
    room.engine.connect()
    assert "Test it" not in titles(await room.handler.offer(turn()))
    card = connected(name="Ada", zoom_address="ada@example.com", on=False)
    assert "once presence sync is on for you" in words(card)
    assert titles(card) == ["Status", "Disconnect"]
