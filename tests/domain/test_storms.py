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
    Delivery,
    Notified,
    Storm,
    decide,
)

pytestmark = pytest.mark.unit

NOW = 1_800_000_000_000
SECOND = 1000
POLICY = "blocked_by_policy"
HEARD = {"ada": Notified(Delivery.SENT, 1)}


def case(
    number: int, ago_ms: int = GRACE_MS, code: str = POLICY, notified: Notified | None = None
) -> Case:
    return Case(f"p{number}", NOW - ago_ms, code, "1", notified or Notified())


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
    assert decided(cases(1, GRACE_MS - 1)).notify == []
    assert names(decided(cases(1)).notify) == ["p0"]


@pytest.mark.parametrize(
    ("notified", "notifies"),
    [
        (Notified(Delivery.SENT, 1), False),
        (Notified(Delivery.SENDING, 1), False),
        (Notified(Delivery.UNDELIVERED, 1), False),
        (Notified(Delivery.AGAIN, 1, NOW + 1), False),
        (Notified(Delivery.AGAIN, 1, NOW), True),
    ],
)
def test_nobody_is_told_twice(notified: Notified, notifies: bool) -> None:
    assert bool(decided([case(1, notified=notified)]).notify) is notifies


def test_many_alike_are_a_storm_and_nobody_is_notified() -> None:
    decision = decided(cases(FEWEST))
    assert decision.notify == []
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
    assert len(decision.notify) == 20


def test_who_failed_long_ago_makes_no_storm() -> None:
    people = [*cases(4, WINDOW_MS), case(5)]
    decision = decided(people)
    assert decision.storms == {}
    assert len(decision.notify) == 5


def test_a_policy_that_reaches_people_one_by_one_is_seen_before_many_are_notified() -> None:
    # 10,000 people fail within an hour, each when their token ends.
    reached: set[str] = set()
    every = 360
    for now in range(NOW, NOW + 5 * 60 * SECOND, 3 * SECOND):
        failed = [
            Case(f"p{number}", NOW + number * every, POLICY, "1", Notified())
            for number in range((now - NOW) // every)
        ]
        decision = decide(now, failed, {}, 10_000)
        reached.update(names(decision.notify))
        if decision.storms:
            break
    else:
        raise AssertionError("no storm was seen")
    assert reached == set()


def test_a_suspicion_that_is_none_ends_with_the_window() -> None:
    people = [
        *cases(3, WINDOW_MS - 1),
        *(case(n, WINDOW_MS) for n in range(3, 6)),
        case(7),
        case(8),
    ]
    assert names(decided(people, connected=10_000).notify) == ["p3", "p4", "p5"]


def test_who_still_fails_after_a_day_is_notified() -> None:
    decision = decided(cases(6), storm(HOLD_MS - 1))
    assert (len(decision.withhold), decision.notify) == (6, [])
    decision = decided(cases(6), storm(HOLD_MS))
    assert (decision.withhold, len(decision.notify)) == ([], 6)
    assert decision.storms
    done = [replace(one, notified=Notified(Delivery.SENT, 1)) for one in cases(6)]
    decision = decided(done, storm(HOLD_MS))
    assert (decision.over, decision.storms, decision.notify) == ([POLICY], {}, [])
    assert decided(done).storms == {}, "nobody is left to be notified, so it is none"


def test_where_no_admin_could_be_alerted_people_are_after_an_hour() -> None:
    unheard = {"ada": Notified(Delivery.UNDELIVERED, 6)}
    assert decided(cases(6), storm(HOLD_UNHEARD_MS - 1, admins=unheard)).notify == []
    assert len(decided(cases(6), storm(HOLD_UNHEARD_MS, admins=unheard)).notify) == 6


def test_trying_again_is_for_whoever_failed_before() -> None:
    people = [
        case(1, 20 * SECOND),
        case(2, 10 * SECOND, notified=Notified(Delivery.SENT, 1)),
        case(3, 0),
    ]
    decision = decided(people, storm(tried_ms=NOW - 10 * SECOND))
    assert names(decision.revive) == ["p1", "p2"]
    assert names(decision.withhold) == ["p3"]


def test_a_storm_outlasts_a_moment_without_anybody() -> None:
    assert decided([], storm(seen_ms=NOW - WINDOW_MS + 1)).storms[POLICY].people == 0
    assert decided([], storm(seen_ms=NOW - WINDOW_MS)).over == [POLICY]


def test_the_few_who_still_fail_after_trying_again_are_notified() -> None:
    tried = storm(WINDOW_MS * 2, people=60, tried_ms=NOW - WINDOW_MS)
    few, many = cases(4, WINDOW_MS - SECOND), cases(5, WINDOW_MS - SECOND)
    decision = decided(few, tried)
    assert (decision.over, len(decision.notify)) == ([POLICY], 4)
    assert len(decided(many, tried).withhold) == 5
    assert len(decided(few, replace(tried, tried_ms=tried.tried_ms + 1)).withhold) == 4


def test_a_card_that_the_channel_did_not_take_is_tried_for_a_while() -> None:
    notified, now, waits = Notified(), NOW, []
    while notified.delivery is not Delivery.UNDELIVERED:
        assert notified.waits(now)
        notified = notified.sending(now).failed(now)
        waits.append((notified.at_ms - now) // SECOND)
        now = notified.at_ms
    assert waits[:-1] == [30, 60, 120, 240, 480]
    assert notified.tries == MOST_TRIES


@given(st.sampled_from([step for step in Delivery if step]), st.integers(0, 9), st.integers(0, NOW))
def test_what_is_known_is_read_back(delivery: Delivery, tries: int, at_ms: int) -> None:
    assert Notified.load(Notified(delivery, tries, at_ms).dump()) == Notified(
        delivery, tries, at_ms
    )


@pytest.mark.parametrize("text", ["sent", "x:1:2", "sent:a:1", "1", "::::"])
def test_what_is_not_ours_counts_as_sent(text: str) -> None:
    assert Notified.load(text).delivery is Delivery.SENT


def test_nothing_was_sent() -> None:
    assert Notified().dump() == ""
    assert Notified.load(None) == Notified.load("") == Notified()


codes = st.sampled_from([POLICY, "revoked"])
states = st.builds(
    Notified, st.sampled_from(Delivery), st.just(1), st.integers(NOW - SECOND, NOW + SECOND)
)
somebody = st.builds(case, st.integers(0, 999), st.integers(0, 2 * HOLD_MS), codes, states)
storms = st.builds(storm, st.integers(0, 2 * HOLD_MS), tried_ms=st.integers(NOW - HOLD_MS, NOW))


@given(
    st.lists(somebody, max_size=40, unique_by=lambda one: one.object_id),
    st.lists(storms, max_size=1),
    st.integers(1, 1000),
)
def test_everybody_has_one_fate_and_is_notified_at_last(
    people: list[Case], going_on: list[Storm], connected: int
) -> None:
    decision = decided(people, *going_on, connected=connected)
    fates = names([*decision.notify, *decision.withhold, *decision.revive])
    assert len(fates) == len(set(fates))
    assert not decision.storms.keys() & set(decision.over)
    # Whatever goes on: two days later each of them is notified, or was.
    later = decide(
        NOW + 2 * HOLD_MS + WINDOW_MS, people, {**decision.storms}, connected, grace_ms=0
    )
    left = {one.object_id for one in people if one.notified.waits(NOW + 3 * HOLD_MS)}
    assert left <= set(names([*later.notify, *later.revive]))
