"""`python app.py check`: say line by line what works."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING, Any

from bot.teams.signing_keys import SigningKeys
from domain.errors import OutsideError, RetryLater
from launch.outside import BOT_SCOPE, open_outside, zoom_api
from launch.redis import redis_for_command
from launch.terminal import say
from service.redaction import clean_text
from sync.answers import is_from_between, read_body
from sync.feed.webhook_log import WebhookLog
from sync.redis.connection import connect
from sync.redis.scripts import Scripts
from sync.upgrade.data_version import check_rows

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from service.settings import Settings

LONGEST_ANSWER = 64 * 1024
LIMIT = 15.0
"""Seconds that one test may take."""


async def check_everything(settings: Settings) -> bool:
    """Try every connection; print a line for each.

    Changes nothing, but that Zoom may end the token of running processes: they get another.
    """
    async with AsyncExitStack() as stack:
        say("ok      Settings: complete")
        well = await _line("Redis", lambda: _redis(settings))
        if settings.redis_risk is not None:
            say(f"warning {settings.redis_risk}")
        # Everything else is tried even where Redis is away; nothing below uses it.
        outside = await open_outside(settings, "redis://127.0.0.1:1", stack)

        api = zoom_api(settings, outside, shared=False)

        async def microsoft() -> str:
            await outside.authorization.app_token(BOT_SCOPE)
            return "the app's credentials are accepted"

        async def keys() -> str:
            await SigningKeys(outside.channel, settings.bot_openid_metadata_url).refresh()
            return "the keys that sign Teams messages can be fetched"

        async def graph() -> str:
            async with outside.graph.get(f"{settings.graph_url}/v1.0/me") as answer:
                if is_from_between(answer.status, await read_body(answer, LONGEST_ANSWER)):
                    raise RetryLater("graph_intercepted", str(answer.status))
                return f"reached, and asks for a token (HTTP {answer.status})"

        async def zoom() -> str:
            if api is None:
                return "not configured; presence is known from events alone"
            await api.check()
            return "the app's credentials are accepted"

        async def zoom_log() -> str:
            if api is None or settings.zoom_app_id is None:
                return "not configured"
            await WebhookLog(api, settings.zoom_app_id).check(int(time.time() * 1000))
            return "may be read"

        well &= await _line("Microsoft login", microsoft)
        well &= await _line("Bot Framework keys", keys)
        well &= await _line("Microsoft Graph", graph)
        well &= await _line("Zoom API", zoom)
        if settings.zoom_app_id is not None:
            well &= await _line("Zoom webhook log", zoom_log)
    say(
        "note    Switch off Zoom's own presence permission (Zoom web portal, Account Settings,"
        " Mail & Calendar), or both will write."
    )
    return well


async def _redis(settings: Settings) -> str:
    async with (
        redis_for_command(settings) as url,
        aclosing(connect(url, settings.redis_mode)) as client,
    ):
        info = await client.info("server")
        await check_rows(client)
        await Scripts(client).loaded()
        return f"version {server_version(info)}, scripts loaded"


def server_version(info: Mapping[str, Any]) -> str:
    """What a server says of itself: 7.0.15, or for Valkey also what it is compatible with."""
    valkey = f" (Valkey {info['valkey_version']})" if "valkey_version" in info else ""
    return f"{info['redis_version']}{valkey}"


async def _line(name: str, test: Callable[[], Awaitable[str]]) -> bool:
    """Print what one test says; False when it failed."""
    try:
        async with asyncio.timeout(LIMIT):
            said = await test()
    except Exception as error:  # noqa: BLE001 - whatever it is, the operator must read it
        what = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, OutsideError) and error.code.endswith("_intercepted"):
            what += " - something in between answered in its place, a firewall or a proxy"
        say(f"FAILED  {name}: {clean_text(what, 300)}")
        return False
    say(f"ok      {name}: {clean_text(said)}")
    return True
