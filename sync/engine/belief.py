"""How long Zoom is believed before it is asked again, by how many people there are."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.freshness import UNHURRIED, Freshness, freshness

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync.engine.people import PeopleStore

COUNTED_SECONDS: Final = 60.0
"""How many people there are is counted anew after this."""


@dataclass(eq=False)
class Belief:
    """One per process. `per_second`: questions that Zoom may be asked, None: none.

    `monotonic` gives seconds.
    """

    people: PeopleStore
    per_second: float | None
    monotonic: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._fresh = UNHURRIED
        self._counted = float("-inf")

    async def fresh(self) -> Freshness:
        """How long Zoom's states are believed now. Raises REDIS_TROUBLE."""
        now = self.monotonic()
        if self.per_second is not None and now - self._counted >= COUNTED_SECONDS:
            self._counted = now
            self._fresh = freshness(await self.people.connected(), self.per_second)
        return self._fresh
