"""What people say around what they want: courtesies, short forms, negations. Pure."""

from __future__ import annotations

import itertools
import re
from functools import cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FRONT: Final[tuple[str, ...]] = (
    "(can|could|would|will) (you|u)( please| kindly| just|)", "would you mind", "(please|pls|plz)",
    "(hi|hello|hey|ok|okay|so|just|kindly|well|and|then|now|good morning|hi there|hello there)",
    "(i want|i would like|i'd like|id like|i need|i wish)( you|) to",
    "(let us|let's|lets)", "(presence bridge|bot)", "(thanks|thank you)", "yes",
)  # fmt: skip
"""What people say before what they want; it changes nothing."""

BACK: Final[tuple[str, ...]] = (
    "(please|pls|plz|now|thanks|thank you|thx|right now|for me|at once|immediately|bot|then)",
    "(again please|if you can|if possible|asap|at the moment|today please|will you|could you)",
)
"""What people say after it."""

NEGATIONS: Final = frozenset(
    {
        *(
            "not",
            "no",
            "never",
            "none",
            "nothing",
            "neither",
            "nor",
            "without",
            "nope",
            "nevermind",
        ),
        *("avoid", "instead", "rather", "cancel", "abort", "undo", "unless", "refuse", "stopped"),
        *("nicht", "nein", "kein", "keine", "nie", "non", "pas", "jamais", "niet", "nunca", "né"),
    }
)
"""Words that may turn a sentence round: with one of them in it, nothing is suggested."""

_SHORT: Final = {
    "dont": "do not", "doesnt": "does not", "didnt": "did not", "isnt": "is not",
    "arent": "are not", "wont": "will not", "wouldnt": "would not", "shouldnt": "should not",
    "cant": "can not", "cannot": "can not", "couldnt": "could not", "hasnt": "has not",
    "havent": "have not", "wasnt": "was not", "werent": "were not", "aint": "is not",
    "mustnt": "must not", "neednt": "need not", "whats": "what is", "hows": "how is",
    "im": "i am", "lets": "let us", "let's": "let us", "won't": "will not", "can't": "can not",
    "shan't": "shall not", "ain't": "is not", "u": "you", "plz": "please", "pls": "please",
}  # fmt: skip
_ENDINGS: Final = (
    *(("n't", "not"), ("'s", "is"), ("'m", "am"), ("'re", "are"), ("'ll", "will")),
    *(("'ve", "have"), ("'d", "would")),
)
_CHOICE = re.compile(r"\(([^)]*)\)")


def spelled_out(phrase: str) -> Iterator[str]:
    """Every way to say a phrase of a table."""
    parts = _CHOICE.split(phrase)
    alternatives = [part.split("|") if at % 2 else [part] for at, part in enumerate(parts)]
    for chosen in itertools.product(*alternatives):
        yield " ".join("".join(chosen).split())


class Phrases:
    """Every way to say any of these phrases; they are spelled out when somebody first speaks."""

    def __init__(self, rows: Sequence[str]) -> None:
        self._rows = rows

    def __contains__(self, words: str) -> bool:
        return words in self.spelled

    @cached_property
    def spelled(self) -> frozenset[str]:
        """All of them."""
        return frozenset(itertools.chain.from_iterable(map(spelled_out, self._rows)))

    @cached_property
    def longest(self) -> int:
        """Words of the longest."""
        return max(len(phrase.split()) for phrase in self.spelled)


FRONT_PHRASES: Final = Phrases(FRONT)
BACK_PHRASES: Final = Phrases(BACK)


def plain_words(words: Sequence[str]) -> list[str]:
    """Folded words without their short forms: don’t is do not, what’s is what is."""
    plain: list[str] = []
    for word in words:
        if word in _SHORT:
            plain += _SHORT[word].split()
            continue
        for ending, meant in _ENDINGS:
            if word.endswith(ending) and len(word) > len(ending):
                plain += [word.removesuffix(ending), meant]
                break
        else:
            plain.append(word)
    return plain


def is_negated(words: Sequence[str]) -> bool:
    """Whether plain words may say that something is not wanted."""
    return not NEGATIONS.isdisjoint(words)


def fronts(folded: Sequence[str]) -> list[int]:
    """Where what is wanted may begin: behind each courtesy at the front."""
    starts, at = list[int](), 0
    while at < len(folded) - 1:
        for many in range(FRONT_PHRASES.longest, 0, -1):
            if " ".join(folded[at : at + many]) in FRONT_PHRASES:
                at += many
                break
        else:
            if folded[at]:
                break
            at += 1
        if at < len(folded):
            starts.append(at)
    return starts


def without_back(folded: Sequence[str]) -> list[str]:
    """Folded words without the courtesies at their end, and what was punctuation only."""
    words = [word for word in folded if word]
    while True:
        for many in range(BACK_PHRASES.longest, 0, -1):
            if many < len(words) and " ".join(words[-many:]) in BACK_PHRASES:
                del words[-many:]
                break
        else:
            return words
