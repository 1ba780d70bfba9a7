"""Who is in trouble: the people for whom nothing is tried any more, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cards.build import below, bold, box, button, buttons, card, heading, note, subtle, text
from cards.settings.clicks import OpenPerson, ReviveAll, ShowCentre, ShowParked
from cards.settings.inputs import CHOICE_LIMIT, choice
from wording.figures import people
from wording.text import outside
from wording.trouble import TROUBLES, counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cards.build import Card, Element

MOST_PARKED: Final = 12
"""People on the card: a card's size allows no more."""
_PERSON: Final = "person"
"""The input, called as the field of the click that takes it."""


@dataclass(frozen=True, slots=True)
class ParkedRow:
    """Somebody who is parked, for a `reason` of TROUBLES; `since` is in the reader's own zone."""

    object_id: str
    name: str
    address: str
    reason: str
    since: str


def parked(
    rows: Sequence[ParkedRow],
    counts: Mapping[str, int],
    *,
    notice: str | None = None,
) -> Card:
    """List those who are parked. `counts` are all of them, by reason."""
    total = sum(counts.values())
    again = sum(count for reason, count in counts.items() if TROUBLES[reason].revivable)
    shown = rows[:MOST_PARKED]
    more = total - len(shown)
    if not total:
        return card(
            "Nobody is in trouble.",
            heading("Who is in trouble"),
            box("good", text(notice)) if notice else None,
            text("Nobody: all who are connected are being attended to."),
            buttons(_after()),
        )
    verb = "is" if total == 1 else "are"
    return card(
        f"{people(total)} {verb} in trouble: {counted(counts)}.",
        heading("Who is in trouble"),
        box("good", text(notice)) if notice else None,
        text(bold(f"{people(total)}: "), counted(counts)),
        note("Nothing is tried for them until something changes: in Zoom, by them, or here."),
        *(element for row in shown for element in _row(row)),
        text(f"and {more:,} more") if more > 0 else None,
        choice(
            _PERSON,
            "Open a person",
            [(row.object_id, row.name or row.address) for row in shown],
            value=shown[0].object_id,
            style="compact",
            limit=CHOICE_LIMIT,
        )
        if shown
        else None,
        below(
            [
                *_open(shown),
                *_try_all(again),
            ]
        ),
        below(_after()),
    )


def _row(row: ParkedRow) -> list[Element]:
    address = f" · {outside(row.address, 60)}"
    return [
        text(bold(outside(row.name, 40)), subtle(address), spacing="Small"),
        note(f"{TROUBLES[row.reason].what}, since {row.since}", spacing="None"),
    ]


def _open(shown: Sequence[ParkedRow]) -> list[Element]:
    if not shown:
        return []
    return [button(OpenPerson(), "Open", style="positive")]


def _try_all(count: int) -> list[Element]:
    if not count:
        return []
    title = "Try again" if count == 1 else f"Try all {count:,} again"
    return [button(ReviveAll(), title, inputs=False)]


def _after() -> list[Element]:
    return [
        button(ShowParked(), "Refresh", inputs=False),
        button(ShowCentre(), "All settings", inputs=False),
    ]
