"""What somebody meant to type, from the activity of a message. Pure.

Teams adds to what was typed: mentions of the bot, the message that a reply quotes, HTML entities,
odd spaces. It also loses some of it: an emoji, or a word between angle brackets, may be missing in
`text` and stand in the HTML only that comes with it as an attachment. Every field is what a client
sent: any shape gives a text, and the work is bounded and linear in it.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final

from bot.grammar.words import LONGEST_TEXT, without_marks
from bot.teams.message_html import TAG, text_of, without_quotations
from bot.teams.shapes import object_at, objects_at, text_at
from bot.teams.time_zones import MOST_ENTITIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    Json = Mapping[str, Any]

LONGEST_HTML: Final = 32 * 1024
"""Characters of the HTML of a message: a longer one is not looked at."""

_LONGEST_NAME = 256
_MOST_ATTACHMENTS = 16
_MOST_WORDS = 8

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_QUOTED_LINE = re.compile(r"\s*>(?:[\s>]|$)")
_PAGE = re.compile(
    r"\s*<(?:p|div|span|b|strong|i|em|u|s|font|h[1-6]|[uo]l|pre|code|br|html|body)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_PICTURE = re.compile(r"<img\s", re.IGNORECASE)
_MENTION = re.compile(r"<at(?:\s[^<>]*)?>([^<>]*)</at\s?>", re.IGNORECASE)
_JOINER_AT_ASCII = re.compile("(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])")
_SPACES = {9, 10, 11, 12, 13, 28, 29, 30, 31, 133}  # control characters that separate words
_INVISIBLE: dict[int, None] = dict.fromkeys(
    [
        *(code for code in (*range(32), *range(127, 160)) if code not in _SPACES),
        0x00AD, 0x034F, 0x3164, 0xFFA0,  # soft hyphen; a joiner and fillers without a shape
        0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A),  # writing direction
        0x180E, 0x200B, *range(0x2060, 0x2065), *range(0x206A, 0x2070), 0xFEFF,  # zero width
        0xFFFC,  # what dictation and pictures leave in a text
    ]
)  # fmt: skip


def message_text(activity: Json) -> str:
    """Return what the person meant to type, on one line.

    In this order: decode HTML entities; remove invisible characters (zero width, writing direction,
    control); remove what is quoted from another message; make every kind of white space one plain
    space, since Teams ends a picked command with a no-break space and a channel message with a line
    break; remove mentions of this bot. A joiner stays inside an emoji or a word that needs it,
    quotation marks stay as typed, and so do mentions of others and the bot's name elsewhere.

    A text of more than LONGEST_TEXT is no command: it comes back cut to one character more, and
    nothing else was done to it.
    """
    text = text_at(activity, "text")
    if len(text) <= LONGEST_TEXT:
        written = _written(text)
        text = _from_html(activity, written) or written
    if len(text) > LONGEST_TEXT:
        return text[: LONGEST_TEXT + 1]
    line = unicodedata.normalize("NFC", _one_line(_own_words(text)))  # Macs send accents apart
    return _without_mentions(line, activity)


def is_blank(text: str) -> bool:
    """Whether nobody can see anything of a text."""
    return len(text) <= LONGEST_TEXT and not _one_line(_decoded(text))


def has_attachment(activity: Json) -> bool:
    """Whether a file or a picture came with a message; its own HTML and cards are none.

    Clients send pictures as attachments, or as `<img>` in the HTML.
    """
    for attachment in objects_at(activity, "attachments", _MOST_ATTACHMENTS):
        kind = text_at(attachment, "contentType").lower()
        if kind == "text/html":
            if _PICTURE.search(text_at(attachment, "content")[:LONGEST_HTML]):
                return True
        elif kind and not kind.startswith("application/vnd.microsoft.card."):
            return True
    return False


def _decoded(text: str) -> str:
    if "&" in text:
        text = _ENTITY.sub(lambda entity: html.unescape(entity.group()), text)
    return _JOINER_AT_ASCII.sub("", text.translate(_INVISIBLE))


def _written(text: str) -> str:
    """A text as it was sent, decoded; quotations go first, for they may hold escaped brackets."""
    text, quotes = without_quotations(text)
    is_html = "blockquote" in quotes or _PAGE.match(text)
    return _decoded(text_of(text).text if is_html else text)


def _one_line(text: str) -> str:
    return " ".join(text.split())


# -- quotations ----------------------------------------------------------------------------------


def _own_words(text: str) -> str:
    """A decoded text without what it quotes: elements, or lines that begin with `>`."""
    text, quotes = without_quotations(text)
    if "blockquote" in quotes:  # then the whole text is HTML
        text = _decoded(text_of(text).text)
    return "\n".join(line for line in text.splitlines() if not _QUOTED_LINE.match(line))


# -- the HTML of the message ---------------------------------------------------------------------


def _from_html(activity: Json, written: str) -> str:
    """What the HTML says, decoded, where that is more than `written`; else empty.

    More is: it tells a quotation from the reply, it has an emoji that `written` lacks, or all of
    `written` and something that was lost.
    """
    attachments = objects_at(activity, "attachments", _MOST_ATTACHMENTS)
    pages = (a for a in attachments if text_at(a, "contentType").lower() == "text/html")
    source = text_at(next(pages, {}), "content")
    if not source or len(source) > LONGEST_HTML:
        return ""
    found = text_of(source)
    text = _decoded(found.text)
    if found.quotes:
        return text or " "
    more = any(_decoded(sign) not in written for sign in found.emoji) or _lost(written, text)
    return text if more else ""


def _lost(written: str, whole: str) -> bool:
    """Whether `written` is `whole` with something left out, but for spaces and tags."""
    kept, signs = _signs(written), _signs(whole)
    rest = iter(signs)
    return len(kept) < len(signs) and all(sign in rest for sign in kept)


def _signs(text: str) -> str:
    return "".join(_MENTION.sub(r"\1", text).split())


# -- mentions ------------------------------------------------------------------------------------


def _without_mentions(text: str, activity: Json) -> str:
    """Remove the mentions of this bot, however badly its client describes them.

    A tagged name is the bot's if it is one of its names, or if nobody else bears it and the bot is
    said to be mentioned or the text begins with it: a message reaches a bot because it was
    mentioned. Without a tag, the name counts at the start only.
    """
    own, others, told = _names(activity)
    found = list(_MENTION.finditer(text))
    mine = [span for span in found if (name := _folded(span[1])) in own or not name]
    mine = sorted({*mine, *_in_pieces(text, found, own)}, key=re.Match.start)
    if not mine:
        strangers = [span for span in found if _folded(span[1]) not in others]
        mine = [span for span in strangers[:1] if told or span.start() == 0]
    if mine:
        return _cut(text, [span.span() for span in mine])
    start = 1 if text.startswith(("@", "＠")) else 0
    folded, ends = "", dict[int, int]()
    for end, sign in enumerate(text[start : start + _LONGEST_NAME], start + 1):
        folded += sign.casefold()  # which may be longer
        ends[len(folded)] = end
    for name in sorted(own, key=len, reverse=True):
        end = ends.get(len(name), 0)
        addressed = end and folded.startswith(name) and not text[end : end + 1].isalnum()
        if addressed and (start or told):
            return _cut(text, [(0, end)])
    return text


def _in_pieces(text: str, found: list[re.Match[str]], own: set[str]) -> list[re.Match[str]]:
    """Neighbours whose words together are a name of the bot: some clients tag each word."""
    for first in range(len(found)):
        pieces = found[first : first + _MOST_WORDS]
        for count, piece in enumerate(pieces[1:], 2):
            if text[pieces[count - 2].end() : piece.start()].strip():
                break
            if _folded(_one_line(" ".join(span[1] for span in pieces[:count]))) in own:
                return pieces[:count]
    return []


def _cut(text: str, spans: list[tuple[int, int]]) -> str:
    parts, at = [], 0
    for start, end in spans:
        parts.append(text[at:start])
        at = end
    rest = _one_line(" ".join([*parts, text[at:]]))
    return without_marks(rest) if spans[0][0] == 0 else rest


def _names(activity: Json) -> tuple[set[str], set[str], bool]:
    """The bot's names, other people's, and whether the bot is said to be mentioned."""
    bot = object_at(activity, "recipient")
    bot_id = _folded_id(bot)
    own, others, told = {_named(bot)}, set[str](), False
    for entity in objects_at(activity, "entities", MOST_ENTITIES):
        if entity.get("type") != "mention":
            continue
        mentioned = object_at(entity, "mentioned")
        names = {_named(entity, "text"), _named(mentioned)}
        if bot_id and _folded_id(mentioned) == bot_id:
            own, told = own | names, True
        else:
            others |= names
    return own - {""}, others - {""}, told


def _named(account: Json, key: str = "name") -> str:
    """A name for comparing, without the tags around it; empty for what is none."""
    name = text_at(account, key)
    if len(name) > _LONGEST_NAME:
        return ""
    shown = unicodedata.normalize("NFC", _one_line(TAG.sub("", _decoded(name))))
    return _folded(shown.removeprefix("@"))


def _folded(name: str) -> str:
    return name.strip().casefold()


def _folded_id(account: Json) -> str:
    return text_at(account, "id").lower()
