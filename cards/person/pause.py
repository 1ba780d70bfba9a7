"""Pausing and going on: a person's own decision, whatever admins set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cards.build import below, bold, box, button, buttons, card, heading, text
from cards.person.clicks import EndPause, ShowStatus, StartPause

if TYPE_CHECKING:
    from cards.build import Card, Element
    from wording.status import Tone

NOTHING_SET: Final = "Nothing of mine was set, and Microsoft shows your presence without Zoom."
CLEARED: Final = "What I had set is cleared, and Microsoft shows your presence without Zoom."


def paused(
    *,
    until: str | None,
    remark: str | None = None,
    effect: str = CLEARED,
) -> Card:
    """Confirm a pause. `until` is a time in the person's zone, None: until they resume.

    `effect` says what Microsoft holds of ours now.
    """
    ends = f"until {until}" if until else "until you resume"
    return card(
        f"Paused {ends}.",
        heading("Paused"),
        box(
            "neutral",
            text(
                bold(f"Paused {ends}. "),
                effect,
            ),
        ),
        text(remark) if remark else None,
        text("It then goes on by itself. " if until else "", "Say resume to go on now."),
        buttons(
            [
                resume_button(),
                button(ShowStatus(), "Status"),
            ]
        ),
        below([] if until else _ends()),
    )


def resumed(*, was_paused: bool, sentence: str, tone: Tone = "good") -> Card:
    """Confirm that it goes on. `sentence` says what is shown now, or why nothing is."""
    title = "Resumed" if was_paused else "You were not paused"
    return card(
        f"{title}. {sentence}",
        heading(title),
        box(tone, text(sentence)),
        buttons([button(ShowStatus(), "Status")]),
    )


def pause_button(title: str = "Pause") -> Element:
    """Make the button that pauses until the person resumes."""
    return button(StartPause(), title)


def resume_button() -> Element:
    """Make the button that ends a pause."""
    return button(EndPause(), "Resume", style="positive")


def _ends() -> list[Element]:
    """Ends for a pause that has none: people forget to resume."""
    ends = [("Only for 1 hour", 60), ("Only for 4 hours", 240)]
    return [button(StartPause(minutes), title, key=str(minutes)) for title, minutes in ends]
