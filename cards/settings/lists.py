"""Lists that admins leaf through: all groups, the groups that a name may mean, the history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from cards.build import below, bold, button, buttons, card, heading, note, subtle, text
from cards.settings.centre import group_row
from cards.settings.clicks import (
    CancelChange,
    ConfirmChange,
    ListGroups,
    OpenGroup,
    PickForChange,
    SearchGroups,
    ShowHistory,
)
from cards.settings.paging import PAGE_SIZE, leaf_buttons, page_count
from cards.settings.parts import (
    CHOICE_LIMIT,
    all_settings,
    called,
    list_row,
    opens_group,
    picker,
    room,
    search_field,
)
from domain.policy import Level
from wording.directory import no_group
from wording.figures import people
from wording.history import NOTHING_YET
from wording.reason import shown_reason
from wording.text import outside, tidy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cards.build import Card, Element
    from domain.policy import ManagedGroup
    from domain.policy_edits import OneLine


MOST_BUTTONS: Final = 6
MOST_CHOICES: Final = 60
"""Groups in a picker: a card's size allows no more."""
_MOST_CHANGES: Final = 6
"""Fields of a change in the history."""
_GROUP, _SEARCH = "group", "search"
"""Inputs, called as the fields of the clicks that take them."""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A Zoom group. `managed` is None while it inherits; `members` may be unknown."""

    group_id: str
    name: str
    members: int | None = None
    managed: ManagedGroup | None = None


def group_list(rows: Sequence[GroupRow], *, search: str, page: int, total: int) -> Card:
    """List the groups of a page (counted from 0), of `total` whose names hold `search`."""
    pages = page_count(total)
    searched = f" with “{outside(search, 40)}” in the name" if search else ""
    shown = rows[:PAGE_SIZE]
    counted = "1 group" if total == 1 else f"{total:,} groups"
    paged = f", page {page + 1} of {pages}" if pages > 1 else ""
    return card(
        f"{counted}{searched}{paged}.",
        heading("Groups in Zoom"),
        text(f"{counted}{searched}{paged}." if total else f"No group{searched}."),
        *(_group_row(row, place) for place, row in enumerate(shown, start=1)),
        picker(_GROUP, "Open a group", _choices(shown)),
        below(
            button(OpenGroup(), "Open", style="positive"),
            *leaf_buttons(lambda to: ListGroups(tidy(search, 100), to), page, total, inputs=False),
        )
        if shown
        else None,
        search_field(_SEARCH, "Part of a name", value=search),
        below(button(SearchGroups(), "Search"), all_settings(inputs=False)),
    )


def pick_group(
    candidates: Sequence[GroupRow],
    *,
    wanted: str,
    ambiguous: bool,
    total: int,
    edit: OneLine | None = None,
    reason: str = "",
) -> Card:
    """Ask which group was meant: `ambiguous`: several have this name; otherwise none has.

    `candidates` are the nearest first, of `total` that come into question. With an `edit` (of
    whichever group) the choice leads to its confirmation, otherwise to the group's form. `reason`
    is why it is made.
    """
    name = outside(wanted, 60)
    found = f"Several groups are called “{name}”." if ambiguous else no_group(wanted)
    if not candidates:
        return card(
            found,
            heading("Which group?"),
            text(f"{found} No group has a similar name."),
            buttons(_all_groups()),
        )
    asks = "Which one did you mean?"
    few = len(candidates) <= MOST_BUTTONS
    shown = candidates[: MOST_BUTTONS if few else MOST_CHOICES]
    if few:
        chosen = [
            button(_opens(row, edit, reason), _title(row, with_members=ambiguous), key=str(place))
            for place, row in enumerate(shown)
        ]
        field = None
    else:
        picks = OpenGroup() if edit is None else PickForChange(edit, reason=reason)
        chosen = [button(picks, "Choose", style="positive")]
        options = [(row.group_id, _title(row, with_members=ambiguous)) for row in shown]
        field = picker(_GROUP, "Group", options)
    left_out = total - len(shown)
    return card(
        f"{found} {asks}",
        heading("Which group?"),
        text(f"{found} ", bold(asks)),
        field,
        note(f"{left_out:,} more match. Say settings groups and part of the name.")
        if left_out > 0
        else None,
        *(below(action) for action in chosen),
        buttons(_all_groups(), button(CancelChange(), "Cancel", inputs=False)),
    )


def _opens(row: GroupRow, edit: OneLine | None, reason: str) -> OpenGroup | ConfirmChange:
    if edit is None:
        return OpenGroup(row.group_id)
    return ConfirmChange(replace(edit, level=Level(row.group_id, row.name)), reason)


def _choices(rows: Sequence[GroupRow]) -> list[tuple[str, str]]:
    return [(row.group_id, tidy(row.name, room(row.name, CHOICE_LIMIT))) for row in rows]


def _group_row(row: GroupRow, place: int) -> Element:
    if row.managed is not None:
        return group_row(replace(row.managed, name=row.name), place, by_name=True)
    members = "" if row.members is None else f" · {people(row.members)}"
    shown = list_row([called(row.name, 36)], [subtle(f"inherits{members}")])
    return opens_group(shown, row.group_id, row.name, place=place)


def _all_groups() -> Element:
    return button(ListGroups(), "All groups", inputs=False)


def _title(row: GroupRow, *, with_members: bool) -> str:
    """A group's name for a button or a choice; of equal names the sizes tell them apart."""
    if not with_members or row.members is None:
        return outside(row.name, CHOICE_LIMIT)
    size = f" ({people(row.members)})"
    return outside(row.name, 28 - len(size)) + size


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the history. `when` is in the reader's own zone.

    `scope` is the level or person it was about. `what` says what was done ("changed the settings",
    "looked up"); `changes` are the fields as (name, before, after), `reason` is why.
    """

    when: str
    who: str
    scope: str
    what: str
    changes: tuple[tuple[str, str, str], ...] = ()
    reason: str = ""


def history(entries: Sequence[Entry], *, older: str | None = None, newest: bool = True) -> Card:
    """List a page of the history, the newest first.

    `older` is the cursor of the next page, None at the end. `newest`: this is the first page.
    """
    return card(
        "Who changed the settings, and how.",
        heading("History"),
        None if entries else text(NOTHING_YET),
        *(element for entry in entries[:PAGE_SIZE] for element in _entry(entry)),
        buttons(
            None if newest else button(ShowHistory(), "Newest", key="newest"),
            None if older is None else button(ShowHistory(older), "Older", key="older"),
            all_settings(),
        ),
    )


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
    if entry.reason:
        elements.append(text(f"Reason: {shown_reason(entry.reason)}", spacing="None"))
    elements.append(note(f"{outside(entry.who, 60)}, {entry.when}", spacing="None"))
    return elements
