"""What a person can say, and the answers where something was not understood or did not work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.build import bold, box, button, buttons, card, heading, next_step, note, term, text
from cards.person.clicks import (
    ConfirmDisconnect,
    RunTest,
    ShowHelp,
    ShowStatus,
    ShowStyles,
    StartConnect,
)
from wording.text import outside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cards.build import Card


_ONE_CLICK = {
    "connect": StartConnect(),
    "status": ShowStatus(),
    "test": RunTest(),
    "style": ShowStyles(),
    "disconnect": ConfirmDisconnect(),
}
"""Commands a suggestion may offer as a button: none of them changes anything without asking."""


def help_card(
    lines: Sequence[tuple[str, str]],
    *,
    unknown: str | None = None,
    nearest: str | None = None,
) -> Card:
    """List the commands as (words, description).

    `unknown` is what the person typed when it was no command; `nearest` is the command that comes
    closest to it. With a nearest command the card only asks whether that was meant.
    """
    if unknown is not None and nearest is not None:
        one_click = _ONE_CLICK.get(nearest)
        return card(
            f"Did you mean {nearest}?",
            text(f"I don’t know “{outside(unknown)}”. Did you mean ", bold(nearest), "?"),
            buttons(
                button(one_click, nearest.capitalize(), style="positive") if one_click else None,
                button(ShowHelp(), "What can I say?"),
            ),
        )
    return card(
        "What you can say to Presence Bridge.",
        heading("What you can say"),
        None
        if unknown is None
        else text(f"I don’t know “{outside(unknown)}”. This is what I know:"),
        *(term(words, description) for words, description in lines),
        note("A leading slash works too: /status is the same as status."),
        note(
            "Zoom’s “Busy” shows as “In a call” in Microsoft 365, because Microsoft offers apps "
            "no plain “Busy”.",
            spacing="Small",
        ),
    )


def unclear(*, what: str, hint: str) -> Card:
    """Say what is not clear, and what to say instead. Nothing was done."""
    return card(
        what,
        text(what, " Nothing was changed."),
        next_step(hint),
        buttons(button(ShowHelp(), "What can I say?")),
    )


def problem(*, what_happened: str, what_to_do: str) -> Card:
    """Say in plain words what happened and what the person can do."""
    return card(
        "That did not work.",
        heading("That did not work"),
        box("attention", text(what_happened)),
        next_step(what_to_do),
    )


def stale_card() -> Card:
    """Replace a card whose buttons no longer mean anything."""
    return card(
        "This card is no longer current.",
        heading("This card is no longer current"),
        text("Nothing was changed."),
        next_step("Say status to see how things stand, or help for everything else."),
    )


def moved_to_personal() -> str:
    """Make the line for group chats and channels: the answer is in the person's own chat."""
    return "I answered you in our private chat: your presence is nobody else’s business."
