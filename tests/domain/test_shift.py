"""What an edit says of whom it ends and starts is what then happens, at once and later."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import DAY
from domain.coverage import ENDS, Announcement, Candidate, How, Shift, Standing, shift, standing
from domain.policy import AuthorisedBy, Authoriser, Form, Policy, resolve
from domain.share import EVERYBODY, in_share
from tests.doubles.policies import NOW, memberships, policies

pytestmark = pytest.mark.unit

AFTERWARDS = NOW + 30 * DAY
"""Every notice has ended by then."""

announcements = st.builds(
    Announcement,
    st.integers(NOW - 30 * DAY, NOW),
    st.sampled_from(How),
    started=st.booleans(),
)
shares = st.integers(1, EVERYBODY)


@dataclass(frozen=True)
class Somebody:
    """What holds of a person whatever policy says."""

    oid: str
    groups: frozenset[str]
    told: Announcement | None
    opted_out: bool
    excluded: bool
    own: bool
    connected: bool = False

    def by(self, policy: Policy) -> Candidate:
        verdict = resolve(policy, self.groups, by=AuthorisedBy.ORGANISATION)
        return Candidate(
            verdict,
            self.told,
            opted_out=self.opted_out,
            excluded=self.excluded,
            connected=self.connected,
            own=self.own and not self.connected,
            in_share=in_share(self.oid, verdict.share),
            fits=verdict.only is None,
        )

    def after_round(self, policy: Policy, now_ms: int) -> Somebody:
        """As a round leaves them (sync.organisation.coverage)."""
        stands = standing(self.by(policy), now_ms)
        stays = self.connected and stands not in ENDS
        return replace(self, connected=stays or stands is Standing.COVERED)


crowds = st.lists(
    st.builds(
        Somebody,
        st.uuids().map(str),
        memberships,
        st.none() | announcements,
        opted_out=st.booleans(),
        excluded=st.booleans(),
        own=st.booleans(),
        connected=st.booleans(),
    ),
    unique_by=lambda somebody: somebody.oid,
    max_size=20,
)


def covered(crowd: list[Somebody]) -> set[str]:
    return {somebody.oid for somebody in crowd if somebody.connected}


def rounds(crowd: list[Somebody], policy: Policy, now_ms: int) -> list[Somebody]:
    return [somebody.after_round(policy, now_ms) for somebody in crowd]


def said(crowd: list[Somebody], before: Policy, after: Policy) -> dict[Shift, set[str]]:
    found = {each: set[str]() for each in Shift}
    for somebody in crowd:
        becomes = shift(somebody.by(before), somebody.by(after), NOW)
        if becomes is not None:
            found[becomes].add(somebody.oid)
    return found


@given(crowds, policies(), policies())
def test_what_is_said_is_what_happens(crowd: list[Somebody], before: Policy, after: Policy) -> None:
    crowd = rounds(crowd, before, NOW)
    foreseen = said(crowd, before, after)
    at_once = rounds(crowd, after, NOW)
    assert covered(crowd) - covered(at_once) == foreseen[Shift.ENDS]
    assert covered(at_once) - covered(crowd) == foreseen[Shift.STARTS]
    if_left = covered(rounds(crowd, before, AFTERWARDS))
    if_made = covered(rounds(at_once, after, AFTERWARDS))
    not_at_once = if_made - if_left - covered(at_once)
    assert not_at_once == foreseen[Shift.STARTS_LATER]
    assert if_left - if_made == foreseen[Shift.ENDS] | foreseen[Shift.CALLED_OFF]


@given(crowds, shares, shares)
def test_raising_a_percentage_only_adds_and_lowering_only_ends(
    crowd: list[Somebody], one: int, other: int
) -> None:
    form = Form(integration=True, authoriser=Authoriser.INFORM)
    low, high = (Policy(replace(form, share=share)) for share in sorted((one, other)))
    few = rounds(crowd, low, NOW)
    raised = said(few, low, high)
    assert not raised[Shift.ENDS]
    assert not raised[Shift.CALLED_OFF]
    many = rounds(few, high, NOW)
    assert covered(few) <= covered(many)
    lowered = said(many, high, low)
    assert not lowered[Shift.STARTS]
    assert not lowered[Shift.STARTS_LATER]
    again = rounds(many, low, NOW)
    assert covered(few) <= covered(again), "lowering ends nobody else than raising had added"
    kept = {somebody.oid for somebody in many if in_share(somebody.oid, low.account.share)}
    assert not kept & lowered[Shift.ENDS]


@given(crowds, shares)
def test_a_percentage_counts_only_those_who_were_told(crowd: list[Somebody], share: int) -> None:
    form = Form(integration=True, authoriser=Authoriser.INFORM)
    everybody = Policy(form)
    untold = [replace(somebody, told=None, connected=False) for somebody in crowd]
    some = Policy(replace(form, share=share))
    assert not any(said(untold, everybody, some).values())
    assert not any(said(untold, some, everybody).values())


def test_each_is_one_of_what_can_become_of_somebody() -> None:
    told = Announcement(NOW - 20 * DAY, How.INFORMED)
    waits = replace(told, at_ms=NOW)
    form = Form(integration=True, authoriser=Authoriser.INFORM)
    everybody, nobody = Policy(form), Policy(replace(form, share=1))
    out = "00000000-0000-0000-0000-000000000001"
    assert not in_share(out, 1)

    def becomes(before: Policy, after: Policy, **facts: object) -> Shift | None:
        facts = {"told": told, "opted_out": False, "excluded": False, "own": False} | facts
        somebody = Somebody(out, frozenset(), **facts)  # type: ignore[arg-type]
        return shift(somebody.by(before), somebody.by(after), NOW)

    assert becomes(everybody, nobody, connected=True) is Shift.ENDS
    assert becomes(everybody, nobody, told=waits) is Shift.CALLED_OFF
    assert becomes(everybody, nobody) is Shift.CALLED_OFF, "due, and it had not begun yet"
    assert becomes(nobody, everybody) is Shift.STARTS
    assert becomes(nobody, everybody, own=True) is Shift.STARTS
    assert becomes(nobody, everybody, told=waits) is Shift.STARTS_LATER
    started = replace(told, started=True)
    assert becomes(everybody, nobody, told=started, connected=True) is None
    each = Policy(replace(form, authoriser=Authoriser.PERSON))
    assert becomes(everybody, each, connected=True) is None, "that one is shown nothing, and stays"
    assert becomes(everybody, each, told=waits) is Shift.CALLED_OFF
