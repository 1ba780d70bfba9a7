"""The form of Zoom's article for the account or a group, and its verification question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.build import bold, box, button, buttons, card, heading, note, text
from cards.payload import Verb
from cards.person.style import STYLES
from cards.settings.inputs import choice, number, toggle
from cards.settings_draft import (
    AUTHORIZE_WITH,
    LABELS,
    SERVICES,
    Draft,
    Field,
    applicable_fields,
    because,
    draft_args,
    input_name,
)

if TYPE_CHECKING:
    from cards.build import Card, Element
    from cards.payload import Payloads
    from cards.settings_words import Target, Touched

NO_CALENDAR_RIGHTS = (
    "Zoom’s form has Calendar and Contacts, so they are kept here. This app never asks Microsoft "
    "for calendar or contacts rights."
)
_UNDER_LOCK = "so it decides for everyone. What you save here counts once it is unlocked."


def form(
    payloads: Payloads,
    card_id: str,
    target: Target,
    draft: Draft,
    *,
    version: int,
    unsaved: bool = False,
    notice: str | None = None,
    members: str | None = None,
    account: Draft | None = None,
    places: int = 1,
) -> Card:
    """Show the fields that apply to a draft.

    `version` is the settings' version that the draft started from. `unsaved`: the draft differs
    from what is stored. `notice` is a sentence about what just happened (somebody else's change).
    `members` says whom the level decides for. `account` is the account's form, for groups.
    `places` is the highest priority a group can have.
    """
    verdict, on = _verdict(draft, account)
    overruled = account is not None and account.locked and not target.is_account
    where = target.words()
    title = "Settings of the account" if target.is_account else f"Settings of {where}"
    args = _args(target, draft, version)
    save = button(payloads, card_id, Verb.SETTINGS_SAVE, "Save", style="positive", more=args)
    cancel = button(payloads, card_id, Verb.SETTINGS_CANCEL, "Cancel", inputs=False)
    return card(
        f"{title}. {''.join(verdict)}",
        heading(title),
        box("warning", text(notice)) if notice else None,
        box("warning", text(bold("The account is locked, "), _UNDER_LOCK)) if overruled else None,
        box(
            "good" if on and not overruled else "neutral",
            text(bold(verdict[0]), verdict[1]),
            text("Not saved yet.", spacing="Small") if unsaved else None,
        ),
        text(members) if members else None,
        *_inputs(card_id, draft, places, account_form=target.is_account),
        buttons([save, cancel]),
    )


def verify(
    payloads: Payloads,
    card_id: str,
    target: Target,
    draft: Draft,
    *,
    version: int,
    touched: Touched | None = None,
) -> Card:
    """Ask whether to switch the integration to what `draft` says, as the article does.

    `touched` counts people for a switch that takes effect at once; None leaves the line out.
    """
    word = "Enable" if draft.integration else "Disable"
    question = f"{word} the calendar and contacts integration for {target.words()}?"
    back = Verb.SETTINGS_ACCOUNT if target.is_account else Verb.SETTINGS_GROUP
    back_args = {} if target.is_account else {"group": target.group_id}
    return card(
        question,
        heading(question),
        text(bold("Whom it touches: "), touched.words() or "nobody at the moment.")
        if touched
        else None,
        text(
            "Next you choose the service and the permissions. Nothing is saved before that."
            if draft.integration
            else "This is saved at once. What I set for people is cleared, and Microsoft shows "
            "their presence without Zoom. The other choices of the form are kept."
        ),
        buttons(
            [
                button(
                    payloads,
                    card_id,
                    Verb.SETTINGS_VERIFY,
                    word,
                    style="positive" if draft.integration else "destructive",
                    more=_args(target, draft, version),
                ),
                button(payloads, card_id, back, "Cancel", more=back_args),
            ]
        ),
    )


def _args(target: Target, draft: Draft, version: int) -> dict[str, str | int | bool]:
    return {"group": target.group_id, "version": version, **draft_args(draft)}


def _verdict(draft: Draft, account: Draft | None) -> tuple[tuple[str, str], bool]:
    """Whether presence is on with this form or what stops it: one sentence in two runs."""
    if not draft.manages:
        if account is None:
            return ("Inherits ", "from the account."), False
        why = because(account)
        state = f"off: {why}" if why else "on"
        return ("Inherits ", f"from the account, where presence sync is {state}."), not why
    why = because(draft)
    if why:
        return ("Presence sync is off ", f"with this form: {why}."), False
    return ("Presence sync is on ", f"with this form, style {draft.style}."), True


def _inputs(card_id: str, draft: Draft, places: int, *, account_form: bool) -> list[Element]:
    elements: list[Element] = []
    for field in applicable_fields(draft):
        if field in _PERMISSIONS[1:]:
            continue
        if field is _PERMISSIONS[0]:
            elements += _permissions(card_id, draft)
            continue
        name = input_name(field, card_id)
        elements.append(_input(name, field, draft, places, account_form=account_form))
        if field is Field.STYLE:
            warning = f"Warning about full: {STYLES['full'].warning('each person’s')}"
            elements.append(note(warning, spacing="Small"))
    return elements


_PERMISSIONS = (Field.CALENDAR, Field.CONTACTS, Field.PRESENCE_WRITE)


def _permissions(card_id: str, draft: Draft) -> list[Element]:
    def box_for(field: Field, title: str, *, on: bool) -> Element:
        ticked = toggle(input_name(field, card_id), LABELS[field], title, on=on)
        return {"type": "Column", "width": "stretch", "items": [ticked]}

    return [
        text(bold("Choose your permissions")),
        {
            "type": "ColumnSet",
            "spacing": "Small",
            "columns": [
                box_for(Field.CALENDAR, "Read and write", on=draft.calendar),
                box_for(Field.CONTACTS, "Read and write", on=draft.contacts),
                box_for(Field.PRESENCE_WRITE, "Write", on=draft.presence_write),
            ],
        },
        note(NO_CALENDAR_RIGHTS, spacing="Small"),
    ]


def _input(name: str, field: Field, draft: Draft, places: int, *, account_form: bool) -> Element:
    label = LABELS[field]
    match field:
        case Field.MANAGES:
            title = "Manages its own settings (off: inherits from the account)"
            return toggle(name, label, title, on=draft.manages)
        case Field.INTEGRATION:
            return toggle(name, label, "Enabled", on=draft.integration)
        case Field.SERVICE:
            return choice(name, label, SERVICES.items(), value=draft.service)
        case Field.AUTHORIZE_WITH:
            return choice(name, label, AUTHORIZE_WITH.items(), value=draft.authorize_with)
        case Field.LOCKED:
            title = (
                "Locked: groups and people can’t deviate"
                if account_form
                else "Locked: people can’t choose a style of their own"
            )
            return toggle(name, label, title, on=draft.locked)
        case Field.STYLE:
            explained = [
                (key, f"{key.capitalize()}. {style.sentence}") for key, style in STYLES.items()
            ]
            return choice(name, label, explained, value=draft.style)
        case _:
            highest = max(places, draft.priority)
            first = f"{label} (1 decides first)"
            return number(name, first, value=draft.priority, highest=highest)
