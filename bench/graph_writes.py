"""The hot Graph write, setPresence: our client, Microsoft's SDK, and a bare aiohttp POST."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from bench.figure import Figure, rate_row
from bench.load import Round, Subject, take_turns
from bench.processes import ServerFailed, environment, pin, server_core

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bench.stage import Stage

NAMES = {
    "bare": "bare aiohttp POST",
    "ours": "Presence Bridge's client",
    "sdk": "msgraph-sdk, default path",
}
CALLS = {"ours": 2000, "sdk": 500, "bare": 2000}
"""In one round: about as long for each way."""
_WITHIN = 60.0


async def measure(stage: Stage) -> Figure:
    """Measure it. Raises ServerFailed."""
    async with AsyncExitStack() as stack:
        subjects = {way: await stack.enter_async_context(caller(stage, way)) for way in NAMES}
        await take_turns(list(subjects.values()), stage.rounds)
    sdk = subjects["sdk"]
    return Figure(
        name="Graph setPresence calls per second, one core",
        unit="/s",
        baseline=sdk.name,
        rows=[rate_row(subject, sdk) for subject in subjects.values()],
    )


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
            async with asyncio.timeout(_WITHIN):
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
