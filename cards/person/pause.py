"""Pausing and going on: a person's own decision, whatever admins set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cards.build import below, bold, box, button, buttons, card, heading, text
from cards.payload import BadPayload, Verb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cards.build import Card, Element
    from cards.payload import Arg, Payloads
    from wording.tone import Tone

UNTIL_RESUMED: Final = 0
"""Minutes of a pause without an end."""
_LONGEST: Final = 30 * 24 * 60


NOTHING_SET: Final = "Nothing of mine was set, and Microsoft shows your presence without Zoom."
CLEARED: Final = "What I had set is cleared, and Microsoft shows your presence without Zoom."


def paused(
    payloads: Payloads,
    card_id: str,
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
                resume_button(payloads, card_id),
                button(payloads, card_id, Verb.STATUS_SHOW, "Status"),
            ]
        ),
        below([] if until else _ends(payloads, card_id)),
    )


def resumed(
    payloads: Payloads, card_id: str, *, was_paused: bool, sentence: str, tone: Tone = "good"
) -> Card:
    """Confirm that it goes on. `sentence` says what is shown now, or why nothing is."""
    title = "Resumed" if was_paused else "You were not paused"
    return card(
        f"{title}. {sentence}",
        heading(title),
        box(tone, text(sentence)),
        buttons([button(payloads, card_id, Verb.STATUS_SHOW, "Status")]),
    )


def pause_button(payloads: Payloads, card_id: str, title: str = "Pause") -> Element:
    """Make the button that pauses until the person resumes."""
    return button(payloads, card_id, Verb.PAUSE_START, title, minutes=UNTIL_RESUMED)


def resume_button(payloads: Payloads, card_id: str) -> Element:
    """Make the button that ends a pause."""
    return button(payloads, card_id, Verb.PAUSE_END, "Resume", style="positive")


def minutes_of(args: Mapping[str, Arg]) -> int:
    """How long a button pauses; UNTIL_RESUMED: without an end. Raises BadPayload."""
    minutes = args.get("minutes")
    if type(minutes) is not int or not 0 <= minutes <= _LONGEST:
        raise BadPayload("a pause without a length")
    return minutes


def _ends(payloads: Payloads, card_id: str) -> list[Element]:
    """Ends for a pause that has none: people forget to resume."""
    ends = [("Only for 1 hour", 60), ("Only for 4 hours", 240)]
    return [
        button(payloads, card_id, Verb.PAUSE_START, title, key=str(minutes), minutes=minutes)
        for title, minutes in ends
    ]
