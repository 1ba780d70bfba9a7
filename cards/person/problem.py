"""When something went wrong, and short answers that point elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.build import box, card, heading, next_step, text

if TYPE_CHECKING:
    from cards.build import Card


def problem(*, what_happened: str, what_to_do: str) -> Card:
    """Say in plain words what happened and what the person can do."""
    return card(
        "That did not work.",
        heading("That did not work"),
        box("attention", text(what_happened)),
        next_step(what_to_do),
    )


def stale_card() -> Card:
    """Replace a card whose buttons no longer mean anything."""
    return card(
        "This card is no longer current.",
        heading("This card is no longer current"),
        text("Nothing was changed."),
        next_step("Say status to see how things stand, or help for everything else."),
    )


def moved_to_personal() -> str:
    """Make the line for group chats and channels: the answer is in the person's own chat."""
    return "I answered you in our private chat: your presence is nobody else’s business."
