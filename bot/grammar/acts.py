"""The acts of `settings …`: the verb at the end, and what a word like a verb may mean. Pure."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Final

from bot.grammar.personal import style_of
from bot.grammar.words import (
    PLAIN_QUOTES,
    TRAILING,
    NotUnderstood,
    bare,
    shortened,
    without_courtesies,
)
from domain.condition import LONGEST_VALUE, Condition, property_called
from domain.form import HIGHEST_PRIORITY
from domain.policy import SOME_GROUP, Authoriser
from domain.policy_edits import (
    Authorise,
    ChooseShare,
    ChooseStyle,
    Disable,
    Enable,
    Inherit,
    Lock,
    Move,
    Narrow,
    Unlock,
)
from domain.presence import LEVEL_STYLES, level_style
from domain.reason import BadReason, reason_of
from domain.share import EVERYBODY
from wording.reason import TOO_LONG

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.policy_edits import OneLine

_SWITCHES = [kind(SOME_GROUP) for kind in (Enable, Disable, Inherit, Lock, Unlock)]
PLAIN_ACTS: Final[dict[str, OneLine]] = {edit.act: edit for edit in _SWITCHES}
QUOTE_HINT = 'If this is part of the group’s name, put the name in quotes: settings group "{}"'
ACT_WORDS: Final = {
    **{act: act for act in PLAIN_ACTS},
    **dict.fromkeys(("on", "enabled", "activate", "allow", "start"), "enable"),
    **dict.fromkeys(("off", "disabled", "deactivate", "forbid", "stop"), "disable"),
    **dict.fromkeys(("inherits", "inherited"), "inherit"),
    "locked": "lock",
    "unlocked": "unlock",
}
"""Words for an act. None of them is done: what they may mean is asked about."""
TURNING_ROUND: Final = frozenset({"not", "don't", "dont", "never", "no", "without", "won't"})
NO_NAME = ""  # stands for a name where the words hold none
_BECAUSE = "because"


def act_at_end(words: list[str]) -> tuple[int, OneLine] | None:
    """The edit that the last words name, and how many words stand before it; None: none.

    Raises NotUnderstood where a value is missing or wrong.
    """
    for spoken in (words, without_courtesies(words)):
        last = [bare(word) for word in spoken[-3:]]
        if last and last[-1] in PLAIN_ACTS:
            return len(spoken) - 1, PLAIN_ACTS[last[-1]]
        found = (
            _priority_at_end(spoken, last)
            or _style_at_end(spoken, last)
            or _authoriser_at_end(spoken, last)
            or _share_at_end(spoken, last)
            or _only_at_end(spoken)
        )
        if found is not None:
            return found
    return None


def act_with_reason(words: list[str]) -> tuple[int, OneLine, str] | None:
    """The edit that comes first before a `because`, how many words stand before it, and why.

    None: no act stands before one, so that the word is part of a name, or there is none. Raises
    NotUnderstood where nothing follows it, or too much.
    """
    for at, word in enumerate(words):
        if bare(word) != _BECAUSE:
            continue
        try:
            found = act_at_end(words[:at])
        except NotUnderstood:  # a value is missing: perhaps more of the name follows
            continue
        if found is not None and found[0] > 0:
            return *found, _reason(words[at + 1 :])
    return None


def spoken_reason(words: Sequence[str]) -> tuple[list[str], str]:
    """Words before the first `because` that something stands before and behind; and why.

    Without one, all of them and no reason. Raises NotUnderstood where it is too long.
    """
    for at in range(1, len(words) - 1):
        if bare(words[at]) == _BECAUSE:
            return list(words[:at]), _reason(words[at + 1 :])
    return list(words), ""


def _reason(words: Sequence[str]) -> str:
    spoken = list(words[1:] if words and bare(words[0]) == "of" else words)
    try:
        reason = reason_of(" ".join(spoken))
    except BadReason:
        raise NotUnderstood(
            TOO_LONG,
            "Say it in fewer words, or give the number of a ticket.",
        ) from None
    if not reason or not without_courtesies(spoken):
        raise NotUnderstood(
            "There is no reason after “because”.",
            "Say why, for example because INC0012345, or leave the word out.",
        )
    return reason


def _priority_at_end(words: list[str], last: list[str]) -> tuple[int, OneLine] | None:
    if last[-1:] == ["priority"]:
        raise NotUnderstood("“priority” needs a number.", _value_hint(words, "priority 2"))
    if len(last) < 2 or last[-2] != "priority":
        return None
    number = last[-1]
    if number.isdecimal() and len(number) <= 6 and 1 <= int(number) <= HIGHEST_PRIORITY:
        return len(words) - 2, Move(SOME_GROUP, int(number))
    if len(words) == 2:
        return None  # a name that begins with this word
    raise NotUnderstood(
        f"“{shortened(words[-1], 40)}” isn’t a priority. A priority is a number from 1 "
        f"to {HIGHEST_PRIORITY}, and 1 decides first.",
        _value_hint(words, "priority 2"),
    )


def _style_at_end(words: list[str], last: list[str]) -> tuple[int, OneLine] | None:
    if last[-1:] == ["style"]:
        raise NotUnderstood(
            f"“style” needs one of: {', '.join(LEVEL_STYLES)}.", _value_hint(words, "style mirror")
        )
    for length in (2, 3):
        if len(last) >= length and last[-length] == "style":
            spoken = style_of(" ".join(words[1 - length :]))
            if spoken is None:
                continue
            style = level_style(spoken)
            if style is None:
                raise NotUnderstood(
                    f"People can only choose {spoken} for themselves, because it silences calls.",
                    f"Anyone can say style {spoken}. For others, choose another style. "
                    + _value_hint(words, "style mirror"),
                )
            return len(words) - length, ChooseStyle(SOME_GROUP, style)
    if len(words) > 2 and len(last) >= 2 and last[-2] == "style":
        raise NotUnderstood(
            f"I don’t know the style “{shortened(words[-1], 40)}”. "
            f"The styles are {', '.join(LEVEL_STYLES)}.",
            _value_hint(words, "style mirror"),
        )
    return None


_AUTHORISE: Final = frozenset({"authorise", "authorize"})
_AUTHORISERS: Final = ", ".join(Authoriser)


def _authoriser_at_end(words: list[str], last: list[str]) -> tuple[int, OneLine] | None:
    if last[-1:] and last[-1] in _AUTHORISE:
        raise NotUnderstood(
            f"“{last[-1]}” needs one of: {_AUTHORISERS}.", _value_hint(words, "authorise ask")
        )
    if len(last) < 2 or last[-2] not in _AUTHORISE:
        return None
    if last[-1] in set(Authoriser):
        return len(words) - 2, Authorise(SOME_GROUP, Authoriser(last[-1]))
    if len(words) == 2:
        return None  # a name that begins with this word
    raise NotUnderstood(
        f"I don’t know who “{shortened(words[-1], 40)}” is. Say one of: {_AUTHORISERS}.",
        _value_hint(words, "authorise ask"),
    )


_PERCENT: Final = "percent"
_NUMBER: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)?")


def _share_at_end(words: list[str], last: list[str]) -> tuple[int, OneLine] | None:
    """`percent 20`, and `20 percent`, `20 %`, `20%`, also with the word on both sides."""
    said, took = _number_of_percent(last)
    if said is None:
        if last[-1:] != [_PERCENT]:
            return None
        raise NotUnderstood(
            "“percent” needs a number from 1 to 100.", _value_hint(words, "percent 20")
        )
    if said.isdecimal() and len(said) <= 3 and 1 <= int(said) <= EVERYBODY:
        return len(words) - took, ChooseShare(SOME_GROUP, int(said))
    if len(words) == took and not _NUMBER.fullmatch(said):
        return None  # a name that begins with this word
    raise NotUnderstood(
        f"“{shortened(said, 40)}” isn’t a share. A share is a whole number from 1 to {EVERYBODY}, "
        f"and {EVERYBODY} is everyone.",
        _value_hint(words, "percent 20"),
    )


def _number_of_percent(last: list[str]) -> tuple[str | None, int]:
    """What stands where the number of a percentage does, and how many words say it."""
    words = [*last[:-1], *((last[-1][:-1], "%") if _is_percentage(last) else last[-1:])]
    split = len(words) - len(last)  # "20%" is one word
    end = 2 if words[-2:] == ["per", "cent"] else 1 if words[-1:] in (["%"], [_PERCENT]) else 0
    if end and len(words) > end and _NUMBER.fullmatch(words[-end - 1]):
        before = len(words) > end + 1 and words[-end - 2] == _PERCENT
        return words[-end - 1], end + 1 + before - split
    if not end and len(words) > 1 and words[-2] == _PERCENT:
        return words[-1], 2
    return None, 0


def _is_percentage(last: list[str]) -> bool:
    return bool(last) and len(last[-1]) > 1 and last[-1].endswith("%")


_EVERYBODY: Final = frozenset({"everyone", "everybody"})
_LONGEST_CONDITION: Final = 12
"""Words, of which the value may have ten."""


def _only_at_end(words: list[str]) -> tuple[int, OneLine] | None:
    """`only country Sweden`, and `only everyone` to take it back."""
    for at in range(max(0, len(words) - _LONGEST_CONDITION), len(words) - 1):
        if bare(words[at]) != "only":
            continue
        asked, value = bare(words[at + 1]), words[at + 2 :]
        if asked in _EVERYBODY and not value:
            return at, Narrow(SOME_GROUP)
        if asked == "employee" and value and bare(value[0]) == "type":
            value = value[1:]
        name = property_called(asked)
        if name is None:
            continue
        said = " ".join(value).translate(PLAIN_QUOTES).rstrip(TRAILING).strip("\"' ")
        try:
            return at, Narrow(SOME_GROUP, Condition(name, said))
        except ValueError:
            raise NotUnderstood(
                f"“only {shortened(words[at + 1], 40)}” needs a value as Entra has it, of at most "
                f"{LONGEST_VALUE} characters.",
                _value_hint(words, "only country Sweden"),
            ) from None
    return None


def _value_hint(words: list[str], example: str) -> str:
    if words[0] == NO_NAME:
        return f"For example: {example}."
    return f"For example: {example}. " + QUOTE_HINT.format(shortened(" ".join(words), 60))


def nearest_act(words: Sequence[str]) -> tuple[str, OneLine, str] | None:
    """The name, the edit and the reason that may be meant, by the word that is most like an act.

    It stands at the end (but for a reason), or at the front. Nothing where something is not wanted.
    """
    try:
        spoken, reason = spoken_reason(words)
    except NotUnderstood:
        return None
    found = _nearest_act(without_courtesies(spoken)) if reason else None
    if found is not None:
        return *found, reason
    found = _nearest_act(without_courtesies(list(words)))
    return None if found is None else (*found, "")


def _nearest_act(words: Sequence[str]) -> tuple[str, OneLine] | None:
    folded = [bare(word.translate(PLAIN_QUOTES)) for word in words]
    if not words or not TURNING_ROUND.isdisjoint(folded):
        return None
    try:
        at_end = act_at_end([NO_NAME, *words])
    except NotUnderstood:
        return None
    if at_end is not None:
        return " ".join(words[: at_end[0] - 1]), at_end[1]
    for at, rest in ((-1, words[:-1]), (0, words[1:])):
        turned = folded[at].startswith(("un", "dis", "de", "in"))
        like = [act for act in ACT_WORDS if act.startswith(folded[at][:2]) or not turned]
        exact = folded[at] in ACT_WORDS
        close = difflib.get_close_matches(folded[at][:32], like, n=1, cutoff=0.75)
        if exact or (close and len(folded[at]) > 3):
            act = ACT_WORDS[folded[at] if exact else close[0]]
            return " ".join(rest), PLAIN_ACTS[act]
    return None
