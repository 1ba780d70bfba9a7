"""The processes of production."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from domain.budget import GRAPH_LIMITS
from launch.application import CONVERSATION, OUTSIDE, application
from launch.lifetime import forever, freeze_garbage_collector, until_signal
from launch.ports import open_ports
from launch.redis import redis_of
from sync.engine.queue import LEASE_MS

if TYPE_CHECKING:
    from domain.budget import Limits
    from service.settings import Settings

log = structlog.get_logger()


async def serve(
    settings: Settings,
    *,
    with_worker: bool,
    limits: Limits = GRAPH_LIMITS,
    lease_ms: int = LEASE_MS,
) -> None:
    """Production in one process, until a signal. Workers may also run by themselves (`work`)."""
    async with until_signal(), redis_of(settings) as redis_url:
        app = await application(
            settings, redis_url, with_worker=with_worker, limits=limits, lease_ms=lease_ms
        )
        async with open_ports(app, settings, settings.port) as ports:
            freeze_garbage_collector()
            log.info(
                "started",
                host=settings.host,
                port=ports.main,
                metrics_port=ports.metrics,
                worker=with_worker,
            )
            await app[CONVERSATION].warm_up()
            freeze_garbage_collector()
            await forever()


async def work(
    settings: Settings, *, limits: Limits = GRAPH_LIMITS, lease_ms: int = LEASE_MS
) -> None:
    """A worker alone; without WORKER_PORT and METRICS_PORT no port is opened."""
    assert settings.redis_url is not None  # noqa: S101 - the settings of this role demand it
    async with until_signal(), redis_of(settings) as redis_url:
        app = await application(
            settings, redis_url, with_bot=False, limits=limits, lease_ms=lease_ms
        )
        async with open_ports(app, settings, settings.worker_port) as ports:
            freeze_garbage_collector()
            log.info("worker_started", port=ports.main, metrics_port=ports.metrics)
            await app[OUTSIDE].warm_up()
            await forever()
