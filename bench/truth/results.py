"""What the simulated days gave, by size and scheduler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.truth.compared import US, Scheduler

if TYPE_CHECKING:
    from collections.abc import Mapping

BOUND_PEOPLE = 12_000
"""Without quota and faults nobody is in anybody's way: so many people are a bound for all sizes."""

Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Results:
    """Days by size and scheduler."""

    days: Mapping[tuple[int, str], Result]

    @classmethod
    def of(cls, results: list[Result]) -> Results:
        """Any number of days; of those that differ by their seed only, the median counts."""
        days: dict[tuple[int, str], list[Result]] = {}
        for result in results:
            days.setdefault((result["size"], result["scheduler"]), []).append(result)
        return cls({key: _median(same) for key, same in days.items()})

    @property
    def sizes(self) -> list[int]:
        """Of the days that were run, but for those that stand for the bound of another."""
        return sorted({size for size, name in self.days if name == US.name})

    def get(self, size: int, scheduler: Scheduler) -> Result | None:
        """A day; a size too large for a bound of its own has that of its first people."""
        if not scheduler.limited:
            size = min(size, BOUND_PEOPLE)
        return self.days.get((size, scheduler.name))


def _median(days: list[Result]) -> Result:
    """The day with the median truth; of two the one that is less true."""
    return sorted(days, key=lambda day: float(day["truth"]))[(len(days) - 1) // 2]
