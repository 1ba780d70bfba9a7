"""A bar of coloured parts: a picture of numbers that stand in words beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cards.build import Element

Part = Literal["good", "accent", "attention", "emphasis"]
_WIDTH = 100
_NARROWEST = 3


def bar(parts: Sequence[tuple[Part, int]]) -> Element | None:
    """Make a bar whose parts are as wide as their counts; None when there is nothing to show.

    Teams' own chart elements are not part of the open schema, and clients that lack them show
    nothing; columns work in every client. They hold no text, so screen readers pass them by.
    """
    shown = [(style, count) for style, count in parts if count > 0]
    total = sum(count for _, count in shown)
    if not total:
        return None
    return {
        "type": "ColumnSet",
        "spacing": "Small",
        "columns": [
            {
                "type": "Column",
                "width": max(_NARROWEST, round(count * _WIDTH / total)),
                "style": style,
                "minHeight": "8px",
                "spacing": "None",
                "items": [],
            }
            for style, count in shown
        ],
    }
