"""Chat turns per second on one core, beside an echo bot on Microsoft's adapter.

A turn is done when the server has answered the delivery and the channel stand-in has got what the
bot said. Everybody who speaks does so in a 1:1 chat of their own.
"""

from __future__ import annotations

import itertools
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bench.load import Subject, post_round
from bench.outside import APP_ID, APP_SECRET, BOT_ID, ISSUER, TENANT_ID
from bench.people import object_id
from bench.processes import ServerFailed, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from bench.load import Round
    from bench.outside import Outside
    from bench.processes import Server

AT_ONCE = 16
SPEAKERS = range(900_000, 900_200)
"""People who are not connected: what is measured is the conversation."""


@asynccontextmanager
async def echo_bot(world: Outside, folder: Path, *, keep: bool) -> AsyncIterator[Server]:
    """Run the echo bot while the block runs."""
    environ = {
        "APP_ID": APP_ID,
        "APP_PASSWORD": APP_SECRET,
        "APP_TYPE": "SingleTenant",
        "APP_TENANTID": TENANT_ID,
        "TO_CHANNEL_FROM_BOT_LOGIN_URL": f"{world.login}/adfs",
        "TO_CHANNEL_FROM_BOT_OAUTH_SCOPE": "https://api.botframework.com",
        "TO_BOT_FROM_CHANNEL_TOKEN_ISSUER": ISSUER,
        "TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL": world.metadata_url,
        "OAUTH_URL": world.graph_url,
        "REQUESTS_CA_BUNDLE": str(world.authorities),
    }
    name = "echo bot with kept credentials" if keep else "echo bot"
    arguments = ["-m", "bench.servers.echo_bot", "{port}", *(["keep"] if keep else [])]
    async with serving(name, arguments, environ, folder) as server:
        yield server


def turns(
    name: str,
    world: Outside,
    server: Server,
    text: str,
    redis_pid: int | None = None,
) -> Subject:
    """Turns in which people say `text`."""

    async def run() -> Round:
        said = world.said
        result = await post_round(
            server,
            "/api/messages",
            _deliveries(world, text),
            at_once=AT_ONCE,
            also=[] if redis_pid is None else [redis_pid],
        )
        if world.said - said != result.count:
            raise ServerFailed(
                f"{name}: {world.said - said} answers to {result.count} messages arrived"
            )
        return result

    return Subject(name, run, [server])


_numbers = itertools.count(1)


def _deliveries(world: Outside, text: str) -> Callable[[], tuple[str, bytes]]:
    """Deliveries as Teams makes them. One token serves for a round, as it does in Teams."""
    headers = f"Content-Type: application/json\r\nAuthorization: Bearer {world.token()}\r\n"
    speakers = itertools.cycle(SPEAKERS)

    def delivery() -> tuple[str, bytes]:
        oid = object_id(next(speakers))
        activity = {
            "type": "message",
            "id": f"1767268800000-{next(_numbers)}",
            "timestamp": "2026-01-01T12:00:00.000Z",
            "localTimestamp": "2026-01-01T13:00:00.000+01:00",
            "localTimezone": "Europe/Stockholm",
            "serviceUrl": world.service_url,
            "channelId": "msteams",
            "from": {"id": f"29:{oid}", "name": "Ada Lindqvist", "aadObjectId": oid},
            "conversation": {
                "conversationType": "personal",
                "tenantId": TENANT_ID,
                "id": f"a:{oid}",
            },
            "recipient": {"id": BOT_ID, "name": "Presence Bridge"},
            "textFormat": "plain",
            "text": text,
            "locale": "en-GB",
            "entities": [
                {
                    "type": "clientInfo",
                    "locale": "en-GB",
                    "country": "SE",
                    "platform": "Windows",
                    "timezone": "Europe/Stockholm",
                }
            ],
            "channelData": {"tenant": {"id": TENANT_ID}},
        }
        return headers, json.dumps(activity).encode()

    return delivery
