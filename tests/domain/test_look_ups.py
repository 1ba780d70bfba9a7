"""Look-ups are counted by day and role, and told for ninety days, never for longer than is true."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import DAY
from domain.look_ups import DAYS, LookUps, counted, day_of, kept_until_ms
from domain.roles import Role
from wording.look_ups import look_ups_sentence

pytestmark = pytest.mark.unit

NOW = int(datetime(2026, 11, 29, 14, 20, tzinfo=UTC).timestamp() * 1000)
TODAY = day_of(NOW)
LONG_AGO = NOW - 400 * DAY
ADMIN, HELPDESK, OPERATOR = Role.ADMIN, Role.HELPDESK, Role.OPERATOR


def found(*counts: tuple[int, str, int], begun: int = LONG_AGO, since: int = LONG_AGO) -> LookUps:
    return counted(counts, now_ms=NOW, begun_ms=begun, connected_ms=since)


def test_only_known_roles_of_the_last_ninety_days_count() -> None:
    assert found(
        (TODAY, "admin", 1),
        (TODAY - DAYS + 1, "admin", 2),
        (TODAY - DAYS, "admin", 4),
        (TODAY + 1, "admin", 8),
        (TODAY, "janitor", 16),
        (TODAY, "helpdesk", 32),
        (TODAY, "helpdesk", -1),
    ) == LookUps({ADMIN: 3, HELPDESK: 32})


def test_a_day_s_counts_end_when_it_is_not_told_any_more() -> None:
    for day in (TODAY, TODAY - DAYS + 1):
        assert found((day, "admin", 1)).by_role
        assert kept_until_ms(day) > NOW
    assert kept_until_ms(TODAY - DAYS) <= NOW


@pytest.mark.parametrize(
    ("begun", "connected", "since"),
    [
        (LONG_AGO, LONG_AGO, None),
        (LONG_AGO, NOW - 5 * DAY, NOW - 5 * DAY),
        (NOW - 3 * DAY, NOW - 5 * DAY, NOW - 3 * DAY),
        (LONG_AGO, (TODAY - DAYS + 1) * DAY, None),
        (LONG_AGO, (TODAY - DAYS + 1) * DAY + 1, (TODAY - DAYS + 1) * DAY + 1),
    ],
)
def test_no_time_is_told_of_in_which_nothing_was_counted(
    begun: int, connected: int, since: int | None
) -> None:
    assert found(begun=begun, since=connected).since_ms == since


def test_counts_from_before_they_connected_anew_are_told_with_their_time() -> None:
    first = TODAY - 40
    assert found((first, "admin", 1), since=NOW) == LookUps({ADMIN: 1}, first * DAY)


@given(
    st.lists(
        st.tuples(
            st.integers(TODAY - 200, TODAY + 5),
            st.sampled_from([*Role, "other"]),
            st.integers(1, 9),
        ),
        max_size=30,
    ),
    st.integers(LONG_AGO, NOW),
    st.integers(LONG_AGO, NOW),
)
def test_everything_that_is_told_lies_in_the_time_that_is_told(
    counts: list[tuple[int, str, int]], begun: int, connected: int
) -> None:
    told = found(*counts, begun=begun, since=connected)
    first = (TODAY - DAYS + 1) * DAY if told.since_ms is None else told.since_ms
    inside = [t for d, r, t in counts if r in {*Role} and first // DAY <= d <= TODAY]
    assert sum(told.by_role.values()) == sum(inside)


@pytest.mark.parametrize(
    ("by_role", "since", "said"),
    [
        ({}, None, "Nobody has looked up your status in the last 90 days."),
        ({}, NOW - 8 * DAY, "Nobody has looked up your status since 21 Nov UTC."),
        ({}, NOW, "Nobody has looked up your status today."),
        (
            {ADMIN: 2, HELPDESK: 1},
            None,
            "In the last 90 days your status was looked up 3 times: twice by an admin, once by the "
            "helpdesk.",
        ),
        (
            {HELPDESK: 1},
            None,
            "In the last 90 days your status was looked up once, by the helpdesk.",
        ),
        (
            {OPERATOR: 1, ADMIN: 1200},
            NOW,
            "Today your status was looked up 1,201 times: 1,200 times by an admin, once by "
            "the team that runs this app.",
        ),
    ],
)
def test_it_is_said_plainly(by_role: dict[Role, int], since: int | None, said: str) -> None:
    assert look_ups_sentence(LookUps(by_role, since), NOW, UTC) == said


def test_days_are_the_reader_s_own() -> None:
    zone = timezone(timedelta(hours=13))
    since = int(datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp() * 1000)
    assert "since 21 Nov." in look_ups_sentence(LookUps({}, since), NOW, zone)
