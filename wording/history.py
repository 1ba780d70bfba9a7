"""Entries of the history in words, for the card and for the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from domain.form import Field
from domain.history import (
    AUTHORISE,
    CHANGE,
    EXCLUDE,
    INCLUDE,
    INFORM,
    INVITE,
    LOOK_UP,
    MATCH,
    REVIVE,
)
from wording.figures import people
from wording.policy import LABELS, value_words

if TYPE_CHECKING:
    from collections.abc import Mapping

Row = dict[str, Any] | None
"""A level's stored fields by name; None: the group inherits."""

NOTHING_YET: Final = "Nothing has been changed or looked up yet."


def done(kind: str, new: Row) -> str:
    """What was done, as the rest of a sentence about a level or a person."""
    count = (new or {}).get("people")
    whom = people(count) if isinstance(count, int) else "people"
    said = {
        CHANGE: "changed",
        LOOK_UP: "looked up",
        INVITE: f"invited {whom}",
        MATCH: "matching changed",
        AUTHORISE: _authorised(new or {}),
        INFORM: f"recorded that {whom} were told outside the app",
        EXCLUDE: "excluded" if new is None else f"excluded {whom}",
        INCLUDE: "included again" if new is None else f"included {whom} again",
        REVIVE: "tried again" if new is None else f"tried {whom} again",
    }
    return said.get(kind, "can’t be read: this entry is damaged")


def _authorised(new: Mapping[str, Any]) -> str:
    if new.get("asked"):
        return "made an address for someone who may consent"
    return "has ended its authorisation" if "ended" in new else "has authorised the app"


def fields_changed(kind: str, old: Row, new: Row, *, account: bool) -> list[tuple[str, str, str]]:
    """The fields that an entry changed: name, before, after, in the form's words.

    Where a group began or ceased to have settings of its own, that is what counts. `account`: it is
    about the account, which never inherits: without `old` it is a new installation's.
    """
    if kind == MATCH:
        before, after = old or {}, new or {}
        return [
            (_label(name), _word(before, name), _word(after, name))
            for name in {**before, **after}
            if before.get(name) != after.get(name)
        ]
    if kind != CHANGE:
        return []
    if old is None or new is None:
        was, now = (
            "inherits" if row is None else "on" if row.get("integration") else "off"
            for row in (old, new)
        )
        return [(LABELS[Field.INTEGRATION], "new" if account else was, now)]
    fields = [*old, *(name for name in new if name not in old)]
    return [
        (_label(name), _word(old, name), _word(new, name))
        for name in fields
        if old.get(name) != new.get(name)
    ]


_BESIDE: Final = {"share": "Share of people", "only": "Only for"}
"""Fields that only one-line edits change."""


def _label(name: str) -> str:
    if name in _BESIDE:
        return _BESIDE[name]
    return LABELS[Field(name)] if name in set(Field) else name.replace("_", " ").capitalize()


def _word(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if name == "only":
        return " ".join(map(str, value.values())) if isinstance(value, dict) else "everyone"
    if value is None:
        return "none"
    if name == "share":
        return f"{value}%"
    return value_words(Field(name), value) if name in set(Field) else str(value)
