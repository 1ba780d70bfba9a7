"""Changes of the settings said without `settings`: they are only offered. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.grammar.acts import ACT_WORDS, PLAIN_ACTS, spoken_reason
from bot.grammar.said import Account, Group
from bot.grammar.words import PLAIN_QUOTES, TRAILING, NotUnderstood, bare, without_courtesies
from domain.policy import ACCOUNT
from domain.policy_edits import Inherit, Move

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.policy_edits import OneLine

LONGEST_NAME: Final = 200
_ORGANISATION: Final = frozenset(
    {
        *("everyone", "everybody", "everything", "all", "organisation", "organization", "company"),
        *(
            "account",
            "all users",
            "all people",
            "the organisation",
            "the organization",
            "the company",
        ),
        *("the account", "the whole account", "the whole organisation", "the whole company"),
        *("whole account", "whole organisation", "whole company"),
    }
)
_WHAT = r"(?: (?:it|this|presence sync|presence|sync|zoom))?"
_CHANGING = re.compile(
    rf"(?:(?:turn|switch){_WHAT}(?: back)? (on|off)"
    r"|(enable|disable|activate|deactivate|lock|unlock|stop|pause|disconnect|connect))"
    rf"{_WHAT}(?: (for))?(?: the)?(?: group| team)?",
)
_QUOTED = re.compile(r"([\"'])(.+)\1(?: (?:group|team))?")
_FOR_EVERYBODY = {"stop": "disable", "pause": "disable", "disconnect": "disable"}
_FOR_EVERYBODY |= {"connect": "enable"}
"""What people do for themselves. Who says it of everybody may mean the account."""
_EXCEPTING = frozenset({"except", "but", "besides", "excluding", "other"})
_NOBODY = frozenset({"me", "myself", "now", "a", "an", "it", "this", "please"})


def spoken_change(words: Sequence[str], folded: Sequence[str]) -> Account | Group | None:
    """What may be meant by `turn it on for Sales`, `lock Sales` and the like; None: nothing of it.

    `words` as typed and `folded`, one for one.
    """
    found = _CHANGING.match(" ".join(folded[:8]) + " ")
    if found is None:
        return None
    name = " ".join(without_courtesies(list(words[len(found[0].split()) :]))).rstrip(TRAILING)
    if not _EXCEPTING.isdisjoint(folded):
        return None  # `everyone except Sales` is nobody's level
    if not found[3] and found[1]:
        return None  # without `for` it is about the person who says it
    if not name or len(name) > LONGEST_NAME or bare(name) in _NOBODY:
        return None
    try:
        of_name, reason = spoken_reason(name.split())
    except NotUnderstood:
        return None
    name = " ".join(of_name).rstrip(TRAILING)
    quoted = _QUOTED.fullmatch(name.translate(PLAIN_QUOTES))
    if quoted:
        name = name[1 : len(quoted[2]) + 1].strip()
    verb = found[1] or found[2]
    if verb in _FOR_EVERYBODY:
        if bare(name) not in _ORGANISATION - {"all", "everything", "account", "the account"}:
            return None
        verb = _FOR_EVERYBODY[verb]
    return meant_by(name, PLAIN_ACTS[ACT_WORDS[verb]], reason)


def meant_by(name: str, edit: OneLine, reason: str = "") -> Account | Group | None:
    """An edit of the account, where the name says so, else of a group."""
    if bare(name) not in _ORGANISATION:
        return Group(name, edit, reason)
    if isinstance(edit, Inherit | Move):
        return None
    return Account(replace(edit, level=ACCOUNT), reason)
