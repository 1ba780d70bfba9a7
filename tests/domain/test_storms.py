"""Whom to tell that they must connect again: the rule."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.storms import (
    FEWEST,
    GRACE_MS,
    HOLD_MS,
    HOLD_UNHEARD_MS,
    MOST_TRIES,
    WINDOW_MS,
    Case,
    Decision,
    Step,
    Storm,
    Told,
    decide,
)

pytestmark = pytest.mark.unit

NOW = 1_800_000_000_000
SECOND = 1000
POLICY = "blocked_by_policy"
HEARD = {"ada": Told(Step.TOLD, 1)}


def case(number: int, ago_ms: int = GRACE_MS, code: str = POLICY, told: Told | None = None) -> Case:
    return Case(f"p{number}", NOW - ago_ms, code, "1", told or Told())


def cases(count: int, ago_ms: int = GRACE_MS) -> list[Case]:
    return [case(number, ago_ms) for number in range(count)]


def storm(ago_ms: int = GRACE_MS, people: int = 6, **other: object) -> Storm:
    began = Storm(POLICY, NOW - ago_ms, people, people, NOW - SECOND, admins=HEARD)
    return replace(began, **other)  # type: ignore[arg-type]


def decided(people: list[Case], *storms: Storm, connected: int = 100) -> Decision:
    return decide(NOW, people, {one.code: one for one in storms}, connected)


def names(found: list[Case]) -> list[str]:
    return [one.object_id for one in found]


def test_one_person_is_told_after_a_grace() -> None:
    assert decided(cases(1, GRACE_MS - 1)).tell == []
    assert names(decided(cases(1)).tell) == ["p0"]


@pytest.mark.parametrize(
    ("told", "tells"),
    [
        (Told(Step.TOLD, 1), False),
        (Told(Step.SENDING, 1), False),
        (Told(Step.UNDELIVERED, 1), False),
        (Told(Step.AGAIN, 1, NOW + 1), False),
        (Told(Step.AGAIN, 1, NOW), True),
    ],
)
def test_nobody_is_told_twice(told: Told, tells: bool) -> None:
    assert bool(decided([case(1, told=told)]).tell) is tells


def test_many_alike_are_a_storm_and_nobody_is_told() -> None:
    decision = decided(cases(FEWEST))
    assert decision.tell == []
    assert len(decision.withhold) == FEWEST
    assert decision.storms[POLICY] == Storm(POLICY, NOW, FEWEST, FEWEST, NOW)
    assert decision.alert == [], "it may still grow"
    [alert] = decided(cases(9), storm()).alert
    assert (alert.people, alert.most) == (9, 9)


@pytest.mark.parametrize(
    ("people", "connected", "is_storm"),
    [(4, 4, False), (5, 100, True), (5, 101, False), (499, 10_000, False), (500, 10_000, True)],
)
def test_a_storm_has_a_least_size(people: int, connected: int, is_storm: bool) -> None:
    assert bool(decided(cases(people), connected=connected).storms) is is_storm


def test_different_answers_are_no_storm() -> None:
    people = [case(number, code=f"code_{number}") for number in range(20)]
    decision = decided(people)
    assert decision.storms == {}
    assert len(decision.tell) == 20


def test_who_failed_long_ago_makes_no_storm() -> None:
    people = [*cases(4, WINDOW_MS), case(5)]
    decision = decided(people)
    assert decision.storms == {}
    assert len(decision.tell) == 5


def test_a_policy_that_reaches_people_one_by_one_is_seen_before_many_are_told() -> None:
    # 10,000 people fail within an hour, each when their token ends.
    told: set[str] = set()
    every = 360
    for now in range(NOW, NOW + 5 * 60 * SECOND, 3 * SECOND):
        failed = [
            Case(f"p{number}", NOW + number * every, POLICY, "1", Told())
            for number in range((now - NOW) // every)
        ]
        decision = decide(now, failed, {}, 10_000)
        told.update(names(decision.tell))
        if decision.storms:
            break
    else:
        raise AssertionError("no storm was seen")
    assert told == set()


def test_a_suspicion_that_is_none_ends_with_the_window() -> None:
    people = [
        *cases(3, WINDOW_MS - 1),
        *(case(n, WINDOW_MS) for n in range(3, 6)),
        case(7),
        case(8),
    ]
    assert names(decided(people, connected=10_000).tell) == ["p3", "p4", "p5"]


def test_who_still_fails_after_a_day_is_told() -> None:
    decision = decided(cases(6), storm(HOLD_MS - 1))
    assert (len(decision.withhold), decision.tell) == (6, [])
    decision = decided(cases(6), storm(HOLD_MS))
    assert (decision.withhold, len(decision.tell)) == ([], 6)
    assert decision.storms
    done = [replace(one, told=Told(Step.TOLD, 1)) for one in cases(6)]
    decision = decided(done, storm(HOLD_MS))
    assert (decision.over, decision.storms, decision.tell) == ([POLICY], {}, [])
    assert decided(done).storms == {}, "nobody is left to be told, so it is none"


def test_where_no_admin_could_be_told_people_are_after_an_hour() -> None:
    unheard = {"ada": Told(Step.UNDELIVERED, 6)}
    assert decided(cases(6), storm(HOLD_UNHEARD_MS - 1, admins=unheard)).tell == []
    assert len(decided(cases(6), storm(HOLD_UNHEARD_MS, admins=unheard)).tell) == 6


def test_trying_again_is_for_whoever_failed_before() -> None:
    people = [case(1, 20 * SECOND), case(2, 10 * SECOND, told=Told(Step.TOLD, 1)), case(3, 0)]
    decision = decided(people, storm(tried_ms=NOW - 10 * SECOND))
    assert names(decision.revive) == ["p1", "p2"]
    assert names(decision.withhold) == ["p3"]


def test_a_storm_outlasts_a_moment_without_anybody() -> None:
    assert decided([], storm(seen_ms=NOW - WINDOW_MS + 1)).storms[POLICY].people == 0
    assert decided([], storm(seen_ms=NOW - WINDOW_MS)).over == [POLICY]


def test_the_few_who_still_fail_after_trying_again_are_told() -> None:
    tried = storm(WINDOW_MS * 2, people=60, tried_ms=NOW - WINDOW_MS)
    few, many = cases(4, WINDOW_MS - SECOND), cases(5, WINDOW_MS - SECOND)
    decision = decided(few, tried)
    assert (decision.over, len(decision.tell)) == ([POLICY], 4)
    assert len(decided(many, tried).withhold) == 5
    assert len(decided(few, replace(tried, tried_ms=tried.tried_ms + 1)).withhold) == 4


def test_a_card_that_the_channel_did_not_take_is_tried_for_a_while() -> None:
    told, now, waits = Told(), NOW, []
    while told.step is not Step.UNDELIVERED:
        assert told.waits(now)
        told = told.sending(now).failed(now)
        waits.append((told.at_ms - now) // SECOND)
        now = told.at_ms
    assert waits[:-1] == [30, 60, 120, 240, 480]
    assert told.tries == MOST_TRIES


@given(st.sampled_from([step for step in Step if step]), st.integers(0, 9), st.integers(0, NOW))
def test_what_was_told_is_read_back(step: Step, tries: int, at_ms: int) -> None:
    assert Told.load(Told(step, tries, at_ms).dump()) == Told(step, tries, at_ms)


@pytest.mark.parametrize("text", ["told", "x:1:2", "told:a:1", "1", "::::"])
def test_what_is_not_ours_counts_as_told(text: str) -> None:
    assert Told.load(text).step is Step.TOLD


def test_nothing_was_told() -> None:
    assert Told().dump() == ""
    assert Told.load(None) == Told.load("") == Told()


codes = st.sampled_from([POLICY, "revoked"])
tolds = st.builds(Told, st.sampled_from(Step), st.just(1), st.integers(NOW - SECOND, NOW + SECOND))
somebody = st.builds(case, st.integers(0, 999), st.integers(0, 2 * HOLD_MS), codes, tolds)
storms = st.builds(storm, st.integers(0, 2 * HOLD_MS), tried_ms=st.integers(NOW - HOLD_MS, NOW))


@given(
    st.lists(somebody, max_size=40, unique_by=lambda one: one.object_id),
    st.lists(storms, max_size=1),
    st.integers(1, 1000),
)
def test_everybody_has_one_fate_and_is_told_at_last(
    people: list[Case], going_on: list[Storm], connected: int
) -> None:
    decision = decided(people, *going_on, connected=connected)
    fates = names([*decision.tell, *decision.withhold, *decision.revive])
    assert len(fates) == len(set(fates))
    assert not decision.storms.keys() & set(decision.over)
    # Whatever goes on: two days later each of them is told, or was.
    later = decide(
        NOW + 2 * HOLD_MS + WINDOW_MS, people, {**decision.storms}, connected, grace_ms=0
    )
    left = {one.object_id for one in people if one.told.waits(NOW + 3 * HOLD_MS)}
    assert left <= set(names([*later.tell, *later.revive]))
