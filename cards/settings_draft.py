"""The form of Zoom's article as a card holds it: which fields apply, and what comes next.

A form travels through the chat as a draft: signed in the buttons, changed by the inputs, stored
only when it is saved. Values are the policy's own words, so that a draft and a stored form are the
same but for their type.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from cards.payload import BadInput, BadPayload
from cards.person.style import STYLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cards.payload import Arg, Click

SERVICES: Final = {"google": "Google", "exchange": "Exchange", "office365": "Office 365"}
AUTHORIZE_WITH: Final = {"ews": "EWS", "graph": "Graph API"}
HIGHEST_PRIORITY: Final = 9999


class Field(StrEnum):
    """The fields, by the names of their inputs. The first and the last are for groups only."""

    MANAGES = "manages"
    INTEGRATION = "integration"
    SERVICE = "service"
    AUTHORIZE_WITH = "authorize_with"
    CALENDAR = "calendar"
    CONTACTS = "contacts"
    PRESENCE_WRITE = "presence_write"
    LOCKED = "locked"
    STYLE = "style"
    PRIORITY = "priority"


@dataclass(frozen=True, slots=True)
class Draft:
    """A form as it is or as somebody is making it.

    `manages` false: the group inherits, and the other fields are what it would begin with.
    `priority` is 0 for the account, else the group's place (1 is highest).
    """

    integration: bool
    service: str = "office365"
    authorize_with: str = "graph"
    presence_write: bool = True
    calendar: bool = False
    contacts: bool = False
    locked: bool = False
    style: str = "mirror"
    manages: bool = True
    priority: int = 0


class Step(StrEnum):
    """What follows when a form was submitted."""

    VERIFY = "verify"  # the integration was switched: ask first
    NEXT = "next"  # other fields apply now: show them, nothing is saved yet
    SAVE = "save"  # nothing else to ask


def applicable_fields(draft: Draft) -> tuple[Field, ...]:
    """The fields that apply to a draft, in the article's order."""
    group = draft.priority > 0
    if group and not draft.manages:
        return (Field.MANAGES,)
    fields = [Field.MANAGES, Field.INTEGRATION] if group else [Field.INTEGRATION]
    if draft.integration:
        fields.append(Field.SERVICE)
        if draft.service == "office365":
            fields.append(Field.AUTHORIZE_WITH)
            if draft.authorize_with == "graph":
                fields += [Field.CALENDAR, Field.CONTACTS, Field.PRESENCE_WRITE, Field.STYLE]
    fields.append(Field.LOCKED)
    if group:
        fields.append(Field.PRIORITY)
    return tuple(fields)


def next_step(shown: Draft, submitted: Draft) -> Step:
    """What follows when the form of `shown` came back as `submitted` (see `read_inputs`)."""
    if submitted.manages and shown.manages and submitted.integration != shown.integration:
        return Step.VERIFY
    more = set(applicable_fields(submitted)) - set(applicable_fields(shown))
    return Step.NEXT if more else Step.SAVE


def after_verifying(draft: Draft) -> Step:
    """What follows when the switch of the integration to what `draft` says was confirmed."""
    before = replace(draft, integration=not draft.integration)
    more = set(applicable_fields(draft)) - set(applicable_fields(before))
    return Step.NEXT if more else Step.SAVE


def input_name(field: Field, card_id: str) -> str:
    """The id of a field's input, a different one on every card.

    Clients built on Microsoft's JavaScript renderer put all radio buttons of one id into one group,
    also across the cards of a chat: choosing in one form would empty another.
    """
    return f"{field}-{card_id[:24]}"


def read_inputs(click: Click, shown: Draft) -> Draft:
    """The draft after what was entered in the form of `shown`.

    A field that the client left out or sent empty stays as it was: some clients do so where nothing
    was touched. Raises BadInput for values that the form does not offer, BadPayload for fields that
    it did not show.
    """
    applicable = applicable_fields(shown)
    changes: dict[str, Any] = {}
    for field in Field:
        entered = click.inputs.get(input_name(field, click.card_id), "").strip()
        if not entered:
            continue
        if field not in applicable:
            raise BadPayload("a field that was not offered")
        changes[field.value] = _entered(field, entered)
    return replace(shown, **changes)


def draft_args(draft: Draft) -> dict[str, Arg]:
    """The draft as arguments of a button."""
    return {f"draft_{field}": getattr(draft, field.value) for field in Field}


def draft_of(args: Mapping[str, Arg]) -> Draft:
    """The draft in a button's arguments. Raises BadPayload."""
    values: dict[str, Any] = {}
    for field in Field:
        value = args.get(f"draft_{field}")
        allowed = _ALLOWED.get(field)
        if allowed is not None:
            fits = isinstance(value, str) and value in allowed
        elif field is Field.PRIORITY:
            fits = type(value) is int and 0 <= value <= HIGHEST_PRIORITY
        else:
            fits = type(value) is bool
        if not fits:
            raise BadPayload("a form's field is missing or wrong")
        values[field.value] = value
    return Draft(**values)


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that changed, in words."""

    label: str
    before: str
    after: str


def differences(old: Draft, new: Draft) -> list[Difference]:
    """What a save changes, field by field. The fields of a group that inherits don't count."""
    if not old.manages and not new.manages:
        return []
    compared = list(Field) if old.manages and new.manages else [Field.MANAGES]
    return [
        Difference(LABELS[field], in_words(field, old), in_words(field, new))
        for field in compared
        if getattr(old, field.value) != getattr(new, field.value)
    ]


LABELS: Final = {
    Field.MANAGES: "Own settings",
    Field.INTEGRATION: "Calendar and contacts integration",
    Field.SERVICE: "Default calendar and contact service",
    Field.AUTHORIZE_WITH: "Authorize with",
    Field.CALENDAR: "Calendar",
    Field.CONTACTS: "Contacts",
    Field.PRESENCE_WRITE: "Presence",
    Field.LOCKED: "Lock",
    Field.STYLE: "Style",
    Field.PRIORITY: "Priority",
}
"""The fields as the article words them."""

_SET: Final = {
    Field.MANAGES: ("manages its own", "inherits"),
    Field.INTEGRATION: ("on", "off"),
    Field.CALENDAR: ("read and write", "none"),
    Field.CONTACTS: ("read and write", "none"),
    Field.PRESENCE_WRITE: ("Write", "none"),
    Field.LOCKED: ("locked", "not locked"),
}
_ALLOWED: Final[dict[Field, Mapping[str, object]]] = {
    Field.SERVICE: SERVICES,
    Field.AUTHORIZE_WITH: AUTHORIZE_WITH,
    Field.STYLE: STYLES,
}
_CHOSEN: Final = {
    field: {
        **{key: key for key in offered},
        **{words.casefold(): key for key, words in offered.items() if isinstance(words, str)},
    }
    for field, offered in _ALLOWED.items()
}
"""What clients send for a choice: its value or its title, in any case."""
_SWITCHED: Final = {
    **dict.fromkeys(("true", "1", "1.0", "on", "yes"), True),
    **dict.fromkeys(("false", "0", "0.0", "off", "no"), False),
}
"""What clients send for a toggle, in any case."""


def in_words(field: Field, draft: Draft) -> str:
    """A field's value as people read it."""
    return value_in_words(field, getattr(draft, field.value))


def value_in_words(field: Field, value: object) -> str:
    """The same for a value by itself, as it was stored."""
    if field in _SET and isinstance(value, bool):
        return _SET[field][0 if value else 1]
    if field is Field.SERVICE:
        return SERVICES.get(str(value), str(value))
    return AUTHORIZE_WITH.get(str(value), str(value))


def stopped_by(draft: Draft) -> Field | None:
    """The first field that keeps presence off, in the form's own order; None: presence is on."""
    if not draft.integration:
        return Field.INTEGRATION
    if draft.service != "office365":
        return Field.SERVICE
    if draft.authorize_with != "graph":
        return Field.AUTHORIZE_WITH
    return None if draft.presence_write else Field.PRESENCE_WRITE


def because(draft: Draft) -> str:
    """Why presence is off with a form, as the rest of a sentence; empty when it is on."""
    field = stopped_by(draft)
    if field is None:
        return ""
    return {
        Field.INTEGRATION: "the calendar and contacts integration is off",
        Field.SERVICE: f"the default service is {SERVICES[draft.service]}, not Office 365",
        Field.AUTHORIZE_WITH: "it authorises with EWS, not with the Graph API",
        Field.PRESENCE_WRITE: "the Presence permission is not Write",
    }[field]


def _entered(field: Field, value: str) -> bool | str | int:
    if field in _ALLOWED:
        chosen = _CHOSEN[field].get(re.sub(r"[\s_-]+", " ", value.casefold()))
        if chosen is None:
            raise _not_offered(field)
        return chosen
    if field is Field.PRIORITY:
        number = value.removesuffix(".0")
        if not (number.isascii() and number.isdecimal() and len(number) <= 4 and int(number)):
            raise BadInput(
                f"The priority is a whole number from 1 to {HIGHEST_PRIORITY:,}. "
                "Nothing was saved: change it and save again."
            )
        return int(number)
    switched = _SWITCHED.get(value.casefold())
    if switched is None:
        raise _not_offered(field)
    return switched


def _not_offered(field: Field) -> BadInput:
    return BadInput(
        f"Your Teams sent a value for “{LABELS[field]}” that is none. "
        "Nothing was saved: choose it again and save."
    )
