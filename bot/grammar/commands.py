"""From typed text to a command. Pure.

The registry is the single list of words: help, the Teams command menu and the parser read it.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.grammar.personal import Pause, StyleCommand, parse_pause, parse_style
from bot.grammar.settings import (
    Account,
    Centre,
    Group,
    Groups,
    History,
    User,
    parse_settings,
)
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
class Connect:
    """`connect`: sign in with Microsoft."""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """`disconnect`: stop, and erase."""


@dataclass(frozen=True, slots=True)
class Status:
    """`status`: what is shown, and why."""


@dataclass(frozen=True, slots=True)
class Resume:
    """`resume`: end a pause."""


@dataclass(frozen=True, slots=True)
class Help:
    """`help`, or a greeting."""


@dataclass(frozen=True, slots=True)
class BadCommand:
    """A registered command with words that mean nothing, or not enough.

    `what` says what is wrong, `hint` what to say instead: whole sentences, not escaped.
    """

    what: str
    hint: str


@dataclass(frozen=True, slots=True)
class PerhapsGroup:
    """Words after `settings` that mean nothing, unless a group has them for its name."""

    name: str
    what: str
    hint: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not a command.

    `text` is what was typed, shortened for echoing (not escaped); `nearest` is the command that was
    probably meant.
    """

    text: str
    nearest: str | None = None


Said = (
    Connect
    | Disconnect
    | Status
    | Pause
    | Resume
    | StyleCommand
    | Help
    | Centre
    | Account
    | Group
    | Groups
    | User
    | History
    | PerhapsGroup
    | BadCommand
    | Unknown
)
"""Everything that a text can mean."""

PUBLIC = (Help, Unknown)
"""What may be answered where others read along."""


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One command: its word, and what it does as help and the Teams command menu say it.

    `reads` gives what the words after the command mean; it raises NotUnderstood. Without it, the
    command alone `means` something, and words that we do not understand mean that the person wanted
    something else (see `parse`) unless it `takes_words`, whatever they are. `aliases` are other
    words for the same thing. Help shows what is for an `admin` to admins only.
    """

    name: str
    description: str
    means: Said | None = None
    aliases: tuple[str, ...] = ()
    takes_words: bool = False
    reads: Callable[[str], Said] | None = None
    admin: bool = False


COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec("connect", "Show your Zoom presence in Microsoft 365", Connect()),
    CommandSpec("disconnect", "Stop, and erase what is stored about you", Disconnect()),
    CommandSpec("status", "See what is shown about you, and why", Status()),
    CommandSpec("pause", "Stop for a while: pause for 2h, pause until 17:00", reads=parse_pause),
    CommandSpec("resume", "Go on after a pause", Resume()),
    CommandSpec("style", "Choose how much is shown: busy only, mirror, full", reads=parse_style),
    CommandSpec(
        "help",
        "See what you can ask",
        Help(),
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


_BY_WORD = {word: spec for spec in COMMANDS for word in (spec.name, *spec.aliases)}
_LONGEST_WORD = 32
_PREFIX = re.compile(r"\s*[/／]?[!！]?")


def help_lines(*, admin: bool) -> list[tuple[str, str]]:
    """The commands as (word, description), as help shows them to admins or to everybody else."""
    return [(spec.name, spec.description) for spec in COMMANDS if admin or not spec.admin]


def parse(text: str) -> Said:
    """Find the command in what was said (see `bot.teams.message_text`).

    The first word decides, in any case and width, with or without a leading `/` or `!`, punctuation
    around it, and quotes around the whole. Nothing but punctuation is a call for help. Extra words
    after a command that takes none: courtesies (please, now, thanks) are ignored, anything else
    makes the text unknown with that command as the nearest, because acting on half of a sentence
    can be wrong ("disconnect everybody"). Words that a command's grammar does not understand make
    it a BadCommand, or a PerhapsGroup. What is longer than LONGEST_TEXT is no command, whatever it
    begins with (see `bot.teams.message_text`).
    """
    if len(text) > LONGEST_TEXT:
        return Unknown(shortened(" ".join(text.split())))
    said = without_marks(unwrapped(text))
    word, _, rest = _PREFIX.sub("", said, count=1).strip().partition(" ")
    word, rest = bare(word), rest.strip()
    args = rest.translate(PLAIN_QUOTES)
    if not word and not args.strip(TRAILING):
        return Help()
    spec = _BY_WORD.get(word)
    if spec is None:
        return Unknown(shortened(text), _nearest(word, args))
    if spec.reads is not None:
        try:
            return spec.reads(rest)
        except NotUnderstood as error:
            if error.named:
                return PerhapsGroup(error.named, error.what, error.hint)
            return BadCommand(error.what, error.hint)
    if spec.means is not None and (spec.takes_words or not without_courtesies(args.split())):
        return spec.means
    return Unknown(shortened(text), spec.name)


def _nearest(word: str, args: str) -> str | None:
    """The registered command most like `word`, else one that occurs further on in the sentence."""
    if len(word) <= _LONGEST_WORD and word not in COURTESIES:
        names = [spec.name for spec in COMMANDS]
        close = difflib.get_close_matches(word, names, n=1, cutoff=0.7)
        if close:
            return close[0]
    words = map(bare, args[:ECHO_LENGTH].split())
    return next((w for w in words if w in _BY_WORD and _BY_WORD[w].name == w), None)
