"""What is nearly a command: a question about one, a wish with a time, a wish inside more. Pure.

Nothing of it is done: it is explained, or asked about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.grammar.addresses import one_person
from bot.grammar.around import Phrases, plain_words
from bot.grammar.ends import UnclearWhen
from bot.grammar.intents import (
    TIMED_PHRASES,
    Disconnect,
    Help,
    Offer,
    Resume,
    meaning_of,
)
from bot.grammar.nearest import NAMES
from bot.grammar.personal import STYLE_WORDS, Pause, StyleCommand, parse_pause
from bot.grammar.said import User
from bot.grammar.words import ForAnybody, NotUnderstood

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.grammar.ends import When


@dataclass(frozen=True, slots=True)
class About(ForAnybody):
    """A question about a command, which is not said."""

    command: str


@dataclass(frozen=True, slots=True)
class WhichPause(ForAnybody):
    """Words for a pause that may mean several ends: each of `choices` would do."""

    what: str
    hint: str
    choices: tuple[When, ...]


PAUSE_MEANT: Final = "Do you want to pause?"
_INSTEAD: Final = "You can’t disconnect for a while. Do you want to pause instead?"
_LATER: Final = "I can’t resume at a set time, but I can pause until then. Shall I?"
_CHOOSE: Final = "Choose a time, or leave everything as it is."

_QUESTIONS: Final = Phrases((
    "(how|where|when) (do|can|could|should|would|will|must) (i|we|you|one)", "how to",
    "(can|may|could|should|shall|must|do|will) (i|we)( have to| need to| also| still|)",
    "what (happens|will happen|if) (if|when|) (i|we|you)( say| press| click|)",
    "what (does|do|would|will|did)( the| a| it mean to|)", "(what|who) is( the| a|)",
    "(explain|describe)( to me|)( the| how to|)", "tell me (about|how to)( the|)",
    "(is it possible|am i able|am i allowed) to", "what (is|does) the (word|command)",
    "(help|guide) (me |)(with|to|about)( the|)", "how does( the|)", "what about( the|)",
))  # fmt: skip
"""What people say before what they ask about."""
_TAILS: Final = frozenset({"do", "mean", "means", "work", "command", "button", "style", "mode"})
_ASKING: Final = frozenset({"can", "could", "would", "will", "please", "pls", "plz", "kindly"})
"""With one of these, a sentence with a question mark is a wish."""
_FROM = {"until": "until", "till": "until", "til": "until", "for": "for", "at": "until"}
_FROM |= {"by": "until", "in": "for"}
_DAYS: Final = frozenset({"on", "tomorrow"})
_ABSENT: Final = frozenset({"i am", "i have", "i will", "i need", "we are", "we have"})
_LOOK_UP: Final = Phrases(
    ("(look up|lookup|look-up)", "(revive|look for|search for) (user|person)")
)
_LOOK_UP_ADDRESS: Final = Phrases((
    "(find|user|show|revive|retry|check|status|is|search|search for|look for|how is|what about)",
    "(status|presence|check|try again|retry) (of|for|on)", "(show|show me) the status of",
))  # fmt: skip
_LOOKED_AT: Final = frozenset({"connected", "working", "online", "paused", "busy"})
_LONGEST_LOOK_UP: Final = 4
_LONGEST_NAME: Final = 200
_MOST_WORDS = 40


def about(folded: Sequence[str]) -> About | StyleCommand | None:
    """The command that a question is about: `how do I pause?`, `what does mirror mean?`."""
    for many in range(min(_QUESTIONS.longest, len(folded) - 1), 0, -1):
        if " ".join(folded[:many]) in _QUESTIONS:
            rest = [word for word in folded[many:] if word]
            tail = len(rest) > 1 and rest[-1] in _TAILS
            return _explained(rest) or (_explained(rest[:-1]) if tail else None)
    return None


def _explained(words: Sequence[str]) -> About | StyleCommand | None:
    said = " ".join(words)
    if said in STYLE_WORDS:
        return StyleCommand()
    meaning = meaning_of(plain_words(words))
    if meaning is None or isinstance(meaning, Offer | Help):
        return None
    if isinstance(meaning, StyleCommand):
        return StyleCommand()
    name = NAMES.get(type(meaning))
    return None if name is None or name == "settings" else About(name)


def is_asked(said: str, folded: Sequence[str]) -> bool:
    """Whether a wish may be a question only: `pause?`, but not `can you pause?`."""
    return said.rstrip().endswith(("?", "？")) and _ASKING.isdisjoint(folded)


def asked(meaning: object) -> About | StyleCommand | WhichPause | None:
    """What a wish is that may be a question only; None: it does nothing yet."""
    match meaning:
        case Pause(until=None) | Resume():
            return About(NAMES[type(meaning)])
        case Pause(until=until) if until is not None:
            return WhichPause(PAUSE_MEANT, _CHOOSE, (until,))
        case StyleCommand(style=style) if style is not None:
            return StyleCommand()
        case _:
            return None


def with_a_time(words: Sequence[str], folded: Sequence[str]) -> WhichPause | None:
    """A pause that may be meant by other words and an end: `hide me for an hour`, `back at 3`."""
    for at in range(1, min(len(folded), _MOST_WORDS)):
        head = plain_words([word for word in folded[:at] if word])
        meaning = meaning_of(head)
        begins = _FROM.get(folded[at])
        later = begins is None and isinstance(meaning, Resume) and folded[at] in _DAYS
        rest = (words[at + 1 :] if begins or folded[at] == "on" else words[at:]) or ("?",)
        ends = ends_in(" ".join((begins or "until", *rest))) if begins or later else ()
        if not ends:
            continue
        if isinstance(meaning, Disconnect):
            return WhichPause(_INSTEAD, _CHOOSE, ends)
        offers = meaning.commands if isinstance(meaning, Offer) else ()
        if isinstance(meaning, Resume) or "resume" in offers:
            return WhichPause(_LATER, _CHOOSE, ends)
        absent = begins == "until" and folded[at] != "at" and " ".join(head[:2]) in _ABSENT
        if "pause" in offers or absent:
            return WhichPause(PAUSE_MEANT, _CHOOSE, ends)
    return None


def inside(words: Sequence[str], folded: Sequence[str]) -> WhichPause | None:
    """A pause with an end behind other words: `I need to focus, please pause until 3pm`."""
    for at in range(1, min(len(folded), _MOST_WORDS)):
        for many in range(TIMED_PHRASES.longest, 0, -1):
            if " ".join(folded[at : at + many]) in TIMED_PHRASES:
                ends = ends_in(" ".join(words[at + many :]))
                if ends:
                    return WhichPause(PAUSE_MEANT, _CHOOSE, ends)
    return None


def looked_up(words: Sequence[str], folded: Sequence[str]) -> User | None:
    """Somebody to look up, in other words than `settings user`: by their address, or a name."""
    if len(words) == 1:
        return _one(words) if "@" in words[0] else None
    for many in range(min(_LONGEST_LOOK_UP, len(folded) - 1), 0, -1):
        front = " ".join(folded[:many])
        rest = words[many:-1] if folded[-1] in _LOOKED_AT else words[many:]
        by_address = front in _LOOK_UP_ADDRESS and any("@" in word for word in rest)
        if rest and (front in _LOOK_UP or by_address):
            return _one(rest)
    return None


def _one(words: Sequence[str]) -> User | None:
    try:
        address, name = one_person(" ".join(words))
    except NotUnderstood:
        return None
    return User(address, name) if len(name) <= _LONGEST_NAME else None


def ends_in(text: str) -> tuple[When, ...]:
    """The ends of a pause that words may name; empty: they name none."""
    try:
        until = parse_pause(text).until
    except UnclearWhen as unclear:
        return unclear.choices
    except NotUnderstood:
        return ()
    return () if until is None else (until,)
