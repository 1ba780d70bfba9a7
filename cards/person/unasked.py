"""Cards that nobody asked for, each sent once: welcome, invitation, the first Zoom meeting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.build import answer, bold, button, buttons, card, heading, note, text
from cards.person.choices import pause_button
from cards.person.clicks import DeclineInvitation, NoticeSeen, ShowHelp, ShowStatus, StartConnect
from wording.ours import label_of
from wording.policy import OWN_STATUS_STAYS
from wording.text import outside

if TYPE_CHECKING:
    from cards.build import Card
    from domain.person import Accepted


def welcome(*, name: str, local: bool = False) -> Card:
    """Say what this is in two sentences, and offer to connect.

    `local` adds that everything around is a stand-in on this machine.
    """
    greeting = f"Hi {outside(name)}".rstrip()
    local_box = answer(
        "neutral",
        "Local mode.",
        "Zoom and Microsoft are stand-ins on this machine. Nothing leaves it.",
    )
    return card(
        "Presence Bridge shows your Zoom presence in Microsoft 365. Connect to begin.",
        heading("Welcome to Presence Bridge"),
        text(
            f"{greeting}! I show your Zoom presence in Microsoft 365. While you’re in a Zoom "
            f"meeting, colleagues see “In a call” in Teams and Outlook. {OWN_STATUS_STAYS}"
        ),
        local_box if local else None,
        buttons(
            button(StartConnect(), "Connect", style="positive"),
            button(ShowHelp(), "What can I say?"),
        ),
    )


def invitation(*, inviter: str) -> Card:
    """Say who invites, what it does, and offer to connect."""
    who = outside(inviter) or "Your admin"
    return card(
        f"{who} has invited you to show your Zoom presence in Microsoft 365.",
        heading("Show your Zoom presence in Teams?"),
        text(
            f"{who} has invited you. While you’re in a Zoom meeting, colleagues see “In a call” in "
            f"Teams and Outlook. {OWN_STATUS_STAYS}"
        ),
        note(
            "You sign in with Microsoft once. You can pause or stop at any time, and I won’t ask "
            "you again."
        ),
        buttons(
            button(StartConnect(), "Connect", style="positive"),
            button(DeclineInvitation(), "Not now"),
        ),
    )


def declined() -> Card:
    """The person does not want to, at least not now."""
    return card(
        "All right. Say connect if you change your mind.",
        heading("Not now"),
        text("All right, I won’t ask again. Say connect if you change your mind."),
        buttons(button(StartConnect(), "Connect")),
    )


def first_meeting(*, zoom: str, told: Accepted) -> Card:
    """Say what Microsoft has been told: `zoom` is what they do there."""
    said = f"You’re {zoom}, so I’ve told Microsoft “{label_of(told.pair)}”."
    return card(
        said,
        heading("Your first Zoom meeting"),
        text(bold(said), " It changes back when you leave."),
        note("You’ll only see this once. From now on I’ll do it quietly."),
        buttons(
            button(NoticeSeen(), "OK", style="positive"),
            pause_button(),
            button(ShowStatus(), "Why?"),
        ),
    )


def seen() -> Card:
    """What the notice becomes after OK."""
    return card(
        "All right.",
        text("In Zoom meetings, Microsoft shows “In a call”. Say status or pause at any time."),
        buttons(button(ShowStatus(), "Status")),
    )
