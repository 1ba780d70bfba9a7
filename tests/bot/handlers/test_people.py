"""Looking at people as an admin: recorded before it is shown, and never more than may be known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.grammar.settings import User
from bot.handlers.settings.people import WELL_AGAIN, SettingsPeople
from cards.settings.clicks import OpenPerson, Revive, ReviveAll, ShowParked
from cards.settings.people import MOST_PARKED
from domain.clock import MINUTE
from domain.directory import DirectoryUser
from domain.errors import Trouble
from domain.history import LOOK_UP, REVIVE
from domain.policy import Form, ManagedGroup, Policy
from domain.presence import Observation, ZoomPresence
from tests.doubles.memory import ADA, BEN, NOW, History, Presence, Settings, ZoomDirectory, turn
from tests.doubles.outside import titles, words

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
        self.handler = SettingsPeople(
            Settings(self.engine), self.directory, self.audit, self.engine, self.engine
        )


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
    assert "Tried again, but it failed." in said


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
    assert "1 person is being tried again." in words(card)


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
