"""The test that a person can run: Microsoft is told "In a call", and asked what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.build import (
    bold,
    box,
    button,
    buttons,
    card,
    fact,
    heading,
    next_step,
    note,
    subtle,
    text,
)
from cards.payload import Verb
from cards.text import outside

if TYPE_CHECKING:
    from cards.build import Card
    from cards.payload import Payloads

_TOLD = "“In a call”, for five minutes"
_LAG = "Teams itself may take a few minutes to show a change."


def running() -> Card:
    """Show that the test has begun; the same card turns into the result."""
    return card(
        "Testing your connection.",
        heading("Testing your connection"),
        text("I am telling Microsoft that you are in a call, and asking what it shows then."),
        note("This takes a few seconds. The result appears here."),
    )


def result(
    payloads: Payloads,
    card_id: str,
    *,
    read_back: str,
    technical: str,
    ok: bool,
    why: str | None = None,
) -> Card:
    """Show what Microsoft answered.

    `read_back` is the presence as Teams words it ("In a call"), `technical` Graph's own pair
    ("Busy, InACall"), `why` explains a difference.
    """
    return card(
        "The test worked: Microsoft shows the presence it was told."
        if ok
        else "Microsoft took the presence, but shows something else.",
        heading("The test worked" if ok else "Almost: Microsoft shows something else"),
        box(
            "good" if ok else "warning",
            text(
                bold("Working. " if ok else "Accepted, not shown. "),
                "Microsoft shows what it was told."
                if ok
                else why or "Microsoft accepted the change, but does not show it yet.",
            ),
        ),
        fact("Told", _TOLD),
        fact("Shows", f"“{outside(read_back)}” ", subtle(f"({outside(technical)})")),
        text(why) if ok and why else None,
        note(f"{_LAG} After five minutes the test ends by itself."),
        buttons(
            [
                button(payloads, card_id, Verb.STATUS_SHOW, "Status"),
                button(payloads, card_id, Verb.TEST_RUN, "Test again"),
            ]
        ),
    )


def failed(payloads: Payloads, card_id: str, *, sentence: str, what_to_do: str) -> Card:
    """Say that Microsoft did not take the test presence, and what to do next."""
    return card(
        "The test failed.",
        heading("The test failed"),
        box("attention", text(bold("Not working. "), sentence)),
        next_step(what_to_do),
        buttons(
            [
                button(payloads, card_id, Verb.TEST_RUN, "Test again"),
                button(payloads, card_id, Verb.STATUS_SHOW, "Status"),
            ]
        ),
    )
