"""Connecting a person's Microsoft account: one card that changes as the flow goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.build import (
    answer,
    bold,
    box,
    button,
    buttons,
    card,
    heading,
    item,
    link,
    next_step,
    note,
    subtle,
    text,
)
from cards.person.clicks import CancelConnect, ConfirmDisconnect, RunTest, ShowStatus, StartConnect
from wording.connect import from_now_on
from wording.policy import OWN_STATUS_STAYS
from wording.text import ADDRESS_LIMIT, addressed, outside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cards.build import Card, Element

_MOST_ADDRESSES = 6
_NOT_CONNECTED = "Not connected"


def offer(*, name: str, start_url: str, minutes: int) -> Card:
    """Say what will happen and carry the link to the start page, good for `minutes` minutes."""
    return card(
        "Connect your Microsoft account to show your Zoom presence.",
        heading("Connect your Microsoft account"),
        item(
            "1",
            bold("Sign in with Microsoft. "),
            "You allow this app to see and set your presence and to read your basic profile. "
            "Nothing else.",
        ),
        item(
            "2",
            bold("Use Zoom as always. "),
            f"In Zoom meetings, Teams and Outlook show “In a call”. {OWN_STATUS_STAYS}",
        ),
        note(addressed(name, f"this link is just for you. It works for {minutes} minutes.")),
        buttons(
            link("Connect with Microsoft", start_url, "Opens the sign-in page in your browser"),
            button(CancelConnect(), "Cancel"),
        ),
    )


def connected(
    *, name: str, zoom_address: str, presence_now: str | None = None, on: bool = True
) -> Card:
    """Say that it worked: the connection, not yet any presence.

    `presence_now` is a sentence on what Zoom says at this moment, None while nothing is known.
    `on`: presence sync is on for them.
    """
    said = from_now_on(on=on)
    return card(
        f"Connected. {said[:1].upper()}{said[1:]}",
        heading("Connected"),
        answer(
            "good" if on else "neutral", "All set." if on else "Not yet.", addressed(name, said)
        ),
        zoom_account(zoom_address),
        text(presence_now or "It’ll show at your next change in Zoom."),
        buttons(*after(on=on)),
    )


def already_connected(*, name: str, zoom_address: str, trouble: str = "", on: bool = True) -> Card:
    """Answer `connect` to somebody who is connected; `trouble`: what does not work.

    `on`: presence sync is on for them.
    """
    return card(
        "You’re already connected.",
        heading("Already connected"),
        text(addressed(name, "your accounts are connected, so you don’t need to connect again.")),
        box("warning", text(trouble)) if trouble else None,
        zoom_account(zoom_address),
        buttons(*after(on=on)),
    )


def cancelled() -> Card:
    """The person changed their mind."""
    return card(
        "Cancelled. Nothing was connected.",
        heading("Cancelled"),
        text("Nothing was connected, and the link no longer works. You can start again any time."),
        buttons(button(StartConnect(), "Connect")),
    )


def refused(*, title: str, sentences: Sequence[str]) -> Card:
    """Say why the sign-in ended without a connection: what happened first, then the next step."""
    said = title == _NOT_CONNECTED
    first = [] if said else [bold(f"{_NOT_CONNECTED}. ")]
    return card(
        f"Not connected. {sentences[0] if said else title}",
        heading(title),
        box("attention", text(*first, sentences[0])),
        *(text(sentence) for sentence in sentences[1:]),
        buttons(button(StartConnect(), "Connect", style="positive")),
    )


def reconnect(*, reason: str, what_to_do: str) -> Card:
    """Tell the person that their authorisation ended. `reason` is one sentence."""
    return card(
        "Microsoft no longer lets me update your presence. Please connect again.",
        heading("Please connect again"),
        answer("attention", "Microsoft no longer lets me update your presence.", reason),
        text(
            "Until you connect again, nothing new from Zoom is shown. What I last set may still "
            "show, but it ends on its own within the hour."
        ),
        next_step(what_to_do),
        buttons(
            button(StartConnect(), "Connect again", style="positive"),
            button(ConfirmDisconnect(), "Disconnect"),
        ),
    )


def no_zoom_match(*, addresses: Sequence[str], what_to_do: str) -> Card:
    """Say that Zoom knows none of the person's Microsoft addresses, and which were compared."""
    shown = addresses[:_MOST_ADDRESSES]
    return card(
        "Not connected. Zoom has no account with your Microsoft address.",
        heading("No matching Zoom account"),
        box(
            "warning",
            text(
                bold("Not connected. "),
                "You signed in, but Zoom has no user with your Microsoft address. I compared:",
            ),
            *(text(outside(address, ADDRESS_LIMIT), spacing="Small") for address in shown),
        ),
        next_step(what_to_do),
        buttons(button(StartConnect(), "Connect again")),
    )


def zoom_account(address: str) -> Element:
    """The person's Zoom account."""
    # A line of its own: long addresses need the whole width of a narrow card.
    return text(subtle("Zoom account: "), outside(address, ADDRESS_LIMIT))


def after(*, on: bool) -> list[Element | None]:
    """Make the buttons of a person who is connected; a test works only while it is on."""
    return [
        button(RunTest(), "Test it", style="positive") if on else None,
        button(ShowStatus(), "Status"),
        button(ConfirmDisconnect(), "Disconnect"),
    ]
