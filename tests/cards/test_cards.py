"""Every card in every state of `tests.cards.samples`."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import pkgutil
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cards
from cards.click import CLICKS
from cards.person import connect
from cards.person.status import status
from cards.seal import Seal
from tests.cards import lint
from tests.cards.lint import complaints, walk
from tests.cards.samples import COMMANDS, HOSTILE, SAMPLES, SEAL, START_URL
from wording.chat import ANSWERED
from wording.status import StatusView

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

GOLDEN = Path(__file__).parent / "golden"
CHART = {
    "type": "Chart.HorizontalBar",
    "displayMode": "PartToWhole",
    "data": [{"x": "a", "y": 1, "color": "good"}],
    "fallback": {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "a: 1"}]},
}
OUTSIDE = ("-hebrew", "-hostile", "-long", "-longest", "-emoji")


@pytest.mark.parametrize("name", SAMPLES)
def test_card_is_valid_safe_and_small(name: str) -> None:
    assert complaints(SAMPLES[name], SEAL, START_URL) == []


@pytest.mark.parametrize("name", [n for n in SAMPLES if not n.endswith(OUTSIDE)])
def test_card_is_the_one_that_was_agreed(name: str) -> None:
    """`UPDATE_GOLDEN=1 pytest tests/cards` writes the files anew: look at the difference."""
    path = GOLDEN / f"{name}.json"
    now = json.dumps(SAMPLES[name], indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text(now, "utf-8")
    assert now == path.read_text("utf-8")


def test_every_golden_file_belongs_to_a_card() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} <= set(SAMPLES)


def test_every_click_is_on_a_card() -> None:
    assert {e["verb"] for card in SAMPLES.values() for e in walk(card) if "verb" in e} == set(
        CLICKS
    )


def test_every_card_has_a_sample() -> None:
    """Or nothing above would see it."""
    rooms = [module.name for module in pkgutil.walk_packages(cards.__path__, "cards.")]
    made = {
        name
        for room in rooms
        for name, it in inspect.getmembers(importlib.import_module(room), inspect.isfunction)
        if it.__module__ == room and inspect.signature(it).return_annotation == "Card"
    }
    samples = "".join(path.read_text() for path in Path(__file__).parent.rglob("*samples.py"))
    assert {"help_card", "centre"} < made - {"card"}
    assert made - {"card"} <= set(re.findall(r"\b(\w+)\(", samples))


@pytest.mark.parametrize(
    ("element", "complaint"),
    [
        ({"type": "TextBlock", "text": "[x](y)", "wrap": True, "style": "heading"}, "Markdown"),
        ({"type": "TextBlock", "text": "x", "style": "heading"}, "does not wrap"),
        ({"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "{{"}]}, "replaced"),
        ({"type": "RichTextBlock", "inlines": [], "colour": "red"}, "schema"),
        ({"type": "Input.Text", "id": "open"}, "no label"),
        ({"type": "Input.Text", "id": "open", "label": "x"}, "appears 2 times"),
        ({"type": "Chart.HorizontalBar", "data": CHART["data"]}, "in its place"),
        (CHART | {"fallback": {"type": "TextBlock", "text": "x", "wrap": True}}, "only headings"),
        (CHART | {"fallback": {"type": "Chart.Pie"}}, "schema"),
        (CHART | {"data": []}, "of nothing"),
        (CHART | {"data": [{"x": "a", "y": -1, "color": "good"}]}, "not a value"),
        (CHART | {"data": [{"x": "a", "y": 1, "color": "green"}]}, "not a value"),
        (CHART | {"displayMode": "pie"}, "display mode"),
        (CHART | {"xAxis": "x"}, "a chart has"),
        ({"type": "Image", "url": "https://evil.example/p"}, "loads from outside"),
    ],
)
def test_the_checks_above_would_notice_a_mistake(
    element: dict[str, object], complaint: str
) -> None:
    card = SAMPLES["connect-offer"]
    broken = card | {"body": [*card["body"], element]}
    assert any(complaint in said for said in complaints(broken, SEAL, START_URL))


def test_a_button_signed_by_somebody_else_would_be_noticed() -> None:
    assert complaints(SAMPLES["welcome"], Seal(b"another secret of 16+"), START_URL)


def _titles(name: str) -> list[str]:
    return [e["title"] for e in walk(SAMPLES[name]) if e["type"].startswith("Action.")]


def _words(name: str) -> str:
    return "".join(e["text"] for e in walk(SAMPLES[name]) if "text" in e)


@pytest.mark.parametrize(
    ("name", "confirming"),
    [("connect-offer", "Connect with Microsoft"), ("disconnect-confirm", "Disconnect")],
)
def test_a_confirming_button_stands_beside_cancel(name: str, confirming: str) -> None:
    assert _titles(name) == [confirming, "Cancel"]


@pytest.mark.parametrize(
    "name", ["welcome", "connect-again", "connect-no-zoom", "status-trouble", "connect-cancelled"]
)
def test_the_way_to_connect_starts_with_connect(name: str) -> None:
    assert any(title.startswith("Connect") for title in _titles(name))


def test_unknown_words_offer_the_nearest_command_as_a_button() -> None:
    assert "I don’t know “conect”. Did you mean connect?" in _words("help-nearest")
    assert _titles("help-nearest") == ["Connect", "What can I say?"]
    assert "Did you mean pause or disconnect?" in _words("help-nearest-two")
    assert _titles("help-nearest-two") == ["Pause", "Disconnect", "What can I say?"]


def test_what_may_not_be_wanted_offers_nothing_that_changes_anything() -> None:
    assert _titles("help-negated") == ["Status", "What can I say?"]


def test_help_teaches_words_without_slash() -> None:
    words = [
        e["columns"][0]["items"][0]["inlines"][0]["text"]
        for e in walk(SAMPLES["help"])
        if e["type"] == "ColumnSet"
    ]
    assert words == [name for name, _ in COMMANDS]


def test_status_answers_before_it_explains() -> None:
    card = SAMPLES["status"]
    answer = "".join(run["text"] for run in card["body"][1]["items"][0]["inlines"])
    assert answer == ("Working. You are shown as “In a call” because you are in a Zoom meeting.")
    assert card["fallbackText"].startswith("You are shown as “In a call”")


def test_a_status_with_link_trouble_offers_no_test() -> None:
    view = StatusView("s", "z", "r", "t", "s", link_trouble="Expired.", tone="attention")
    titles = [e["title"] for e in walk(status(view)) if e["type"] == "Action.Execute"]
    assert titles == ["Connect again", "Disconnect"]


def test_a_hostile_name_is_shown_as_it_is_and_only_in_runs() -> None:
    card = SAMPLES["welcome-hostile"]
    shown = [e for e in walk(card) if "evil.example" in e.get("text", "")]
    assert [e["type"] for e in shown] == ["TextRun"]
    assert "evil" in HOSTILE
    assert "[Your account]" in shown[0]["text"]


@pytest.mark.parametrize(
    "url",
    [
        "http://bridge.example.com/auth",
        "http://localhost.evil.example/auth",
        "javascript:alert(1)",
        "https:///nowhere",
        "https://bridge.example.com/" + "x" * 2048,
    ],
)
def test_a_card_never_links_to_an_unsafe_address(url: str) -> None:
    with pytest.raises(ValueError, match=r"https|too long"):
        connect.offer(name="Ada", start_url=url, minutes=10)


@pytest.mark.parametrize("url", ["http://127.0.0.1:3978/auth", "http://localhost:3978/auth"])
def test_on_this_machine_a_card_may_link_without_https(url: str) -> None:
    card = connect.offer(name="Ada", start_url=url, minutes=10)
    assert [e["url"] for e in walk(card) if e["type"] == "Action.OpenUrl"] == [url]


def test_the_line_for_group_chats_tells_nothing_about_the_person() -> None:
    assert "private chat" in ANSWERED["reached"]


@given(st.randoms(use_true_random=False), st.sampled_from(sorted(GOLDEN.glob("*.json"))))
def test_the_quick_look_at_a_card_takes_nothing_that_the_schema_refuses(
    dice: random.Random, path: Path
) -> None:
    card = lint.without_charts(json.loads(path.read_text("utf-8")))
    assert lint.fits(card, lint._SCHEMA)
    holder, key = dice.choice(list(places(card)))
    holder[key] = dice.choice([1, 1.5, None, True, [], {}, "odd", {"type": "Strange"}])
    assert lint.fits(card, lint._SCHEMA) <= lint._VALIDATOR.is_valid(card)


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Where something stands in a card."""
    for key in list(node) if isinstance(node, dict) else range(len(node)):
        yield node, key
        if isinstance(node[key], dict | list):
            yield from places(node[key])
