"""Excluding people from the organisation's authorisation: the questions, and who is excluded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cards.build import (
    answer,
    below,
    bold,
    box,
    button,
    buttons,
    card,
    heading,
    next_step,
    note,
    subtle,
    text,
)
from cards.settings import parts
from cards.settings.clicks import CancelChange
from cards.settings.exclusion_clicks import (
    DownloadExcluded,
    ExcludePeople,
    IncludePeople,
    ListExcluded,
)
from cards.settings.paging import PAGE_SIZE, leaf_buttons, page_count
from cards.settings.parts import all_settings, called, reason_field
from wording.exclusions import (
    WHAT_INCLUDING_MEANS,
    WHAT_IT_MEANS,
    by_admins,
    by_themselves,
    done,
    ending,
    included,
    not_found,
    several,
)
from wording.figures import people
from wording.reason import shown_reason
from wording.text import outside

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cards.build import Card, Element

_MOST_NAMED: Final = 20
"""Addresses in a sentence: as many as one message may have."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody of Entra, and how it stands with them (sentences). `acts`: it is about them too."""

    object_id: str
    name: str
    address: str
    standing: str
    acts: bool = True


@dataclass(frozen=True, slots=True)
class Unclear:
    """Addresses that nobody has, and those that several have."""

    nobody: tuple[str, ...] = ()
    several: tuple[str, ...] = ()


def confirm(rows: Sequence[PersonRow], unclear: Unclear, *, reason: str, include: bool) -> Card:
    """Have these people excluded, or included again, once that is confirmed."""
    acting = [row for row in rows if row.acts]
    verb = "Include" if include else "Exclude"
    title = f"{verb} {people(len(acting))}{' again' if include else ''}?"
    if not acting:
        said = f"There’s nobody to {verb.lower()}."
        return card(
            f"{said} Nothing was changed.",
            heading("Nothing to change"),
            answer("neutral", "Nothing was changed.", said),
            *(_row(row) for row in rows),
            *_unclear(unclear),
            buttons(_who(), all_settings()),
        )
    ids = tuple(row.object_id for row in acting)
    pressed = IncludePeople(ids) if include else ExcludePeople(ids, reason)
    return card(
        title,
        heading(title),
        *(_row(row) for row in rows),
        *_unclear(unclear),
        text(bold("What happens: "), WHAT_INCLUDING_MEANS if include else WHAT_IT_MEANS),
        None if include else reason_field(reason),
        buttons(
            button(pressed, verb, style="positive" if include else "destructive"),
            button(CancelChange(), "Cancel", inputs=False),
        ),
    )


def _row(row: PersonRow) -> Element:
    who = called(row.name, 26)
    address = called(row.address, 38)
    more = f" · {address}" if who and address else ""
    standing = f" {row.standing}" if row.standing else ""
    return text(bold(who or address or "Somebody"), more, subtle(standing), spacing="Small")


def _unclear(unclear: Unclear) -> list[Element]:
    def shown(addresses: Sequence[str]) -> list[str]:
        named = [outside(address, 60) for address in addresses[:_MOST_NAMED]]
        left = len(addresses) - len(named)
        return [*named, f"{left:,} more"] if left > 0 else named

    said = [
        not_found(shown(unclear.nobody)) if unclear.nobody else "",
        several(shown(unclear.several)) if unclear.several else "",
    ]
    return [box("warning", text(sentence)) for sentence in said if sentence]


def excluded(*, count: int, before: int, clearing: int, reason: str) -> Card:
    """Say how many are excluded now; for the `clearing`, what was set is being cleared."""
    said = done(count, before)
    return card(
        said,
        heading("Excluded"),
        box("good", text(said)),
        text(f"Reason: {shown_reason(reason)}") if reason else None,
        text(ending(clearing)) if clearing else None,
        buttons(_who(), all_settings()),
    )


def included_again(*, count: int) -> Card:
    """Say how many are no longer excluded."""
    said = included(count)
    return card(
        said,
        heading("Included again" if count else "Nothing to change"),
        box("good" if count else "neutral", text(said)),
        text(WHAT_INCLUDING_MEANS) if count else None,
        buttons(_who(), all_settings()),
    )


def too_many(most: int) -> Card:
    """Say that no more are kept."""
    said = f"No more than {most:,} people can be excluded one by one."
    return card(
        said,
        heading("Too many"),
        answer("warning", "Nothing was changed.", said),
        next_step("Choose a group that has only the people you want."),
        buttons(_who(), all_settings()),
    )


@dataclass(frozen=True, slots=True)
class ListRow:
    """Somebody on the list. `why` says the reason, by whom, and when."""

    name: str
    address: str
    why: str


def listed(
    rows: Sequence[ListRow],
    *,
    page: int,
    total: int,
    by_hand: int,
    counts: Mapping[str, int],
    automatic: bool,
) -> Card:
    """List a page (from 0) of whom admins excluded, or (`automatic`) whom Entra's data leaves out.

    `total` is how many the list has, `by_hand` how many admins excluded, `counts` are the results
    of matching for those who are left out.
    """
    pages = page_count(total)
    shown = rows[:PAGE_SIZE]
    said = by_themselves(counts) if automatic else by_admins(by_hand)
    other = by_admins(by_hand) if automatic else by_themselves(counts)
    return card(
        said,
        heading("Left out by their account" if automatic else "Excluded people"),
        text(bold(said)),
        *(_row(PersonRow("", row.name, row.address, row.why)) for row in shown),
        note(f"Page {page + 1:,} of {pages:,}.") if pages > 1 else None,
        text(other),
        None
        if automatic or not shown
        else next_step("To include somebody again, say settings include and their address."),
        below(*leaf_buttons(lambda to: ListExcluded(to, automatic), page, total)),
        buttons(
            button(DownloadExcluded(), "Download…") if shown and not automatic else None,
            button(
                ListExcluded(automatic=not automatic),
                "Excluded by admins" if automatic else "Left out by their account",
                key="other",
            ),
            all_settings(),
        ),
    )


def download(url: str) -> Card:
    """Give the link to the list of whom admins excluded."""
    what = (
        "The file lists whom admins have excluded, why, by whom and since when. It doesn’t say who "
        "chose Not for me, or contain anyone’s presence."
    )
    return parts.download(url, what=what, back=ListExcluded())


def _who() -> Element:
    return button(ListExcluded(), "Who is excluded")
