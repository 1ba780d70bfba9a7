"""From a webhook delivery to the request at Graph, on an idle system, one event at a time.

Both ends are measured here: the moment before the delivery is written to the socket, and the moment
at which the Graph stand-in has the head of the request. The next event is sent when the one before
has arrived, was answered and is no longer in anybody's hands.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.wire import Connection
from sync.store import keys

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bench.outside import Outside
    from bench.people import Zoom
    from bench.processes import Server
    from sync.store.connection import Client

EVENTS = 200
"""In one round."""
WARM_UP = 60
WITHIN = 10.0
"""Seconds after which an event that did not arrive counts as lost, which ends the run."""


@dataclass
class Path:
    """One way from a delivery to an arrival. `rounds` holds the milliseconds of each event."""

    name: str
    server: Server
    address: str
    request: Callable[[], tuple[str, bytes]]
    settled: Callable[[], Awaitable[None]]
    rounds: list[list[float]] = field(default_factory=list)


async def take_turns(world: Outside, paths: list[Path], rounds: int) -> None:
    """Run a short warm-up of each path, then `rounds` of each, in turns. Raises ServerFailed."""
    world.keep_arrivals = True
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
    world.keep_arrivals = False
    for path in paths:
        path.server.resume()


async def _one(world: Outside, connection: Connection, path: Path) -> float:
    """Milliseconds from delivery to arrival."""
    headers, body = path.request()
    try:
        async with asyncio.timeout(WITHIN):
            began = time.perf_counter()
            status, answer = await connection.post(path.address, headers, body)
            if status != 200:
                raise path.server.failure(f"answered {answer[:500]!r}")
            arrived = await world.arrivals.get()
            await path.settled()
    except (OSError, TimeoutError) as error:
        what = type(error).__name__
        raise path.server.failure(f"an event was not answered or got lost ({what})") from error
    return 1000 * (arrived - began)


def until_given_back(client: Client, zoom: Zoom) -> Callable[[], Awaitable[None]]:
    """Wait until no worker has the person of the last event in hand."""

    async def settled() -> None:
        key = keys.person(zoom.last_person)
        while await client.hexists(key, "lease"):
            await asyncio.sleep(0.001)

    return settled


async def at_once() -> None:
    """Where nothing goes on after the arrival."""
