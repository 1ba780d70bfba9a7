"""Every answer of Microsoft's that ends an authorisation has words for admins."""

from __future__ import annotations

import pytest

from bot.storm_words import WORDS, WORDS_TOO, view_of
from sync.microsoft.login_errors import MEANINGS, trouble_of
from sync.notices import Storm

RARE = {"unused_too_long"}
"""Ends one by one, and is mended by connecting again."""


def storm(code: str) -> Storm:
    return Storm(code, 1, people=6, most=9, seen_ms=2)


@pytest.mark.parametrize("code", sorted({*MEANINGS.values(), "blocked_by_policy"} - RARE))
def test_what_a_policy_can_bring_about_has_words_of_its_own(code: str) -> None:
    assert code in WORDS
    view = view_of(storm(code))
    assert (view.code, view.count, view.most) == (code, 6, 9)
    assert view.said.startswith("Microsoft ")
    assert "Entra" in view.to_do


def test_whatever_else_comes_is_explained_too() -> None:
    answer = {"error": "interaction_required", "error_codes": [99999]}
    code = getattr(trouble_of(answer), "code", "")
    assert code not in WORDS
    assert "Entra" in view_of(storm(code)).to_do


def test_no_words_lead_nowhere() -> None:
    assert set(WORDS_TOO.values()) <= set(WORDS)
    assert not set(WORDS_TOO) & set(WORDS)
