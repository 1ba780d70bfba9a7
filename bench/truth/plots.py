"""The plots of docs/performance.md: SVG, small, to be read on light and on dark pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler

from bench.truth.compared import ASKING, BOUND, KNOWING, LOOP, SIMPLER, US
from bench.truth.measure import BIN_MS, POINTS
from bench.truth.run import TRUTH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from bench.truth.compared import Scheduler
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
_HOURS_FROM = 12_000
"""In smaller organisations one hour is like the other."""
_FEWEST_MS = 0.01
"""Quarters of an hour in which fewer of the day's people are there (share) are not shown."""


def draw(results: Results, folder: Path) -> None:
    """Write a picture for each of _PLOTS of which there are days."""
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(_STYLE):
        for name, (plot, days) in _PLOTS.items():
            if not days(results):
                continue
            figure = Figure(figsize=(7.5, 3.4), layout="constrained")
            plot(figure.subplots(), results)
            figure.savefig(
                folder / f"{name}.svg", transparent=True, metadata={"Date": None, "Creator": None}
            )


def _hours(axes: Axes, results: Results) -> None:
    """Truth by quarter of an hour."""
    for size in results.sizes:
        _day(axes, results.get(size, US), label=f"{size:,} people")
    _clock(axes)


def _hours_read_back(axes: Axes, results: Results) -> None:
    """The same with looks beside without (dotted)."""
    sizes = [size for size in _looped(results) if size >= _HOURS_FROM]
    for size, colour in zip(sizes, _COLOURS, strict=False):
        _day(axes, results.get(size, LOOP), label=f"{size:,} people", color=colour)
        _day(axes, results.get(size, US), color=colour, linestyle="dotted", linewidth=1)
    _clock(axes)


def _day(axes: Axes, day: dict[str, Any] | None, **line: Any) -> None:
    """A line through its quarters of an hour, but for those in which hardly anybody is there."""
    assert day is not None
    least = _FEWEST_MS * day["people"] * BIN_MS
    points = [
        (TRUTH.opens + (place + 0.5) * BIN_MS / 3_600_000, 100 * share)
        for place, (share, ms) in enumerate(zip(day["hours"], day["hours_ms"], strict=True))
        if ms >= least
    ]
    axes.plot(*zip(*points, strict=True), **line)


def _clock(axes: Axes) -> None:
    axes.set_xlabel("hour of the day")
    axes.set_ylabel("truth (%)")
    axes.set_xticks(range(int(TRUTH.opens), int(TRUTH.closes) + 1))
    sizes = len(axes.get_legend_handles_labels()[0])
    axes.figure.legend(loc="outside upper center", ncols=sizes, fontsize=8)


def _schedulers(axes: Axes, results: Results) -> None:
    """Truth by scheduler and size."""
    _bars(axes, results, (US, *SIMPLER), _compared(results))


def _read_back(axes: Axes, results: Results) -> None:
    """Truth without looks, with them, and with perfect knowledge, by size."""
    _bars(axes, results, (US, LOOP, KNOWING), _looped(results))


def _bars(
    axes: Axes, results: Results, schedulers: Sequence[Scheduler], sizes: Sequence[int]
) -> None:
    schedulers = [s for s in schedulers if any(results.get(size, s) for size in sizes)]
    width = 0.8 / len(schedulers)
    for which, scheduler in enumerate(schedulers):
        days = [
            (place, day)
            for place, size in enumerate(sizes)
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
    for place, size in enumerate(sizes):
        bound = results.get(size, BOUND)
        assert bound is not None
        label = "bound" if place == 0 else None
        at = 100 * bound["truth"]
        axes.plot([place - 0.45, place + 0.45], [at, at], color=_TEXT, linestyle="--", label=label)
    axes.set_xticks(range(len(sizes)), [f"{size:,} people" for size in sizes], fontsize=8)
    axes.set_ylabel("truth (%)")
    axes.grid(visible=False, axis="x")
    axes.figure.legend(loc="outside upper center", ncols=len(schedulers) + 1, fontsize=8)


def _requests(axes: Axes, results: Results) -> None:
    """Requests to Microsoft a second by kind: without looks, and with them."""
    sizes = _looped(results)
    seconds = (TRUTH.closes - TRUTH.opens) * 3600
    kinds = {
        "write": ("set", "prefer"),
        "clear": ("clear", "unprefer"),
        "look at one": ("look",),
        "look at many": ("sweep",),
    }
    places, days = [], []
    for place, size in enumerate(sizes):
        for left, scheduler in ((-0.2, US), (0.2, LOOP)):
            day = results.get(size, scheduler)
            assert day is not None
            places.append(place + left)
            days.append({kind: day["scale"] * count for kind, count in day["kinds"].items()})
    below = [0.0] * len(days)
    for label, names in kinds.items():
        heights = [sum(day.get(name, 0) for name in names) / seconds for day in days]
        axes.bar(places, heights, 0.36, bottom=below, label=label)
        below = [sum(pair) for pair in zip(below, heights, strict=True)]
    axes.set_xticks(range(len(sizes)), [f"{size:,} people" for size in sizes], fontsize=8)
    axes.set_ylabel("requests a second")
    axes.grid(visible=False, axis="x")
    axes.figure.legend(loc="outside upper center", ncols=len(kinds), fontsize=8)


def _asking(axes: Axes, results: Results) -> None:
    """What asking Zoom more often gives."""
    size = _ASKED
    asked = sorted((LOOP, *ASKING), key=lambda scheduler: scheduler.zoom_per_second)
    days = [(s.zoom_per_second, day) for s in asked if (day := results.get(size, s)) is not None]
    pace = [each for each, _ in days]
    axes.plot(pace, [100 * day["truth"] for _, day in days], marker="o", label="truth (%)")
    axes.set_xscale("log")
    axes.set_xticks(pace, [f"{each:g}" for each in pace])
    axes.minorticks_off()
    axes.set_xlabel(f"questions to Zoom a second at most, {size:,} people")
    axes.set_ylabel("truth (%)")
    other = axes.twinx()
    busy = [day["false_busy_min"] for _, day in days]
    other.plot(pace, busy, marker="s", color=_COLOURS[2], label="false Busy (min a day)")
    other.set_ylabel("false Busy (min a person and day)")
    other.set_ylim(bottom=0)
    other.grid(visible=False)
    axes.figure.legend(loc="outside upper center", ncols=2, fontsize=8)


def _compared(results: Results) -> list[int]:
    """The sizes at which there are simpler schedulers."""
    return [size for size in results.sizes if results.get(size, SIMPLER[0]) is not None]


def _looped(results: Results) -> list[int]:
    """The sizes at which Microsoft is read back."""
    return [size for size in results.sizes if results.get(size, LOOP) is not None]


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


_ASKED = 12_000
_PLOTS: dict[str, tuple[Callable[[Axes, Results], None], Callable[[Results], object]]] = {
    "truth-hours": (_hours, _compared),
    "truth-schedulers": (_schedulers, _compared),
    "truth-silence": (_silence, _compared),
    "truth-read-back": (_read_back, _looped),
    "truth-hours-read-back": (_hours_read_back, _looped),
    "truth-requests": (_requests, _looped),
    "truth-asking": (_asking, lambda results: results.get(_ASKED, ASKING[0])),
}
"""Each picture's name, what draws it, and what says whether there are days for it."""
