"""From typed text to a command. Pure.

The registry is the single list of words: help, the Teams command menu and the parser read it.
"""

from __future__ import annotations

import difflib
import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.personal_words import Pause, StyleCommand, parse_pause, parse_style
from bot.settings_words import Settings, parse_settings
from bot.words import (
    COURTESIES,
    ECHO_LENGTH,
    PLAIN_QUOTES,
    TRAILING,
    NotUnderstood,
    bare,
    shortened,
    without_courtesies,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


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

    `what` says what is wrong, `hint` what to say instead: whole sentences, not escaped.
    """

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


_BY_WORD = {word: spec for spec in COMMANDS for word in (spec.name, *spec.aliases)}
_MAX_MENTIONS = 10
_LONGEST_WORD = 32

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TAG = re.compile(r"</?at(?:\s[^<>]{0,200})?>")
_JOINER_AT_ASCII = re.compile("(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])")
_SPACES = {9, 10, 11, 12, 13, 28, 29, 30, 31, 133}  # control characters that separate words
_INVISIBLE: dict[int, None] = dict.fromkeys(
    [
        *(code for code in (*range(32), *range(127, 160)) if code not in _SPACES),
        0x00AD,  # soft hyphen
        0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A),  # writing direction
        0x180E, 0x200B, 0x2060, 0xFEFF,  # zero width
    ]
)  # fmt: skip


def help_lines(*, admin: bool) -> list[tuple[str, str]]:
    """The commands as (word, description), as help shows them to admins or to everybody else."""
    return [(spec.name, spec.description) for spec in COMMANDS if admin or not spec.admin]


def normalise(text: str, bot_id: str, entities: Iterable[Mapping[str, Any]] = ()) -> str:
    """Return what the person meant to type, from the text of a message activity.

    In this order: remove mentions of this bot, one occurrence for each mention entity (others'
    mentions and the bot's name elsewhere stay); decode HTML entities; remove invisible characters
    (zero width, writing direction, control); make every kind of white space one plain space, since
    Teams ends a picked command with a no-break space and a channel message with a line break.
    A joiner stays inside an emoji or a word that needs it. Quotes stay as typed.
    """
    for name in _own_mentions(bot_id, entities):
        text = _without_mention(text, name)
    if "&" in text:
        text = _ENTITY.sub(lambda entity: html.unescape(entity.group()), text)
    text = _JOINER_AT_ASCII.sub("", text.translate(_INVISIBLE))
    return " ".join(text.split())


def parse(text: str) -> Command | BadCommand | Unknown:
    """Find the command in a normalised text.

    The first word decides, in any case, with or without a leading `/` or `!` and trailing
    punctuation. Nothing but punctuation is a call for help. Extra words after a command that takes
    none: courtesies (please, now, thanks) are ignored, anything else makes the text unknown with
    that command as the nearest, because acting on half of a sentence can be wrong ("disconnect
    everybody"). Words that a command's grammar does not understand make it a BadCommand.
    """
    word, _, rest = text.strip().removeprefix("/").removeprefix("!").strip().partition(" ")
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
            return BadCommand(spec.name, error.what, error.hint)
    if spec.takes_words:
        return Command(spec.name, args)
    if not without_courtesies(args.split()):
        return Command(spec.name)
    return Unknown(shortened(text), spec.name)


def _own_mentions(bot_id: str, entities: Iterable[Mapping[str, Any]]) -> list[str]:
    """The bot's name as written in each mention of it. Malformed entities are passed over."""
    names: list[str] = []
    for entity in entities:
        if entity.get("type") != "mention" or len(names) == _MAX_MENTIONS:
            continue
        mentioned, written = entity.get("mentioned"), entity.get("text")
        if not isinstance(mentioned, dict) or mentioned.get("id") != bot_id:
            continue
        if isinstance(written, str) and (name := _TAG.sub("", written).strip()):
            names.append(name)
    return names


def _without_mention(text: str, name: str) -> str:
    """Remove one tagged mention wherever it is, or the bare name at the start."""
    written = f"(?:{re.escape(name)}|{re.escape(html.escape(name, quote=False))})"
    tagged = rf"<at(?:\s[^<>]{{0,200}})?>\s{{0,9}}{written}\s{{0,9}}</at>"
    without, count = re.subn(tagged, " ", text, count=1)
    if count:
        return without
    start = text.lstrip().removeprefix("@")
    rest = start.removeprefix(name)
    if rest != start and not rest[:1].isalnum():
        return rest.lstrip(",: ")
    return text


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
