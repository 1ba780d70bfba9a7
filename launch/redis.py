"""The Redis of a command that looks at what a bot keeps, or changes it, while the bot may run."""

from __future__ import annotations

import contextlib
from contextlib import aclosing
from typing import TYPE_CHECKING

from redis.exceptions import AuthenticationError, AuthorizationError

from launch.lifetime import redis_at_hand
from sync.redis.connection import REDIS_TROUBLE, connect
from sync.upgrade.data_version import check_rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from service.settings import Settings
    from sync.redis.connection import Client


class RedisAway(Exception):
    """It does not answer; the text is for the operator."""


@contextlib.asynccontextmanager
async def client_at_hand(settings: Settings) -> AsyncIterator[Client]:
    """A client for as long as the block runs. Raises EmbeddedRedisError, OtherData, RedisAway."""
    try:
        async with (
            redis_at_hand(settings) as url,
            aclosing(connect(url, settings.redis_mode)) as client,
        ):
            await check_rows(client)
            yield client
    except (AuthenticationError, AuthorizationError):
        raise  # app.py says it plainly
    except REDIS_TROUBLE as error:
        raise RedisAway(f"Redis does not answer ({type(error).__name__}). Try again.") from error
