"""Messages that must not arrive twice: what is certain, and what is not tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import unused_port

from bot.teams.activity import ConversationReference, NotSent, SendFailed
from bot.teams.sender import ATTEMPTS, ChannelSender
from bot.teams.service_hosts import ServiceHosts
from domain.errors import AdminMustAct
from tests.doubles.teams import TeamsDouble

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def no_sleep(_: float) -> None: ...


@pytest.fixture
async def teams() -> AsyncIterator[TeamsDouble]:
    async with TeamsDouble() as double:
        yield double


@pytest.fixture
async def sender(teams: TeamsDouble) -> AsyncIterator[ChannelSender]:
    async with ClientSession() as session:
        yield ChannelSender(session, ServiceHosts([teams.host]), None, sleep=no_sleep)


def chat(service_url: str) -> ConversationReference:
    return ConversationReference(service_url, "a:1", "28:bot", "msteams", "tenant")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_what_may_have_arrived_is_not_sent_again(
    teams: TeamsDouble, sender: ChannelSender, status: int
) -> None:
    teams.answers_next(status)
    with pytest.raises(SendFailed) as raised:
        await sender.send(chat(teams.service_url), "hello", once=True)
    assert not isinstance(raised.value, NotSent)
    assert teams.messages == []  # a second attempt would have been taken


@pytest.mark.parametrize("status", [412, 429])
async def test_what_was_refused_is_sent_again(
    teams: TeamsDouble, sender: ChannelSender, status: int
) -> None:
    teams.answers_next(status, times=ATTEMPTS - 1)
    await sender.send(chat(teams.service_url), "hello", once=True)
    assert len(teams.messages) == 1


@pytest.mark.parametrize(("status", "times"), [(400, 1), (401, 1), (403, 1), (429, ATTEMPTS)])
async def test_a_refusal_is_certain(
    teams: TeamsDouble, sender: ChannelSender, status: int, times: int
) -> None:
    teams.answers_next(status, times=times)
    with pytest.raises(NotSent):
        await sender.send(chat(teams.service_url), "hello", once=True)


async def test_once_in_doubt_a_later_refusal_makes_nothing_certain(
    teams: TeamsDouble, sender: ChannelSender
) -> None:
    teams.answers_next(502)
    teams.answers_next(400)
    with pytest.raises(SendFailed) as raised:
        await sender.send(chat(teams.service_url), "hello")
    assert not isinstance(raised.value, NotSent)


async def test_what_was_never_sent_is_certain(teams: TeamsDouble, sender: ChannelSender) -> None:
    with pytest.raises(NotSent):
        await sender.send(chat("https://evil.example.com/"), "hello", once=True)

    async def no_token(*, refresh: bool = False) -> str:
        raise AdminMustAct("invalid_client")

    async with ClientSession() as session:
        without = ChannelSender(session, ServiceHosts([teams.host]), no_token)
        with pytest.raises(NotSent):
            await without.send(chat(teams.service_url), "hello", once=True)
        local = ChannelSender(session, ServiceHosts(loopback_only=True), None, sleep=no_sleep)
        with pytest.raises(NotSent):
            await local.send(chat(f"http://127.0.0.1:{unused_port()}/"), "hello", once=True)
