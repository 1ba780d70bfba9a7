"""The control centre: how presence sync stands for the whole organisation, on one card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cards.build import bold, box, button, buttons, card, heading, note, run, subtle, text
from cards.payload import Verb
from cards.settings_bar import bar
from cards.settings_draft import because
from cards.settings_words import people
from cards.text import outside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cards.build import Card, Element
    from cards.payload import Payloads
    from cards.settings_draft import Draft

MOST_GROUPS = 12
_NAME_LIMIT = 60


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group that manages its own settings."""

    name: str
    form: Draft


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many people. Each is a part of the one before, but `trouble` is a part of `connected`.

    `covered`: presence sync is on for them (None: not known without Zoom's list of people);
    `connected`: they authorised Microsoft; `active`: Microsoft holds a presence from us now;
    `trouble`: connected, but it does not work; `invitable`: covered, not connected, never invited.
    """

    covered: int | None
    connected: int
    active: int
    trouble: int
    invitable: int = 0


def centre(
    payloads: Payloads,
    card_id: str,
    *,
    account: Draft,
    groups: Sequence[GroupLine],
    numbers: Numbers,
    directory: str,
    directory_well: bool,
    notice: str | None = None,
) -> Card:
    """Show the account's form, the managed groups in priority order, and the numbers.

    `directory` says how old Zoom's list of groups and people is, or what is missing to read it;
    `directory_well` whether that is as it should be.
    """
    sentence = _account_sentence(account)
    return card(
        f"Presence sync is {sentence}",
        heading("Presence sync settings"),
        box("warning", text(notice)) if notice else None,
        box(
            "neutral" if because(account) else "good",
            text(bold(f"{sentence[:1].upper()}{sentence[1:]}")),
            text(_account_details(account), spacing="Small"),
        ),
        _figures(numbers),
        _picture(numbers),
        *_group_rows(groups, account_locked=account.locked),
        note(directory) if directory_well else box("warning", text(directory)),
        note(
            "In one line: settings group Sales enable. Also disable, inherit, lock, unlock, "
            "priority 2, style mirror. And settings user ada@example.com says why it is so for "
            "one person.",
            spacing="Small",
        ),
        buttons(_buttons(payloads, card_id, numbers)),
    )


def _account_sentence(account: Draft) -> str:
    why = because(account)
    return f"off for the account: {why}." if why else "on for the account."


def _account_details(account: Draft) -> str:
    lock = (
        "Locked: it decides for everyone, groups included."
        if account.locked
        else "Not locked: groups may have settings of their own."
    )
    return lock if because(account) else f"Style {account.style}. {lock}"


def _figures(numbers: Numbers) -> Element:
    figures = [
        ("covered", numbers.covered),
        ("connected", numbers.connected),
        ("active now", numbers.active),
        ("in trouble", numbers.trouble),
    ]
    return {
        "type": "ColumnSet",
        "columns": [
            {
                "type": "Column",
                "width": "stretch",
                "items": [
                    text(
                        bold(f"{count:,}")
                        | {"size": "ExtraLarge"}
                        | ({"color": "Attention"} if label == "in trouble" and count else {})
                    ),
                    text(subtle(label) | {"size": "Small"}, spacing="None"),
                ],
            }
            for label, count in figures
            if count is not None
        ],
    }


def _picture(numbers: Numbers) -> Element | None:
    quiet = numbers.connected - numbers.active - numbers.trouble
    return bar(
        [
            ("good", numbers.active),
            ("accent", quiet),
            ("attention", numbers.trouble),
            ("emphasis", (numbers.covered or 0) - numbers.connected),
        ]
    )


def _group_rows(groups: Sequence[GroupLine], *, account_locked: bool) -> list[Element]:
    if not groups:
        return [text("No group has settings of its own.")]
    rows = [text(bold("Groups with settings of their own"))]
    rows += [
        group_row(str(line.form.priority), line.name, line.form) for line in groups[:MOST_GROUPS]
    ]
    more = len(groups) - MOST_GROUPS
    if more > 0:
        rows.append(text(f"and {more:,} more", spacing="Small"))
    if account_locked:
        rows.append(note("They don’t count while the account is locked.", spacing="Small"))
    return rows


def group_row(marker: str, name: str, form: Draft) -> Element:
    """Make a row of a group's place, name and state."""
    why = because(form)
    state = run("Off") if why else run("On") | {"color": "Good"}
    details = "" if why else f" · {form.style}"
    return {
        "type": "ColumnSet",
        "spacing": "Small",
        "columns": [
            {"type": "Column", "width": "24px", "items": [text(subtle(marker))]},
            {"type": "Column", "width": "stretch", "items": [text(outside(name, _NAME_LIMIT))]},
            {
                "type": "Column",
                "width": "auto",
                "items": [text(state, subtle(details + (" · locked" if form.locked else "")))],
            },
        ],
    }


def _buttons(payloads: Payloads, card_id: str, numbers: Numbers) -> list[Element]:
    shown = [
        button(payloads, card_id, Verb.SETTINGS_ACCOUNT, "Account"),
        button(payloads, card_id, Verb.SETTINGS_GROUPS, "Groups", search="", page=0),
        button(payloads, card_id, Verb.SETTINGS_HISTORY, "History", cursor=""),
        button(payloads, card_id, Verb.SETTINGS_SHOW, "Refresh"),
    ]
    if numbers.invitable > 0:
        shown.append(invite_button(payloads, card_id, "", numbers.invitable))
    return shown


def invite_button(payloads: Payloads, card_id: str, group_id: str, count: int) -> Element:
    """Make the button that offers to invite those of a level who have not connected."""
    title = f"Invite {people(count)} once"
    return button(payloads, card_id, Verb.SETTINGS_INVITE, title, group=group_id)
