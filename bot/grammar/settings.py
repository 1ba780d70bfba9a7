"""The words after `settings`. Pure.

    settings
    settings account [enable|disable|lock|unlock|style busy only|style mirror|style full]
    settings group NAME [enable|disable|inherit|lock|unlock|priority N|style …]
    settings account|group … ACT because REASON
    settings groups [SEARCH]
    settings user ADDRESS|NAME
    settings invite [GROUP]
    settings organisation [stop]
    settings informed [GROUP]
    settings history
    settings unmatched|alias|match … (bot.grammar.matching)
    settings exclude|include|excluded … (bot.grammar.exclusions)
    settings digest [on|off|now] (bot.grammar.digest)

What to do is at the end, before a reason if there is one, so that names may hold any words: a group
that is called “Sales enable” is reached by putting its name in quotes, or where it is the only one
that can be meant: words that are otherwise not understood may be a name. Names come back as typed;
whoever looks them up decides what counts as equal. Nothing here is guessed: what is not understood
says so.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.grammar.acts import (
    NO_NAME,
    PLAIN_ACTS,
    QUOTE_HINT,
    TURNING_ROUND,
    act_at_end,
    act_with_reason,
    nearest_act,
    spoken_reason,
)
from bot.grammar.addresses import one_person
from bot.grammar.digest import TOPICS as DIGEST_TOPICS
from bot.grammar.exclusions import TOPICS as EXCLUSION_TOPICS
from bot.grammar.matching import TOPICS as MATCHING_TOPICS
from bot.grammar.personal import style_of
from bot.grammar.said import (
    Account,
    Centre,
    Group,
    Groups,
    History,
    InformedPeople,
    InvitePeople,
    Organisation,
    Settings,
    User,
)
from bot.grammar.spoken import LONGEST_NAME, meant_by
from bot.grammar.words import (
    PLAIN_QUOTES,
    TRAILING,
    NotUnderstood,
    bare,
    shortened,
    without_courtesies,
)
from domain.policy import ACCOUNT
from domain.policy_edits import Inherit, Move, Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.policy_edits import OneLine

_LONGEST_ACT: Final = 12  # words; a place in a condition may have several


_ANY_ACT = (
    "enable, disable, inherit, lock, unlock, priority 2, style mirror, authorise ask or percent 20"
)
_ACCOUNT_ACT = "enable, disable, lock, unlock, style mirror, authorise ask or percent 20"
_GROUP_HINT = f"Say settings group Sales. To change something, add {_ANY_ACT}."
_TOPICS_HINT = (
    "Say settings, settings account, settings group Sales, settings groups, "
    "settings user ada@example.com, settings invite, settings unmatched, "
    "settings excluded, settings organisation, settings digest, or settings history."
)
_STOP: Final = frozenset({"stop", "stop and clear", "stop and clear everyone", "stop everyone"})
TOPICS_ALONE: Final = frozenset(
    {
        *("history", "groups", "group", "invite", "exclude", "include", "excluded", "unmatched"),
        *("informed", "alias", "aliases", "audit", "digest"),
    }
)
"""What may be meant for the settings even without the word before it."""


def parse_settings(text: str) -> Settings:
    """Read the words after `settings`. Raises NotUnderstood."""
    word, _, rest = text.strip().partition(" ")
    topic, rest = bare(word), rest.strip()
    if not without_courtesies(text.split()):
        return Centre()
    read = _TOPICS.get(topic)
    if read is not None:
        return read(rest)
    close = difflib.get_close_matches(topic[:32], _TOPICS, n=1, cutoff=0.7)
    hint = f"Did you mean settings {close[0]}?" if close else _TOPICS_HINT
    meant = _of_topic(close[0], rest) if close else _without_topic(text)
    if isinstance(meant, Group):
        hint = f"For a group, say settings group {shortened(text.strip(), 60)}"
    raise NotUnderstood(
        f"I don’t know settings “{shortened(word, 40)}”.", hint, _plainly(text), meant
    )


def _of_topic(topic: str, rest: str) -> Settings | None:
    """What is said if the first word is a topic that it is like."""
    try:
        return _TOPICS[topic](rest)
    except NotUnderstood as error:
        return error.meant


def _without_topic(text: str) -> Settings | None:
    """What is said if only the word `group` or `account` is missing."""
    found = nearest_act(text.split())
    if found is None:
        return None
    name, edit, reason = found
    return meant_by(name or "account", edit, reason)


def _account(rest: str) -> Account:
    words = without_courtesies(rest.split())
    if not words:
        return Account()
    found = _only_act(rest.split())
    if found is None:
        near = nearest_act(rest.split())
        raise NotUnderstood(
            f"I don’t know “{shortened(' '.join(words), 40)}” for the account.",
            f"Say settings account. To change something, add {_ACCOUNT_ACT}.",
            meant=None if near is None else meant_by(near[0] or "account", *near[1:]),
        )
    edit, reason = found
    if isinstance(edit, Inherit | Move):
        raise NotUnderstood(
            f"“{edit.act.capitalize()}” is for groups. The account has nothing above it.",
            _GROUP_HINT,
        )
    return Account(replace(edit, level=ACCOUNT), reason)


def _only_act(words: list[str]) -> tuple[OneLine, str] | None:
    """The edit that all of the words name, and the reason that follows; None: they name none."""
    with_reason = act_with_reason([NO_NAME, *words])
    if with_reason is not None and with_reason[0] == 1:
        return with_reason[1:]
    found = act_at_end([NO_NAME, *words])
    return None if found is None or found[0] != 1 else (found[1], "")


def _group(rest: str) -> Group | Groups:
    if not rest:
        return Groups()
    plain = rest.translate(PLAIN_QUOTES)
    if plain[0] in "\"'":
        found = _quoted_group(rest, plain)
        if found is not None:
            return found
    words = rest.split()
    try:
        with_reason = act_with_reason(words)
        found_act = act_at_end(words)
    except NotUnderstood as error:
        error.named = _plainly(rest)
        raise
    if with_reason is not None:
        end, edit, reason = with_reason
        # The word may be in the middle of a name: where no group has the shorter one.
        longer = None if found_act is None else Group(" ".join(words[: found_act[0]]), found_act[1])
        if not _turned_round(words, end):
            return Group(_name(" ".join(words[:end])), edit, reason, _plainly(rest), longer)
    if found_act is None:
        return Group(_name(rest), or_name=_plainly(rest), meant=_meant_group(words))
    end, edit = found_act
    if _turned_round(words, end):
        return Group(_name(rest), or_name=_plainly(rest))
    if end == 0:
        raise NotUnderstood(
            f"Which group should I {edit.act}?" if edit.act in PLAIN_ACTS else "Which group?",
            f"{_GROUP_HINT} " + QUOTE_HINT.format(shortened(rest, 60)),
            _plainly(rest),
        )
    return Group(_name(" ".join(words[:end])), edit, or_name=_plainly(rest))


def _turned_round(words: Sequence[str], end: int) -> bool:
    """Whether the act that stands behind `end` words is not wanted."""
    return bool(end) and bare(words[end - 1].translate(PLAIN_QUOTES)) in TURNING_ROUND


def _meant_group(words: Sequence[str]) -> Group | None:
    found = nearest_act(words)
    return Group(*found) if found is not None and found[0] else None


def _quoted_group(rest: str, plain: str) -> Group | None:
    """A name between quotes, and what follows; None when the first quote is part of a name.

    The last fitting quote closes, so that names may hold quotes too.
    """
    mark = plain[0]
    closings = [at for at in range(1, len(plain)) if plain[at] == mark]
    closings = [at for at in closings if at + 1 == len(plain) or plain[at + 1] == " "]
    if mark == '"':
        # Somebody who quotes the name quotes the style too: "Sales" style "busy only"
        spoken = re.search(r'" (style "[^"]{1,20}")$', plain)
        if spoken and len(closings) > 1 and style_of(spoken[1].removeprefix("style ")):
            closings = [at for at in closings if at <= spoken.start()]
    if not closings:
        if mark == "'":
            return None
        raise NotUnderstood(
            "The closing quotation mark is missing.",
            'Write it like this: settings group "Sales" enable',
        )
    closing = _closing_before_reason(plain, closings) or closings[-1]
    name, tail = rest[1:closing].strip(), rest[closing + 1 :].split()
    if not name and mark == "'":
        return None
    if not without_courtesies(tail):
        return Group(_name(name))
    found = _only_act(tail)
    if found is None:
        if mark == "'":
            return None  # an apostrophe, as in 't Hooft
        raise NotUnderstood(
            f"I don’t know “{shortened(' '.join(tail), 40)}” for a group.",
            f"After the name, say {_ANY_ACT}.",
        )
    return Group(_name(name), *found)


def _closing_before_reason(plain: str, closings: Sequence[int]) -> int | None:
    """Where the quote is that only an act stands behind before a `because`; None: there is none.

    A reason may hold quotes, so the first `because` counts; what an act names may follow a quote
    too (`… “ only country Sweden” enable because …`), so before it the last quote that an act
    follows.
    """
    for because in re.finditer(r"(?<=\s)because:?(?=\s|$)", plain, re.IGNORECASE):
        for at in reversed([at for at in closings if at < because.start()]):
            words = plain[at + 1 : because.start()].split()
            if words and len(words) <= _LONGEST_ACT and _names_an_act(words):
                return at
    return None


def _names_an_act(words: list[str]) -> bool:
    try:
        found = act_at_end([NO_NAME, *words])
    except NotUnderstood:
        return False
    return found is not None and found[0] == 1


def _plainly(text: str) -> str:
    """All of the words as a name, without courtesies at the end; empty for what is none."""
    name = " ".join(without_courtesies(text.split())).rstrip(TRAILING)
    return name if len(name) <= LONGEST_NAME else ""


def _name(name: str) -> str:
    if not name:
        raise NotUnderstood("The group’s name is missing.", _GROUP_HINT)
    if len(name) > LONGEST_NAME:
        raise NotUnderstood(
            f"A group’s name can have {LONGEST_NAME} characters at most.",
            "Say settings groups to see the names.",
        )
    return name


def _groups(rest: str) -> Groups:
    search = rest.translate(PLAIN_QUOTES)
    if len(search) > 1 and search[0] == search[-1] and search[0] in "\"'":
        rest = rest[1:-1].strip()
    return Groups(rest[:LONGEST_NAME])


def _user(rest: str) -> User:
    address, name = one_person(rest)
    return User(address, name[:LONGEST_NAME])


def _look_up(rest: str) -> User:
    first, _, behind = rest.partition(" ")
    return _user(behind if bare(first) in {"up", "for"} else rest)


def _invite(rest: str) -> InvitePeople:
    return InvitePeople(_one_group(rest))


def _informed(rest: str) -> InformedPeople:
    return InformedPeople(_one_group(rest))


def _one_group(rest: str) -> str:
    """The name of a group; empty: none was said."""
    words = without_courtesies(rest.split())
    name = " ".join(words)
    quoted = name.translate(PLAIN_QUOTES)
    if len(quoted) > 1 and quoted[0] == quoted[-1] and quoted[0] in "\"'":
        name = name[1:-1].strip()
    return _name(name) if name else ""


def _organisation(rest: str) -> Organisation | Account:
    words, reason = spoken_reason(rest.split())
    words = without_courtesies(words)
    if " ".join(bare(word) for word in words) in _STOP:
        return Account(Stop(), reason)
    if words:
        found = nearest_act(words)
        raise NotUnderstood(
            "For the organisation there is only “stop”.",
            "Say settings organisation, or settings organisation stop. What holds for everyone is "
            "under settings account.",
            meant=None if found is None or found[0] else meant_by("account", found[1]),
        )
    return Organisation()


def _history(rest: str) -> History:
    if without_courtesies(rest.split()):
        raise NotUnderstood(
            "The history can’t be searched.",
            "Say settings history to see the newest entries first.",
        )
    return History()


_TOPICS: Final[dict[str, Callable[[str], Settings]]] = {
    "account": _account,
    "group": _group,
    "groups": _groups,
    "user": _user,
    **dict.fromkeys(("find", "lookup", "look-up", "search"), _user),
    "look": _look_up,
    "invite": _invite,
    "organisation": _organisation,
    "organization": _organisation,
    "informed": _informed,
    "history": _history,
    "audit": _history,
    "help": lambda _: Centre(),
    **MATCHING_TOPICS,
    **EXCLUSION_TOPICS,
    **DIGEST_TOPICS,
}
