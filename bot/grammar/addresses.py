"""E-mail addresses among words, as people type, paste and link them. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.grammar.words import (
    PLAIN_QUOTES,
    TRAILING,
    NotUnderstood,
    bare,
    shortened,
    without_courtesies,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_PART: Final = r"[^\s@<>\"()\[\]:;,]"
_ADDRESS: Final = re.compile(rf"(?<![^<\"(\[:]){_PART}{{1,128}}@{_PART}{{1,125}}(?![^<>\")\]])")
_AROUND: Final = TRAILING + "<>()\"'“”"
_OPENING: Final = ("<", "(", "[")
_APART: Final = re.compile(r"[;,；，、]")
_AND: Final = frozenset({"and", "&", "+"})


def address_in(word: str) -> str:
    """The address that a word is, or that it links to; empty: it is none, or several."""
    found = dict[str, str]()
    for part in _ADDRESS.findall(word.strip(TRAILING + "“”'")):
        address = part.strip(_AROUND)
        if _ADDRESS.fullmatch(address):
            found.setdefault(address.lower(), address)
    return next(iter(found.values())) if len(found) == 1 else ""


def addresses_in(words: Sequence[str]) -> tuple[list[str], str]:
    """Addresses one by one: alone, as links, or after names as mail programs write them.

    Also the first words that are none and belong to none; empty: there are no such words.
    """
    found, name = list[str](), list[str]()
    apart = _APART.sub(" ", " ".join(words).replace("＠", "@")).split()
    for word in without_courtesies(apart):
        address = address_in(word)
        if not address:
            if "@" in word:
                return found, word
            if bare(word) not in _AND and word.strip(_AROUND):
                name.append(word)
        elif name and not word.translate(PLAIN_QUOTES).startswith(_OPENING):
            break
        else:
            name.clear()
            found.append(address)
    return found, " ".join(name)


def one_person(rest: str) -> tuple[str, str]:
    """An address, or else a name; the other is empty. Raises NotUnderstood.

    The address is alone, as a link, or after the name as mail programs write it.
    """
    words = without_courtesies(rest.replace("＠", "@").split())
    name = " ".join(words).translate(PLAIN_QUOTES).strip(TRAILING + "\"'")
    if name and not any("@" in word.removeprefix("@") for word in words):
        return "", name.removeprefix("@")  # as people call somebody
    address = address_in(words[-1]) if words else ""
    alone = len(words) == 1 or (len(words) > 1 and words[-1][0] in "<([")
    if not alone or not address or any("@" in word for word in words[:-1]):
        raise NotUnderstood(
            "I need one e-mail address or a name."
            if len(words) != 1
            else f"“{shortened(words[0], 40)}” isn’t an e-mail address.",
            "For example: settings user ada@example.com, or settings user Ada.",
        )
    return address, ""
