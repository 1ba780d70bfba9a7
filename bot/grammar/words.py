"""What the grammars of single commands share. Pure."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from domain.roles import By

if TYPE_CHECKING:
    from bot.grammar.said import Settings

TRAILING = ".,;:!?…。、，：；！？،؛؟‼⁇⁈⁉‽।॥։՜՞።፧៖។៕"
"""Punctuation that people put behind the last word."""

_BETWEEN = frozenset("|<>=→")
_SPOKEN = frozenset("/／!！\"'*")
"""Punctuation that means something before a command."""
_PAIRS = {
    **dict(zip("\"'`*_“‘«»‹「『(（[", "\"'`*_”’»«›」』)）]", strict=True)),
    **dict(zip("„‚", ("“”", "‘’"), strict=True)),
}
_LONGEST_WORD = 100

COURTESIES = frozenset({"me", "now", "please", "pls", "plz", "thank", "thanks", "thx", "you"})
"""Words that change nothing."""

LONGEST_TEXT = 4000
"""Characters of a message that are looked at: a command is far shorter, and Teams allows 100 KB."""

ECHO_LENGTH = 200
"""How much of what was typed is ever repeated."""

_DOUBLE = "“”„‟″«»"
_SINGLE = "‘’‚‛′"
PLAIN_QUOTES = str.maketrans(_SINGLE + _DOUBLE, "'" * len(_SINGLE) + '"' * len(_DOUBLE))
"""Makes typographic quotes the plain ones, character for character."""

_TURKISH = str.maketrans({"ı": "i", "\u0307": None})
"""Turkish keyboards make I and İ of i, and ı of I; İ folds to i and a dot above."""


class Saying:
    """What somebody may say. Who may stands with it: each kind is one of those below."""

    __slots__ = ()

    by: ClassVar[By]


class ForAnybody(Saying):
    """Everybody may say it, for themselves."""

    __slots__ = ()

    by = By.ANYBODY


class ForHelpdesk(Saying):
    """Admins may say it, and the helpdesk."""

    __slots__ = ()

    by = By.HELPDESK


class ForAdmins(Saying):
    """Admins may say it."""

    __slots__ = ()

    by = By.ADMIN


class ForEntraAdmins(Saying):
    """Admins may say it whom the operator or Entra names."""

    __slots__ = ()

    by = By.ENTRA_ADMIN


@dataclass(eq=False)
class NotUnderstood(Exception):
    """Words after a command that mean nothing, or not enough.

    `what` says what is wrong, `hint` what to say instead: whole sentences for the person, with
    parts of what they typed in them (shortened, not escaped). `named` is all of it, where that may
    be the name of a group; whoever knows the groups decides. `meant` is the nearest that would be
    understood.
    """

    what: str
    hint: str
    named: str = ""
    meant: Settings | None = None


def bare(word: str) -> str:
    """A word for comparing: without trailing punctuation, in no particular case or width."""
    word = word.rstrip(TRAILING)
    if word.isascii():
        return word.lower()
    if len(word) <= _LONGEST_WORD:  # no word is longer, and it takes the square of the length
        word = unicodedata.normalize("NFKC", word).rstrip(TRAILING)
    return word.casefold().translate(_TURKISH)


def without_marks(text: str) -> str:
    """A text without the punctuation before it, but for what means something before a command.

    It ends a name, or begins an item of a list.
    """
    for at, sign in enumerate(text):
        mark = sign in _BETWEEN or unicodedata.category(sign) in {"Po", "Pd"}
        if not (sign.isspace() or mark) or sign in _SPOKEN:
            return text[at:]
    return ""


def unwrapped(text: str) -> str:
    """A text without the quotes, brackets or signs of emphasis around all of it."""
    text = text.strip()
    while len(inner := text.rstrip(TRAILING)) > 1 and inner[-1] in _PAIRS.get(inner[0], ""):
        text = inner[1:-1].strip()
    return text


def without_courtesies(words: list[str]) -> list[str]:
    """The words up to the last one that is more than a courtesy or punctuation."""
    end = len(words)
    while end and (bare(words[end - 1]) in COURTESIES or not bare(words[end - 1])):
        end -= 1
    return words[:end]


def shortened(text: str, limit: int = ECHO_LENGTH) -> str:
    """What was typed, for echoing."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
