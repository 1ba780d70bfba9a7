"""Why a setting is changed: one line, as long as it may be, and nothing that isn't seen."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.reason import LONGEST_REASON, BadReason, reason_of
from wording.reason import shown_reason

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("INC0012345", "INC0012345"),
        ("  INC0012345:\n the\tpilot\r\nbegins ", "INC0012345: the pilot begins"),
        ("so sagt’s der Betriebsrat — §87 👩‍🚀", "so sagt’s der Betriebsrat — §87 👩‍🚀"),
        ("Cafe\u0301", "Café"),
        ("בגלל התקלה", "בגלל התקלה"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("INC\x00\x1b[31m1\x07", "INC[31m1"),
        ("half \ud800 a letter", "half a letter"),
        *((nothing, "") for nothing in ("", " \n\t", "\u200b\ufeff", "\u200d\u200d", "\x00")),
    ],
)
def test_a_reason_is_kept_as_it_is_seen(typed: str, kept: str) -> None:
    assert reason_of(typed) == kept


@pytest.mark.parametrize("length", [LONGEST_REASON + 1, 5000, 10**6])
def test_a_long_reason_is_refused_and_not_cut(length: int) -> None:
    with pytest.raises(BadReason):
        reason_of("x" * length)
    assert reason_of("x" * LONGEST_REASON) == "x" * LONGEST_REASON


@given(st.text(max_size=300))
def test_whatever_is_typed_is_one_harmless_line_and_stays_the_same(typed: str) -> None:
    try:
        reason = reason_of(typed)
    except BadReason:
        return
    assert len(reason) <= LONGEST_REASON
    assert reason_of(reason) == reason == " ".join(reason.split())
    assert not {"Cc", "Cs"} & {unicodedata.category(sign) for sign in reason}
    assert reason.encode() is not None, "it has no halves of letters"
    assert "{{" not in shown_reason(reason)
