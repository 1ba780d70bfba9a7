"""Recording that people were told of the organisation's authorisation by other means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.build import button, buttons, card, heading, note, text
from cards.settings import parts
from cards.settings.clicks import CancelChange, RecordInformed
from cards.settings.parts import all_settings, opening
from wording.figures import people
from wording.policy import level_words

if TYPE_CHECKING:
    from cards.build import Card
    from domain.policy import Level


def confirm(level: Level, *, count: int, starts: str) -> Card:
    """Ask whether `count` people were told; it starts for them on that day."""
    question = f"Record that {people(count)} of {level_words(level, 60)} were told?"
    return card(
        question,
        heading(question),
        text(
            "Say yes only if they were told outside this app, for example by e-mail: what will be "
            "shown, from when, and how to say no."
        ),
        text(f"It starts for them on {starts}. Those who chose Not for me stay as they are."),
        note("Your name and the date are kept in the history."),
        buttons(
            button(RecordInformed(level, count), "Record", style="positive"),
            button(CancelChange(), "Cancel"),
        ),
    )


def recorded(level: Level, *, count: int, starts: str) -> Card:
    """Say what was kept."""
    who = f"{people(count)} of {level_words(level, 60)}"
    return card(
        f"Recorded: {who} were told.",
        heading("Recorded"),
        text(f"{who} were told today. It starts for them on {starts}."),
        buttons(button(opening(level), "Settings"), all_settings()),
    )


def nobody(level: Level) -> Card:
    """Say that there is nobody to record."""
    where = level_words(level, 60)
    return card(
        f"Nobody in {where} still has to be told.",
        heading("Nobody to record"),
        text(
            f"There’s nobody left in {where} who starts after notice and hasn’t been told. This "
            "is about people whose Zoom user was found in Entra."
        ),
        buttons(button(opening(level), "Settings"), all_settings()),
    )


def no_group(name: str) -> Card:
    """Say that not one group has this name."""
    return parts.no_group(name, undone="nothing was recorded", command="settings informed")
