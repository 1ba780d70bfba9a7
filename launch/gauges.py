"""Gauges that are read from Redis now and then: what all processes share.

Every process reads for itself. A round is some hundred small commands whatever the number of
people, and Prometheus then has the same figures from whichever process it reaches.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

import structlog

from service.metrics import LANES, PARKED_REASONS
from sync.plan import Lane
from sync.store.connection import REDIS_TROUBLE, raise_if_cancelled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.metrics import Metrics
    from sync.directory_health import DirectoryHealth
    from sync.store.people import LaneFigures

log = structlog.get_logger()

EVERY_SECONDS = 15.0


class Counts(Protocol):
    """How many people are connected, and how many of them are parked, by reason."""

    @property
    def connected(self) -> int:
        """Everybody who is connected."""

    @property
    def parked(self) -> Mapping[str, int]:
        """Those for whom nothing is tried."""


class People(Protocol):
    """The people's store (sync.store.people), as far as it counts."""

    async def queue(self) -> Sequence[LaneFigures]:
        """How many people stand in each lane."""

    async def counts(self) -> Counts:
        """How many there are; reads no person's row."""


class Quota(Protocol):
    """The shared budget (sync.store.quota)."""

    async def used(self) -> float:
        """The share that is in use."""


class Directory(Protocol):
    """The mirror of Zoom's users and groups (sync.store.directory)."""

    async def health(self) -> DirectoryHealth:
        """How it is doing."""


async def watch_gauges(
    metrics: Metrics,
    people: People,
    quota: Quota,
    directory: Directory,
    *,
    every: float = EVERY_SECONDS,
) -> None:
    """Keep the gauges true for as long as the process lives; Redis may go away meanwhile."""
    away = False
    while True:
        try:
            await read_gauges(metrics, people, quota, directory)
        except REDIS_TROUBLE as error:
            metrics.redis_up(False)
            if not away:
                log.warning("gauges_wait", error=type(error).__name__)
            away = True
        else:
            metrics.redis_up(True)
            away = False
        raise_if_cancelled()
        await asyncio.sleep(every)


async def read_gauges(
    metrics: Metrics, people: People, quota: Quota, directory: Directory
) -> None:
    """Set every gauge of what all processes share. Raises what Redis raises."""
    for figures in await people.queue():
        lane = LANES[figures.lane]
        metrics.due(lane, figures.waiting, figures.overdue, figures.oldest_seconds)
        if figures.lane is Lane.FADE:
            metrics.shed(figures.overdue)
    counts = await people.counts()
    metrics.connected(counts.connected)
    metrics.parked(known_reasons(counts.parked))
    metrics.quota_used(await quota.used())
    health = await directory.health()
    metrics.directory(health.age_seconds, failing=health.reason is not None)


def known_reasons(parked: Mapping[str, int]) -> dict[str, int]:
    """The same people by the reasons that have a series.

    A reason that a newer version wrote (during an upgrade) counts as `failing`.
    """
    found = dict.fromkeys(PARKED_REASONS, 0)
    for reason, people in parked.items():
        found[reason if reason in found else "failing"] += people
    return found
