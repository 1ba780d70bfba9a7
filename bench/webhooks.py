"""Webhook events accepted per second on one core, beside a bare handler.

Redis shares the core and counts. The product is measured with the worker elsewhere (`serve
--no-worker`) and with it in the same process, where it competes for the core.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from bench.figure import Figure, rate_row
from bench.load import Subject, post_round, take_turns
from bench.people import WEBHOOK_SECRET, Zoom, connect_people
from bench.processes import ServerFailed, serving
from bench.product import product
from sync.store.connection import connect
from sync.store.people import PeopleStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bench.load import Round
    from bench.processes import Server
    from bench.stage import Stage

AT_ONCE = 16
PEOPLE = 200


async def measure(stage: Stage) -> Figure:
    """Measure it. Raises ServerFailed."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        alone = await enter(_product(stage, 1, worker=False))
        whole = await enter(_product(stage, 2, worker=True))
        bare = _subject(stage, "bare handler", await enter(bare_server(stage, 3)), "/event")
        subjects = [alone, whole, bare]
        await take_turns(subjects, stage.rounds)
    return Figure(
        name="Webhook events accepted per second, one core",
        unit="/s",
        baseline=bare.name,
        rows=[rate_row(subject, bare) for subject in subjects],
    )


def bare_server(stage: Stage, database: int) -> AsyncIterator[Server]:
    """Run bench.servers.bare."""
    arguments = ["-m", "bench.servers.bare", "{port}", stage.redis_url(database), WEBHOOK_SECRET]
    arguments.append(f"{stage.world.graph_url}/arrived")
    return serving("bare server", arguments, {}, stage.folder)
