"""What the bench says of simulated days: rows, aims, pictures."""

import pytest

from bench.figure import Row
from bench.truth.figure import figure
from bench.truth.results import Result, Results
from bench.truth.run import BOUND, SIMPLER, US, simulate

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def days() -> list[Result]:
    """Few people, said to be many."""
    ours, bound = simulate(20, US), simulate(20, BOUND)
    bounds = [bound | {"size": size} for size in (1_000, 12_000)]
    sizes = (1_000, 12_000, 50_000)
    others = [
        ours | {"size": size, "scheduler": other.name, "truth": 0.5}
        for size in sizes
        for other in SIMPLER
    ]
    return [ours | {"size": size, "truth": 0.98} for size in sizes] + others + bounds


def _rows(days: list[Result], **changes: float) -> dict[str, Row]:
    changed = [day | changes if day["scheduler"] == US.name else day for day in days]
    return {row.name: row for row in figure(Results.of(changed)).rows}


def test_each_size_has_its_aim(days: list[Result]) -> None:
    rows = _rows(days, truth=0.995)
    aims = {name: (row.aim, row.met) for name, row in rows.items() if US.name in name}
    assert aims == {
        "1,000 people: Presence Bridge": ("at least 0.99x", True),
        "12,000 people: Presence Bridge": ("at least 0.99x", True),
        "50,000 people: Presence Bridge": ("ahead of all simpler", True),
    }


def test_a_missed_aim_is_said(days: list[Result]) -> None:
    rows = _rows(days, truth=0.4, overridden=3)
    assert not any(row.met for row in rows.values() if row.aim)
