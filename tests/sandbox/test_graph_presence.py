from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.graph_presence import (
    AVAILABLE,
    AWAY,
    DAY,
    INACTIVE,
    OFFLINE,
    PREFERRED_PAIRS,
    SESSION_PAIRS,
    Pair,
    Preferred,
    Session,
    TeamsClient,
    TeamsState,
    aggregate,
    next_turn,
    parse_duration,
    preferred_default,
)

pytestmark = pytest.mark.unit

CALL = Pair("Busy", "InACall")
CONFERENCE = Pair("Busy", "InAConferenceCall")
PRESENTING = Pair("DoNotDisturb", "Presenting")
CLOSED = TeamsState()


def app(pair: Pair, *, at: float = 0, lasts: float = 3600) -> Session:
    return Session(pair, at, at + lasts)


def hand(availability: str, activity: str, until: float = DAY) -> Preferred:
    return Preferred(Pair(availability, activity), until, "person")


@pytest.mark.parametrize(
    ("session", "client", "shown"),
    [
        (None, TeamsClient.CLOSED, OFFLINE),
        (None, TeamsClient.ACTIVE, AVAILABLE),
        (None, TeamsClient.IDLE, AWAY),
        (None, TeamsClient.CALL, CALL),
        (None, TeamsClient.PRESENTING, PRESENTING),
        (AVAILABLE, TeamsClient.CLOSED, AVAILABLE),
        (AVAILABLE, TeamsClient.IDLE, AVAILABLE),
        (AVAILABLE, TeamsClient.CALL, CALL),
        (AWAY, TeamsClient.CLOSED, AWAY),
        (AWAY, TeamsClient.ACTIVE, AVAILABLE),
        (CALL, TeamsClient.ACTIVE, CALL),
        (CALL, TeamsClient.PRESENTING, PRESENTING),
        (CONFERENCE, TeamsClient.IDLE, CONFERENCE),
        (PRESENTING, TeamsClient.CALL, PRESENTING),
    ],
)
def test_the_strongest_session_is_shown(
    session: Pair | None, client: TeamsClient, shown: Pair
) -> None:
    sessions = [app(session)] if session else []
    assert aggregate(sessions, TeamsState(client), None, now=1) == shown


@pytest.mark.parametrize(
    ("pair", "after", "shown"),
    [
        (AVAILABLE, 299, AVAILABLE),
        (AVAILABLE, 300, INACTIVE),
        (AVAILABLE, 599, INACTIVE),
        (AVAILABLE, 600, AWAY),
        (AVAILABLE, 3599, AWAY),
        (AVAILABLE, 3600, OFFLINE),
        (CALL, 3599, CALL),
        (CALL, 3600, OFFLINE),
        (AWAY, 3599, AWAY),
        (PRESENTING, 3600, OFFLINE),
    ],
)
def test_available_fades_and_everything_expires(pair: Pair, after: float, shown: Pair) -> None:
    assert aggregate([app(pair)], CLOSED, None, now=after) == shown


def test_a_client_that_is_really_active_beats_a_fading_session() -> None:
    teams = TeamsState(TeamsClient.ACTIVE, since=0)
    assert aggregate([app(AVAILABLE, at=100)], teams, None, now=500) == AVAILABLE


def test_the_freshest_of_two_equals_is_shown() -> None:
    sessions = [app(CALL, at=0), app(CONFERENCE, at=10)]
    assert aggregate(sessions, CLOSED, None, now=20) == CONFERENCE
    assert aggregate(reversed(sessions), CLOSED, None, now=20) == CONFERENCE


@pytest.mark.parametrize("pair", sorted(PREFERRED_PAIRS))
def test_a_status_set_by_hand_beats_every_session(pair: Pair) -> None:
    chosen = Preferred(pair, DAY, "person")
    assert aggregate([app(PRESENTING)], CLOSED, chosen, now=1) == pair


def test_a_status_set_by_hand_needs_a_session_to_show() -> None:
    chosen = hand("Busy", "Busy")
    assert aggregate([], CLOSED, chosen, now=1) == OFFLINE
    assert aggregate([app(CALL)], CLOSED, chosen, now=3600) == OFFLINE
    assert aggregate([], TeamsState(TeamsClient.IDLE), chosen, now=1).availability == "Busy"


def test_a_status_set_by_hand_expires() -> None:
    chosen = hand("Busy", "Busy", until=60)
    assert aggregate([app(AWAY)], CLOSED, chosen, now=60) == AWAY


def test_default_expiry_of_a_status_is_a_day_or_a_week() -> None:
    days = {pair.availability: preferred_default(pair) / DAY for pair in PREFERRED_PAIRS}
    assert days == {
        "DoNotDisturb": 1,
        "Busy": 1,
        "Available": 7,
        "BeRightBack": 7,
        "Away": 7,
        "Offline": 7,
    }


def test_graph_takes_exactly_the_documented_session_pairs() -> None:
    assert {AVAILABLE, CALL, CONFERENCE, AWAY, PRESENTING} == SESSION_PAIRS


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT5M", 300),
        ("PT4H", 14_400),
        ("PT300S", 300),
        ("PT1H30M", 5400),
        ("P1D", 86_400),
        ("P1DT1S", 86_401),
        ("PT0.5S", 0.5),
    ],
)
def test_durations_are_iso_8601(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "P", "PT", "P1DT", "0:05:00", "5M", "PT5", "pt5m", "PT-5M", " PT5M", "PT5M\n", "PT٥M"],
)
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        parse_duration(text)


PAIRS = st.sampled_from(sorted(SESSION_PAIRS))
MOMENTS = st.integers(0, 2000).map(float)
SESSIONS = st.lists(
    st.builds(lambda p, a, e: app(p, at=a, lasts=e), PAIRS, MOMENTS, st.integers(300, 900)),
    max_size=4,
)
TEAMS = st.builds(TeamsState, st.sampled_from(TeamsClient), MOMENTS)
PREFERENCES = st.none() | st.builds(
    Preferred, st.sampled_from(sorted(PREFERRED_PAIRS)), MOMENTS, st.just("person")
)


@given(SESSIONS, TEAMS, PREFERENCES, MOMENTS)
def test_nothing_changes_between_two_turns(
    sessions: list[Session], teams: TeamsState, preferred: Preferred | None, now: float
) -> None:
    turn = next_turn(sessions, preferred, now)
    shown = aggregate(sessions, teams, preferred, now)
    later = now + 10_000 if turn is None else turn - 0.001
    assert aggregate(sessions, teams, preferred, max(now, later)) == shown


@given(SESSIONS, TEAMS, MOMENTS, PAIRS)
def test_another_session_never_lowers_what_is_shown(
    sessions: list[Session], teams: TeamsState, now: float, pair: Pair
) -> None:
    rank = ["Offline", "Away", "Available", "Busy", "DoNotDisturb"].index
    before = aggregate(sessions, teams, None, now).availability
    after = aggregate([*sessions, app(pair, at=now)], teams, None, now).availability
    assert rank(after) >= max(rank(before), rank(pair.availability))
