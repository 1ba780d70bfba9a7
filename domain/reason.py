"""Why an admin changes a setting, in their own words or as a ticket's number. Pure.

It is kept as typed, on one line: it stands in the history and in the log. Cards and terminals make
it harmless where they show it, as any text from outside.
"""

from __future__ import annotations

import unicodedata
from typing import Final

LONGEST_REASON: Final = 200
"""Characters: a ticket's number and a sentence."""

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs"})
"""Categories of what has no look of its own: controls, marks of direction, halves of a letter."""
_JOINERS: Final = frozenset("\u200c\u200d")
"""Parts of a word in some languages, and of an emoji."""


class BadReason(ValueError):
    """A reason that can't be used: the text is longer than LONGEST_REASON."""


def reason_of(typed: str) -> str:
    """A reason as it is kept; empty: nothing was said. Raises BadReason.

    White space becomes single blanks; what would not be seen is left out, as it may make a line
    read as something else.
    """
    # What is far too long is not looked through.
    if len(typed) > 50 * LONGEST_REASON:
        raise BadReason
    seen = unicodedata.normalize("NFC", "".join(map(_shown, typed)))
    reason = " ".join(seen.split())
    if len(reason) > LONGEST_REASON:
        raise BadReason
    return reason if reason.strip("".join(_JOINERS)) else ""


def _shown(sign: str) -> str:
    if sign.isspace():
        return " "
    hidden = unicodedata.category(sign) in _UNSEEN and sign not in _JOINERS
    return "" if hidden else sign
