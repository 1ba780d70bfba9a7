"""The decision about one person: tables for what is known, properties for everything else."""

import itertools
import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench.truth.scheduler import supersedes
from domain.clock import HOUR, MINUTE
from domain.freshness import fresh_for_ms, give_up_after_ms
from domain.person import Held
from domain.plan import AVAILABLE_EXPIRY_MIN, ENDED_MARGIN_MS, EXPIRY_MIN, LOOK_AGAIN_MS
from domain.policy import Reason, Verdict
from domain.presence import (
    AVAILABLE,
    AWAY,
    CAN_COME_FROM_MICROSOFT,
    IN_A_CALL,
    PREFERRED_PAIRS,
    PRESENTING,
    SESSION_PAIRS,
    Observation,
    Pair,
    Shown,
    Style,
    ZoomPresence,
    demand_of,
)
from domain.step import UNSEEN, WRITES, Do, Lane, Plan, Seen, Why, World, overtakes
from sync.engine.reconcile import MOST_STEPS
from tests.domain.planning import OFF, Moment, Someone, on

pytestmark = pytest.mark.unit

NOW = 1_760_000_000_000
ON = Verdict(True, Reason.ON)
OFFLINE = Shown("Offline", "Offline")
Z = ZoomPresence


def knowing(
    presence: ZoomPresence | None = None,
    age_ms: int = 1000,
    *,
    held: Held | None = None,
    can_ask: bool = True,
    shown: Shown | None = None,
    verdict: Verdict = ON,
    test_until_ms: int | None = None,
    spread: float = 0.5,
) -> Moment:
    observation = None if presence is None else Observation(presence, NOW - age_ms)
    person = Someone(observation=observation, held=held, test_until_ms=test_until_ms, spread=spread)
    seen = UNSEEN if shown is None else Seen(shown, held)
    return Moment(person, verdict, seen, World(can_ask))


def holding(
    pair: Pair, *, told_ago: int = MINUTE, minutes: int | None = None, sure: bool = True
) -> Held:
    if minutes is None:
        minutes = AVAILABLE_EXPIRY_MIN if pair == AVAILABLE else EXPIRY_MIN
    return Held(pair, NOW - told_ago, NOW - told_ago + minutes * MINUTE, sure)


# -- the table ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zoom", "pair", "minutes", "lane"),
    [
        (Z.IN_MEETING, IN_A_CALL, 60, Lane.URGENT),
        (Z.ON_PHONE_CALL, IN_A_CALL, 60, Lane.URGENT),
        (Z.PRESENTING, PRESENTING, 60, Lane.URGENT),
        (Z.DO_NOT_DISTURB, PRESENTING, 60, Lane.URGENT),
        (Z.BUSY, IN_A_CALL, 60, Lane.URGENT),
        (Z.AVAILABLE, AVAILABLE, 15, Lane.CHANGE),
        (Z.AWAY, AWAY, 60, Lane.CHANGE),
    ],
)
def test_a_new_state_is_written(zoom: Z, pair: Pair, minutes: int, lane: Lane) -> None:
    moment = knowing(zoom, shown=OFFLINE)
    assert moment.plan(NOW) == Plan(Do.SET, Why.SHOWING, lane, None, pair, minutes)


@pytest.mark.parametrize("zoom", [Z.IN_CALENDAR_EVENT, Z.OFFLINE, Z.OUT_OF_OFFICE, Z.MOBILE_ONLY])
def test_a_state_that_shows_nothing_clears_what_we_hold(zoom: Z) -> None:
    step = knowing(zoom, held=holding(IN_A_CALL)).plan(NOW)
    assert (step.do, step.why, step.lane) == (Do.CLEAR, Why.NOTHING_TO_SHOW, Lane.URGENT)
    step = knowing(zoom, held=holding(AVAILABLE)).plan(NOW)
    assert (step.do, step.lane) == (Do.CLEAR, Lane.CHANGE)
    step = knowing(zoom).plan(NOW)
    assert (step.do, step.why) == (Do.NOTHING, Why.NOTHING_TO_SHOW)


@pytest.mark.parametrize("moment", [knowing(), knowing(Z.IN_MEETING), knowing(Z.AVAILABLE)])
def test_switched_off_clears_what_we_hold_and_then_does_nothing(moment: Moment) -> None:
    off = moment.but(verdict=OFF, test_until_ms=NOW + MINUTE)
    step = off.but(held=holding(IN_A_CALL, sure=False)).plan(NOW)
    assert (step.do, step.why, step.lane) == (Do.CLEAR, Why.OFF, Lane.URGENT)
    assert off.plan(NOW) == Plan(Do.NOTHING, Why.OFF, Lane.CHANGE)


def test_without_a_word_from_zoom_it_is_asked() -> None:
    assert knowing().plan(NOW).do is Do.ASK
    step = knowing(can_ask=False).plan(NOW)
    assert step == Plan(Do.NOTHING, Why.UNKNOWN, Lane.CHANGE)


# -- what Microsoft has already ----------------------------------------------------------------


@pytest.mark.parametrize("zoom", [z for z in Z if demand_of(z, Style.MIRROR).session is not None])
def test_what_microsoft_has_from_us_is_not_written_again(zoom: Z) -> None:
    pair = demand_of(zoom, Style.MIRROR).session
    assert pair is not None
    step = knowing(zoom, held=holding(pair)).plan(NOW)
    assert (step.do, step.why) == (Do.NOTHING, Why.SHOWING)
    assert step.lane is (Lane.HOLD if pair.interrupts else Lane.FADE)


@pytest.mark.parametrize("zoom", [z for z in Z if demand_of(z, Style.MIRROR).session is not None])
def test_what_may_not_have_arrived_is_written_again(zoom: Z) -> None:
    pair = demand_of(zoom, Style.MIRROR).session
    assert pair is not None
    moment = knowing(zoom, held=holding(pair, sure=False))
    shown = Shown(pair.availability, pair.activity)
    moment = moment.but(seen=Seen(shown, moment.person.held))
    assert moment.plan(NOW).do is Do.SET


def test_a_session_that_is_about_to_end_counts_as_ended() -> None:
    ending = Held(IN_A_CALL, NOW - HOUR, NOW + ENDED_MARGIN_MS)
    assert knowing(Z.OFFLINE, held=ending).plan(NOW).do is Do.NOTHING
    assert knowing(Z.IN_MEETING, held=ending).plan(NOW).do is Do.SET


# -- no echo -----------------------------------------------------------------------------------


@pytest.mark.parametrize("zoom", sorted(CAN_COME_FROM_MICROSOFT))
@pytest.mark.parametrize("suffix", ["", "Idle"])
def test_what_microsoft_shows_without_us_is_left_alone(zoom: Z, suffix: str) -> None:
    pair = demand_of(zoom, Style.MIRROR).session
    assert pair is not None
    assert knowing(zoom).plan(NOW).do is Do.LOOK
    step = knowing(zoom, shown=Shown(pair.availability.upper() + suffix, "Whatever")).plan(NOW)
    assert (step.do, step.why) == (Do.NOTHING, Why.ECHO)
    assert step.due_ms is not None
    assert NOW + LOOK_AGAIN_MS <= step.due_ms < NOW + LOOK_AGAIN_MS + MINUTE


@pytest.mark.parametrize("zoom", sorted(CAN_COME_FROM_MICROSOFT))
def test_what_microsoft_shows_because_of_us_is_kept_without_a_look(zoom: Z) -> None:
    pair = demand_of(zoom, Style.MIRROR).session
    assert pair is not None
    assert knowing(zoom, held=holding(pair)).plan(NOW).do is Do.NOTHING


def test_an_echo_ends_the_other_state_that_we_hold() -> None:
    dnd = Shown("DoNotDisturb", "DoNotDisturb")
    moment = knowing(Z.DO_NOT_DISTURB, held=holding(IN_A_CALL), shown=dnd)
    step = moment.plan(NOW)
    assert (step.do, step.why, step.lane) == (Do.CLEAR, Why.ECHO, Lane.URGENT)
    assert moment.but(held=None).plan(NOW).why is Why.ECHO


@pytest.mark.parametrize("zoom", sorted(set(Z) - CAN_COME_FROM_MICROSOFT))
def test_other_states_need_no_look(zoom: Z) -> None:
    assert knowing(zoom).plan(NOW).do is not Do.LOOK


@pytest.mark.parametrize("zoom", sorted(CAN_COME_FROM_MICROSOFT))
def test_quiet_looks_before_it_writes_what_may_be_an_echo(zoom: Z) -> None:
    pair = demand_of(zoom, Style.QUIET).session
    assert pair is not None
    moment = knowing(zoom).but(verdict=on(Style.QUIET))
    assert moment.plan(NOW).do is Do.LOOK
    shown = Seen(Shown(pair.availability, "Whatever"))
    assert moment.but(seen=shown).plan(NOW).why is Why.ECHO


@pytest.mark.parametrize("zoom", [Z.IN_MEETING, Z.ON_PHONE_CALL])
def test_quiet_ends_with_the_hour_unless_it_is_renewed(zoom: Z) -> None:
    moment = knowing(zoom).but(verdict=on(Style.QUIET))
    step = moment.plan(NOW)
    assert step == Plan(Do.SET, Why.SHOWING, Lane.URGENT, None, PRESENTING, EXPIRY_MIN)
    # The style changes in a meeting: there and back, at once.
    changed = moment.but(held=holding(IN_A_CALL)).plan(NOW)
    assert (changed.do, changed.pair, changed.lane) == (Do.SET, PRESENTING, Lane.URGENT)
    back = knowing(zoom, held=holding(PRESENTING)).plan(NOW)
    assert (back.do, back.pair, back.lane) == (Do.SET, IN_A_CALL, Lane.URGENT)


# -- freshness ---------------------------------------------------------------------------------


@pytest.mark.parametrize("zoom", Z)
@pytest.mark.parametrize("held", [None, holding(IN_A_CALL), holding(AVAILABLE)])
def test_an_old_state_is_asked_for_again(zoom: Z, held: Held | None) -> None:
    fresh = (30 if zoom is Z.PRESENTING else 60) * MINUTE
    assert fresh_for_ms(zoom) == fresh
    assert knowing(zoom, fresh - 1, held=held, shown=OFFLINE).plan(NOW).do is not Do.ASK
    assert knowing(zoom, fresh, held=held).plan(NOW).do is Do.ASK


@pytest.mark.parametrize("zoom", Z)
def test_without_zooms_api_a_state_is_believed_for_hours(zoom: Z) -> None:
    meeting = {Z.IN_MEETING, Z.ON_PHONE_CALL, Z.PRESENTING}
    limit = (4 if zoom in meeting else 12) * HOUR
    assert give_up_after_ms(zoom) == limit
    pair = demand_of(zoom, Style.MIRROR).session or IN_A_CALL
    held = holding(pair, told_ago=MINUTE, minutes=10)
    step = knowing(zoom, limit, held=held, can_ask=False).plan(NOW)
    assert (step.do, step.why) == (Do.CLEAR, Why.TOO_OLD)
    step = knowing(zoom, limit - 1, held=held, can_ask=False).plan(NOW)
    assert step.do is (Do.CLEAR if demand_of(zoom, Style.MIRROR).session is None else Do.NOTHING)


@pytest.mark.parametrize("zoom", [Z.IN_MEETING, Z.PRESENTING, Z.BUSY, Z.DO_NOT_DISTURB])
@pytest.mark.parametrize("held", [None, holding(AVAILABLE)])
def test_a_late_event_never_starts_a_busy_state(zoom: Z, held: Held | None) -> None:
    step = knowing(zoom, fresh_for_ms(zoom), held=held, can_ask=False).plan(NOW)
    assert (step.do, step.why) == (Do.NOTHING if held is None else Do.CLEAR, Why.TOO_OLD)


def test_a_late_event_may_still_say_that_somebody_is_available() -> None:
    assert knowing(Z.AVAILABLE, 2 * HOUR, can_ask=False).plan(NOW).do is Do.SET


def test_without_zooms_api_the_session_ends_when_the_state_is_given_up() -> None:
    left = 20 * MINUTE
    moment = knowing(
        Z.IN_MEETING,
        give_up_after_ms(Z.IN_MEETING) - left,
        held=holding(IN_A_CALL, told_ago=31 * MINUTE),
        can_ask=False,
    )
    assert moment.plan(NOW).minutes == 20


# -- Test it -----------------------------------------------------------------------------------


def test_a_test_shows_in_a_call_for_its_time() -> None:
    until = NOW + 5 * MINUTE
    for moment in (knowing(), knowing(Z.OFFLINE), knowing(Z.AVAILABLE, held=holding(AVAILABLE))):
        step = moment.but(test_until_ms=until).plan(NOW)
        assert step == Plan(Do.SET, Why.TEST, Lane.URGENT, None, IN_A_CALL, 5)
    done = knowing(held=Held(IN_A_CALL, NOW, until), test_until_ms=until)
    step = done.plan(NOW + 1)
    assert (step.do, step.why) == (Do.NOTHING, Why.TEST)


def test_a_test_that_is_over_leaves_what_zoom_says() -> None:
    held = Held(IN_A_CALL, NOW - 4 * MINUTE, NOW + MINUTE)
    assert knowing(Z.OFFLINE, held=held, test_until_ms=NOW).plan(NOW).do is Do.CLEAR
    assert knowing(Z.AVAILABLE, held=held, test_until_ms=NOW).plan(NOW).pair == AVAILABLE


# -- for every moment -----------------------------------------------------------------------

times = st.integers(NOW - 26 * HOUR, NOW + 2 * HOUR)
presences = st.sampled_from(Z)
recent = st.integers(NOW - 2 * HOUR, NOW)
observations = st.builds(Observation, presences, recent | times)
helds = st.builds(
    lambda pair, told, minutes, sure: Held(pair, told, told + minutes * MINUTE, sure),
    st.sampled_from(SESSION_PAIRS),
    times,
    st.integers(0, 60),
    st.booleans(),
)
preferreds = st.builds(
    lambda pair, told, minutes, sure: Held(pair, told, told + minutes * MINUTE, sure),
    st.sampled_from(PREFERRED_PAIRS),
    times,
    st.integers(0, 60),
    st.booleans(),
)
showns = st.builds(
    Shown,
    st.sampled_from(["Available", "Busy", "BusyIdle", "DoNotDisturb", "Away", "Offline", "New"]),
    st.sampled_from(["Available", "InACall", "Presenting", "Away", "New"]),
)
people = st.builds(
    Someone,
    observation=st.none() | observations,
    held=st.none() | helds,
    spread=st.floats(0, 1, exclude_max=True),
    test_until_ms=st.none() | times,
    preferred=st.none() | preferreds,
    yielded_ms=st.none() | times,
)
moments = st.builds(
    Moment,
    people,
    st.sampled_from([OFF, *(ON._replace(style=style) for style in Style)]),
    st.builds(Seen, st.none() | showns, st.none() | helds),
    st.builds(World, st.booleans()),
)


def run(now: int, moment: Moment, step: Plan, *, answer: Z | None, shown: Shown) -> Moment:
    """What is known after a step that went well. `answer` None: Zoom does not answer."""
    held = None
    if step.pair is not None:
        held = Held(step.pair, now, now + step.minutes * MINUTE)
    match step.do:
        case Do.ASK:
            if answer is None:
                return moment.but(world=World(can_ask=False))
            return moment.but(observation=Observation(answer, now))
        case Do.LOOK:
            return moment.but(seen=Seen(shown, moment.person.held))
        case Do.SET | Do.CLEAR:
            return moment.but(held=held)
        case Do.UNPREFER:
            return moment.but(preferred=None, seen=UNSEEN)
        case Do.YIELD:
            observation = moment.person.observation
            at = observation.at_ms if observation else None
            return moment.but(preferred=None, yielded_ms=at)
        case _:
            return moment.but(preferred=held)


def reconciled(
    now: int, moment: Moment, *, answer: Z | None, shown: Shown, takes: int = 0
) -> tuple[Moment, list[Plan]]:
    """Plan and carry out until nothing is left to do, as the engine does. `takes`: ms per step."""
    steps = []
    for _ in range(MOST_STEPS):
        steps.append(moment.plan(now))
        if steps[-1].do is Do.NOTHING:
            return moment, steps
        moment = run(now, moment, steps[-1], answer=answer, shown=shown)
        now += takes
    raise AssertionError(steps)


@given(moments)
def test_a_write_is_always_one_that_graph_accepts(moment: Moment) -> None:
    step = moment.plan(NOW)
    if step.do in {Do.SET, Do.PREFER}:
        assert step.pair in (SESSION_PAIRS if step.do is Do.SET else PREFERRED_PAIRS)
        assert step.do is Do.SET or moment.verdict.style is Style.FULL
        assert 5 <= step.minutes <= 60
    else:
        assert step.pair is None
        assert step.minutes == 0


@given(moments)
def test_who_is_thought_of_again_is_thought_of_later(moment: Moment) -> None:
    step = moment.plan(NOW)
    if step.do is Do.NOTHING:
        assert step.due_ms is None or step.due_ms > NOW
    else:
        assert step.due_ms is None


@given(moments, st.none() | presences, showns)
def test_planning_again_after_a_turn_gives_nothing_to_do(
    moment: Moment, answer: Z | None, shown: Shown
) -> None:
    after, steps = reconciled(NOW, moment, answer=answer, shown=shown)
    again = after.plan(NOW)
    assert again == steps[-1]
    if any(step.do is Do.SET for step in steps):
        assert again.due_ms is not None
        assert again.due_ms > NOW


@given(moments, st.none() | presences, showns, st.integers(0, 10_000))
def test_every_turn_ends(moment: Moment, answer: Z | None, shown: Shown, takes: int) -> None:
    reconciled(NOW, moment, answer=answer, shown=shown, takes=takes)


@given(moments, st.none() | presences, showns)
def test_a_turn_does_nothing_twice(moment: Moment, answer: Z | None, shown: Shown) -> None:
    _, steps = reconciled(NOW, moment, answer=answer, shown=shown)
    doing = [step.do for step in steps]
    for what in (Do.LOOK, Do.SET, Do.CLEAR, Do.PREFER, Do.UNPREFER):
        assert doing.count(what) <= (2 if what is Do.LOOK else 1)


@given(moments, st.none() | presences, showns)
def test_switched_off_nothing_is_held_after_the_turn(
    moment: Moment, answer: Z | None, shown: Shown
) -> None:
    after, steps = reconciled(NOW, moment.but(verdict=OFF), answer=answer, shown=shown)
    assert not any(step.do in {Do.ASK, Do.SET, Do.PREFER} for step in steps)
    left = [h for h in (after.person.held, after.person.preferred) if _lasts(h)]
    if left:  # a status that can't be seen stays with its carrier, and is looked for again
        assert after.seen.shown is not None
        assert not after.seen.shown.known
        assert _lasts(after.person.preferred)
        assert steps[-1].due_ms is not None
        assert steps[-1].due_ms <= NOW + LOOK_AGAIN_MS


def _lasts(held: Held | None) -> bool:
    return held is not None and held.until_ms > NOW + ENDED_MARGIN_MS


@given(moments)
@example(knowing(Z.IN_MEETING, HOUR, can_ask=False))
def test_busy_is_never_started_from_an_old_state(moment: Moment) -> None:
    step = moment.plan(NOW)
    if step.do is Do.SET and step.why is Why.SHOWING and step.pair and step.pair.interrupts:
        observation, held = moment.person.observation, moment.person.held
        assert observation is not None
        old = NOW - observation.at_ms >= fresh_for_ms(observation.presence)
        continues = held is not None and held.pair == step.pair
        assert continues or not old


# -- over hours --------------------------------------------------------------------------------


def live_through(
    hours: float, moment: Moment, *, answer: Z | None, late: random.Random
) -> list[tuple[int, Plan]]:
    """Every write of a person to whom nothing happens but the passing of time."""
    now, writes, world = NOW, [], World(can_ask=answer is not None)
    while now < NOW + hours * HOUR:
        moment = moment.but(seen=UNSEEN, world=world, spread=late.random())
        moment, steps = reconciled(now, moment, answer=answer, shown=OFFLINE)
        writes += [(now, step) for step in steps if step.do in {Do.SET, Do.CLEAR}]
        due = steps[-1].due_ms
        if due is None:
            break
        now = due + late.randrange(2000)  # a worker comes a little late
    return writes


@pytest.mark.parametrize("seed", range(5))
def test_an_available_is_repeated_before_it_fades(seed: int) -> None:
    moment = knowing(Z.AVAILABLE, 0)
    writes = live_through(5, moment, answer=Z.AVAILABLE, late=random.Random(seed))
    gaps = {later - earlier for (earlier, _), (later, _) in itertools.pairwise(writes)}
    assert max(gaps) < 5 * MINUTE
    assert min(gaps) > 3 * MINUTE
    assert len(gaps) > 20, "people who changed together must not be repeated together"
    assert {step.lane for _, step in writes[1:]} == {Lane.FADE}


@pytest.mark.parametrize("zoom", [Z.IN_MEETING, Z.PRESENTING, Z.DO_NOT_DISTURB, Z.BUSY, Z.AWAY])
def test_other_states_are_repeated_before_they_end(zoom: Z) -> None:
    writes = live_through(6, knowing(zoom, 0), answer=zoom, late=random.Random(1))
    for (earlier, step), (later, _) in itertools.pairwise(writes):
        assert 20 * MINUTE < later - earlier < step.minutes * MINUTE - ENDED_MARGIN_MS


@pytest.mark.parametrize("zoom", [Z.IN_MEETING, Z.AVAILABLE, Z.AWAY])
def test_without_zooms_api_a_state_is_held_until_it_is_given_up(zoom: Z) -> None:
    writes = live_through(24, knowing(zoom, 0, can_ask=False), answer=None, late=random.Random(1))
    ends = [at + step.minutes * MINUTE for at, step in writes if step.do is Do.SET]
    assert all(later < end for end, (later, _) in zip(ends, writes[1:], strict=False))
    given_up = NOW + give_up_after_ms(zoom)
    assert given_up <= ends[-1] <= given_up + 5 * MINUTE
    assert max(at for at, _ in writes) <= given_up + 2000


# -- order -------------------------------------------------------------------------------------


@given(st.lists(st.builds(Observation, presences, st.integers(1, 4)), min_size=1))
def test_the_newest_observation_wins_in_any_order_of_arrival(arrived: list[Observation]) -> None:
    newest = None
    for observation in arrived:
        if supersedes(observation, newest):
            newest = observation
    assert newest == max(arrived, key=lambda o: (o.at_ms, o.presence))


@given(observations)
def test_a_repeat_changes_nothing(observation: Observation) -> None:
    assert not supersedes(observation, observation)
    assert supersedes(observation, None)


# -- doubt -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "held", [None, holding(IN_A_CALL), holding(IN_A_CALL, told_ago=50 * MINUTE)]
)
def test_what_is_doubted_is_asked_before_anything_else(held: Held | None) -> None:
    for zoom in (Z.IN_MEETING, Z.OFFLINE, Z.AVAILABLE):
        known = knowing(zoom, 1000, held=held, shown=OFFLINE)
        assert known.doubted(NOW - 500).plan(NOW).do is Do.ASK
        for doubted in (0, NOW - 1000, NOW - 5000):  # it was observed since
            assert known.doubted(doubted).plan(NOW) == known.plan(NOW)


def test_where_zoom_cannot_be_asked_doubt_changes_nothing() -> None:
    for age in (1000, 50 * MINUTE, 3 * HOUR, 13 * HOUR):
        for held in (None, holding(IN_A_CALL)):
            known = knowing(Z.IN_MEETING, age, held=held, can_ask=False)
            assert known.doubted(NOW).plan(NOW) == known.plan(NOW)


def test_a_doubt_that_is_still_to_come_is_none() -> None:
    """After a clock was set back: no answer of Zoom could ever be newer."""
    known = knowing(Z.IN_MEETING)
    assert known.doubted(NOW + 1).plan(NOW) == known.plan(NOW)


def test_who_is_off_or_tests_is_not_asked_about() -> None:
    off = knowing(Z.IN_MEETING, verdict=OFF)
    assert off.doubted(NOW).plan(NOW) == off.plan(NOW)
    tests = knowing(Z.IN_MEETING, test_until_ms=NOW + MINUTE)
    assert tests.doubted(NOW).plan(NOW) == tests.plan(NOW)


def test_every_step_writes_or_does_not() -> None:
    assert set(Do) - set(WRITES) == {Do.NOTHING, Do.LOOK, Do.ASK, Do.YIELD}


@pytest.mark.parametrize(
    ("held", "zoom", "first"),
    [
        (None, Z.PRESENTING, True),
        (IN_A_CALL, Z.DO_NOT_DISTURB, True),
        (IN_A_CALL, Z.AVAILABLE, True),
        (IN_A_CALL, Z.OFFLINE, True),
        (PRESENTING, Z.IN_MEETING, True),
        (IN_A_CALL, Z.ON_PHONE_CALL, False),
        (None, Z.IN_MEETING, False),
        (AVAILABLE, Z.BUSY, False),
        (AVAILABLE, Z.AWAY, False),
    ],
)
def test_silence_and_the_end_of_busy_overtake(held: Pair | None, zoom: Z, first: bool) -> None:
    assert overtakes(held, zoom) is first
