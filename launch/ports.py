"""The ports that a process opens: its own, and a private one for its metrics."""

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from launch.lifetime import SHUTDOWN_SECONDS, running
from launch.server import Rules
from service.health import MetricsPage
from service.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from service.settings import Settings

METRICS = web.AppKey("metrics", MetricsPage)
"""Where an application keeps its page of metrics."""

_REMEDIES = {
    errno.EADDRINUSE: "Stop what is using it, or choose another with {setting}.",
    errno.EADDRNOTAVAIL: "This machine has no such address. Correct HOST.",
    errno.EACCES: "Ports below 1024 need special rights. Choose a higher one with {setting}.",
}
THIS_MACHINE = "127.0.0.1"
METRICS_READERS = 16
"""Connections to the private port at once: Prometheus, and a `top` or two."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What was opened; None where nothing was."""

    main: int | None
    metrics: int | None


@contextlib.asynccontextmanager
async def open_ports(
    app: web.Application, settings: Settings, port: int | None
) -> AsyncIterator[Ports]:
    """Serve an application on HOST and `port` while the block runs (None: it runs unserved).

    Where METRICS_PORT is set its metrics are there too, for this machine alone.
    """
    keep_alive = float(settings.keep_alive_seconds)
    https = settings.public_url.startswith("https:")
    async with contextlib.AsyncExitStack() as stack:
        if port is None:
            runner = web.AppRunner(app, shutdown_timeout=SHUTDOWN_SECONDS)
            stack.push_async_callback(runner.cleanup)
            await runner.setup()
        else:
            rules = Rules(keep_alive=keep_alive, https=https)
            setting = "PORT" if port == settings.port else "WORKER_PORT"
            with port_explained(settings.host, port, setting):
                port = await stack.enter_async_context(running(app, settings.host, port, rules))
        metrics = settings.metrics_port
        if metrics is not None:
            private = web.Application()
            private.add_routes([web.get("/metrics", app[METRICS].private)])
            rules = Rules(keep_alive=keep_alive, most=METRICS_READERS)
            with port_explained(THIS_MACHINE, metrics, "METRICS_PORT"):
                metrics = await stack.enter_async_context(
                    running(private, THIS_MACHINE, metrics, rules)
                )
        yield Ports(port, metrics)


@contextlib.contextmanager
def port_explained(host: str, port: int, setting: str) -> Iterator[None]:
    """Say in a sentence why a port can't be opened, and what to do. Raises SettingsError for it.

    `setting` is what chooses the port.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _REMEDIES:
            raise
        why = os.strerror(error.errno).lower()
        remedy = _REMEDIES[error.errno].format(setting=setting)
        said = f"{setting}: port {port} of {host} can't be opened: {why}. {remedy}"
        raise SettingsError([said]) from error
