"""What an admin entered in a card, read and checked. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.click import BadClick, BadInput
from domain.form import BadEntry, Field, applicable_fields, read_value
from domain.reason import BadReason, reason_of
from wording.policy import not_usable, value_of_words
from wording.reason import TOO_LONG

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.form import LevelForm


def entered_reason(typed: str) -> str:
    """The reason that was entered beside a button; empty: none was. Raises BadInput."""
    try:
        return reason_of(typed)
    except BadReason:
        raise BadInput(f"{TOO_LONG} Shorten it, then press the button again.") from None


def submitted_form(shown: LevelForm, inputs: Mapping[str, str]) -> LevelForm:
    """The form of `shown` after what was entered.

    A field that the client left out or sent empty stays as it was: some clients do so where nothing
    was touched. Raises BadInput for values that the form does not offer, BadClick for fields that
    it did not show.
    """
    applicable = applicable_fields(shown)
    for field in Field:
        said = inputs.get(field, "")
        if not said.strip():
            continue
        if field not in applicable:
            raise BadClick("a field that was not offered")
        try:
            shown = shown.with_value(field, read_value(field, value_of_words(field, said)))
        except BadEntry as error:
            raise BadInput(not_usable(error.field)) from None
    return shown
