"""Who changed what, when, from what to what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cards.build import bold, button, buttons, card, heading, note, text
from cards.payload import BadPayload, Verb
from wording.text import outside

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cards.build import Card, Element
    from cards.payload import Arg, Payloads

PAGE_SIZE: Final = 10
_MOST_CHANGES = 6
_LONGEST_CURSOR = 64


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
    payloads: Payloads,
    card_id: str,
    entries: Sequence[Entry],
    *,
    older: str | None = None,
    newest: bool = True,
) -> Card:
    """List a page of the history, the newest first.

    `older` is the cursor of the next page, None at the end. `newest`: this is the first page.
    """
    actions = [] if newest else [_page(payloads, card_id, "Newest", "", "newest")]
    if older is not None:
        actions.append(_page(payloads, card_id, "Older", older, "older"))
    actions.append(button(payloads, card_id, Verb.SETTINGS_SHOW, "All settings"))
    return card(
        "What was changed in the settings, and by whom.",
        heading("History"),
        None if entries else text("Nothing has been changed yet."),
        *(element for entry in entries[:PAGE_SIZE] for element in _entry(entry)),
        buttons(actions),
    )


def cursor_of(args: Mapping[str, Arg]) -> str:
    """Where a page of the history begins; empty: the newest. Raises BadPayload."""
    cursor = args.get("cursor")
    if not isinstance(cursor, str) or len(cursor) > _LONGEST_CURSOR:
        raise BadPayload("a history without a cursor")
    return cursor


def _page(payloads: Payloads, card_id: str, title: str, cursor: str, key: str) -> Element:
    return button(payloads, card_id, Verb.SETTINGS_HISTORY, title, key=key, cursor=cursor)


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
