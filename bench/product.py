"""Our product as anybody would start it: `python app.py serve`, with settings for the stand-ins."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal

from bench.outside import APP_ID, APP_SECRET, TENANT_ID
from bench.people import WEBHOOK_SECRET
from bench.processes import ROOT, serving
from domain.budget import Limits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bench.processes import Server
    from bench.stage import Stage

METRICS_TOKEN = "a-token-for-nothing-but-the-benchmarks"
NO_LIMIT = Limits.of(limit=100_000_000)
"""A budget that nobody uses up."""


@asynccontextmanager
async def product(stage: Stage, redis_url: str, *, worker: bool = True) -> AsyncIterator[Server]:
    """Run it in production mode while the block runs."""
    name = "Presence Bridge" if worker else "Presence Bridge without worker"
    arguments = [str(ROOT / "app.py"), "serve", *([] if worker else ["--no-worker"])]
    async with serving(name, arguments, _settings(stage, redis_url, name), stage.folder) as server:
        yield server


@asynccontextmanager
async def limited(
    stage: Stage,
    redis_url: str,
    limits: Limits,
    *,
    role: Literal["serve", "worker"] = "worker",
    name: str = "worker",
) -> AsyncIterator[Server]:
    """Run it under another quota than Microsoft's (bench.servers.product)."""
    numbers = [str(number) for number in (limits.limit, limits.window_ms, limits.cell_ms)]
    arguments = ["-m", "bench.servers.product", role, *numbers]
    async with serving(name, arguments, _settings(stage, redis_url, name), stage.folder) as server:
        yield server


def _settings(stage: Stage, redis_url: str, name: str) -> dict[str, str]:
    world = stage.world
    return {
        "MicrosoftAppId": APP_ID,
        "MicrosoftAppPassword": APP_SECRET,
        "MicrosoftAppTenantId": TENANT_ID,
        "PUBLIC_URL": "https://bot.example",
        "HOST": "127.0.0.1",
        "DATA_DIR": str(stage.folder / name.replace(" ", "-")),
        "REDIS_URL": redis_url,
        "TOKEN_KEYS": stage.token_key,
        "ZOOM_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "METRICS_TOKEN": METRICS_TOKEN,
        "MICROSOFT_LOGIN_URL": world.login,
        "GRAPH_URL": world.graph_url,
        "BOT_OPENID_METADATA_URL": world.metadata_url,
        "BOT_SERVICE_HOSTS": world.host,
        "REQUESTS_CA_BUNDLE": str(world.authorities),
        "READBACK_PER_SECOND": "0",  # a look a second is not what is measured
    }
