"""Pictures of numbers that stand in words beside them: a bar, and Teams' chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cards.build import Element

Part = Literal["good", "accent", "attention", "emphasis"]
_WIDTH = 100
_NARROWEST = 3

_COLOURS: Final[Mapping[Part, str]] = {
    "good": "good",
    "accent": "categoricalBlue",
    "attention": "attention",
    "emphasis": "categoricalLavender",
}


def bar(parts: Sequence[tuple[Part, int]]) -> Element | None:
    """Make a bar whose parts are as wide as their counts; None when there is nothing to show.

    Columns work in every client. They hold no text, so screen readers pass them by.
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


def chart(parts: Sequence[tuple[str, Part, int]], instead: Element) -> Element:
    """Make a chart of the parts of a whole (label, colour, count), each with its count and share.

    Clients that don't know Teams' chart elements, which are not part of the open schema, show
    `instead` (Adaptive Cards, "fallback").
    """
    data = [{"x": label, "y": count, "color": _COLOURS[part]} for label, part, count in parts]
    if not any(count > 0 for _, _, count in parts):
        return instead
    return {
        "type": "Chart.HorizontalBar",
        "displayMode": "PartToWhole",
        "data": data,
        "fallback": instead,
    }
