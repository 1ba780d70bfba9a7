"""How often a line is said to somebody whom Teams does not identify. Pure but for the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cachetools import TTLCache

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_LINES: Final = 5
"""Lines in one conversation ..."""
WITHIN_S: Final = 600.0
"""... within so many seconds: a program that answers each of them ends up alone."""
_MOST_CONVERSATIONS = 10_000


class Strangers:
    """Counts what was said, for each conversation; threads of a channel are one."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` counts seconds and never goes back."""
        self._said = TTLCache[str, int](_MOST_CONVERSATIONS, WITHIN_S, timer=clock)

    def may_be_told(self, conversation_id: str) -> bool:
        """Whether one more line may be said there; it counts as said."""
        where = conversation_id.partition(";")[0]
        before = self._said.get(where, 0)
        if before < MOST_LINES:
            self._said[where] = before + 1
        return before < MOST_LINES
