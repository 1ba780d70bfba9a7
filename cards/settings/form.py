"""The form of Zoom's article for the account or a group, and its verification question."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from cards.build import answer, bold, box, button, buttons, card, columns, heading, note, text
from cards.settings.clicks import ApplyForm, ApplySwitch, CancelChange, SubmitForm
from cards.settings.parts import choice, full_warning, number, opening, reason_field, toggle
from domain.form import Field, applicable_fields
from domain.presence import LEVEL_STYLES, Style
from wording.policy import (
    AUTHORISERS,
    AUTHORISERS_EXPLAINED,
    AUTHORIZE_WITH,
    BUSY_ONLY_UNASKED,
    LABELS,
    SERVICES,
    STYLES,
    because,
    level_words,
    only_line,
    share_line,
)

if TYPE_CHECKING:
    from cards.build import Card, Element
    from domain.form import LevelForm
    from domain.policy import Form, Level

_NO_CALENDAR_RIGHTS = (
    "Zoom’s form has Calendar and Contacts, so they’re here too. This app never asks Microsoft for "
    "access to calendars or contacts."
)
_UNDER_LOCK = "so it decides for everyone. What you save here only counts once it’s unlocked."


def form(
    level: Level,
    shown: LevelForm,
    *,
    version: int,
    unsaved: bool = False,
    notice: str | None = None,
    members: str | None = None,
    account: Form | None = None,
    places: int = 1,
    reason: str | None = None,
) -> Card:
    """Show the fields that apply to a form.

    `version` is the settings' version that it started from. `unsaved`: it differs from what is
    stored. `notice` is a sentence about what just happened (somebody else's change).
    `members` says whom the level decides for. `account` is the account's form, for groups.
    `places` is the highest priority a group can have. `reason` is what was said so far of why;
    None: reasons aren't asked for.
    """
    verdict, on = _verdict(shown, account)
    overruled = account is not None and account.locked and not level.is_account
    where = level_words(level)
    title = f"Settings for {where}"
    save = button(SubmitForm(level, version, shown), "Save", style="positive")
    cancel = button(CancelChange(), "Cancel", inputs=False)
    return card(
        f"{title}. {''.join(verdict)}",
        heading(title),
        box("warning", text(notice)) if notice else None,
        answer("warning", "The account is locked,", _UNDER_LOCK) if overruled else None,
        box(
            "good" if on and not overruled and not unsaved else "neutral",
            text(bold(verdict[0]), verdict[1]),
            text("Not saved yet.", spacing="Small") if unsaved else None,
        ),
        text(members) if members else None,
        *_inputs(shown, places, account_form=level.is_account),
        None if reason is None else reason_field(reason),
        buttons(save, cancel),
    )


def verify(
    level: Level,
    submitted: LevelForm,
    *,
    version: int,
    touched: str | None = None,
    reason: str | None = None,
) -> Card:
    """Ask whether to switch the integration to what was submitted, as the article does.

    `touched` says whom a switch touches that takes effect at once; None leaves the line out.
    `reason` is as for the form.
    """
    on = submitted.form.integration
    word = "Enable" if on else "Disable"
    question = f"{word} the calendar and contacts integration for {level_words(level)}?"
    return card(
        question,
        heading(question),
        text(bold("Who is affected: "), touched) if touched is not None else None,
        text(
            "Next, choose the service and the permissions. Nothing is saved until then."
            if on
            else "This is saved right away. I clear what I set for people, and Microsoft shows "
            "their presence without Zoom. The rest of the form stays as it is."
        ),
        None if reason is None else reason_field(reason),
        buttons(
            button(
                ApplySwitch(level, version, submitted),
                word,
                style="positive" if on else "destructive",
            ),
            button(opening(level), "Cancel", inputs=False),
        ),
    )


def confirm_full(
    level: Level,
    submitted: LevelForm,
    *,
    version: int,
    touched: str,
    reason: str | None = None,
) -> Card:
    """Ask whether to save a form with which the style `full` begins for somebody.

    `reason` is as for the form.
    """
    question = f"Use the style full for {level_words(level)}?"
    return card(
        question,
        heading(question),
        text(bold("Who is affected: "), touched),
        text(bold("What they notice: "), STYLES[Style.FULL].sentence),
        full_warning(),
        note("Nothing is saved yet."),
        None if reason is None else reason_field(reason),
        buttons(
            button(ApplyForm(level, version, submitted), "Save with full"),
            button(opening(level), "Cancel", inputs=False),
        ),
    )


def _verdict(shown: LevelForm, account: Form | None) -> tuple[tuple[str, str], bool]:
    """Whether presence is on with this form or what stops it: one sentence in two runs."""
    if not shown.manages:
        if account is None:
            return ("Inherits ", "from the account."), False
        why = because(account)
        state = f"off, because {why}" if why else "on"
        return ("Inherits ", f"from the account, where presence sync is {state}."), not why
    why = because(shown.form)
    if why:
        return ("Presence sync is off ", f"with this form, because {why}."), False
    return ("Presence sync is on ", f"with this form, style {shown.form.style}."), True


def _inputs(shown: LevelForm, places: int, *, account_form: bool) -> list[Element]:
    elements: list[Element] = []
    for field in applicable_fields(shown):
        if field in _PERMISSIONS[1:]:
            continue
        if field is _PERMISSIONS[0]:
            ticks = (
                _input(each, shown, places, account_form=account_form) for each in _PERMISSIONS
            )
            elements += [
                text(bold("Choose your permissions")),
                columns(*(("stretch", tick) for tick in ticks)),
                note(_NO_CALENDAR_RIGHTS, spacing="Small"),
            ]
            continue
        elements.append(_input(field, shown, places, account_form=account_form))
        if field is Field.AUTHORISER:
            elements.append(note(BUSY_ONLY_UNASKED, spacing="Small"))
            limits = filter(None, (only_line(shown.form), share_line(shown.form)))
            elements += [text(limit, spacing="Small") for limit in limits]
        if field is Field.STYLE:
            warning = f"About full: {STYLES[Style.FULL].warning('people')}"
            elements.append(note(warning, spacing="Small"))
    return elements


_PERMISSIONS = (Field.CALENDAR, Field.CONTACTS, Field.PRESENCE_WRITE)


def _input(field: Field, shown: LevelForm, places: int, *, account_form: bool) -> Element:
    label, form = LABELS[field], shown.form
    match field:
        case Field.MANAGES:
            title = "Has its own settings (off: inherits from the account)"
            return toggle(field, label, title, on=shown.manages)
        case Field.INTEGRATION:
            return toggle(field, label, "Enabled", on=form.integration)
        case Field.SERVICE:
            return choice(field, label, SERVICES.items(), form.service)
        case Field.AUTHORIZE_WITH:
            return choice(field, label, AUTHORIZE_WITH.items(), form.authorize_with)
        case Field.AUTHORISER:
            explained = [
                (each.value, f"{words}. {AUTHORISERS_EXPLAINED[each]}")
                for each, words in AUTHORISERS.items()
            ]
            return choice(field, label, explained, form.authoriser)
        case Field.LOCKED:
            title = (
                "Locked: groups and people can’t change it"
                if account_form
                else "Locked: people can’t choose their own style"
            )
            return toggle(field, label, title, on=form.locked)
        case Field.STYLE:
            explained = [
                (style.value, f"{style.capitalize()}. {STYLES[style].sentence}")
                for style in LEVEL_STYLES
            ]
            return choice(field, label, explained, form.style)
        case Field.CALENDAR | Field.CONTACTS:
            return toggle(field, label, "Read and write", on=bool(shown.value(field)))
        case Field.PRESENCE_WRITE:
            return toggle(field, label, "Write", on=form.presence_write)
        case Field.PRIORITY:
            highest = max(places, shown.priority)
            first = f"{label} (1 decides first)"
            return number(field, first, value=shown.priority, highest=highest)
    assert_never(field)
