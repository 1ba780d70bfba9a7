"""The figure: how true the simulated day was, by size and scheduler. `--full` adds large sizes.

Each day is a process of its own, on whatever core is free.
"""

from __future__ import annotations

import asyncio
import json
import os
from concurrent.futures import ProcessPoolExecutor
from itertools import starmap
from typing import TYPE_CHECKING

from bench.figure import Figure, Row, Spread, count_row
from bench.processes import ROOT, cores
from bench.truth.results import BOUND_PEOPLE, Result, Results
from bench.truth.run import BOUND, FAULTS_ONLY, LOOP, QUOTA_ONLY, SIMPLER, US, simulate

if TYPE_CHECKING:
    from bench.stage import Stage

SIZES = (1_000, 12_000)
LARGE = (50_000, 200_000)
AIM = 0.99
RESULTS = ROOT / "build" / "truth.json"


async def measure(stage: Stage) -> Figure:
    """Simulate all days; keep their details beside the table."""
    sizes = SIZES + LARGE if stage.full else SIZES
    schedulers = [US, LOOP, *SIMPLER, BOUND]
    if stage.full:
        schedulers += [QUOTA_ONLY, FAULTS_ONLY]
    days = [
        (size, scheduler)
        for size in sorted(sizes, reverse=True)  # the longest first
        for scheduler in schedulers
        if scheduler.limited or size <= BOUND_PEOPLE
    ]
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(len(cores()) or os.cpu_count(), initializer=_any_core) as pool:
        jobs = [loop.run_in_executor(pool, simulate, size, scheduler) for size, scheduler in days]
        results: list[Result] = []
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        for day in asyncio.as_completed(jobs):  # whoever stops it keeps what there is
            results.append(await day)
            RESULTS.write_text(json.dumps(results) + "\n")
    if stage.plots is not None:
        from bench.truth import plots  # noqa: PLC0415 - matplotlib takes a second to import

        plots.draw(Results.of(results), stage.plots)
    return figure(Results.of(results))


def _any_core() -> None:
    """Leave the core to which the bench is pinned."""
    if cores():
        os.sched_setaffinity(0, set(cores()))


def figure(results: Results) -> Figure:
    """The table's part."""
    rows: list[Row] = []
    for size in results.sizes:
        rows += _rows(size, results)
    return Figure(
        name="Truth: share of a simulated day in which Microsoft shows what it should",
        unit="%",
        baseline="the same day without quota and faults",
        rows=rows,
    )


def _rows(size: int, results: Results) -> list[Row]:
    ours, bound = results.get(size, US), results.get(size, BOUND)
    assert ours is not None
    assert bound is not None
    others = [day for other in SIMPLER if (day := results.get(size, other)) is not None]
    ratio = ours["truth"] / bound["truth"]
    if size in LARGE:
        aim, met = (
            "ahead of all simpler",
            ours["truth"] > max((day["truth"] for day in others), default=0.0),
        )
    else:
        aim, met = f"at least {AIM}x", ratio >= AIM
    silence, sound = ours["silence_s"], ours["sound_s"]
    details = {
        "of the bound": (100 * ratio, "%"),
        "false Busy, a person and day": (ours["false_busy_min"], "min"),
        "false Do not disturb": (ours["false_dnd_min"], "min"),
        "Presenting to silence, p50": (silence["p50"], "s"),
        "Presenting to silence, p99": (silence["p99"], "s"),
        "its end to sound, p50": (sound["p50"], "s"),
        "its end to sound, p99": (sound["p99"], "s"),
    }
    unknowable = sum(ours["unknowable"].values())
    read_back = results.get(size, LOOP)
    return [
        Row(
            name=f"{size:,} people: {US.name}",
            value=_one(100 * ours["truth"]),
            ratio=_one(ratio),
            aim=aim,
            met=met,
        ),
        *(() if read_back is None else _read_back(read_back, ours, bound)),
        *(_beside(day, bound) for day in others),
        Row("  the bound", _one(100 * bound["truth"])),
        *starmap(_detail, details.items()),
        count_row("  statuses set by hand, overridden", ours["overridden"], ""),
        Row("  the same where nobody could have told", _one(unknowable), unit=""),
    ]


def _read_back(day: Result, ours: Result, bound: Result) -> list[Row]:
    """The same with looks at what Microsoft shows, and how many writes are left."""
    writes = day["kinds"]["set"] / ours["kinds"]["set"]
    return [
        _beside(day, bound),
        _detail("false Busy there", (day["false_busy_min"], "min")),
        Row(
            "  writes there",
            _one(100 * writes),
            aim="at most 60 % of those without",
            met=writes <= 0.6,
        ),
    ]


def _beside(day: Result, bound: Result) -> Row:
    truth = day["truth"]
    return Row(f"  {day['scheduler']}", _one(100 * truth), ratio=_one(truth / bound["truth"]))


def _detail(name: str, value: tuple[float, str]) -> Row:
    return Row(f"  {name}", _one(value[0]), unit=value[1])


def _one(value: float) -> Spread:
    return Spread(value, value, value)
