"""POST /api/messages on the wire: what gets as far as the channel, and what doesn't."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession

from bot.teams import endpoint
from bot.teams.activity import Person
from bot.teams.channel import Channel, LocalMode
from bot.teams.endpoint import LARGEST_BODY, decode
from tests.doubles.bot_server import Memory, Turns, production, served
from tests.doubles.teams import TeamsDouble

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ADA = "00000000-0000-4000-8000-000000000001"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def teams() -> AsyncIterator[TeamsDouble]:
    async with TeamsDouble() as double:
        yield double


@pytest.fixture
def turns() -> Turns:
    return Turns()


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
async def url(teams: TeamsDouble, turns: Turns, memory: Memory) -> AsyncIterator[str]:
    async with production(teams) as (channel, _), served(channel, turns, memory) as address:
        yield address


@pytest.fixture
async def local_url(teams: TeamsDouble, turns: Turns) -> AsyncIterator[str]:
    channel = Channel(LocalMode(Person(teams.tenant_id, ADA, "", "Ada")))
    async with served(channel, turns) as address:
        yield address


async def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    async with (
        ClientSession() as session,
        session.post(url, data=body, headers=headers) as response,
    ):
        await response.read()
        return response.status


async def test_a_click_comes_back_with_a_card(teams: TeamsDouble, turns: Turns, url: str) -> None:
    button = {"type": "Action.Execute", "title": "Go", "verb": "go", "data": {"verb": "go"}}
    card = {"type": "AdaptiveCard", "version": "1.5", "body": [], "actions": [button]}
    turns.answer = card
    press = teams.presses(teams.person(ADA), card, "Go", inputs={"n": "1"})
    status, body = await teams.deliver(url, press)
    assert (status, body["value"]) == (200, card)
    assert (turns.seen[0].verb, turns.seen[0].data) == ("go", {"verb": "go", "n": "1"})


async def test_a_message_is_answered_with_an_empty_200(teams: TeamsDouble, url: str) -> None:
    assert await teams.deliver(url, teams.says(teams.person(ADA), "hi")) == (200, None)


async def test_a_second_delivery_changes_nothing(
    teams: TeamsDouble, turns: Turns, url: str
) -> None:
    ada, ben = teams.person(ADA), teams.person("00000000-0000-4000-8000-000000000002")
    once = teams.says(ada, "connect")
    same_id_elsewhere = teams.says(ben, "connect", id=once["id"])
    for activity in (once, once, same_id_elsewhere):
        assert await teams.deliver(url, activity) == (200, None)
    assert len(turns.seen) == 2
    click = teams.clicks(ada, "go")
    answers = [await teams.deliver(url, click) for _ in range(2)]
    assert [status for status, _ in answers] == [200, 200]
    assert len(turns.seen) == 3


async def test_who_is_not_believed_cannot_use_up_a_delivery(
    teams: TeamsDouble, turns: Turns, url: str
) -> None:
    activity = teams.says(teams.person(ADA), "connect")
    assert (await teams.deliver(url, activity, token="x"))[0] == 401
    assert (await teams.deliver(url, activity))[0] == 200
    assert len(turns.seen) == 1


async def test_without_a_memory_of_deliveries_people_are_still_answered(
    teams: TeamsDouble, turns: Turns, memory: Memory, url: str
) -> None:
    memory.broken = True
    assert (await teams.deliver(url, teams.says(teams.person(ADA), "hi")))[0] == 200
    assert len(turns.seen) == 1


async def test_an_activity_without_an_id_is_acted_on(
    teams: TeamsDouble, turns: Turns, url: str
) -> None:
    activity = teams.says(teams.person(ADA), "hi", id=None)
    for _ in range(2):
        assert (await teams.deliver(url, activity))[0] == 200
    assert len(turns.seen) == 2


BAD_BODIES = [
    b"",
    b"{",
    b"[]",
    b'"x"',
    b"null",
    b"{}",
    b'{"type": 7}',
    b'{"type": ""}',
    b'{"type": "message", "x": NaN}',
    b'{"type": "message", "x": -Infinity}',
    b'{"type": "message", "x": 1e999}',
    b'{"type": "message", "x": ' + b"9" * 5000 + b"}",
    b'{"type": "message", "x": "\\ud800"}',
    b'{"type": "message", "x": "\xff"}',
    b'{"type": "message", "x": ' + b"[" * 65 + b"]" * 65 + b"}",
    b'{"type": "message", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"type": "message", "x": ' + b'{"a":' * 30_000 + b"1" + b"}" * 30_001,
    b"[" * 200_000,
]


@pytest.mark.parametrize("body", BAD_BODIES, ids=[repr(body[:40]) for body in BAD_BODIES])
async def test_what_is_no_proper_json_object_is_400(
    teams: TeamsDouble, turns: Turns, url: str, body: bytes
) -> None:
    headers = JSON | {"Authorization": f"Bearer {teams.token()}"}
    assert await post(url, body, headers) == 400
    assert turns.seen == []


def test_ordinary_json_is_decoded_whatever_its_width() -> None:
    wide = {"type": "message", "x": [{"y": ["é", "😀", 1.5]}] * 500}
    assert decode(json.dumps(wide).encode()) == wide
    assert decode(json.dumps(wide, ensure_ascii=False).encode()) == wide


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_only_json_is_taken(url: str, content_type: str) -> None:
    assert await post(url, b'{"type": "message"}', {"Content-Type": content_type}) == 415


async def test_a_body_that_is_too_large_is_413_however_it_comes(
    teams: TeamsDouble, url: str
) -> None:
    large = json.dumps({"type": "message", "text": "x" * LARGEST_BODY}).encode()
    headers = JSON | {"Authorization": f"Bearer {teams.token()}"}
    assert await post(url, large, headers) == 413

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 50_000):
            yield large[start : start + 50_000]

    async with (
        ClientSession() as session,
        session.post(url, data=chunks(), headers=headers) as reply,
    ):
        assert reply.status == 413


async def test_a_strangers_body_is_not_even_read(
    teams: TeamsDouble, turns: Turns, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setattr(endpoint, "read_limited", None)  # whoever calls these fails
    monkeypatch.setattr(endpoint, "decode", None)
    expensive = b'{"type": "message", "x": [' + b"{},[]," * 40_000 + b"{}]}"
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp4"}):
        assert await post(url, expensive, JSON | headers) == 401
    teams.metadata_status = 500
    teams.jwks.clear()
    unknown = {"Authorization": f"Bearer {teams.token()}"}
    assert await post(url, b"{", JSON | unknown) == 503  # and not 400
    assert turns.seen == []


async def test_local_mode_answers_this_machine(
    teams: TeamsDouble, turns: Turns, local_url: str
) -> None:
    body = json.dumps(teams.says(teams.person(ADA), "hi")).encode()
    assert await post(local_url, body, JSON) == 200
    assert len(turns.seen) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"Host": "rebound.example.com"},
        {"Host": "127.0.0.1.example.com:3978"},
        {"Host": "127.0.0.1 x"},
    ],
)
async def test_local_mode_answers_nobody_behind_a_proxy_or_a_foreign_name(
    teams: TeamsDouble, turns: Turns, local_url: str, headers: dict[str, str]
) -> None:
    body = json.dumps(teams.says(teams.person(ADA), "hi")).encode()
    assert await post(local_url, body, JSON | headers) == 403
    assert turns.seen == []
