"""Who changed what, when, from what to what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cards.build import bold, button, buttons, card, heading, note, text
from cards.settings.clicks import ShowCentre, ShowHistory
from wording.text import outside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cards.build import Card, Element

PAGE_SIZE: Final = 10
_MOST_CHANGES = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the history. `when` is in the reader's own zone.

    `scope` is the level or person it was about. `what` says what was done ("changed the settings",
    "looked up"); `changes` are the fields as (name, before, after).
    """

    when: str
    who: str
    scope: str
    what: str
    changes: tuple[tuple[str, str, str], ...] = ()


def history(
    entries: Sequence[Entry],
    *,
    older: str | None = None,
    newest: bool = True,
) -> Card:
    """List a page of the history, the newest first.

    `older` is the cursor of the next page, None at the end. `newest`: this is the first page.
    """
    actions = [] if newest else [_page("Newest", "", "newest")]
    if older is not None:
        actions.append(_page("Older", older, "older"))
    actions.append(button(ShowCentre(), "All settings"))
    return card(
        "What was changed in the settings, and by whom.",
        heading("History"),
        None if entries else text("Nothing has been changed yet."),
        *(element for entry in entries[:PAGE_SIZE] for element in _entry(entry)),
        buttons(actions),
    )


def _page(title: str, cursor: str, key: str) -> Element:
    return button(ShowHistory(cursor), title, key=key)


def _entry(entry: Entry) -> list[Element]:
    elements = [text(bold(outside(entry.scope, 60)), f": {entry.what}")]
    if entry.changes:
        shown = [
            f"{label}: {outside(before, 60)} → {outside(after, 60)}"
            for label, before, after in entry.changes[:_MOST_CHANGES]
        ]
        left_out = len(entry.changes) - _MOST_CHANGES
        shown += [f"and {left_out} more"] if left_out > 0 else []
        elements.append(text(" · ".join(shown), spacing="None"))
    elements.append(note(f"{outside(entry.who, 60)}, {entry.when}", spacing="None"))
    return elements
