"""People as admins see them: one of them (`settings user`), those in trouble, many at once.

Never what Zoom says of anybody at this moment.
"""

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
    fact,
    heading,
    item,
    next_step,
    note,
    subtle,
    text,
)
from cards.person.help import problem
from cards.settings.clicks import (
    OpenListed,
    OpenPerson,
    RetryStorm,
    Revive,
    ReviveAll,
    ShowParked,
    ShowStorm,
)
from cards.settings.parts import after, all_settings, and_more, notice_box, picker
from domain.policy import Level
from wording.ended import storm_words
from wording.figures import people
from wording.text import ADDRESS_LIMIT, outside
from wording.trouble import TROUBLES, counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cards.build import Card, Element
    from domain.storms import Storm
    from wording.looked_up import UserView


MOST_PARKED: Final = 12
"""People on the card: a card's size allows no more."""
MOST_LISTED: Final = 6
"""People of one name with a button each."""
_ONLY_THEM: Final = "Only they can see what Zoom says about them now."
_ONLY_THEM_NOR_PAUSES: Final = (
    "Only they can see what Zoom says about them now and whether they’ve paused, with status."
)
_RECORDED: Final = "This look-up is in the history."
_COUNTED: Final = (
    "This look-up is in the history, and their status tells them there was one, but not by whom."
)
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
    notice: str = "",
) -> Card:
    """List those who are parked. `counts` are all of them, by reason."""
    total = sum(counts.values())
    again = sum(count for reason, count in counts.items() if TROUBLES[reason].revivable)
    shown = rows[:MOST_PARKED]
    more = total - len(shown)
    refresh = button(ShowParked(), "Refresh", inputs=False)
    centre = all_settings(inputs=False)
    if not total:
        return card(
            "Nobody has problems.",
            heading("Who has problems"),
            notice_box(notice),
            text("Nobody. Everyone who’s connected is being updated."),
            buttons(refresh, centre),
        )
    verb = "has" if total == 1 else "have"
    try_all = "Try again" if again == 1 else f"Try all {again:,} again"
    return card(
        f"{people(total)} {verb} problems: {counted(counts)}.",
        heading("Who has problems"),
        notice_box(notice),
        text(bold(f"{people(total)}: "), counted(counts)),
        note("I’ve stopped trying until something changes for them in Zoom, or you or they act."),
        *(element for row in shown for element in _row(row)),
        and_more(more),
        picker(
            _PERSON, "Open a person", [(row.object_id, row.name or row.address) for row in shown]
        ),
        below(
            button(OpenPerson(), "Open", style="positive") if shown else None,
            button(ReviveAll(), try_all, inputs=False) if again else None,
        ),
        below(refresh, centre),
    )


def _row(row: ParkedRow) -> list[Element]:
    address = f" · {outside(row.address, 60)}"
    return [
        text(bold(outside(row.name, 40)), subtle(address), spacing="Small"),
        note(f"{TROUBLES[row.reason].what}, since {row.since}", spacing="None"),
    ]


def user(view: UserView) -> Card:
    """Explain one person to an admin, or to the helpdesk."""
    lines = {
        "Decided by": view.level,
        "Because": view.field,
        "Style": view.style,
        "Connection": view.link,
        "Match": view.match,
        "Updates": view.written,
        "Problem": view.error,
    }
    name = outside(view.name) or outside(view.address, ADDRESS_LIMIT)
    return card(
        f"{name}: {view.verdict}",
        heading("Presence sync for one person"),
        text(bold(name), f" · {outside(view.address, ADDRESS_LIMIT)}"),
        text(view.notice) if view.notice else None,
        box(view.tone, text(view.verdict)),
        *(fact(label, line) for label, line in lines.items() if line),
        next_step(view.to_do) if view.to_do else None,
        note(_ONLY_THEM if view.for_admin else _ONLY_THEM_NOR_PAUSES),
        note(_COUNTED if view.counted else _RECORDED, spacing="Small"),
        buttons(
            button(Revive(view.parked), "Try again", style="positive") if view.parked else None,
            *(after(Level(view.group_id)) if view.for_admin else ()),
        ),
    )


def gone(*, for_admin: bool = True) -> Card:
    """Say that somebody has disconnected since the card was made."""
    return card(
        "They aren’t connected any more.",
        heading("Not connected any more"),
        text("They’ve disconnected, so there’s nothing to try again."),
        buttons(all_settings() if for_admin else None),
    )


@dataclass(frozen=True, slots=True)
class ListedRow:
    """Somebody of Zoom's list."""

    zoom_id: str
    name: str
    address: str


def which_user(
    rows: Sequence[ListedRow], *, wanted: str, total: int, choose: bool, for_admin: bool = True
) -> Card:
    """Ask who was meant, where `total` people have such a name; `rows` are the nearest.

    Without `choose` there are no buttons, and who asks says the address. `for_admin`: not for the
    helpdesk.
    """
    found = f"{people(total)} in Zoom have a name like “{outside(wanted, 60)}”."
    shown = rows[:MOST_LISTED]
    left_out = total - len(shown)
    step = "Which one do you mean?" if choose else "Say settings user and their address."
    return card(
        f"{found} {step}",
        heading("Who do you mean?"),
        text(found),
        *(
            item(f"{place}", bold(outside(row.name, 40)), subtle(f" · {outside(row.address, 60)}"))
            for place, row in enumerate(shown, start=1)
        ),
        text(f"and {left_out:,} more. Say more of the name, or the address.")
        if left_out > 0
        else None,
        None if choose else next_step(step),
        *(
            below(button(OpenListed(row.zoom_id), f"{place}. {row.name}", key=str(place)))
            for place, row in enumerate(shown if choose else (), start=1)
        ),
        buttons(all_settings() if for_admin else None),
    )


def nobody_called(*, wanted: str, directory: bool, for_admin: bool = True) -> Card:
    """Say that nobody has such a name; without Zoom's list of people names can't be looked up."""
    if directory:
        said = f"Nobody in Zoom has a name like “{outside(wanted, 60)}”."
    else:
        said = "I can only find people by name once Zoom’s list of people has been read."
    return card(
        said,
        heading("Nobody found"),
        text(said),
        next_step("Say settings user and their e-mail address, such as ada@example.com."),
        buttons(all_settings() if for_admin else None),
    )


def no_user(*, address: str, directory: bool, for_admin: bool = True) -> Card:
    """Say that nobody has this address. `directory`: Zoom's list of people was searched too."""
    who = "in Zoom, or connected here," if directory else "who’s connected"
    return card(
        "I don’t know anyone with this address.",
        heading("Nobody found"),
        text(f"Nobody {who} has the address {outside(address, ADDRESS_LIMIT)}."),
        next_step("Check the address. It’s the one they sign in to Zoom or Microsoft with."),
        buttons(all_settings() if for_admin else None),
    )


def too_often() -> Card:
    """Say that there were too many look-ups: each is recorded and may cost requests."""
    return problem(
        what_happened=(
            "You’ve looked up or retried many people in the last minute, so I’ve stopped for a "
            "moment. Nothing was changed."
        ),
        what_to_do="Wait a minute, then ask again.",
    )


def storm(which: Storm, *, notice: str = "") -> Card:
    """Say how many are affected, why, and what to do; `notice` says what a click has done."""
    said, to_do = storm_words(which.code)
    if not which.people:
        said = ""
    fails = _lost(which) if which.people else "Nobody has this problem right now."
    before = f"At its worst, {people(which.most)} had it." if which.most > which.people else ""
    again = button(RetryStorm(which.code, which.began_ms), "Try everyone again", style="positive")
    return card(
        f"{fails} {said}".strip(),
        heading("Many authorisations ended"),
        box("attention" if which.people else "good", text(bold(f"{fails} "), said)),
        text(bold(notice)) if notice else None,
        text(before) if before else None,
        next_step(to_do),
        note(
            "I haven’t written to these people, because they can’t fix it. Anyone still affected "
            "after a day will be asked to connect again."
        ),
        buttons(
            again if which.people else None,
            button(ShowStorm(which.code, which.began_ms), "Refresh"),
            button(ShowParked(), "See who") if which.people else None,
            all_settings(),
        ),
    )


def storm_over() -> Card:
    """Say that it has passed."""
    return card(
        "The authorisations that ended at the same time are no longer a problem.",
        heading("Many authorisations ended"),
        answer("good", "It’s over.", "Anyone still affected will be asked to connect again."),
        buttons(all_settings()),
    )


def storm_banner(which: Storm) -> Element:
    """Make the warning for the control centre."""
    return box(
        "attention",
        text(bold(f"{_lost(which)} "), storm_words(which.code)[0]),
        buttons(button(ShowStorm(which.code, which.began_ms), "See what to do")),
    )


def _lost(which: Storm) -> str:
    if which.people == 1:
        return "1 person has lost presence sync."
    return f"{people(which.people)} have lost presence sync at the same time."
