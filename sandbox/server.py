"""The sandbox as one aiohttp application: Entra, Graph, Zoom and the panel on one port."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from aiohttp import web

from sandbox import state_file
from sandbox.chat import ChatRelay
from sandbox.entra import Entra
from sandbox.entra_consent import ConsentPages
from sandbox.entra_signin import SignInPages
from sandbox.graph import Graph
from sandbox.hanging_up import until_they_hang_up
from sandbox.pages import STATIC
from sandbox.panel import Panel
from sandbox.registration import Registrations
from sandbox.world import SandboxConfig, World
from sandbox.zoom import Zoom

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sandbox.clock import SandboxClock

__all__ = ["WORLD", "SandboxConfig", "build_sandbox"]

WORLD: Final = web.AppKey("world", World)


def build_sandbox(config: SandboxConfig, *, clock: SandboxClock | None = None) -> web.Application:
    """The application; run it on any port, http or https. `app[WORLD]` is its state."""
    world = World(config, clock)
    if config.state_file is not None:
        state_file.load(world, config.state_file)
        world.settle()
    app = web.Application(middlewares=[until_they_hang_up])
    app[WORLD] = world
    chat = None
    if config.chat_url is not None and config.bot_endpoint is not None:
        client = f"{config.chat_url}_connector"
        chat = ChatRelay(world, bot=config.bot_endpoint, client=client)
        app.cleanup_ctx.append(_while(chat.running))
    panel = Panel(world, chat)
    app.add_routes(
        [
            *panel.routes(),
            web.static("/sandbox/static", STATIC),
            *Registrations(world).routes(),
            *Graph(world).routes(),
            *Zoom(world).routes(),
            *Entra(world).routes(),
            *SignInPages(world).routes(),
            *ConsentPages(world).routes(),
        ]
    )
    app.on_shutdown.append(panel.stop)
    app.on_shutdown.append(_release)
    app.cleanup_ctx.append(_while(world.webhooks.running))
    app.cleanup_ctx.append(_background)
    return app


async def _release(app: web.Application) -> None:
    app[WORLD].faults.release()  # a stalled request would hold the shutdown up


def _while(
    running: Callable[[], AsyncIterator[None]],
) -> Callable[[web.Application], AsyncIterator[None]]:
    async def context(_: web.Application) -> AsyncIterator[None]:
        async with contextlib.asynccontextmanager(running)():
            yield

    return context


async def _background(app: web.Application) -> AsyncIterator[None]:
    world = app[WORLD]
    path = world.config.state_file
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(world.run_turns())]
        if path is not None:
            tasks.append(group.create_task(state_file.keep_saved(world, path)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
    if path is not None:
        state_file.write(path, state_file.snapshot(world))
