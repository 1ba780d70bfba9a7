"""Lists that admins leaf through, a page at a time. Pages are counted from 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cards.build import button

if TYPE_CHECKING:
    from collections.abc import Callable

    from cards.build import Element
    from cards.click import Click

PAGE_SIZE: Final = 10
"""Rows on a page: a card's size allows no more of the long ones."""


def page_count(total: int) -> int:
    """How many pages `total` rows take; an empty list has one."""
    return max(1, -(-total // PAGE_SIZE))


def nearest_page(page: int, total: int) -> int:
    """The page that was asked for, or the last: rows may be gone since the button was made."""
    return min(page, page_count(total) - 1)


def leaf_buttons(
    to: Callable[[int], Click], page: int, total: int, *, inputs: bool = True
) -> list[Element | None]:
    """Make the buttons that lead to the pages before and after; `to` is the click for a page."""

    def leads(title: str, number: int, key: str) -> Element:
        return button(to(number), title, key=key, inputs=inputs)

    return [
        leads("Previous page", page - 1, "previous") if page > 0 else None,
        leads("Next page", page + 1, "next") if page + 1 < page_count(total) else None,
    ]
