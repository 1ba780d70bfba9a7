"""`settings user`: why it is so for one person. Never what Zoom says of them at this moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cards.build import bold, box, button, buttons, card, fact, heading, next_step, note, text
from cards.person.problem import problem
from cards.settings.clicks import OpenAccount, OpenGroup, Revive, ShowCentre
from wording.text import ADDRESS_LIMIT, outside

if TYPE_CHECKING:
    from cards.build import Card, Element
    from wording.status import Tone


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
        buttons(_buttons(view)),
    )


def no_user(*, address: str, directory: bool) -> Card:
    """Say that nobody has this address. `directory`: Zoom's list of people was searched too."""
    where = "in Zoom or among those who connected" if directory else "among those who connected"
    return card(
        "I know nobody with this address.",
        heading("Nobody found"),
        text(f"Nobody {where} has the address {outside(address, ADDRESS_LIMIT)}."),
        next_step("Check the address: it is the one they sign in to Zoom or Microsoft with."),
        buttons([button(ShowCentre(), "All settings")]),
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


def _buttons(view: UserView) -> list[Element]:
    again = button(Revive(view.parked), "Try again", style="positive")
    level = (
        button(OpenGroup(view.group_id), "Open the group")
        if view.group_id
        else button(OpenAccount(), "Open the account")
    )
    everything = button(ShowCentre(), "All settings")
    return [again, level, everything] if view.parked else [level, everything]
