"""How long Zoom is believed before it is asked again: by how many there are, and by habit."""

from __future__ import annotations

import time
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Final

from domain.freshness import UNHURRIED, Freshness, freshness
from domain.lasting import usual_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync.engine.lasting import Lasting
    from sync.engine.people import PeopleStore

COUNTED_SECONDS: Final = 60.0
"""How many people there are is counted anew after this."""


@dataclass(eq=False)
class Belief:
    """One per process. `per_second`: questions that Zoom may be asked, None: none.

    `lasting`: how long states last (None: that is not counted). `monotonic` gives seconds.
    """

    people: PeopleStore
    per_second: float | None
    lasting: Lasting | None = None
    _: KW_ONLY
    monotonic: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._fresh = UNHURRIED
        self._counted = float("-inf")

    async def fresh(self) -> Freshness:
        """How long Zoom's states are believed now. Raises REDIS_TROUBLE."""
        now = self.monotonic()
        if self.per_second is not None and now - self._counted >= COUNTED_SECONDS:
            self._counted = now
            people, now_ms = await self.people.connected(), await self.people.now_ms()
            counts = {} if self.lasting is None else await self.lasting.counts(now_ms)
            self._fresh = freshness(people, self.per_second, usual_ms(counts, people))
        return self._fresh
