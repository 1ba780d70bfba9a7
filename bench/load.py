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
    from collections.abc import Awaitable, Callable, Sequence

SECONDS = 2.0
"""How long one round of load lasts at most."""
MOST = 10_000
"""How many requests it has at most."""
PATIENCE = 30.0
"""Seconds after which a round that should be over has failed."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round brought.

    `cpu` is what the measured processes used, in seconds (None where the system does not tell), of
    which Redis used `redis_cpu`; `load_cpu` is what the load and the stand-ins used on the other
    core.
    """

    count: int
    seconds: float
    cpu: float | None
    load_cpu: float
    redis_cpu: float | None = None

    @property
    def rate(self) -> float:
        """How many per second."""
        return self.count / self.seconds

    def cpu_ms(self, *, without_redis: bool = False) -> float | None:
        """CPU milliseconds for one."""
        if self.cpu is None:
            return None
        return 1000 * (self.cpu - (self.redis_cpu or 0 if without_redis else 0)) / self.count


class Stopwatch:
    """Time from `began`, when it is made, to `stop`: on the clock, of servers, Redis and us."""

    def __init__(self, servers: Sequence[Server], redis: int | None = None) -> None:
        self._pids = [server.process.pid for server in servers]
        self._redis = redis
        self._cpu = self._used()
        self.began, self._own = time.perf_counter(), time.process_time()

    def stop(self, count: int) -> Round:
        """What was measured, as a round of `count` things."""
        seconds, own = time.perf_counter() - self.began, time.process_time() - self._own
        (servers, redis), (servers_before, redis_before) = self._used(), self._cpu
        used = None if servers is None or servers_before is None else servers - servers_before
        if redis is None or redis_before is None:
            return Round(count, seconds, used, own)
        of_redis = redis - redis_before
        return Round(count, seconds, None if used is None else used + of_redis, own, of_redis)

    def _used(self) -> tuple[float | None, float | None]:
        known = [cpu for pid in self._pids if (cpu := cpu_seconds(pid)) is not None]
        redis = None if self._redis is None else cpu_seconds(self._redis)
        return sum(known) if len(known) == len(self._pids) else None, redis


@dataclass
class Subject:
    """Something measured. `run` is one round; `servers` are awake only during its rounds."""

    name: str
    run: Callable[[], Awaitable[Round]]
    servers: Sequence[Server] = ()
    rounds: list[Round] = field(default_factory=list)

    def cpu_ms(self, *, without_redis: bool = False) -> float | None:
        """Median CPU milliseconds for one."""
        times = (r.cpu_ms(without_redis=without_redis) for r in self.rounds)
        known = [ms for ms in times if ms is not None]
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
    redis: int | None = None,
) -> Round:
    """Send requests to a server for a while, as `post_many` does.

    `redis` is the process id of the server's Redis, counted into its CPU time.
    """
    watch = Stopwatch([server], redis)
    count = await post_many(server, path, next_request, at_once=at_once, seconds=SECONDS)
    return watch.stop(count)


async def post_many(
    server: Server,
    path: str,
    next_request: Callable[[], tuple[str, bytes]],
    *,
    at_once: int,
    seconds: float,
    most: int = MOST,
) -> int:
    """Send requests to a server, `at_once` at a time, each as soon as the one before is answered.

    `next_request` gives headers (complete lines) and body. Ends after `seconds` or `most` requests;
    returns their number. Raises ServerFailed at the first answer that is not a success.
    """
    left = most
    end = time.perf_counter() + seconds

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

    try:
        async with asyncio.timeout(seconds + PATIENCE), AsyncExitStack() as stack:
            connections = [await Connection.open(server.host) for _ in range(at_once)]
            for connection in connections:
                stack.callback(connection.close)
            return sum(await asyncio.gather(*map(send, connections)))
    except (OSError, TimeoutError) as error:
        raise server.failure(f"gave no answer ({type(error).__name__})") from error
