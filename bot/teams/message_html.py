"""Reading the HTML in which Teams repeats a message. Pure, and linear in its length.

Shapes are those that Teams sends: `<blockquote itemtype="http://schema.skype.com/Reply">` around
the preview of a quoted message, `<quoted messageId="…"/>` in its newer form (Graph writes an empty
`<attachment id="…">`), `<img
itemtype="http://schema.skype.com/Emoji" alt="🎉">` or `<emoji alt="🎉">`, and a span of type
`…/Mention` where the text has `<at>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Each attempt begins at a `<` and ends before the next one: no input makes them overlap.
_ATTRIBUTES = r"""((?:[^<>"']|"[^"<]*"|'[^'<]*')*)"""
TAG = re.compile(rf"<(/?)([A-Za-z][A-Za-z0-9]{{0,31}}){_ATTRIBUTES}>")
_QUOTATION = re.compile(
    rf"<(/?)(quoted[a-z]{{0,20}}|quote|blockquote|attachment)(?![a-z0-9]){_ATTRIBUTES}>", re.I
)
_ATTRIBUTE = re.compile(r"""\b(alt|itemtype)\s{0,3}=\s{0,3}(?:"([^"]{0,200})"|'([^']{0,200})')""")
_INLINE = re.compile(
    r"a|abbr|attachment|b|code|em|emoji|font|i|img|mark|s|small|span|strike|strong|sub|sup|u"
)
"""Elements that do not end a word."""


@dataclass(frozen=True, slots=True)
class HtmlText:
    """The text of some HTML, its entities not decoded.

    Mentions are tagged `<at>`, quotations are left out (`quotes`: there were some), and `emoji` are
    those that stood there as pictures.
    """

    text: str
    quotes: bool
    emoji: tuple[str, ...]


def without_quotations(text: str) -> tuple[str, frozenset[str]]:
    """Leave out what is quoted; and the names of the elements that did it.

    An element that is never closed quotes by reference: only its tag is left out.
    """
    ends: dict[str, int] = {}
    found = list(_QUOTATION.finditer(text))
    for tag in found:
        if tag[1]:
            ends[tag[2].lower()] = tag.start()
    parts, at, depth = list[str](), 0, 0
    for tag in found:
        if not depth:
            parts.append(text[at : tag.start()])
        if tag[1]:
            depth = max(0, depth - 1)
        elif not tag[3].rstrip().endswith("/") and ends.get(tag[2].lower(), -1) > tag.start():
            depth += 1
        at = tag.end()
    if not depth:
        parts.append(text[at:])
    return "\n".join(parts), frozenset(tag[2].lower() for tag in found)


def _without_comments(source: str) -> str:
    said, *comments = source.split("<!--")
    return said + "".join(comment.partition("-->")[2] for comment in comments)


def text_of(source: str) -> HtmlText:
    """Read HTML as text."""
    source, quotes = without_quotations(_without_comments(source))
    parts, emoji, at, mention = list[str](), list[str](), 0, 0
    for tag in TAG.finditer(source):
        parts.append(source[at : tag.start()])
        at = tag.end()
        closes, name = bool(tag[1]), tag[2].lower()
        if name in {"img", "emoji"} and not closes:
            sign = _emoji(name, _attributes(tag[3]))
            if sign:
                emoji.append(sign)
                parts.append(sign)
        elif name == "at":
            parts.append(tag[0])
        elif name == "span" and closes:
            if mention == 1:
                parts.append("</at>")
            mention = max(0, mention - 1)
        elif name == "span":
            if mention:
                mention += 1
            elif _attributes(tag[3]).get("itemtype", "").lower().endswith("/mention"):
                mention = 1
                parts.append("<at>")
        elif not _INLINE.fullmatch(name):
            parts.append("\n")
    parts.append(source[at:])
    return HtmlText("".join(parts), bool(quotes), tuple(emoji))


def _attributes(text: str) -> dict[str, str]:
    return {found[1].lower(): found[2] or found[3] or "" for found in _ATTRIBUTE.finditer(text)}


def _emoji(name: str, attributes: dict[str, str]) -> str:
    """The emoji that a picture stands for; empty: it is another picture, or an emoji of its own."""
    sign = attributes.get("alt", "").strip()
    if sign.isascii():
        return ""
    if name == "emoji" or attributes.get("itemtype", "").lower().endswith("/emoji"):
        return sign
    return "" if any(letter.isalpha() for letter in sign) else sign
