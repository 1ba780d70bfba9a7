"""`python -m bench`: measure, print one table, and write build/bench.json beside it.

Nothing leaves this machine. A server that does not start is reported with the end of its log, the
other figures are measured all the same, and the exit code is 1. A missed aim is only said.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from bench import chat, graph_writes, latency, webhooks
from bench.figure import Figure
from bench.processes import ROOT, ServerFailed
from bench.report import load_average, machine, table
from bench.stage import empty_redis, stage
from service import logs

FIGURES = {
    "chat": chat.measure,
    "latency": latency.measure,
    "graph": graph_writes.measure,
    "webhooks": webhooks.measure,
}


@click.command()
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 50))
@click.option("--only", multiple=True, type=click.Choice(list(FIGURES)), help="Repeatable.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=ROOT / "build" / "bench.json",
    help="Where to write the results.  [default: build/bench.json]",
)
def main(rounds: int, only: tuple[str, ...], output: Path) -> None:
    """Measure Presence Bridge beside what one would otherwise use."""
    logs.configure(level="error")
    sys.exit(asyncio.run(_measure(rounds, only or tuple(FIGURES), output)))


async def _measure(rounds: int, names: tuple[str, ...], output: Path) -> int:
    began, load_before = time.monotonic(), load_average()
    figures: list[Figure] = []
    failures: list[str] = []
    async with stage(rounds) as ready:
        for name in names:
            print(f"Measuring: {name} ...", file=sys.stderr, flush=True)
            redis = await empty_redis(ready)
            try:
                figures.append(await FIGURES[name](ready))
            except ServerFailed as failure:
                failures.append(str(failure))
    print(table(figures))
    results = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine() | {"redis_server": redis},
        "load_average_before": load_before,
        "rounds": rounds,
        "seconds": round(time.monotonic() - began),
        "figures": [figure.as_json() for figure in figures],
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(results, indent=2) + "\n")
    for failure in failures:
        print(f"\nNOT MEASURED: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    main()
