"""Every style, played against a model of Microsoft's presence and of what people do by hand."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import HOUR, MINUTE
from domain.person import Held
from domain.policy import Verdict
from domain.presence import (
    AWAY,
    PREFERRED_PAIRS,
    SESSION_PAIRS,
    Observation,
    Pair,
    Shown,
    Style,
    ZoomPresence,
    demand_of,
)
from domain.step import UNSEEN, Do, Plan, Seen, Why, World
from sync.engine.reconcile import MOST_STEPS
from tests.domain.planning import OFF, Moment, Someone, on

pytestmark = pytest.mark.unit

START = 1_760_000_000_000
DND, BUSY = Pair("DoNotDisturb", "DoNotDisturb"), Pair("Busy", "Busy")
BY_HAND = {pair.availability: pair for pair in PREFERRED_PAIRS}
ORDER = ["DoNotDisturb", "Busy", "Available", "Away"]
ACTIVITY = {"DoNotDisturb": "Presenting", "Busy": "InACall"}
"""What sessions say; only a person's choice is plainly busy."""
Z = ZoomPresence


@dataclass
class Microsoft:
    """One person's presence as Graph's documentation describes it.

    The preferred slot overrides every session but shows only while there is one; among sessions the
    order is Do not disturb, Busy, Available, Away.
    """

    client: str | None = None  # what the person's own Teams shows
    session: Pair | None = None  # ours
    session_ends: int = 0
    preferred: Pair | None = None
    preferred_ends: int = 0
    ours: bool = False  # whether the preferred status is from us

    def pass_time(self, now: int) -> None:
        if self.session_ends <= now:
            self.session = None
        if self.preferred_ends <= now:
            self.preferred = None

    def shown(self) -> Shown:
        sessions = [self.client, self.session.availability if self.session else None]
        present = [availability for availability in sessions if availability is not None]
        if not present:
            return Shown("Offline", "Offline")
        if self.preferred is not None:
            return Shown(self.preferred.availability, self.preferred.activity)
        best = min(present, key=ORDER.index)
        return Shown(best, ACTIVITY.get(best, best))


@dataclass
class Life:
    """A person, what is known of them, and the writes so far."""

    verdict: Verdict
    can_ask: bool = False
    zoom: Z = Z.OFFLINE
    microsoft: Microsoft = field(default_factory=Microsoft)
    now: int = START
    moment: Moment = field(init=False)
    writes: list[Plan] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.moment = Moment(Someone(), self.verdict, world=World(self.can_ask))

    def says(self, zoom: Z) -> None:
        self.zoom, self.now = zoom, self.now + 1
        self.moment = self.moment.but(observation=Observation(zoom, self.now))

    def wait(self, minutes: int) -> None:
        self.now += minutes * MINUTE
        self.microsoft.pass_time(self.now)

    def choose(self, availability: str | None) -> None:
        """The person sets their status by hand; None: they reset it."""
        self.microsoft.preferred = BY_HAND[availability] if availability else None
        self.microsoft.preferred_ends, self.microsoft.ours = self.now + 24 * HOUR, False

    def reconcile(self) -> Plan:
        """What sync.engine.reconcile does; returns the plan that ends it."""
        self.microsoft.pass_time(self.now)
        self.moment = self.moment.but(seen=UNSEEN, verdict=self.verdict)
        for _ in range(MOST_STEPS):
            step = self.moment.plan(self.now)
            if step.do is Do.NOTHING:
                return step
            self._carry_out(step)
        raise AssertionError(self.writes[-MOST_STEPS:])

    def _carry_out(self, step: Plan) -> None:
        microsoft, known = self.microsoft, self.moment
        held = None
        if step.pair is not None:
            held = Held(step.pair, self.now, self.now + step.minutes * MINUTE)
        if step.do is Do.ASK:
            known = known.but(observation=Observation(self.zoom, self.now))
        elif step.do is Do.LOOK:
            known = known.but(seen=Seen(microsoft.shown(), known.person.held))
        elif step.do is Do.YIELD:
            observation = known.person.observation
            at = observation.at_ms if observation else None
            known = known.but(preferred=None, yielded_ms=at)
        elif step.do in {Do.SET, Do.CLEAR}:
            assert step.pair is None or step.pair in SESSION_PAIRS
            microsoft.session, microsoft.session_ends = step.pair, held.until_ms if held else 0
            known = known.but(held=held)
            self.writes.append(step)
        else:
            assert step.pair is None or step.pair in PREFERRED_PAIRS
            assert held is None or 5 <= step.minutes <= 60
            if not microsoft.ours and microsoft.preferred is not None:
                # The heuristic: a choice that can't be told from Microsoft's rules or from ours.
                alike = {"Available", "Away"}
                if known.person.preferred is not None:
                    alike.add(known.person.preferred.pair.availability)
                assert microsoft.preferred.availability in alike
            microsoft.preferred = step.pair
            microsoft.preferred_ends, microsoft.ours = held.until_ms if held else 0, True
            known = known.but(preferred=held)
            if step.do is Do.UNPREFER:
                known = known.but(seen=UNSEEN)
            self.writes.append(step)
        self.moment = known


# -- what `full` is for --------------------------------------------------------------------------


def test_do_not_disturb_shows_with_zooms_own_label() -> None:
    for client in (None, "Available", "Busy", "Away"):
        life = Life(on(Style.FULL), microsoft=Microsoft(client))
        life.says(Z.DO_NOT_DISTURB)
        step = life.reconcile()
        assert step.why is Why.SHOWING
        assert life.microsoft.shown() == Shown("DoNotDisturb", "DoNotDisturb")
        assert life.microsoft.session == AWAY, "it is carried by the weakest session"
        assert step.due_ms is not None
        assert step.due_ms > life.now


def test_from_one_label_to_the_next() -> None:
    life = Life(on(Style.FULL), microsoft=Microsoft("Available"))
    for zoom in (Z.DO_NOT_DISTURB, Z.BUSY, Z.IN_MEETING, Z.DO_NOT_DISTURB, Z.AWAY, Z.BUSY):
        life.says(zoom)
        life.reconcile()
        demand = demand_of(zoom, Style.FULL)
        expected = demand.preferred or demand.session
        assert expected is not None
        if zoom is not Z.AWAY:
            assert life.microsoft.shown().availability == expected.availability
        assert life.microsoft.preferred == demand.preferred
        assert life.microsoft.session == demand.session


def test_from_full_to_mirror_and_back() -> None:
    life = Life(on(Style.FULL), microsoft=Microsoft("Available"))
    life.says(Z.DO_NOT_DISTURB)
    for style in (Style.FULL, Style.MIRROR, Style.FULL, Style.BUSY_ONLY):
        life.verdict = on(style)
        life.reconcile()
        assert life.microsoft.shown().availability == "DoNotDisturb"
        assert life.microsoft.preferred == (DND if style is Style.FULL else None)


def test_what_we_preferred_is_taken_back_before_the_session() -> None:
    life = Life(on(Style.FULL), microsoft=Microsoft(None))
    life.says(Z.BUSY)
    life.reconcile()
    life.writes.clear()
    life.verdict = OFF
    life.reconcile()
    assert [step.do for step in life.writes] == [Do.UNPREFER, Do.CLEAR]


def test_what_the_person_chose_since_is_theirs() -> None:
    for chosen in ("BeRightBack", "Available", "Offline"):
        life = Life(on(Style.FULL), microsoft=Microsoft("Available"))
        life.says(Z.BUSY)
        life.reconcile()
        life.choose(chosen)
        life.writes.clear()
        life.wait(31)
        life.reconcile()
        life.verdict = OFF
        life.reconcile()
        assert life.microsoft.preferred == BY_HAND[chosen]
        assert not any(step.do in {Do.PREFER, Do.UNPREFER} for step in life.writes)


@pytest.mark.parametrize("chosen", ["BeRightBack", "DoNotDisturb", "Offline"])
@pytest.mark.parametrize("client", ["Available", None])
def test_a_status_that_we_cannot_explain_is_left_alone(chosen: str, client: str | None) -> None:
    life = Life(on(Style.FULL), microsoft=Microsoft(client))
    life.choose(chosen)
    life.says(Z.BUSY)
    assert life.reconcile().why is Why.OWN_STATUS
    assert life.microsoft.preferred == BY_HAND[chosen]
    assert life.microsoft.session is None
    assert not any(step.do is Do.PREFER for step in life.writes)


@pytest.mark.parametrize("client", ["Available", "Busy", None])
@pytest.mark.parametrize("before", [Z.OFFLINE, Z.AVAILABLE, Z.IN_MEETING])
def test_busy_by_hand_is_told_from_the_busy_of_a_call(client: str | None, before: Z) -> None:
    life = Life(on(Style.FULL), microsoft=Microsoft(client))
    life.says(before)
    life.reconcile()
    life.choose("Busy")
    life.says(Z.DO_NOT_DISTURB)
    assert life.reconcile().why is Why.OWN_STATUS
    assert life.microsoft.preferred == BUSY
    assert not any(step.do is Do.PREFER for step in life.writes)
    life.choose(None)
    life.wait(12)
    life.reconcile()
    assert life.microsoft.preferred == DND


def test_what_microsoft_shows_already_is_left_alone() -> None:
    life = Life(on(Style.FULL), microsoft=Microsoft("Available"))
    life.choose("DoNotDisturb")
    life.says(Z.DO_NOT_DISTURB)
    assert life.reconcile().why is Why.ECHO
    assert life.writes == []


def test_a_label_is_held_for_hours() -> None:
    life = Life(on(Style.FULL), can_ask=True, microsoft=Microsoft("Available"))
    life.says(Z.DO_NOT_DISTURB)
    for _ in range(40):
        step = life.reconcile()
        assert life.microsoft.shown().availability == "DoNotDisturb"
        assert step.due_ms is not None
        life.now = step.due_ms + 1000
        life.microsoft.pass_time(life.now)
        assert life.microsoft.preferred == DND
        assert life.microsoft.session == AWAY
    assert life.now > START + 10 * HOUR


# -- whatever happens ----------------------------------------------------------------------------

happenings = st.one_of(
    st.tuples(st.just("says"), st.sampled_from(Z)),
    st.tuples(st.just("wait"), st.sampled_from([0, 3, 11, 29, 31, 61, 250, 800])),
    st.tuples(st.just("choose"), st.none() | st.sampled_from(sorted(BY_HAND))),
    st.tuples(st.just("client"), st.none() | st.sampled_from(ORDER)),
    st.tuples(st.just("verdict"), st.sampled_from([OFF, *map(on, Style)])),
)


def happen(life: Life, what: str, value: object) -> None:
    match what, value:
        case "says", Z() as zoom:
            life.says(zoom)
        case "wait", int(minutes):
            life.wait(minutes)
        case "choose", (str() | None) as availability:
            life.choose(availability)
        case "client", (str() | None) as availability:
            life.microsoft.client = availability
        case "verdict", Verdict() as verdict:
            life.verdict = verdict
        case _:
            raise AssertionError(what)


@given(st.sampled_from(Style), st.booleans(), st.lists(happenings, max_size=12))
def test_whatever_happens_every_turn_ends_and_people_keep_what_they_chose(
    style: Style, can_ask: bool, story: list[tuple[str, object]]
) -> None:
    life = Life(on(style), can_ask=can_ask)
    for what, value in story:
        happen(life, what, value)
        step = life.reconcile()
        assert step.due_ms is None or step.due_ms > life.now


@given(st.sampled_from(Style), st.booleans(), st.lists(happenings, max_size=12))
def test_whatever_happened_switching_off_leaves_nothing_of_ours(
    style: Style, can_ask: bool, story: list[tuple[str, object]]
) -> None:
    life = Life(on(style), can_ask=can_ask, microsoft=Microsoft("Available"))
    for what, value in story:
        if what != "client":
            happen(life, what, value)
        life.reconcile()
    life.verdict = OFF
    life.reconcile()
    assert life.microsoft.session is None or life.microsoft.session_ends - life.now < 6000
    assert (
        life.microsoft.preferred is None
        or not life.microsoft.ours
        or life.microsoft.preferred_ends - life.now < 6000
    )


@given(st.sampled_from(sorted(set(Style) - {Style.FULL})), st.lists(happenings, max_size=12))
def test_only_full_ever_touches_the_persons_own_slot(
    style: Style, story: list[tuple[str, object]]
) -> None:
    life = Life(on(style))
    for what, value in story:
        if what != "verdict":
            happen(life, what, value)
        life.reconcile()
    assert not any(step.do in {Do.PREFER, Do.UNPREFER} for step in life.writes)
