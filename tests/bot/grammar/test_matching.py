"""`settings unmatched`, `alias`, `match`: addresses and domains, and nothing guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grammar.commands import BadCommand, PerhapsSettings, Said, parse
from bot.grammar.matching import DomainAlias, MatchByHand, Unmatched

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("settings unmatched", Unmatched()),
        ("Settings Unmatched please!", Unmatched()),
        ("settings alias", DomainAlias()),
        ("settings aliases", DomainAlias()),
        ("settings alias old.example new.example", DomainAlias("old.example", "new.example")),
        ("settings alias @Old.Example -> new.example.", DomainAlias("old.example", "new.example")),
        ("settings alias old.example to new.example", DomainAlias("old.example", "new.example")),
        ("settings alias “old.example” new.example", DomainAlias("old.example", "new.example")),
        (
            "settings alias xn--mnchen-3ya.example b.example",
            DomainAlias("münchen.example", "b.example"),
        ),
        ("settings alias old.example", DomainAlias("old.example")),
        ("settings alias remove old.example", DomainAlias("old.example", remove=True)),
        ("settings match ada@a.example al@b.example", MatchByHand("ada@a.example", "al@b.example")),
        (
            "settings match ada@a.example with al@b.example please",
            MatchByHand("ada@a.example", "al@b.example"),
        ),
        (
            "settings match <ada@a.example> (al@b.example)",
            MatchByHand("ada@a.example", "al@b.example"),
        ),
        ("settings match ada@a.example", MatchByHand("ada@a.example")),
        ("settings match", MatchByHand()),
    ],
)
def test_what_is_said(text: str, said: Said) -> None:
    assert parse(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "settings unmatched in Sales",
        "settings alias old",
        "settings alias old.example new.example newer.example",
        "settings alias old.example old.example",
        "settings alias remove",
        "settings alias ada@old.example new.example",
        "settings match Ada Lindqvist",
        "settings match ada@a.example b@b.example c@c.example",
        "settings match ada@@a.example",
    ],
)
def test_what_is_not_understood_says_what_to_say(text: str) -> None:
    said = parse(text)
    assert isinstance(said, BadCommand)
    assert "settings" in said.hint


@given(st.sampled_from(["alias", "match", "unmatched"]), st.text(max_size=80))
def test_whatever_follows_is_answered(topic: str, rest: str) -> None:
    said = parse(f"settings {topic} {rest}")
    assert isinstance(said, BadCommand | PerhapsSettings | Unmatched | DomainAlias | MatchByHand)
