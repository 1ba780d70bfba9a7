"""Whom the organisation's authorisation covers, for everybody and at any time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import DAY
from domain.coverage import (
    OWN_KEPT_MS,
    Announcement,
    Candidate,
    How,
    KeptOwn,
    Standing,
    kept_own,
    standing,
    starts_ms,
)
from domain.policy import AuthorisedBy, Authoriser, Form, Policy, resolve
from tests.doubles.policies import NOW, memberships, policies

if TYPE_CHECKING:
    from domain.policy import Verdict

pytestmark = pytest.mark.unit

announcements = st.builds(
    Announcement,
    st.integers(NOW - 30 * DAY, NOW),
    st.sampled_from(How),
    started=st.booleans(),
)
verdicts = st.builds(
    lambda policy, groups: resolve(policy, groups, by=AuthorisedBy.ORGANISATION),
    policies(),
    memberships,
)
candidates = st.builds(
    Candidate,
    verdicts,
    st.none() | announcements,
    opted_out=st.booleans(),
    excluded=st.booleans(),
    connected=st.booleans(),
    own=st.booleans(),
    in_share=st.booleans(),
    fits=st.booleans(),
)


def in_mode(authoriser: Authoriser, **facts: object) -> Candidate:
    form = Form(integration=True, authoriser=authoriser)
    verdict = resolve(Policy(form), by=AuthorisedBy.ORGANISATION)
    return replace(Candidate(verdict), **facts)  # type: ignore[arg-type]


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@given(candidates)
def test_not_for_me_always_wins(candidate: Candidate) -> None:
    out = replace(candidate, opted_out=True)
    assert standing(out, NOW) is Standing.OPTED_OUT


@given(candidates)
def test_nobody_is_covered_before_being_told(candidate: Candidate) -> None:
    assert standing(replace(candidate, announced=None), NOW) is not Standing.COVERED


@given(candidates)
def test_an_exclusion_comes_before_any_percentage(candidate: Candidate) -> None:
    for share in (False, True):
        kept_out = replace(candidate, excluded=True, in_share=share)
        assert standing(kept_out, NOW) in {Standing.EXCLUDED, Standing.OPTED_OUT}


@given(candidates)
def test_a_percentage_only_adds(candidate: Candidate) -> None:
    less, more = (standing(replace(candidate, in_share=share), NOW) for share in (False, True))
    if less is Standing.COVERED:
        assert more is Standing.COVERED
    elif more is not Standing.COVERED:
        assert more is less, "what is not due is not changed by it"


@given(candidates)
def test_only_a_level_that_says_so_covers_anybody(candidate: Candidate) -> None:
    if standing(candidate, NOW) is Standing.COVERED:
        assert candidate.verdict.on
        assert candidate.verdict.authoriser is not Authoriser.PERSON


@given(candidates, st.integers(0, 60 * DAY))
def test_time_alone_ends_nothing(candidate: Candidate, later: int) -> None:
    if standing(candidate, NOW) is Standing.COVERED:
        assert standing(candidate, NOW + later) is Standing.COVERED


def test_on_request_only_start_starts() -> None:
    told = Announcement(NOW - 30 * DAY, How.ASKED)
    assert standing(in_mode(Authoriser.ASK), NOW) is Standing.TO_TELL
    assert standing(in_mode(Authoriser.ASK, announced=told), NOW) is Standing.ASKED
    started = in_mode(Authoriser.ASK, announced=replace(told, started=True), connected=True)
    assert standing(started, NOW) is Standing.COVERED
    assert standing(replace(started, in_share=False), NOW) is Standing.COVERED


@pytest.mark.parametrize(
    ("told", "starts"),
    [
        ("2026-11-30T09:30", "2026-12-07T09:30"),  # a Monday
        ("2026-12-04T16:00", "2026-12-11T16:00"),  # a Friday
        ("2026-12-05T10:00", "2026-12-14T10:00"),  # a Saturday: as on Monday
        ("2026-12-06T23:59", "2026-12-14T23:59"),
    ],
)
def test_after_notice_it_starts_five_working_days_later(told: str, starts: str) -> None:
    informed = Announcement(at(told), How.INFORMED)
    assert starts_ms(informed) == at(starts)
    waiting = in_mode(Authoriser.INFORM, announced=informed)
    assert standing(waiting, at(starts) - 1) is Standing.WAITING
    assert standing(waiting, at(starts)) is Standing.COVERED
    assert standing(replace(waiting, in_share=False), at(starts)) is Standing.LATER


def test_who_was_only_asked_must_be_told_anew_that_it_starts_by_itself() -> None:
    asked = Announcement(NOW - 30 * DAY, How.ASKED)
    assert standing(in_mode(Authoriser.INFORM, announced=asked), NOW) is Standing.TO_TELL
    otherwise = replace(asked, how=How.OTHERWISE, by="an admin")
    assert standing(in_mode(Authoriser.INFORM, announced=otherwise), NOW) is Standing.COVERED


@given(candidates)
def test_who_signed_in_themselves_is_told_first_like_everybody(candidate: Candidate) -> None:
    own = replace(candidate, own=True, connected=False, announced=None)
    assert standing(own, NOW) is not Standing.COVERED
    if standing(replace(own, own=False), NOW) is Standing.TO_TELL:
        assert standing(own, NOW) is Standing.TO_TELL


@given(candidates)
def test_a_sign_in_of_their_own_goes_on_until_something_else_counts(candidate: Candidate) -> None:
    own, nothing = (replace(candidate, own=own, connected=False) for own in (True, False))
    before, without = standing(own, NOW), standing(nothing, NOW)
    out = {Standing.OUT_OF_SCOPE, Standing.NARROWED}
    assert before is (Standing.OWN if without in out else without)


def test_on_request_a_sign_in_of_their_own_goes_on_until_they_choose_start() -> None:
    told = Announcement(NOW - 30 * DAY, How.ASKED)
    own = in_mode(Authoriser.ASK, own=True)
    assert standing(own, NOW) is Standing.TO_TELL
    assert standing(replace(own, announced=told), NOW) is Standing.ASKED
    each = in_mode(Authoriser.PERSON, own=True, announced=told)
    assert standing(each, NOW) is Standing.OWN


@given(verdicts, st.integers(NOW, NOW + 60 * DAY), st.booleans(), st.booleans())
def test_a_kept_sign_in_ends_only_by_their_no_or_after_thirty_days(
    verdict: Verdict, now_ms: int, withdrawn: bool, opted_out: bool
) -> None:
    until = NOW + OWN_KEPT_MS
    what = kept_own(until, verdict, now_ms, withdrawn=withdrawn, opted_out=opted_out)
    if opted_out:
        assert what is KeptOwn.ENDS, "neither is wanted"
    else:
        assert (what is KeptOwn.ENDS) == (now_ms - NOW >= 30 * DAY)
    if what is KeptOwn.COUNTS:
        assert withdrawn or verdict.authoriser is Authoriser.PERSON, "nobody is written for twice"
    if what is KeptOwn.STAYS:
        assert not withdrawn
        assert verdict.authoriser is not Authoriser.PERSON


@given(candidates)
def test_whoever_a_condition_leaves_out_is_never_covered(candidate: Candidate) -> None:
    stands = standing(replace(candidate, fits=False), NOW)
    assert stands not in {Standing.COVERED, Standing.TO_TELL, Standing.ASKED, Standing.WAITING}
