"""Running something until somebody stops it: signals, and servers."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from typing import TYPE_CHECKING

import structlog

from launch.server import QUEUE, Rules, Runner
from launch.stopping import gently
from sync.redis.connection import raise_if_cancelled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import web

log = structlog.get_logger()

SHUTDOWN_SECONDS = 10.0
"""How long what is in hand may take to finish."""


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task until it ends.

    wait_for of Python 3.11, with which redis-py sends, may swallow a cancellation.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=1)


@contextlib.asynccontextmanager
async def running(
    app: web.Application, host: str, port: int, rules: Rules | None = None
) -> AsyncIterator[int]:
    """Serve an application while the block runs; gives the port (chosen when it was 0)."""
    rules = rules or Rules()
    runner = Runner(app, rules, shutdown_timeout=SHUTDOWN_SECONDS)
    try:
        await runner.setup()
        assert runner.server is not None  # noqa: S101 - it was set up
        async with _listening(runner.server, host, port, rules) as chosen:
            yield chosen
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def _listening(
    protocols: web.Server, host: str, port: int, rules: Rules
) -> AsyncIterator[int]:
    """Take in connections. Listening ends at once; what goes on over them is the runner's."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocols, host, port, backlog=rules.at_once)
    try:
        for taking in server.sockets:
            with taking.dup() as same:
                same.listen(QUEUE)  # asyncio has one number for both, the queue and at once
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


@contextlib.asynccontextmanager
async def until_signal() -> AsyncIterator[None]:
    """Run the block until Ctrl-C or SIGTERM, however far it has come; then let it clean up."""
    loop, task, asked = asyncio.get_running_loop(), asyncio.current_task(), False

    def stop() -> None:
        nonlocal asked
        if not asked and task is not None:
            asked = True
            task.cancel()  # before a word is said: nobody may be there to hear it
            log.info("stopping")

    with gently(loop, stop):
        try:
            yield
        except asyncio.CancelledError:
            if not asked or (task is not None and task.uncancel() > 0):
                raise


YOUNG = 20_000
"""New objects after which those that nobody needs any more are looked for in cycles."""


def freeze_garbage_collector() -> None:
    """Leave what the start made, libraries above all, out of every search for garbage.

    Looking through it all would stop everything for a tenth of a second, again and again. Not even
    once: imports leave next to no garbage.
    """
    gc.freeze()
    gc.set_threshold(YOUNG)


async def forever() -> None:
    """Wait; only cancellation ends it."""
    raise_if_cancelled()  # during the start
    await asyncio.get_running_loop().create_future()
