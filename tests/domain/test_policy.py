"""Presence is on exactly when the article's whole path is set."""

import itertools

import pytest

from domain.policy import AuthorizeWith, Form, Policy, Reason, Service, resolve
from wording.policy import verdict_words

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
