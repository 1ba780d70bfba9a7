"""Producing load, bounded in count and time, in rounds that take turns."""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.processes import Server, cpu_seconds
from bench.wire import Connection

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

SECONDS = 2.0
"""How long one round of load lasts at most."""
MOST = 10_000
"""How many requests it has at most."""
PATIENCE = 30.0
"""Seconds after which a round that should be over has failed."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round brought.

    `cpu` is what the measured processes used, in seconds (None where the system does not tell),
    `load_cpu` what the load and the stand-ins used on the other core.
    """

    count: int
    seconds: float
    cpu: float | None
    load_cpu: float

    @property
    def rate(self) -> float:
        """How many per second."""
        return self.count / self.seconds


@dataclass
class Subject:
    """Something measured. `run` is one round; `servers` are awake only during its rounds."""

    name: str
    run: Callable[[], Awaitable[Round]]
    servers: Sequence[Server] = ()
    rounds: list[Round] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """The median of the rounds."""
        return statistics.median(r.rate for r in self.rounds)

    @property
    def cpu_ms(self) -> float | None:
        """Median CPU milliseconds for one."""
        known = [1000 * r.cpu / r.count for r in self.rounds if r.cpu is not None]
        return statistics.median(known) if known else None


async def take_turns(subjects: Sequence[Subject], rounds: int) -> None:
    """Run a warm-up of each subject, then `rounds` of each, in turns.

    Turns, so that whatever else the machine does meets all alike. The servers of the others are
    stopped meanwhile, so that an idle one takes nothing from the one that is measured.
    """
    for number in range(rounds + 1):
        for subject in subjects:
            for other in subjects:
                for server in other.servers:
                    server.pause()
            for server in subject.servers:
                server.resume()
            result = await subject.run()
            if number > 0:
                subject.rounds.append(result)
    for subject in subjects:
        for server in subject.servers:
            server.resume()


async def post_round(
    server: Server,
    path: str,
    next_request: Callable[[], tuple[str, bytes]],
    *,
    at_once: int,
    also: Iterable[int] = (),
) -> Round:
    """Send requests to a server, `at_once` at a time, each as soon as the one before is answered.

    `next_request` gives headers (complete lines) and body. `also` are processes that work for the
    server, counted into its CPU time (Redis). Raises ServerFailed at the first answer that is not
    a success.
    """
    left = MOST
    end = time.perf_counter() + SECONDS

    async def send(connection: Connection) -> int:
        nonlocal left
        done = 0
        while left > 0 and time.perf_counter() < end:
            left -= 1
            status, answer = await connection.post(path, *next_request())
            if status not in {200, 201}:
                raise server.failure(f"answered {answer[:500]!r}")
            done += 1
        return done

    pids = [server.process.pid, *also]
    try:
        async with asyncio.timeout(SECONDS + PATIENCE), AsyncExitStack() as stack:
            connections = [await Connection.open(server.host) for _ in range(at_once)]
            for connection in connections:
                stack.callback(connection.close)
            before = [cpu_seconds(pid) for pid in pids]
            began, own = time.perf_counter(), time.process_time()
            counts = await asyncio.gather(*map(send, connections))
            seconds, own = time.perf_counter() - began, time.process_time() - own
            after = [cpu_seconds(pid) for pid in pids]
    except (OSError, TimeoutError) as error:
        raise server.failure(f"gave no answer ({type(error).__name__})") from error
    spent = [b - a for a, b in zip(before, after, strict=True) if a is not None and b is not None]
    cpu = sum(spent) if len(spent) == len(pids) else None
    return Round(sum(counts), seconds, cpu, own)
