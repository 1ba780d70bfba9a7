"""The test that a person can run: Microsoft is told "In a call", and asked what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.build import (
    answer,
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
from cards.person.clicks import RunTest, ShowStatus
from domain.presence import teams_label
from wording.ours import label_of
from wording.text import outside

if TYPE_CHECKING:
    from cards.build import Card, Element
    from domain.person import Accepted
    from domain.presence import Shown

_ENDS = "The test ends after five minutes."


def running() -> Card:
    """Show that the test has begun; the same card turns into the result."""
    return card(
        "Testing your connection.",
        heading("Testing your connection"),
        text("I’m telling Microsoft you’re in a call, and then asking what it shows."),
        note("This takes a few seconds. The result appears here."),
    )


def result(told: Accepted, shown: Shown, *, until: str, ok: bool, why: str | None = None) -> Card:
    """Show what Microsoft answered: what it accepted, `until` when (a time), and what it shows.

    `why` explains a difference.
    """
    words_of_graph = ", ".join(filter(None, shown))
    if ok:
        summary = "The test worked. Microsoft shows what it was told."
        title, lead = "The test worked", "Working."
        words = why or "Microsoft shows what it was told."
    else:
        summary = "Microsoft accepted the test but shows something else."
        title, lead = "Almost: Microsoft shows something else", "Accepted, not shown."
        words = why or "Microsoft accepted it but doesn’t show it yet."
    return card(
        summary,
        heading(title),
        answer("good" if ok else "warning", lead, words),
        _told(told, until),
        fact("Shows", f"“{teams_label(*shown)}” ", subtle(f"({outside(words_of_graph)})")),
        note(f"Teams itself can take a few minutes to show a change. {_ENDS}"),
        buttons(button(ShowStatus(), "Status"), button(RunTest(), "Test again")),
    )


def unread(told: Accepted, *, until: str, why: str) -> Card:
    """Say that Microsoft accepted the test presence, and why I can't say what it shows."""
    return card(
        "Microsoft accepted the test, but I couldn’t see what it shows.",
        heading("The test half worked"),
        answer("warning", "Accepted, not seen.", why),
        _told(told, until),
        next_step("Look at your status in Teams. It can take a few minutes to change."),
        note(_ENDS),
        buttons(*_again()),
    )


def pending() -> Card:
    """Say that Microsoft has not answered yet."""
    return card(
        "The test is still running. Microsoft hasn’t answered yet.",
        heading("Still testing"),
        answer(
            "warning",
            "No answer yet.",
            "Microsoft hasn’t answered within three seconds. I’m still trying.",
        ),
        next_step("Say status in a minute to see how it went."),
        note(_ENDS),
        buttons(*_again()),
    )


def not_run() -> Card:
    """Say that nothing was tested, because they have asked too often."""
    return card(
        "Not tested, because you’ve asked often in the last minute.",
        heading("Not tested"),
        answer(
            "neutral",
            "Nothing was changed.",
            "You’ve asked often in the last minute, and everyone shares Microsoft’s limit for this "
            "app.",
        ),
        next_step("Wait a minute, then test again."),
        buttons(*_again()),
    )


def off(*, sentence: str, what_to_do: str) -> Card:
    """Say that nothing is tested while presence sync is off, or paused: `sentence` says which."""
    return card(
        "Not tested, because presence sync is off.",
        heading("Not tested"),
        answer("neutral", "Nothing was changed.", sentence),
        next_step(what_to_do),
        buttons(button(ShowStatus(), "Status")),
    )


def failed(*, sentence: str, what_to_do: str) -> Card:
    """Say that Microsoft did not take the test presence, and what to do next."""
    return card(
        "The test failed.",
        heading("The test failed"),
        answer("attention", "Not working.", sentence),
        next_step(what_to_do),
        buttons(*_again()),
    )


def _told(told: Accepted, until: str) -> Element:
    return fact("I set", f"“{label_of(told.pair)}”, until {until}")


def _again() -> list[Element]:
    return [button(RunTest(), "Test again"), button(ShowStatus(), "Status")]
