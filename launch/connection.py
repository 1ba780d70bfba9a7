"""One connection, where aiohttp leaves something open: the size of heads, what answers tell."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from aiohttp import hdrs, web
from aiohttp.http import StreamWriter
from aiohttp.http_exceptions import BadHttpMessage

if TYPE_CHECKING:
    import asyncio

    from multidict import CIMultiDict

MOST_HEADERS = 64
LARGEST_HEAD = 32 * 1024
"""Bytes of a request's line and headers together."""
BODY_BUFFER = 64 * 1024
"""Bytes of a body (twice that at most) that are held before somebody wants them."""
HSTS = "max-age=31536000"
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)


class Connection(web.RequestHandler):
    """aiohttp limits each header and their number, which is a megabyte; here is a limit of all."""

    __slots__ = ("_answered", "_head_bytes")

    def __init__(self, manager: web.Server, **options: Any) -> None:
        super().__init__(manager, **options)
        self._answered = self._head_bytes = 0

    def next_head(self) -> None:
        """A request was answered, and its body is read: what comes now is the next one's."""
        self._answered += 1
        self._head_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Read on, unless a head grows and grows."""
        waiting = self._waiter is not None and not self._waiter.done()
        if waiting and self._answered < self._request_count:
            self._answered = self._request_count  # a body came when the answer was written already
            self._head_bytes = 0
        super().data_received(data)
        if self._request_count == self._answered:  # all heads that came whole are answered
            self._head_bytes += len(data)
            if self._head_bytes > LARGEST_HEAD and self.transport is not None:
                self.transport.write(_TOO_LARGE)
                self.force_close()


class Writer(StreamWriter):
    """Writes what every answer has, those to what is no HTTP too: no word about what runs here."""

    __slots__ = ("_https",)

    def __init__(
        self, protocol: web.RequestHandler, loop: asyncio.AbstractEventLoop, *, https: bool
    ) -> None:
        super().__init__(protocol, loop)
        self._https = https

    async def write_headers(self, status_line: str, headers: CIMultiDict[str]) -> None:
        """Write the head of an answer."""
        headers.popall(hdrs.SERVER, None)
        if self._https:
            headers["Strict-Transport-Security"] = HSTS
        await super().write_headers(status_line, headers)


class _NoHttp(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], BadHttpMessage))


def server_log() -> logging.Logger:
    """Where a server reports its errors, without what is no HTTP (it is answered with 400)."""
    log = logging.getLogger("launch.server")
    if not log.filters:
        log.addFilter(_NoHttp())
    return log
