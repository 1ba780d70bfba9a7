"""What was seen of somebody, as their row keeps it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.presence import Shown
from domain.readback import Sight
from sync.readback.rows import WORD, pack_sight, parse_sight

pytestmark = pytest.mark.unit

ANY = st.one_of(st.sampled_from(["Busy", "InACall", "", "É", "a" * 33, "A/b@1", "\n"]), st.text())


@given(ANY, ANY, st.integers(0, 10**15 - 1))
def test_whatever_microsoft_says_is_bounded_and_read_back(one: str, other: str, at: int) -> None:
    text = pack_sight(Sight(Shown(one, other), at))
    assert len(text) <= 81
    assert text.isascii()
    kept = [word if WORD.fullmatch(word) else "" for word in (one, other)]
    assert parse_sight(text) == Sight(Shown(*kept), at)


@pytest.mark.parametrize(
    "text",
    [
        *(None, 7, b"Busy/Busy@1", "", "Busy", "Busy/Busy", "Busy/Busy@", "Busy@1", "Busy/Busy@-1"),
        *("Busy/Busy@1.5", "Busy/Busy@1 ", "Busy/Busy@1\n", "Busy/Busy/Busy@1", "Büsy/Busy@1"),
        *(f"{'a' * 33}/Busy@1", f"Busy/Busy@{'1' * 16}", "Busy/Busy@١"),
    ],
)
def test_what_was_not_written_so_is_no_sight(text: object) -> None:
    assert parse_sight(text) is None
