"""What all processes share, read from Redis at one moment: as gauges now and then, and for `top`.

Every process reads for itself (docs/decisions.md says why); Prometheus then has the same figures
from whichever process it reaches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.step import Lane
from service.metrics import LANES, PARKED_REASONS
from sync.redis import duties
from sync.redis.connection import REDIS_TROUBLE
from sync.redis.duties import Work

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.directory import DirectoryHealth
    from domain.feed import FeedHealth
    from service.metrics import Metrics
    from sync.directory.store import DirectoryStore
    from sync.engine.people import PeopleStore
    from sync.engine.queue import LaneFigures
    from sync.engine.quota import Quota
    from sync.feed.store import FeedStore
    from sync.readback.status import Status
    from sync.readback.store import ReadbackStore


@dataclass(frozen=True, slots=True)
class Shared:
    """The figures of one moment. `used` is the share of Graph's budget in use, 0 to 1."""

    lanes: Sequence[LaneFigures]
    connected: int
    parked: Mapping[str, int]
    used: float
    directory: DirectoryHealth
    feed: FeedHealth
    readback: Status


@dataclass(frozen=True, slots=True)
class SharedSource:
    """Where they are read. Some hundred small commands, whatever the number of people."""

    people: PeopleStore
    quota: Quota
    directory: DirectoryStore
    feed: FeedStore
    readback: ReadbackStore

    async def read(self) -> Shared:
        """Read them now. Raises what Redis raises."""
        counts = await self.people.counts()
        return Shared(
            lanes=await self.people.queue(),
            connected=counts.connected,
            parked=counts.parked,
            used=await self.quota.used(),
            directory=await self.directory.health(),
            feed=await self.feed.health(),
            readback=await self.readback.status(),
        )


def gauges(metrics: Metrics, source: SharedSource) -> Work:
    """Keep the gauges true, also the one that says whether Redis is there."""

    async def step() -> None:
        try:
            set_gauges(metrics, await source.read())
        except REDIS_TROUBLE:
            metrics.redis_up(False)
            raise
        metrics.redis_up(True)

    return Work(duties.GAUGES, step)


def set_gauges(metrics: Metrics, shared: Shared) -> None:
    """Set every gauge of what all processes share."""
    for figures in shared.lanes:
        lane = LANES[figures.lane]
        metrics.due(lane, figures.waiting, figures.overdue, figures.oldest_seconds)
        if figures.lane is Lane.FADE:
            metrics.shed(figures.overdue)
    metrics.connected(shared.connected)
    metrics.parked(known_reasons(shared.parked))
    metrics.quota_used(shared.used)
    directory, feed = shared.directory, shared.feed
    metrics.directory(directory.age_seconds, failing=directory.reason is not None)
    metrics.feed(feed.age_seconds, silent=feed.silent)
    metrics.zoom_validation(feed.validation_age_seconds)
    metrics.catch_up_left(feed.left)
    readback = shared.readback
    metrics.readback(
        readback.look_age_seconds,
        alive=readback.reading is not None,
        watched=readback.watched,
        late_seconds=readback.late_ms / 1000,
        settle_seconds=readback.settle_ms / 1000,
    )
    found = readback.agreement
    if found is None:
        metrics.agreement(None, {}, None)
    else:
        fits = {fit.value: share for fit, share in found.shares.items()}
        metrics.agreement(found.share, fits, found.not_looked)


def known_reasons(parked: Mapping[str, int]) -> dict[str, int]:
    """The same people by the reasons that have a series.

    A reason that a newer version wrote (during an upgrade) counts as `failing`.
    """
    found = dict.fromkeys(PARKED_REASONS, 0)
    for reason, people in parked.items():
        found[reason if reason in found else "failing"] += people
    return found
