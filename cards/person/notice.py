"""The one notice at a person's first Zoom meeting after connecting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.build import bold, button, buttons, card, heading, note, text
from cards.payload import Verb
from cards.person.pause import pause_button

if TYPE_CHECKING:
    from cards.build import Card
    from cards.payload import Payloads


def first_meeting(
    payloads: Payloads, card_id: str, *, zoom: str = "in Zoom", shown: str = "In a call"
) -> Card:
    """Say what others see from now on. `shown` is Microsoft's word for it."""
    said = f"You’re {zoom}, so Microsoft shows “{shown}”."
    return card(
        said,
        heading("Your first Zoom meeting"),
        text(bold(said), " It goes back when you leave."),
        note("I tell you this once. From now on it happens quietly."),
        buttons(
            [
                button(payloads, card_id, Verb.NOTICE_SEEN, "OK", style="positive"),
                pause_button(payloads, card_id),
                button(payloads, card_id, Verb.STATUS_SHOW, "Why?"),
            ]
        ),
    )


def seen(payloads: Payloads, card_id: str, *, shown: str = "In a call") -> Card:
    """What the notice becomes after OK."""
    return card(
        "All right.",
        text(
            f"In Zoom meetings, Microsoft shows “{shown}”. Say status or pause whenever you like."
        ),
        buttons([button(payloads, card_id, Verb.STATUS_SHOW, "Status")]),
    )
