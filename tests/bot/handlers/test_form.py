"""The form of Zoom's article, step by step, as clients send it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.handlers.settings.entered import submitted_form
from cards.click import BadClick, BadInput
from cards.settings.form import form
from domain.form import (
    BESIDE,
    Field,
    LevelForm,
    Step,
    after_verifying,
    applicable_fields,
    differing,
    next_step,
)
from domain.policy import ACCOUNT, AuthorizeWith, Form, Level, Service
from domain.presence import Style
from tests.cards.lint import walk
from tests.doubles.policies import forms
from wording.policy import AUTHORIZE_WITH, LABELS, SERVICES, because, differences, value_words

pytestmark = pytest.mark.unit

ON, OFF = Form(integration=True), Form(integration=False)
GOOGLE = Form(integration=True, service=Service.GOOGLE)
EWS = Form(integration=True, authorize_with=AuthorizeWith.EWS)
FULL_FORM = (
    Field.INTEGRATION,
    Field.SERVICE,
    Field.AUTHORIZE_WITH,
    Field.AUTHORISER,
    Field.CALENDAR,
    Field.CONTACTS,
    Field.PRESENCE_WRITE,
    Field.STYLE,
    Field.LOCKED,
)
level_forms = st.builds(LevelForm, forms) | st.builds(
    LevelForm, forms, st.booleans(), st.integers(1, 9999)
)


def as_shown(shown: LevelForm) -> dict[str, str]:
    """What a client sends when nothing was touched: the values of all the inputs on the card."""
    level = Level("g", "Sales") if shown.priority else ACCOUNT
    card = form(level, shown, version=1, places=9)
    return {e["id"]: str(e["value"]) for e in walk(card) if e["type"].startswith("Input.")}


@pytest.mark.parametrize(
    ("shown", "fields"),
    [
        (LevelForm(OFF), (Field.INTEGRATION, Field.LOCKED)),
        (LevelForm(GOOGLE), (Field.INTEGRATION, Field.SERVICE, Field.LOCKED)),
        (
            LevelForm(Form(True, Service.EXCHANGE, AuthorizeWith.EWS)),
            (Field.INTEGRATION, Field.SERVICE, Field.LOCKED),
        ),
        (
            LevelForm(EWS),
            (Field.INTEGRATION, Field.SERVICE, Field.AUTHORIZE_WITH, Field.LOCKED),
        ),
        (LevelForm(ON), FULL_FORM),
        (LevelForm(ON, priority=2), (Field.MANAGES, *FULL_FORM, Field.PRIORITY)),
        (LevelForm(ON, manages=False, priority=2), (Field.MANAGES,)),
    ],
)
def test_only_the_fields_that_apply_are_offered(
    shown: LevelForm, fields: tuple[Field, ...]
) -> None:
    assert applicable_fields(shown) == fields
    assert set(as_shown(shown)) == set(fields)


@given(level_forms)
def test_saving_an_untouched_form_changes_nothing(shown: LevelForm) -> None:
    submitted = submitted_form(shown, as_shown(shown))
    assert submitted == shown
    assert next_step(shown, submitted) is Step.SAVE
    assert differing(shown, submitted) == []


@given(level_forms)
def test_what_a_client_leaves_out_stays_as_it_was(shown: LevelForm) -> None:
    assert submitted_form(shown, {}) == shown


def test_the_article_s_steps_for_the_account() -> None:
    shown = LevelForm(Form(False, Service.GOOGLE, AuthorizeWith.EWS, presence_write=False))
    entered = submitted_form(shown, {"integration": "true", "locked": "false"})
    assert next_step(shown, entered) is Step.VERIFY  # "If a verification dialog appears"
    assert after_verifying(entered) is Step.NEXT
    steps: list[tuple[dict[str, str], Step]] = [
        ({"service": "office365"}, Step.NEXT),
        ({"service": "office365", "authorize_with": "graph"}, Step.NEXT),
        ({"presence_write": "true"}, Step.SAVE),
    ]
    for inputs, step in steps:
        assert entered.form.stopped_by() is not None
        shown, entered = entered, submitted_form(entered, inputs)
        assert next_step(shown, entered) is step
    assert entered.form.stopped_by() is None


def test_switching_off_is_verified_and_then_saved() -> None:
    entered = submitted_form(LevelForm(ON), {"integration": "false"})
    assert next_step(LevelForm(ON), entered) is Step.VERIFY
    assert after_verifying(entered) is Step.SAVE
    assert entered.form.service is Service.OFFICE_365  # the other choices are kept


def test_a_choice_that_needs_fewer_answers_is_saved() -> None:
    entered = submitted_form(LevelForm(ON), {"service": "google"})
    assert next_step(LevelForm(ON), entered) is Step.SAVE


def test_a_group_begins_and_ends_to_manage_its_own_settings() -> None:
    inherits = LevelForm(ON, manages=False, priority=3)
    manages = submitted_form(inherits, {"manages": "true"})
    assert next_step(inherits, manages) is Step.NEXT
    assert next_step(manages, submitted_form(manages, {"manages": "false"})) is Step.SAVE
    assert differences(inherits, manages) == ((LABELS[Field.MANAGES], "no (inherits)", "yes"),)


@given(level_forms, forms)
def test_the_question_is_asked_exactly_when_the_integration_is_switched(
    shown: LevelForm, other: Form
) -> None:
    submitted = shown.with_value(Field.INTEGRATION, other.integration)
    submitted = submitted.with_value(Field.SERVICE, other.service)
    asked = next_step(shown, submitted) is Step.VERIFY
    assert asked == (shown.manages and shown.form.integration != submitted.form.integration)


@pytest.mark.parametrize(
    "inputs",
    [
        {"integration": "perhaps"},
        {"service": "Office 366"},
        {"service": "none"},
        {"authorize_with": "basic"},
        {"style": "mirror,full"},
        {"style": "quiet"},
        {"locked": "None"},
    ],
)
def test_values_that_the_form_does_not_offer_are_explained(inputs: dict[str, str]) -> None:
    with pytest.raises(BadInput, match="Nothing was saved"):
        submitted_form(LevelForm(ON, priority=2), inputs)


@pytest.mark.parametrize(
    ("inputs", "shown"),
    [
        ({"service": "google"}, LevelForm(OFF)),
        ({"authorize_with": "graph"}, LevelForm(GOOGLE)),
        ({"presence_write": "true"}, LevelForm(EWS)),
        ({"priority": "1"}, LevelForm(ON)),
        ({"integration": "true"}, LevelForm(ON, manages=False, priority=1)),
    ],
)
def test_fields_that_were_not_shown_are_refused(inputs: dict[str, str], shown: LevelForm) -> None:
    with pytest.raises(BadClick, match="not offered"):
        submitted_form(shown, inputs)


@pytest.mark.parametrize("entered", ["0", "-1", "1.5", "10000", "２", "second", "NaN", "1e3"])
def test_a_priority_that_is_none_is_explained(entered: str) -> None:
    with pytest.raises(BadInput, match=r"whole number from 1 to 9,999. Nothing was saved"):
        submitted_form(LevelForm(ON, priority=2), {"priority": entered})


@given(level_forms, st.sampled_from(["", " ", "\u00a0", "\r\n"]))
def test_what_a_client_sends_empty_stays_as_it_was(shown: LevelForm, nothing: str) -> None:
    """Tablets do so for choices that were not touched, shown or not."""
    assert submitted_form(shown, dict.fromkeys(Field, nothing)) == shown


@pytest.mark.parametrize(
    ("inputs", "meant"),
    [
        ({"locked": "True"}, {Field.LOCKED: True}),
        ({"locked": "TRUE "}, {Field.LOCKED: True}),
        ({"locked": "1"}, {Field.LOCKED: True}),
        ({"locked": "1.0", "calendar": "0.0"}, {Field.LOCKED: True}),
        ({"locked": "Yes"}, {Field.LOCKED: True}),
        ({"style": "busy_only"}, {Field.STYLE: Style.BUSY_ONLY}),
        ({"integration": "False"}, {Field.INTEGRATION: False}),
        ({"presence_write": "FALSE"}, {Field.PRESENCE_WRITE: False}),
        ({"calendar": "True", "locked": ""}, {Field.CALENDAR: True}),
        ({"service": "Google"}, {Field.SERVICE: Service.GOOGLE}),
        ({"service": "OFFICE 365"}, {Field.SERVICE: Service.OFFICE_365}),
        ({"authorize_with": "EWS"}, {Field.AUTHORIZE_WITH: AuthorizeWith.EWS}),
        ({"authorize_with": "Graph API"}, {Field.AUTHORIZE_WITH: AuthorizeWith.GRAPH_API}),
        ({"style": "Busy Only"}, {Field.STYLE: Style.BUSY_ONLY}),
        ({"style": "FULL", "priority": ""}, {Field.STYLE: Style.FULL}),
        ({"priority": " 3 "}, {Field.PRIORITY: 3}),
        ({"priority": "3.0"}, {Field.PRIORITY: 3}),  # as JavaScript may write it
    ],
)
def test_values_that_clients_write_otherwise_are_what_was_meant(
    inputs: dict[str, str], meant: dict[Field, Any]
) -> None:
    shown = expected = LevelForm(ON, priority=2)
    for field, value in meant.items():
        expected = expected.with_value(field, value)
    assert submitted_form(shown, inputs) == expected


def test_every_field_of_the_form_is_a_field_of_the_card_in_words() -> None:
    assert set(asdict(ON)) - BESIDE == set(Field) - {Field.MANAGES, Field.PRIORITY}
    assert set(LABELS) == set(Field)
    groups = [LevelForm(shown, priority=1) for shown in (ON, GOOGLE, EWS)]
    assert {field for group in groups for field in applicable_fields(group)} == set(Field)
    assert set(SERVICES) == set(Service)
    assert set(AUTHORIZE_WITH) == set(AuthorizeWith)
    shown = LevelForm(ON, priority=2)
    words = {field: value_words(field, shown.value(field)) for field in Field}
    assert words[Field.SERVICE] == "Office 365"
    assert words[Field.AUTHORIZE_WITH] == "Graph API"
    assert words[Field.PRESENCE_WRITE] == "Write"
    assert words[Field.PRIORITY] == "2"
    assert all(words.values())
    assert not {"True", "False"} & set(words.values())


@given(forms)
def test_whatever_keeps_presence_off_is_said(filled: Form) -> None:
    assert bool(because(filled)) == (filled.stopped_by() is not None)
