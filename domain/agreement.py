"""Agreement: of how many people Microsoft shows what it should, as far as looks can tell. Pure.

What should be shown follows from what Zoom said last and from the style. The person's own status, a
call in Teams and the calendar go first, and count as right. Nothing is said of people who paused,
for whom presence sync is off, or who have the style `full` (it sets the person's own status, which
nothing tells from one that they set), nor where nothing of Zoom's is to be shown.

Rule 1  A look counts that was sent the settle time after the last write and the last news, while
        nobody works on the person: before, Microsoft may rightly show something else.
Rule 2  What is wrong counts only if the look before was wrong as well: the first one is what leads
        to the write.
Rule 3  Below FEWEST people nothing is said: a share of a few is a statement about single people.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from domain.presence import Style
from domain.readback import covers, satisfies
from domain.step import Why

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.policy import Verdict
    from domain.presence import Pair, Shown

FEWEST: Final = 20


class Fit(StrEnum):
    """How what is shown fits what should be. Values are labels of metrics, and stored."""

    RIGHT = "right"
    LABEL = "label"  # the same dot with another label: "In a meeting" for "In a call"
    OWN = "own"  # what was written does not show: most likely they set a status by hand
    MISSING_AVAILABLE = "missing_available"  # shown as Away, idle or Offline (or Away as Offline)
    MISSING_BUSY = "missing_busy"  # or Do not disturb
    FALSE_BUSY = "false_busy"  # ours, Busy or Do not disturb, and over
    FALSE_AVAILABLE = "false_available"  # ours, though Zoom says Away

    @property
    def as_it_should(self) -> bool:
        """Whether it counts as shown as it should be."""
        return self in {Fit.RIGHT, Fit.LABEL, Fit.OWN}


_SAYS_NOTHING: Final = frozenset({Why.OFF, Why.UNKNOWN, Why.TEST, Why.OWN_STATUS, Why.TOO_OLD})


def counted_as(verdict: Verdict, why: Why) -> Style | None:
    """By which style it can be said what should be shown of somebody planned so; None: it can't."""
    if not verdict.on or verdict.style is Style.FULL or why in _SAYS_NOTHING:
        return None
    return verdict.style


def fit(shown: Shown, wanted: Pair | None, held: Pair | None, hidden: str = "") -> Fit | None:
    """How well what is shown fits. None: nothing can be said.

    `held`: what Microsoft may hold of us. `hidden`: the family that showed in spite of our write.
    """
    if not shown.known:
        return None
    ours = held is not None and shown.family == held.availability.lower()
    if wanted is None:
        return Fit.FALSE_BUSY if ours and held is not None and held.interrupts else None
    if satisfies(shown, wanted):
        same = shown.activity.lower() == wanted.activity.lower() or not shown.activity
        return Fit.RIGHT if same else Fit.LABEL
    if shown.family == "focusing" and wanted.availability == "DoNotDisturb":
        return Fit.LABEL
    if covers(shown, wanted):
        if not ours or held is None:
            return Fit.RIGHT
        return Fit.FALSE_BUSY if held.interrupts else Fit.FALSE_AVAILABLE
    if hidden and hidden == shown.family:
        return Fit.OWN
    return Fit.MISSING_BUSY if wanted.interrupts else Fit.MISSING_AVAILABLE


@dataclass(frozen=True, slots=True)
class Agreement:
    """What looks of the last `within_ms` say of the whole organisation.

    `counts`: people by how it fits; of `people` who are connected `looked` were looked at.
    """

    within_ms: int
    people: int
    looked: int
    counts: Mapping[Fit, int] = field(default_factory=dict)

    @property
    def counted(self) -> int:
        """Of how many people it can be said."""
        return sum(self.counts.values())

    @property
    def share(self) -> float | None:
        """The share that is shown as it should be, 0 to 1; None: too few (Rule 3)."""
        good = sum(count for each, count in self.counts.items() if each.as_it_should)
        return good / self.counted if self.counted >= FEWEST else None

    @property
    def shares(self) -> Mapping[Fit, float]:
        """The share of each kind, in the order of `Fit`; empty: too few."""
        if self.counted < FEWEST:
            return {}
        return {each: self.counts.get(each, 0) / self.counted for each in Fit}

    @property
    def not_looked(self) -> float | None:
        """The share of connected people who were not looked at; None: too few are connected."""
        if self.people < FEWEST:
            return None
        return max(0, self.people - self.looked) / self.people


@dataclass(frozen=True, slots=True)
class ReadbackHealth:
    """How reading back stands, for people.

    `why_not`: a code of why what Microsoft shows is not read back, "" where it is;
    `never_allowed`: Microsoft never let us. `agreement`: None while nothing is counted.
    """

    why_not: str
    never_allowed: bool = False
    switched_off: bool = False
    look_age_seconds: float | None = None
    agreement: Agreement | None = None
