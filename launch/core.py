"""The product's core for a command: everything but the chat, beside a bot that may be running."""

from __future__ import annotations

import contextlib
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from launch.outside import open_outside
from launch.redis import away_said, redis_for_command
from launch.wiring import wire_core
from service.metrics import Metrics
from sync.settings.audit import AuditLog
from sync.upgrade.data_version import check_rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.core import Core
    from service.settings import Settings


@contextlib.asynccontextmanager
async def core_for_command(settings: Settings) -> AsyncIterator[tuple[Core, AuditLog]]:
    """It, and the history. Raises EmbeddedRedisError, OtherData, RedisAway."""
    with away_said():
        async with AsyncExitStack() as stack:
            url = await stack.enter_async_context(redis_for_command(settings))
            outside = await open_outside(settings, url, stack)
            await check_rows(outside.redis)
            core = wire_core(settings, outside, Metrics())
            stack.push_async_callback(core.aclose)
            yield core, AuditLog(outside.redis)
