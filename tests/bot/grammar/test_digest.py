"""`settings digest`: on, off, now, or how it is."""

from __future__ import annotations

import pytest

from bot.grammar.commands import BadCommand, parse
from bot.grammar.digest import MorningDigest

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("settings digest", ""),
        ("/Settings Digest, please", ""),
        ("settings digest on", "on"),
        ("settings digest On please", "on"),
        ("settings digest turn on.", "on"),
        ("settings digest off", "off"),
        ("settings digest stop", "off"),
        ("settings digest now", "now"),
        ("settings digest on now", "on"),
    ],
)
def test_what_is_said(text: str, wanted: str) -> None:
    assert parse(text) == MorningDigest(wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["settings digest maybe", "settings digest on off"])
def test_what_is_not_understood_changes_nothing(text: str) -> None:
    said = parse(text)
    assert isinstance(said, BadCommand)
    assert "settings digest on, settings digest off" in said.hint
