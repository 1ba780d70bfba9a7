"""The figure: how true the simulated day was, by size and scheduler. `--full` adds large sizes.

Each day is a process of its own, on whatever core is free.
"""

from __future__ import annotations

import asyncio
import json
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import starmap
from typing import TYPE_CHECKING

from bench.figure import Figure, Row, Spread, count_row
from bench.processes import ROOT, cores
from bench.truth.compared import (
    ASKING,
    BOUND,
    FAULTS_ONLY,
    KNOWING,
    LATE,
    LOOP,
    QUOTA_ONLY,
    SIMPLER,
    US,
    Scheduler,
)
from bench.truth.results import BOUND_PEOPLE, Result, Results
from bench.truth.run import simulate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.stage import Stage

SIZES = (1_000, 12_000)
LARGE = (30_000, 50_000, 100_000, 200_000)
COMPARED = (50_000, 200_000)
"""Of the large ones, those that simpler schedulers are compared at."""
SEEDS = (1, 2, 3)
"""Where Microsoft is read back; the median counts."""
AIM = 0.99
READ_BACK_AIMS = {1_000: 0.9955, 12_000: 0.9955, 30_000: 0.991, 50_000: 0.975}
"""Truth where Microsoft is read back."""
KNOWING_AIM = 0.92
"""In larger organisations there is not quota enough: of the truth with perfect knowledge."""
LATE_SIZE = 50_000
LATE_AIMS = (0.006, 0.02)
"""How much less is true where looks are late."""
FALSE_BUSY_AIM = 0.6
SILENCE_AIM = 25.0
RESULTS = ROOT / "build" / "truth.json"


async def measure(stage: Stage) -> Figure:
    """Simulate all days; keep their details beside the table."""
    days = list(_days(full=stage.full))
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(len(cores()) or os.cpu_count(), initializer=_any_core) as pool:
        jobs = [
            loop.run_in_executor(pool, partial(simulate, size, scheduler, seed=seed))
            for size, scheduler, seed in days
        ]
        results: list[Result] = []
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        for day in asyncio.as_completed(jobs):  # whoever stops it keeps what there is
            results.append(await day)
            RESULTS.write_text(json.dumps(results) + "\n")
    if stage.plots is not None:
        from bench.truth import plots  # noqa: PLC0415 - matplotlib takes a second to import

        plots.draw(Results.of(results), stage.plots)
    return figure(Results.of(results))


def _days(*, full: bool) -> Iterator[tuple[int, Scheduler, int]]:
    """Size, scheduler and seed of each day; the longest first."""
    for size in sorted(SIZES + LARGE if full else SIZES, reverse=True):
        schedulers = [US]
        if size in SIZES + COMPARED:
            schedulers += [*SIMPLER, *((QUOTA_ONLY, FAULTS_ONLY) if full else ())]
        if size in SIZES:
            schedulers.append(BOUND)
        elif size not in READ_BACK_AIMS:
            schedulers.append(KNOWING)
        if size == LATE_SIZE:
            schedulers += LATE
        if size == max(SIZES) and full:
            schedulers += ASKING
        for scheduler in schedulers:
            if scheduler.limited or size <= BOUND_PEOPLE:
                yield size, scheduler, SEEDS[0]
        yield from ((size, LOOP, seed) for seed in (SEEDS if full else SEEDS[:1]))


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
    if size in COMPARED:
        aim, met = (
            "ahead of all simpler",
            ours["truth"] > max((day["truth"] for day in others), default=0.0),
        )
    elif size in SIZES:
        aim, met = f"at least {AIM}x", ratio >= AIM
    else:
        aim, met = "", True
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
    return [
        Row(
            name=f"{size:,} people: {US.name}",
            value=_one(100 * ours["truth"]),
            ratio=_one(ratio),
            aim=aim,
            met=met,
        ),
        *_read_back(size, results, ours, bound),
        *(_beside(day, bound) for day in others),
        Row("  the bound", _one(100 * bound["truth"])),
        *starmap(_detail, details.items()),
        count_row("  statuses set by hand, overridden", ours["overridden"], ""),
        Row("  the same where nobody could have told", _one(unknowable), unit=""),
    ]


def _read_back(size: int, results: Results, ours: Result, bound: Result) -> Iterator[Row]:
    """The same with looks at what Microsoft shows, and how many writes are left."""
    day = results.get(size, LOOP)
    if day is None:
        return
    truth, knowing = day["truth"], results.get(size, KNOWING)
    row = _beside(day, bound)
    if (least := READ_BACK_AIMS.get(size)) is not None:
        row = replace(row, aim=f"at least {100 * least:.2f} %", met=truth >= least)
    elif knowing is not None:
        met = truth >= KNOWING_AIM * knowing["truth"]
        row = replace(row, aim=f"at least {KNOWING_AIM}x of the next", met=met)
    yield row
    if knowing is not None:
        yield _beside(knowing, bound)
    busy, writes = day["false_busy_min"], day["kinds"]["set"] / ours["kinds"]["set"]
    row = _detail("false Busy there", (busy, "min"))
    if size in SIZES:
        row = replace(row, aim=f"at most {FALSE_BUSY_AIM} min", met=busy <= FALSE_BUSY_AIM)
    yield row
    row = Row("  writes there, of those without", _one(100 * writes))
    if size == max(SIZES):
        row = replace(row, aim="at most 60 %", met=writes <= 0.6)
    yield row
    silence = day["silence_s"]["p50"]
    row = _detail("Presenting to silence there, p50", (silence, "s"))
    if size == max(LARGE):
        row = replace(row, aim=f"at most {SILENCE_AIM:.0f} s", met=silence <= SILENCE_AIM)
    yield row
    row = count_row("  overridden there", day["overridden"], "")
    yield replace(row, aim="none", met=day["overridden"] == 0)
    for other, most in zip(LATE, LATE_AIMS, strict=True):
        if (late := results.get(size, other)) is not None:
            less = truth - late["truth"]
            aim = f"at most {100 * most:.1f} points less"
            yield replace(_beside(late, bound), aim=aim, met=less <= most)


def _beside(day: Result, bound: Result) -> Row:
    truth = day["truth"]
    return Row(f"  {day['scheduler']}", _one(100 * truth), ratio=_one(truth / bound["truth"]))


def _detail(name: str, value: tuple[float, str]) -> Row:
    return Row(f"  {name}", _one(value[0]), unit=value[1])


def _one(value: float) -> Spread:
    return Spread(value, value, value)
