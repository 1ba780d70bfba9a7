"""What strangers and odd clients send to /api/messages of a running product."""

from __future__ import annotations

import asyncio
import copy
import json
import time
from typing import TYPE_CHECKING, Any

import aiohttp
import jwt
import pytest
import pytest_asyncio

from sandbox.zoom_states import ZoomPresence
from tests.doubles.outside import FIRST_MEETING, titles, words
from tests.doubles.product import http
from tests.doubles.teams import KEY_ID, signing_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.doubles.outside import Outside, Product
    from tests.doubles.teams import TeamsDouble

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def product(serve: Product) -> Product:
    """As a process of its own."""
    return serve


OTHER_TENANT = "99999999-2222-4333-8444-555555555555"
JSON = {"Content-Type": "application/json"}
QUOTED_REPLY = {"type": "quotedReply", "quotedReply": {"messageId": "1772050244572"}}


def _unsigned(teams: TeamsDouble) -> str:
    claims = jwt.decode(teams.token(), options={"verify_signature": False})
    return f"Bearer {jwt.encode(claims, '', 'none', headers={'kid': KEY_ID})}"


def _bearer(**changes: Any) -> Callable[[TeamsDouble], str]:
    return lambda teams: f"Bearer {teams.token(**changes)}"


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(lambda _: "", id="none"),
        pytest.param(lambda _: "Bearer", id="only the scheme"),
        pytest.param(lambda teams: teams.token(), id="no scheme"),
        pytest.param(lambda _: "Bearer garbage", id="garbage"),
        pytest.param(lambda _: "Bearer W10.W10.W10", id="not an object"),
        pytest.param(_unsigned, id="alg none"),
        pytest.param(_bearer(key="secret" * 8, algorithm="HS256"), id="alg HS256"),
        pytest.param(
            lambda teams: f"Bearer {teams.token(key=signing_key('a stranger'))}", id="another key"
        ),
        pytest.param(_bearer(headers={"kid": "nobody"}), id="unknown key id"),
        pytest.param(_bearer(exp=int(time.time()) - 3600), id="expired"),
        pytest.param(_bearer(nbf=int(time.time()) + 3600), id="not yet valid"),
        pytest.param(_bearer(without=["exp"]), id="no exp"),
        pytest.param(_bearer(without=["aud"]), id="no aud"),
        pytest.param(_bearer(without=["iss"]), id="no iss"),
        pytest.param(_bearer(aud=OTHER_TENANT), id="for another bot"),
        pytest.param(_bearer(iss="https://sts.windows.net/x/"), id="another issuer"),
        pytest.param(_bearer(serviceurl="https://smba.trafficmanager.net/x/"), id="another place"),
        pytest.param(_bearer(without=["serviceurl"]), id="no place"),
    ],
)
async def test_a_bad_token_is_401_and_has_no_effect(
    product: Product, around: Outside, header: Callable[[TeamsDouble], str]
) -> None:
    chat = product.chat(around.somebody())
    body = json.dumps(chat.teams.says(chat.client, "help")).encode()
    headers = JSON | {"Authorization": header(around.teams)}
    assert (await http("POST", product.messages_url, data=body, headers=headers))[0] == 401
    assert chat.received == []


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        pytest.param(
            {
                "channelData": {"tenant": {"id": OTHER_TENANT}},
                "conversation": {"id": "a:1", "tenantId": OTHER_TENANT},
            },
            403,
            id="another tenant",
        ),
        pytest.param({"channelData": {}, "conversation": {"id": "a:1"}}, 403, id="no tenant"),
        pytest.param({"channelId": "webchat"}, 403, id="another channel"),
        pytest.param({"channelId": "skype"}, 401, id="a channel the key is not endorsed for"),
        pytest.param({"channelId": None}, 401, id="no channel"),
        pytest.param({"serviceUrl": None}, 401, id="no serviceUrl"),
        pytest.param({"conversation": {}}, 400, id="no conversation"),
        pytest.param({"type": 7}, 400, id="no type"),
        pytest.param({"type": "invoke", "name": "composeExtension/query"}, 501, id="odd invoke"),
    ],
)
async def test_what_is_not_for_us_is_refused(
    product: Product, around: Outside, changes: dict[str, Any], status: int
) -> None:
    chat = product.chat(around.somebody())
    activity = chat.teams.says(chat.client, "help") | changes
    assert (await chat.teams.deliver(product.messages_url, activity))[0] == status
    assert chat.received == []


async def test_a_token_for_another_host_does_not_make_us_send_there(
    product: Product, around: Outside
) -> None:
    chat = product.chat(around.somebody())
    elsewhere = "https://example.org/teams/"
    activity = chat.teams.says(chat.client, "help", serviceUrl=elsewhere)
    token = chat.teams.token(serviceurl=elsewhere)
    status, _ = await chat.teams.deliver(product.messages_url, activity, token=token)
    assert status == 403


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"type": "message", "x": "\\ud800"}', "application/json", 400),
        (b'{"type": "message", "x": NaN}', "application/json", 400),
        (b'{"type": "message", "x": ' + b"[" * 5000 + b"]" * 5000 + b"}", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b'{"type": "' + b"x" * 300_000 + b'"}', "application/json", 413),
    ],
    ids=lambda value: value[:24].decode(errors="replace") if isinstance(value, bytes) else None,
)
async def test_what_is_no_activity_is_refused(
    product: Product, around: Outside, body: bytes, content_type: str, status: int
) -> None:
    token = around.teams.token()
    headers = {"Content-Type": content_type, "Authorization": f"Bearer {token}"}
    assert (await http("POST", product.messages_url, data=body, headers=headers))[0] == status


@pytest.mark.parametrize(
    "said",
    [
        "help\u00a0",  # how Teams ends a picked command
        "\u200b/HELP\u200b",
        "“help”",
        "‘help’",
        "help!!!",
        "  help  me please ",
        "&nbsp;help",
        "🙈",
        "\u202eplеh",
        "a" * 30_000,
        "{{DATE(2020-01-01T00:00:00Z,SHORT)}} **bold** [x](javascript:alert(1))",
    ],
    ids=range(11),
)
async def test_every_text_gets_an_answer(product: Product, around: Outside, said: str) -> None:
    answer = await product.chat(around.somebody()).says(said)
    text = words(answer.card)
    assert ("What you can say" if "help" in said.lower() else "I don’t know") in text
    assert "{{DATE" not in text
    assert len(json.dumps(answer.activity)) < 20_000


async def test_commands_are_found_in_what_teams_makes_of_them(
    product: Product, around: Outside
) -> None:
    chat = product.chat(around.somebody())
    mention = chat.mention
    for said, entities in (
        ("<at>Presence Bridge</at> status", [mention]),
        ("<at>Presence Bridge</at>\u00a0/Status\u00a0", [mention]),
        ("status\r\n", [mention | {"text": None}]),
        ("status", None),
        ("status", [7, None, {}, {"type": "mention", "mentioned": "x"}]),
        ("<at>Presence Bridge</at>, status", [mention | {"text": ""}]),
        ("<at>presence&nbsp;bridge</at>: status", [mention | {"text": None}]),
        ('<quoted messageId="1772050244572"/> status', [QUOTED_REPLY]),
        ('<at>Presence Bridge</at>\r\n<quoted messageId="1"/>status', [QUOTED_REPLY, mention]),
        ("&lt;quoted messageId=&quot;1&quot;/&gt; status", [QUOTED_REPLY]),
        ("> Presence Bridge\n> Connected.\n\nstatus", None),
        ('<quoted messageId="1" preview="a &lt;b&gt;"/> status', [QUOTED_REPLY]),
        ('<attachment id="1"></attachment>status', [QUOTED_REPLY]),
        ("<at>Presence</at>&nbsp;<at>Bridge</at> status", [mention]),
        ("<p><b><at>Presence Bridge</at></b>&nbsp;status</p>", [mention]),
        ("<at>Presence Bridge</at>… “status”", [mention | {"text": None}]),
        ("＠Presence Bridge status", [mention]),
        ("\ufffcstatus", None),
        ("STATUS।", None),
    ):
        answer = await chat.says(said, entities=entities)
        assert "Not connected." in words(answer.card), said


async def test_a_private_chat_is_one_however_its_kind_is_written(
    product: Product, around: Outside
) -> None:
    chat = product.chat(around.somebody())
    for kind in ("Personal", "PERSONAL"):
        where = {"id": chat.client.conversation_id, "conversationType": kind}
        answer = await chat.says("status", conversation=where)
        assert "Not connected." in words(answer.card)
    assert len(chat.received) == 2  # and nothing about another chat


async def test_a_quotation_alone_calls_for_help(product: Product, around: Outside) -> None:
    answer = await product.chat(around.somebody()).says(
        '<quoted messageId="1772050244572"/>', entities=[QUOTED_REPLY]
    )
    assert "What you can say" in words(answer.card)
    assert "I don’t know" not in words(answer.card)


async def test_a_tampered_button_does_nothing(product: Product, around: Outside) -> None:
    person = around.somebody()
    chat = await product.connected(person)
    question = await chat.says("disconnect")
    assert question.card is not None
    good = chat.teams.presses(chat.client, question.card, "Disconnect", on=question)
    changes: list[dict[str, Any]] = [
        {"sig": "0" * 32},
        {"sig": "é"},
        {"sig": None},
        {"card": "another"},
        {"card": "../../x"},
        {"args": {"person": "somebody"}},
        {"args": []},
        {"v": 2},
        {"v": True},
        {"verb": "settings.open"},
        {"verb": None},
    ]
    for number, change in enumerate(changes):
        bad = copy.deepcopy(good) | {"id": f"tampered-{number}-{person.object_id}"}
        bad["value"]["action"]["data"] |= change
        answer = await chat.deliver(bad)
        assert answer["statusCode"] == 400, change
        assert answer["type"] == "application/vnd.microsoft.error"
    for action in ({}, {"type": "Action.Submit"}, {"type": "Action.Execute", "verb": 7}, None):
        odd = copy.deepcopy(good) | {"id": f"odd-{action}", "value": {"action": action}}
        assert (await chat.deliver(odd))["statusCode"] == 400, action
    swapped = copy.deepcopy(good) | {"id": "swapped"}
    swapped["value"]["action"]["verb"] = "disconnect.cancel"
    assert (await chat.deliver(swapped))["statusCode"] == 400
    assert "Already connected" in words((await chat.says("connect")).card)


async def test_a_button_acts_for_whoever_presses_it(product: Product, around: Outside) -> None:
    ada = await product.connected(around.somebody())
    ben = product.chat(around.somebody())
    question = await ada.says("disconnect")
    assert question.card is not None
    stolen = ben.teams.presses(ben.client, question.card, "Disconnect")
    before = len(ada.received)
    answer = await ben.deliver(stolen)
    assert "Not connected." in words(answer["value"])
    assert len(ada.received) == before
    assert "Already connected" in words((await ada.says("connect")).card)


async def test_a_submit_button_of_an_older_client_works_alike(
    product: Product, around: Outside
) -> None:
    person = around.somebody()
    chat = await product.connected(person)
    question = await chat.says("disconnect")
    assert question.card is not None
    click = chat.teams.presses(chat.client, question.card, "Disconnect", on=question)
    data = click["value"]["action"]["data"]
    blank = "\u200b&nbsp;\r\n"  # some clients fill the text of such a message
    pressed = chat.teams.says(chat.client, blank, value=data, replyToId=question.activity_id)
    await chat.deliver(pressed)
    assert words(chat.now(question)).startswith("Disconnected")
    await chat.deliver(chat.teams.says(chat.client, "", value=data | {"sig": "x"}))
    assert "out of date" in words(chat.received[-1].card)


async def test_one_activity_delivered_often_has_one_effect(
    product: Product, around: Outside
) -> None:
    chat = product.chat(around.somebody())
    activity = chat.teams.says(chat.client, "help")
    await asyncio.gather(*(chat.deliver(activity) for _ in range(5)))
    await chat.deliver(activity)
    assert len(chat.received) == 1


async def test_connect_in_a_group_goes_on_in_the_private_chat(
    product: Product, around: Outside
) -> None:
    person = around.somebody()
    group = product.group(person, f"19:{person.object_id}@thread.v2")
    private = product.chat(person)
    line = await group.says("<at>Presence Bridge</at> connect", entities=[group.mention])
    assert line.card is None
    assert "private chat" in line.text
    assert len(group.received) == 1
    assert [members["members"] for members in around.teams.opened].count(
        [{"id": group.client.mri}]
    ) == 1
    [offer] = private.received
    assert "Connect with Microsoft" in titles(offer.card)
    # The private chat is known now.
    await group.says("status")
    assert [members["members"] for members in around.teams.opened].count(
        [{"id": group.client.mri}]
    ) == 1
    assert "Not connected." in words(private.received[-1].card)


@pytest.mark.parametrize("kind", ["groupChat", "channel", "meeting", None])
async def test_only_help_is_answered_where_others_read_along(
    product: Product, around: Outside, kind: str | None
) -> None:
    person = around.somebody()
    group = product.group(person, f"19:{person.object_id}@thread.tacv2", kind or "channel")
    fields: dict[str, Any] = {}
    if kind is None:  # a client that only says that it is a group
        where = {"id": group.client.conversation_id, "isGroup": True}
        fields["conversation"] = where | {"tenantId": around.teams.tenant_id}
    assert "What you can say" in words((await group.says("help", **fields)).card)
    status = await group.says("status", **fields)
    assert status.card is None
    assert "Not connected." in words(product.chat(person).received[-1].card)


async def test_a_button_in_a_group_answers_each_person_privately(
    product: Product, around: Outside
) -> None:
    ada, ben = around.somebody(), around.somebody()
    where = f"19:{ada.object_id}@thread.v2"
    adas = await product.connected(ada)
    around.world.set_zoom(ada.object_id, ZoomPresence.IN_MEETING)
    await product.told(ada, ("Busy", "InACall"))
    here = adas.client.conversation_id
    await adas.teams.wait_for(
        lambda sent: sent.conversation_id == here and words(sent.card).startswith(FIRST_MEETING)
    )
    asked = await product.group(ada, where).says("statsu")
    assert "Did you mean status" in words(asked.card)
    assert asked.card is not None
    group = product.group(ben, where)
    before = len(group.received), len(adas.received)
    answer = await group.deliver(group.teams.presses(group.client, asked.card, "Status", on=asked))
    assert answer["type"] == "application/vnd.microsoft.activity.message"
    assert "private chat" in answer["value"]
    assert (len(group.received), len(adas.received)) == before
    assert "Not connected." in words(product.chat(ben).received[-1].card)


async def test_removing_the_app_from_a_group_erases_nobody(
    product: Product, around: Outside
) -> None:
    person = around.somebody()
    chat = await product.connected(person)
    await product.group(person, "19:x@thread.v2").installs("remove")
    assert "Already connected" in words((await chat.says("connect")).card)


async def test_nothing_of_a_person_is_welcomed_in_a_group(
    product: Product, around: Outside
) -> None:
    group = product.group(around.somebody(), "19:welcome@thread.v2")
    await group.installs()
    assert group.received == []


@pytest.mark.parametrize("kind", ["personal", "groupChat", "channel"])
async def test_whoever_is_not_identified_gets_one_line_that_says_what_to_do(
    product: Product, around: Outside, kind: str
) -> None:
    person = around.somebody()
    chat = product.group(person, f"19:{kind}{person.object_id}@thread.v2", kind)
    sender = {"id": chat.client.mri, "name": "Somebody"}
    guest = sender | {"aadObjectId": person.object_id, "tenantId": OTHER_TENANT}
    for who in (sender, guest, sender | {"aadObjectId": "no-guid"}, {}):
        answer = await chat.says("connect", **{"from": who})
        assert answer.card is None
        assert "I can’t tell who you are" in answer.text
        assert "Sign in to Teams" in answer.text
    assert len(chat.received) == 4
    assert around.teams.opened == [] or around.teams.opened[-1]["members"] != [sender]
    # A card's button is answered where it is pressed, and a card that refreshes itself not at all.
    click = chat.teams.clicks(chat.client, "help.show", {}) | {"from": sender}
    assert "I can’t tell who you are" in (await chat.deliver(click))["value"]
    asked = chat.teams.clicks(chat.client, "help.show", {}, trigger="automatic")
    assert (await chat.deliver(asked | {"from": sender}))["value"] == ""
    for _ in range(3):  # no conversation is filled with it
        await chat.deliver(chat.teams.says(chat.client, "connect", **{"from": sender}))
    assert len(chat.received) == 4


async def test_other_bots_are_left_alone(product: Product, around: Outside) -> None:
    chat = product.chat(around.somebody())
    flow = {"id": "28:00000000-0000-4000-8000-00000000f10f", "name": "Flow bot"}
    known = flow | {"aadObjectId": chat.person.object_id}
    echo = {"id": chat.teams.bot_id, "name": "Presence Bridge"}
    for who in (flow, known, echo, {"id": "x", "role": "bot"}, {"id": "x", "role": "skill"}):
        for said in ("connect", "I can’t tell who you are"):
            await chat.deliver(chat.teams.says(chat.client, said, **{"from": who}))
    assert chat.received == []


async def test_nobody_is_told_unasked_that_they_are_unknown(
    product: Product, around: Outside
) -> None:
    chat = product.chat(around.somebody())
    sender = {"id": chat.client.mri, "name": "Somebody"}
    for kind in ("installationUpdate", "conversationUpdate", "messageUpdate", "messageReaction"):
        activity = chat.teams.activity(chat.client, kind, action="add")
        await chat.deliver(activity | {"from": sender})
    assert chat.received == []


async def test_the_chat_being_away_is_not_an_error_for_the_sender(
    product: Product, around: Outside
) -> None:
    chat = product.chat(around.somebody())
    around.teams.answers_next(403, "ConversationBlockedByUser")
    await chat.deliver(chat.teams.says(chat.client, "help"))
    assert chat.received == []
    assert "What you can say" in words((await chat.says("help")).card)


async def test_a_deleted_card_is_sent_anew(product: Product, around: Outside) -> None:
    chat = product.chat(around.somebody())
    offer = await chat.says("connect")
    around.teams.answers_next(404, "ActivityNotFound")
    assert offer.card is not None
    click = chat.teams.presses(chat.client, offer.card, "Cancel", on=offer)
    data = click["value"]["action"]["data"]
    await chat.deliver(chat.teams.says(chat.client, "", value=data, replyToId=offer.activity_id))
    assert words(chat.received[-1].card).startswith("Cancelled")
    assert chat.received[-1].activity_id != offer.activity_id


async def test_only_post_is_answered(product: Product) -> None:
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        assert (await http(method, product.messages_url))[0] == 405


async def test_a_slow_sender_does_not_block_others(product: Product, around: Outside) -> None:
    host, port = product.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(
            b"POST /api/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 1000\r\n\r\n{"
        )
        await writer.drain()
        await product.chat(around.somebody()).says("help")
    finally:
        writer.close()
        await writer.wait_closed()


async def test_nothing_that_was_sent_is_in_the_log(product: Product, around: Outside) -> None:
    chat = product.chat(around.somebody())
    await chat.says("my secret plan is nowhere")
    secret = around.teams.token()
    async with (
        aiohttp.ClientSession() as session,
        session.post(product.messages_url, json={}, headers={"Authorization": secret}),
    ):
        pass
    assert "secret plan" not in product.command.text
    assert secret not in product.command.text
