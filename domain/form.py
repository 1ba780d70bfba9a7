"""The form of Zoom's article, filled in: which fields apply, and what comes next. Pure.

The form is the policy's own (`domain.policy.Form`); a level adds whether a group manages its own,
and its place among the groups.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, assert_never

from domain.policy import Authoriser, AuthorizeWith, Form, Service
from domain.presence import LevelStyle, Style, level_style

HIGHEST_PRIORITY: Final = 9999


class Field(StrEnum):
    """The fields, by the names of their inputs. The first and the last are for groups only."""

    MANAGES = "manages"
    INTEGRATION = "integration"
    SERVICE = "service"
    AUTHORIZE_WITH = "authorize_with"
    AUTHORISER = "authoriser"
    CALENDAR = "calendar"
    CONTACTS = "contacts"
    PRESENCE_WRITE = "presence_write"
    LOCKED = "locked"
    STYLE = "style"
    PRIORITY = "priority"


BESIDE: Final = frozenset({"share", "only"})
"""Fields of a form (domain.policy.Form) that stand on no card: one line changes them."""

Value = bool | int | Service | AuthorizeWith | Authoriser | LevelStyle


class BadEntry(ValueError):
    """An entered value that the form does not offer."""

    def __init__(self, field: Field) -> None:
        super().__init__(f"not a value of {field.value}")
        self.field = field


@dataclass(frozen=True, slots=True)
class LevelForm:
    """A level's form as it is or as somebody is making it.

    `manages` false: the group inherits, and the other fields are what it would begin with.
    `priority` is 0 for the account, else the group's place (1 is highest).
    """

    form: Form
    manages: bool = True
    priority: int = 0

    def value(self, field: Field) -> Value:
        """What a field holds."""
        if field is Field.MANAGES:
            return self.manages
        if field is Field.PRIORITY:
            return self.priority
        held: Value = getattr(self.form, field.value)
        return held

    def with_value(self, field: Field, value: Value) -> LevelForm:
        """The same with another value in a field."""
        changed: dict[str, Any] = {field.value: value}
        if field in {Field.MANAGES, Field.PRIORITY}:
            return replace(self, **changed)
        return replace(self, form=replace(self.form, **changed))


class Step(StrEnum):
    """What follows when a form was submitted."""

    VERIFY = "verify"  # the integration was switched: ask first
    NEXT = "next"  # other fields apply now: show them, nothing is saved yet
    SAVE = "save"  # nothing else to ask


def applicable_fields(shown: LevelForm) -> tuple[Field, ...]:
    """The fields that apply to a form, in the article's order."""
    group, form = shown.priority > 0, shown.form
    if group and not shown.manages:
        return (Field.MANAGES,)
    fields = [Field.MANAGES, Field.INTEGRATION] if group else [Field.INTEGRATION]
    if form.integration:
        fields.append(Field.SERVICE)
        if form.service is Service.OFFICE_365:
            fields.append(Field.AUTHORIZE_WITH)
            if form.authorize_with is AuthorizeWith.GRAPH_API:
                fields += [Field.AUTHORISER, Field.CALENDAR, Field.CONTACTS]
                fields += [Field.PRESENCE_WRITE, Field.STYLE]
    fields.append(Field.LOCKED)
    if group:
        fields.append(Field.PRIORITY)
    return tuple(fields)


def next_step(shown: LevelForm, submitted: LevelForm) -> Step:
    """What follows when the form of `shown` came back as `submitted`."""
    switched = submitted.form.integration != shown.form.integration
    if submitted.manages and shown.manages and switched:
        return Step.VERIFY
    more = set(applicable_fields(submitted)) - set(applicable_fields(shown))
    return Step.NEXT if more else Step.SAVE


def after_verifying(entered: LevelForm) -> Step:
    """What follows when the switch of the integration to what `entered` says was confirmed."""
    before = entered.with_value(Field.INTEGRATION, not entered.form.integration)
    more = set(applicable_fields(entered)) - set(applicable_fields(before))
    return Step.NEXT if more else Step.SAVE


def differing(old: LevelForm, new: LevelForm) -> list[Field]:
    """The fields that a save changes. The fields of a group that inherits don't count."""
    if not old.manages and not new.manages:
        return []
    compared = list(Field) if old.manages and new.manages else [Field.MANAGES]
    return [field for field in compared if old.value(field) != new.value(field)]


def read_value(field: Field, entered: str) -> Value:
    """What was entered in a field, as a client sent it, in any case. Raises BadEntry."""
    said = entered.strip().casefold()
    chosen = re.sub(r"[\s_-]+", " ", said)
    try:
        match field:
            case Field.SERVICE:
                return Service(chosen)
            case Field.AUTHORIZE_WITH:
                return AuthorizeWith(chosen)
            case Field.AUTHORISER:
                return Authoriser(chosen)
            case Field.STYLE:
                return _level_style(chosen)
            case Field.PRIORITY:
                return _priority(said)
            case Field.MANAGES | Field.INTEGRATION | Field.LOCKED:
                return _SWITCHED[said]
            case Field.CALENDAR | Field.CONTACTS | Field.PRESENCE_WRITE:
                return _SWITCHED[said]
            case _:
                assert_never(field)
    except (ValueError, KeyError):
        raise BadEntry(field) from None


_SWITCHED: Final = {
    **dict.fromkeys(("true", "1", "1.0", "on", "yes"), True),
    **dict.fromkeys(("false", "0", "0.0", "off", "no"), False),
}
"""What clients send for a toggle."""


def _level_style(said: str) -> LevelStyle:
    style = level_style(Style(said))
    if style is None:
        raise ValueError(said)
    return style


def _priority(said: str) -> int:
    digits = said.removesuffix(".0")  # some clients send every number with a fraction
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 4 and int(digits)):
        raise ValueError(said)
    return int(digits)
