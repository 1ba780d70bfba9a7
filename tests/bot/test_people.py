"""People and admins who are told something unasked, in chats that may be dead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.conversations import ConversationStore
from bot.desk import Desk
from bot.outreach import ChatPeople
from bot.teams.activity import ConversationGone, NotSent, SendFailed
from cards.seal import Seal
from domain.person import Accepted
from domain.presence import IN_A_CALL, ZoomPresence
from domain.storms import Storm
from tests.doubles.channel import ADA, OLD, Channel

if TYPE_CHECKING:
    from sync.redis.connection import Client

STORM = Storm("consent_withdrawn", 1, 6, 6, 1)

SEAL = Seal(b"a secret that only tests know....")


@pytest.fixture
def channel() -> Channel:
    return Channel()


@pytest.fixture
async def people(redis: Client, channel: Channel) -> ChatPeople:
    desk = Desk(channel, ConversationStore(redis), SEAL)
    await desk.chats.remember_reference(ADA, OLD)

    async def invitable(group_id: str, by: str) -> int:
        return 0

    async def give(card_id: str, admin: str) -> None: ...

    return ChatPeople(desk, invitable=invitable, give=give)


@pytest.mark.parametrize(
    ("fails", "opens", "sent", "where"),
    [
        (None, None, "sent", ["a:old"]),
        (ConversationGone("blocked"), None, "sent", ["a:new"]),
        (ConversationGone("blocked"), ConversationGone("no"), "undelivered", []),
        (ConversationGone("blocked"), SendFailed("503"), "later", []),
        (NotSent("429"), None, "later", []),
        (SendFailed("502"), None, "undelivered", []),
    ],
)
async def test_what_became_of_it_is_told_truly(
    people: ChatPeople,
    channel: Channel,
    fails: Exception | None,
    opens: Exception | None,
    sent: str,
    where: list[str],
) -> None:
    if fails is not None:
        channel.fails["a:old"] = fails
    if opens is not None:
        channel.opens = opens
    assert await people.must_authorize_again(ADA, "invalid_grant") == sent
    assert [place for _, _, place in channel.sent] == where
    channel.sent.clear()
    if "a:new" not in where:
        assert await people.many_must_authorize_again(ADA, STORM) == sent
        assert [place for _, _, place in channel.sent] == where


async def test_who_was_never_met_is_unknown(people: ChatPeople, channel: Channel) -> None:
    nobody = ADA.replace("0001", "0002")
    assert await people.must_authorize_again(nobody, "invalid_grant") == "unknown"
    assert await people.many_must_authorize_again(nobody, STORM) == "unknown"
    await people.first_meeting(nobody, ZoomPresence.IN_MEETING, Accepted(IN_A_CALL, 0, 1))
    assert channel.sent == []


async def test_the_first_meeting_is_told_in_the_new_chat(
    people: ChatPeople, channel: Channel
) -> None:
    channel.fails["a:old"] = ConversationGone("blocked")
    await people.first_meeting(ADA, ZoomPresence.IN_MEETING, Accepted(IN_A_CALL, 0, 1))
    assert [place for _, _, place in channel.sent] == ["a:new"]
