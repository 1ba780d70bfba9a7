"""Running applications until somebody stops them, and the processes of production."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from launch.application import SHUTDOWN_SECONDS, application
from launch.strangers import server_log
from service.embedded_redis import EmbeddedRedisError, embedded_redis

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from service.settings import Settings

log = structlog.get_logger()


@contextlib.asynccontextmanager
async def redis_of(settings: Settings) -> AsyncIterator[str]:
    """The Redis of the settings, or an embedded one whose end ends the process."""
    if settings.redis_url is not None:
        yield settings.redis_url.get_secret_value()
        return
    async with embedded_redis(settings.data_dir) as redis, asyncio.TaskGroup() as group:

        async def watch() -> None:
            raise EmbeddedRedisError(await redis.wait_dead())

        watcher = group.create_task(watch(), name="embedded-redis")
        yield redis.url
        watcher.cancel()


@contextlib.asynccontextmanager
async def running(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serve an application while the block runs; gives the port (chosen when it was 0)."""
    runner = web.AppRunner(
        app, access_log=None, logger=server_log(), shutdown_timeout=SHUTDOWN_SECONDS
    )
    try:
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def until_signal() -> None:
    """Return at Ctrl-C or SIGTERM."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C raises by itself
            loop.add_signal_handler(number, asked.set)
    await asked.wait()


async def serve(settings: Settings, *, with_worker: bool) -> None:
    """Production in one process, until a signal. Workers may also run by themselves (`work`)."""
    async with redis_of(settings) as redis_url:
        app = await application(settings, redis_url, with_worker=with_worker)
        async with running(app, settings.host, settings.port) as port:
            log.info("started", host=settings.host, port=port, worker=with_worker)
            await until_signal()
            log.info("stopping")


async def work(settings: Settings) -> None:
    """A worker alone; without WORKER_PORT no port is opened."""
    assert settings.redis_url is not None  # noqa: S101 - the settings of this role demand it
    app = await application(settings, settings.redis_url.get_secret_value(), with_bot=False)
    if settings.worker_port is not None:
        async with running(app, settings.host, settings.worker_port) as port:
            log.info("worker_started", port=port)
            await until_signal()
        return
    runner = web.AppRunner(app)
    try:
        await runner.setup()
        log.info("worker_started", port=None)
        await until_signal()
    finally:
        await runner.cleanup()
