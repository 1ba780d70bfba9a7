"""The table, and what is written beside it. No host names and no paths: results get published."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.processes import cores

if TYPE_CHECKING:
    from bench.figure import Figure, Row, Spread

PACKAGES = (
    *("aiohttp", "redis", "hiredis", "botbuilder-core", "msgraph-sdk", "msal", "pyjwt"),
    "cryptography",
)
HEAD = ("", "measured", "rounds", "CPU ms", "ratio", "by CPU", "aim")


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "pinned": bool(cores()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": {name: version(name) for name in PACKAGES},
    }


def load_average() -> float | None:
    """How busy the machine was in the last minute: 1 is one core."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def table(figures: list[Figure]) -> str:
    """All figures as text."""
    lines: list[tuple[str, ...]] = [HEAD]
    for figure in figures:
        lines += [(), (f"{figure.name}; ratio against: {figure.baseline}",)]
        lines += [_cells(row, figure.unit) for row in figure.rows]
    widths = [
        max(len(cells[column]) for cells in lines if len(cells) == len(HEAD))
        for column in range(len(HEAD))
    ]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=False))
        ).rstrip()
        for cells in lines
    )


def _cells(row: Row, unit: str) -> tuple[str, ...]:
    verdict = {True: ", met", False: ", MISSED", None: ""}[row.met]
    return (
        f"  {row.name}",
        f"{_number(row.value.median)} {unit if row.unit is None else row.unit}".rstrip(),
        _range(row.value),
        "" if row.cpu_ms is None else f"{row.cpu_ms:.2f}",
        "" if row.ratio is None else f"{_number(row.ratio.median)}x ({_range(row.ratio)})",
        "" if row.cpu_ratio is None else f"{_number(row.cpu_ratio)}x",
        f"{row.aim}{verdict}" if row.aim else "",
    )


def _range(spread: Spread) -> str:
    return f"{_number(spread.low)} to {_number(spread.high)}"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
