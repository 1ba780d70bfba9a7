"""Inviting people: whom, once each, at a walking pace, and whatever happens in between."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession

from bot.conversations import ConversationStore
from bot.desk import Desk
from bot.handlers.settings.guard import ZoomGroups
from bot.handlers.settings.invitations import InvitationHandler
from bot.invite.invitees import Invitees
from bot.invite.mailing import EDIT_EVERY_S, PAUSE_S, PER_SECOND, ROUND_PAUSE_S, Invitations
from bot.invite.roster import RosterStore
from bot.invite.store import InvitationStore
from bot.request import Turn
from bot.teams.activity import ConversationReference, Inbound, Kind, Person
from bot.teams.sender import ChannelSender
from bot.teams.service_hosts import ServiceHosts
from cards.person.clicks import DeclineInvitation
from cards.seal import Seal
from cards.settings.clicks import ConfirmInvite, Invite, ShowMailing
from domain.directory import ACTIVE, INACTIVE, Directory, DirectoryGroup, DirectoryUser
from domain.errors import AdminMustAct
from domain.history import INVITE
from domain.policy import ACCOUNT, Level
from sync.directory.store import DirectoryStore
from sync.engine.people import PeopleStore
from sync.redis import keys
from sync.redis.scripts import Scripts
from sync.settings.audit import Actor, AuditLog
from sync.settings.store import Saved, SettingsStore
from tests.doubles.outside import titles, words
from tests.doubles.people import connected, person
from tests.doubles.redis import eventually
from tests.doubles.settings import OFF, ON, of_account, of_group
from tests.doubles.teams import TeamsDouble, button

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from cards.build import Card
    from cards.click import Click
    from domain.policy import Form
    from sync.redis.connection import Client

ADMIN = Actor(person(99_999), "Ada Lindqvist")
SALES, CARE = Level("g-sales", "Sales"), Level("g-care", "Customer Care")
SEAL = Seal(b"0123456789abcdef")
INVITED = "has invited you"


class Scene:
    """An organisation whose people have the app, one admin, and as many processes as wanted."""

    def __init__(self, redis: Client, teams: TeamsDouble, session: ClientSession) -> None:
        self.redis, self.teams = redis, teams
        self.slept: list[float] = []
        self.no: set[str | None] | None = set()
        self.clock = 0.0
        self.people = PeopleStore(redis, Scripts(redis))
        self.roster = RosterStore(redis)
        self.rows = InvitationStore(redis)
        self.settings = SettingsStore(redis, Scripts(redis))
        self.directory = DirectoryStore(redis, Scripts(redis), configured=True)
        self.audit = AuditLog(redis)
        self.conversations = ConversationStore(redis)
        sender = ChannelSender(session, ServiceHosts([teams.host]), None, sleep=self.sleep)
        self.desk = Desk(sender, self.conversations, SEAL)
        self.invitees = self.invitees_with(self.directory)
        self.invitations = self.process()
        self.handler = InvitationHandler(
            ZoomGroups(self.directory, ()),
            self.invitees.find,
            self.invitations,
            self.audit,
            self.overview,
        )

    def invitees_with(self, directory: DirectoryStore) -> Invitees:
        return Invitees(
            self.roster, self.rows, self.people, directory, self.settings.read, self.said_no
        )

    async def said_no(self, some: Mapping[str, str | None]) -> set[str]:
        if self.no is None:
            raise AdminMustAct("opt_out_key_unreadable")
        return {oid for oid, zoom_id in some.items() if {oid, zoom_id} & self.no}

    def process(self) -> Invitations:
        """One more process of the product."""
        return Invitations(
            self.rows,
            self.invitees,
            self.roster,
            self.desk,
            sleep=self.sleep,
            clock=lambda: self.clock,
        )

    async def overview(self, _: Turn) -> Card:
        return {"overview": True}

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock += seconds
        await asyncio.sleep(0)

    # -- the organisation

    async def zoom_has(self, *users: DirectoryUser) -> None:
        """Zoom's list of people, in place of the one before."""
        groups = {t.group_id: DirectoryGroup(t.group_id, t.name) for t in (SALES, CARE)}
        new = Directory({user.zoom_id: user for user in users}, groups)
        assert await self.directory.claim("t", 60_000) == 0
        assert await self.directory.swap("t", new, [])
        assert await self.directory.finish("t", next_ms=0, not_before_ms=0)

    async def set_account(self, form: Form) -> None:
        policy = await self.settings.read()
        saved = await self.settings.save(of_account(form), expected=policy.version, by=ADMIN)
        assert isinstance(saved, Saved)

    async def set_group(self, level: Level, form: Form) -> None:
        policy = await self.settings.read()
        saved = await self.settings.save(
            of_group(level.group_id, form, name=level.name), expected=policy.version, by=ADMIN
        )
        assert isinstance(saved, Saved)

    async def has_app(self, oid: str, *addresses: str) -> None:
        """Somebody has the app; the channel told these addresses."""
        await self.desk.chats.remember_reference(oid, self.chat(oid))
        await self.roster.meet(oid, f"29:{oid}", 0)
        if addresses:
            await self.roster.learn(oid, addresses, external=False)

    async def staff(self, count: int, *groups: Level) -> list[str]:
        """People 1 to `count`, in these groups, with Zoom and the app."""
        users = [zoom_user(n, *groups) for n in range(1, count + 1)]
        await self.zoom_has(*users)
        for n in range(1, count + 1):
            await self.has_app(person(n), f"p{n}@example.com")
        return [person(n) for n in range(1, count + 1)]

    def chat(self, oid: str) -> ConversationReference:
        return ConversationReference(
            self.teams.service_url, f"a:{oid}", self.teams.bot_id, "msteams", self.teams.tenant_id
        )

    # -- the admin

    def turn(self, card_id: str = "card1") -> Turn:
        """The admin clicks on a button of a card."""
        who = Person(self.teams.tenant_id, ADMIN.actor_id, f"29:{ADMIN.actor_id}", ADMIN.name)
        at = self.chat(ADMIN.actor_id)
        return Turn(Inbound(Kind.CLICK, "id", who, at), who, at, card_id, card_id)

    def pressed(self, card: Card, title: str, card_id: str = "card1") -> Click:
        """What a button of a card asks for, as it comes back from the client."""
        action = button(SEAL.sealed(card, card_id), title)
        return SEAL.opened(action["verb"], action["data"])[0]

    async def asks(self, level: Level = ACCOUNT, card_id: str = "card1") -> Card:
        return await self.handler.confirm(self.turn(card_id), ConfirmInvite(level))

    async def sends(self, asked: Card, card_id: str = "card1") -> Card:
        """Press "Invite N people once"; the card of the admin is in the chat by then."""
        if await self.conversations.activity_of(card_id) is None:
            await self.desk.post(self.chat(ADMIN.actor_id), card_id, asked)
        [confirm, _] = titles(asked)
        click = self.pressed(asked, confirm, card_id)
        assert isinstance(click, Invite)
        return await self.handler.send(self.turn(card_id), click)

    async def invites(self, level: Level = ACCOUNT, card_id: str = "card1") -> Card:
        """Ask and confirm."""
        return await self.sends(await self.asks(level, card_id), card_id)

    async def invitable(self, level: Level = ACCOUNT) -> list[str]:
        """Whom the admin may invite."""
        return await self.invitees.find(level.group_id, ADMIN.actor_id)

    # -- what came of it

    @contextlib.asynccontextmanager
    async def running(self, *processes: Invitations) -> AsyncIterator[None]:
        """Run these processes while the block runs."""
        tasks = [asyncio.create_task(p.work.run()) for p in processes or (self.invitations,)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def settled(self) -> None:
        """Wait until no mailing is under way, and whoever sent has made way for others.

        A process that is ended before that holds the others up for half a minute.
        """

        async def check() -> bool:
            busy = await self.redis.exists(keys.job_taken("invitations", "all"))
            return not busy and not await self.rows.unfinished()

        await eventually(check, within=30)

    async def carried_out(self) -> None:
        async with self.running():
            await self.settled()

    @property
    def invited(self) -> list[str]:
        """Who got an invitation, one entry for each card."""
        cards = [m for m in self.teams.messages if INVITED in words(m.card)]
        return [m.conversation_id.removeprefix("a:") for m in cards]

    @property
    def admin_card(self) -> str:
        """What the admin's card says now."""
        return words([m for m in self.teams.messages if m.method == "PUT"][-1].card)


def zoom_user(number: int, *groups: Level, status: str = ACTIVE) -> DirectoryUser:
    return DirectoryUser(
        f"z{number}",
        f"p{number}@example.com",
        f"P {number}",
        status=status,
        group_ids=frozenset(target.group_id for target in groups),
    )


@pytest.fixture
async def scene(redis: Client) -> AsyncIterator[Scene]:
    async with TeamsDouble() as teams, ClientSession() as session:
        made = Scene(redis, teams, session)
        await made.settings.start(on=True)
        yield made


# -- whom


async def test_only_who_is_covered_has_the_app_and_is_not_connected_counts(scene: Scene) -> None:
    await scene.zoom_has(
        *(zoom_user(n) for n in range(1, 5)),
        zoom_user(5, status=INACTIVE),
        zoom_user(6, CARE),
        zoom_user(7),
    )
    await scene.set_group(CARE, OFF)
    await scene.has_app(person(1), "p1@example.com")
    await scene.has_app(person(2), "nobody@example.com", "p2@example.com")
    await connected(scene.people, person(3))
    await scene.has_app(person(3), "p3@example.com")
    await scene.has_app(person(4))  # the channel would not say who it is
    await scene.has_app(person(5), "p5@example.com")
    await scene.has_app(person(6), "p6@example.com")
    await scene.has_app(person(8), "p8@example.com")  # not in Zoom; 7 does not have the app
    assert sorted(await scene.invitable()) == [person(1), person(2)]


async def test_admins_do_not_invite_themselves(scene: Scene) -> None:
    await scene.staff(1)
    await scene.has_app(ADMIN.actor_id, "p1@example.com")
    assert await scene.invitable() == [person(1)]
    assert len(await scene.invitees.find("", "another admin")) == 2


async def test_nobody_is_invited_where_presence_sync_is_off(scene: Scene) -> None:
    await scene.staff(3)
    await scene.set_account(OFF)
    assert len(await scene.invitable()) == 0
    assert words(await scene.asks()).startswith("Nobody to invite")


async def test_of_a_group_its_members_count_whichever_level_decides(scene: Scene) -> None:
    await scene.zoom_has(zoom_user(1, SALES), zoom_user(2, SALES, CARE), zoom_user(3))
    for n in (1, 2, 3):
        await scene.has_app(person(n), f"p{n}@example.com")
    assert sorted(await scene.invitable(SALES)) == [person(1), person(2)]
    await scene.set_group(CARE, OFF)
    assert await scene.invitable(SALES) == [person(1)]
    await scene.set_account(OFF)
    assert await scene.invitable(SALES) == []
    await scene.set_group(SALES, ON)
    assert await scene.invitable(SALES) == [person(1)]


async def test_without_zooms_list_the_account_decides_for_everyone(scene: Scene) -> None:
    unlisted = DirectoryStore(scene.redis, Scripts(scene.redis), configured=False)
    invitees = scene.invitees_with(unlisted)
    await scene.has_app(person(1))
    await scene.has_app(person(2), "p2@example.com")
    await connected(scene.people, person(2))
    assert await invitees.find("", ADMIN.actor_id) == [person(1)]
    assert await invitees.find(SALES.group_id, ADMIN.actor_id) == []
    await scene.set_account(OFF)
    assert await invitees.find("", ADMIN.actor_id) == []


async def test_before_zooms_list_is_read_nobody_counts(scene: Scene) -> None:
    await scene.has_app(person(1), "p1@example.com")
    assert await scene.invitable() == []


async def test_many_people_are_all_found(scene: Scene) -> None:
    everyone = await scene.staff(1100)
    assert sorted(await scene.invitable()) == everyone


# -- one card each


async def test_everyone_gets_one_card_and_the_admins_card_follows(scene: Scene) -> None:
    everyone = await scene.staff(3)
    asked = await scene.asks()
    assert titles(asked) == ["Invite 3 people once", "Cancel"]
    begun = await scene.sends(asked)
    assert "Invited 0 of 3" in words(begun)
    await scene.carried_out()
    assert sorted(scene.invited) == everyone
    assert scene.admin_card.startswith("Invited Done. 3 people were invited.")
    invitation = next(m.card for m in scene.teams.messages if INVITED in words(m.card))
    assert f"{ADMIN.name} has invited you" in words(invitation)
    assert titles(invitation) == ["Connect", "Not now"]


async def test_nobody_is_invited_twice(scene: Scene) -> None:
    everyone = await scene.staff(2)
    await scene.invites()
    await scene.carried_out()
    assert words(await scene.asks()).startswith("Nobody to invite")
    assert words(await scene.asks(card_id="card2")).startswith("Nobody to invite")
    await scene.staff(3)
    await scene.invites(card_id="card3")
    await scene.carried_out()
    assert sorted(scene.invited) == [*everyone, person(3)]


async def test_who_removes_the_app_and_comes_back_is_not_invited_again(scene: Scene) -> None:
    [one] = await scene.staff(1)
    await scene.invites()
    await scene.carried_out()
    await scene.desk.chats.forget_reference(one)
    assert await scene.roster.find(one) is None
    await scene.has_app(one, "p1@example.com")
    assert await scene.invitable() == []
    assert await scene.redis.ttl(keys.notice(one, "invited")) > 399 * 86_400


async def test_who_left_on_purpose_is_not_invited_until_they_have_connected(scene: Scene) -> None:
    one, two = await scene.staff(2)
    await scene.rows.leave(one)
    assert await scene.invitable() == [two]
    await scene.desk.chats.forget_reference(one)  # removing the app does not undo it
    await scene.has_app(one, "p1@example.com")
    assert await scene.invitable() == [two]
    assert await scene.redis.ttl(keys.left(one)) > 399 * 86_400
    await scene.rows.come_back(one)
    assert sorted(await scene.invitable()) == [one, two]


async def test_who_leaves_on_purpose_meanwhile_gets_no_card(scene: Scene) -> None:
    one, two = await scene.staff(2)
    await scene.invites()
    await scene.rows.leave(one)
    await scene.carried_out()
    assert scene.invited == [two]


@pytest.mark.parametrize("by", ["entra", "zoom"])
async def test_who_said_not_for_me_is_not_invited(scene: Scene, by: str) -> None:
    one, two = await scene.staff(2)
    scene.no = {one if by == "entra" else "z1"}
    assert await scene.invitable() == [two]
    scene.no = set()
    await scene.invites()
    scene.no = {one if by == "entra" else "z1"}  # while the cards go out
    await scene.carried_out()
    assert scene.invited == [two]


async def test_while_nobody_can_tell_who_said_no_nobody_is_invited(scene: Scene) -> None:
    await scene.staff(2)
    await scene.invites()
    scene.no = None
    assert await scene.invitable() == []
    await scene.carried_out()
    assert scene.invited == []


async def test_it_is_recorded_who_invited_how_many(scene: Scene) -> None:
    await scene.staff(2, SALES)
    await scene.invites(SALES)
    [record] = [r async for r in scene.audit.everything() if r.kind == INVITE]
    assert (record.by, record.scope, record.scope_name) == (ADMIN, "group:g-sales", "Sales")
    assert (record.old, record.new) == (None, {"people": 2})
    await scene.carried_out()


# -- what happens meanwhile


async def test_who_connects_meanwhile_gets_no_card_and_is_not_marked(scene: Scene) -> None:
    [one, two] = await scene.staff(2)
    await scene.invites()
    await connected(scene.people, one)
    await scene.carried_out()
    assert scene.invited == [two]
    assert "1 person was invited." in scene.admin_card
    assert await scene.redis.exists(keys.notice(one, "invited")) == 0


async def test_who_is_switched_off_meanwhile_gets_no_card(scene: Scene) -> None:
    await scene.staff(2)
    await scene.invites()
    await scene.set_account(OFF)
    await scene.carried_out()
    assert scene.invited == []
    await scene.set_account(ON)
    assert len(await scene.invitable()) == 2


async def test_who_removed_the_app_meanwhile_is_unreachable(scene: Scene) -> None:
    [one, two] = await scene.staff(2)
    await scene.invites()
    await scene.desk.chats.forget_reference(one)
    await scene.carried_out()
    assert scene.invited == [two]
    assert "1 person couldn’t be reached" in scene.admin_card


async def test_who_blocked_the_app_is_unreachable_until_they_come_back(scene: Scene) -> None:
    [one, two] = await scene.staff(2)
    scene.teams.refuses[f"a:{one}"] = "ConversationBlockedByUser"
    await scene.invites()
    await scene.carried_out()
    assert scene.invited == [two]
    assert "1 person was invited." in scene.admin_card
    assert "1 person couldn’t be reached" in scene.admin_card
    assert await scene.invitable() == []
    scene.teams.refuses.clear()
    await scene.has_app(one, "p1@example.com")
    assert await scene.invitable() == [one]


# -- restarts, and more than one process


async def test_another_process_goes_on_where_one_stopped(scene: Scene) -> None:
    everyone = await scene.staff(12)
    await scene.invites()
    async with scene.running():
        await scene.teams.wait_for(lambda _: len(scene.invited) >= 4)
    stopped_at = len(scene.invited)
    assert stopped_at < 12
    await scene.redis.delete(keys.job_taken("invitations", "all"))  # as it ends by itself
    async with scene.running(scene.process()):
        await scene.settled()
    assert len(scene.invited) == len(set(scene.invited))
    # Whoever was in hand when it stopped may have been lost; nobody was invited twice.
    assert len(scene.invited) >= 11
    assert set(scene.invited) <= set(everyone)


async def test_who_was_being_written_to_at_the_end_of_a_process_gets_no_second_card(
    scene: Scene,
) -> None:
    [one] = await scene.staff(1)
    await scene.invites()
    [mailing] = await scene.rows.unfinished()
    assert await scene.rows.next(mailing) == one
    assert await scene.rows.count_as_invited(mailing, one)  # and here the process died
    await scene.carried_out()
    assert scene.invited == []
    assert await scene.invitable() == []
    assert scene.admin_card.startswith("Invited Done. 0 people were invited.")


async def test_processes_at_the_same_time_send_no_card_twice(scene: Scene) -> None:
    everyone = await scene.staff(10)
    await scene.invites()
    async with scene.running(*(scene.process() for _ in range(3))):
        await scene.settled()
    assert sorted(scene.invited) == everyone


async def test_while_one_process_sends_another_waits(scene: Scene) -> None:
    await scene.staff(1)
    await scene.invites()
    another = scene.rows.lease()
    assert await another.take()
    await scene.invitations.step()
    assert scene.invited == []
    await another.let_go()
    await scene.carried_out()
    assert len(scene.invited) == 1


async def test_a_mailing_that_was_left_alone_for_a_day_lapses(scene: Scene) -> None:
    [one] = await scene.staff(1)
    await scene.invites()
    for key in (keys.job("invitations", "card1"), keys.job_left("invitations", "card1")):
        assert 0 < await scene.redis.ttl(key) <= 86_400
        await scene.redis.delete(key)
    assert 0 < await scene.redis.ttl(keys.notice(one, "invited")) <= 86_400
    assert await scene.rows.unfinished() == []


async def test_two_admins_at_once_share_the_people(scene: Scene) -> None:
    everyone = await scene.staff(3, SALES)
    first, second = await scene.asks(SALES, "card1"), await scene.asks(ACCOUNT, "card2")
    answers = await asyncio.gather(scene.sends(first, "card1"), scene.sends(second, "card2"))
    await scene.carried_out()
    assert sorted(scene.invited) == everyone
    assert any("of 3" in words(a) for a in answers)


async def test_the_second_admin_is_told_that_nobody_is_left(scene: Scene) -> None:
    await scene.staff(2)
    first, second = await scene.asks(card_id="card1"), await scene.asks(card_id="card2")
    await scene.sends(first, card_id="card1")
    answer = await scene.sends(second, card_id="card2")
    assert words(answer).startswith("Nobody to invite")
    await scene.carried_out()
    assert len(scene.invited) == 2


async def test_a_small_mailing_does_not_wait_for_a_large_one(scene: Scene) -> None:
    everyone = await scene.staff(20)
    await scene.invites(card_id="large")
    await scene.has_app(person(21), "p21@example.com")
    await scene.zoom_has(*(zoom_user(n) for n in range(1, 22)))
    await scene.invites(card_id="small")
    await scene.carried_out()
    assert sorted(scene.invited) == [*everyone, person(21)]
    assert person(21) in scene.invited[:3]


# -- pace and trouble


async def test_cards_are_sent_a_few_a_second(scene: Scene) -> None:
    await scene.staff(6)
    await scene.invites()
    await scene.carried_out()
    assert scene.slept == [1 / PER_SECOND] * 6


async def test_the_admins_card_is_edited_every_few_seconds(scene: Scene) -> None:
    count = int(2.5 * EDIT_EVERY_S * PER_SECOND)
    await scene.staff(count)
    await scene.invites()
    await scene.carried_out()
    edits = [words(m.card) for m in scene.teams.messages if m.method == "PUT"]
    assert len(edits) == 3
    assert edits[0].startswith("Inviting Invited 2")
    assert f"{count} people were invited." in edits[-1]


async def test_after_an_answer_that_leaves_it_open_nobody_is_written_to_again(
    scene: Scene,
) -> None:
    await scene.staff(1)
    await scene.invites()
    scene.teams.answers_next(502, "BadGateway")
    await scene.carried_out()
    assert scene.invited == []
    assert "1 person couldn’t be reached" in scene.admin_card
    assert await scene.invitable() == []  # it may have arrived


async def test_what_was_certainly_not_taken_is_sent_again(scene: Scene) -> None:
    [one] = await scene.staff(1)
    await scene.invites()
    scene.teams.answers_next(400, "BadSyntax", times=2)
    await scene.carried_out()
    assert scene.slept.count(ROUND_PAUSE_S) == 2
    assert scene.invited == [one]
    assert "1 person was invited." in scene.admin_card


async def test_who_cannot_be_written_to_may_be_invited_another_time(scene: Scene) -> None:
    [one] = await scene.staff(1)
    await scene.invites()
    scene.teams.refuses[f"a:{one}"] = "SomethingElse"
    await scene.carried_out()
    assert scene.invited == []
    assert "1 person couldn’t be reached" in scene.admin_card
    assert await scene.invitable() == [one]


async def test_trouble_with_everyone_makes_it_wait(scene: Scene) -> None:
    everyone = await scene.staff(8)
    await scene.invites()
    scene.teams.answers_next(403, "SomethingElse", times=5)
    await scene.carried_out()
    assert scene.slept.count(PAUSE_S) == 1
    assert sorted(scene.invited) == everyone


# -- clicks


async def test_a_second_click_shows_how_far_it_is(scene: Scene) -> None:
    await scene.staff(2)
    asked = await scene.asks()
    await scene.sends(asked)
    assert "Invited 0 of 2" in words(await scene.sends(asked))
    await scene.carried_out()
    assert "2 people were invited." in words(await scene.sends(asked))
    assert len(scene.invited) == 2


async def test_refresh_shows_how_far_it_is_and_in_the_end_what_came_of_it(scene: Scene) -> None:
    await scene.staff(2)
    begun = await scene.invites()
    turn, refresh = scene.turn(), scene.pressed(begun, "Refresh")
    assert isinstance(refresh, ShowMailing)
    assert "Invited 0 of 2" in words(await scene.handler.progress(turn, refresh))
    await scene.carried_out()
    assert "2 people were invited." in words(await scene.handler.progress(turn, refresh))
    by_itself = begun["refresh"]
    assert by_itself["userIds"] == [turn.person.mri]
    assert by_itself["action"]["click"] == refresh
    await scene.redis.delete(keys.job("invitations", "card1"))
    assert await scene.handler.progress(turn, refresh) == {"overview": True}


async def test_more_people_than_the_admin_saw_are_asked_about_anew(scene: Scene) -> None:
    await scene.staff(2)
    asked = await scene.asks()
    await scene.staff(5)
    again = await scene.sends(asked)
    assert titles(again) == ["Invite 5 people once", "Cancel"]
    assert await scene.rows.unfinished() == []


async def test_not_now_ends_it(scene: Scene) -> None:
    answer = await scene.handler.decline(scene.turn(), DeclineInvitation())
    assert words(answer).startswith("Not now")


async def test_damaged_rows_are_left_aside(scene: Scene) -> None:
    await scene.redis.set(keys.met(person(1)), "[]", ex=60)
    await scene.redis.set(keys.met(person(2)), '{"member_id":1}', ex=60)
    await scene.redis.sadd(keys.jobs("invitations"), "lost")
    await scene.redis.set(keys.job("invitations", "lost"), "{}", ex=60)
    assert await scene.invitable() == []
    assert await scene.rows.unfinished() == []
