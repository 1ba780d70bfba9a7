"""Gauges that are read from Redis now and then: the queue, the people, the quota."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from sync.store.connection import REDIS_TROUBLE, raise_if_cancelled

if TYPE_CHECKING:
    from service.metrics import Metrics
    from sync.changes import PolicyDesk
    from sync.store.people import PeopleStore
    from sync.store.quota import Quota

log = structlog.get_logger()

EVERY_SECONDS = 15.0
PEOPLE_EVERY = 4
"""Everybody is counted in every fourth round: it reads a row for each."""

LANES = ("turn", "change", "hold", "fade")


async def watch_gauges(
    metrics: Metrics, people: PeopleStore, desk: PolicyDesk, quota: Quota
) -> None:
    """Keep the gauges true for as long as the process lives."""
    rounds = 0
    while True:
        try:
            for figures in await people.queue():
                metrics.due(
                    LANES[figures.lane], figures.waiting, figures.overdue, figures.oldest_seconds
                )
            metrics.quota_used(await quota.used())
            if rounds % PEOPLE_EVERY == 0:
                connected = parked = 0
                async for standings in desk.connected():
                    connected += len(standings)
                    parked += sum(person.trouble is not None for person in standings)
                metrics.connected(connected)
                metrics.parked(parked)
        except REDIS_TROUBLE as error:
            log.warning("gauges_wait", error=type(error).__name__)
        raise_if_cancelled()
        rounds += 1
        await asyncio.sleep(EVERY_SECONDS)
