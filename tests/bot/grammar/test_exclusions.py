"""`settings exclude`, `include`, `excluded`: every word is an address, or nothing is done."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grammar.commands import BadCommand, parse
from bot.grammar.exclusions import MOST_AT_ONCE, Exclude, Excluded, Include

pytestmark = pytest.mark.unit

ADA, BEN = "ada@example.com", "Ben@example.com"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("settings exclude ada@example.com", Exclude((ADA,))),
        ("/Settings Exclude ada@example.com, please", Exclude((ADA,))),
        ("settings exclude ada@example.com Ben@example.com", Exclude((ADA, BEN))),
        ("settings exclude ada@example.com; Ben@example.com,", Exclude((ADA, BEN))),
        ("settings exclude ada@example.com,Ben@example.com", Exclude((ADA, BEN))),
        ("settings exclude ada@example.com and Ben@example.com", Exclude((ADA, BEN))),
        ("settings exclude ada@example.com ADA@example.com", Exclude((ADA,))),
        ("settings exclude Ada <ada@example.com>; Ben O'N <Ben@example.com>", Exclude((ADA, BEN))),
        ('settings exclude "Ada L" (ada@example.com)', Exclude((ADA,))),
        ("settings exclude mailto:ada@example.com", Exclude((ADA,))),
        ("settings exclude [ada@example.com](mailto:ada@example.com)", Exclude((ADA,))),
        ("settings exclude ada@example.com because on leave", Exclude((ADA,), "on leave")),
        ("settings exclude jörg@größe.example", Exclude(("jörg@größe.example",))),
        ("settings exclude 山田＠example.com", Exclude(("山田@example.com",))),
        ("settings include ada@example.com Ben@example.com", Include((ADA, BEN))),
        ("settings excluded", Excluded()),
        ("settings exclusions please", Excluded()),
    ],
)
def test_what_is_said(text: str, said: object) -> None:
    assert parse(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "settings exclude",
        "settings exclude me",
        "settings exclude Sales",
        "settings exclude ada@example.com Sales",
        "settings exclude Sales ada@example.com",
        "settings exclude ada@@example.com",
        "settings exclude ada@",
        "settings exclude everyone but ada@example.com",
        "settings exclude not ada@example.com",
        "settings include",
        "settings include all",
        "settings excluded in Sales",
        f"settings exclude ada@example.com because {'x' * 300}",
    ],
)
def test_what_is_not_understood_is_not_half_done(text: str) -> None:
    assert isinstance(parse(text), BadCommand)


@pytest.mark.parametrize("count", [MOST_AT_ONCE + 1, 190])
def test_too_many_at_once_are_counted_and_refused(count: int) -> None:
    found = parse("settings exclude " + " ".join(f"user{n}@example.com" for n in range(count)))
    assert isinstance(found, BadCommand)
    assert f"These are {count} addresses" in found.what


@given(st.lists(st.from_regex(r"[a-z]{1,8}@[a-z]{1,8}\.example", fullmatch=True), min_size=1))
def test_all_that_are_said_are_meant(addresses: list[str]) -> None:
    found = parse("settings exclude " + "; ".join(addresses))
    each = tuple(dict.fromkeys(addresses))
    if len(each) > MOST_AT_ONCE:
        assert isinstance(found, BadCommand)
    else:
        assert found == Exclude(each)
