"""The rules by which the policy decides, for every policy and every person."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy import (
    AuthorisedBy,
    Authoriser,
    AuthorizeWith,
    Form,
    Personal,
    Policy,
    Reason,
    Service,
    deciding_group,
    resolve,
)
from domain.policy_edits import with_priority
from domain.presence import Style
from tests.doubles.policies import NOW, forms, group_ids, memberships, personals, policies
from wording.policy import verdict_words

if TYPE_CHECKING:
    import random

pytestmark = pytest.mark.unit


def whole_path(form: Form) -> bool:
    return (
        form.integration
        and form.service is Service.OFFICE_365
        and form.authorize_with is AuthorizeWith.GRAPH_API
        and form.presence_write
    )


def deciding_form(policy: Policy, mine: frozenset[str]) -> Form:
    group = deciding_group(policy, mine)
    return policy.account if group is None else group.form


@given(policies(), forms, memberships, personals)
def test_an_account_lock_always_wins(
    policy: Policy, account: Form, mine: frozenset[str], personal: Personal
) -> None:
    locked = replace(policy, account=replace(account, locked=True))
    verdict = resolve(locked, mine, personal, now_ms=NOW)
    assert verdict.group is None
    assert verdict.locked
    assert verdict == resolve(replace(locked, groups=()), mine, personal, now_ms=NOW)


@given(policies(), memberships, personals, forms, st.data())
def test_a_lower_group_never_changes_a_person_whom_a_higher_one_decides(
    policy: Policy, mine: frozenset[str], personal: Personal, form: Form, data: st.DataObject
) -> None:
    group = deciding_group(policy, mine)
    if group is None:
        return
    lower = [other for other in policy.groups if other.priority > group.priority]
    if not lower:
        return
    changed = data.draw(st.sampled_from(lower))
    groups = tuple(replace(g, form=form) if g is changed else g for g in policy.groups)
    after = replace(policy, groups=groups)
    assert resolve(after, mine, personal, now_ms=NOW) == resolve(policy, mine, personal, now_ms=NOW)


@given(policies(), memberships, personals, st.data())
def test_a_group_decides_only_for_its_members(
    policy: Policy, mine: frozenset[str], personal: Personal, data: st.DataObject
) -> None:
    others = [group for group in policy.groups if group.group_id not in mine]
    if not others:
        return
    gone = data.draw(st.sampled_from(others))
    after = replace(policy, groups=tuple(g for g in policy.groups if g is not gone))
    assert resolve(after, mine, personal, now_ms=NOW) == resolve(policy, mine, personal, now_ms=NOW)


@given(policies(), memberships, personals)
def test_on_implies_all_four_conditions_and_no_pause(
    policy: Policy, mine: frozenset[str], personal: Personal
) -> None:
    verdict = resolve(policy, mine, personal, now_ms=NOW)
    paused = personal.paused_until_ms is not None and personal.paused_until_ms > NOW
    assert verdict.on == (whole_path(deciding_form(policy, mine)) and not paused)


@given(policies(), memberships, personals)
def test_every_verdict_has_exactly_one_reason_and_its_sentence(
    policy: Policy, mine: frozenset[str], personal: Personal
) -> None:
    verdict = resolve(policy, mine, personal, now_ms=NOW)
    assert verdict.on == (verdict.reason is Reason.ON)
    assert (verdict.paused_until_ms is not None) == (verdict.reason is Reason.PAUSED)
    assert verdict_words(verdict).endswith(".")


@given(policies(), memberships, personals)
def test_a_lock_fixes_the_style(policy: Policy, mine: frozenset[str], personal: Personal) -> None:
    form = deciding_form(policy, mine)
    verdict = resolve(policy, mine, personal, now_ms=NOW)
    if form.locked:
        assert (verdict.style, verdict.own_style) == (form.style, False)
    else:
        assert verdict.style == (personal.style or form.style)
        assert verdict.own_style == (personal.style is not None)


@given(policies(), memberships, personals, st.integers(1, 10**9))
def test_a_pause_always_wins_over_on(
    policy: Policy, mine: frozenset[str], personal: Personal, left: int
) -> None:
    until = NOW + left
    verdict = resolve(policy, mine, replace(personal, paused_until_ms=until), now_ms=NOW)
    assert not verdict.on
    if whole_path(deciding_form(policy, mine)):
        assert (verdict.reason, verdict.paused_until_ms) == (Reason.PAUSED, until)
    else:
        assert verdict.reason is not Reason.PAUSED  # to resume would change nothing


@given(policies(), memberships, personals, st.randoms())
def test_the_order_of_memberships_and_of_stored_groups_is_irrelevant(
    policy: Policy, mine: frozenset[str], personal: Personal, rng: random.Random
) -> None:
    shuffled = sorted(mine, key=lambda _: rng.random())
    groups = tuple(sorted(policy.groups, key=lambda _: rng.random()))
    assert resolve(replace(policy, groups=groups), shuffled, personal, now_ms=NOW) == resolve(
        policy, mine, personal, now_ms=NOW
    )


@given(policies(), group_ids, st.integers(-3, 10))
def test_priorities_are_one_to_n_and_the_others_keep_their_order(
    policy: Policy, moved: str, priority: int
) -> None:
    ids = [group.group_id for group in policy.groups]
    if moved not in ids:
        with pytest.raises(KeyError):
            with_priority(policy, moved, priority)
        return
    after = with_priority(policy, moved, priority).groups
    assert [group.priority for group in after] == list(range(1, len(ids) + 1))
    assert [g.group_id for g in after if g.group_id != moved] == [i for i in ids if i != moved]
    place = next(g.priority for g in after if g.group_id == moved)
    assert place == min(max(priority, 1), len(ids))


# -- the organisation's authorisation (Rule 6) ----------------------------------------------------

ORGANISATION = AuthorisedBy.ORGANISATION


@given(policies(), memberships)
def test_nobody_is_given_more_than_busy_only_by_the_organisation(
    policy: Policy, groups: frozenset[str]
) -> None:
    verdict = resolve(policy, groups, by=ORGANISATION)
    assert verdict.style is Style.BUSY_ONLY
    assert not verdict.own_style


@given(policies(), memberships, personals)
def test_the_organisation_s_authorisation_turns_nothing_on(
    policy: Policy, groups: frozenset[str], personal: Personal
) -> None:
    own = resolve(policy, groups, personal, now_ms=NOW)
    shown = resolve(policy, groups, personal, by=ORGANISATION, now_ms=NOW)
    assert own.on or not shown.on
    if own.on and not shown.on:
        assert shown.reason is Reason.EACH_PERSON
        assert shown.authoriser is Authoriser.PERSON
    # A lock takes away neither pause nor a way out.
    if own.reason is Reason.PAUSED:
        assert not shown.on


@given(policies(), memberships)
def test_who_authorises_changes_nothing_for_who_did_it_themselves(
    policy: Policy, groups: frozenset[str]
) -> None:
    plain = replace(
        policy,
        account=replace(policy.account, authoriser=Authoriser.PERSON),
        groups=tuple(
            replace(group, form=replace(group.form, authoriser=Authoriser.PERSON))
            for group in policy.groups
        ),
    )
    one, other = resolve(policy, groups), resolve(plain, groups)
    assert (one.on, one.reason, one.style) == (other.on, other.reason, other.style)
