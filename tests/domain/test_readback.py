"""What looks at Microsoft say about what to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.clock import MINUTE
from domain.person import Held, PersonState
from domain.plan import LOOK_PATIENCE_MS, plan
from domain.policy import Form, Policy, resolve
from domain.presence import (
    AVAILABLE,
    AWAY,
    IN_A_CALL,
    NOT_SAID,
    PRESENTING,
    SESSION_PAIRS,
    Observation,
    Pair,
    Shown,
    Style,
    ZoomPresence,
)
from domain.readback import (
    BACK_OFF_MS,
    FADED_MARGIN_MS,
    FADES_MS,
    LATELY_MS,
    UNDER_WAY_MS,
    Act,
    Lesson,
    Reading,
    Sight,
    Taught,
    Watch,
    advise,
    covers,
    satisfies,
    seen_lately,
)
from domain.step import UNSEEN, Do, Lane, Why, World

if TYPE_CHECKING:
    from domain.step import Plan

pytestmark = pytest.mark.unit

NOW = 1_790_000_400_000
READING = Reading(settle_ms=2_000, sweep_ms=20_000)
ON = resolve(Policy(Form(integration=True)))
Z = ZoomPresence

IDLE = Shown("AvailableIdle", "AvailableInactive")
FREE = Shown("Available", "Available")
MEETING = Shown("Busy", "InAMeeting")
IN_CALL = Shown("Busy", "InACall")
BACK_SOON = Shown("BeRightBack", "BeRightBack")
GONE = Shown("Offline", "Offline")
AWAY_SHOWN = Shown("Away", "Away")


def someone(
    zoom: ZoomPresence = Z.AVAILABLE,
    *,
    held: Held | None = None,
    sight: Shown | None = None,
    seen_ms: int = NOW - 100,
    lesson: Lesson | None = None,
) -> PersonState:
    return PersonState(
        "00000000-0000-4000-8000-000000000001",
        observation=Observation(zoom, NOW - 1_000),
        held=held,
        sight=None if sight is None else Sight(sight, seen_ms),
        lesson=lesson,
    )


def told(pair: Pair, ago_ms: int, minutes: int = 60) -> Held:
    return Held(pair, NOW - ago_ms, NOW - ago_ms + minutes * MINUTE)


def planned(person: PersonState, reading: Reading | None = READING) -> Plan:
    return plan(NOW, person, ON, UNSEEN, World(can_ask=True, reading=reading))


@pytest.mark.parametrize(
    ("zoom", "shown"),
    [
        (Z.AVAILABLE, FREE),
        (Z.IN_MEETING, MEETING),
        (Z.ON_PHONE_CALL, IN_CALL),
        (Z.AWAY, AWAY_SHOWN),
    ],
)
def test_who_is_shown_right_without_us_is_written_for_by_nobody(
    zoom: ZoomPresence, shown: Shown
) -> None:
    step = planned(someone(zoom, sight=shown))
    assert (step.do, step.why) == (Do.NOTHING, Why.RIGHT)
    assert step.watch is not None
    assert not step.watch.asked
    assert planned(someone(zoom, sight=shown), None).do in {Do.SET, Do.LOOK}, "blindly they are"


@pytest.mark.parametrize("shown", [IN_CALL, Shown("DoNotDisturb", "Presenting")])
def test_what_is_stronger_is_left_alone(shown: Shown) -> None:
    step = planned(someone(Z.AVAILABLE, sight=shown))
    assert (step.do, step.why) == (Do.NOTHING, Why.COVERED)


@pytest.mark.parametrize("shown", [GONE, AWAY_SHOWN, IDLE, FREE])
def test_a_missing_busy_is_written_at_once(shown: Shown) -> None:
    step = planned(someone(Z.IN_MEETING, sight=shown))
    assert (step.do, step.pair, step.lane) == (Do.SET, IN_A_CALL, Lane.URGENT)


@pytest.mark.parametrize("shown", [None, GONE, FREE, IN_CALL])
def test_our_own_session_hides_what_others_show(shown: Shown | None) -> None:
    """After a meeting the next state is told without waiting for a look."""
    held = told(IN_A_CALL, 10 * MINUTE)
    step = planned(someone(Z.AVAILABLE, held=held, sight=shown))
    assert (step.do, step.pair) == (Do.SET, AVAILABLE)


def test_what_is_stronger_than_ours_is_not_ours() -> None:
    step = planned(someone(Z.IN_MEETING, held=told(AVAILABLE, 3 * MINUTE, 15), sight=MEETING))
    assert (step.do, step.why) == (Do.NOTHING, Why.RIGHT)


def test_a_look_from_before_a_write_says_nothing() -> None:
    held = told(IN_A_CALL, 1_000)
    step = planned(someone(Z.IN_MEETING, held=held, sight=FREE, seen_ms=NOW - 500))
    assert step.do is Do.NOTHING
    assert step.watch is not None
    assert (step.watch.at_ms, step.watch.asked) == (held.told_ms + READING.settle_ms, True)


def test_what_microsoft_lost_is_put_back_and_what_does_not_show_is_not_repeated() -> None:
    held, lesson = told(IN_A_CALL, 5 * MINUTE), None
    for tries, pause in enumerate((*BACK_OFF_MS, BACK_OFF_MS[-1]), 1):
        step = planned(someone(Z.IN_MEETING, held=held, sight=FREE, lesson=lesson))
        assert (step.do, step.pair) == (Do.SET, IN_A_CALL)
        assert step.lesson == Lesson(Taught.HIDDEN, min(tries, 3), NOW + pause, "available")
        waits = someone(Z.IN_MEETING, held=held, sight=FREE, lesson=step.lesson)
        assert planned(waits).do is Do.NOTHING
        other = someone(Z.IN_MEETING, held=held, sight=GONE, lesson=step.lesson)
        assert planned(other).do is Do.SET, "something else shows: it is tried at once"
        lesson = step.lesson._replace(until_ms=NOW)
    shows = planned(someone(Z.IN_MEETING, held=held, sight=IN_CALL, lesson=lesson))
    assert (shows.do, shows.advised, shows.lesson) == (Do.NOTHING, True, None)


def test_an_available_is_let_fade_and_looked_at_then() -> None:
    held = told(AVAILABLE, 4 * MINUTE + 40_000, 15)
    step = planned(someone(held=held))
    assert (step.do, step.why) == (Do.NOTHING, Why.SHOWING)
    assert step.watch is not None
    assert step.watch.asked
    assert 0 < step.watch.at_ms - held.told_ms - FADES_MS < 5_000
    assert planned(someone(held=held), None).do is Do.SET, "blindly it is repeated"


def test_who_only_we_keep_up_is_kept_alive_longer_and_longer() -> None:
    held, lesson = told(AVAILABLE, 5 * MINUTE + 5_000, 15), None
    for tries, pause in enumerate((*BACK_OFF_MS, BACK_OFF_MS[-1]), 1):
        step = planned(someone(held=held, sight=IDLE, lesson=lesson))
        assert (step.do, step.pair, step.lane) == (Do.SET, AVAILABLE, Lane.CHANGE)
        assert step.lesson == Lesson(Taught.ALONE, min(tries, 3), NOW + pause)
        kept = planned(someone(held=told(AVAILABLE, FADES_MS - 8_000, 15), lesson=step.lesson))
        assert (kept.do, kept.lane) == (Do.SET, Lane.FADE)
        lesson = step.lesson._replace(until_ms=NOW)


def test_who_others_keep_up_needs_nothing() -> None:
    held = told(AVAILABLE, 5 * MINUTE + 5_000, 15)
    step = planned(someone(held=held, sight=FREE, lesson=Lesson(Taught.ALONE, 2, NOW - 1)))
    assert (step.do, step.advised, step.lesson) == (Do.NOTHING, True, None)


def test_a_probe_that_nobody_looks_at_ends_in_a_write() -> None:
    late = told(AVAILABLE, FADES_MS + 30_000, 15)
    assert planned(someone(held=late)).do is Do.SET


def test_a_keep_alive_that_came_too_late_is_a_look() -> None:
    """Want of quota: they have faded meanwhile, or somebody else keeps them up by now."""
    lesson = Lesson(Taught.ALONE, 1, NOW + 5 * MINUTE)
    held = told(AVAILABLE, FADES_MS + 20_000, 15)
    waiting = planned(someone(held=held, lesson=lesson))
    assert (waiting.do, waiting.lane) == (Do.SET, Lane.FADE)
    faded = planned(someone(held=held, sight=IDLE, lesson=lesson))
    assert (faded.do, faded.lane) == (Do.SET, Lane.CHANGE)
    assert planned(someone(held=held, sight=FREE, lesson=lesson)).do is Do.NOTHING
    kept = planned(someone(held=told(AVAILABLE, 60_000, 15), lesson=lesson))
    assert kept.watch == Watch(NOW + FADES_MS - 60_000 + FADED_MARGIN_MS, asked=True)


@pytest.mark.parametrize(
    ("pair", "zoom", "minutes", "blindly", "read_back"),
    [
        (AVAILABLE, Z.AVAILABLE, 15, (243_000, 270_000), (287_000, 292_000)),
        (IN_A_CALL, Z.IN_MEETING, 60, (27 * MINUTE, 30 * MINUTE), (40.5 * MINUTE, 45 * MINUTE)),
    ],
)
@pytest.mark.parametrize("told_ago", [1_000, 33_333, 77_777])
def test_what_is_held_is_repeated_later_where_microsoft_is_read_back(
    pair: Pair,
    zoom: ZoomPresence,
    minutes: int,
    blindly: tuple[float, float],
    read_back: tuple[float, float],
    told_ago: int,
) -> None:
    lesson = Lesson(Taught.ALONE, 3, NOW + 40 * MINUTE)
    person = someone(zoom, held=told(pair, told_ago, minutes), lesson=lesson)
    for reading, (first, last) in ((None, blindly), (READING, read_back)):
        step = planned(person, reading)
        assert step.do is Do.NOTHING
        assert step.due_ms is not None
        assert first <= step.due_ms - (NOW - told_ago) <= last


def test_an_echo_is_judged_by_a_look_newer_than_the_event() -> None:
    older = planned(someone(Z.BUSY, sight=IN_CALL, seen_ms=NOW - 5_000))
    assert (older.do, older.watch) == (Do.NOTHING, Watch(NOW, asked=True))
    assert older.due_ms == NOW - 1_000 + LOOK_PATIENCE_MS
    assert planned(someone(Z.BUSY, sight=IN_CALL)).why is Why.RIGHT


def test_a_look_at_many_is_not_waited_for_for_long() -> None:
    person = someone(Z.BUSY, sight=IN_CALL, seen_ms=NOW - 5_000)
    person.observation = Observation(Z.BUSY, NOW - LOOK_PATIENCE_MS)
    assert planned(person).do is Do.LOOK


def test_what_a_look_at_many_shows_beside_ours_is_no_echo() -> None:
    """Available of ours, and Microsoft shows Available: Zoom's Away is the person's own."""
    held = told(AVAILABLE, 60_000, 15)
    step = planned(someone(Z.AWAY, held=held, sight=FREE))
    assert (step.do, step.pair) == (Do.SET, AWAY)
    assert planned(someone(Z.AWAY, held=held, sight=AWAY_SHOWN)).do is Do.CLEAR


sights = st.none() | st.builds(
    Sight,
    st.sampled_from([IDLE, FREE, MEETING, IN_CALL, BACK_SOON, GONE, AWAY_SHOWN, Shown("", "")]),
    st.integers(NOW - 30 * MINUTE, NOW),
)
helds = st.none() | st.builds(
    Held,
    st.sampled_from(SESSION_PAIRS),
    st.integers(NOW - 30 * MINUTE, NOW),
    st.integers(NOW, NOW + 60 * MINUTE),
    st.booleans(),
)
lessons = st.none() | st.builds(
    Lesson,
    st.sampled_from(Taught),
    st.integers(1, 3),
    st.integers(NOW - MINUTE, NOW + 40 * MINUTE),
    st.sampled_from(["", "available", "away", "offline"]),
)


@given(st.sampled_from(SESSION_PAIRS), helds, sights, lessons)
def test_no_advice_to_write_over_what_is_right_or_stronger(
    pair: Pair, held: Held | None, sight: Sight | None, lesson: Lesson | None
) -> None:
    advice = advise(NOW, pair, held, sight, lesson, READING)
    if advice.act is Act.WRITE:
        assert sight is not None
        assert sight.shown.known
        assert not satisfies(sight.shown, pair)
        assert not covers(sight.shown, pair)
    if advice.act is Act.LEAVE:
        assert advice.watch is not None, "who relies on others is watched"


@given(st.sampled_from(Z), helds, sights, lessons)
def test_without_reading_what_was_seen_changes_nothing(
    zoom: ZoomPresence, held: Held | None, sight: Sight | None, lesson: Lesson | None
) -> None:
    person = someone(zoom, held=held, lesson=lesson)
    blindly = planned(person, None)
    person.sight = sight
    assert planned(person, None) == blindly


@given(st.sampled_from([Z.AVAILABLE, Z.IN_MEETING, Z.PRESENTING]), helds, sights)
def test_who_is_shown_wrong_is_never_left_for_longer_than_a_look(
    zoom: ZoomPresence, held: Held | None, sight: Sight | None
) -> None:
    """Nothing has been learnt: nothing but a look that is still to come may stand between."""
    pair = {Z.AVAILABLE: AVAILABLE, Z.IN_MEETING: IN_A_CALL}.get(zoom, PRESENTING)
    assume(sight is None or not (satisfies(sight.shown, pair) or covers(sight.shown, pair)))
    step = planned(someone(zoom, held=held) if sight is None else _with(zoom, held, sight))
    if step.do is Do.NOTHING:
        assert step.watch is not None or step.due_ms is not None
        assert held is not None
        assert held.pair == pair


def _with(zoom: ZoomPresence, held: Held | None, sight: Sight) -> PersonState:
    person = someone(zoom, held=held)
    person.sight = sight
    return person


@given(
    sent=st.integers(-120_000, 0),
    told=st.integers(-120_000, 0),
    got=st.integers(-120_000, 0),
    round_in=st.none() | st.integers(-60_000, 60_000),
    sweep=st.integers(5_000, 300_000),
)
def test_what_was_seen_lately_is_newer_than_all_that_changed(
    sent: int, told: int, got: int, round_in: int | None, sweep: int
) -> None:
    reading = Reading(settle_ms=2_000, sweep_ms=sweep)
    person = PersonState("ada", held=Held(IN_A_CALL, NOW + told, NOW + 60_000), got_ms=NOW + got)
    person.sight = Sight(Shown("Busy", "InACall"), NOW + sent)
    round_ms = None if round_in is None else NOW + round_in
    found = seen_lately(NOW, person, round_ms, reading)
    if found is not None:
        assert found.shown == person.sight.shown
        assert NOW + max(sent, -LATELY_MS) <= found.sent_ms <= NOW
        assert found.sent_ms >= max(NOW + told + 2_000, NOW + got)
        if found.sent_ms > NOW + sent:
            assert round_ms is not None
            assert found.sent_ms <= round_ms - sweep  # that look began then
            assert found.sent_ms <= NOW - UNDER_WAY_MS  # and is answered by now
    elif round_ms is None and sent >= -LATELY_MS:
        assert sent < max(told + 2_000, got)
    assert seen_lately(NOW, person, round_ms, None) is None
    person.sight = Sight(NOT_SAID, NOW)
    assert seen_lately(NOW, person, round_ms, reading) is None


FULL = ON._replace(style=Style.FULL)


def planned_in_full(person: PersonState) -> Plan:
    return plan(NOW, person, FULL, UNSEEN, World(can_ask=True, reading=READING))


@pytest.mark.parametrize("zoom", [Z.DO_NOT_DISTURB, Z.BUSY, Z.IN_CALENDAR_EVENT])
@given(
    sight=st.sampled_from([FREE, IDLE, AWAY_SHOWN, GONE, MEETING, IN_CALL, BACK_SOON]),
    ago=st.integers(0, 120_000),
    held=st.sampled_from([None, AVAILABLE, AWAY]),
)
def test_the_persons_own_status_is_never_set_by_what_the_reader_saw(
    zoom: ZoomPresence, sight: Shown, ago: int, held: Pair | None
) -> None:
    person = someone(
        zoom,
        held=None if held is None else told(held, 3 * MINUTE),
        sight=sight,
        seen_ms=NOW - ago,
    )
    assert planned_in_full(person).do is Do.LOOK


@pytest.mark.parametrize("own", ["DoNotDisturb", "Busy"])
@pytest.mark.parametrize("sight", [FREE, MEETING, Shown("DoNotDisturb", "DoNotDisturb")])
def test_nor_is_it_taken_back_by_that(own: str, sight: Shown) -> None:
    person = someone(Z.AVAILABLE, held=told(AWAY, 3 * MINUTE), sight=sight)
    person.preferred = told(Pair(own, own), 3 * MINUTE)
    assert planned_in_full(person).do is Do.LOOK


def test_in_other_states_full_is_planned_with_looks() -> None:
    step = planned_in_full(someone(Z.AVAILABLE, sight=FREE))
    assert (step.do, step.why) == (Do.NOTHING, Why.RIGHT)
