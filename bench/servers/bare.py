"""The least that a server can do: what the product's figures are held against.

    python -m bench.servers.bare PORT REDIS_URL SECRET FORWARD_TO

POST /event reads the body, checks Zoom's signature and does one Redis write.
POST /forward reads the body, does one Redis round trip and sends the body on to FORWARD_TO.
"""

from __future__ import annotations

import hashlib
import hmac
import sys
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

from sync.redis.connection import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def application(redis_url: str, secret: bytes, forward_to: str) -> web.Application:
    """Make the server."""
    redis = connect(redis_url)  # the client that the product has, too
    session: aiohttp.ClientSession

    async def event(request: web.Request) -> web.Response:
        body = await request.read()
        message = b"v0:" + request.headers["x-zm-request-timestamp"].encode() + b":" + body
        expected = "v0=" + hmac.new(secret, message, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers["x-zm-signature"]):
            return web.Response(status=401)
        await redis.set("newest", body)
        return web.Response()

    async def forward(request: web.Request) -> web.Response:
        body = await request.read()
        await redis.ping()
        async with session.post(forward_to, data=body) as answer:
            return web.Response(status=answer.status)

    async def connections(_: web.Application) -> AsyncIterator[None]:
        nonlocal session
        async with aiohttp.ClientSession() as session:
            yield
        await redis.aclose()

    app = web.Application()
    app.router.add_post("/event", event)
    app.router.add_post("/forward", forward)
    app.cleanup_ctx.append(connections)
    return app


if __name__ == "__main__":
    port, redis_url, secret, forward_to = sys.argv[1:]
    web.run_app(
        application(redis_url, secret.encode(), forward_to), host="127.0.0.1", port=int(port)
    )
