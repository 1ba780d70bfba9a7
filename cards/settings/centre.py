"""The control centre: how presence sync stands for the whole organisation, on one card."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cards.build import (
    below,
    bold,
    box,
    button,
    buttons,
    card,
    columns,
    heading,
    note,
    subtle,
    text,
)
from cards.settings.clicks import ListGroups, OpenAccount, ShowCentre, ShowHistory, ShowParked
from cards.settings.digest_clicks import ShowDigest
from cards.settings.parts import Part, bar, called, chart, invite_button, list_row, opens_group
from domain.policy import ACCOUNT
from wording.digest import TITLE as DIGEST
from wording.figures import people
from wording.policy import because
from wording.trouble import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cards.build import Card, Element
    from domain.policy import ManagedGroup, Policy
    from wording.readback import ReadbackView

MOST_GROUPS = 8


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many people.

    `covered`: presence sync is on for them (None: not known without Zoom's list of people);
    `connected`: of those, they authorised Microsoft; `active`: Microsoft holds a presence from us
    now; `trouble`: connected, but it does not work. The rest of the connected are idle: nothing is
    to be shown at the moment. `off`: they authorised Microsoft, but presence sync is off for them.
    `invitable`: covered, not connected, never invited. `parked`: those in trouble for whom nothing
    is tried any more, by reason (wording.trouble).
    """

    covered: int | None
    connected: int
    active: int
    trouble: int
    off: int = 0
    invitable: int = 0
    parked: Mapping[str, int] = field(default_factory=dict)


def centre(
    policy: Policy,
    *,
    numbers: Numbers,
    directory: str,
    directory_well: bool,
    feed: str = "",
    readback: ReadbackView | None = None,
    storm: Element | None = None,
    digest: bool = False,
) -> Card:
    """Show the account's form, the managed groups in priority order, and the numbers.

    `directory` says how old Zoom's list of groups and people is, or what is missing to read it;
    `directory_well` whether that is as it should be. `feed` is what is wrong with Zoom's events,
    `readback` how many are shown as they should be, `storm` the banner of `cards.settings.people`.
    `digest`: the morning digest can be asked for.
    """
    account = policy.account
    off = because(account)
    sentence = f"off for the account, because {off}." if off else "on for the account."
    lock = (
        "It’s locked, so it decides for everyone."
        if account.locked
        else "It isn’t locked, so groups can have their own settings."
    )
    retried = max(0, numbers.trouble - sum(numbers.parked.values()))
    return card(
        f"Presence sync is {sentence}",
        heading("Presence sync settings"),
        storm,
        box("warning", text(feed)) if feed else None,
        box(
            "neutral" if off else "good",
            text(bold(f"{sentence[:1].upper()}{sentence[1:]}")),
            text(lock if off else f"Style {account.style}. {lock}", spacing="Small"),
        ),
        text(_reach(numbers)),
        _picture(numbers),
        text(bold("Problems: "), counted(numbers.parked, retried)) if numbers.trouble else None,
        *_readback(readback),
        # The warnings take the room of groups: a card has a largest size.
        *_group_rows(
            sorted(policy.groups, key=lambda group: group.priority),
            MOST_GROUPS - bool(feed) - 4 * bool(storm) - bool(readback and readback.right),
            account_locked=account.locked,
        ),
        note(directory) if directory_well else box("warning", text(directory)),
        _in_one_line(),
        buttons(
            button(OpenAccount(), "Account"),
            button(ListGroups(), "Groups"),
            button(ShowHistory(), "History"),
        ),
        below(
            invite_button(ACCOUNT, numbers.invitable) if numbers.invitable else None,
            button(ShowParked(), "Who has problems") if numbers.parked else None,
            button(ShowDigest(), DIGEST) if digest else None,
            button(ShowCentre(), "Refresh"),
        ),
    )


def _readback(view: ReadbackView | None) -> list[Element]:
    """How many are shown as they should be, or why that is not known."""
    if view is None:
        return []
    if view.lost:
        return [box("warning", text(view.sentence))]
    lines = [
        text(bold("Shown right: "), view.right) if view.right else note(view.sentence),
        text(bold("Shown wrong: "), view.others, spacing="Small") if view.others else None,
        note(view.small, spacing="Small") if view.small else None,
    ]
    return [line for line in lines if line is not None]


def _reach(numbers: Numbers) -> str:
    if numbers.covered is None:
        connected = f"{_are(people(numbers.connected), numbers.connected)} connected"
        said = f"{connected} with presence sync on." if numbers.off else f"{connected}."
    elif numbers.covered:
        connected = _are(f"{numbers.connected:,} of them", numbers.connected)
        said = f"Presence sync is on for {people(numbers.covered)}. {connected} connected."
    else:
        said = "Presence sync isn’t on for anyone."
    if numbers.off:
        more = "more " if numbers.connected else ""
        who = f"{numbers.off:,} {more}{'person' if numbers.off == 1 else 'people'}"
        said += f" {_are(who, numbers.off)} connected, but presence sync is off for them."
    return said


def _are(who: str, count: int) -> str:
    return f"{who} {'is' if count == 1 else 'are'}"


def _parts(numbers: Numbers) -> list[tuple[str, Part, int]]:
    """How the people divide up: label, part of the bar, count."""
    parts: list[tuple[str, Part, int]] = [
        ("active now", "good", numbers.active),
        ("idle", "accent", numbers.connected - numbers.active - numbers.trouble),
        ("problems", "attention", numbers.trouble),
    ]
    if numbers.covered is not None:
        parts.append(("not connected", "emphasis", numbers.covered - numbers.connected))
    return [(label, part, max(0, count)) for label, part, count in parts]


def _picture(numbers: Numbers) -> Element:
    """The numbers as a chart; in large figures above a bar, in its order, where none is known."""
    parts = _parts(numbers)
    figures = columns(*(("stretch", *_figure(*part)) for part in parts))
    drawn = bar([(part, count) for _, part, count in parts])
    instead = {"type": "Container", "items": [figures, drawn] if drawn else [figures]}
    return chart(parts, instead)


def _figure(label: str, part: Part, count: int) -> tuple[Element, Element]:
    look = {"size": "ExtraLarge"}
    if part == "attention" and count:
        look["color"] = "Attention"
    return (
        text(bold(f"{count:,}") | look),
        text(subtle(label) | {"size": "Small"}, spacing="None"),
    )


def _group_rows(
    groups: Sequence[ManagedGroup], most: int, *, account_locked: bool
) -> list[Element]:
    if not groups:
        return [text("No group has its own settings.")]
    rows = [text(bold("Groups with their own settings"))]
    rows += [group_row(group, place) for place, group in enumerate(groups[:most], start=1)]
    more = len(groups) - most
    if more > 0:
        rows.append(text(f"and {more:,} more", spacing="Small"))
    if account_locked:
        rows.append(note("They don’t count while the account is locked.", spacing="Small"))
    return rows


def group_row(group: ManagedGroup, place: int, *, by_name: bool = False) -> Element:
    """Make the row at a `place` of its card of a managed group: how it is set.

    Its priority comes first, or last `by_name`.
    """
    off = bool(because(group.form))
    words = "" if off else f" · {group.form.style}"
    if group.form.locked:
        words += " · locked"
    shown: list[str | Element] = [called(group.name, 36)]
    if by_name:
        words += f" · priority {group.priority}"
    else:
        shown.insert(0, subtle(f"{group.priority}. "))
    state = bold("Off" if off else "On")
    row = list_row(shown, [state, words] if words else [state])
    return opens_group(row, group.group_id, group.name, place=place)


def _in_one_line() -> Element:
    words = (
        subtle("Quicker: "),
        bold("settings group Sales enable"),
        subtle(
            " (or disable, inherit, lock, unlock, priority 2, style mirror). To look up one "
            "person: "
        ),
        bold("settings user ada@example.com"),
    )
    return text(*(run | {"size": "Small"} for run in words))
