"""Finding people by a name that somebody typed. Pure.

As for groups (`domain.group_names`), case, accents and what is invisible do not matter, and nobody
is guessed: who has several to choose from is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.directory import ACTIVE
from domain.group_names import LONGEST, fold_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.directory import DirectoryUser


def likeness(name: str, typed: str) -> int | None:
    """How near a name is to what was typed: 0 the same, 1 all its words, 2 their beginnings.

    None: another name. The words may stand in any order (“Okafor, Ben”).
    """
    wanted, folded = fold_name(typed[:LONGEST]), fold_name(name)
    if wanted == folded:
        return 0
    asked, words = _words(wanted), _words(folded)
    if not asked:
        return None
    if set(asked) <= set(words):
        return 1
    return 2 if all(any(word.startswith(part) for word in words) for part in asked) else None


def nearest(people: Iterable[DirectoryUser], typed: str) -> list[DirectoryUser]:
    """Those whose names are near: if any is the same, those alone; the nearest first.

    Those whom Zoom has deactivated come last.
    """
    ranked = [(rank, user) for user in people if (rank := likeness(user.name, typed)) is not None]
    if any(rank == 0 for rank, _ in ranked):
        ranked = [(rank, user) for rank, user in ranked if rank == 0]
    ranked.sort(
        key=lambda row: (row[1].status != ACTIVE, row[0], fold_name(row[1].name), row[1].address)
    )
    return [user for _, user in ranked]


def _words(folded: str) -> list[str]:
    return [word for part in folded.split() if (word := part.strip(".,;"))]
