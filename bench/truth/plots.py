"""The plots of docs/performance.md: SVG, small, to be read on light and on dark pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler

from bench.truth.measure import BIN_MS, POINTS
from bench.truth.run import BOUND, SIMPLER, TRUTH, US

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from bench.truth.results import Results

_TEXT = "#808080"
"""Seen on white and on black."""
_COLOURS = ("#2f81f7", "#3fa45b", "#d98324", "#c9527a", "#8b6fd1")
_STYLE: Any = {
    "text.color": _TEXT,
    "axes.labelcolor": _TEXT,
    "axes.edgecolor": _TEXT,
    "xtick.color": _TEXT,
    "ytick.color": _TEXT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": _TEXT,
    "grid.alpha": 0.25,
    "axes.prop_cycle": cycler(color=_COLOURS),
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "truth",
    "font.family": "sans-serif",
    "font.size": 10,
}
_FEWEST_MS = 0.01
"""Quarters of an hour in which fewer of the day's people are there (share) are not shown."""


def draw(results: Results, folder: Path) -> None:
    """Write truth-hours.svg, truth-schedulers.svg and truth-silence.svg."""
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(_STYLE):
        for name, plot in (
            ("truth-hours", _hours),
            ("truth-schedulers", _schedulers),
            ("truth-silence", _silence),
        ):
            figure = Figure(figsize=(7.5, 3.4), layout="constrained")
            plot(figure.subplots(), results)
            figure.savefig(
                folder / f"{name}.svg", transparent=True, metadata={"Date": None, "Creator": None}
            )


def _hours(axes: Axes, results: Results) -> None:
    """Truth by quarter of an hour."""
    for size in results.sizes:
        day = results.get(size, US)
        assert day is not None
        least = _FEWEST_MS * day["people"] * BIN_MS
        points = [
            (TRUTH.opens + (place + 0.5) * BIN_MS / 3_600_000, 100 * share)
            for place, (share, ms) in enumerate(zip(day["hours"], day["hours_ms"], strict=True))
            if ms >= least
        ]
        axes.plot(*zip(*points, strict=True), label=f"{size:,} people")
    axes.set_xlabel("hour of the day")
    axes.set_ylabel("truth (%)")
    axes.set_xticks(range(int(TRUTH.opens), int(TRUTH.closes) + 1))
    axes.figure.legend(loc="outside upper center", ncols=len(results.sizes))


def _schedulers(axes: Axes, results: Results) -> None:
    """Truth by scheduler and size."""
    schedulers = (US, *SIMPLER)
    width = 0.8 / len(schedulers)
    for which, scheduler in enumerate(schedulers):
        days = [
            (place, day)
            for place, size in enumerate(results.sizes)
            if (day := results.get(size, scheduler)) is not None
        ]
        left = (which - (len(schedulers) - 1) / 2) * width
        bars = axes.bar(
            [place + left for place, _ in days],
            [100 * day["truth"] for _, day in days],
            width * 0.92,
            label=scheduler.name,
        )
        axes.bar_label(bars, fmt="%.1f", fontsize=7, color="white", padding=-11)
    for place, size in enumerate(results.sizes):
        bound = results.get(size, BOUND)
        assert bound is not None
        label = "bound" if place == 0 else None
        at = 100 * bound["truth"]
        axes.plot([place - 0.45, place + 0.45], [at, at], color=_TEXT, linestyle="--", label=label)
    axes.set_xticks(range(len(results.sizes)), [f"{size:,} people" for size in results.sizes])
    axes.set_ylabel("truth (%)")
    axes.grid(visible=False, axis="x")
    axes.figure.legend(loc="outside upper center", ncols=len(schedulers) + 1, fontsize=8)


def _silence(axes: Axes, results: Results) -> None:
    """Seconds from Presenting to Do not disturb, as a share of all."""
    days: list[tuple[str, dict[str, Any] | None]] = [
        (f"{size:,} people", results.get(size, US)) for size in results.sizes
    ]
    days.append(("bound", results.get(results.sizes[0], BOUND)))
    for label, day in days:
        if day is None:
            continue
        curve = [max(0.1, seconds) for seconds in day["silence_s"]["curve"]]
        shares = [100 * point / POINTS for point in range(len(curve))]
        axes.plot(curve, shares, label=label)
    axes.set_xscale("log")
    ticks = [0.1, 1, 10, 60, 600, 3600]
    axes.set_xticks(ticks, ["0.1 s", "1 s", "10 s", "1 min", "10 min", "1 h"])
    axes.minorticks_off()
    axes.set_xlabel("from the beginning of Presenting")
    axes.set_ylabel("silent by then (%)")
    axes.legend(loc="lower right")
