"""From a webhook delivery to the request at Graph, on an idle system, one event at a time.

Both ends are measured here: the moment before the delivery is written to the socket, and the moment
at which the Graph stand-in has the head of the request. The next event is sent when the one before
has arrived, was answered and is no longer in anybody's hands.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from bench.figure import Figure, Row, Spread
from bench.people import Zoom, connect_people
from bench.product import product
from bench.waves import settled
from bench.webhooks import bare_server
from bench.wire import Connection
from sync.redis.connection import connect

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bench.outside import Outside
    from bench.processes import Server
    from bench.stage import Stage

EVENTS = 100
"""In one round."""
WARM_UP = 60
PEOPLE = range(50)
WITHIN = 10.0
"""Seconds after which an event that did not arrive counts as lost, which ends the run."""
AIM_P50 = 3.0
"""Times the baseline's."""
AIM_P99 = 50.0
"""Milliseconds."""


@dataclass
class Path:
    """One way from a delivery to an arrival. `rounds` holds the milliseconds of each event."""

    name: str
    server: Server
    address: str
    settled: Callable[[], Awaitable[None]]
    zoom: Zoom = field(default_factory=lambda: Zoom(PEOPLE))
    rounds: list[list[float]] = field(default_factory=list)


async def measure(stage: Stage) -> Figure:
    """Measure it. Raises ServerFailed."""
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(stage.redis("ours"))
        await connect_people(stage.world, redis.url, stage.token_key, PEOPLE)
        client = connect(redis.url)
        stack.push_async_callback(client.aclose)
        ours = await stack.enter_async_context(product(stage, redis.url))
        redis = await stack.enter_async_context(stage.redis("bare"))
        bare = await stack.enter_async_context(bare_server(stage, redis.url))
        paths = [
            Path("Presence Bridge", ours, "/zoom/webhook", lambda: settled(client)),
            Path("two hops, one Redis round trip", bare, "/forward", _at_once),
        ]
        await take_turns(stage.world, paths, stage.rounds)
    return Figure(
        name="Webhook received to Graph request sent, idle system",
        unit="ms",
        baseline=paths[1].name,
        rows=[
            _row(paths[0], paths[1], 50, at_most=AIM_P50),
            _row(paths[0], paths[1], 99, below=AIM_P99),
            _row(paths[1], None, 50),
            _row(paths[1], None, 99),
        ],
    )


def _row(
    path: Path,
    baseline: Path | None,
    percent: int,
    *,
    at_most: float | None = None,
    below: float | None = None,
) -> Row:
    """A percentile of all events; its spread is that of the rounds' own percentiles.

    The aim is a ratio (`at_most`) or milliseconds (`below`).
    """
    whole, each = _percentiles(path, percent)
    ratio = aim = met = None
    if baseline is not None:
        theirs, each_of_theirs = _percentiles(baseline, percent)
        ratios = [a / b for a, b in zip(each, each_of_theirs, strict=True)]
        ratio = Spread(whole / theirs, min(ratios), max(ratios))
    if at_most is not None and ratio is not None:
        aim, met = f"at most {at_most:g}x", ratio.median <= at_most
    elif below is not None:
        aim, met = f"below {below:g} ms", whole < below
    return Row(
        name=f"{path.name}, p{percent}",
        value=Spread(whole, min(each), max(each)),
        ratio=ratio,
        aim=aim,
        met=met,
    )


def _percentiles(path: Path, percent: int) -> tuple[float, list[float]]:
    """Of all events together, and of each round."""

    def percentile(times: list[float]) -> float:
        return statistics.quantiles(times, n=100, method="inclusive")[percent - 1]

    return percentile(list(chain(*path.rounds))), [percentile(times) for times in path.rounds]


async def take_turns(world: Outside, paths: list[Path], rounds: int) -> None:
    """Run a short warm-up of each path, then `rounds` of each, in turns. Raises ServerFailed."""
    world.graph.keep_arrivals = True
    for number in range(rounds + 1):
        for path in paths:
            for other in paths:
                other.server.pause()
            path.server.resume()
            connection = await Connection.open(path.server.host)
            count = EVENTS if number else WARM_UP
            times = [await _one(world, connection, path) for _ in range(count)]
            connection.close()
            if number:
                path.rounds.append(times)
    world.graph.keep_arrivals = False
    for path in paths:
        path.server.resume()


async def _one(world: Outside, connection: Connection, path: Path) -> float:
    """Milliseconds from delivery to arrival."""
    headers, body = path.zoom.event()
    try:
        async with asyncio.timeout(WITHIN):
            began = time.perf_counter()
            status, answer = await connection.post(path.address, headers, body)
            if status != 200:
                raise path.server.failure(f"answered {answer[:500]!r}")
            arrived = await world.graph.arrivals.get()
            await path.settled()
    except (OSError, TimeoutError) as error:
        what = type(error).__name__
        raise path.server.failure(f"an event was not answered or got lost ({what})") from error
    return 1000 * (arrived - began)


async def _at_once() -> None:
    """Where nothing goes on after the arrival."""
