"""Finding a Zoom group by what a person typed. Pure.

Case, accents, width, quotes, spacing and what is invisible do not matter for finding; they do for
telling two groups apart. A name is never guessed: unless exactly one group bears it, the nearest
are offered.
"""

from __future__ import annotations

import heapq
import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.directory import DirectoryGroup

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


MOST_ALIKE = 100
"""Names that are compared letter by letter, which takes a tenth of a millisecond each."""
_KEPT = 20_000
"""Names whose folded forms are kept in memory."""


@dataclass(frozen=True, slots=True)
class GroupMatches:
    """`exact` is the one group meant, if there is exactly one of that name.

    `nearest` are the candidates, best first; `total` says how many there are altogether.
    """

    exact: DirectoryGroup | None
    nearest: tuple[DirectoryGroup, ...]
    total: int


@lru_cache(maxsize=_KEPT)
def fold_name(name: str) -> str:
    """Return the form in which names that people take for the same are equal.

    Only Latin, Greek and Cyrillic accents are dropped: in other scripts marks are letters.
    """
    same = _same(name)
    if same.isascii():
        return same
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", same))
    return unicodedata.normalize("NFKC", bare)


@lru_cache(maxsize=_KEPT)
def _same(name: str) -> str:
    text = name
    if not name.isascii():
        text = unicodedata.normalize("NFKC", name.translate(_INVISIBLE))
    return " ".join(text.casefold().translate(_QUOTES).split())


def find_groups(groups: Iterable[DirectoryGroup], text: str, *, limit: int = 10) -> GroupMatches:
    """Find the group of this name, and the nearest. An empty text lists all, by name.

    Names that are only alike are looked for where few others come near, and none is the same: that
    takes the longest.
    """
    wanted, loose = _same(text[:LONGEST]), fold_name(text[:LONGEST])
    ranked: list[tuple[tuple[int, float], DirectoryGroup]] = []
    others = []
    for group in groups:
        rank = _rank(group.name, text, wanted, loose)
        if rank is None:
            others.append(group)
        else:
            ranked.append(((rank, 0.0), group))
    kinds = {rank for (rank, _), _ in ranked}
    same = kinds & set(_SAME)
    if not same and len(ranked) < limit:
        ranked += [((_ALIKE, unlike), group) for unlike, group in _alike(others, loose)]
    ranked.sort(key=lambda row: (row[0], fold_name(row[1].name), row[1].name, row[1].group_id))
    bearers = [group for (rank, _), group in ranked if same and rank == min(same)]
    exact = bearers[0] if text.strip() and len(bearers) == 1 else None
    return GroupMatches(exact, tuple(group for _, group in ranked[:limit]), len(ranked))


_SAME = (0, 1, 2, 3)  # to the letter, but for case, but for accents, but for quotes around it
_ALIKE = 7


def _rank(name: str, text: str, wanted: str, loose: str) -> int | None:
    """The kind of match, nearest first; None: none of these."""
    if name == text:
        return 0
    if _same(name) == wanted:
        return 1
    folded = fold_name(name)
    if folded == loose:
        return 2
    if folded[:1] in {"'", '"', "«", "「"} and folded[1:-1].strip() == loose != "":
        return 3
    if folded.startswith(loose):
        return 4
    if f" {loose}" in f" {folded}":
        return 5
    return 6 if loose in folded else None


def _alike(groups: Iterable[DirectoryGroup], loose: str) -> list[tuple[float, DirectoryGroup]]:
    """Groups whose names are like a text, and how unlike they are: the likeliest MOST_ALIKE."""
    matcher = SequenceMatcher(None, "", loose, autojunk=False)
    likely = []
    for group in groups:
        matcher.set_seq1(fold_name(group.name))
        if matcher.real_quick_ratio() < LIKENESS:
            continue
        at_most = matcher.quick_ratio()
        if at_most >= LIKENESS:
            likely.append((at_most, group.group_id, group))
    found = []
    for _, _, group in heapq.nlargest(MOST_ALIKE, likely, key=itemgetter(0, 1)):
        matcher.set_seq1(fold_name(group.name))
        ratio = matcher.ratio()
        if ratio >= LIKENESS:
            found.append((1 - ratio, group))
    return found
