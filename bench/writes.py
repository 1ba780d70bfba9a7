"""Presence writes per second on one core, from due to acknowledged, beside bare clients.

Many people become due at once while the worker is stopped. Then it goes on: it claims them, plans,
takes from the quota (a budget that nobody uses up), sends, and gives them back.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from bench.figure import Figure, Row, Spread, rate_row
from bench.load import Round, Stopwatch, Subject, take_turns
from bench.processes import ServerFailed, environment, pin, server_core
from bench.product import NO_LIMIT, limited
from bench.waves import waves

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from bench.processes import Server
    from bench.stage import Stage
    from bench.waves import Waves

PEOPLE = range(3000)
"""Who becomes due in one round."""
CALLS = {"ours": 3000, "sdk": 500, "bare": 5000}
"""In one round, of each way to send without an engine."""
NAMES = {
    "ours": "Presence Bridge's client alone",
    "bare": "bare aiohttp client",
    "sdk": "msgraph-sdk, default client",
}
AIM_BARE, AIM_SDK = 0.5, 6
WITHIN = 60.0
"""Seconds after which a round has failed."""


async def measure(stage: Stage) -> Figure:
    """Measure it. Raises ServerFailed."""
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(stage.redis("writes"))
        people = await stack.enter_async_context(waves(stage, redis.url, PEOPLE))
        worker = await stack.enter_async_context(limited(stage, redis.url, NO_LIMIT))
        await people.went_over_everybody()
        opened = Subject("", lambda: one_wave(stage, people, [worker], redis.pid))
        opened.rounds.append(await opened.run())
        engine = Subject("Presence Bridge, from due to acknowledged", opened.run, [worker])
        callers = {way: await stack.enter_async_context(caller(stage, way)) for way in NAMES}
        await take_turns([engine, *callers.values()], stage.rounds)
    bare, sdk = callers["bare"], callers["sdk"]
    return Figure(
        name="Presence writes per second, one core",
        unit="/s",
        baseline=bare.name,
        rows=[
            rate_row(engine, bare, at_least=AIM_BARE),
            rate_row(engine, sdk, name="  the same, against msgraph-sdk", at_least=AIM_SDK),
            *worker_alone(engine, bare),
            Row("  its first write for each, tokens opened", _rates(opened), opened.cpu_ms()),
            *(rate_row(subject, bare) for subject in callers.values()),
        ],
    )


async def one_wave(
    stage: Stage, people: Waves, workers: list[Server], redis: int, whom: Sequence[int] = PEOPLE
) -> Round:
    """All of these become due while the workers are stopped; then time runs until all are done.

    Raises ServerFailed, also when somebody was written more than once.
    """
    await people.idle()
    for worker in workers:
        worker.pause()
    stage.world.graph.begin()
    await people.offer(whom)
    watch = Stopwatch(workers, redis)
    for worker in workers:
        worker.resume()
    await people.written(whom, within=WITHIN)
    result = watch.stop(len(whom))
    if len(workers) == 1 and people.twice():
        raise workers[0].failure(f"{people.twice()} people were written twice")
    return result


def _rates(subject: Subject) -> Spread:
    return Spread.of([r.rate for r in subject.rounds])


def worker_alone(engine: Subject, bare: Subject) -> list[Row]:
    """The worker's own share of the CPU time, as if Redis had a core of its own."""
    own, other = engine.cpu_ms(without_redis=True), bare.cpu_ms()
    rates = [1000 / ms for r in engine.rounds if (ms := r.cpu_ms(without_redis=True))]
    if not own or not other or not rates:
        return []
    name = "  the worker alone: writes per CPU-second"
    return [Row(name, Spread.of(rates), own, cpu_ratio=other / own)]


@asynccontextmanager
async def caller(stage: Stage, way: str) -> AsyncIterator[Subject]:
    """Run bench.servers.graph_caller on the servers' core while the block runs.

    It is idle between its rounds (it waits for a line), so it need not be paused.
    """
    name, folder = NAMES[way], stage.folder
    log = folder / f"graph-caller-{way}.log"
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.servers.graph_caller", way, stage.world.graph_url),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=folder,
            env=environment(),
            start_new_session=True,
        )
    pin(process.pid, server_core())
    to, back = process.stdin, process.stdout
    assert to is not None
    assert back is not None

    async def line() -> str:
        try:
            async with asyncio.timeout(WITHIN):
                said = (await back.readline()).decode()
        except TimeoutError:
            said = ""
        if not said:
            raise ServerFailed(f"{name} ended or hangs. Its log:\n{log.read_text()[-2000:]}")
        return said

    async def run() -> Round:
        own = time.process_time()
        to.write(b"%d\n" % CALLS[way])
        result = json.loads(await line())
        own = time.process_time() - own
        return Round(int(result["count"]), result["seconds"], result["cpu"], own)

    try:
        await line()
        yield Subject(name, run)
    finally:
        if process.returncode is None:
            process.kill()  # it holds nothing that would have to be put in order
            await process.wait()
