"""Text from outside: readable, harmless, and never cut in the middle of a sign."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cards.build import heading
from wording.text import addressed, outside, plain, tidy

pytestmark = pytest.mark.unit


@given(st.text(max_size=400), st.integers(10, 80))
def test_no_text_can_break_a_card(text: str, limit: int) -> None:
    shown = tidy(text, limit)
    assert "{{" not in shown
    assert not any(ord(c) < 32 or 0x202A <= ord(c) <= 0x202E for c in shown)
    shown.encode("utf-8")
    assert tidy(shown, limit * 2) == tidy(tidy(shown, limit * 2), limit * 2)


MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
LOOK_ALIKE = str.maketrans("∖ˋ∗∼＿", "\\`*~_")
PIECES = ["[x](y)", "[x]: z", "&amp;", "&#33;", "<b>", "</b>", "<!--", "www.a.b", "https://a.b"]


@given(
    st.text("[]()<>*_`~|\\#>-=+1. a:/w&;!{}", max_size=60)
    | st.lists(st.sampled_from([*PIECES, "* ", "**", "_", "1. ", "C++ <Core> Team"])).map("".join)
)
def test_nothing_in_plain_text_is_markdown_and_nothing_is_lost(text: str) -> None:
    shown = plain(text)
    # The parser of Microsoft's JavaScript renderer, in Python.
    read = f"<p>{html.escape(shown, quote=False)}</p>" if shown else ""
    assert MARKDOWN.render(shown).strip().replace("&quot;", '"') == read
    assert "://" not in shown
    assert not re.search(r"\bwww\.", shown)
    assert _visible(shown) == _visible(tidy(text))


def _visible(text: str) -> str:
    return text.translate(LOOK_ALIKE).replace("\u2060", "")


@pytest.mark.parametrize(
    "name", ["C++ <Core> Team", "[Core](x)", "*Core*", "AT&amp;T", "a_b_ <c>", "www.a.b"]
)
def test_a_heading_says_a_name_to_the_letter(name: str) -> None:
    title = heading(f"Settings for {name}")
    assert title["type"] == "RichTextBlock"
    [run] = title["inlines"]
    assert run == {
        "type": "TextRun",
        "text": f"Settings for {name}",
        "size": "Large",
        "weight": "Bolder",
    }
    assert heading("Settings for R&D (West)")["style"] == "heading"


@pytest.mark.parametrize(
    "name", ["Ada Lindqvist", "Chiara O'Brien", "Dorothea Größe", "山田", "a_b@x.example"]
)
def test_ordinary_names_and_addresses_stay_exactly_as_they_are(name: str) -> None:
    assert outside(name) == name
    assert plain(name) == name


def test_a_name_from_right_to_left_is_isolated() -> None:
    assert outside("דנה") == "\u2068דנה\u2069"


def test_a_sentence_begins_with_the_name_or_a_capital() -> None:
    assert addressed("Ada", "this erases:") == "Ada, this erases:"
    assert addressed(" ", "this erases:") == "This erases:"


def test_directional_tricks_are_removed() -> None:
    assert outside("ann\u202egpj.exe\u2066") == "anngpj.exe"


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcde…"),
        ("ab cdefg", 4, "ab…"),
        ("abc👩‍👩‍👧‍👦d", 7, "abc…"),
        ("abcde\u0301f", 6, "abcd…"),
        ("ab🇩🇪🇫🇷", 4, "ab…"),
        ("abc👍🏽de", 5, "abc…"),
        ("👩‍👩‍👧‍👦" * 5, 6, "👩‍👩‍👧…"),
    ],
)
def test_long_text_is_cut_between_signs(text: str, limit: int, shown: str) -> None:
    assert tidy(text, limit) == shown


def test_long_words_can_break_and_ordinary_addresses_stay_copyable() -> None:
    assert "\u200b" in tidy("x" * 40)
    assert tidy("x" * 40).replace("\u200b", "") == "x" * 40
    assert "\u200b" not in tidy("christopher.montgomery@contoso.com")


def test_clients_replace_nothing_in_what_people_typed() -> None:
    assert "{{" not in tidy("{{{DATE(2026-01-01T00:00:00Z)}}")
