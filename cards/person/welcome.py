"""The first card a person sees, once per installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.build import bold, box, button, buttons, card, heading, text
from cards.person.clicks import ShowHelp, StartConnect
from wording.text import outside

if TYPE_CHECKING:
    from cards.build import Card


def welcome(*, name: str, local: bool = False) -> Card:
    """Say what this is in two sentences, and offer to connect.

    `local` adds that everything around is a stand-in on this machine.
    """
    greeting = f"Hi {outside(name)}".rstrip()
    local_box = box(
        "neutral",
        text(
            bold("Local mode. "),
            "Zoom and Microsoft are stand-ins on this machine. Nothing leaves it.",
        ),
    )
    return card(
        "Presence Bridge shows your Zoom presence in Microsoft 365. Connect to begin.",
        heading("Welcome to Presence Bridge"),
        text(
            f"{greeting}! I show your Zoom presence in Microsoft 365: while you are in a "
            "Zoom meeting, colleagues in Teams and Outlook see “In a call”. A status you set "
            "yourself always stays."
        ),
        local_box if local else None,
        buttons(
            [
                button(StartConnect(), "Connect", style="positive"),
                button(ShowHelp(), "What can I say?"),
            ]
        ),
    )
