"""Presence is on exactly when the article's whole path is set."""

import itertools
from dataclasses import replace

import pytest

from domain.policy import (
    AuthorizeWith,
    Form,
    Level,
    ManagedGroup,
    Policy,
    Reason,
    Service,
    deciders,
    resolve,
)
from wording.policy import verdict_words, who_decides

pytestmark = pytest.mark.unit

FORMS = [
    Form(integration, service, authorize_with, presence_write)
    for integration, service, authorize_with, presence_write in itertools.product(
        (True, False), Service, AuthorizeWith, (True, False)
    )
]
WHOLE_PATH = Form(True, Service.OFFICE_365, AuthorizeWith.GRAPH_API, presence_write=True)


@pytest.mark.parametrize("form", FORMS)
def test_only_the_whole_path_turns_presence_on(form: Form) -> None:
    verdict = resolve(Policy(form))
    assert verdict.on == (form == WHOLE_PATH)
    assert (verdict.reason is Reason.ON) == verdict.on


def test_an_integration_that_is_on_has_the_articles_path_by_default() -> None:
    assert resolve(Policy(Form(integration=True))).on


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        (Form(False, Service.GOOGLE, AuthorizeWith.EWS, False), Reason.INTEGRATION_OFF),
        (Form(True, Service.GOOGLE, AuthorizeWith.EWS, False), Reason.OTHER_SERVICE),
        (Form(True, Service.EXCHANGE, AuthorizeWith.GRAPH_API, True), Reason.OTHER_SERVICE),
        (Form(True, Service.OFFICE_365, AuthorizeWith.EWS, False), Reason.NOT_GRAPH),
        (Form(True, presence_write=False), Reason.NO_PRESENCE_WRITE),
    ],
)
def test_the_reason_is_the_first_field_that_stops_it(form: Form, reason: Reason) -> None:
    assert resolve(Policy(form)).reason is reason


def test_every_reason_has_a_sentence_of_its_own() -> None:
    sentences = {verdict_words(resolve(Policy(form))) for form in FORMS}
    assert len(sentences) == 5, "on, and one for each field of the form"
    assert all(text.endswith(".") for text in sentences)


def test_who_decides_for_the_members_of_a_group_is_counted() -> None:
    sales, care = (ManagedGroup(i, i, n, WHOLE_PATH) for n, i in enumerate(("sales", "care"), 1))
    policy = Policy(WHOLE_PATH, (sales, care))
    members = [{"care"}, {"care", "sales"}, {"care"}, {"other"}]
    assert deciders(policy, members) == [(care, 2), (sales, 1), (None, 1)]
    locked = replace(policy, account=replace(WHOLE_PATH, locked=True))
    assert deciders(locked, members) == [(None, 4)]
    level = Level("care", "Care")
    said = who_decides(4, level, deciders(policy, members), policy)
    assert said == (
        "It has 4 people in Zoom. It decides for 2 of them, sales for 1, the account for 1."
    )
    said = who_decides(4, level, deciders(locked, members), locked)
    assert said == "It has 4 people in Zoom."
    said = who_decides(1, level, [(care, 1)], policy)
    assert said == "It has 1 person in Zoom. It decides for all of them."
    others = [(ManagedGroup(str(n), f"G{n}", n, WHOLE_PATH), 9 - n) for n in range(1, 7)]
    said = who_decides(33, level, others, policy)
    assert said.endswith("G1 decides for 8 of them, G2 for 7, G3 for 6, other groups for 12.")
