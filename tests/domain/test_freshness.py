"""How long Zoom is believed, by how many people there are."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import HOUR, MINUTE
from domain.freshness import (
    JOINED_WITHIN_MS,
    UNHURRIED,
    fresh_for_ms,
    freshness,
    unexplained_from_ms,
)
from domain.person import PersonState
from domain.plan import plan
from domain.policy import Form, Policy, resolve
from domain.presence import (
    AVAILABLE,
    IN_A_CALL,
    Observation,
    Pair,
    Shown,
    ZoomPresence,
    may_interrupt,
)
from domain.readback import Reading, Sight
from domain.step import UNSEEN, Do, World

pytestmark = pytest.mark.unit

NOW = 1_790_000_400_000
ON = resolve(Policy(Form(integration=True)))
Z = ZoomPresence


@pytest.mark.parametrize(
    ("people", "per_second", "interrupting", "other"),
    [
        (0, 10, 3, 10),
        (1_000, 10, 3, 10),
        (12_000, 10, 8, 20),
        (50_000, 10, 15, 60),
        (50_000, 20, 15, 2_500 / 60),
    ],
)
def test_the_more_people_the_longer(
    people: int, per_second: float, interrupting: float, other: float
) -> None:
    assert freshness(people, per_second)[:2] == (interrupting * MINUTE, int(other * MINUTE))


def test_where_zoom_cannot_be_asked_nothing_is_hurried() -> None:
    assert freshness(10, 0) == UNHURRIED


@given(st.sampled_from(ZoomPresence), st.integers(0, 500_000), st.floats(0.1, 80))
def test_never_longer_than_unhurried_and_never_all_the_time(
    zoom: ZoomPresence, people: int, per_second: float
) -> None:
    fresh = fresh_for_ms(zoom, freshness(people, per_second))
    assert 3 * MINUTE <= fresh <= fresh_for_ms(zoom) <= HOUR


# -- what a look shows and Zoom does not explain --------------------------------------------------

LONG_AGO = Observation(Z.AVAILABLE, NOW - HOUR)


@pytest.mark.parametrize(
    ("shown", "after"),
    [
        ("Busy/InACall", 0),
        ("Busy/InAConferenceCall", 0),
        ("DoNotDisturb/Presenting", 0),
        ("Busy/InAMeeting", JOINED_WITHIN_MS),  # the calendar's, and people join late
        ("Busy/Busy", None),  # chosen by hand
        ("DoNotDisturb/DoNotDisturb", None),
        ("Available/Available", None),
        ("Away/OutOfOffice", None),
        ("Offline/Offline", None),
        ("/", None),
    ],
)
def test_a_call_that_zoom_does_not_know_of_has_it_asked(shown: str, after: int | None) -> None:
    sight = Sight(Shown(*shown.split("/")), NOW - 500)
    asked = unexplained_from_ms(LONG_AGO, sight, AVAILABLE)
    assert asked == (None if after is None else NOW - 500 + after)


@pytest.mark.parametrize(
    ("observation", "sight", "held"),
    [
        (LONG_AGO, None, None),
        # It may be ours.
        (LONG_AGO, Sight(Shown("Busy", "InACall"), NOW), IN_A_CALL),
        # Zoom explains it, or said so since.
        (Observation(Z.IN_MEETING, NOW - HOUR), Sight(Shown("Busy", "InAMeeting"), NOW), None),
        (Observation(Z.IN_CALENDAR_EVENT, 0), Sight(Shown("Busy", "InAMeeting"), NOW), None),
        (Observation(Z.AVAILABLE, NOW), Sight(Shown("Busy", "InACall"), NOW), None),
    ],
)
def test_what_is_explained_has_nobody_asked(
    observation: Observation, sight: Sight | None, held: Pair | None
) -> None:
    assert unexplained_from_ms(observation, sight, held) is None


def asks(person: PersonState, reading: Reading | None, *, can_ask: bool = True) -> bool:
    world = World(can_ask=can_ask, reading=reading)
    return plan(NOW, person, ON, UNSEEN, world).do is Do.ASK


def test_the_planner_asks_once_for_each_sight() -> None:
    reading = Reading(settle_ms=2_000, sweep_ms=5_000)
    person = PersonState("ada", observation=Observation(Z.AVAILABLE, NOW - 20 * MINUTE))
    assert not asks(person, reading)
    person.sight = Sight(Shown("Busy", "InACall"), NOW - 500)
    assert asks(person, reading)
    assert not asks(person, None), "without looks all is as before"
    assert not asks(person, reading, can_ask=False)
    person.observation = Observation(Z.AVAILABLE, NOW - 100)  # Zoom says the same
    assert not asks(person, reading)
    person.sight = Sight(Shown("Busy", "InAConferenceCall"), NOW)  # the next call, at once
    assert not asks(person, reading), "bounded, whatever happens in Teams"


@given(
    zoom=st.sampled_from(ZoomPresence),
    activity=st.sampled_from(["InACall", "InAMeeting", "InAConferenceCall", "Presenting", "Busy"]),
    looks=st.lists(st.integers(0, 60 * MINUTE), max_size=60),
)
def test_questions_about_one_person_are_few(
    zoom: ZoomPresence, activity: str, looks: list[int]
) -> None:
    """However often a look sees something new, and Zoom always says the same."""
    said, questions = Observation(zoom, NOW), list[int]()
    for at in sorted(NOW + each for each in looks):
        sight = Sight(Shown("Busy", activity), at)
        due = unexplained_from_ms(said, sight, None)
        if due is not None and due <= at:
            questions.append(at)
            said = Observation(zoom, at)
    gaps = [later - earlier for earlier, later in pairwise([NOW, *questions])]
    assert all(gap >= 3 * MINUTE for gap in gaps)
    assert not questions or not may_interrupt(zoom)
