"""Disconnecting: what it erases and what stays, and that it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cards.build import bold, button, buttons, card, heading, item, note, text
from cards.payload import Verb
from cards.text import addressed

if TYPE_CHECKING:
    from cards.build import Card
    from cards.payload import Payloads

_PRESENCE = {
    True: "The presence I had set is cleared.",
    "later": "Microsoft is slow to answer. The presence I had set is being cleared and ends "
    "within the hour in any case.",
    False: "Microsoft did not let me clear the presence I had set. It ends by itself within the "
    "hour.",
}


def ask(payloads: Payloads, card_id: str, *, name: str) -> Card:
    """Ask before disconnecting, and say what is erased and what is kept."""
    return card(
        "Do you want to disconnect?",
        heading("Disconnect?"),
        text(addressed(name, "this erases:")),
        item("•", "your Microsoft authorisation"),
        item("•", "the presence that I set for you, and what Zoom told me of you"),
        item("•", "your pause and your style"),
        text(
            bold("What I keep: "),
            "a note that you left, so that you are not invited (400 days, or until you connect "
            "again); your address and this chat’s, until you remove the app.",
        ),
        note(
            "Your Zoom account and a status you set yourself stay as they are. You can connect "
            "again at any time."
        ),
        buttons(
            [
                button(
                    payloads, card_id, Verb.DISCONNECT_CONFIRM, "Disconnect", style="destructive"
                ),
                button(payloads, card_id, Verb.DISCONNECT_CANCEL, "Cancel"),
            ]
        ),
    )


def done(payloads: Payloads, card_id: str, *, cleared: bool | Literal["later"]) -> Card:
    """Confirm that the authorisation is erased.

    `cleared`: true when Microsoft no longer has anything of ours, "later" when that is under way,
    false when it could not be done (the authorisation was already void): then it expires.
    """
    return card(
        "Disconnected.",
        heading("Disconnected"),
        text(bold("Your authorisation is erased. "), _PRESENCE[cleared]),
        buttons([button(payloads, card_id, Verb.CONNECT_START, "Connect")]),
    )


def cancelled(payloads: Payloads, card_id: str) -> Card:
    """The person changed their mind."""
    return card(
        "Cancelled: you are still connected.",
        heading("Still connected"),
        text("Nothing was changed."),
        buttons([button(payloads, card_id, Verb.STATUS_SHOW, "Status")]),
    )
