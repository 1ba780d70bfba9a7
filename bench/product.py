"""Our product as anybody would start it: `python app.py serve`, with settings for the stand-ins."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bench.outside import APP_ID, APP_SECRET, TENANT_ID
from bench.people import WEBHOOK_SECRET
from bench.processes import ROOT, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bench.processes import Server
    from bench.stage import Stage


@asynccontextmanager
async def product(stage: Stage, redis_url: str, *, worker: bool = True) -> AsyncIterator[Server]:
    """Run it in production mode while the block runs."""
    name = "Presence Bridge" if worker else "Presence Bridge without worker"
    world = stage.world
    environ = {
        "MicrosoftAppId": APP_ID,
        "MicrosoftAppPassword": APP_SECRET,
        "MicrosoftAppTenantId": TENANT_ID,
        "PUBLIC_URL": "https://bot.example",
        "HOST": "127.0.0.1",
        "DATA_DIR": str(stage.folder / name.replace(" ", "-")),
        "REDIS_URL": redis_url,
        "TOKEN_KEYS": stage.token_key,
        "ZOOM_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "MICROSOFT_LOGIN_URL": world.login,
        "GRAPH_URL": world.graph_url,
        "BOT_OPENID_METADATA_URL": world.metadata_url,
        "BOT_SERVICE_HOSTS": world.host,
        "REQUESTS_CA_BUNDLE": str(world.authorities),
    }
    arguments = [str(ROOT / "app.py"), "serve", *([] if worker else ["--no-worker"])]
    async with serving(name, arguments, environ, stage.folder) as server:
        yield server
