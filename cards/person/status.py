"""Why a person's presence is what it is."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from cards.build import (
    answer,
    bold,
    box,
    button,
    buttons,
    card,
    fact,
    heading,
    next_step,
    note,
    text,
)
from cards.person.choices import pause_button, resume_button
from cards.person.clicks import ConfirmDisconnect, RunTest, ShowHelp, ShowStatus, StartConnect

if TYPE_CHECKING:
    from cards.build import Card, Element
    from wording.status import StatusView, Tone

_WORDS: dict[Tone, str] = {
    "good": "Working. ",
    "warning": "Not quite working. ",
    "attention": "Please connect again. ",
    "neutral": "",
}


def status(view: StatusView, *, look_ups: str = "") -> Card:
    """Explain the presence of a connected person. `look_ups` says how often they were looked up."""
    lines = [
        ("Zoom", view.zoom_line),
        ("Setting", view.rule_line),
        ("Authorised", view.authorised_line),
        ("I set", view.told_line),
        ("Problem", view.trouble_line),
        ("Shown", view.shown_line),
    ]
    return card(
        view.sentence,
        heading("Your presence"),
        box(
            view.tone,
            text(bold(_WORDS[view.tone]), view.sentence),
            text(view.link_trouble, spacing="Small") if view.link_trouble else None,
        ),
        *(fact(label, line) for label, line in lines if line),
        text(bold("Why they differ: "), view.difference) if view.difference else None,
        next_step(view.next_step) if view.next_step else None,
        note(look_ups) if look_ups else None,
        buttons(*_connected_buttons(view)),
    )


@lru_cache(maxsize=64)
def not_connected(*, rule_line: str = "", still_kept: str = "") -> Card:
    """Answer `status` to a person who has not connected. `rule_line` says what their admins set.

    `still_kept`: why their authorisation is still there, although they have disconnected. The card
    is made once for many people.
    """
    return card(
        "You’re not connected, so Zoom isn’t shown in Microsoft 365.",
        heading("Your presence"),
        answer("neutral", "Not connected.", "Zoom isn’t shown in Microsoft 365."),
        text(bold("Your authorisation isn’t erased yet. "), still_kept) if still_kept else None,
        fact("Setting", rule_line) if rule_line else None,
        next_step("Connect your Microsoft account. It takes a minute."),
        buttons(
            button(StartConnect(), "Connect", style="positive"),
            button(ShowHelp(), "What can I say?"),
        ),
    )


def _connected_buttons(view: StatusView) -> list[Element]:
    disconnect = button(ConfirmDisconnect(), "Disconnect")
    if view.link_trouble:
        again = button(StartConnect(), "Connect again", style="positive")
        return [again, disconnect]
    refresh = button(ShowStatus(), "Refresh")
    if view.paused:
        return [resume_button(), refresh, disconnect]
    if view.off:  # nothing to test, nor to pause
        return [refresh, disconnect]
    test = button(RunTest(), "Test it")
    return [refresh, test, pause_button(), disconnect]
