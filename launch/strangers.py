"""Clients that hang up, or that speak no HTTP: their own matter, no error of ours.

Anybody on the network can do either. aiohttp reports both as errors with a traceback, which quotes
what was sent.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler


@web.middleware
async def hung_up(request: web.Request, handler: Handler) -> web.StreamResponse:
    """End a request quietly whose client is gone."""
    try:
        return await handler(request)
    except ConnectionResetError:
        if request.transport is None or request.transport.is_closing():
            return web.Response(status=400)  # nobody is there to read it
        raise


class _NoHttp(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], BadHttpMessage))


def server_log() -> logging.Logger:
    """Where a server reports its errors, without what is no HTTP (it is answered with 400)."""
    log = logging.getLogger("launch.server")
    if not log.filters:
        log.addFilter(_NoHttp())
    return log
