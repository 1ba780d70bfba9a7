"""Looking at people as an admin: recorded before it is shown, and never more than may be known."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.grammar.said import User
from bot.handlers.settings.people import SettingsPeople
from cards.click import BadInput
from cards.settings.clicks import OpenListed, OpenPerson, Revive, ReviveAll, ShowParked
from cards.settings.people import MOST_LISTED, MOST_PARKED
from domain.clock import DAY, MINUTE
from domain.directory import DirectoryUser
from domain.errors import Trouble
from domain.history import LOOK_UP, REVIVE
from domain.policy import FOREVER, Form, ManagedGroup, Personal, Policy
from domain.presence import Observation, ZoomPresence
from domain.roles import Role
from tests.doubles.memory import (
    ADA,
    BEN,
    NOW,
    History,
    LookUps,
    Presence,
    Settings,
    ZoomDirectory,
    turn,
)
from tests.doubles.outside import titles, words
from wording.trouble import WELL_AGAIN

pytestmark = pytest.mark.unit

ON, OFF = Form(integration=True), Form(integration=False)
BEN_S = "ben@example.com"
LISTED = DirectoryUser("z-Ben", BEN_S, "Ben in Zoom")
PARKED = {"trouble": Trouble.REFUSED, "trouble_code": "graph_refused", "trouble_ms": NOW - MINUTE}


class Room:
    """Ada is the admin."""

    def __init__(self) -> None:
        self.engine, self.directory, self.audit = Presence(), ZoomDirectory(), History()
        self.engine.policy = Policy(ON, version=1)
        self.all_know, self.look_ups = True, LookUps()
        self.handler = SettingsPeople(
            Settings(self.engine),
            self.directory,
            self.audit,
            self.engine,
            self.engine,
            self.look_ups,
            lambda _: self.all_know,
            self.match_line,
        )

    async def match_line(self, zoom_id: str | None, object_id: str | None) -> str:
        return f"Matched as {zoom_id}, {object_id and object_id[-3:]}."


@pytest.fixture
def room() -> Room:
    return Room()


async def test_a_look_up_is_recorded_whoever_is_found(room: Room) -> None:
    room.engine.connect(BEN)
    for address in ("Ben@Example.com", "nobody@example.com"):
        await room.handler.user(turn(), User(address))
    assert room.audit.acts == [
        (LOOK_UP, f"user:{BEN_S}"),
        (LOOK_UP, "user:nobody@example.com"),
    ]


async def test_who_looks_up_too_many_sees_nobody(room: Room) -> None:
    room.engine.connect(BEN, **PARKED)
    room.engine.allowed = False
    cards = [
        await room.handler.user(turn(), User(BEN_S)),
        await room.handler.user(turn(), User(name="Ben")),
        await room.handler.listed(turn(), OpenListed("z-Ben")),
        await room.handler.chosen(turn(), OpenPerson(BEN.object_id)),
        await room.handler.troubled(turn(), ShowParked()),
        await room.handler.revive(turn(), Revive(BEN.object_id)),
        await room.handler.revive_all(turn(), ReviveAll()),
    ]
    assert room.audit.acts == []
    assert room.engine.done == []
    assert not any("Ben" in words(card) for card in cards)


async def test_what_zoom_says_of_somebody_is_theirs_alone(room: Room) -> None:
    room.engine.connect(BEN, observation=Observation(ZoomPresence.PRESENTING, NOW))
    said = words(await room.handler.user(turn(), User(BEN_S)))
    assert "Presence sync is on for them." in said
    assert "resenting" not in said


async def test_who_is_in_zoom_s_list_only_is_explained_from_it(room: Room) -> None:
    room.directory.users = (LISTED,)
    said = words(await room.handler.user(turn(), User(BEN_S)))
    assert "Ben in Zoom" in said
    assert "Not connected" in said


async def test_who_connected_by_another_address_is_found_by_their_zoom_id(room: Room) -> None:
    room.engine.connect(BEN)
    room.directory.users = (DirectoryUser("z-Ben", "b@example.com", "Ben in Zoom"),)
    said = words(await room.handler.user(turn(), User("b@example.com")))
    assert "Not connected" not in said


async def test_nobody_is_not_said_of_a_list_that_was_never_read(room: Room) -> None:
    known = words(await room.handler.user(turn(), User(BEN_S)))
    room.directory.read = False
    assert words(await room.handler.user(turn(), User(BEN_S))) != known


async def test_a_name_that_one_person_has_is_a_look_up_of_theirs(room: Room) -> None:
    room.directory.users = (LISTED, DirectoryUser("z", "x@example.com", "Chiara"))
    said = words(await room.handler.user(turn(), User(name="zoom, BEN")))
    assert "Not connected" in said
    assert room.audit.acts == [(LOOK_UP, f"user:{BEN_S}")]


async def test_of_several_people_of_a_name_it_is_asked_who_is_meant(room: Room) -> None:
    room.directory.users = tuple(
        DirectoryUser(f"z{n}", f"b{n}@example.com", f"Ben {n:02}") for n in range(9)
    )
    card = await room.handler.user(turn(), User(name="ben"))
    assert titles(card)[:2] == ["1. Ben 00", "2. Ben 01"]
    assert len(titles(card)) == MOST_LISTED + 1
    assert "9 people in Zoom" in words(card)
    assert "and 3 more" in words(card)
    assert room.audit.acts == [(LOOK_UP, "name:ben")]
    said = words(await room.handler.listed(turn(), OpenListed("z3")))
    assert "b3@example.com" in said
    assert room.audit.acts[1:] == [(LOOK_UP, "user:b3@example.com")]
    with pytest.raises(BadInput):
        await room.handler.listed(turn(), OpenListed("gone"))


async def test_there_is_no_button_that_a_process_of_an_older_release_refuses(room: Room) -> None:
    room.all_know = False
    room.directory.users = (LISTED, replace(LISTED, zoom_id="z", address="other@example.com"))
    card = await room.handler.user(turn(), User(name="Ben in Zoom"))
    assert titles(card) == ["All settings"]
    assert "Say settings user and their address." in words(card)


async def test_nobody_of_a_name_is_said_of_a_list_that_was_read(room: Room) -> None:
    said = words(await room.handler.user(turn(), User(name="Nobody")))
    assert "Nobody in Zoom has a name like “Nobody”." in said
    room.directory.read = False
    assert "once Zoom’s list of people" in words(await room.handler.user(turn(), User(name="Ben")))


async def test_only_those_are_in_trouble_whom_presence_sync_covers(room: Room) -> None:
    room.engine.policy = Policy(ON, (ManagedGroup("g", "Sales", 1, OFF),))
    room.engine.connect(ADA, **PARKED)
    room.engine.connect(BEN, **PARKED, group_ids=frozenset({"g"}))
    said = words(await room.handler.troubled(turn(), ShowParked()))
    assert "Ada" in said
    assert "Ben" not in said


async def test_who_is_in_trouble_is_looked_at_on_record(room: Room) -> None:
    await room.handler.troubled(turn(), ShowParked())
    assert room.audit.acts == [(LOOK_UP, "parked")]


async def test_who_disconnected_meanwhile_is_not_opened(room: Room) -> None:
    card = await room.handler.chosen(turn(), OpenPerson(BEN.object_id))
    assert room.audit.acts == [(LOOK_UP, "parked")]
    assert "Ben" not in words(card)


async def test_trying_again_is_recorded_and_says_what_came_of_it(room: Room) -> None:
    room.engine.connect(BEN, **PARKED)
    said = words(await room.handler.revive(turn(), Revive(BEN.object_id)))
    assert room.audit.acts == [(REVIVE, f"user:{BEN_S}")]
    assert WELL_AGAIN in said


async def test_what_fails_again_is_not_called_well(room: Room) -> None:
    room.engine.connect(BEN, **PARKED)
    room.engine.mends = False
    said = words(await room.handler.revive(turn(), Revive(BEN.object_id)))
    assert "I tried again, but it failed." in said


async def test_a_worker_that_has_somebody_tries_by_itself(room: Room) -> None:
    room.engine.connect(BEN, **PARKED)
    room.engine.busy = True
    assert WELL_AGAIN in words(await room.handler.revive(turn(), Revive(BEN.object_id)))


@pytest.mark.parametrize("trouble", [None, Trouble.LATER, Trouble.AUTHORIZE])
async def test_nothing_is_recorded_where_nothing_is_tried(
    room: Room, trouble: Trouble | None
) -> None:
    room.engine.connect(BEN, trouble=trouble, trouble_code="graph_error", trouble_ms=NOW)
    said = words(await room.handler.revive(turn(), Revive(BEN.object_id)))
    assert "There was nothing to try again." in said
    assert room.audit.acts == []


async def test_everybody_is_tried_again_for_whom_it_may_help(room: Room) -> None:
    room.engine.connect(ADA, **PARKED)
    room.engine.connect(BEN, trouble=Trouble.AUTHORIZE, trouble_ms=NOW)
    card = await room.handler.revive_all(turn(), ReviveAll())
    assert room.engine.done == [f"revive {ADA.object_id}"]
    assert room.audit.records[0].new == {"people": 1}
    assert "I’m trying again for 1 person." in words(card)


async def test_nobody_is_recorded_as_tried_again(room: Room) -> None:
    card = await room.handler.revive_all(turn(), ReviveAll())
    assert room.audit.acts == [(LOOK_UP, "parked")]
    assert "tried again" not in words(card)


async def test_only_who_may_be_helped_has_a_button(room: Room) -> None:
    room.engine.connect(BEN, **PARKED)
    assert titles(await room.handler.user(turn(), User(BEN_S)))
    room.engine.connect(BEN)
    helped = titles(await room.handler.user(turn(), User(BEN_S)))
    room.engine.connect(BEN, **PARKED)
    assert len(titles(await room.handler.user(turn(), User(BEN_S)))) > len(helped)


async def test_who_is_opened_from_the_list_is_recorded_by_their_address(room: Room) -> None:
    room.engine.connect(BEN, **PARKED)
    card = await room.handler.chosen(turn(), OpenPerson(BEN.object_id))
    assert room.audit.acts == [(LOOK_UP, f"user:{BEN_S}")]
    assert "Ben" in words(card)


async def test_who_disconnected_meanwhile_is_not_tried_again(room: Room) -> None:
    await room.handler.revive(turn(), Revive(BEN.object_id))
    assert room.engine.done == []
    assert room.audit.acts == [(LOOK_UP, "parked")]


async def test_a_list_of_many_counts_all_and_shows_some(room: Room) -> None:
    for number in range(MOST_PARKED + 5):
        person = replace(BEN, object_id=f"oid-{number}", name=f"P{number:03}")
        room.engine.connect(person, **PARKED)
    said = words(await room.handler.troubled(turn(), ShowParked()))
    assert str(MOST_PARKED + 5) in said
    assert f"P{MOST_PARKED - 1:03}" in said
    assert f"P{MOST_PARKED:03}" not in said


async def test_how_they_are_matched_is_said(room: Room) -> None:
    room.directory.users = (LISTED,)
    assert "Matched as z-Ben, None." in words(await room.handler.user(turn(), User(BEN_S)))
    room.engine.connect(BEN)
    said = words(await room.handler.user(turn(), User(BEN_S)))
    assert f"Matched as z-Ben, {BEN.object_id[-3:]}." in said


# -- the helpdesk


HELPDESK = turn(role=Role.HELPDESK)


@pytest.mark.parametrize(
    ("ago_ms", "worked"),
    [
        (0, "It last worked today"),
        (14 * 60 * MINUTE, "It last worked today"),
        (15 * 60 * MINUTE, "It last worked in the last 7 days"),
        (6 * DAY, "It last worked in the last 7 days"),
        (7 * DAY, "It last worked longer ago"),
    ],
)
async def test_the_helpdesk_reads_a_day_and_no_minute(room: Room, ago_ms: int, worked: str) -> None:
    """A minute would tell when a meeting began. It is 14:20 UTC."""
    room.engine.connect(BEN, wrote_ms=NOW - ago_ms, failed_ms=NOW - ago_ms, failed_code="graph_429")
    said = words(await room.handler.user(HELPDESK, User(BEN_S)))
    assert worked in said
    assert not re.search(r"\d:\d", said)
    admins = words(await room.handler.user(turn(), User(BEN_S)))
    assert "Microsoft last accepted an update at" in admins


async def test_a_pause_is_not_the_helpdesk_s_business(room: Room) -> None:
    for personal in (Personal(), Personal(paused_until_ms=FOREVER)):
        room.engine.connect(BEN, personal=personal)
        said = words(await room.handler.user(HELPDESK, User(BEN_S)))
        assert "Presence sync is on for them." in said
    assert "They paused presence sync" in words(await room.handler.user(turn(), User(BEN_S)))


async def test_the_helpdesk_sees_nothing_that_moves_with_somebody_s_day(room: Room) -> None:
    """Whatever Zoom says, whether they paused, and whatever is written: the card is the same."""
    room.engine.connect(BEN, wrote_ms=NOW - 5 * MINUTE)
    before = await room.handler.user(HELPDESK, User(BEN_S))
    room.engine.connect(
        BEN,
        wrote_ms=NOW,
        observation=Observation(ZoomPresence.PRESENTING, NOW),
        personal=Personal(paused_until_ms=NOW + MINUTE),
        test_until_ms=NOW + MINUTE,
    )
    assert await room.handler.user(HELPDESK, User(BEN_S)) == before


async def test_the_helpdesk_has_no_way_on_to_what_is_for_admins(room: Room) -> None:
    room.engine.connect(BEN, **PARKED)
    room.directory.users = (LISTED, replace(LISTED, zoom_id="z", address="other@example.com"))
    for asked, there in (
        (User(BEN_S), ["Try again"]),
        (User(name="ben"), ["1. Ben in Zoom", "2. Ben in Zoom"]),
        (User("nobody@example.com"), []),
        (User(name="nobody"), []),
    ):
        assert titles(await room.handler.user(HELPDESK, asked)) == there


async def test_the_helpdesk_has_somebody_tried_again(room: Room) -> None:
    room.engine.connect(BEN, **PARKED)
    said = words(await room.handler.revive(HELPDESK, Revive(BEN.object_id)))
    assert WELL_AGAIN in said
    assert room.audit.acts == [(REVIVE, f"user:{BEN_S}")]


async def test_the_helpdesk_is_never_shown_who_else_is_in_trouble(room: Room) -> None:
    room.engine.connect(ADA, **PARKED)
    card = await room.handler.revive(HELPDESK, Revive(BEN.object_id))
    assert "aren’t connected any more" in card["fallbackText"]
    assert "Ada" not in words(card)
    assert room.audit.acts == []


async def test_whose_role_is_not_known_is_shown_no_more_than_the_helpdesk(room: Room) -> None:
    room.engine.connect(BEN, wrote_ms=NOW)
    unknown = await room.handler.user(turn(role=None), User(BEN_S))
    assert unknown == await room.handler.user(HELPDESK, User(BEN_S))


# -- how often


async def test_every_answer_that_shows_somebody_is_counted_in_the_looker_s_role(
    room: Room,
) -> None:
    room.engine.connect(BEN, **PARKED)
    room.directory.users = (replace(LISTED, address=BEN_S),)
    await room.handler.user(turn(), User(BEN_S))
    await room.handler.user(HELPDESK, User(name="ben"))
    await room.handler.listed(HELPDESK, OpenListed("z-Ben"))
    await room.handler.chosen(turn(), OpenPerson(BEN.object_id))
    await room.handler.revive(HELPDESK, Revive(BEN.object_id))
    assert [role for _, role in room.look_ups.counts] == [
        *(Role.ADMIN, Role.HELPDESK, Role.HELPDESK, Role.ADMIN, Role.HELPDESK)
    ]
    assert {oid for oid, _ in room.look_ups.counts} == {BEN.object_id}


async def test_what_shows_nobody_is_not_counted(room: Room) -> None:
    room.directory.users = (LISTED, replace(LISTED, zoom_id="z", address="other@example.com"))
    await room.handler.user(turn(), User("nobody@example.com"))
    await room.handler.user(turn(), User(name="ben"))  # who is meant?
    await room.handler.user(turn(), User(BEN_S))  # not connected
    room.engine.connect(BEN)
    await room.handler.troubled(turn(), ShowParked())
    room.engine.allowed = False
    await room.handler.user(turn(), User(BEN_S))
    assert room.look_ups.counts == []


async def test_one_s_own_looks_are_not_counted(room: Room) -> None:
    room.engine.connect(ADA)
    said = words(await room.handler.user(turn(), User("ada@example.com")))
    assert room.look_ups.counts == []
    assert "their status tells them" not in said


async def test_who_looks_reads_that_the_person_is_told(room: Room) -> None:
    room.engine.connect(BEN)
    assert "their status tells them" in words(await room.handler.user(turn(), User(BEN_S)))
    room.look_ups.all_know = False
    said = words(await room.handler.user(turn(), User(BEN_S)))
    assert "their status tells them" not in said
    assert "This look-up is in the history." in said
