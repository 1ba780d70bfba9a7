"""Finding a Zoom group by what a person typed. Pure.

Case, accents, width, quotes, spacing and what is invisible do not matter for finding; they do for
telling two groups apart. A name is never guessed: unless exactly one group bears it, the nearest
are offered.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sync.directory import DirectoryGroup

LIKENESS = 0.6
"""Below this ratio (difflib) two names have nothing to do with each other."""
LONGEST = 128
"""Characters of the typed text that are looked at; Zoom allows group names of 128."""

_QUOTES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"'})
# Zero width, writing direction and joiners come with what is pasted; nobody types them.
_INVISIBLE = dict.fromkeys(
    [
        *(0x00AD, 0x061C, 0x180E, 0xFEFF),
        *(*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)),
    ]
)
_ACCENTS = re.compile("[\u0300-\u036f\ufe0e\ufe0f]")


@dataclass(frozen=True, slots=True)
class GroupMatches:
    """`exact` is the one group meant, if there is exactly one of that name.

    `nearest` are the candidates, best first; `total` says how many there are altogether.
    """

    exact: DirectoryGroup | None
    nearest: tuple[DirectoryGroup, ...]
    total: int


def fold_name(name: str) -> str:
    """Return the form in which names that people take for the same are equal.

    Only Latin, Greek and Cyrillic accents are dropped: in other scripts marks are letters.
    """
    return unicodedata.normalize(
        "NFKC", _ACCENTS.sub("", unicodedata.normalize("NFKD", _same(name)))
    )


def _same(name: str) -> str:
    visible = name.translate(_INVISIBLE)
    text = unicodedata.normalize("NFKC", visible).casefold().translate(_QUOTES)
    return " ".join(text.split())


def find_groups(groups: Iterable[DirectoryGroup], text: str, *, limit: int = 10) -> GroupMatches:
    """Find the group of this name, and the nearest. An empty text lists all, by name."""
    wanted, loose = _same(text[:LONGEST]), fold_name(text[:LONGEST])
    ranked = []
    for group in groups:
        rank = _rank(group.name, text, wanted, loose)
        if rank is not None:
            ranked.append((rank, fold_name(group.name), group.name, group))
    ranked.sort(key=lambda row: (row[0], row[1], row[2], row[3].group_id))
    exact = None
    if text.strip():
        for best in range(3):  # the same to the letter, but for case, but for accents
            same = [row[3] for row in ranked if row[0] == (best, 0.0)]
            if same:
                exact = same[0] if len(same) == 1 else None
                break
    return GroupMatches(exact, tuple(row[3] for row in ranked[:limit]), len(ranked))


def _rank(name: str, text: str, wanted: str, loose: str) -> tuple[int, float] | None:
    """Order of nearness: (kind of match, unlikeness within the kind); None: not near at all."""
    if name == text:
        return (0, 0.0)
    if _same(name) == wanted:
        return (1, 0.0)
    folded = fold_name(name)
    if folded == loose:
        return (2, 0.0)
    if folded.startswith(loose):
        return (3, 0.0)
    if f" {loose}" in f" {folded}":
        return (4, 0.0)
    if loose in folded:
        return (5, 0.0)
    matcher = SequenceMatcher(None, folded, loose, autojunk=False)
    if matcher.real_quick_ratio() < LIKENESS or matcher.quick_ratio() < LIKENESS:
        return None
    ratio = matcher.ratio()
    return (6, 1 - ratio) if ratio >= LIKENESS else None
