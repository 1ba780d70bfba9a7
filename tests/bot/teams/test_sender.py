"""Messages on the wire, against a real server that plays the Bot Connector."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer, unused_port

from bot.teams.activity import (
    CardGone,
    ConversationGone,
    ConversationReference,
    NotFound,
    NotSent,
    Person,
    Scope,
    SendFailed,
)
from bot.teams.outgoing import for_channel, message
from bot.teams.sender import TOKEN_SECONDS, ChannelSender
from bot.teams.service_hosts import ServiceHosts
from domain.errors import AdminMustAct
from tests.doubles.teams import TeamsDouble

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ADA = "00000000-0000-4000-8000-000000000001"
CARD: dict[str, Any] = {"type": "AdaptiveCard", "version": "1.5", "body": []}
NOON = 1_767_268_800.0  # 2026-01-01 12:00 UTC


class Tokens:
    def __init__(self) -> None:
        self.asked: list[bool] = []

    async def __call__(self, *, refresh: bool = False) -> str:
        self.asked.append(refresh)
        return f"token-{sum(self.asked)}"


class Run:
    """A sender and what it did: outcomes, pauses in seconds, tokens asked for."""

    def __init__(self, session: ClientSession, teams: TeamsDouble) -> None:
        self.outcomes: list[str] = []
        self.pauses: list[float] = []
        self.tokens = Tokens()
        self.now = NOON
        self.sender = ChannelSender(
            session,
            ServiceHosts([teams.host]),
            self.tokens,
            on_outcome=self.outcomes.append,
            sleep=self._sleep,
            chance=lambda: 0.5,
            now=lambda: self.now,
        )
        self.to = ConversationReference(
            service_url=teams.service_url,
            conversation_id="19:a/b?c=#%20@thread.tacv2;messageid=1",
            bot_id=teams.bot_id,
            channel_id="msteams",
            tenant_id=teams.tenant_id,
        )

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.fixture
async def teams() -> AsyncIterator[TeamsDouble]:
    async with TeamsDouble() as double:
        yield double


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as client:
        yield client


@pytest.fixture
def run(session: ClientSession, teams: TeamsDouble) -> Run:
    return Run(session, teams)


async def test_a_card_arrives_and_its_id_comes_back(teams: TeamsDouble, run: Run) -> None:
    activity_id = await run.sender.send(run.to, CARD | {"speak": "You are connected."})
    (sent,) = teams.messages
    assert sent.method == "POST"
    assert sent.activity_id == activity_id
    assert sent.conversation_id == run.to.conversation_id  # quoted on the way, whole again here
    assert sent.authorization == "Bearer token-0"
    assert sent.card == CARD | {"speak": "You are connected."}
    assert sent.activity["summary"] == "You are connected."
    assert "text" not in sent.activity
    assert run.outcomes == ["ok"]


async def test_a_text_is_plain(teams: TeamsDouble, run: Run) -> None:
    await run.sender.send(run.to, "*not* <b>formatted</b>")
    (sent,) = teams.messages
    assert (sent.text, sent.activity["textFormat"]) == ("*not* <b>formatted</b>", "plain")
    assert "attachments" not in sent.activity


async def test_a_card_is_edited_in_place(teams: TeamsDouble, run: Run) -> None:
    first = await run.sender.send(run.to, CARD)
    await run.sender.update(run.to, first, CARD | {"speak": "new"})
    assert [(sent.method, sent.activity_id) for sent in teams.messages] == [
        ("POST", first),
        ("PUT", first),
    ]


async def test_a_private_chat_is_opened(teams: TeamsDouble, run: Run) -> None:
    ada = Person(teams.tenant_id, ADA, f"29:{ADA}", "Ada")
    private = await run.sender.open_personal(run.to, ada)
    assert private == ConversationReference(
        service_url=teams.service_url,
        conversation_id=f"a:{ADA}",
        bot_id=teams.bot_id,
        channel_id="msteams",
        tenant_id=teams.tenant_id,
        scope=Scope.PERSONAL,
    )
    assert teams.opened == [
        {
            "bot": {"id": teams.bot_id},
            "members": [{"id": f"29:{ADA}"}],
            "isGroup": False,
            "channelData": {"tenant": {"id": teams.tenant_id}},
        }
    ]


async def test_in_local_mode_no_token_is_sent(teams: TeamsDouble, session: ClientSession) -> None:
    sender = ChannelSender(session, ServiceHosts(loopback_only=True), None)
    await sender.send(Run(session, teams).to, "hi")
    assert teams.messages[0].authorization is None


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example.com/", "http://smba.trafficmanager.net/"]
)
async def test_nothing_is_sent_to_a_host_that_is_not_allowed(run: Run, elsewhere: str) -> None:
    to = ConversationReference(elsewhere, "a:1", "28:bot", "msteams", "t")
    with pytest.raises(SendFailed, match="allowed"):
        await run.sender.send(to, "hi")
    assert run.tokens.asked == []
    assert run.outcomes == ["failed"]


@pytest.mark.parametrize("conversation", ["", ".", ".."])
async def test_an_id_cannot_leave_its_place_in_the_address(run: Run, conversation: str) -> None:
    to = ConversationReference(run.to.service_url, conversation, "28:bot", "msteams", "t")
    with pytest.raises(SendFailed, match="id"):
        await run.sender.send(to, "hi")


@pytest.mark.parametrize("body", [{}, {"id": 7}, {"id": "x\ny"}, {"id": "x" * 2000}, [], "x"])
async def test_a_message_without_a_usable_id_was_sent_all_the_same(
    teams: TeamsDouble, run: Run, body: object
) -> None:
    teams.answers_next(200, body=body, times=2)
    assert await run.sender.send(run.to, "hi") == ""
    with pytest.raises(CardGone):
        await run.sender.update(run.to, "", CARD)
    with pytest.raises(SendFailed, match="which"):
        await run.sender.open_personal(run.to, Person("t", ADA, "29:x", "Ada"))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, {"error": {"code": "BotDisabledByAdmin"}}),
        (403, {"error": {"code": "BotNotInConversationRoster"}}),
        (403, {"error": {"code": "ConversationBlockedByUser"}}),
        (403, {"errorCode": 209, "message": '{"subCode": "MessageWritesBlocked"}'}),
        (404, {"error": {"code": "ConversationNotFound"}}),
    ],
)
async def test_a_conversation_that_is_gone_is_told_apart(
    teams: TeamsDouble, run: Run, status: int, body: object
) -> None:
    teams.answers_next(status, body=body, times=2)
    with pytest.raises(ConversationGone):
        await run.sender.send(run.to, "hi")
    with pytest.raises(ConversationGone):
        await run.sender.update(run.to, "1:1", CARD)
    assert run.outcomes == ["gone", "gone"]
    assert run.pauses == []


@pytest.mark.parametrize("status", [403, 404])
async def test_where_no_chat_can_be_opened_there_is_none(
    teams: TeamsDouble, run: Run, status: int
) -> None:
    teams.answers_next(status, "Whatever")
    with pytest.raises(ConversationGone):
        await run.sender.open_personal(run.to, Person("t", ADA, "29:x", "Ada"))


async def test_a_chat_is_opened_as_a_whole(teams: TeamsDouble, run: Run) -> None:
    teams.answers_next(201, body={"id": "a:1;messageid=7"})
    opened = await run.sender.open_personal(run.to, Person("t", ADA, "29:x", "Ada"))
    assert (opened.conversation_id, opened.member_id) == ("a:1", "29:x")


async def test_a_404_that_says_nothing_is_told_apart(teams: TeamsDouble, run: Run) -> None:
    teams.answers_next(404, times=2)
    with pytest.raises(NotFound):
        await run.sender.send(run.to, "hi")
    with pytest.raises(CardGone):  # sending a new one tells whether it is the chat
        await run.sender.update(run.to, "1:1", CARD)


async def test_a_card_that_is_gone_is_told_apart(run: Run) -> None:
    with pytest.raises(CardGone):
        await run.sender.update(run.to, "never sent", CARD)
    assert run.outcomes == ["gone"]


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "BadSyntax"), (403, "InvalidBotApiHost"), (404, ""), (413, "MessageSizeTooBig")],
)
async def test_other_refusals_are_not_repeated_and_say_nothing_about_the_conversation(
    teams: TeamsDouble, run: Run, status: int, code: str
) -> None:
    teams.answers_next(status, code)
    with pytest.raises(SendFailed, match=f"{status}, {code or 'no code'}"):
        await run.sender.send(run.to, "hi")
    assert run.outcomes == ["failed"]


@pytest.mark.parametrize("status", [412, 429, 502, 503, 504])
async def test_what_teams_calls_temporary_is_tried_again(
    teams: TeamsDouble, run: Run, status: int
) -> None:
    teams.answers_next(status, times=3)
    await run.sender.send(run.to, "hi")
    assert run.pauses == [0.5, 1.0, 2.0]  # half of a limit that doubles
    assert run.outcomes == ["retried", "retried", "retried", "ok"]
    assert len(teams.messages) == 1


async def test_four_attempts_are_enough(teams: TeamsDouble, run: Run) -> None:
    teams.answers_next(502, times=4)
    with pytest.raises(SendFailed, match="502"):
        await run.sender.send(run.to, "hi")
    assert run.outcomes == ["retried", "retried", "retried", "failed"]


@pytest.mark.parametrize("status", [200, 302, 401, 403, 404, 407])
async def test_a_page_of_something_in_between_is_no_delivery(
    teams: TeamsDouble, run: Run, status: int
) -> None:
    teams.answers_next(status, body="<html>Sign in to this network</html>")
    with pytest.raises(NotSent, match=f"between us and the channel answered {status}"):
        await run.sender.send(run.to, "hi")
    assert run.outcomes == ["failed"]
    assert run.tokens.asked == [False]


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        ("3", 3.25),
        ("0", 0.25),
        ("Thu, 01 Jan 2026 12:00:05 GMT", 5.25),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0.25),
        ("soon", 0.5),
        ("-1", 0.5),
        ("3.5", 3.75),
        ("2026-01-01T12:00:05Z", 5.25),
    ],
)
async def test_the_wait_that_was_asked_for_is_kept(
    teams: TeamsDouble, run: Run, header: str, pause: float
) -> None:
    teams.answers_next(429, headers={"Retry-After": header})
    await run.sender.send(run.to, "hi")
    assert run.pauses == [pytest.approx(pause)]


@pytest.mark.parametrize("header", ["60", "9" * 30, "2026-01-02T00:00:00Z"])
async def test_a_wait_beyond_the_time_for_a_message_is_not_begun(
    teams: TeamsDouble, run: Run, header: str
) -> None:
    teams.answers_next(429, headers={"Retry-After": header})
    with pytest.raises(SendFailed, match="wait"):
        await run.sender.send(run.to, "hi")
    assert run.pauses == []


async def test_a_token_that_is_refused_is_renewed_once(teams: TeamsDouble, run: Run) -> None:
    teams.accepts_token = lambda header: header == "Bearer token-1"
    await run.sender.send(run.to, "hi")
    assert run.tokens.asked == [False, True]
    assert run.outcomes == ["ok"]
    teams.accepts_token = lambda _: False
    with pytest.raises(SendFailed, match="401"):
        await run.sender.send(run.to, "hi")
    assert run.tokens.asked == [False, True, True]


async def test_a_token_serves_for_a_minute(run: Run) -> None:
    for _ in range(2):
        await run.sender.send(run.to, "hi")
    assert run.tokens.asked == [False]
    run.now += TOKEN_SECONDS
    await run.sender.send(run.to, "hi")
    assert run.tokens.asked == [False, False]


async def test_without_a_token_nothing_is_sent(teams: TeamsDouble, session: ClientSession) -> None:
    async def refused(*, refresh: bool = False) -> str:
        raise AdminMustAct("invalid_client", f"refresh={refresh}")

    sender = ChannelSender(session, ServiceHosts([teams.host]), refused)
    with pytest.raises(SendFailed, match="invalid_client"):
        await sender.send(Run(session, teams).to, "hi")
    assert teams.messages == []


async def test_a_message_that_may_have_arrived_is_not_sent_twice(session: ClientSession) -> None:
    requests: list[str] = []

    async def hang_up(request: web.Request) -> web.Response:
        await request.read()
        requests.append(request.method)
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hang_up)
    sender = ChannelSender(
        session, ServiceHosts(loopback_only=True), None, sleep=lambda _: asyncio.sleep(0)
    )
    async with TestServer(app) as server:
        to = ConversationReference(str(server.make_url("/")), "a:1", "28:bot", "msteams", "t")
        with pytest.raises(SendFailed):
            await sender.send(to, "hi")
        assert requests == ["POST"]
        with pytest.raises(SendFailed):  # an edit may be repeated
            await sender.update(to, "1:1", CARD)
        assert requests.count("PUT") >= 4


async def test_a_message_that_cannot_have_left_is_tried_again(
    teams: TeamsDouble, session: ClientSession
) -> None:
    run = Run(session, teams)
    port = unused_port()
    sender = ChannelSender(
        session,
        ServiceHosts(loopback_only=True),
        None,
        on_outcome=run.outcomes.append,
        sleep=lambda _: asyncio.sleep(0),
    )
    to = ConversationReference(f"http://127.0.0.1:{port}/", "a:1", "28:bot", "msteams", "t")
    with pytest.raises(SendFailed):
        await sender.send(to, "hi")
    assert run.outcomes == ["retried", "retried", "retried", "failed"]


async def test_a_redirect_is_not_followed(teams: TeamsDouble, run: Run) -> None:
    teams.answers_next(307, headers={"Location": "https://evil.example.com/"})
    with pytest.raises(SendFailed, match="307"):
        await run.sender.send(run.to, "hi")


async def test_messages_of_one_conversation_do_not_overlap(session: ClientSession) -> None:
    under_way: dict[str, int] = {}
    most: dict[str, int] = {"all": 0}

    async def watch(request: web.Request) -> web.Response:
        conversation = request.match_info["conversation"]
        under_way[conversation] = under_way.get(conversation, 0) + 1
        most[conversation] = max(most.get(conversation, 0), under_way[conversation])
        most["all"] = max(most["all"], sum(under_way.values()))
        await asyncio.sleep(0.01)
        under_way[conversation] -= 1
        return web.json_response({"id": "1"})

    app = web.Application()
    app.router.add_post("/v3/conversations/{conversation}/activities", watch)
    sender = ChannelSender(session, ServiceHosts(loopback_only=True), None)
    async with TestServer(app) as server:
        places = [
            ConversationReference(str(server.make_url("/")), name, "28:bot", "msteams", "t")
            for name in ("a", "b")
        ]
        await asyncio.gather(*(sender.send(place, "hi") for place in places * 5))
    assert most == {"a": 1, "b": 1, "all": 2}


async def test_a_message_that_takes_too_long_is_given_up(
    teams: TeamsDouble, session: ClientSession
) -> None:
    async def slow_token(*, refresh: bool = False) -> str:
        await asyncio.Event().wait()
        return f"never {refresh}"

    sender = ChannelSender(session, ServiceHosts([teams.host]), slow_token, total_seconds=0.05)
    with pytest.raises(SendFailed, match="within"):
        await sender.send(Run(session, teams).to, "hi")
    assert teams.messages == []


def test_where_execute_is_not_known_every_button_becomes_a_submit() -> None:
    execute = {
        "type": "Action.Execute",
        "title": "Go",
        "verb": "go",
        "style": "positive",
        "data": {"type": "Action.Execute", "n": 1},
        "fallback": {"type": "Action.Submit"},
    }
    submit = {
        "type": "Action.Submit",
        "title": "Go",
        "style": "positive",
        "data": {"type": "Action.Execute", "n": 1, "verb": "go"},
    }
    card = CARD | {
        "refresh": {"action": execute, "userIds": []},
        "body": [
            {"type": "Container", "items": [{"type": "ActionSet", "actions": [execute]}]},
            {"type": "Image", "url": "x", "selectAction": execute},
        ],
        "actions": [{"type": "Action.OpenUrl", "url": "https://x"}, execute],
    }
    assert for_channel(card, "msteams") is card
    assert for_channel(card, "emulator") == CARD | {
        "body": [
            {"type": "Container", "items": [{"type": "ActionSet", "actions": [submit]}]},
            {"type": "Image", "url": "x", "selectAction": submit},
        ],
        "actions": [{"type": "Action.OpenUrl", "url": "https://x"}, submit],
    }
    assert "refresh" in card


def test_in_local_mode_no_card_refreshes_itself() -> None:
    card = CARD | {"refresh": {"action": {"type": "Action.Execute"}, "userIds": []}}
    assert for_channel(card, "msteams", local=True) == CARD
    assert for_channel(CARD, "msteams", local=True) is CARD
    to = ConversationReference("https://x", "a:1", "28:bot", "msteams", "t")
    for local in (True, False):
        [attached] = message(to, card, local=local)["attachments"]
        assert ("refresh" in attached["content"]) is not local
    assert "refresh" in card


def test_the_notification_of_a_card_is_its_spoken_or_fallback_text() -> None:
    to = ConversationReference("https://x", "a:1", "28:bot", "msteams", "t")
    assert message(to, CARD | {"fallbackText": "x" * 999})["summary"] == "x" * 300
    assert "summary" not in message(to, CARD)
