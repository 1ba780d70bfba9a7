"""What a person costs in Redis, and whether an event costs more among a million of them.

An event is a webhook, and all that follows until the person is acknowledged: `serve` with its
worker and Redis, under a budget that nobody uses up.
"""

from __future__ import annotations

import asyncio
import statistics
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.crowd import KEYS, copy_people
from bench.figure import Figure, Row, Spread
from bench.load import PATIENCE, Stopwatch, post_many
from bench.people import Zoom, connect_people
from bench.processes import ServerFailed
from bench.product import NO_LIMIT, limited
from bench.waves import Waves
from bench.writes import caller
from sync.redis.connection import connect

if TYPE_CHECKING:
    from bench.load import Round, Subject
    from bench.processes import Server
    from bench.stage import Stage
    from sync.redis.connection import Client

ACTIVE = 1000
"""People who have events, spread over all that were added last; only they have tokens."""
SIZES = (1_000, 100_000, 1_000_000)
AT_ONCE = 16
AIM_KB = 3.0
AIM_COST = 1.3
IDLE_SECONDS = 16.0
"""Longer than the product lets pass between two looks at its queue for its metrics."""


@dataclass
class _Size:
    """What was measured with so many people; `bare` are rounds of the yardstick."""

    people: int
    ours: list[Round] = field(default_factory=list)
    bare: list[Round] = field(default_factory=list)
    idle: float | None = None

    @property
    def cost(self) -> list[float]:
        """CPU milliseconds of an event, in each round."""
        return [ms for r in self.ours if (ms := r.cpu_ms()) is not None]

    @property
    def relative(self) -> float:
        """An event's cost in calls of the bare client, whatever the machine does meanwhile."""
        theirs = [ms for r in self.bare if (ms := r.cpu_ms()) is not None]
        return statistics.median(self.cost) / statistics.median(theirs)


async def measure(stage: Stage) -> Figure:
    """Measure it. Raises ServerFailed."""
    sizes: list[_Size] = []
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(stage.redis("scale"))
        client = connect(redis.url)
        stack.push_async_callback(client.aclose)
        await client.config_set("appendonly", "no")
        yardstick = await stack.enter_async_context(caller(stage, "bare"))
        before, memory = 0, 0.0
        for people in SIZES:
            active = range(before, people, (people - before) // ACTIVE)
            await _connect(stage, client, redis.url, active)
            if before:
                others = [n for n in range(before, people) if n not in active]
                used = await _used(client)
                await copy_people(client, range(SIZES[0]), others)
                memory = (await _used(client) - used) / len(others)
            size = _Size(people)
            async with limited(stage, redis.url, NO_LIMIT, role="serve", name="serve") as server:
                run = _Run(stage, client, server, redis.pid, active)
                await run.measure(size, yardstick)
                if people == SIZES[-1]:
                    size.idle = await run.idle()
            sizes.append(size)
            before = people
    return Figure(
        name="Redis memory of a person, and the cost of an event among many people",
        unit="ms",
        baseline=f"{SIZES[0]:,} people",
        rows=[_memory_row(memory), *(_row(size, sizes[0]) for size in sizes), *_idle_row(sizes)],
    )


async def _connect(stage: Stage, client: Client, redis_url: str, active: range) -> None:
    """Connect those who will have events, and see that a person has the keys that are copied."""
    before = await client.dbsize()
    await connect_people(stage.world, redis_url, stage.token_key, active)
    new = await client.dbsize() - before
    if not KEYS < new / len(active) < KEYS + 2:  # and their tokens
        raise ServerFailed(
            f"a person has {new / len(active):.1f} keys: bench/crowd.py copies {KEYS}"
        )


async def _used(client: Client) -> int:
    return int((await client.info("memory"))["used_memory"])


class _Run:
    """The product with so many people in its Redis."""

    def __init__(
        self, stage: Stage, client: Client, server: Server, redis: int, active: range
    ) -> None:
        self._stage, self._server, self._redis, self._active = stage, server, redis, active
        self._waves = Waves(client, stage.world.graph)
        self._zoom = Zoom(active)

    async def measure(self, size: _Size, yardstick: Subject) -> None:
        """One round to warm up, in which tokens are opened, and then the rounds."""
        await self._calm()
        for number in range(self._stage.rounds + 1):
            self._stage.world.graph.begin()
            watch = Stopwatch([self._server], self._redis)
            await post_many(
                self._server,
                "/zoom/webhook",
                self._zoom.event,
                at_once=AT_ONCE,
                seconds=PATIENCE,
                most=len(self._active),
            )
            await self._waves.written(self._active, within=PATIENCE)
            result = watch.stop(len(self._active))
            bare = await yardstick.run()
            if number:
                size.ours.append(result)
                size.bare.append(bare)

    async def idle(self) -> float | None:
        """The share of a core that is used while nothing happens."""
        watch = Stopwatch([self._server], self._redis)
        await asyncio.sleep(IDLE_SECONDS)
        result = watch.stop(1)
        return None if result.cpu is None else result.cpu / result.seconds

    async def _calm(self) -> None:
        """Wait until the product has done what it does at its start."""
        await self._waves.idle()
        for _ in range(120):
            watch = Stopwatch([self._server], self._redis)
            await asyncio.sleep(0.5)
            result = watch.stop(1)
            if result.cpu is None or result.cpu / result.seconds < 0.1:
                return
        raise self._server.failure("is still busy a minute after its start")


def _memory_row(memory: float) -> Row:
    kilobytes = memory / 1000
    return Row(
        name="memory of a connected person, without tokens",
        value=Spread(kilobytes, kilobytes, kilobytes),
        unit="kB",
        aim=f"at most {AIM_KB:g} kB",
        met=kilobytes <= AIM_KB,
    )


def _row(size: _Size, smallest: _Size) -> Row:
    name = f"an event among {size.people:,} people: CPU with Redis"
    value = Spread.of(size.cost)
    if size is smallest:
        return Row(name, value, value.median)
    ratio = size.relative / smallest.relative
    return Row(
        name=name,
        value=value,
        cpu_ms=value.median,
        ratio=Spread(ratio, ratio, ratio),
        aim=f"at most {AIM_COST:g}x",
        met=ratio <= AIM_COST,
    )


def _idle_row(sizes: list[_Size]) -> list[Row]:
    last = sizes[-1]
    if last.idle is None:
        return []
    percent = 100 * last.idle
    name = f"idle with {last.people:,} people: share of a core"
    return [Row(name, Spread(percent, percent, percent), unit="%")]
