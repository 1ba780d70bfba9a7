"""The few building blocks that all cards share, as plain JSON (Adaptive Cards 1.5, Teams' limit).

House style: a heading, one sentence that answers the question, details below, buttons last.
Headings apart, everything is runs of text, which no client reads as Markdown (see `wording.text`).
A state is always said in words, colour only repeats it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from wording.text import SENTENCE_LIMIT, plain, tidy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cards.click import Click
    from wording.status import Tone

Card = dict[str, Any]
"""An Adaptive Card as plain JSON."""

Element = dict[str, Any]
"""A part of a card as plain JSON."""

BUTTON_LIMIT = 30
"""Characters of a button's title: longer ones are cut by clients, or wrap."""

_ROW_WIDTH = 296
_BUTTON_WIDTH, _LETTER_WIDTH = 34, 8
"""CSS pixels, about: the inside of a card on a small telephone and one gap; a button with its gap,
and a letter of its title."""

_URL_LIMIT = 2048
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


def card(summary: str, *body: Element | None) -> Card:
    """Put a card together; None stands for a part that is left out.

    `summary` says in a sentence what the card says: for notifications, screen readers and
    clients that cannot show the card.
    """
    shown = plain(summary)
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "lang": "en",
        "fallbackText": shown,
        "speak": shown,
        "body": [element for element in body if element is not None],
    }


def heading(title: str) -> Element:
    """Make the card's title.

    Screen readers know a text block as a heading, but it is read as Markdown. So a title with a
    name in which Markdown would find something stands in a run, which looks the same.
    """
    look = {"size": "Large", "weight": "Bolder"}
    shown = tidy(title, 120)
    if plain(title, 120) != shown:
        return text({"type": "TextRun", "text": shown, **look})
    return {"type": "TextBlock", "text": shown, "style": "heading", **look, "wrap": True}


def run(words: str, *, limit: int = SENTENCE_LIMIT) -> Element:
    """Make a stretch of ordinary text."""
    return {"type": "TextRun", "text": _keep_edges(words, limit)}


def bold(words: str) -> Element:
    """Make a stretch of bold text."""
    return run(words) | {"weight": "Bolder"}


def subtle(words: str) -> Element:
    """Make a stretch of text that stands back."""
    return run(words) | {"isSubtle": True}


def text(*parts: str | Element, spacing: str = "Default") -> Element:
    """Make a paragraph from words and runs. Never read as Markdown."""
    inlines = [run(part) if isinstance(part, str) else part for part in parts]
    return {"type": "RichTextBlock", "inlines": inlines, "spacing": spacing}


def note(words: str, *, spacing: str = "Default") -> Element:
    """Make a small print paragraph."""
    return text(subtle(words) | {"size": "Small"}, spacing=spacing)


def next_step(words: str) -> Element:
    """Say what the person can do."""
    return text(bold("What to do: "), words)


def fact(label: str, *value: str | Element) -> Element:
    """Make a row of a short label (one word, or two) and its value."""
    return columns(("80px", text(subtle(label))), ("stretch", text(*value)))


def item(marker: str, *words: str | Element) -> Element:
    """Make one item of a list; the marker is a number or a bullet."""
    return columns(("16px", text(bold(marker))), ("stretch", text(*words)))


def term(words: str, *meaning: str | Element) -> Element:
    """Make a row of something to say and what it does."""
    return columns(("104px", text(bold(words))), ("stretch", text(*meaning)))


def columns(*parts: tuple[str, *tuple[Element, ...]]) -> Element:
    """Put columns beside each other: its width (pixels, "auto", "stretch") and its elements."""
    return {
        "type": "ColumnSet",
        "spacing": "Small",
        "columns": [{"type": "Column", "width": width, "items": items} for width, *items in parts],
    }


def box(tone: Tone, *items: Element | None) -> Element:
    """Make a tinted frame around what matters most."""
    return {
        "type": "Container",
        "style": "emphasis" if tone == "neutral" else tone,
        "items": [element for element in items if element is not None],
    }


def answer(tone: Tone, lead: str, words: str) -> Element:
    """Make the frame that says first, in bold, what it comes down to."""
    return box(tone, text(bold(f"{lead} "), words))


def button(
    click: Click,
    title: str,
    *,
    style: Literal["default", "positive", "destructive"] = "default",
    key: str = "",
    inputs: bool = True,
) -> Element:
    """Make a button that asks the bot for something; it is signed on the way out (`cards.seal`).

    Clients older than Universal Actions use the fallback, which sends the same as a message. `key`
    tells buttons of one kind apart on a card. Without `inputs` the button neither sends nor checks
    what was entered.
    """
    shown = tidy(title, BUTTON_LIMIT)
    fallback: Element = {"type": "Action.Submit", "title": shown}
    action: Element = {
        "type": "Action.Execute",
        "id": "-".join(filter(None, [re.sub(r"[._]", "-", click.verb), key])),
        "title": shown,
        "verb": click.verb,
        "click": click,
        "fallback": fallback,
    }
    if not inputs:
        action["associatedInputs"] = fallback["associatedInputs"] = "none"
    if style != "default":
        action["style"] = style
    return action


def opens(row: Element, click: Click, title: str, *, place: int) -> Element:
    """Let the row at a `place` of its card answer to a click, a tap or Enter, as a button would.

    Screen readers say the title. Clients older than Universal Actions leave it out, for a card of
    many rows has no room for what they know: another way must lead there too.
    """
    action = button(click, title) | {"id": f"row-{place}"}
    del action["fallback"]
    return row | {"selectAction": action}


def refreshing(card: Card, click: Click, user_ids: Sequence[str]) -> Card:
    """Let Teams ask for the card anew when one of these people looks at it (at most 60, by MRI).

    Teams asks at most once a minute; other clients never do.
    """
    action = {"type": "Action.Execute", "verb": click.verb, "click": click}
    return card | {"refresh": {"action": action, "userIds": list(user_ids)}}


def link(title: str, url: str, tooltip: str) -> Element:
    """Make a button that opens an https page (or one on this machine) in the browser.

    Raises ValueError for any other address.
    """
    address = urlsplit(url)
    here = address.scheme == "http" and address.hostname in _THIS_MACHINE
    if not address.hostname or not (address.scheme == "https" or here):
        raise ValueError("A card may only link to https pages.")
    if len(url) > _URL_LIMIT:
        raise ValueError("The address is too long for a card.")
    return {
        "type": "Action.OpenUrl",
        "id": "open",
        "title": title,
        "url": url,
        "tooltip": tooltip,
        "style": "positive",
    }


def buttons(*actions: Element | None) -> Element | None:
    """Put the buttons below the card's text; None if there are none.

    In several rows where one would be too long for a telephone: clients shorten the titles.
    """
    sets: list[Element] = [
        {"type": "ActionSet", "spacing": "Small", "actions": row} for row in _rows(actions)
    ]
    if not sets:
        return None
    if len(sets) == 1:
        return sets[0] | {"spacing": "Large"}
    return {"type": "Container", "spacing": "Large", "items": sets}


def below(*actions: Element | None) -> Element | None:
    """Put more buttons close below."""
    row = buttons(*actions)
    return None if row is None else row | {"spacing": "Small"}


def _rows(actions: Iterable[Element | None]) -> list[list[Element]]:
    rows: list[list[Element]] = []
    left = 0
    for action in actions:
        if action is None:
            continue
        width = _BUTTON_WIDTH + _LETTER_WIDTH * len(action["title"])
        if width > left or not rows:
            rows.append([])
            left = _ROW_WIDTH
        rows[-1].append(action)
        left -= width
    return rows


def _keep_edges(words: str, limit: int) -> str:
    """Tidy a run, but keep a space at its ends: runs follow each other without a gap."""
    inner = tidy(words, limit)
    before = " " if words[:1] == " " and inner else ""
    after = " " if words[-1:] == " " and inner else ""
    return before + inner + after
