"""What Teams sends, in our words, and what it gets back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from bot.teams.activity import ConversationReference, InvokeError, Kind, Person, Scope
from bot.teams.channel import Channel, ChannelAnswer, LocalMode
from bot.teams.inbound_auth import Sender
from bot.teams.outgoing import for_channel
from tests.doubles.bot_server import Turns, production
from tests.doubles.teams import TeamsDouble

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.teams.activity import Answer, Inbound

ADA = "00000000-0000-4000-8000-000000000001"
BEN = "00000000-0000-4000-8000-000000000002"
CARD = {"type": "AdaptiveCard", "version": "1.5", "body": []}


@pytest.fixture
async def teams() -> AsyncIterator[TeamsDouble]:
    async with TeamsDouble() as double:
        yield double


@pytest.fixture
async def channel(teams: TeamsDouble) -> AsyncIterator[Channel]:
    async with production(teams) as (channel, _):
        yield channel


@pytest.fixture
def local(teams: TeamsDouble) -> Channel:
    return Channel(LocalMode(Person(teams.tenant_id, ADA, "", "Ada")))


async def handed(
    channel: Channel, activity: dict[str, Any], bearer: str, turns: Turns
) -> ChannelAnswer:
    """What the channel answers to somebody who is admitted."""
    sender = await channel.admit(bearer)
    assert isinstance(sender, Sender)
    return await channel.handle(activity, sender, turns)


async def read(channel: Channel, teams: TeamsDouble, activity: dict[str, Any]) -> Inbound:
    """What a turn is given for this activity."""
    turns = Turns()
    answer = await handed(channel, activity, f"Bearer {teams.token()}", turns)
    assert answer.status == 200
    (inbound,) = turns.seen
    return inbound


async def test_a_message_says_who_where_and_what(channel: Channel, teams: TeamsDouble) -> None:
    activity = teams.says(teams.person(ADA.upper(), "Ada"), "/connect\u00a0", replyToId="1:7")
    inbound = await read(channel, teams, activity)
    assert inbound.kind is Kind.MESSAGE
    assert inbound.id == activity["id"]
    assert inbound.person == Person(teams.tenant_id, ADA, f"29:{ADA.upper()}", "Ada")
    assert inbound.conversation == ConversationReference(
        service_url=teams.service_url,
        conversation_id=f"a:{ADA.upper()}",
        bot_id=teams.bot_id,
        channel_id="msteams",
        tenant_id=teams.tenant_id,
        scope=Scope.PERSONAL,
    )
    assert inbound.text == "/connect"
    assert inbound.reply_to_id == "1:7"
    assert inbound.time_zone == ZoneInfo("Europe/Stockholm")
    assert not inbound.wants_card_answer


async def test_a_mention_in_a_channel_is_removed(channel: Channel, teams: TeamsDouble) -> None:
    where = {"conversation_id": "19:x@thread.tacv2;messageid=1", "conversation_type": "channel"}
    mention = {
        "type": "mention",
        "text": "<at>Presence Bridge</at>",
        "mentioned": {"id": teams.bot_id, "name": "Presence Bridge"},
    }
    activity = teams.says(
        teams.person(ADA, **where), "<at>Presence Bridge</at> help\n", entities=[7, mention]
    )
    inbound = await read(channel, teams, activity)
    assert inbound.text == "help"
    assert inbound.conversation.scope is Scope.CHANNEL


@pytest.mark.parametrize(
    ("conversation", "scope"),
    [
        ({"conversationType": "personal"}, Scope.PERSONAL),
        ({"conversationType": "groupChat", "isGroup": True}, Scope.GROUP_CHAT),
        ({}, Scope.PERSONAL),
        ({"isGroup": True}, Scope.GROUP_CHAT),
        ({"conversationType": "something new"}, Scope.GROUP_CHAT),
        ({"conversationType": ["personal"]}, Scope.GROUP_CHAT),
    ],
)
async def test_only_a_chat_that_is_known_to_be_private_counts_as_private(
    channel: Channel, teams: TeamsDouble, conversation: dict[str, Any], scope: Scope
) -> None:
    activity = teams.says(teams.person(ADA), "hi", conversation={"id": "a:1"} | conversation)
    assert (await read(channel, teams, activity)).conversation.scope is scope


@pytest.mark.parametrize(
    "sender",
    [
        None,
        {},
        {"id": "29:x"},
        {"id": "29:x", "aadObjectId": "ada@example.com"},
        {"id": "29:x", "aadObjectId": f"{ADA}\n"},
        {"aadObjectId": ADA},
        {"id": "29:x", "aadObjectId": ADA, "tenantId": "99999999-2222-4333-8444-555555555555"},
    ],
)
async def test_a_speaker_whom_entra_of_this_tenant_does_not_know_is_nobody(
    channel: Channel, teams: TeamsDouble, sender: object
) -> None:
    activity = teams.says(teams.person(ADA), "hi") | {"from": sender}
    assert (await read(channel, teams, activity)).person is None


async def test_the_older_place_of_the_tenant_counts_too(
    channel: Channel, teams: TeamsDouble
) -> None:
    activity = teams.says(teams.person(ADA), "hi", channelData=None)
    assert (await read(channel, teams, activity)).conversation.tenant_id == teams.tenant_id


@pytest.mark.parametrize(
    ("conversation_id", "conversation_type", "kept"),
    [
        ("a:1x;messageid=1700000000001", "personal", "a:1x"),
        ("a:1x;MessageId=1;more=2", "personal", "a:1x"),
        ("19:u_b@unq.gbl.spaces;messageid=1", "personal", "19:u_b@unq.gbl.spaces"),
        ("a:1x;messageid=1", None, "a:1x"),
        ("19:x@thread.tacv2;messageid=1", "channel", "19:x@thread.tacv2;messageid=1"),
        ("19:x@thread.v2;messageid=1", "groupChat", "19:x@thread.v2;messageid=1"),
        # Without a type, the form of the id says that others read along.
        ("19:x@thread.tacv2;messageid=1", None, "19:x@thread.tacv2;messageid=1"),
        ("a:messageid=1", "personal", "a:messageid=1"),
    ],
)
async def test_a_thread_in_a_private_chat_is_the_chat_itself(
    channel: Channel,
    teams: TeamsDouble,
    conversation_id: str,
    conversation_type: str | None,
    kept: str,
) -> None:
    where = {"id": conversation_id, "conversationType": conversation_type}
    activity = teams.says(teams.person(ADA), "hi", conversation=where)
    conversation = (await read(channel, teams, activity)).conversation
    assert conversation.conversation_id == kept
    private = kept != conversation_id or kept.startswith("a:")
    assert (conversation.scope is Scope.PERSONAL) is private
    assert conversation.member_id == (f"29:{ADA}" if private else "")


async def test_an_id_that_is_a_thread_of_nothing_is_malformed(
    channel: Channel, teams: TeamsDouble
) -> None:
    where = {"id": ";messageid=1", "conversationType": "personal"}
    activity = teams.says(teams.person(ADA), "hi", conversation=where)
    answer = await handed(channel, activity, f"Bearer {teams.token()}", Turns())
    assert answer.status == 400


@pytest.mark.parametrize(
    ("stated", "sent_ms"),
    [
        ("2026-01-01T12:00:00.000Z", 1_767_268_800_000),
        ("2026-01-01T12:00:00.1234567Z", 1_767_268_800_123),
        ("2026-01-01T17:30:00+05:30", 1_767_268_800_000),
        ("2026-01-01T12:00:00", 1_767_268_800_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000),
        ("yesterday", None),
        ("9" * 70, None),
        (1767268800, None),
        (None, None),
    ],
)
async def test_when_the_channel_sent_it(
    channel: Channel, teams: TeamsDouble, stated: object, sent_ms: int | None
) -> None:
    activity = teams.says(teams.person(ADA), "hi", timestamp=stated)
    assert (await read(channel, teams, activity)).sent_ms == sent_ms


@pytest.mark.parametrize(
    ("kind", "fields", "meaning"),
    [
        ("installationUpdate", {"action": "add"}, Kind.INSTALLED),
        ("installationUpdate", {"action": "remove"}, Kind.UNINSTALLED),
        ("installationUpdate", {"action": "add-upgrade"}, Kind.UPGRADED),
        ("installationUpdate", {"action": "upgrade"}, Kind.UPGRADED),
        ("installationUpdate", {"action": "remove-upgrade"}, Kind.UPGRADING),
        ("installationUpdate", {"action": "Remove-Upgrade"}, Kind.UPGRADING),
        ("installationUpdate", {"action": "downgrade"}, Kind.OTHER),
        ("installationUpdate", {"action": ["add"]}, Kind.OTHER),
        ("installationUpdate", {}, Kind.OTHER),
        ("conversationUpdate", {"membersAdded": [{"id": "28:bot"}]}, Kind.OTHER),
        ("conversationUpdate", {"membersRemoved": [{"id": "28:bot"}]}, Kind.OTHER),
        ("messageUpdate", {"text": "connect"}, Kind.OTHER),
        ("messageReaction", {"reactionsAdded": [{"type": "like"}]}, Kind.OTHER),
        ("typing", {}, Kind.OTHER),
        ("something new", {"value": {"verb": "x"}}, Kind.OTHER),
        ("message", {"text": None}, Kind.MESSAGE),
        ("message", {"text": "", "value": "x"}, Kind.MESSAGE),
        ("message", {"text": "hi", "value": {"verb": "x"}}, Kind.MESSAGE),
    ],
)
async def test_kinds_of_activities(
    channel: Channel, teams: TeamsDouble, kind: str, fields: dict[str, Any], meaning: Kind
) -> None:
    activity = teams.activity(teams.person(ADA), kind, recipient={"id": "28:bot"}, **fields)
    inbound = await read(channel, teams, activity)
    assert inbound.kind is meaning
    assert inbound.verb == ""
    assert inbound.text in {"", "hi"}


async def test_execute_and_submit_are_the_same_click(channel: Channel, teams: TeamsDouble) -> None:
    payload = {"v": 1, "verb": "go"}
    button = {"type": "Action.Execute", "title": "Connect", "verb": "go", "data": payload}
    card = CARD | {"actions": [button]}
    submit = for_channel(card, "emulator")["actions"][0]
    entered = {"name": "Ada"}
    ada = teams.person(ADA)
    executed = await read(channel, teams, teams.clicks(ada, "go", payload | entered))
    submitted = await read(
        channel, teams, teams.activity(ada, "message", value=submit["data"] | entered, text=" ")
    )
    for click in (executed, submitted):
        assert click.kind is Kind.CLICK
        assert (click.verb, click.data) == ("go", {"v": 1, "verb": "go", "name": "Ada"})
        assert not click.automatic
    assert executed.wants_card_answer
    assert not submitted.wants_card_answer


async def test_a_click_without_a_verb_or_data_is_an_empty_click(
    channel: Channel, teams: TeamsDouble
) -> None:
    ada = teams.person(ADA)
    bare = teams.clicks(ada, "") | {"value": {"action": {"type": "Action.Execute"}}}
    other = teams.activity(ada, "message", value={"verb": 7})
    clicks = [await read(channel, teams, activity) for activity in (bare, other)]
    assert [(click.verb, click.data) for click in clicks] == [("", {}), ("", {"verb": 7})]


async def test_a_card_that_refreshes_itself_is_nobodys_click(
    channel: Channel, teams: TeamsDouble
) -> None:
    click = teams.clicks(teams.person(ADA), "refresh", trigger="automatic")
    assert (await read(channel, teams, click)).automatic


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (CARD, {"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive"}),
        ("Done.", {"statusCode": 200, "type": "application/vnd.microsoft.activity.message"}),
        (None, {"statusCode": 200, "type": "application/vnd.microsoft.activity.message"}),
    ],
)
async def test_a_click_is_answered_with_what_the_turn_gives(
    channel: Channel, teams: TeamsDouble, answer: Answer, body: dict[str, Any]
) -> None:
    turns = Turns()
    turns.answer = answer
    click = teams.clicks(teams.person(ADA), "go")
    given = await handed(channel, click, f"Bearer {teams.token()}", turns)
    assert given == ChannelAnswer(200, body | {"value": answer or ""})


async def test_a_click_can_be_refused(channel: Channel, teams: TeamsDouble) -> None:
    turns = Turns()
    turns.answer = InvokeError("Forbidden", "Only admins can do this.", 400)
    click = teams.clicks(teams.person(ADA), "go")
    given = await handed(channel, click, f"Bearer {teams.token()}", turns)
    assert given.status == 200
    assert given.body == {
        "statusCode": 400,
        "type": "application/vnd.microsoft.error",
        "value": {"code": "Forbidden", "message": "Only admins can do this."},
    }


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"action": "x"},
        {"action": {"type": "Action.Submit", "verb": "go"}},
        {"action": {"type": "Action.Execute", "verb": 7}},
        {"action": {"type": "Action.Execute", "verb": "go", "data": "x"}},
    ],
)
async def test_a_malformed_click_is_refused_and_not_acted_on(
    channel: Channel, teams: TeamsDouble, value: object
) -> None:
    turns = Turns()
    click = teams.clicks(teams.person(ADA), "go") | {"value": value}
    given = await handed(channel, click, f"Bearer {teams.token()}", turns)
    assert given.status == 200
    assert given.body is not None
    assert given.body["statusCode"] == 400
    assert turns.seen == []


async def test_a_failing_turn_apologises_at_the_card_and_is_never_an_http_error(
    channel: Channel, teams: TeamsDouble
) -> None:
    turns = Turns()
    turns.answer = RuntimeError("secret detail")
    bearer = f"Bearer {teams.token()}"
    given = await handed(channel, teams.clicks(teams.person(ADA), "go"), bearer, turns)
    assert given.status == 200
    assert given.body is not None
    assert given.body["statusCode"] == 500
    assert "secret" not in str(given.body)
    assert (await handed(channel, teams.says(teams.person(ADA), "hi"), bearer, turns)).status == 200


async def test_an_unknown_invoke_is_not_implemented(channel: Channel, teams: TeamsDouble) -> None:
    turns = Turns()
    for name in ("task/fetch", "", None, 5):
        invoke = teams.activity(teams.person(ADA), "invoke", name=name, value={})
        given = await handed(channel, invoke, f"Bearer {teams.token()}", turns)
        assert given == ChannelAnswer(501)
    assert turns.seen == []


@pytest.mark.parametrize("conversation", [None, {}, {"id": ""}, {"id": 7}, {"id": "x" * 2000}])
async def test_an_activity_without_a_conversation_is_malformed(
    channel: Channel, teams: TeamsDouble, conversation: object
) -> None:
    turns = Turns()
    activity = teams.says(teams.person(ADA), "hi") | {"conversation": conversation}
    assert (await handed(channel, activity, f"Bearer {teams.token()}", turns)).status == 400
    assert turns.seen == []


async def test_a_slow_turn_is_answered_in_time_and_goes_on(teams: TeamsDouble) -> None:
    channel = Channel(LocalMode(Person(teams.tenant_id, ADA, "", "Ada")), answer_within=0.01)
    may_end, ended = asyncio.Event(), asyncio.Event()

    async def slow(_: Inbound) -> None:
        await may_end.wait()
        ended.set()

    ada = teams.person(ADA)
    assert await channel.handle(teams.says(ada, "hi"), None, slow) == ChannelAnswer(200)
    click = await channel.handle(teams.clicks(ada, "go"), None, slow)
    assert click.body is not None
    assert click.body["value"]["code"] == "Timeout"
    may_end.set()
    await asyncio.wait_for(ended.wait(), 5)
    await channel.aclose()


async def test_closing_stops_turns_that_do_not_end(teams: TeamsDouble) -> None:
    channel = Channel(LocalMode(Person(teams.tenant_id, ADA, "", "Ada")), answer_within=0.01)
    stopped = asyncio.Event()

    async def endless(_: Inbound) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    await channel.handle(teams.says(teams.person(ADA), "hi"), None, endless)
    await channel.aclose(grace=0.01)
    assert stopped.is_set()


async def test_local_mode_needs_no_token(local: Channel, teams: TeamsDouble) -> None:
    turns = Turns()
    await local.handle(teams.says(teams.person(BEN, "Ben"), "hi"), None, turns)
    assert turns.seen[0].person == Person(teams.tenant_id, BEN, f"29:{BEN}", "Ben")


async def test_in_the_emulator_the_local_person_speaks(local: Channel, teams: TeamsDouble) -> None:
    activity = {
        "type": "message",
        "id": "1",
        "channelId": "emulator",
        "serviceUrl": "http://localhost:50000",
        "from": {"id": "user-1", "name": "User", "role": "user"},
        "recipient": {"id": "bot-1", "name": "Bot"},
        "conversation": {"id": "c|livechat"},
        "text": "connect",
    }
    turns = Turns()
    assert (await local.handle(activity, None, turns)).status == 200
    assert turns.seen[0].person == Person(teams.tenant_id, ADA, "user-1", "Ada")


async def test_where_teams_is_not_the_channel_the_bot_is_installed_when_it_joins(
    local: Channel, teams: TeamsDouble
) -> None:
    turns = Turns()
    for member in (teams.bot_id, "29:somebody"):
        activity = teams.activity(
            teams.person(ADA), "conversationUpdate", membersAdded=[7, {"id": member}]
        )
        await local.handle(activity | {"channelId": "emulator"}, None, turns)
    assert [turn.kind for turn in turns.seen] == [Kind.INSTALLED, Kind.OTHER]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"serviceUrl": "https://smba.trafficmanager.net/amer/"}, 403),
        ({"serviceUrl": "http://10.0.0.1/"}, 403),
        ({"serviceUrl": "http://localhost.evil.com/"}, 403),
        ({"serviceUrl": None}, 400),
        ({"channelId": "slack"}, 403),
        ({"channelId": []}, 400),
        ({"channelData": {"tenant": {"id": "99999999-2222-4333-8444-555555555555"}}}, 403),
    ],
)
async def test_local_mode_stays_local(
    local: Channel, teams: TeamsDouble, changes: dict[str, Any], status: int
) -> None:
    turns = Turns()
    activity = teams.says(teams.person(ADA), "hi") | changes
    assert (await local.handle(activity, None, turns)).status == status
    assert turns.seen == []


async def test_answers_in_the_emulator_have_buttons_that_it_knows(
    local: Channel, teams: TeamsDouble
) -> None:
    turns = Turns()
    turns.answer = CARD | {"actions": [{"type": "Action.Execute", "title": "x", "verb": "go"}]}
    click = teams.clicks(teams.person(ADA), "go") | {"channelId": "emulator"}
    given = await local.handle(click, None, turns)
    assert given.body is not None
    assert given.body["value"]["actions"] == [
        {"type": "Action.Submit", "title": "x", "data": {"verb": "go"}}
    ]
