"""Finding a group: the list of all groups, and the picker for a name that is not clear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cards.build import below, bold, button, buttons, card, heading, note, subtle, text
from cards.payload import BadInput, BadPayload, Verb
from cards.settings.centre import group_row, two_columns
from cards.settings.inputs import CHOICE_LIMIT, choice, search_field
from cards.settings_words import people
from wording.text import outside, tidy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cards.build import Card, Element
    from cards.payload import Click, Payloads
    from cards.settings_draft import Draft
    from cards.settings_words import Change

PAGE_SIZE: Final = 10
"""Groups on a page of the list."""
MOST_BUTTONS: Final = 6
MOST_CHOICES: Final = 60
"""Groups in a picker: a card's size allows no more."""
_INPUT: Final = "group"
_SEARCH: Final = "search"
_LONGEST_ID: Final = 128


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A Zoom group. `form` is None while it inherits from the account; `members` may be unknown."""

    group_id: str
    name: str
    members: int | None = None
    form: Draft | None = None


def group_list(
    payloads: Payloads,
    card_id: str,
    rows: Sequence[GroupRow],
    *,
    search: str,
    page: int,
    total: int,
) -> Card:
    """List the groups of a page (counted from 0), of `total` whose names hold `search`."""
    pages = max(1, -(-total // PAGE_SIZE))
    searched = f" with “{outside(search, 40)}” in the name" if search else ""
    shown = rows[:PAGE_SIZE]
    counted = "1 group" if total == 1 else f"{total:,} groups"
    paged = f", page {page + 1} of {pages}" if pages > 1 else ""
    return card(
        f"{counted}{searched}{paged}.",
        heading("Groups in Zoom"),
        text(f"{counted}{searched}{paged}." if total else f"No group{searched}."),
        *(_row(row) for row in shown),
        choice(
            _INPUT,
            "Open a group",
            [(row.group_id, row.name) for row in shown],
            value=shown[0].group_id,
            style="compact",
            limit=CHOICE_LIMIT,
        )
        if shown
        else None,
        below(_on_page(payloads, card_id, search, page, pages) if shown else []),
        search_field(_SEARCH, "Part of a name", value=search),
        below(
            [
                button(
                    payloads, card_id, Verb.SETTINGS_GROUPS, "Search", search="", page=0, typed=True
                ),
                button(payloads, card_id, Verb.SETTINGS_SHOW, "All settings", inputs=False),
            ]
        ),
    )


def pick_group(
    payloads: Payloads,
    card_id: str,
    candidates: Sequence[GroupRow],
    *,
    wanted: str,
    ambiguous: bool,
    total: int,
    change: Change | None = None,
) -> Card:
    """Ask which group was meant: `ambiguous`: several have this name; otherwise none has.

    `candidates` are the nearest first, of `total` that come into question. With a `change` the
    choice leads to its confirmation, otherwise to the group's form.
    """
    name = outside(wanted, 60)
    found = f"Several groups are called “{name}”." if ambiguous else f"No group is called “{name}”."
    if not candidates:
        return card(
            found,
            heading("Which group?"),
            text(f"{found} Nothing comes near it."),
            buttons([_all_groups(payloads, card_id)]),
        )
    verb = Verb.SETTINGS_GROUP if change is None else Verb.SETTINGS_CHANGE
    args = {} if change is None else {"act": change.act, "value": change.value}
    asks = "Which one did you mean?"
    few = len(candidates) <= MOST_BUTTONS
    shown = candidates[: MOST_BUTTONS if few else MOST_CHOICES]
    if few:
        chosen = [
            button(
                payloads,
                card_id,
                verb,
                _title(row, with_members=ambiguous),
                key=str(place),
                group=row.group_id,
                more=args,
            )
            for place, row in enumerate(shown)
        ]
        field = None
    else:
        chosen = [
            button(payloads, card_id, verb, "Choose", style="positive", more=args),
        ]
        options = [(row.group_id, _title(row, with_members=ambiguous)) for row in shown]
        field = choice(
            _INPUT,
            "Group",
            options,
            value=shown[0].group_id,
            style="compact",
            limit=CHOICE_LIMIT,
        )
    left_out = total - len(shown)
    return card(
        f"{found} {asks}",
        heading("Which group?"),
        text(f"{found} ", bold(asks)),
        field,
        note(f"{left_out:,} more come into question. Say settings groups and a part of the name.")
        if left_out > 0
        else None,
        *(below([action]) for action in chosen),
        buttons(
            [
                _all_groups(payloads, card_id),
                button(payloads, card_id, Verb.SETTINGS_CANCEL, "Cancel", inputs=False),
            ]
        ),
    )


def picked_group(click: Click) -> str:
    """The id of the group that a click is about: the button's own, or the one chosen beside it.

    It is the client's word: look it up. Raises BadInput where nothing was chosen, else BadPayload.
    """
    group_id = click.args.get("group") or click.inputs.get(_INPUT, "").strip()
    if not group_id:
        raise BadInput("No group was chosen. Choose one in the list, then press the button again.")
    if not isinstance(group_id, str) or not 0 < len(group_id) <= _LONGEST_ID:
        raise BadPayload("no group was chosen")
    return group_id


def searched_groups(click: Click) -> tuple[str, int]:
    """What to list: the text to search for, and the page. Raises BadPayload.

    A button that turns pages carries its own search; the search button has what was typed.
    """
    page, search = click.args.get("page"), click.args.get("search")
    if type(page) is not int or not 0 <= page < 100_000 or not isinstance(search, str):
        raise BadPayload("a list without a page or a search")
    if click.args.get("typed"):
        search = click.inputs.get(_SEARCH, "")
    return tidy(search, 100), page


def _row(row: GroupRow) -> Element:
    if row.form is not None:
        return group_row(row.name, row.form, by_name=True)
    members = "" if row.members is None else f" · {people(row.members)}"
    return two_columns([outside(row.name, 36)], [subtle(f"inherits{members}")])


def _on_page(payloads: Payloads, card_id: str, search: str, page: int, pages: int) -> list[Element]:
    def turn(title: str, to: int, key: str) -> Element:
        return button(
            payloads,
            card_id,
            Verb.SETTINGS_GROUPS,
            title,
            key=key,
            inputs=False,
            search=tidy(search, 100),
            page=to,
        )

    actions = [button(payloads, card_id, Verb.SETTINGS_GROUP, "Open", style="positive")]
    if page > 0:
        actions.append(turn("Previous page", page - 1, "previous"))
    if page + 1 < pages:
        actions.append(turn("Next page", page + 1, "next"))
    return actions


def _all_groups(payloads: Payloads, card_id: str) -> Element:
    return button(
        payloads, card_id, Verb.SETTINGS_GROUPS, "All groups", inputs=False, search="", page=0
    )


def _title(row: GroupRow, *, with_members: bool) -> str:
    """A group's name for a button or a choice; of equal names the sizes tell them apart."""
    if not with_members or row.members is None:
        return outside(row.name, CHOICE_LIMIT)
    size = f" ({people(row.members)})"
    return outside(row.name, 28 - len(size)) + size
