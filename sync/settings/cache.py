"""The settings in this process's memory, so that every decision about a person is at hand."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import structlog

from sync.redis import keys
from sync.redis.connection import REDIS_TROUBLE, raise_if_cancelled

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from domain.policy import Policy
    from sync.settings.store import SettingsStore

log = structlog.get_logger()

LOOK_SECONDS = 2.0
"""A change is known everywhere after this at the latest; as a rule a message is faster."""
TROUBLE_PAUSE_SECONDS = 0.5


class SettingsCache:
    """What holds now, as far as this process knows. While Redis is away the last word counts."""

    def __init__(
        self, store: SettingsStore, listener: Redis, *, look_every: float = LOOK_SECONDS
    ) -> None:
        self._store = store
        self._listener = listener
        self._look_every = look_every
        self._policy: Policy | None = None
        self._told = asyncio.Event()
        self._loading = asyncio.Lock()

    def current(self) -> Policy:
        """The policy. Raises RuntimeError before `load`: nobody's presence hangs on a guess."""
        if self._policy is None:
            raise RuntimeError("the settings were not loaded")
        return self._policy

    async def load(self) -> Policy:
        """Read anew, whatever is known."""
        async with self._loading:  # a slow reading must not undo a later one
            self._policy = await self._store.read()
            return self._policy

    async def at_least(self, version: int) -> Policy:
        """The policy of this version or a later one; read anew if what is known is older."""
        known = self.current()
        return known if known.version >= version else await self.load()

    async def run(self) -> None:
        """Follow changes for ever."""
        listening = asyncio.create_task(self._listen(), name="settings-listen")
        try:
            await self._follow()
        finally:
            listening.cancel()
            await asyncio.wait([listening])

    async def _follow(self) -> None:
        troubled = False
        while True:
            try:
                if self._policy is None or await self._store.version() != self._policy.version:
                    await self.load()
                troubled = False
            except REDIS_TROUBLE as error:
                if not troubled:
                    log.error("settings_redis_away", error=type(error).__name__)
                troubled = True
            raise_if_cancelled()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), self._look_every)
            self._told.clear()

    async def _listen(self) -> None:
        while True:
            try:
                async with self._listener.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(keys.SETTINGS_CHANGED)
                    async for _ in channel.listen():
                        self._told.set()
            except REDIS_TROUBLE:
                await asyncio.sleep(TROUBLE_PAUSE_SECONDS)
