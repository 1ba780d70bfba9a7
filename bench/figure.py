"""A figure: rows that were measured together, one of them to hold the others against."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.load import Subject


@dataclass(frozen=True, slots=True)
class Spread:
    """A median over rounds, and the lowest and highest of them."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Over at least one value."""
        return cls(statistics.median(values), min(values), max(values))

    @classmethod
    def ratio(cls, ours: Sequence[float], theirs: Sequence[float]) -> Spread:
        """Of ratios within the same rounds."""
        return cls.of([a / b for a, b in zip(ours, theirs, strict=True)])


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    `ratio` is against the figure's baseline in the same rounds; `cpu_ratio` the same by CPU time,
    which says how much less work it is and hardly depends on what else the machine did. `busy` is
    the share of the servers' core that was used, `load_busy` that of the other core. `unit` is that
    of the figure, unless given.
    """

    name: str
    value: Spread
    cpu_ms: float | None = None
    ratio: Spread | None = None
    cpu_ratio: float | None = None
    busy: float | None = None
    load_busy: float | None = None
    aim: str | None = None
    met: bool | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, in which unit, and beside what."""

    name: str
    unit: str
    baseline: str
    rows: list[Row]

    def as_json(self) -> dict[str, Any]:
        """Everything, as plain data."""
        return asdict(self)


def rate_row(
    subject: Subject,
    baseline: Subject,
    *,
    name: str | None = None,
    at_least: float | None = None,
) -> Row:
    """A row of things per second; `at_least` is the ratio that was aimed at."""
    ratio = Spread.ratio([r.rate for r in subject.rounds], [r.rate for r in baseline.rounds])
    own, other = subject.cpu_ms(), baseline.cpu_ms()
    used = [r.cpu / r.seconds for r in subject.rounds if r.cpu is not None]
    return Row(
        name=name or subject.name,
        value=Spread.of([r.rate for r in subject.rounds]),
        cpu_ms=own,
        ratio=None if subject is baseline else ratio,
        cpu_ratio=other / own if own and other and subject is not baseline else None,
        busy=statistics.median(used) if used else None,
        load_busy=statistics.median(r.load_cpu / r.seconds for r in subject.rounds),
        aim=None if at_least is None else f"at least {at_least:g}x",
        met=None if at_least is None else ratio.median >= at_least,
    )


def count_row(name: str, count: int, unit: str) -> Row:
    """A row of something that must not happen."""
    return Row(name, Spread(count, count, count), aim="none", met=count == 0, unit=unit)
