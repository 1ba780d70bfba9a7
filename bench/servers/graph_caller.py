"""Makes the same presence write for one person after the other, in one of three ways.

    python -m bench.servers.graph_caller WAY GRAPH_URL

WAY is `ours` (the product's client), `sdk` (Microsoft's SDK as it comes) or `bare` (aiohttp and
nothing else). Each line on standard input is a number of calls to make; each line on standard
output is a JSON object with their count, seconds and CPU seconds.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp

from bench.outside import APP_ID
from bench.people import object_id

AT_ONCE = 8
TOKEN = "t" * 1200
PEOPLE = [object_id(number) for number in range(3000)]
MINUTES = 5

Call = Callable[[], Awaitable[object]]


async def ours(graph_url: str, stack: AsyncExitStack) -> Call:
    """The product's client."""
    from domain.presence import IN_A_CALL  # noqa: PLC0415
    from sync.microsoft.graph import GraphPresence  # noqa: PLC0415 - each way loads only its own

    session = await stack.enter_async_context(aiohttp.ClientSession())
    graph = GraphPresence(session, graph_url=graph_url, session_id=APP_ID, now=time.time)
    people = itertools.cycle(PEOPLE)
    return lambda: graph.set_session(TOKEN, next(people), IN_A_CALL, MINUTES)


async def sdk(graph_url: str, _: AsyncExitStack) -> Call:
    """Microsoft's SDK with its default client and middleware; the token is at hand."""
    from kiota_abstractions.authentication import (  # noqa: PLC0415 - as above
        AccessTokenProvider,
        AllowedHostsValidator,
        BaseBearerTokenAuthenticationProvider,
    )
    from msgraph import GraphRequestAdapter, GraphServiceClient  # noqa: PLC0415
    from msgraph.generated.users.item.presence.set_presence import (  # noqa: PLC0415
        set_presence_post_request_body as bodies,
    )

    class AtHand(AccessTokenProvider):  # type: ignore[misc]  # the SDK has no types
        """The token, without asking anybody."""

        async def get_authorization_token(self, *_: Any, **__: Any) -> str:
            return TOKEN

        def get_allowed_hosts_validator(self) -> Any:
            return AllowedHostsValidator([])

    adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(AtHand()))
    adapter.base_url = f"{graph_url}/v1.0"
    client = GraphServiceClient(request_adapter=adapter)
    people = itertools.cycle(PEOPLE)

    async def call() -> None:
        body = bodies.SetPresencePostRequestBody(
            session_id=APP_ID,
            availability="Busy",
            activity="InACall",
            expiration_duration=f"PT{MINUTES}M",
        )
        await client.users.by_user_id(next(people)).presence.set_presence.post(body)

    return call


async def bare(graph_url: str, stack: AsyncExitStack) -> Call:
    """The same request, and nothing else."""
    session = await stack.enter_async_context(aiohttp.ClientSession())
    urls = itertools.cycle(f"{graph_url}/v1.0/users/{oid}/presence/setPresence" for oid in PEOPLE)
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    body = json.dumps(
        {
            "sessionId": APP_ID,
            "availability": "Busy",
            "activity": "InACall",
            "expirationDuration": f"PT{MINUTES}M",
        }
    ).encode()

    async def call() -> None:
        async with session.post(next(urls), data=body, headers=headers) as answer:
            answer.raise_for_status()

    return call


async def main(way: str, graph_url: str) -> None:
    """Do as told on standard input, until it ends."""
    async with AsyncExitStack() as stack:
        call = await {"ours": ours, "sdk": sdk, "bare": bare}[way](graph_url, stack)
        print("ready", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(await _calls(call, int(line))), flush=True)


async def _calls(call: Call, count: int) -> dict[str, float]:
    left = count

    async def some() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await call()

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return {
        "count": count,
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
    }


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
