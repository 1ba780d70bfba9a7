"""The words of `settings` about who in Zoom is whom in Entra. Pure.

settings unmatched
settings alias [[remove] OLD] [NEW]
settings match [ADDRESS [ZOOM-ADDRESS]]
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.grammar.words import (
    TRAILING,
    ForEntraAdmins,
    NotUnderstood,
    bare,
    shortened,
    without_courtesies,
)
from domain.matching import fold_domain

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Unmatched(ForEntraAdmins):
    """`settings unmatched`: who of Zoom is nobody in Entra, and why."""


@dataclass(frozen=True, slots=True)
class DomainAlias(ForEntraAdmins):
    """`settings alias`: a mail domain that became another one, both folded.

    Empty: which there are. `remove`: it is no longer so.
    """

    old: str = ""
    new: str = ""
    remove: bool = False


@dataclass(frozen=True, slots=True)
class MatchByHand(ForEntraAdmins):
    """`settings match`: somebody's address in Microsoft 365, and their Zoom user's, as typed.

    Without `zoom`: how it stands with them. Without both: whose match waits for a yes.
    """

    person: str = ""
    zoom: str = ""


Matching = Unmatched | DomainAlias | MatchByHand

_ALIAS_HINT = "Say settings alias old.example new.example, or settings alias to see them."
_MATCH_HINT = (
    "Say settings match and two addresses: the person’s in Microsoft 365, then their Zoom user’s. "
    "For example: settings match ada@example.com ada.l@zoom.example."
)
_BETWEEN = frozenset({"to", "is", "as", "with", "and", "->", "→", "=", "=>"})
_REMOVING = frozenset({"remove", "drop", "delete"})
_AROUND = TRAILING + "<>()\"'“”‘’"
_ADDRESS = re.compile(r"[^\s@<>\"()\[\]:;,]{1,128}@[^\s@<>\"()\[\]:;,]{1,125}")


def _unmatched(rest: str) -> Unmatched:
    if without_courtesies(rest.split()):
        raise NotUnderstood(
            "The list of unmatched people takes no further words.",
            "Say settings unmatched. For one person say settings user ada@example.com.",
        )
    return Unmatched()


def _alias(rest: str) -> DomainAlias:
    words = [word for word in without_courtesies(rest.split()) if bare(word) not in _BETWEEN]
    remove = bool(words) and bare(words[0]) in _REMOVING
    words = words[1:] if remove else words
    domains = [fold_domain(word.strip(_AROUND)) for word in words]
    if None in domains:
        wrong = words[domains.index(None)]
        raise NotUnderstood(f"“{shortened(wrong, 40)}” isn’t a mail domain.", _ALIAS_HINT)
    known = [domain for domain in domains if domain]
    if len(known) > 2 or (remove and len(known) != 1):
        raise NotUnderstood("I need one domain, and the one it became.", _ALIAS_HINT)
    if len(known) == 2 and known[0] == known[1]:
        raise NotUnderstood("These two domains are the same.", _ALIAS_HINT)
    old, new = [*known, "", ""][:2]
    return DomainAlias(old, new, remove)


def _match(rest: str) -> MatchByHand:
    words = without_courtesies(rest.replace("＠", "@").split())
    found = [word.strip(_AROUND) for word in words if bare(word) not in _BETWEEN]
    wrong = [word for word in found if not _ADDRESS.fullmatch(word)]
    if wrong:
        raise NotUnderstood(f"“{shortened(wrong[0], 40)}” isn’t an e-mail address.", _MATCH_HINT)
    if len(found) > 2:
        raise NotUnderstood("I need two addresses.", _MATCH_HINT)
    return MatchByHand(*found)


TOPICS: Final[dict[str, Callable[[str], Matching]]] = {
    "unmatched": _unmatched,
    "alias": _alias,
    "aliases": _alias,
    "match": _match,
}
