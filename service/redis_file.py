"""The embedded Redis's file must hold no more than Redis does.

An append-only file is a history: what was deleted stands in it until Redis writes the file anew.
By itself it does so only when the file has doubled beyond 64 MB, which is never here.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import structlog
from redis.exceptions import RedisError, ResponseError

from service.embedded_redis import client_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis.asyncio import Redis

log = structlog.get_logger()

DAILY = 24 * 3600.0
SOON = 2.0
"""Seconds after an erasure: what belongs to it and others at the same time are written once."""
APART = 10.0
"""Seconds between two rewritings, however many are erased: each copies everything."""
AGAIN = 60.0
"""Seconds after a failure (a full disk, no memory for a fork)."""
FINISH = 5.0
"""Seconds that the end waits for an erasure that is still in the file."""

_PAUSE = 0.02


class FileNotRewritten(Exception):
    """Redis could not write its file anew; what was erased is still in it."""


class FileKeeper:
    """Has the file of a Redis at `url` rewritten at the start, daily, and soon after an erasure.

    Whoever erases says so on `channel`.
    """

    def __init__(
        self, url: str, channel: str, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = url
        self._channel = channel
        self._monotonic = monotonic
        self._due = monotonic()  # an earlier run may have ended between an erasure and the writing
        self._at: float | None = None
        self._dirty = False

    async def run(self) -> None:
        """Go on for ever."""
        while True:
            try:
                async with aclosing(client_of(self._url)) as client, client.pubsub() as heard:
                    await heard.subscribe(self._channel)
                    while True:
                        await self._listen(heard)
                        if self._monotonic() >= self._due:
                            await self._rewrite(client)
            except (RedisError, OSError, FileNotRewritten) as error:
                log.warning("redis_file_not_rewritten", error=type(error).__name__)
                # What was told meanwhile is not known, and is written with the rest.
                self._due = self._monotonic() + AGAIN
                await asyncio.sleep(1)

    async def finish(self) -> None:
        """Have it rewritten if something was erased since; the Redis ends soon."""
        if self._dirty:
            with contextlib.suppress(RedisError, OSError, FileNotRewritten, TimeoutError):
                async with asyncio.timeout(FINISH), aclosing(client_of(self._url)) as client:
                    await rewrite(client)

    async def _listen(self, heard: Any) -> None:
        """Wait for the next erasure, or until it is time."""
        wait = max(0.0, self._due - self._monotonic())
        message = await heard.get_message(timeout=wait)
        if message is not None and message["type"] == "message":
            self._dirty = True
            earliest = self._monotonic() + SOON
            if self._at is not None:
                earliest = max(earliest, self._at + APART)
            self._due = min(self._due, earliest)

    async def _rewrite(self, client: Redis) -> None:
        again = self._dirty
        self._dirty = False
        try:
            await rewrite(client)
        except BaseException:
            self._dirty = again
            raise
        if again:
            self._at = self._monotonic()
        self._due = self._monotonic() + DAILY
        log.info("redis_file_rewritten", erased=again)


async def rewrite(client: Redis) -> None:
    """Have the append-only file written anew from what Redis holds now, and wait for it.

    One that is under way began before what should not be in it was erased: it is waited for first.
    Raises FileNotRewritten, RedisError.
    """
    while True:
        await _idle(client)
        try:
            await client.bgrewriteaof()
        except ResponseError as error:
            if "in progress" not in str(error):
                raise
            continue  # another one began in between
        break
    told = await _idle(client)
    if told.get("aof_last_bgrewrite_status") != "ok":
        raise FileNotRewritten


async def _idle(client: Redis) -> dict[str, Any]:
    while True:
        told: dict[str, Any] = await client.info("persistence")
        if not (told.get("aof_rewrite_in_progress") or told.get("aof_rewrite_scheduled")):
            return told
        await asyncio.sleep(_PAUSE)
