"""From typed text to a command. Pure.

The registry is the single list of words: help, the Teams command menu and the parser read it.
"""

from __future__ import annotations

import difflib
import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.grammar.around import BACK_PHRASES, FRONT_PHRASES, is_negated, plain_words
from bot.grammar.ends import UnclearWhen
from bot.grammar.intents import (
    PHRASES,
    TIMED_PHRASES,
    Connect,
    Disconnect,
    Greeting,
    Help,
    Offer,
    Privacy,
    Resume,
    SmallTalk,
    Status,
    Trial,
    meaning_of,
)
from bot.grammar.personal import Pause, StyleCommand, parse_pause, parse_style
from bot.grammar.said import Centre, Settings
from bot.grammar.settings import parse_settings, spoken_change
from bot.grammar.times import PAUSE_HINT
from bot.grammar.words import (
    COURTESIES,
    LONGEST_TEXT,
    PLAIN_QUOTES,
    TRAILING,
    ForAdmins,
    ForAnybody,
    NotUnderstood,
    bare,
    shortened,
    unwrapped,
    without_marks,
)
from domain.roles import By, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.grammar.ends import When


@dataclass(frozen=True, slots=True)
class BadCommand(ForAnybody):
    """A registered command with words that mean nothing, or not enough.

    `what` says what is wrong, `hint` what to say instead: whole sentences, not escaped.
    """

    what: str
    hint: str


@dataclass(frozen=True, slots=True)
class WhichPause(ForAnybody):
    """Words for a pause that may mean several ends: each of `choices` would do."""

    what: str
    hint: str
    choices: tuple[When, ...]


@dataclass(frozen=True, slots=True)
class PerhapsSettings(ForAdmins):
    """Words that admins may mean for the settings, as they stand not understood.

    `name`: a group may be called so. `meant` is the nearest that is understood. Neither is done.
    """

    name: str
    what: str
    hint: str
    meant: Settings | None = None


@dataclass(frozen=True, slots=True)
class Attached(ForAnybody):
    """A file or a picture, and no words."""


@dataclass(frozen=True, slots=True)
class Unknown(ForAnybody):
    """Not a command.

    `text` is what was typed, shortened for echoing (not escaped); `offers` are the commands that
    may have been meant; `negated`: something may not be wanted, so nothing is offered.
    """

    text: str
    offers: tuple[str, ...] = ()
    negated: bool = False


Said = (
    Connect
    | Disconnect
    | Status
    | Pause
    | WhichPause
    | Resume
    | StyleCommand
    | Trial
    | Help
    | Greeting
    | Privacy
    | SmallTalk
    | Attached
    | Settings
    | PerhapsSettings
    | BadCommand
    | Unknown
)
"""Everything that a text can mean."""

PUBLIC = (Help, Greeting, Privacy, SmallTalk, Attached, Unknown)
"""What may be answered where others read along."""


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One command: its word, and what it does as help and the Teams command menu say it.

    `reads` gives what the words after the command mean; it raises NotUnderstood. The others stand
    in the table of intents, alone. What is `by` admins is shown to admins only; `helpdesk` are the
    words for those of it that the helpdesk may say, and what they do. What is `everywhere` has a
    place in the menu of teams and group chats.
    """

    name: str
    description: str
    reads: Callable[[str], Pause | StyleCommand | Settings] | None = None
    by: By = By.ANYBODY
    helpdesk: tuple[str, str] | None = None
    everywhere: bool = False


COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec("connect", "Show your Zoom presence in Microsoft 365", everywhere=True),
    CommandSpec("status", "See what’s shown for you, and why", everywhere=True),
    CommandSpec(
        "pause", "Stop for a while: pause for 2h, pause until 17:00", parse_pause, everywhere=True
    ),
    CommandSpec("resume", "Carry on after a pause", everywhere=True),
    CommandSpec("style", "Choose how much is shown: busy only, mirror, full, quiet", parse_style),
    CommandSpec("test", "Show “In a call” for five minutes to see if it works"),
    CommandSpec("disconnect", "Stop, and erase what’s stored about you"),
    CommandSpec(
        "settings",
        "For admins: choose who has presence sync. settings digest: what’s new, each morning",
        parse_settings,
        By.ADMIN,
        ("settings user", "For the helpdesk: look someone up and try again for them"),
    ),
    CommandSpec("help", "See what you can ask", everywhere=True),
)


_BY_WORD = {spec.name: spec for spec in COMMANDS}
_NAMED: Final[dict[type, str]] = {
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
_SHORTEST_MEANT = 5
_VOCABULARY = {
    phrase: _NAMED[type(meaning)]
    for phrase, meaning in PHRASES.items()
    if type(meaning) in _NAMED
    and phrase.isalpha()
    and (len(phrase) >= _SHORTEST_MEANT or phrase in {"stop", "mute", "test"})
} | {name: name for name in _BY_WORD}
"""Single words that may be meant by a word like them, and the commands that they stand for."""
_TURNING = ("un", "dis", "de")
"""What turns a word round: `unpause` is nothing like `pause`."""
_LONGEST_WORD = 32
_MOST_WORDS = 40
_LONGEST_FRONT = max(len(phrase.split()) for phrase in FRONT_PHRASES)
_LONGEST_BACK = max(len(phrase.split()) for phrase in BACK_PHRASES)
_LONGEST_TIMED = max(len(phrase.split()) for phrase in TIMED_PHRASES)
_PREFIX = re.compile(r"\s*[/／]?[!！]?")
_AROUND = TRAILING + "\"'()[]"


def help_lines(
    *, role: Role | None = None, connected: bool | None = None, paused: bool = False
) -> list[tuple[str, str]]:
    """The commands as (word, description), as help lists them to somebody.

    `connected` None: it is not known, so everything that people can say.
    """
    left_out = {"help"}
    if connected is not None:
        of_connected = {"pause", "resume", "style", "test", "disconnect"}
        left_out |= {"connect", "pause" if paused else "resume"} if connected else of_connected
    lines = [(spec.name, spec.description) for spec in COMMANDS if spec.by.lets(role)]
    if role is Role.HELPDESK:
        lines += [spec.helpdesk for spec in COMMANDS if spec.helpdesk is not None]
    return [line for line in lines if line[0] not in left_out]


def menu(*, everywhere: bool = False) -> list[tuple[str, str]]:
    """The commands as the Teams menu lists them: in a chat of one's own, or in teams and groups.

    A manifest is the same for everybody, so what is not for everybody is in neither.
    """
    return [
        (spec.name, spec.description)
        for spec in COMMANDS
        if spec.by is By.ANYBODY and (spec.everywhere or not everywhere)
    ]


def parse(text: str) -> Said:
    """Find what was meant by what was said (see `bot.teams.message_text`).

    In any case and width, with or without a leading `/` or `!`, punctuation around it, quotes
    around the whole, and courtesies (please, can you, thanks). A command whose words are read
    (`pause`, `style`, `settings`) is known by its first word; words that it does not understand
    make it a BadCommand, a WhichPause or a PerhapsSettings. Anything else is looked up whole
    (`bot.grammar.intents`), because acting on half of a sentence can be wrong ("disconnect
    everybody"). What is not found names commands that it is like. Nothing but punctuation is a call
    for help. What is longer than LONGEST_TEXT is no command, whatever it begins with.
    """
    if len(text) > LONGEST_TEXT:
        return Unknown(shortened(" ".join(text.split())))
    said = _PREFIX.sub("", without_marks(unwrapped(text)), count=1).strip()
    if not said.translate(PLAIN_QUOTES).strip(_AROUND):
        return Help()
    words = said.split()
    folded = [_folded(word) for word in words]
    starts = [0, *_fronts(folded)]
    for start in starts:
        found = _meaning(words[start:], folded[start:])
        if found is not None:
            return Unknown(shortened(text), found.commands) if isinstance(found, Offer) else found
    plain = plain_words([word for word in folded[:_MOST_WORDS] if word])
    if is_negated(plain):
        return Unknown(shortened(text), negated=True)
    offers = _nearest(folded[starts[-1] :])
    greets = isinstance(meaning_of(plain[:1]), Greeting)
    return Greeting() if greets and not offers else Unknown(shortened(text), offers)


def _folded(word: str) -> str:
    """A word for comparing, without quotes or brackets around it."""
    return bare(word.translate(PLAIN_QUOTES).strip(_AROUND)).strip(_AROUND)


def _fronts(folded: Sequence[str]) -> list[int]:
    """Where what is wanted may begin: behind each courtesy at the front."""
    starts, at = list[int](), 0
    while at < len(folded) - 1:
        for many in range(_LONGEST_FRONT, 0, -1):
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


def _without_back(folded: Sequence[str]) -> list[str]:
    """Folded words without the courtesies at their end, and what was punctuation only."""
    words = [word for word in folded if word]
    while True:
        for many in range(_LONGEST_BACK, 0, -1):
            if many < len(words) and " ".join(words[-many:]) in BACK_PHRASES:
                del words[-many:]
                break
        else:
            return words


def _meaning(words: Sequence[str], folded: Sequence[str]) -> Said | Offer | None:
    """What these words mean; None: nothing that we know."""
    spec = _BY_WORD.get(folded[0])
    if spec is not None and spec.name == "help":
        return Help()
    if spec is not None and spec.reads is not None:
        if spec.name != "pause":
            return _read(spec.reads, " ".join(words[1:]))
        whole = PHRASES.get(" ".join(folded))  # pause for now
        return whole or _read(spec.reads, " ".join(words[_head(folded) :]))
    for some in ([word for word in folded if word], _without_back(folded)):
        found = meaning_of(plain_words(some))
        if found is not None:
            return found
    return _timed(words, folded) or _change(words, folded) or _only_a_time(words)


def _read(reads: Callable[[str], Pause | StyleCommand | Settings], rest: str) -> Said:
    try:
        return reads(rest)
    except UnclearWhen as unclear:
        return WhichPause(unclear.what, unclear.hint, unclear.choices)
    except NotUnderstood as error:
        if error.named or error.meant is not None:
            return PerhapsSettings(error.named, error.what, error.hint, error.meant)
        return BadCommand(error.what, error.hint)


def _head(folded: Sequence[str]) -> int:
    """How many words at the front say that something is to pause."""
    fits = range(min(_LONGEST_TIMED, len(folded)), 0, -1)
    return next((many for many in fits if " ".join(folded[:many]) in TIMED_PHRASES), 0)


def _timed(words: Sequence[str], folded: Sequence[str]) -> Said | None:
    """A pause in other words than `pause`, with a time: `stop for an hour`."""
    head = _head(folded)
    if not 0 < head < len(folded):
        return None
    found = _read(parse_pause, " ".join(words[head:]))
    if not isinstance(found, BadCommand):
        return found
    asks = folded[head] in {"for", "until", "till", "til"}
    unclear = found if asks and not is_negated(plain_words(folded)) else None
    return _change(words, folded) or unclear


def _only_a_time(words: Sequence[str]) -> WhichPause | None:
    """A time without a verb may be meant for a pause: `half an hour`."""
    try:
        until = parse_pause(" ".join(words)).until
    except NotUnderstood:
        return None
    return None if until is None else WhichPause("Do you want to pause?", PAUSE_HINT, (until,))


def _change(words: Sequence[str], folded: Sequence[str]) -> PerhapsSettings | None:
    """A change of the settings in other words than `settings`: `turn it on for Sales`."""
    if is_negated(plain_words(folded)):
        return None
    meant = spoken_change(words, folded)
    if meant is None:
        return None
    typed = shortened(" ".join(words), 60)
    return PerhapsSettings(
        "",
        f"I don’t know “{typed}”.",
        "For a group, say for example settings group Sales enable.",
        meant,
    )


def _nearest(folded: Sequence[str]) -> tuple[str, ...]:
    """The command most like the first word, else one that a word further on stands for."""
    word = folded[0] if folded else ""
    if word and len(word) <= _LONGEST_WORD and word not in COURTESIES:
        turned = [turning for turning in _TURNING if word.startswith(turning)]
        like = [w for w in _VOCABULARY if not turned or w.startswith(tuple(turned))]
        close = difflib.get_close_matches(word, like, n=1, cutoff=0.7)
        if close:
            return (_VOCABULARY[close[0]],)
    known = (_VOCABULARY[word] for word in folded[:_MOST_WORDS] if word in _VOCABULARY)
    return tuple(itertools.islice(known, 1))
