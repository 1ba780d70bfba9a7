"""Clients that go away in the middle of what they say, as processes that are killed do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


@web.middleware
async def until_they_hang_up(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer; who is gone before their whole request has come gets no traceback into the log."""
    try:
        return await handler(request)
    except ConnectionResetError:
        if request.transport is None or request.transport.is_closing():
            return web.Response(status=400)  # nobody reads it
        raise
