"""Text from outside (names, addresses, what somebody typed), made harmless to show.

Adaptive Cards read a `TextBlock`, a `Fact` and `fallbackText` as Markdown, and the client
libraries differ in how it can be escaped: backslashes that one removes, another shows. A `TextRun`
is never read as Markdown (Adaptive Cards documentation, TextRun: "Markdown is not supported"). So
cards show text that is not their own in runs (`cards.build.text`), to the letter. In the few places
that have no runs its Markdown is taken apart (`plain`): nothing is left out, and nothing is
formatted. What remains for both is this:

- `{{DATE(…)}}` and `{{TIME(…)}}` are replaced by clients in every kind of text: taken apart.
- Control characters and bidirectional overrides, which can make a line read as something else:
  removed. Names written from right to left keep their own direction, isolated from the rest.
- Length: capped without cutting a letter or an emoji in two. Words longer than a narrow card get
  invisible places to break; ordinary names and addresses stay as they are and can be copied.
"""

from __future__ import annotations

import itertools
import re
import unicodedata

NAME_LIMIT = 80
ADDRESS_LIMIT = 254
SENTENCE_LIMIT = 400
_BREAK_EVERY = 12

_OVERRIDES = dict.fromkeys([*range(0x202A, 0x202F), 0x200B, 0xFEFF])
_ISOLATES = dict.fromkeys(range(0x2066, 0x206A))
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
_WORD_JOINER = "\u2060"
_ZERO_WIDTH_SPACE = "\u200b"
_ZERO_WIDTH_JOINER = "\u200d"
_DOUBLE_BRACE = re.compile(r"\{(?=\{)")
_LONGEST_WORD = 36
_LONG_WORD = re.compile(rf"\S{{{_LONGEST_WORD + 1},}}")
_LOOK_ALIKE = {"\\": "\u2216", "`": "\u02cb", "*": "\u2217", "~": "\u223c", "_": "\uff3f"}
_MARKING = re.compile(r"[\\`*~]|(?<![^\W_])_|_(?![^\W_])")
"""Signs that format what stands between them; between letters an underscore does not."""
_JOINING = re.compile(
    r"""(
    < (?=[^\s])                 # a tag, or an address in angle brackets
    | \] (?=[(\[:])             # [words](address), [words][name], [name]: address
    | & (?=[#A-Za-z0-9]{1,40};)  # an entity
    | : (?=//) | \bwww (?=\.)   # a bare address
    )""",
    re.IGNORECASE | re.VERBOSE,
)
"""Signs that mean something together with what follows."""
_LINE_START = re.compile(r"[#>=+-]|\d+[.)](?:\s|$)")
"""What makes a heading, a quotation or a list of a line."""


def tidy(text: str, limit: int = SENTENCE_LIMIT) -> str:
    """One line of text without control characters, at most `limit` characters long."""
    words = text.split()
    line = " ".join(words)
    # Nearly every text needs nothing of what follows, and this runs for each of a card.
    if not line.isprintable():
        words = text.translate(_OVERRIDES).split()
        line = "".join(c for c in " ".join(words) if unicodedata.category(c) not in {"Cc", "Cs"})
    if len(line) > limit:
        line = _cap(line, limit)
    if max(map(len, words), default=0) >= _LONGEST_WORD:  # one that was cut is longer by its dots
        line = _LONG_WORD.sub(_with_breaks, line)
    return _DOUBLE_BRACE.sub("{" + _WORD_JOINER, line) if "{{" in line else line


def outside(text: str, limit: int = NAME_LIMIT) -> str:
    """A string that others chose, ready to stand inside a sentence of ours.

    Right-to-left text is isolated, so that it does not turn the words around it; other text
    stays free of invisible characters and can be copied.
    """
    shown = tidy(text.translate(_ISOLATES), limit)
    if any(unicodedata.bidirectional(c) in {"R", "AL", "AN"} for c in shown):
        return _FIRST_STRONG_ISOLATE + shown + _POP_ISOLATE
    return shown


def addressed(name: str, words: str) -> str:
    """Begin a sentence of ours with a person's name, if there is one."""
    shown = outside(name)
    return f"{shown}, {words}" if shown else words[:1].upper() + words[1:]


def plain(text: str, limit: int = SENTENCE_LIMIT) -> str:
    """Text for the few places that may be read as Markdown, so that nothing of it is.

    Signs that mark are exchanged for their look-alikes; the others are kept apart, or from the
    line's beginning, by an invisible joiner.
    """
    unmarked = _MARKING.sub(lambda sign: _LOOK_ALIKE[sign[0]], tidy(text, limit))
    apart = _JOINING.sub(rf"\1{_WORD_JOINER}", unmarked)
    return _WORD_JOINER + apart if _LINE_START.match(apart) else apart


def _with_breaks(word: re.Match[str]) -> str:
    broken, since = "", 0
    for before, after in itertools.pairwise(word[0] + " "):
        broken, since = broken + before, since + 1
        if since >= _BREAK_EVERY and after != " " and not _joins(before, after):
            broken, since = broken + _ZERO_WIDTH_SPACE, 0
    return broken


def _cap(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    cut = limit - 1
    while cut > 0 and _joins(text[cut - 1], text[cut]):
        cut -= 1
    return (text[:cut] or text[: limit - 1]).rstrip() + "…"


def _joins(before: str, after: str) -> bool:
    """Whether two characters are parts of one visible sign."""
    return (
        _ZERO_WIDTH_JOINER in {before, after}
        or unicodedata.category(after) in {"Mn", "Me", "Mc"}
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones
        or ("\U0001f1e6" <= before <= "\U0001f1ff" and "\U0001f1e6" <= after <= "\U0001f1ff")
    )
