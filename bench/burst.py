"""A burst: many people change at once, under Microsoft's real quota, in a tenth of the time.

Both sides are compressed alike: Graph's window, which the stand-in keeps exactly, and the worker's
budget. What the worker itself needs is not, so this is harder than the real thing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bench.figure import Figure, Row, Spread, count_row
from bench.load import Stopwatch
from bench.product import limited
from bench.waves import waves
from domain.budget import CELL_MS, LIMIT, WINDOW_MS, Limits

if TYPE_CHECKING:
    from bench.stage import Stage

SIZES = (1_000, 10_000)
FASTER = 10
COMPRESSED = Limits.of(LIMIT, WINDOW_MS // FASTER, CELL_MS // FASTER)
PER_SECOND = LIMIT / (COMPRESSED.window_ms / 1000)
AIM = 1.10
PATIENCE = 5
"""How many times the time that was aimed at may pass before the burst has failed."""


async def measure(stage: Stage) -> Figure:
    """Measure it, once for each size. Raises ServerFailed."""
    rows = []
    for size in SIZES:
        rows += await _burst(stage, range(size))
    return Figure(
        name=f"A burst under Graph's quota, time compressed {FASTER} times",
        unit="s",
        baseline=f"N / 50 per second, compressed: N / {PER_SECOND:.0f} per second",
        rows=rows,
    )


async def _burst(stage: Stage, people: range) -> list[Row]:
    size, graph = len(people), stage.world.graph
    async with (
        stage.redis("burst") as redis,
        waves(stage, redis.url, people) as crowd,
        limited(stage, redis.url, COMPRESSED) as worker,
    ):
        await crowd.idle()
        graph.begin()
        await crowd.offer(people)  # once before: a worker that runs has opened people's tokens
        await crowd.written(people, within=PATIENCE * size / PER_SECOND + 5)
        await asyncio.sleep(2 * COMPRESSED.window_ms / 1000)
        graph.begin(limit=LIMIT, window=COMPRESSED.window_ms / 1000)
        watch = Stopwatch([worker], redis.pid)
        await crowd.offer(people)
        least = size / PER_SECOND
        await crowd.written(people, within=PATIENCE * least + 5)
        result = watch.stop(size)
        seconds = graph.last - watch.began
        refused, twice, most = graph.refused, crowd.twice(), max(graph.writes.values())
    ratio = seconds / least
    return [
        Row(
            name=f"{size:,} people, until the last is written",
            value=Spread(seconds, seconds, seconds),
            cpu_ms=result.cpu_ms(),
            ratio=Spread(ratio, ratio, ratio),
            busy=None if result.cpu is None else result.cpu / result.seconds,
            load_busy=result.load_cpu / result.seconds,
            aim=f"at most {AIM:.2f}x",
            met=ratio <= AIM,
        ),
        count_row("  answers 429", refused, ""),
        count_row("  people written more than once", twice, ""),
        Row("  most writes for one person", Spread(most, most, most), unit=""),
    ]
