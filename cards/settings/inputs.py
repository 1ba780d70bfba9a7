"""Inputs of the cards for admins. Every input has a label that stays visible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from wording.text import plain, tidy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cards.build import Element

CHOICE_LIMIT = 48
"""Characters of a choice in a long list: what fits a narrow card, and a card's size."""


def toggle(name: str, label: str, title: str, *, on: bool) -> Element:
    """Make a switch or tick box; its value is the text true or false."""
    return {
        "type": "Input.Toggle",
        "id": name,
        "label": label,
        "title": title,
        "value": "true" if on else "false",
        "wrap": True,
    }


def choice(
    name: str,
    label: str,
    options: Iterable[tuple[str, str]],
    *,
    value: str | None = None,
    style: Literal["expanded", "compact"] = "expanded",
    limit: int = 200,
) -> Element:
    """Make a choice of one among (value, words), to be seen at once or (compact) in a list."""
    element: Element = {
        "type": "Input.ChoiceSet",
        "id": name,
        "label": label,
        "style": style,
        "wrap": True,
        # Clients may read choices as Markdown.
        "choices": [{"title": plain(words, limit), "value": key} for key, words in options],
    }
    if value is not None:
        element["value"] = value
    return element


def number(name: str, label: str, *, value: int, highest: int) -> Element:
    """Make an input for a whole number from 1 to `highest`."""
    return {
        "type": "Input.Number",
        "id": name,
        "label": label,
        "value": value,
        "min": 1,
        "max": highest,
        "isRequired": True,
        "errorMessage": f"A number from 1 to {highest}",
    }


def search_field(name: str, label: str, *, value: str) -> Element:
    """Make a line to type a part of a name into."""
    return {
        "type": "Input.Text",
        "id": name,
        "label": label,
        "value": tidy(value, 100),
        "maxLength": 100,
    }
