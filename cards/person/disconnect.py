"""Disconnecting: what it erases and what stays, and that it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.build import answer, bold, button, buttons, card, heading, item, note, text
from cards.person.clicks import CancelDisconnect, DisconnectNow, ShowStatus, StartConnect
from wording.text import addressed

if TYPE_CHECKING:
    from cards.build import Card
    from domain.link import Ending


def confirm(*, name: str) -> Card:
    """Have disconnecting confirmed, and say what is erased and what is kept."""
    return card(
        "Do you want to disconnect?",
        heading("Disconnect?"),
        text(addressed(name, "disconnecting erases:")),
        item("•", "your Microsoft authorisation"),
        item("•", "the presence I set for you, and what Zoom told me about you"),
        item("•", "your pause and your style"),
        text(
            bold("What I keep: "),
            "a note that you left, so you aren’t invited again (for 400 days, or until you connect "
            "again). Also your address and this chat’s, until you remove the app.",
        ),
        note(
            "Your Zoom account and any status you’ve set yourself stay as they are. You can "
            "connect again at any time."
        ),
        buttons(
            button(DisconnectNow(), "Disconnect", style="destructive"),
            button(CancelDisconnect(), "Cancel"),
        ),
    )


def done(ending: Ending, *, until: str = "") -> Card:
    """Confirm that all is erased.

    `until`: where Microsoft did not let us clear what it holds of us, which ends by then (a time).
    """
    presence = (
        "The presence I’d set is cleared."
        if ending.how == "cleared"
        else "Microsoft didn’t let me clear the presence I’d set. It ends on its own, at "
        f"{until} at the latest."
    )
    return card(
        "Disconnected.",
        heading("Disconnected"),
        text(bold("Your authorisation is erased. "), presence),
        buttons(button(StartConnect(), "Connect")),
    )


def still_kept(_: Ending, until: str) -> str:
    """Why the authorisation is still there, and when at the latest it is not (a time)."""
    return (
        "I still need it to clear the presence I set, and Microsoft isn’t answering right now. "
        f"I’ll erase it as soon as that’s done, at {until} at the latest. By then that presence "
        "will have ended on its own."
    )


def later(ending: Ending, *, until: str) -> Card:
    """Say what is erased and what follows while Microsoft can't be reached; `until` is a time."""
    return card(
        "Disconnected. Your authorisation will be erased as soon as Microsoft answers.",
        heading("Disconnected"),
        text(
            bold("You’re disconnected. "),
            "Nothing new from Zoom will be shown. I’ve already erased your name and addresses, "
            "what Zoom told me about you, your pause and your style.",
        ),
        answer(
            "warning",
            "Not erased yet: your Microsoft authorisation.",
            still_kept(ending, until),
        ),
        buttons(button(StartConnect(), "Connect")),
    )


def cancelled() -> Card:
    """The person changed their mind."""
    return card(
        "Cancelled. You’re still connected.",
        heading("Still connected"),
        text("Nothing was changed."),
        buttons(button(ShowStatus(), "Status")),
    )
