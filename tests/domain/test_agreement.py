"""How what Microsoft shows fits what it should: for everybody together, and never of a few."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.agreement import FEWEST, Agreement, Fit, counted_as, fit
from domain.policy import Reason, Verdict
from domain.presence import (
    AVAILABLE,
    AWAY,
    IN_A_CALL,
    NOT_SAID,
    PRESENTING,
    SESSION_PAIRS,
    Pair,
    Shown,
    Style,
)
from domain.readback import satisfies
from domain.step import Why

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("shown", "wanted", "held", "hidden", "said"),
    [
        ("Busy/InACall", IN_A_CALL, IN_A_CALL, "", Fit.RIGHT),
        ("Available/Available", AVAILABLE, None, "", Fit.RIGHT),
        ("Busy/InAMeeting", IN_A_CALL, None, "", Fit.LABEL),
        ("Busy", IN_A_CALL, None, "", Fit.RIGHT),  # Microsoft leaves the activity out
        ("Focusing/Focusing", PRESENTING, None, "", Fit.LABEL),
        # Their own call, meeting or status goes first.
        ("Busy/InAMeeting", AVAILABLE, AVAILABLE, "", Fit.RIGHT),
        ("DoNotDisturb/DoNotDisturb", IN_A_CALL, IN_A_CALL, "", Fit.RIGHT),
        ("Available/Available", AWAY, AWAY, "", Fit.RIGHT),
        ("BeRightBack/BeRightBack", IN_A_CALL, IN_A_CALL, "berightback", Fit.OWN),
        ("Offline/OffWork", AVAILABLE, None, "offline", Fit.OWN),
        # Another one shows than the one that was not written over.
        ("Offline/Offline", AVAILABLE, None, "away", Fit.MISSING_AVAILABLE),
        ("Away/Away", AVAILABLE, AVAILABLE, "", Fit.MISSING_AVAILABLE),
        ("AvailableIdle/AvailableIdle", AVAILABLE, AVAILABLE, "", Fit.MISSING_AVAILABLE),
        ("Available/AvailableInactive", AVAILABLE, AVAILABLE, "", Fit.MISSING_AVAILABLE),
        ("Offline/Offline", AWAY, None, "", Fit.MISSING_AVAILABLE),
        ("Available/Available", IN_A_CALL, AVAILABLE, "", Fit.MISSING_BUSY),
        ("Busy/InACall", PRESENTING, IN_A_CALL, "", Fit.MISSING_BUSY),
        ("Busy/InACall", AVAILABLE, IN_A_CALL, "", Fit.FALSE_BUSY),
        ("DoNotDisturb/Presenting", IN_A_CALL, PRESENTING, "", Fit.FALSE_BUSY),
        ("Busy/InACall", None, IN_A_CALL, "", Fit.FALSE_BUSY),
        ("Available/Available", AWAY, AVAILABLE, "", Fit.FALSE_AVAILABLE),
        # Nothing of Zoom's is to be shown: whatever Microsoft shows is its own.
        ("Busy/InACall", None, None, "", None),
        ("Available/Available", None, AVAILABLE, "", None),
        ("Hovering/Hovering", AVAILABLE, None, "", None),
    ],
)
def test_every_kind(
    shown: str, wanted: Pair | None, held: Pair | None, hidden: str, said: Fit | None
) -> None:
    availability, _, activity = shown.partition("/")
    assert fit(Shown(availability, activity), wanted, held, hidden) is said


PAIRS = st.sampled_from([None, *SESSION_PAIRS])
WORDS = st.sampled_from(
    [
        *("Available", "AvailableIdle", "Away", "BeRightBack", "Busy", "BusyIdle"),
        *("DoNotDisturb", "Focusing", "Offline", "PresenceUnknown", ""),
    ]
)


@given(WORDS, WORDS, PAIRS, PAIRS, st.sampled_from(["", "away", "offline", "berightback"]))
def test_it_is_said_of_everybody_of_whom_it_can_be(
    availability: str, activity: str, wanted: Pair | None, held: Pair | None, hidden: str
) -> None:
    shown = Shown(availability, activity)
    said = fit(shown, wanted, held, hidden)
    if not shown.known:
        assert said is None
    elif wanted is not None:
        assert said is not None
        if satisfies(shown, wanted):
            assert said in {Fit.RIGHT, Fit.LABEL}
    if said in {Fit.FALSE_BUSY, Fit.FALSE_AVAILABLE}:
        assert held is not None  # nothing is false that is not ours
        assert held.availability.lower() == shown.family
    assert fit(NOT_SAID, wanted, held, hidden) is None


def test_it_is_said_of_nobody_who_decided_otherwise() -> None:
    on = Verdict(True, Reason.ON, Style.MIRROR)
    assert counted_as(on, Why.SHOWING) is Style.MIRROR
    assert counted_as(on._replace(style=Style.QUIET), Why.RIGHT) is Style.QUIET
    assert counted_as(on._replace(style=Style.FULL), Why.SHOWING) is None
    assert counted_as(on._replace(on=False), Why.SHOWING) is None
    said = {why for why in Why if counted_as(on, why) is not None}
    assert said == {Why.NOTHING_TO_SHOW, Why.SHOWING, Why.RIGHT, Why.COVERED, Why.ECHO}


def test_a_few_are_nobodys_business() -> None:
    few = Agreement(60_000, FEWEST - 1, FEWEST - 1, {Fit.RIGHT: FEWEST - 2, Fit.FALSE_BUSY: 1})
    assert (few.share, few.not_looked, dict(few.shares)) == (None, None, {})
    more = Agreement(60_000, 100, 40, {Fit.RIGHT: 15, Fit.LABEL: 2, Fit.OWN: 1, Fit.FALSE_BUSY: 2})
    assert more.share == 0.9
    assert more.not_looked == 0.6
    assert list(more.shares) == list(Fit)
    assert more.shares[Fit.FALSE_BUSY] == 0.1
    assert sum(more.shares.values()) == pytest.approx(1)
    gone = Agreement(60_000, 20, 25, {})
    assert (gone.share, gone.not_looked) == (None, 0)  # some have left since
