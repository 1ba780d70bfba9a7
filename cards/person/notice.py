"""The one notice at a person's first Zoom meeting after connecting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.build import bold, button, buttons, card, heading, note, text
from cards.person.clicks import NoticeSeen, ShowStatus
from cards.person.pause import pause_button

if TYPE_CHECKING:
    from cards.build import Card


def first_meeting(*, zoom: str = "in Zoom", shown: str = "In a call") -> Card:
    """Say what others see from now on. `shown` is Microsoft's word for it."""
    said = f"You’re {zoom}, so Microsoft shows “{shown}”."
    return card(
        said,
        heading("Your first Zoom meeting"),
        text(bold(said), " It goes back when you leave."),
        note("I tell you this once. From now on it happens quietly."),
        buttons(
            [
                button(NoticeSeen(), "OK", style="positive"),
                pause_button(),
                button(ShowStatus(), "Why?"),
            ]
        ),
    )


def seen(*, shown: str = "In a call") -> Card:
    """What the notice becomes after OK."""
    return card(
        "All right.",
        text(
            f"In Zoom meetings, Microsoft shows “{shown}”. Say status or pause whenever you like."
        ),
        buttons([button(ShowStatus(), "Status")]),
    )
