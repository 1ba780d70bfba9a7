"""Microsoft of the simulated day, against the sandbox's, which follows Graph's documentation."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.truth import microsoft
from bench.truth.microsoft import CODE, NONE, PAIRS, PREFERRED_CODES, SESSION_CODES, Presence
from sandbox.graph_presence import (
    Pair,
    Preferred,
    Session,
    TeamsClient,
    TeamsState,
    aggregate,
)

pytestmark = pytest.mark.unit

CLIENTS = {
    NONE: TeamsClient.CLOSED,
    microsoft.AVAILABLE: TeamsClient.ACTIVE,
    microsoft.AWAY: TeamsClient.IDLE,
    microsoft.IN_A_CALL: TeamsClient.CALL,
    microsoft.PRESENTING: TeamsClient.PRESENTING,
}
FOREVER = 1e12

moves = st.one_of(
    st.tuples(st.just("session"), st.sampled_from(SESSION_CODES), st.integers(5, 60)),
    st.tuples(st.just("clear")),
    st.tuples(st.just("prefer"), st.sampled_from(PREFERRED_CODES), st.integers(5, 60)),
    st.tuples(st.just("unprefer")),
    st.tuples(st.just("choose"), st.sampled_from((NONE, *PREFERRED_CODES))),
    st.tuples(st.just("client"), st.sampled_from(tuple(CLIENTS))),
    st.tuples(st.just("calendar"), st.booleans()),
)


class Both:
    """The same life on both sides; times in whole seconds."""

    def __init__(self) -> None:
        self.now = 0
        self.twin = Presence()
        self.ours: Session | None = None
        self.teams = TeamsState()
        self.calendar: Session | None = None
        self.preferred: Preferred | None = None

    def session(self, code: int, minutes: int) -> None:
        self.twin.set_session(self.now * 1000, code, minutes)
        self.ours = Session(Pair(*PAIRS[code]), self.now, self.now + minutes * 60)

    def clear(self) -> None:
        self.twin.clear_session()
        self.ours = None

    def prefer(self, code: int, minutes: int) -> None:
        self.twin.prefer(self.now * 1000, code, minutes)
        self.preferred = Preferred(Pair(*PAIRS[code]), self.now + minutes * 60, "us")

    def unprefer(self) -> None:
        self.twin.unprefer()
        self.preferred = None

    def choose(self, code: int) -> None:
        self.twin.choose(self.now * 1000, code)
        chosen = Preferred(Pair(*PAIRS[code]), FOREVER, "them")
        self.preferred = None if code == NONE else chosen

    def client(self, code: int) -> None:
        self.twin.client, self.twin.client_since = code, self.now * 1000
        self.teams = TeamsState(CLIENTS[code], self.now)

    def calendar_event(self, on: bool) -> None:
        self.twin.calendar, self.twin.calendar_since = on, self.now * 1000
        event = Session(Pair("Busy", "InAMeeting"), self.now, FOREVER)
        self.calendar = event if on else None

    def sandbox(self, now: float) -> Pair:
        calendar = self.calendar if self.teams.shown() is not None else None
        sessions = [session for session in (self.ours, calendar) if session is not None]
        return aggregate(sessions, self.teams, self.preferred, now)


@given(st.lists(st.tuples(moves, st.integers(1, 900)), max_size=25))
def test_both_show_the_same(played: list[tuple[tuple[Any, ...], int]]) -> None:
    life = Both()
    for (move, *arguments), seconds in played:
        getattr(life, "calendar_event" if move == "calendar" else move)(*arguments)
        end = life.now + seconds
        while life.now < end:
            code, until = life.twin.shown_until(life.now * 1000)
            assert Pair(*PAIRS[code]) == life.sandbox(life.now)
            life.now = min(end, until // 1000)
            assert Pair(*PAIRS[code]) == life.sandbox(life.now - 0.5)


@pytest.mark.parametrize("code", PREFERRED_CODES)
def test_what_people_choose_counts_as_theirs_until_we_write(code: int) -> None:
    presence = Presence()
    presence.choose(0, code)
    assert presence.choice(1) == code
    presence.prefer(2, CODE[PAIRS[code]], 60)
    assert presence.choice(3) == NONE
