"""The control centre: how presence sync stands for the whole organisation, on one card."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cards.build import below, bold, box, button, buttons, card, heading, note, run, subtle, text
from cards.settings.clicks import ListGroups, OpenAccount, ShowCentre, ShowHistory, ShowParked
from cards.settings.parts import Part, bar, chart, invite_button, list_row
from domain.policy import ACCOUNT
from wording.figures import people
from wording.policy import because
from wording.text import outside
from wording.trouble import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cards.build import Card, Element
    from domain.policy import Form, ManagedGroup, Policy

MOST_GROUPS = 8
_NAME_LIMIT = 36


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many people.

    `covered`: presence sync is on for them (None: not known without Zoom's list of people);
    `connected`: of those, they authorised Microsoft; `active`: Microsoft holds a presence from us
    now; `trouble`: connected, but it does not work. The rest of the connected are quiet: nothing is
    to be shown at the moment. `invitable`: covered, not connected, never invited. `parked`: those
    in trouble for whom nothing is tried any more, by reason (wording.trouble).
    """

    covered: int | None
    connected: int
    active: int
    trouble: int
    invitable: int = 0
    parked: Mapping[str, int] = field(default_factory=dict)


def centre(
    policy: Policy,
    *,
    numbers: Numbers,
    directory: str,
    directory_well: bool,
    notice: str | None = None,
    feed: str = "",
    storm: Element | None = None,
) -> Card:
    """Show the account's form, the managed groups in priority order, and the numbers.

    `directory` says how old Zoom's list of groups and people is, or what is missing to read it;
    `directory_well` whether that is as it should be. `feed` is what is wrong with Zoom's events,
    `storm` the banner of `cards.settings.people`.
    """
    account = policy.account
    sentence = _account_sentence(account)
    return card(
        f"Presence sync is {sentence}",
        heading("Presence sync settings"),
        storm,
        box("warning", text(feed)) if feed else None,
        box("warning", text(run(notice, limit=200))) if notice else None,
        box(
            "neutral" if because(account) else "good",
            text(bold(f"{sentence[:1].upper()}{sentence[1:]}")),
            text(_account_details(account), spacing="Small"),
        ),
        text(_reach(numbers)),
        _picture(numbers),
        _trouble(numbers),
        # The warnings take the room of groups: a card has a largest size.
        *_group_rows(
            sorted(policy.groups, key=lambda group: group.priority),
            MOST_GROUPS - bool(feed) - 3 * bool(storm),
            account_locked=account.locked,
        ),
        note(directory) if directory_well else box("warning", text(directory)),
        _in_one_line(),
        buttons(*_buttons()),
        below(*_more_buttons(numbers)),
    )


def _account_sentence(account: Form) -> str:
    why = because(account)
    return f"off for the account: {why}." if why else "on for the account."


def _account_details(account: Form) -> str:
    lock = (
        "Locked: it decides for everyone, groups included."
        if account.locked
        else "Not locked: groups may have settings of their own."
    )
    return lock if because(account) else f"Style {account.style}. {lock}"


def _reach(numbers: Numbers) -> str:
    verb = "is" if numbers.connected == 1 else "are"
    if numbers.covered is None:
        return f"{people(numbers.connected)} {verb} connected."
    return (
        f"Presence sync covers {people(numbers.covered)}; {numbers.connected:,} {verb} connected."
    )


def _parts(numbers: Numbers) -> list[tuple[str, Part, int]]:
    """How the people divide up: label, part of the bar, count."""
    parts: list[tuple[str, Part, int]] = [
        ("active now", "good", numbers.active),
        ("quiet", "accent", numbers.connected - numbers.active - numbers.trouble),
        ("in trouble", "attention", numbers.trouble),
    ]
    if numbers.covered is not None:
        parts.append(("not connected", "emphasis", numbers.covered - numbers.connected))
    return [(label, part, max(0, count)) for label, part, count in parts]


def _figures(numbers: Numbers) -> Element:
    """The numbers in the order of the bar below them, which thus needs no key."""
    return {
        "type": "ColumnSet",
        "spacing": "Small",
        "columns": [
            {
                "type": "Column",
                "width": "stretch",
                "items": [
                    text(bold(f"{count:,}") | {"size": "ExtraLarge"} | _alarm(part, count)),
                    text(subtle(label) | {"size": "Small"}, spacing="None"),
                ],
            }
            for label, part, count in _parts(numbers)
        ],
    }


def _alarm(part: Part, count: int) -> Element:
    return {"color": "Attention"} if part == "attention" and count else {}


def _picture(numbers: Numbers) -> Element:
    """The numbers as a chart, or in large figures above a bar where charts are not known."""
    parts = _parts(numbers)
    drawn = bar([(part, count) for _, part, count in parts])
    instead = {
        "type": "Container",
        "items": [item for item in (_figures(numbers), drawn) if item is not None],
    }
    return chart(parts, instead)


def _trouble(numbers: Numbers) -> Element | None:
    if not numbers.trouble:
        return None
    retried = max(0, numbers.trouble - sum(numbers.parked.values()))
    return text(bold("In trouble: "), counted(numbers.parked, retried))


def _group_rows(
    groups: Sequence[ManagedGroup], most: int, *, account_locked: bool
) -> list[Element]:
    if not groups:
        return [text("No group has settings of its own.")]
    rows = [text(bold("Groups with settings of their own"))]
    rows += [group_row(group) for group in groups[:most]]
    more = len(groups) - most
    if more > 0:
        rows.append(text(f"and {more:,} more", spacing="Small"))
    if account_locked:
        rows.append(note("They don’t count while the account is locked.", spacing="Small"))
    return rows


def group_row(group: ManagedGroup, *, by_name: bool = False) -> Element:
    """Make a row of a managed group: how it is set. Its place comes first, or last `by_name`."""
    off = bool(because(group.form))
    words = "" if off else f" · {group.form.style}"
    if group.form.locked:
        words += " · locked"
    shown: list[str | Element] = [outside(group.name, _NAME_LIMIT)]
    if by_name:
        words += f" · priority {group.priority}"
    else:
        shown.insert(0, subtle(f"{group.priority}. "))
    state = bold("Off" if off else "On")
    return list_row(shown, [state, words] if words else [state])


def _in_one_line() -> Element:
    small = {"size": "Small"}
    return text(
        subtle("Quicker: ") | small,
        bold("settings group Sales enable") | small,
        subtle(
            " (or disable, inherit, lock, unlock, priority 2, style mirror). To see why it is so "
            "for one person: "
        )
        | small,
        bold("settings user ada@example.com") | small,
    )


def _buttons() -> list[Element]:
    return [
        button(OpenAccount(), "Account"),
        button(ListGroups(), "Groups"),
        button(ShowHistory(), "History"),
    ]


def _more_buttons(numbers: Numbers) -> list[Element]:
    actions = [button(ShowCentre(), "Refresh")]
    if numbers.parked:
        actions.insert(0, button(ShowParked(), "Who is in trouble"))
    if numbers.invitable:
        actions.insert(0, invite_button(ACCOUNT, numbers.invitable))
    return actions
