"""Getting to know who has the app: asked once, believed with care, forgotten on removal."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession

from bot.conversations import ConversationStore
from bot.desk import Desk
from bot.invite.roster import LOOK_UP_AGAIN_MS, PAUSE_S, RENEW_MS, Roster, RosterStore
from bot.teams.activity import ConversationReference, Person, SendFailed
from bot.teams.sender import ChannelSender
from bot.teams.service_hosts import ServiceHosts
from cards.seal import Seal
from sync.redis import keys
from tests.doubles.people import person
from tests.doubles.redis import eventually
from tests.doubles.teams import TeamsDouble

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sync.redis.connection import Client

ADA, BEN = person(1), person(2)
NOON = 1_767_268_800.0  # 2026-01-01 12:00 UTC

SEAL = Seal(b"a secret that only tests know....")


class Scene:
    """One process that meets people."""

    def __init__(self, redis: Client, teams: TeamsDouble, session: ClientSession) -> None:
        self.redis, self.teams = redis, teams
        self.rows = RosterStore(redis)
        self.slept: list[float] = []
        self.now = NOON
        self.sender = ChannelSender(session, ServiceHosts([teams.host]), None)
        self.desk = Desk(self.sender, ConversationStore(redis), SEAL)
        self.roster = Roster(
            self.rows, self.sender, self.desk, sleep=self.sleep, now=lambda: self.now
        )

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def at(self, oid: str) -> ConversationReference:
        return ConversationReference(
            self.teams.service_url, f"a:{oid}", self.teams.bot_id, "msteams", self.teams.tenant_id
        )

    async def meets(self, *people: str) -> None:
        """These write in their own chats, and everything that follows from it is done."""
        for oid in people:
            await self.desk.chats.remember_reference(oid, self.at(oid))
            self.roster.note(Person(self.teams.tenant_id, oid, f"29:{oid}", "Somebody"))
        await self.roster._write_down()

    async def addresses(self, oid: str = ADA) -> tuple[str, ...] | None:
        row = await self.rows.find(oid)
        return None if row is None else row.addresses


@pytest.fixture
async def scene(redis: Client) -> AsyncIterator[Scene]:
    async with TeamsDouble() as teams, ClientSession() as session:
        teams.knows(ADA, "Ada", upn="Ada@Example.com", mail="ada.l@example.com")
        yield Scene(redis, teams, session)


async def test_whoever_writes_is_asked_about_once(scene: Scene) -> None:
    await scene.meets(ADA)
    await scene.meets(ADA)
    assert scene.teams.members_asked == [ADA]
    assert await scene.addresses() == ("ada@example.com", "ada.l@example.com")
    assert await scene.redis.ttl(keys.met(ADA)) > 399 * 86_400


async def test_the_row_lives_on_while_the_person_writes(scene: Scene) -> None:
    await scene.meets(ADA)
    await scene.redis.expire(keys.met(ADA), 60)
    await scene.meets(ADA)
    assert await scene.redis.ttl(keys.met(ADA)) > 399 * 86_400


async def test_people_are_asked_about_a_few_a_second(scene: Scene) -> None:
    await scene.meets(ADA, BEN)
    assert scene.slept == [PAUSE_S, PAUSE_S]


@pytest.mark.parametrize(
    "refusal", [(404, "MemberNotFoundInConversation"), (403, "Forbidden"), (500, "Trouble")]
)
async def test_where_there_is_no_answer_it_is_asked_again_after_a_day(
    scene: Scene, refusal: tuple[int, str]
) -> None:
    scene.teams.members_refused = refusal
    await scene.meets(ADA)
    assert await scene.addresses() == ()
    scene.teams.members_refused = None
    scene.now += LOOK_UP_AGAIN_MS / 1000 - 1
    await scene.meets(ADA)
    assert scene.teams.members_asked == [ADA]
    scene.now += 1
    await scene.meets(ADA)
    assert await scene.addresses() == ("ada@example.com", "ada.l@example.com")


async def test_addresses_are_read_anew_after_a_month(scene: Scene) -> None:
    await scene.meets(ADA)
    scene.teams.knows(ADA, "Ada", upn="ada.new@example.com", mail="")
    scene.now += RENEW_MS / 1000
    await scene.meets(ADA)
    assert await scene.addresses() == ("ada.new@example.com",)


async def test_an_answer_about_somebody_else_is_not_believed(scene: Scene) -> None:
    scene.teams.members[ADA]["aadObjectId"] = BEN
    await scene.meets(ADA)
    assert await scene.addresses() == ()


async def test_a_member_of_another_organisation_is_not_believed(scene: Scene) -> None:
    scene.teams.members[ADA]["tenantId"] = person(7)
    await scene.meets(ADA)
    assert await scene.addresses() == ()
    assert await scene.rows.is_external(ADA)


@pytest.mark.parametrize(
    ("row", "external"),
    [
        ({}, False),
        ({"userRole": "user"}, False),
        ({"userRole": None}, False),
        ({"userRole": ["guest"]}, False),
        ({"userRole": "guest"}, True),
        ({"userRole": " Guest "}, True),
        ({"userRole": "anonymous"}, True),
        ({"userPrincipalName": "ada_home.example#EXT#@example.com"}, True),
        ({"userPrincipalName": "a" * 400 + "#Ext#@example.com"}, True),
        ({"email": "ada_home.example#EXT#@example.com"}, True),
    ],
)
async def test_teams_tells_who_is_a_guest(
    scene: Scene, row: dict[str, object], *, external: bool
) -> None:
    assert not await scene.rows.is_external(ADA)  # nothing is known
    scene.teams.members[ADA] |= row
    await scene.meets(ADA)
    assert await scene.rows.is_external(ADA) is external


async def test_both_names_of_the_object_id_are_understood(scene: Scene) -> None:
    row = scene.teams.members[ADA]
    row["objectId"] = row.pop("aadObjectId").upper()
    member = await scene.sender.member(scene.at(ADA), f"29:{ADA}")
    assert (member.object_id, member.tenant_id) == (ADA, scene.teams.tenant_id)
    assert member.addresses == ("Ada@Example.com", "ada.l@example.com")


@pytest.mark.parametrize(
    "row", [{}, {"id": "1", "name": "Emulator user"}, {"aadObjectId": 7}, {"aadObjectId": "x"}]
)
async def test_a_channel_that_knows_no_entra_ids_tells_nothing(
    scene: Scene, row: dict[str, object]
) -> None:
    scene.teams.members[ADA] = row
    with pytest.raises(SendFailed, match="doesn't say who"):
        await scene.sender.member(scene.at(ADA), f"29:{ADA}")
    await scene.meets(ADA)
    assert await scene.addresses() == ()


@pytest.mark.parametrize("stated", [None, 7, ["a@example.com"], "x" * 400 + "@example.com", "x"])
async def test_what_is_no_address_is_left_out(scene: Scene, stated: object) -> None:
    scene.teams.members[ADA] |= {"userPrincipalName": stated}
    await scene.meets(ADA)
    assert await scene.addresses() == ("ada.l@example.com",)


async def test_whose_conversation_is_gone_is_forgotten(scene: Scene) -> None:
    scene.teams.members_refused = (403, "BotNotInConversationRoster")
    await scene.meets(ADA)
    assert await scene.addresses() is None


async def test_removing_the_app_erases_what_is_known(scene: Scene) -> None:
    await scene.meets(ADA)
    await scene.desk.chats.forget_reference(ADA)
    assert await scene.addresses() is None
    await scene.rows.learn(
        ADA, ["late@example.com"], external=False
    )  # an answer that comes too late
    assert await scene.addresses() is None


async def test_who_removes_the_app_at_once_is_not_noted(scene: Scene) -> None:
    scene.roster.note(Person(scene.teams.tenant_id, ADA, f"29:{ADA}", "Ada"))
    scene.roster.drop(ADA)
    await scene.meets()
    assert await scene.addresses() is None


async def test_the_process_notes_people_by_itself_and_a_census_finds_the_rest(
    scene: Scene,
) -> None:
    scene.teams.knows(BEN, "Ben", upn="ben@example.com", mail="")
    await scene.desk.chats.remember_reference(BEN, scene.at(BEN))
    await scene.rows.meet(BEN, f"29:{BEN}", 0)  # noted by a process that ended then
    await scene.desk.chats.remember_reference(ADA, scene.at(ADA))
    task = asyncio.create_task(scene.roster.work.run())

    async def census_done() -> bool:
        return await scene.addresses(BEN) == ("ben@example.com",)

    await eventually(census_done)
    scene.roster.note(Person(scene.teams.tenant_id, ADA, f"29:{ADA}", "Ada"))

    async def noted() -> bool:
        return bool(await scene.addresses(ADA))

    await eventually(noted)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_a_census_leaves_those_alone_who_were_asked_about(scene: Scene) -> None:
    scene.teams.members_refused = (404, "MemberNotFoundInConversation")
    await scene.meets(ADA)
    await scene.roster._census()
    assert scene.teams.members_asked == [ADA]


async def test_one_process_at_a_time_takes_a_census(scene: Scene) -> None:
    assert await scene.rows.take_census()
    assert not await scene.rows.take_census()


async def test_somebody_without_a_conversation_is_forgotten(scene: Scene) -> None:
    await scene.rows.meet(ADA, f"29:{ADA}", 0)
    await scene.roster._census()
    assert await scene.addresses() is None
