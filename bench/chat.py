"""Chat turns per second on one core, beside an echo bot on Microsoft's adapter.

A turn is done when the server has answered the delivery and the channel stand-in has got what the
bot said. Everybody who speaks does so in a 1:1 chat of their own.
"""

from __future__ import annotations

import itertools
import json
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from bench.figure import Figure, rate_row
from bench.load import Subject, post_round, take_turns
from bench.outside import APP_ID, APP_SECRET, BOT_ID, ISSUER, TENANT_ID
from bench.people import object_id
from bench.processes import ServerFailed, serving
from bench.product import product

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bench.load import Round
    from bench.outside import Outside
    from bench.processes import Server
    from bench.stage import Stage

AT_ONCE = 16
AIM = 10
SPEAKERS = range(900_000, 900_200)
"""People who are not connected: what is measured is the conversation."""


async def measure(stage: Stage) -> Figure:
    """Measure it. Raises ServerFailed."""
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(stage.redis("chat"))
        ours = await stack.enter_async_context(product(stage, redis.url))
        echo = await stack.enter_async_context(echo_bot(stage, keep=False))
        kept = await stack.enter_async_context(echo_bot(stage, keep=True))
        theirs = _turns("echo bot on Microsoft's adapter", stage, echo, "help")
        subjects = [
            _turns("Presence Bridge: help (a large card)", stage, ours, "help", redis.pid),
            _turns("Presence Bridge: status (small card)", stage, ours, "status", redis.pid),
            _turns("Presence Bridge: a slip (smallest card)", stage, ours, "stauts", redis.pid),
            _turns("the echo bot, keeping its credentials", stage, kept, "help"),
            theirs,
        ]
        await take_turns(subjects, stage.rounds)
    return Figure(
        name="Chat turns per second, one core",
        unit="/s",
        baseline=theirs.name,
        rows=[
            rate_row(subject, theirs, at_least=AIM)
            if subject.servers == [ours]
            else rate_row(subject, theirs)
            for subject in subjects
        ],
    )


@asynccontextmanager
async def echo_bot(stage: Stage, *, keep: bool) -> AsyncIterator[Server]:
    """Run the echo bot while the block runs; `keep`: see bench.servers.echo_bot."""
    world = stage.world
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
    async with serving(name, arguments, environ, stage.folder) as server:
        yield server


def _turns(name: str, stage: Stage, server: Server, text: str, redis: int | None = None) -> Subject:
    """Turns in which people say `text`."""
    world = stage.world

    async def run() -> Round:
        said = world.said
        deliveries = _deliveries(world, text)
        result = await post_round(server, "/api/messages", deliveries, at_once=AT_ONCE, redis=redis)
        if world.said - said != result.count:
            raise ServerFailed(f"{name}: {result.count} turns, {world.said - said} answers")
        return result

    return Subject(name, run, [server])


_numbers = itertools.count(1)


def _deliveries(world: Outside, text: str) -> Callable[[], tuple[str, bytes]]:
    """Deliveries as Teams makes them. One token serves for a round, as it does in Teams."""
    headers = headers_of(world)
    speakers = itertools.cycle(SPEAKERS)
    return lambda: (headers, message(world, object_id(next(speakers)), text))


def headers_of(world: Outside) -> str:
    """What a delivery has besides its body."""
    return f"Content-Type: application/json\r\nAuthorization: Bearer {world.token()}\r\n"


def message(world: Outside, oid: str, text: str) -> bytes:
    """What Teams delivers when somebody says something in a chat of their own."""
    return json.dumps(
        {
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
    ).encode()
