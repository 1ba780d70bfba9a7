"""What the bench says of simulated days: rows, aims, pictures."""

from typing import Any

import pytest

from bench.figure import Row
from bench.truth.compared import BOUND, KNOWING, LATE, LOOP, SIMPLER, US
from bench.truth.figure import SIZES, figure
from bench.truth.results import Result, Results
from bench.truth.run import simulate

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


READ_BACK = {
    1_000: 0.9956,
    12_000: 0.9956,
    30_000: 0.992,
    50_000: 0.976,
    100_000: 0.86,
    200_000: 0.79,
}


def _aims(ours: Result, less: float, **changes: Any) -> list[Row]:
    """The rows with aims, of days in which Microsoft is read back and shows so much less."""
    looped = simulate(20, LOOP) | changes
    days = [simulate(20, BOUND) | {"size": size} for size in SIZES]
    for size, truth in READ_BACK.items():
        days.append(ours | {"size": size, "truth": 0.98})
        days.append(looped | {"size": size, "truth": truth - less})
    for size, truth in ((100_000, 0.93), (200_000, 0.85)):
        days.append(looped | {"size": size, "truth": truth, "scheduler": KNOWING.name})
    for late, behind in zip(LATE, (0.005 + less, 0.019 + less), strict=True):
        truth = READ_BACK[50_000] - less - behind
        days.append(looped | {"size": 50_000, "truth": truth, "scheduler": late.name})
    rows = figure(Results.of(days)).rows
    blind = (US.name, "set by hand")
    return [row for row in rows if row.aim and not any(name in row.name for name in blind)]


def test_where_microsoft_is_read_back_there_are_aims_of_their_own() -> None:
    ours = simulate(20, US)
    sets = ours["kinds"]["set"]
    good = {"false_busy_min": 0.4, "silence_s": {"p50": 17.0, "p99": 300.0}}
    met = _aims(ours, 0.0, kinds={"set": 0.5 * sets}, overridden=0, **good)
    assert all(row.met for row in met), [row for row in met if not row.met]
    said = " ".join(str(row.aim) for row in met)
    for aim in ("99.55 %", "99.10 %", "97.50 %", "0.92x", "0.6 points", "25 s", "0.6 min", "60 %"):
        assert aim in said
    bad = {"false_busy_min": 0.7, "silence_s": {"p50": 26.0, "p99": 300.0}}
    missed = _aims(ours, 0.02, kinds={"set": 0.7 * sets}, overridden=1, **bad)
    assert len(missed) == len(met)
    assert not any(row.met for row in missed), [row for row in missed if row.met]


def test_of_three_seeds_the_median_counts() -> None:
    days = [
        simulate(5, LOOP, seed=seed) | {"truth": truth}
        for seed, truth in enumerate((0.9, 0.5, 0.7))
    ]
    found = Results.of(days).get(5, LOOP)
    assert found is not None
    assert found["truth"] == 0.7
