"""Commands that words which are no command may stand for: they are only ever offered. Pure."""

from __future__ import annotations

import difflib
import itertools
from functools import cache
from typing import TYPE_CHECKING, Final

from bot.grammar.intents import (
    Connect,
    Disconnect,
    Help,
    Privacy,
    Resume,
    Status,
    Trial,
    phrases,
)
from bot.grammar.personal import Pause, StyleCommand
from bot.grammar.said import Centre
from bot.grammar.words import COURTESIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAMES: Final[dict[type, str]] = {
    Connect: "connect",
    Disconnect: "disconnect",
    Status: "status",
    Pause: "pause",
    Resume: "resume",
    StyleCommand: "style",
    Trial: "test",
    Help: "help",
    Privacy: "privacy",
    Centre: "settings",
}
"""The command that each meaning is of."""
_SHORTEST_MEANT = 5
_TURNING = ("un", "dis", "de")
"""What turns a word round: `unpause` is nothing like `pause`."""
_ENDING = frozenset({"stop", "end", "off", "quit", "finish", "kill", "remove", "disable"})
_ENDED = frozenset({"connect", "test", "resume"})
"""Words that end something, and what they may end: `stop the test` is nothing like `test`."""
_SAME = 0.9
_LONGEST_WORD = 32
_MOST_WORDS = 40
_MOST_OFFERS = 2


@cache
def _vocabulary() -> Mapping[str, str]:
    """Single words that may be meant by a word like them, and the commands that they stand for."""
    return {
        phrase: NAMES[type(meaning)]
        for phrase, meaning in phrases().items()
        if type(meaning) in NAMES
        and phrase.isalpha()
        and (len(phrase) >= _SHORTEST_MEANT or phrase in {"stop", "mute", "test"})
    } | {name: name for name in NAMES.values()}


def nearest(folded: Sequence[str]) -> tuple[str, ...]:
    """The command most like the first word, else those that words further on stand for."""
    words, known = folded[:_MOST_WORDS], _vocabulary()
    found = tuple(dict.fromkeys(known[word] for word in words if word in known))
    if not _ENDING.isdisjoint(words) and not _ENDED.isdisjoint(found):
        return ()
    word = folded[0] if folded else ""
    if word and len(word) <= _LONGEST_WORD and word not in COURTESIES | known.keys():
        turned = [turning for turning in _TURNING if word.startswith(turning)]
        like = [w for w in known if not turned or w.startswith(tuple(turned))]
        like = [w for w in like if not _is_turned(word, w)]
        close = difflib.get_close_matches(word, like, n=1, cutoff=0.7)
        if close:
            return (known[close[0]],)
    return tuple(itertools.islice(found, _MOST_OFFERS))


def _is_turned(word: str, like: str) -> bool:
    """Whether one is the other turned round: `register` is nothing like `deregister`."""
    behind = (like.removeprefix(turn) for turn in _TURNING if like.startswith(turn))
    return any(difflib.SequenceMatcher(None, word, rest).ratio() > _SAME for rest in behind)
