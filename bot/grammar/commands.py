"""From typed text to a command. Pure.

The registry is the single list of words: help, the Teams command menu and the parser read it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.grammar.around import fronts, is_negated, plain_words, without_back
from bot.grammar.asides import (
    PAUSE_MEANT,
    About,
    WhichPause,
    about,
    asked,
    inside,
    is_asked,
    looked_up,
    with_a_time,
)
from bot.grammar.ends import UnclearWhen
from bot.grammar.intents import (
    TIMED_PHRASES,
    Connect,
    Contact,
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
    phrases,
)
from bot.grammar.nearest import nearest
from bot.grammar.personal import Pause, StyleCommand, parse_pause, parse_style
from bot.grammar.said import Group, Settings
from bot.grammar.settings import TOPICS_ALONE, parse_settings
from bot.grammar.spoken import spoken_change
from bot.grammar.times import PAUSE_HINT
from bot.grammar.words import (
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
from domain.policy_edits import Enable
from domain.roles import By, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class BadCommand(ForAnybody):
    """A registered command with words that mean nothing, or not enough.

    `what` says what is wrong, `hint` what to say instead: whole sentences, not escaped. `offer` is
    a command that shows what there is to choose.
    """

    what: str
    hint: str
    offer: str = ""


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
    | Contact
    | About
    | SmallTalk
    | Attached
    | Settings
    | PerhapsSettings
    | BadCommand
    | Unknown
)
"""Everything that a text can mean."""

PUBLIC = (Help, Greeting, Privacy, Contact, About, SmallTalk, Attached, Unknown)
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
_MOST_WORDS = 40
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


def warm_up() -> None:
    """Spell out every table now, so that nobody who speaks waits for it.

    Raises ValueError for a table that can't be (`bot.grammar.intents.phrases`).
    """
    parse("words which stand nowhere are looked for everywhere")


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
    starts = [0, *fronts(folded)]
    for start in starts:
        found = _meaning(words[start:], folded[start:])
        if isinstance(found, Offer):
            return Unknown(shortened(text), found.commands)
        if isinstance(found, BadCommand):
            return _not_a_command(text, folded[start:]) or found
        if found is not None:
            return (asked(found) if is_asked(said, folded) else None) or found
    plain = plain_words([word for word in folded[:_MOST_WORDS] if word])
    if is_negated(plain):
        return Unknown(shortened(text), negated=True)
    for start in starts:
        near = _nearly(words[start:], folded[start:])
        if near is not None:
            return near
    offers = nearest(folded[starts[-1] :])
    greets = isinstance(meaning_of(plain[:1]), Greeting)
    return Greeting() if greets and not offers else Unknown(shortened(text), offers)


def _not_a_command(text: str, folded: Sequence[str]) -> Unknown | None:
    """What a text is whose words behind a command mean nothing: not wanted, or several commands."""
    if folded[0] == "settings":
        return None
    if is_negated(plain_words([word for word in folded[:_MOST_WORDS] if word])):
        return Unknown(shortened(text), negated=True)
    offers = nearest(folded)
    return Unknown(shortened(text), offers) if len(offers) > 1 else None


def _nearly(words: Sequence[str], folded: Sequence[str]) -> Said | None:
    """What words may mean that are no command; None: nothing that we know."""
    return (
        about(without_back(folded))
        or with_a_time(words, folded)
        or inside(words, folded)
        or looked_up(words, folded)
        or _without_settings(words, folded)
    )


def _without_settings(words: Sequence[str], folded: Sequence[str]) -> PerhapsSettings | None:
    """`settings groups` without its first word."""
    shown = len(words) > 1 and folded[0] in {"show", "list", "open", "see"}
    if folded[shown] not in TOPICS_ALONE:
        return None
    said = " ".join(words[shown:])
    try:
        meant = parse_settings(said)
    except NotUnderstood:
        return None
    typed = shortened(said, 60)
    return PerhapsSettings("", f"I don’t know “{typed}”.", f"Say settings {typed}", meant)


def _folded(word: str) -> str:
    """A word for comparing, without quotes or brackets around it."""
    return bare(word.translate(PLAIN_QUOTES).strip(_AROUND)).strip(_AROUND)


def _meaning(words: Sequence[str], folded: Sequence[str]) -> Said | Offer | None:
    """What these words mean; None: nothing that we know."""
    spec = _BY_WORD.get(folded[0])
    if spec is not None and spec.name == "help":
        return Help()
    if spec is not None and spec.reads is not None:
        if spec.name != "pause":
            return _read(spec.reads, " ".join(words[1:]), spec.name)
        whole = phrases().get(" ".join(folded))  # pause for now
        if whole is not None:
            return whole
        read = _read(spec.reads, " ".join(words[_head(folded) :]))
        return (_change(words, folded) if isinstance(read, BadCommand) else None) or read
    for some in ([word for word in folded if word], without_back(folded)):
        found = meaning_of(plain_words(some))
        if found is not None:
            return found
    return _timed(words, folded) or _change(words, folded) or _only_a_time(words)


def _read(
    reads: Callable[[str], Pause | StyleCommand | Settings], rest: str, name: str = ""
) -> Said:
    try:
        return reads(rest)
    except UnclearWhen as unclear:
        return WhichPause(unclear.what, unclear.hint, unclear.choices)
    except NotUnderstood as error:
        if error.named or error.meant is not None:
            return PerhapsSettings(error.named, error.what, error.hint, error.meant)
        return BadCommand(error.what, error.hint, "style" if name == "style" else "")


def _head(folded: Sequence[str]) -> int:
    """How many words at the front say that something is to pause."""
    fits = range(min(TIMED_PHRASES.longest, len(folded)), 0, -1)
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
    return None if until is None else WhichPause(PAUSE_MEANT, PAUSE_HINT, (until,))


def _change(words: Sequence[str], folded: Sequence[str]) -> PerhapsSettings | None:
    """A change of the settings in other words than `settings`: `turn it on for Sales`."""
    if is_negated(plain_words(folded)):
        return None
    meant = spoken_change(words, folded)
    if meant is None:
        return None
    typed = shortened(" ".join(words), 60)
    if isinstance(meant, Group) and "@" in meant.name:
        verb = "include" if isinstance(meant.edit, Enable) else "exclude"
        hint = f"For one person, say settings {verb} {shortened(meant.name, 60)}"
        return PerhapsSettings("", f"I don’t know “{typed}”.", hint)
    return PerhapsSettings(
        "",
        f"I don’t know “{typed}”.",
        "For a group, say for example settings group Sales enable.",
        meant,
    )
