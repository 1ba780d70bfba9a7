"""Plans when Microsoft's answer was not heard: what we hold there may be there, or not."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.clock import MINUTE
from domain.person import Held
from domain.plan import EXPIRY_MIN
from domain.presence import (
    AWAY,
    IN_A_CALL,
    PRESENTING,
    Observation,
    Pair,
    Shown,
    Style,
    ZoomPresence,
    demand_of,
)
from domain.step import UNSEEN, Do, Plan, Seen
from sync.engine.reconcile import MOST_STEPS
from tests.domain.planning import Moment, Someone, on
from tests.domain.test_plan_full import Microsoft

pytestmark = pytest.mark.unit

START = 1_760_000_000_000
DND, BUSY = Pair("DoNotDisturb", "DoNotDisturb"), Pair("Busy", "Busy")
Z = ZoomPresence
FAILURES = ("done, not heard", "not done", "died, done", "died, not done")


class Doubt:
    """A person of whom Microsoft holds nothing but ours, and writes that fail on the way.

    After a failure sync.engine.reconcile keeps what was to be written as unsure (a session too if
    the worker died: then it is whatever was held before, or a call, and unsure).
    """

    def __init__(self, style: Style) -> None:
        self.now = START
        self.microsoft = Microsoft(client=None)
        self.moment = Moment(Someone(), on(style))
        self.style = style

    def says(self, zoom: Z) -> None:
        self.now += 1000
        self.moment = self.moment.but(observation=Observation(zoom, self.now))

    def reconcile(self, failure: str | None = None) -> None:
        """Reconcile once; its first write goes wrong if `failure` says so."""
        self.moment = self.moment.but(seen=UNSEEN)
        for _ in range(MOST_STEPS):
            step = self.moment.plan(self.now)
            if step.do is Do.NOTHING:
                return
            if step.do is Do.LOOK:
                seen = Seen(self.microsoft.shown(), self.moment.person.held)
                self.moment = self.moment.but(seen=seen)
            elif step.do is Do.YIELD:
                observation = self.moment.person.observation
                at = observation.at_ms if observation else None
                self.moment = self.moment.but(preferred=None, yielded_ms=at)
            elif failure is not None:
                self.goes_wrong(step, failure)
                return
            else:
                self.run(step)
                self.keep(step, sure=True)
                if step.do is Do.UNPREFER:
                    self.moment = self.moment.but(seen=UNSEEN)
        raise AssertionError(step)

    def run(self, step: Plan) -> None:
        ends = self.now + step.minutes * MINUTE
        if step.do in {Do.SET, Do.CLEAR}:
            self.microsoft.session, self.microsoft.session_ends = step.pair, ends
        else:
            self.microsoft.preferred, self.microsoft.preferred_ends = step.pair, ends

    def keep(self, step: Plan, *, sure: bool) -> None:
        """As sync.engine.reconcile does: after a failure what may be there, to the longest."""
        field = "held" if step.do in {Do.SET, Do.CLEAR} else "preferred"
        before: Held | None = getattr(self.moment.person, field)
        held = None
        if step.pair is not None:
            held = Held(step.pair, self.now, self.now + step.minutes * MINUTE, sure=sure)
            if before is not None and not sure:
                held = held._replace(until_ms=max(held.until_ms, before.until_ms))
        elif not sure:
            assert before is not None
            held = before._replace(sure=False)
        self.moment = (
            self.moment.but(held=held) if field == "held" else self.moment.but(preferred=held)
        )

    def goes_wrong(self, step: Plan, failure: str) -> None:
        done = failure in {"done, not heard", "died, done"}
        if done:
            self.run(step)
        session = step.do in {Do.SET, Do.CLEAR}
        if failure.startswith("died") and session:
            held = self.moment.person.held or Held(IN_A_CALL, self.now, self.now)
            longest = max(held.until_ms, self.now + EXPIRY_MIN * MINUTE)
            self.moment = self.moment.but(held=held._replace(until_ms=longest, sure=False))
        else:
            self.keep(step, sure=False)

    def shows_what_zoom_demands(self) -> None:
        observation = self.moment.person.observation
        assert observation is not None
        demand = demand_of(observation.presence, self.style)
        shown = self.microsoft.session, self.microsoft.preferred
        assert shown == (demand.session, demand.preferred)


@given(
    st.sampled_from(Style),
    st.lists(
        st.tuples(st.sampled_from(Z), st.lists(st.sampled_from([None, *FAILURES]), max_size=3)),
        min_size=1,
        max_size=5,
    ),
)
@example(  # the other label was not set; the one before it stood until it expired
    Style.FULL, [(Z.DO_NOT_DISTURB, [None]), (Z.BUSY, ["not done"]), (Z.OFFLINE, [])]
)
@example(  # the session that carries it was not set; Offline looked like the person's own choice
    Style.FULL, [(Z.BUSY, ["not done"])]
)
@example(  # a session that nobody remembered looked like Microsoft's own: an echo
    Style.MIRROR,
    [(Z.PRESENTING, ["died, done"]), (Z.IN_MEETING, ["not done"]), (Z.DO_NOT_DISTURB, [])],
)
def test_whatever_is_not_heard_the_next_good_turn_shows_what_zoom_demands(
    style: Style, story: list[tuple[Z, list[str | None]]]
) -> None:
    doubt = Doubt(style)
    for zoom, writes in story:
        doubt.says(zoom)
        for failure in writes:
            doubt.reconcile(failure)
    doubt.reconcile()
    doubt.shows_what_zoom_demands()


@given(
    st.sampled_from([Pair("BeRightBack", "BeRightBack"), DND, Pair("Offline", "OffWork")]),
    st.sampled_from(["Available", None]),
    st.sampled_from([Z.BUSY, Z.IN_CALENDAR_EVENT]),
    st.lists(st.sampled_from([None, *FAILURES]), max_size=3),
)
@example(Pair("BeRightBack", "BeRightBack"), "Available", Z.BUSY, ["died, not done"])
def test_what_the_person_chose_is_theirs_whatever_is_not_heard(
    chosen: Pair, client: str | None, zoom: Z, failures: list[str | None]
) -> None:
    doubt = Doubt(Style.FULL)
    doubt.microsoft.client = client
    doubt.says(Z.AVAILABLE)
    for failure in failures:
        doubt.reconcile(failure)
    doubt.microsoft.preferred, doubt.microsoft.preferred_ends = chosen, START * 2
    doubt.says(zoom)
    for failure in failures:
        doubt.reconcile(failure)
    doubt.reconcile()
    assert doubt.microsoft.preferred == chosen


def test_the_label_before_the_last_is_taken_back_too() -> None:
    doubt = Doubt(Style.FULL)
    doubt.says(Z.DO_NOT_DISTURB)
    doubt.reconcile()
    doubt.says(Z.BUSY)
    doubt.reconcile("not done")
    doubt.says(Z.OFFLINE)
    doubt.reconcile()
    assert doubt.microsoft.preferred is None


def test_no_session_is_not_the_persons_own_choice() -> None:
    unsure = Held(AWAY, START, START + EXPIRY_MIN * MINUTE, sure=False)
    person = Someone(observation=Observation(Z.BUSY, START), held=unsure)
    seen = Seen(Shown("Offline", "Offline"), unsure)
    step = Moment(person, on(Style.FULL), seen).plan(START + 1)
    assert (step.do, step.pair) == (Do.SET, AWAY)


def test_what_may_be_ours_is_no_echo() -> None:
    unsure = Held(IN_A_CALL, START, START + EXPIRY_MIN * MINUTE, sure=False)
    person = Someone(observation=Observation(Z.DO_NOT_DISTURB, START), held=unsure)
    seen = Seen(Shown("DoNotDisturb", "Presenting"), unsure)
    step = Moment(person, on(Style.MIRROR), seen).plan(START + 1)
    assert (step.do, step.pair) == (Do.SET, PRESENTING)
