"""Running something until somebody stops it: signals, servers, the Redis it stands on."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from typing import TYPE_CHECKING

import structlog

from launch.stopping import gently
from launch.strangers import QUEUE, Rules, Runner
from service.embedded_redis import answers, embedded_redis, running_redis
from service.redis_file import FileKeeper
from service.redis_folder import EmbeddedRedisError, FolderInUse
from sync.redis import keys
from sync.redis.connection import raise_if_cancelled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import web

    from service.settings import Settings

log = structlog.get_logger()

SHUTDOWN_SECONDS = 10.0
"""How long what is in hand may take to finish."""

_OTHER_SECONDS = 15.0
_OTHER_PAUSE = 0.05


@contextlib.asynccontextmanager
async def redis_of(settings: Settings) -> AsyncIterator[str]:
    """The Redis of the settings, or an embedded one whose end ends the process."""
    if settings.redis_url is not None:
        if settings.redis_risk is not None:
            log.warning("redis_can_be_overheard", reason=settings.redis_risk)
        yield settings.redis_url.get_secret_value()
        return
    async with embedded_redis(settings.data_dir) as redis, asyncio.TaskGroup() as group:

        async def watch() -> None:
            raise EmbeddedRedisError(await redis.wait_dead())

        watcher = group.create_task(watch(), name="embedded-redis")
        async with _file_kept(redis.url):
            yield redis.url
        watcher.cancel()


@contextlib.asynccontextmanager
async def _file_kept(url: str) -> AsyncIterator[None]:
    keeper = FileKeeper(url, keys.ERASED)
    task = asyncio.create_task(keeper.run(), name="redis-file")
    try:
        yield
    finally:
        await end(task)
        await keeper.finish()


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task until it ends.

    wait_for of Python 3.11, with which redis-py sends, may swallow a cancellation.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=1)


@contextlib.asynccontextmanager
async def redis_at_hand(settings: Settings) -> AsyncIterator[str]:
    """The Redis of the settings, for a command: an embedded one is that of a running bot, if any.

    Without one it is started for as long as the block runs. Raises EmbeddedRedisError.
    """
    async with contextlib.AsyncExitStack() as stack:
        yield await _readable(settings, stack)


async def _readable(settings: Settings, stack: contextlib.AsyncExitStack) -> str:
    if settings.redis_url is not None:
        return settings.redis_url.get_secret_value()
    give_up = time.monotonic() + _OTHER_SECONDS
    while True:
        try:
            look = embedded_redis(settings.data_dir, briefly=True)
            return (await stack.enter_async_context(look)).url
        except FolderInUse:
            url = running_redis(settings.data_dir)
            if url is not None and await answers(url):
                return url
            if time.monotonic() > give_up:
                raise
        await asyncio.sleep(_OTHER_PAUSE)  # the other one starts or ends


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


def keep_what_is_there() -> None:
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
