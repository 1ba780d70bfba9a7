"""The answer to a command that was understood only in part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.build import button, buttons, card, next_step, text
from cards.person.clicks import ShowHelp

if TYPE_CHECKING:
    from cards.build import Card


def unclear(*, what: str, hint: str) -> Card:
    """Say what is not clear, and what to say instead. Nothing was done."""
    return card(
        what,
        text(what, " Nothing was changed."),
        next_step(hint),
        buttons([button(ShowHelp(), "What can I say?")]),
    )
