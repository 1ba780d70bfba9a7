"""The invitation that an admin sends to somebody who has not connected: one card, ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.build import button, buttons, card, heading, note, text
from cards.person.clicks import DeclineInvitation, StartConnect
from wording.text import outside

if TYPE_CHECKING:
    from cards.build import Card


def invitation(*, inviter: str) -> Card:
    """Say who invites, what it does, and offer to connect."""
    who = outside(inviter) or "Your admin"
    return card(
        f"{who} invites you to show your Zoom presence in Microsoft 365.",
        heading("Show your Zoom presence in Teams?"),
        text(
            f"{who} invites you. While you are in a Zoom meeting, colleagues in Teams and Outlook "
            "see “In a call”. A status you set yourself stays."
        ),
        note(
            "You sign in with Microsoft once. You can pause or stop at any time, and this "
            "invitation comes only once."
        ),
        buttons(
            [
                button(StartConnect(), "Connect", style="positive"),
                button(DeclineInvitation(), "Not now"),
            ]
        ),
    )


def declined() -> Card:
    """The person does not want to, at least not now."""
    return card(
        "All right. Say connect whenever you like.",
        heading("Not now"),
        text("All right, I won’t ask again. Say connect whenever you like."),
        buttons([button(StartConnect(), "Connect")]),
    )
