"""Every answer of Microsoft's that ends an authorisation has words for admins."""

from __future__ import annotations

import pytest

from sync.microsoft.login_errors import Meaning, trouble_of
from wording.ended import ENDED, STORMS, alike, ended, storm_words

pytestmark = pytest.mark.unit

ENDS = {
    *Meaning,
} - {Meaning.LATER, Meaning.OUR_REGISTRATION, Meaning.WRONG_RESPONSE, Meaning.DECLINED}
"""What ends the authorisation of somebody who was connected."""
RARE = {"unused_too_long"}
"""Ends one by one, and is mended by connecting again."""


@pytest.mark.parametrize("code", sorted(ENDS - RARE))
def test_what_a_policy_can_bring_about_has_words_of_its_own(code: str) -> None:
    assert code in STORMS
    said, to_do = storm_words(code)
    assert said.startswith("Microsoft ")
    assert "Entra" in to_do


def test_whatever_else_comes_is_explained_too() -> None:
    answer = {"error": "invalid_grant", "error_codes": [99999]}
    code = getattr(trouble_of(answer), "code", "")
    assert code not in STORMS
    assert "Entra" in storm_words(code)[1]


@pytest.mark.parametrize("code", ["consent_required", "scope_withdrawn", "access_denied"])
def test_codes_that_mean_the_same_have_the_same_words(code: str) -> None:
    assert alike(code) != code
    assert alike(code) in STORMS
    assert ended(code) == ENDED[alike(code)]


def test_each_has_words_of_its_own_for_the_person() -> None:
    assert set(ENDED) == ENDS
    assert len({words.told for words in ENDED.values()}) == len(ENDED)
    for words in ENDED.values():
        assert words.told.endswith(".")
        assert words.next_step.endswith(".")


def test_a_person_is_told_something_whatever_the_code() -> None:
    assert "authorisation" in ended("invalid_grant").told
    assert "Connect again" in ended("").next_step
