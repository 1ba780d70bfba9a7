"""Two workers on one Redis: writes per CPU-second of the workers, beside one worker."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from bench.figure import Figure, Row, Spread, count_row
from bench.load import Subject, take_turns
from bench.product import NO_LIMIT, limited
from bench.waves import waves
from bench.writes import PEOPLE, one_wave

if TYPE_CHECKING:
    from bench.load import Round
    from bench.processes import Server
    from bench.stage import Stage

AIM = 0.9


async def measure(stage: Stage) -> Figure:
    """Measure it. Raises ServerFailed."""
    twice = 0
    async with AsyncExitStack() as stack:

        async def team(name: str, size: int) -> Subject:
            """So many workers on a Redis of their own: they hear what is said there."""
            redis = await stack.enter_async_context(stage.redis(f"workers-{size}"))
            people = await stack.enter_async_context(waves(stage, redis.url, PEOPLE))
            workers: list[Server] = []
            for number in range(1, size + 1):
                start = limited(stage, redis.url, NO_LIMIT, name=f"worker {number} of {size}")
                workers.append(await stack.enter_async_context(start))
                # Each meets everybody once alone: who comes first to a person opens their tokens.
                await one_wave(stage, people, workers[-1:], redis.pid)
                workers[-1].pause()

            async def run() -> Round:
                nonlocal twice
                result = await one_wave(stage, people, workers, redis.pid)
                twice += people.twice()
                return result

            return Subject(name, run, workers)

        one, two = await team("one worker", 1), await team("two workers", 2)
        await take_turns([two, one], stage.rounds)
    return Figure(
        name="Two workers on one Redis: writes per CPU-second of the workers",
        unit="/s",
        baseline=one.name,
        rows=[_row(two, one), _row(one, None), count_row("people written twice", twice, "")],
    )


def _row(subject: Subject, baseline: Subject | None) -> Row:
    rates = _per_cpu_second(subject)
    ratio = None if baseline is None else Spread.ratio(rates, _per_cpu_second(baseline))
    return Row(
        name=subject.name,
        value=Spread.of(rates),
        cpu_ms=subject.cpu_ms(without_redis=True),
        ratio=ratio,
        aim=None if ratio is None else f"at least {AIM:g}x",
        met=None if ratio is None else ratio.median >= AIM,
    )


def _per_cpu_second(subject: Subject) -> list[float]:
    return [1000 / (r.cpu_ms(without_redis=True) or r.seconds / r.count) for r in subject.rounds]
