"""The settings in this process's memory, so that every decision about a person is at hand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sync.redis import duties, keys
from sync.redis.duties import Work

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from domain.policy import Policy
    from sync.settings.store import SettingsStore


class SettingsCache:
    """What holds now, as far as this process knows. While Redis is away the last word counts.

    `work` follows changes, `news` hears of them at once.
    """

    def __init__(self, store: SettingsStore, listener: Redis) -> None:
        self.work = Work(duties.SETTINGS, self._follow)
        self.news = Work(duties.SETTINGS_NEWS, self._listen)
        self._store = store
        self._listener = listener
        self._policy: Policy | None = None
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

    async def _follow(self) -> None:
        if self._policy is None or await self._store.version() != self._policy.version:
            await self.load()

    async def _listen(self) -> None:
        async with self._listener.pubsub(ignore_subscribe_messages=True) as channel:
            await channel.subscribe(keys.SETTINGS_CHANGED)
            async for _ in channel.listen():
                self.work.wake()
