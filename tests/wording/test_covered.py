"""By what somebody is covered, or why not: one sentence for everything that can be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.clock import DAY
from domain.condition import Condition
from domain.coverage import Announcement, Candidate, How, Standing, standing
from domain.matching import Uncovered
from domain.policy import AuthorisedBy, Authoriser, Form, Level, ManagedGroup, Policy, resolve
from tests.doubles.policies import NOW
from wording import covered

pytestmark = pytest.mark.unit

TOLD = Announcement(NOW, How.INFORMED)
SALES = Level("g1", "Sales")


def candidate(form: Form, *, sales: bool = False, **facts: object) -> Candidate:
    group = ManagedGroup(SALES.group_id, SALES.name, 1, form)
    policy = Policy(Form(integration=False), (group,)) if sales else Policy(form)
    verdict = resolve(policy, {"g1"}, by=AuthorisedBy.ORGANISATION)
    return replace(Candidate(verdict), **facts)  # type: ignore[arg-type]


def form(authoriser: Authoriser = Authoriser.INFORM, **facts: object) -> Form:
    return replace(Form(integration=True, authoriser=authoriser), **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("somebody", "words", "more"),
    [
        (candidate(form()), "In scope, not told yet", ""),
        (
            candidate(form(Authoriser.ASK), announced=replace(TOLD, how=How.ASKED)),
            "Asked, and it starts once they choose Start",
            "",
        ),
        (
            candidate(form(), announced=TOLD),
            "Told, and it starts after notice",
            "On Thursday, 16 October",
        ),
        (
            candidate(
                form(share=20), announced=replace(TOLD, at_ms=NOW - 20 * DAY), in_share=False
            ),
            "Told, and left out by the share",
            "20% are started",
        ),
        (
            candidate(form(only=Condition("country", "Sweden")), fits=False),
            "Left out by the condition",
            "Only for country Sweden",
        ),
        (candidate(form(), opted_out=True), "Chose Not for me", ""),
        (
            candidate(form(), announced=replace(TOLD, at_ms=NOW - 20 * DAY)),
            "Told, and it starts in a moment",
            "",
        ),
        (
            candidate(form(Authoriser.PERSON), sales=True),
            "Not connected",
            "For Sales, each person signs in",
        ),
        (
            candidate(form(integration=False)),
            "Not connected",
            "Presence sync is off for the account",
        ),
    ],
)
def test_who_is_not_connected(somebody: Candidate, words: str, more: str) -> None:
    stands = standing(somebody, NOW)
    assert covered.not_connected(stands, somebody) == covered.Said(words, more)


def test_every_standing_has_words() -> None:
    for stands in Standing:
        assert covered.not_connected(stands, candidate(form(), announced=TOLD)).words


@pytest.mark.parametrize(
    ("announced", "words"),
    [
        (TOLD, "By the organisation, after notice"),
        (
            replace(TOLD, how=How.OTHERWISE),
            "By the organisation, after notice outside the app",
        ),
        (
            replace(TOLD, how=How.ASKED, started=True),
            "By the organisation, on request: they chose Start",
        ),
        (None, "By the organisation, on request: they chose Start"),
    ],
)
def test_who_is_covered_by_the_organisation(announced: Announcement | None, words: str) -> None:
    somebody = candidate(form(), announced=announced, connected=True)
    assert covered.by_organisation(somebody, own_until_ms=None) == covered.Said(words)
    kept = covered.by_organisation(somebody, own_until_ms=NOW).more
    assert kept == "Their own sign-in is kept until Thursday, 9 October"


def test_what_is_off_is_not_said_to_be_shown() -> None:
    off = candidate(form(Authoriser.PERSON), announced=TOLD, connected=True)
    said = covered.by_organisation(off, own_until_ms=None)
    assert said.words == "By the organisation, and nothing is shown"
    assert said.more == "For the account, each person signs in"


def test_who_signed_in_themselves_is_told_what_comes() -> None:
    comes = candidate(form(), announced=TOLD, own=True)
    assert covered.own(told=comes, now_ms=NOW).more == (
        "The organisation authorises it from Thursday, 16 October"
    )
    for told in (
        None,
        replace(comes, announced=None),
        replace(comes, announced=replace(TOLD, how=How.ASKED)),
        candidate(form(Authoriser.ASK), announced=TOLD, own=True),
    ):
        assert covered.own(told=told, now_ms=NOW) == covered.Said(covered.OWN)


def test_why_somebody_is_not_matched_or_left_out() -> None:
    for why in Uncovered:
        said = covered.unmatched(why)
        assert said.words == ("Left out" if why.leaves_out else "Not matched")
        assert said.more
    assert covered.excluded("Ada", "INC1") == covered.Said("Excluded", "Ada: INC1")
    assert covered.excluded("Ada", "") == covered.Said("Excluded", "By Ada")
    assert covered.excluded("", "").more == "By an admin"
