"""Between the policy and the cards: forms, drafts and acts mean the same on both sides."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.handlers.settings.changes import is_about_account, target_of
from bot.handlers.settings.level import (
    NEEDS_OWN_FORM,
    draft_of_form,
    draft_of_level,
    edit_of_change,
    edit_of_draft,
    form_of_draft,
    stored,
)
from bot.handlers.settings.progress import ProgressCard
from bot.teams.activity import ConversationReference
from cards.payload import BadInput, BadPayload, Click, Payloads, Verb
from cards.settings_draft import AUTHORIZE_WITH, SERVICES, because
from cards.settings_words import ACCOUNT, Act, Change, Target
from domain.policy import AuthorizeWith, Form, Policy, Service, resolve
from domain.policy_edits import group_of
from domain.presence import Style
from sync.settings.changes import edited
from tests.doubles.outside import words
from tests.doubles.policies import forms, group_ids, policies

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cards.payload import Arg

PAYLOADS = Payloads(b"0123456789abcdef")
HERE = ConversationReference("https://smba.example/", "a:1", "28:bot", "msteams", "tenant")

targets = st.just(ACCOUNT) | st.builds(Target, group_ids, st.just("Name"))
changes = st.one_of(
    st.sampled_from([Act.ENABLE, Act.DISABLE, Act.LOCK, Act.UNLOCK]).map(Change),
    st.sampled_from(Style).map(lambda style: Change(Act.STYLE, style.value)),
    st.integers(1, 9).map(lambda number: Change(Act.PRIORITY, str(number))),
    st.just(Change(Act.INHERIT)),
)


def test_the_cards_offer_what_the_policy_knows() -> None:
    assert set(SERVICES) == {service.value for service in Service}
    assert set(AUTHORIZE_WITH) == {way.value for way in AuthorizeWith}


@given(forms)
def test_a_form_survives_its_way_through_a_card(form: Form) -> None:
    assert form_of_draft(draft_of_form(form)) == form


@given(forms)
def test_cards_and_policy_agree_on_whether_presence_is_on(form: Form) -> None:
    assert bool(because(draft_of_form(form))) == (not resolve(Policy(form)).on)


@given(policies(), targets)
def test_a_form_that_comes_back_as_it_was_is_no_change(policy: Policy, target: Target) -> None:
    assert edit_of_draft(policy, target, draft_of_level(policy, target)) is None


@given(policies(), targets, forms, st.booleans(), st.integers(1, 9))
def test_a_level_becomes_what_was_submitted(
    policy: Policy, target: Target, form: Form, manages: bool, priority: int
) -> None:
    known = target.is_account or group_of(policy, target.group_id) is not None
    places = len(policy.groups) + (not known)
    place = 0 if target.is_account else min(priority, places)
    draft = draft_of_form(form, manages=manages or target.is_account, priority=place)
    edit = edit_of_draft(policy, target, draft)
    after = policy if edit is None else edited(policy, edit)
    if draft.manages:
        assert draft_of_level(after, target) == draft
    else:
        assert group_of(after, target.group_id) is None


@given(policies(), targets, changes)
def test_one_line_changes_what_it_says_and_nothing_else(
    policy: Policy, target: Target, change: Change
) -> None:
    assume(not (target.is_account and change.act in {Act.INHERIT, Act.PRIORITY}))
    inherits = not target.is_account and group_of(policy, target.group_id) is None
    edit = edit_of_change(policy, target, change)
    if inherits and change.act in NEEDS_OWN_FORM:
        assert edit is None
        return
    assert edit is not None
    after = edited(policy, edit)
    before_form, after_form = stored(policy, target)[0], stored(after, target)[0]
    match change.act:
        case Act.ENABLE:
            assert after_form.stopped_by() is None
            assert (after_form.style, after_form.locked) == (before_form.style, before_form.locked)
        case Act.DISABLE:
            assert after_form == replace(before_form, integration=False)
        case Act.LOCK | Act.UNLOCK:
            assert after_form == replace(before_form, locked=change.act is Act.LOCK)
        case Act.STYLE:
            assert after_form == replace(before_form, style=Style(change.value))
        case Act.INHERIT:
            assert group_of(after, target.group_id) is None
        case Act.PRIORITY:
            group = group_of(after, target.group_id)
            assert group is not None
            assert group.priority == min(int(change.value), len(policy.groups))
            assert group.form == before_form
    others = [g for g in policy.groups if g.group_id != target.group_id]
    for other in others:
        now = group_of(after, other.group_id)
        assert now is not None
        assert now.form == other.form


def test_a_group_that_begins_to_manage_its_own_does_not_inherit_the_lock() -> None:
    policy = Policy(Form(integration=True, locked=True, style=Style.FULL))
    form, group = stored(policy, Target("g1", "Sales"))
    assert group is None
    assert form == Form(integration=True, locked=False, style=Style.FULL)


def click(verb: Verb, args: Mapping[str, Arg], **inputs: str) -> Click:
    return Click(verb, "card", args, inputs)


def test_only_a_button_of_the_account_is_about_the_account() -> None:
    names = {"g1": "Sales"}
    assert target_of(click(Verb.SETTINGS_APPLY, {"group": ""}), names) == ACCOUNT
    # A field that a client adds does not turn it into a group.
    assert target_of(click(Verb.SETTINGS_APPLY, {"group": ""}, group="g1"), names) == ACCOUNT
    assert target_of(click(Verb.SETTINGS_SAVE, {"group": "g1"}), names) == Target("g1", "Sales")
    picked = click(Verb.SETTINGS_CHANGE, {"group": ""}, group="g1")
    assert target_of(picked, names) == Target("g1", "Sales")
    assert not is_about_account(picked)


@pytest.mark.parametrize("verb", [Verb.SETTINGS_GROUP, Verb.SETTINGS_CHANGE])
@pytest.mark.parametrize("inputs", [{}, {"group": ""}, {"group": "g2"}, {"group": "g1" * 100}])
def test_a_choice_of_nothing_is_not_the_account(verb: Verb, inputs: dict[str, str]) -> None:
    too_long = len(inputs.get("group", "")) > 128
    with pytest.raises(BadPayload if too_long else BadInput):
        target_of(click(verb, {"group": ""}, **inputs), {"g1": "Sales"})


PROGRESS = ProgressCard(
    HERE, "card1", Target("g1", "Größe 🚀"), "It is disabled.", "clearing", "o", "29:o"
)


def test_a_progress_card_survives_being_stored() -> None:
    assert ProgressCard.load(PROGRESS.dump()) == PROGRESS


def test_a_progress_card_of_an_older_version_is_read_and_does_not_refresh_itself() -> None:
    row = json.loads(PROGRESS.dump())
    del row["mri"]
    older = ProgressCard.load(json.dumps(row))
    assert older == replace(PROGRESS, mri="")
    assert older is not None
    assert "refresh" not in older.card(PAYLOADS, "r1", done=1, total=2)


def test_a_progress_card_refreshes_itself_until_the_end() -> None:
    refresh = PROGRESS.card(PAYLOADS, "r1", done=1, total=2)["refresh"]
    assert refresh["userIds"] == ["29:o"]
    asked = PAYLOADS.unpack(refresh["action"]["verb"], refresh["action"]["data"])
    assert (asked.verb, asked.card_id) == (Verb.SETTINGS_PROGRESS, "card1")
    assert (asked.args["rollout"], asked.args["group"]) == ("r1", "g1")
    assert "refresh" not in PROGRESS.card(PAYLOADS, "r1", done=2, total=2)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"where": 1}', "x" * 10])
def test_a_damaged_progress_card_is_none(text: str) -> None:
    assert ProgressCard.load(text) is None


def test_progress_says_how_far_it_is_and_the_end_says_who_was_missed() -> None:
    def text(done: int, failed: int = 0, invitable: int = 0) -> str:
        card = PROGRESS.card(
            PAYLOADS, "r1", done=done, total=340, failed=failed, invitable=invitable
        )
        return words(card)

    assert "Clearing 120 of 340" in text(120)
    assert "did not accept" not in text(120)
    assert "For 2 people Microsoft did not accept it" in text(120, failed=2)
    assert "Cleared for 340 people." in text(340)
    assert "Cleared for 338 people. For 2 people Microsoft did not accept it" in text(340, failed=2)
