"""The bot's endpoint on a real server, with a turn that tests can look into."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from bot.teams.activity import without_thread
from bot.teams.channel import Channel, Production
from bot.teams.endpoint import messages_handler
from bot.teams.inbound_auth import InboundAuth
from bot.teams.service_hosts import ServiceHosts
from bot.teams.signing_keys import SigningKeys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.teams.activity import Answer, Inbound
    from tests.doubles.teams import TeamsDouble


class Memory:
    """`bot.teams.endpoint.Arrivals` that remembers in a set, or fails when told to."""

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.broken = False

    async def arrived(self, inbound: Inbound) -> Inbound | None:
        if self.broken:
            raise ConnectionError("the store is away")
        key = f"{without_thread(inbound.conversation.conversation_id)}|{inbound.id}"
        new = key not in self.keys
        self.keys.add(key)
        return inbound if new else None


class Turns:
    """Records each turn; answers with `answer`, or raises it when it is an exception."""

    def __init__(self) -> None:
        self.seen: list[Inbound] = []
        self.answer: Answer | Exception = None

    async def __call__(self, inbound: Inbound) -> Answer:
        self.seen.append(inbound)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@asynccontextmanager
async def production(teams: TeamsDouble) -> AsyncIterator[tuple[Channel, SigningKeys]]:
    """A channel that believes the Teams double and nobody else."""
    async with ClientSession() as session:
        keys = SigningKeys(session, teams.metadata_url)
        auth = InboundAuth(teams.app_id, keys)
        channel = Channel(Production(auth, ServiceHosts([teams.host]), teams.tenant_id))
        yield channel, keys
        await channel.aclose()
        await keys.aclose()


@asynccontextmanager
async def served(
    channel: Channel, turns: Turns, memory: Memory | None = None
) -> AsyncIterator[str]:
    """Serve POST /api/messages; gives its address."""
    app = web.Application()
    handler = messages_handler(channel, turns, memory or Memory())
    app.router.add_post("/api/messages", handler)
    server = TestServer(app)
    await server.start_server()
    try:
        yield str(server.make_url("/api/messages"))
    finally:
        await server.close()
