"""The Redis of a process, and that of a command which looks at what a bot keeps, or changes it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from contextlib import aclosing
from typing import TYPE_CHECKING

import structlog
from redis.exceptions import AuthenticationError, AuthorizationError

from launch.lifetime import end
from service.embedded_redis import answers, embedded_redis, running_redis
from service.redis_file import FileKeeper
from service.redis_folder import EmbeddedRedisError, FolderInUse
from sync.redis import channels
from sync.redis.connection import REDIS_TROUBLE, connect
from sync.upgrade.data_version import check_rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from service.settings import Settings
    from sync.redis.connection import Client

log = structlog.get_logger()

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
    keeper = FileKeeper(url, channels.ERASED)
    task = asyncio.create_task(keeper.run(), name="redis-file")
    try:
        yield
    finally:
        await end(task)
        await keeper.finish()


@contextlib.asynccontextmanager
async def redis_for_command(settings: Settings) -> AsyncIterator[str]:
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


class RedisAway(Exception):
    """It does not answer; the text is for the operator."""


@contextlib.asynccontextmanager
async def client_for_command(settings: Settings) -> AsyncIterator[Client]:
    """A client for as long as the block runs. Raises EmbeddedRedisError, OtherData, RedisAway."""
    with away_said():
        async with (
            redis_for_command(settings) as url,
            aclosing(connect(url, settings.redis_mode)) as client,
        ):
            await check_rows(client)
            yield client


@contextlib.contextmanager
def away_said() -> Iterator[None]:
    """Where Redis does not answer, raise RedisAway."""
    try:
        yield
    except (AuthenticationError, AuthorizationError):
        raise  # app.py says it plainly
    except REDIS_TROUBLE as error:
        raise RedisAway(f"Redis doesn't answer ({type(error).__name__}). Try again.") from error
