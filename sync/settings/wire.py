"""The room of the settings, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync.settings.changes import PolicyService
from sync.settings.rollout import Rollouts, RolloutStore
from sync.settings.store import SettingsCache

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from redis.asyncio import Redis

    from domain.coverage import Shifted
    from domain.policy import Policy
    from sync.directory.store import DirectoryStore
    from sync.engine.people import PeopleStore
    from sync.redis.connection import Client
    from sync.redis.duties import Work
    from sync.settings.rollout import Progress
    from sync.settings.store import SettingsStore


@dataclass(frozen=True, slots=True)
class SettingsRoom:
    """What admins saved, what holds in this process, and how it is carried out."""

    store: SettingsStore
    cache: SettingsCache
    rollouts: Rollouts
    policies: PolicyService

    @property
    def works(self) -> tuple[Work, ...]:
        """Its duties."""
        return self.cache.work, self.cache.news, self.rollouts.work

    async def start(self, *, on: bool) -> None:
        """Fill in the settings of a new installation, and know what holds."""
        await self.store.start(on=on)
        await self.cache.load()


def wire(
    store: SettingsStore,
    redis: Client,
    listener: Redis,
    *,
    people: PeopleStore,
    directory: DirectoryStore,
    progress: Progress,
    shifted: Callable[[Policy, Policy], Awaitable[Shifted]],
) -> SettingsRoom:
    """Put it together; `progress` shows how far a rollout is, `shifted`: see PolicyService."""
    cache = SettingsCache(store, listener)
    rollouts = Rollouts(people, RolloutStore(redis), progress, policy=cache)
    policies = PolicyService(store, cache, people, directory, rollouts, shifted)
    return SettingsRoom(store, cache, rollouts, policies)
