"""From typed text to a command. Pure.

The registry is the single list of words: help, the Teams command menu and the parser read it.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.grammar.personal import Pause, StyleCommand, parse_pause, parse_style
from bot.grammar.settings import Settings, parse_settings
from bot.grammar.words import (
    COURTESIES,
    ECHO_LENGTH,
    LONGEST_TEXT,
    PLAIN_QUOTES,
    TRAILING,
    NotUnderstood,
    bare,
    shortened,
    unwrapped,
    without_courtesies,
    without_marks,
)

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One command: its word, what it does, and whether the Teams command menu lists it.

    `aliases` are other words for the same thing. A command that `takes_words` is handed whatever
    follows its name; one that `reads` them has a grammar for them; for the others, words that we do
    not understand mean that the person wanted something else (see `parse`). Help shows what is for
    an `admin` to admins only.
    """

    name: str
    description: str
    listed: bool = True
    aliases: tuple[str, ...] = ()
    takes_words: bool = False
    reads: Callable[[str], Request] | None = None
    admin: bool = False


Request = Pause | StyleCommand | Settings
"""What the words after a command ask for."""

COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec("connect", "Show your Zoom presence in Microsoft 365"),
    CommandSpec("disconnect", "Stop, and erase what is stored about you"),
    CommandSpec("status", "See what is shown about you, and why"),
    CommandSpec("pause", "Stop for a while: pause for 2h, pause until 17:00", reads=parse_pause),
    CommandSpec("resume", "Go on after a pause"),
    CommandSpec("style", "Choose how much is shown: busy only, mirror, full", reads=parse_style),
    CommandSpec(
        "help",
        "See what you can ask",
        aliases=("hi", "hello", "hey", "start"),
        takes_words=True,
    ),
    CommandSpec(
        "settings",
        "For admins: choose for whom presence sync is on",
        reads=parse_settings,
        admin=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Command:
    """A registered command, and what came after it.

    `request` is what a command that reads its words was asked for; otherwise `args` holds the words
    (typographic quotes made plain).
    """

    name: str
    args: str = ""
    request: Request | None = None


@dataclass(frozen=True, slots=True)
class BadCommand:
    """A registered command with words that mean nothing, or not enough.

    `what` says what is wrong, `hint` what to say instead: whole sentences, not escaped. `named`:
    the words may be a name, and then they mean something (see NotUnderstood).
    """

    name: str
    what: str
    hint: str
    named: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not a command.

    `text` is what was typed, shortened for echoing (not escaped); `nearest` is the command that was
    probably meant.
    """

    text: str
    nearest: str | None = None


_BY_WORD = {word: spec for spec in COMMANDS for word in (spec.name, *spec.aliases)}
_LONGEST_WORD = 32
_PREFIX = re.compile(r"\s*[/／]?[!！]?")


def help_lines(*, admin: bool) -> list[tuple[str, str]]:
    """The commands as (word, description), as help shows them to admins or to everybody else."""
    return [(spec.name, spec.description) for spec in COMMANDS if admin or not spec.admin]


def parse(text: str) -> Command | BadCommand | Unknown:
    """Find the command in what was said (see `bot.teams.message_text`).

    The first word decides, in any case and width, with or without a leading `/` or `!`, punctuation
    around it, and quotes around the whole. Nothing but punctuation is a call for help. Extra words
    after a command that takes none: courtesies (please, now, thanks) are ignored, anything else
    makes the text unknown with that command as the nearest, because acting on half of a sentence
    can be wrong ("disconnect everybody"). Words that a command's grammar does not understand make
    it a BadCommand. What is longer than LONGEST_TEXT is no command (see `bot.teams.message_text`),
    whatever it begins with.
    """
    if len(text) > LONGEST_TEXT:
        return Unknown(shortened(" ".join(text.split())))
    said = without_marks(unwrapped(text))
    word, _, rest = _PREFIX.sub("", said, count=1).strip().partition(" ")
    word, rest = bare(word), rest.strip()
    args = rest.translate(PLAIN_QUOTES)
    if not word and not args.strip(TRAILING):
        return Command("help")
    spec = _BY_WORD.get(word)
    if spec is None:
        return Unknown(shortened(text), _nearest(word, args))
    if spec.reads is not None:
        try:
            return Command(spec.name, request=spec.reads(rest))
        except NotUnderstood as error:
            return BadCommand(spec.name, error.what, error.hint, error.named)
    if spec.takes_words:
        return Command(spec.name, args)
    if not without_courtesies(args.split()):
        return Command(spec.name)
    return Unknown(shortened(text), spec.name)


def _nearest(word: str, args: str) -> str | None:
    """The registered command most like `word`, else one that occurs further on in the sentence."""
    if len(word) <= _LONGEST_WORD and word not in COURTESIES:
        names = [spec.name for spec in COMMANDS]
        close = difflib.get_close_matches(word, names, n=1, cutoff=0.7)
        if close:
            return close[0]
    return next((w for w in _words(args) if w in _BY_WORD and _BY_WORD[w].name == w), None)


def _words(text: str) -> list[str]:
    """The first words of a text without their punctuation, for comparing."""
    return [bare(word) for word in text[:ECHO_LENGTH].split()]
