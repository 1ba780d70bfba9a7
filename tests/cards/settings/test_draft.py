"""The form of Zoom's article, step by step."""

from __future__ import annotations

from dataclasses import asdict, replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.payload import BadInput, BadPayload, Click, Payloads, Verb
from cards.settings.form import form
from cards.settings_draft import (
    AUTHORIZE_WITH,
    SERVICES,
    Draft,
    Field,
    Step,
    after_verifying,
    applicable_fields,
    because,
    differences,
    draft_args,
    draft_of,
    in_words,
    input_name,
    next_step,
    read_inputs,
    stopped_by,
)
from cards.settings_words import Target
from domain.policy import AuthorizeWith, Form, Reason, Service
from domain.presence import Style
from tests.cards.lint import walk

PAYLOADS = Payloads(b"a secret that only tests know....")
CARD = "card-1"
FULL_FORM = (
    Field.INTEGRATION,
    Field.SERVICE,
    Field.AUTHORIZE_WITH,
    Field.CALENDAR,
    Field.CONTACTS,
    Field.PRESENCE_WRITE,
    Field.STYLE,
    Field.LOCKED,
)
drafts = st.builds(
    Draft,
    integration=st.booleans(),
    service=st.sampled_from(sorted(SERVICES)),
    authorize_with=st.sampled_from(sorted(AUTHORIZE_WITH)),
    presence_write=st.booleans(),
    calendar=st.booleans(),
    contacts=st.booleans(),
    locked=st.booleans(),
    style=st.sampled_from(["busy only", "mirror", "full"]),
    manages=st.booleans(),
    priority=st.integers(1, 9999),
) | st.builds(Draft, integration=st.booleans(), service=st.sampled_from(sorted(SERVICES)))


def click(**entered: str) -> Click:
    inputs = {input_name(Field(name), CARD): value for name, value in entered.items()}
    return Click(Verb.SETTINGS_SAVE, CARD, {}, inputs)


def entered_as_shown(draft: Draft) -> Click:
    """What a client sends when nothing was touched: the values of all the inputs on the card."""
    card = form(PAYLOADS, CARD, Target("g", "Sales"), draft, version=1, places=9)
    inputs = {e["id"]: str(e["value"]) for e in walk(card) if e["type"].startswith("Input.")}
    return Click(Verb.SETTINGS_SAVE, CARD, {}, inputs)


@pytest.mark.parametrize(
    ("draft", "fields"),
    [
        (Draft(integration=False), (Field.INTEGRATION, Field.LOCKED)),
        (
            Draft(integration=True, service="google"),
            (Field.INTEGRATION, Field.SERVICE, Field.LOCKED),
        ),
        (
            Draft(integration=True, service="exchange", authorize_with="ews"),
            (Field.INTEGRATION, Field.SERVICE, Field.LOCKED),
        ),
        (
            Draft(integration=True, authorize_with="ews"),
            (Field.INTEGRATION, Field.SERVICE, Field.AUTHORIZE_WITH, Field.LOCKED),
        ),
        (Draft(integration=True), FULL_FORM),
        (Draft(integration=True, priority=2), (Field.MANAGES, *FULL_FORM, Field.PRIORITY)),
        (Draft(integration=True, priority=2, manages=False), (Field.MANAGES,)),
    ],
)
def test_only_the_fields_that_apply_are_offered(draft: Draft, fields: tuple[Field, ...]) -> None:
    assert applicable_fields(draft) == fields
    shown = {element.removesuffix(f"-{CARD}") for element in entered_as_shown(draft).inputs}
    assert shown == set(fields)


@given(drafts)
def test_saving_an_untouched_form_changes_nothing(draft: Draft) -> None:
    submitted = read_inputs(entered_as_shown(draft), draft)
    assert submitted == draft
    assert next_step(draft, submitted) is Step.SAVE
    assert differences(draft, submitted) == []


@given(drafts)
def test_what_a_client_leaves_out_stays_as_it_was(draft: Draft) -> None:
    assert read_inputs(click(), draft) == draft


@given(drafts)
def test_a_draft_comes_back_from_a_button(draft: Draft) -> None:
    data = PAYLOADS.pack(Verb.SETTINGS_SAVE, CARD, group="g", version=1, **draft_args(draft))
    assert draft_of(PAYLOADS.unpack("", data).args) == draft


def test_the_article_s_steps_for_the_account() -> None:
    shown = Draft(integration=False, service="google", authorize_with="ews", presence_write=False)
    draft = read_inputs(click(integration="true", locked="false"), shown)
    assert next_step(shown, draft) is Step.VERIFY  # "If a verification dialog appears"
    assert after_verifying(draft) is Step.NEXT
    for entered, step in (
        ({"service": "office365"}, Step.NEXT),
        ({"service": "office365", "authorize_with": "graph"}, Step.NEXT),
        ({"presence_write": "true"}, Step.SAVE),
    ):
        assert stopped_by(draft) is not None
        shown, draft = draft, read_inputs(click(**entered), draft)
        assert next_step(shown, draft) is step
    assert stopped_by(draft) is None


def test_switching_off_is_verified_and_then_saved() -> None:
    draft = read_inputs(click(integration="false"), Draft(integration=True))
    assert next_step(Draft(integration=True), draft) is Step.VERIFY
    assert after_verifying(draft) is Step.SAVE
    assert draft.service == "office365"  # the other choices are kept


def test_a_choice_that_needs_fewer_answers_is_saved() -> None:
    draft = read_inputs(click(service="google"), Draft(integration=True))
    assert next_step(Draft(integration=True), draft) is Step.SAVE


def test_a_group_begins_and_ends_to_manage_its_own_settings() -> None:
    inherits = Draft(integration=True, manages=False, priority=3)
    manages = read_inputs(click(manages="true"), inherits)
    assert next_step(inherits, manages) is Step.NEXT
    assert next_step(manages, read_inputs(click(manages="false"), manages)) is Step.SAVE
    [difference] = differences(inherits, manages)
    assert (difference.before, difference.after) == ("inherits", "manages its own")


@given(drafts, drafts)
def test_the_question_is_asked_exactly_when_the_integration_is_switched(
    shown: Draft, other: Draft
) -> None:
    submitted = replace(shown, integration=other.integration, service=other.service)
    asked = next_step(shown, submitted) is Step.VERIFY
    assert asked == (shown.manages and shown.integration != submitted.integration)


@pytest.mark.parametrize(
    "entered",
    [
        {"integration": "perhaps"},
        {"service": "Office 366"},
        {"service": "none"},
        {"authorize_with": "basic"},
        {"style": "mirror,full"},
        {"locked": "None"},
    ],
)
def test_values_that_the_form_does_not_offer_are_explained(entered: dict[str, str]) -> None:
    with pytest.raises(BadInput, match="Nothing was saved"):
        read_inputs(click(**entered), Draft(integration=True, priority=2))


@pytest.mark.parametrize(
    ("entered", "shown"),
    [
        ({"service": "google"}, Draft(integration=False)),
        ({"authorize_with": "graph"}, Draft(integration=True, service="google")),
        ({"presence_write": "true"}, Draft(integration=True, authorize_with="ews")),
        ({"priority": "1"}, Draft(integration=True)),
        ({"integration": "true"}, Draft(integration=True, priority=1, manages=False)),
    ],
)
def test_fields_that_were_not_shown_are_refused(entered: dict[str, str], shown: Draft) -> None:
    with pytest.raises(BadPayload, match="not offered"):
        read_inputs(click(**entered), shown)


@pytest.mark.parametrize("entered", ["0", "-1", "1.5", "10000", "２", "second", "NaN", "1e3"])
def test_a_priority_that_is_none_is_explained(entered: str) -> None:
    with pytest.raises(BadInput, match=r"whole number from 1 to 9,999. Nothing was saved"):
        read_inputs(click(priority=entered), Draft(integration=True, priority=2))


@given(drafts, st.sampled_from(["", " ", "\u00a0", "\r\n"]))
def test_what_a_client_sends_empty_stays_as_it_was(draft: Draft, nothing: str) -> None:
    """Tablets do so for choices that were not touched, shown or not."""
    assert read_inputs(click(**dict.fromkeys(Field, nothing)), draft) == draft


@pytest.mark.parametrize(
    ("entered", "meant"),
    [
        ({"locked": "True"}, {"locked": True}),
        ({"locked": "TRUE "}, {"locked": True}),
        ({"locked": "1"}, {"locked": True}),
        ({"locked": "1.0", "calendar": "0.0"}, {"locked": True}),
        ({"locked": "Yes"}, {"locked": True}),
        ({"style": "busy_only"}, {"style": "busy only"}),
        ({"integration": "False"}, {"integration": False}),
        ({"presence_write": "FALSE"}, {"presence_write": False}),
        ({"calendar": "True", "locked": ""}, {"calendar": True}),
        ({"service": "Google"}, {"service": "google"}),
        ({"service": "OFFICE 365"}, {"service": "office365"}),
        ({"authorize_with": "EWS"}, {"authorize_with": "ews"}),
        ({"authorize_with": "Graph API"}, {"authorize_with": "graph"}),
        ({"style": "Busy Only"}, {"style": "busy only"}),
        ({"style": "FULL", "priority": ""}, {"style": "full"}),
        ({"priority": " 3 "}, {"priority": 3}),
    ],
)
def test_values_that_clients_write_otherwise_are_what_was_meant(
    entered: dict[str, str], meant: dict[str, Any]
) -> None:
    shown = Draft(integration=True, priority=2)
    assert read_inputs(click(**entered), shown) == replace(shown, **meant)


@pytest.mark.parametrize("number", ["3", "3.0"])
def test_a_number_may_come_as_javascript_writes_it(number: str) -> None:
    shown = Draft(integration=True, priority=2)
    assert read_inputs(click(priority=number), shown).priority == 3


def test_inputs_of_another_card_are_not_this_form_s() -> None:
    other = Click(Verb.SETTINGS_SAVE, "card-2", {}, click(integration="false").inputs)
    assert read_inputs(other, Draft(integration=True)).integration is True


@pytest.mark.parametrize("field", list(Field))
@pytest.mark.parametrize("value", ["", "Google", 7.5, None, 10_000, -1, ["x"]])
def test_a_button_of_another_version_is_refused(field: Field, value: object) -> None:
    args: dict[str, Any] = draft_args(Draft(integration=True))
    args[f"draft_{field}"] = value
    with pytest.raises(BadPayload):
        draft_of(args)
    del args[f"draft_{field}"]
    with pytest.raises(BadPayload):
        draft_of(args)


def test_the_card_s_form_and_the_policy_s_form_agree() -> None:
    """Cards know nothing of the policy; this holds their fields, values and verdicts together."""
    reasons = {
        None: None,
        Field.INTEGRATION: Reason.INTEGRATION_OFF,
        Field.SERVICE: Reason.OTHER_SERVICE,
        Field.AUTHORIZE_WITH: Reason.NOT_GRAPH,
        Field.PRESENCE_WRITE: Reason.NO_PRESENCE_WRITE,
    }
    assert set(SERVICES) == set(Service)
    assert set(AUTHORIZE_WITH) == set(AuthorizeWith)
    assert set(asdict(Form(integration=True))) == set(Field) - {Field.MANAGES, Field.PRIORITY}
    for on, service, authorize, write in product(
        (True, False), Service, AuthorizeWith, (True, False)
    ):
        policy_form = Form(on, service, authorize, write, style=Style.FULL)
        draft = Draft(**asdict(policy_form))
        assert reasons[stopped_by(draft)] is policy_form.stopped_by()
        assert bool(because(draft)) == (policy_form.stopped_by() is not None)


def test_every_value_can_be_said_in_words() -> None:
    draft = Draft(integration=True, priority=2)
    words = {field: in_words(field, draft) for field in Field}
    assert words[Field.SERVICE] == "Office 365"
    assert words[Field.AUTHORIZE_WITH] == "Graph API"
    assert words[Field.PRESENCE_WRITE] == "Write"
    assert words[Field.PRIORITY] == "2"
    assert all(words.values())
