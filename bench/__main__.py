"""`python -m bench`: measure, print one table, and write build/bench.json beside it.

Nothing leaves this machine. A server that does not start is reported with the end of its log, the
other figures are measured all the same, and the exit code is 1. A missed aim is only said.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench import (
    app_writes,
    burst,
    chat,
    latency,
    matching,
    scale,
    start,
    webhooks,
    workers,
    writes,
)
from bench.processes import ROOT, ServerFailed
from bench.report import load_average, machine, table
from bench.stage import redis_version, stage
from bench.truth import figure as truth
from service import logs

if TYPE_CHECKING:
    from bench.figure import Figure

FIGURES = {
    "start": start.measure,
    "chat": chat.measure,
    "latency": latency.measure,
    "webhooks": webhooks.measure,
    "writes": writes.measure,
    "app-writes": app_writes.measure,
    "burst": burst.measure,
    "workers": workers.measure,
    "scale": scale.measure,
    "matching": matching.measure,
    "truth": truth.measure,
}
PICTURES = ROOT / "docs" / "pictures"

QUICK = 2


@click.command()
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 50))
@click.option("--quick", is_flag=True, help="Two rounds: enough to see an order of magnitude.")
@click.option("--only", multiple=True, type=click.Choice(list(FIGURES)), help="Repeatable.")
@click.option("--full", is_flag=True, help="Also days of 30,000 to 200,000 people: two hours.")
@click.option("--plots", is_flag=True, help="Draw the pictures of docs/performance.md anew.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=ROOT / "build" / "bench.json",
    help="Where to write the results.  [default: build/bench.json]",
)
def main(
    rounds: int, quick: bool, only: tuple[str, ...], full: bool, plots: bool, output: Path
) -> None:
    """Measure Presence Bridge beside what one would otherwise use."""
    logs.configure(level="error")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # like Ctrl-C: end the servers first
    figures, failures, about = asyncio.run(
        _measure(
            only or tuple(FIGURES),
            min(rounds, QUICK) if quick else rounds,
            full=full,
            plots=PICTURES if plots else None,
        )
    )
    print(table(figures))
    output.parent.mkdir(parents=True, exist_ok=True)
    results = about | {"figures": [figure.as_json() for figure in figures]}
    output.write_text(json.dumps(results, indent=2) + "\n")
    for what in failures:
        print(f"\nNOT MEASURED: {what}", file=sys.stderr)
    sys.exit(1 if failures else 0)


async def _measure(
    names: tuple[str, ...], rounds: int, *, full: bool, plots: Path | None
) -> tuple[list[Figure], list[str], dict[str, Any]]:
    """Figures, what went wrong, and what the figures depend on."""
    began, load_before = time.monotonic(), load_average()
    figures: list[Figure] = []
    failures: list[str] = []
    took: dict[str, int] = {}
    async with stage(rounds, full=full, plots=plots) as ready:
        redis = await redis_version(ready)
        for name in names:
            print(f"Measuring: {name} ...", end="", file=sys.stderr, flush=True)
            figure_began = time.monotonic()
            try:
                figures.append(await FIGURES[name](ready))
            except ServerFailed as failure:
                failures.append(str(failure))
            took[name] = round(time.monotonic() - figure_began)
            print(f" {took[name]} s", file=sys.stderr, flush=True)
    about = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine() | {"redis_server": redis},
        "load_average_before": load_before,
        "load_average_after": load_average(),
        "rounds": rounds,
        "seconds": round(time.monotonic() - began),
        "seconds_each": took,
    }
    return figures, failures, about


if __name__ == "__main__":
    main()
