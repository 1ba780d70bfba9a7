"""People as admins see them: one of them (`settings user`), those in trouble, many at once.

Never what Zoom says of anybody at this moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cards.build import (
    below,
    bold,
    box,
    button,
    buttons,
    card,
    fact,
    heading,
    next_step,
    note,
    subtle,
    text,
)
from cards.person.help import problem
from cards.settings.clicks import (
    OpenAccount,
    OpenGroup,
    OpenPerson,
    RetryStorm,
    Revive,
    ReviveAll,
    ShowCentre,
    ShowParked,
    ShowStorm,
)
from cards.settings.parts import CHOICE_LIMIT, choice
from wording.figures import people
from wording.text import ADDRESS_LIMIT, outside
from wording.trouble import TROUBLES, counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cards.build import Card, Element
    from wording.ended import StormView
    from wording.status import Tone


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
            buttons(*_after()),
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
        below(*_open(shown), *_try_all(again)),
        below(*_after()),
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


@dataclass(frozen=True, slots=True)
class UserView:
    """What an admin may know of a person; times in the admin's own zone. Empty lines are left out.

    `verdict` is the answer in one sentence (whether presence sync is on for them, and if not which
    field stops it, or that they paused). `level` names the deciding level (“the account, locked”,
    “Sales, priority 2”), `field` the field that decides, `style` the style and who chose it, `link`
    how their connection is, `written` when Microsoft was last told and whether it took it, `error`
    the last failure, also one that is over. `to_do` is what the admin or the person can do.
    `group_id` is the deciding group's. `parked` is the person's object id where it may help to try
    again. `notice` says what has just happened. There is no place here for a person's live state,
    on purpose.
    """

    name: str
    address: str
    verdict: str
    level: str
    field: str = ""
    style: str = ""
    link: str = ""
    written: str = ""
    error: str = ""
    to_do: str = ""
    group_id: str = ""
    tone: Tone = "good"
    parked: str = ""
    notice: str = ""


def user(view: UserView) -> Card:
    """Explain one person to an admin."""
    lines = [
        ("Level", view.level),
        ("Field", view.field),
        ("Style", view.style),
        ("Link", view.link),
        ("Written", view.written),
        ("Error", view.error),
    ]
    name = outside(view.name) or outside(view.address, ADDRESS_LIMIT)
    return card(
        f"{name}: {view.verdict}",
        heading("Why it is so for one person"),
        text(bold(name), f" · {outside(view.address, ADDRESS_LIMIT)}"),
        text(view.notice) if view.notice else None,
        box(view.tone, text(view.verdict)),
        *(fact(label, line) for label, line in lines if line),
        next_step(view.to_do) if view.to_do else None,
        note("What Zoom says of them now is shown to them only. This look-up is in the history."),
        buttons(*_user_buttons(view)),
    )


def no_user(*, address: str, directory: bool) -> Card:
    """Say that nobody has this address. `directory`: Zoom's list of people was searched too."""
    where = "in Zoom or among those who connected" if directory else "among those who connected"
    return card(
        "I know nobody with this address.",
        heading("Nobody found"),
        text(f"Nobody {where} has the address {outside(address, ADDRESS_LIMIT)}."),
        next_step("Check the address: it is the one they sign in to Zoom or Microsoft with."),
        buttons(button(ShowCentre(), "All settings")),
    )


def too_often() -> Card:
    """Say that there were too many look-ups: each is recorded and may cost requests."""
    return problem(
        what_happened=(
            "You have looked up or tried many people within a minute. This time nobody was looked "
            "up or tried, and nothing was changed."
        ),
        what_to_do="Wait a minute, then ask again.",
    )


def _user_buttons(view: UserView) -> list[Element]:
    again = button(Revive(view.parked), "Try again", style="positive")
    level = (
        button(OpenGroup(view.group_id), "Open the group")
        if view.group_id
        else button(OpenAccount(), "Open the account")
    )
    everything = button(ShowCentre(), "All settings")
    return [again, level, everything] if view.parked else [level, everything]


def storm(view: StormView, *, notice: str = "") -> Card:
    """Say how many are affected, why, and what to do; `notice` says what a click has done."""
    if view.count:
        verb = "has" if view.count == 1 else "have"
        fails = f"{people(view.count)} {verb} lost presence sync at once."
    else:
        fails = "Nobody fails at the moment."
    before = f"At its height there were {view.most:,}." if view.most > view.count else ""
    return card(
        f"{fails} {view.said}",
        heading("Many authorisations ended"),
        box("attention" if view.count else "good", text(bold(f"{fails} "), view.said)),
        text(bold(notice)) if notice else None,
        text(before) if before else None,
        next_step(view.to_do),
        note(
            "These people were told nothing, because they can’t mend it. Who still fails a day "
            "after it began is asked to connect again."
        ),
        buttons(
            *([_retry_storm(view)] if view.count else []),
            button(ShowStorm(view.code, view.began_ms), "Refresh"),
            *([button(ShowParked(), "Who it is")] * bool(view.count)),
            button(ShowCentre(), "All settings"),
        ),
    )


def storm_over() -> Card:
    """Say that it has passed."""
    return card(
        "The many authorisations that ended alike are no trouble any more.",
        heading("Many authorisations ended"),
        box(
            "good",
            text(bold("It is over. "), "Whoever still can’t go on is asked to connect again."),
        ),
        buttons(button(ShowCentre(), "All settings")),
    )


def storm_banner(view: StormView) -> Element:
    """Make the warning for the control centre."""
    row = buttons(button(ShowStorm(view.code, view.began_ms), "See what to do"))
    verb = "has" if view.count == 1 else "have"
    return box(
        "attention",
        text(bold(f"{people(view.count)} {verb} lost presence sync at once. "), view.said),
        row,
    )


def _retry_storm(view: StormView) -> Element:
    return button(RetryStorm(view.code, view.began_ms), "Try everyone again", style="positive")
