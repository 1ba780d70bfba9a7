"""Producing load, bounded in count and time, in rounds that take turns."""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiohttp

from bench.processes import Server, cpu_seconds

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

SECONDS = 2.0
"""How long one round of load lasts at most."""
MOST = 4000
"""How many requests it has at most."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round brought. `cpu` is in seconds, None where the system does not tell."""

    count: int
    seconds: float
    cpu: float | None

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
    session: aiohttp.ClientSession,
    path: str,
    next_request: Callable[[], tuple[bytes, dict[str, str]]],
    *,
    at_once: int,
    also: Iterable[int] = (),
) -> Round:
    """Send requests to a server, `at_once` at a time, each as soon as the one before is answered.

    `also` are processes that work for the server, counted into its CPU time (Redis). Raises
    ServerFailed at the first answer that is not a success.
    """
    url = f"{server.base}{path}"
    left = MOST
    end = time.perf_counter() + SECONDS

    async def send() -> int:
        nonlocal left
        done = 0
        while left > 0 and time.perf_counter() < end:
            left -= 1
            body, headers = next_request()
            async with session.post(url, data=body, headers=headers) as answer:
                if answer.status not in {200, 201}:
                    raise server.failure(f"answered {answer.status}: {await answer.text()}")
            done += 1
        return done

    pids = [server.process.pid, *also]
    before = [cpu_seconds(pid) for pid in pids]
    began = time.perf_counter()
    try:
        counts = await asyncio.gather(*(send() for _ in range(at_once)))
    except (aiohttp.ClientError, TimeoutError) as error:
        raise server.failure(f"gave no answer ({type(error).__name__})") from error
    seconds = time.perf_counter() - began
    after = [cpu_seconds(pid) for pid in pids]
    spent = [b - a for a, b in zip(before, after, strict=True) if a is not None and b is not None]
    return Round(sum(counts), seconds, sum(spent) if len(spent) == len(pids) else None)
