"""Presence writes per second by the application's own token, beside the bare client of `writes`.

Nobody has signed in: one token is for everybody, and no vault is opened. So the first write for
each person is measured, too: other people in every round, who have never been written for.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING

from bench.figure import Figure, rate_row
from bench.load import Subject, take_turns
from bench.people import start_people
from bench.product import NO_LIMIT, limited
from bench.waves import Waves, waves
from bench.writes import caller, one_wave, worker_alone

if TYPE_CHECKING:
    from bench.load import Round
    from bench.stage import Stage

SIZE = 3000
"""Who becomes due in one round."""
AIM = 0.6


async def measure(stage: Stage) -> Figure:
    """Measure it. Raises ServerFailed."""
    everybody = range(SIZE * (stage.rounds + 2))
    known, *others = (range(start, start + SIZE) for start in everybody[::SIZE])
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(stage.redis("app-writes"))
        start = partial(start_people, redis.url)
        first = await stack.enter_async_context(waves(stage, redis.url, everybody, connect=start))
        stage.world.authorised = True
        stack.callback(setattr, stage.world, "authorised", False)
        worker = await stack.enter_async_context(limited(stage, redis.url, NO_LIMIT))
        bare = await stack.enter_async_context(caller(stage, "bare"))
        later, fresh = Waves(first.client, stage.world.graph), iter(others)
        await first.went_over_everybody(covered=True)
        await one_wave(stage, later, [worker], redis.pid, known)

        async def never_written() -> Round:
            # Everybody's first: always the same one of two presences.
            return await one_wave(
                stage, Waves(first.client, stage.world.graph), [worker], redis.pid, next(fresh)
            )

        firsts = Subject("Presence Bridge, its first write for each", never_written, [worker])
        again = Subject(
            "Presence Bridge, later ones",
            lambda: one_wave(stage, later, [worker], redis.pid, known),
            [worker],
        )
        await take_turns([firsts, again, bare], stage.rounds)
    return Figure(
        name="Presence writes per second by the application's token, one core",
        unit="/s",
        baseline=bare.name,
        rows=[
            rate_row(firsts, bare, at_least=AIM),
            *worker_alone(firsts, bare),
            rate_row(again, bare, at_least=AIM),
            *worker_alone(again, bare),
            rate_row(bare, bare),
        ],
    )
