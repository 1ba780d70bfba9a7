"""The application: the full route table, and the life of what runs beside the routes."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import web
from redis.exceptions import AuthenticationError, AuthorizationError

from domain.budget import GRAPH_LIMITS
from launch.lifetime import SHUTDOWN_SECONDS, end
from launch.outside import open_outside
from launch.ports import METRICS
from launch.version import VERSION
from launch.wiring import duties_of, wire_core
from service.health import Health, MetricsPage
from service.loop_lag import watch_loop_lag
from service.metrics import CONTENT_TYPE, Metrics
from service.proof import PATH, ProofPage
from sync.connect.vault import Vault
from sync.engine.queue import LEASE_MS
from sync.engine.worker import Worker
from sync.redis.connection import REDIS_TROUBLE, takes_writes
from sync.zoom.webhook import ZoomEvents, ZoomWebhook

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine

    from bot.core import Core
    from bot.teams.activity import Person
    from domain.budget import Limits
    from launch.conversation import Conversation
    from launch.outside import Outside
    from service.settings import Settings

log = structlog.get_logger()

CONVERSATION: web.AppKey[Conversation] = web.AppKey("conversation")
"""Where an application that talks with people keeps its chat side."""
CORE: web.AppKey[Core] = web.AppKey("core")
"""What stands below it."""
OUTSIDE: web.AppKey[Outside] = web.AppKey("outside")
"""Its connections."""
BODY_LIMIT = 256 * 1024
WORKER_BEAT_SECONDS = 15.0
START_LOOK_SECONDS = 0.5


async def application(
    settings: Settings,
    redis_url: str,
    *,
    with_bot: bool = True,
    with_worker: bool = True,
    local_person: Person | None = None,
    local_chat: str | None = None,
    limits: Limits = GRAPH_LIMITS,
    lease_ms: int = LEASE_MS,
) -> web.Application:
    """The product as one aiohttp application: every route, and the worker's life.

    `local_person` and `local_chat` (the chat client's address) are who sits at the chat of local
    mode, and where. `limits` are what Graph allows, `lease_ms` how long a worker has somebody
    (others are for benchmarks and tests only).
    """
    app = web.Application(client_max_size=BODY_LIMIT)
    async with AsyncExitStack() as stack:
        metrics = Metrics()
        outside = await open_outside(settings, redis_url, stack)
        core = wire_core(settings, outside, metrics, limits, lease_ms=lease_ms)
        stack.push_async_callback(core.aclose)
        app[CORE], app[OUTSIDE] = core, outside
        await _prepare(core, account_on=settings.account_default == "on")
        health = Health(
            heartbeats={"worker": WORKER_BEAT_SECONDS} if with_worker else {},
            checks={
                "redis": lambda: takes_writes(outside.redis),
                "scripts": outside.scripts.loaded,
            },
        )
        token = settings.metrics_token
        page = MetricsPage(
            metrics.render, CONTENT_TYPE, token.get_secret_value() if token else None
        )
        app.add_routes(
            [
                web.get("/livez", health.livez),
                web.get("/readyz", health.readyz),
                web.get("/metrics", page.public),
            ]
        )
        app[METRICS] = page
        of_bot = None
        if with_bot:
            from launch.conversation import wire_bot  # noqa: PLC0415 - workers don't wait for it

            app[CONVERSATION] = bot = wire_bot(
                settings, outside, core, metrics, local_person, local_chat
            )
            of_bot = bot.works
            stack.push_async_callback(bot.channel.aclose)
            events = ZoomEvents(
                core.engine.engine,
                account=core.zoom.account,
                meter=metrics,
                directory_changed=core.directory.store.request_reading,
            )
            webhook = ZoomWebhook(
                events,
                secret=settings.zoom_webhook_secret.get_secret_value(),
                window=settings.zoom_signature_window,
                now=time.time,
                heard=core.listener.heard,
            )
            proof = ProofPage(
                settings.zoom_webhook_secret.get_secret_value(),
                version=VERSION,
                key=Vault(settings.token_key_list).newest,
                messages=lambda: (bot.channel.accepted, bot.channel.refusal),
                now=time.time,
            )
            app.add_routes(
                [
                    web.post("/zoom/webhook", webhook.handle),
                    web.post(PATH, proof.handle),
                    *bot.routes,
                ]
            )
            if bot.keys is not None:
                stack.push_async_callback(bot.keys.aclose)
        app.cleanup_ctx.append(_task(watch_loop_lag(metrics.loop_lag), "loop-lag"))
        for work in duties_of(core, metrics, of_bot=of_bot):
            patience = SHUTDOWN_SECONDS if work.duty.gentle else 0.0
            app.cleanup_ctx.append(_task(work.run(), work.duty.name, patience=patience))
            if work.duty.gentle:
                app.on_shutdown.append(_call(work.stop))
        if with_worker:

            def beat() -> None:
                health.beat("worker")
                metrics.worker_beat()

            engine = core.engine
            worker = Worker(
                engine.people, engine.reconciler, engine.quota, outside.listener, beat=beat
            )
            engine.engine.hand_to(worker)
            app.on_shutdown.append(_call(worker.stop))
            app.cleanup_ctx.append(_task(worker.run(), "worker", patience=SHUTDOWN_SECONDS))
        app.on_shutdown.insert(0, _call(health.drain))
        # First in, last out: connections close when everything that uses them has ended.
        app.cleanup_ctx.insert(0, _held(stack.pop_all()))
    return app


async def _prepare(core: Core, *, account_on: bool) -> None:
    """Wait for a Redis that starts after us, fails over or loads its file; say so once."""
    waiting = False
    while True:
        try:
            await core.prepare(account_on=account_on)
        except (AuthenticationError, AuthorizationError):
            raise  # waiting does not help: app.py says it plainly
        except REDIS_TROUBLE as error:
            if not waiting:
                log.error("start_waits_for_redis", error=type(error).__name__, reason=str(error))
            waiting = True
            await asyncio.sleep(START_LOOK_SECONDS)
        else:
            if waiting:
                log.info("redis_there")
            return


def _call(action: Callable[[], None]) -> Callable[[web.Application], Awaitable[None]]:
    async def handler(_: web.Application) -> None:
        action()

    return handler


def _held(stack: AsyncExitStack) -> Callable[[web.Application], AsyncIterator[None]]:
    async def context(_: web.Application) -> AsyncIterator[None]:
        async with stack:
            yield

    return context


def _task(
    work: Coroutine[Any, Any, None], name: str, *, patience: float = 0.0
) -> Callable[[web.Application], AsyncIterator[None]]:
    """Run a task for as long as the application; if it dies, the application ends, loudly.

    At the end it has `patience` seconds to finish by itself.
    """

    async def context(_: web.Application) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(work, name=name)
            try:
                yield
            finally:
                if patience and not task.done():
                    await asyncio.wait([task], timeout=patience)
                await end(task)

    return context
