"""The least HTTP/1.1 that will do, on both sides of the measured servers.

The load and the stand-ins share one core. A full client and server there would be the slowest part
of the whole, and the figures would be theirs. Only what the measured programs really send is read:
heads with a Content-Length, persistent connections, no pipelining.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_END = b"\r\n\r\n"


class _Messages(asyncio.Protocol):
    """Cuts what arrives into messages. `began` is called at each head, `got` at each end."""

    def __init__(self) -> None:
        self._buffer = b""
        self._missing: int | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._missing is None:
            end = self._buffer.find(_END)
            if end < 0:
                return
            length = _LENGTH.search(self._buffer, 0, end + 2)
            self._missing = end + len(_END) + (int(length[1]) if length else 0)
            self.began(self._buffer[: self._buffer.index(b"\r")])
        if len(self._buffer) >= self._missing:
            message, self._buffer, self._missing = self._buffer, b"", None
            self.got(message)

    def began(self, first_line: bytes) -> None:
        """The head is there."""

    def got(self, message: bytes) -> None:
        """The whole message is there."""
        raise NotImplementedError


class _Responder(_Messages):
    def __init__(self, answer: Callable[[bytes], bytes], heard: Callable[[bytes], None]) -> None:
        super().__init__()
        self._answer = answer
        self._heard = heard
        self._ready = b""

    def began(self, first_line: bytes) -> None:
        self._ready = self._answer(first_line)

    def got(self, message: bytes) -> None:
        self._heard(message)
        self.transport.write(self._ready)


@asynccontextmanager
async def responder(
    answer: Callable[[bytes], bytes], heard: Callable[[bytes], None]
) -> AsyncIterator[int]:
    """Answer requests on a free loopback port, which is given.

    `answer` gets the request line as soon as the head has arrived, and returns the whole answer;
    `heard` gets the whole request.
    """
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Responder(answer, heard), "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


def response(status: int, body: bytes = b"", headers: str = "") -> bytes:
    """An answer, ready to be sent; `headers` are more of them, as complete lines."""
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{headers}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Connection(_Messages):
    """A persistent connection of a client."""

    def __init__(self, host: str) -> None:
        super().__init__()
        self._host = host
        self._waiting: asyncio.Future[bytes] | None = None

    @classmethod
    async def open(cls, host: str) -> Self:
        """Connect to `host:port`. Raises OSError."""
        name, _, port = host.partition(":")
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(lambda: cls(host), name, int(port))
        return connection

    async def post(self, path: str, headers: str, body: bytes) -> tuple[int, bytes]:
        """Send a POST request, as `request` does."""
        return await self.request("POST", path, headers, body)

    async def request(
        self, method: str, path: str, headers: str = "", body: bytes = b""
    ) -> tuple[int, bytes]:
        """Send a request; status and the whole answer. Raises ConnectionError.

        `headers` are complete lines. Only one request at a time.
        """
        self._waiting = asyncio.get_running_loop().create_future()
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\nContent-Length: {len(body)}\r\n"
        self.transport.write(f"{head}{headers}\r\n".encode() + body)
        answer = await self._waiting
        return int(answer[9:12]), answer

    def got(self, message: bytes) -> None:
        """Hand the answer to whoever sent the request."""
        if self._waiting is not None:
            self._waiting.set_result(message)

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whoever waits for an answer that there will be none."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionError("the server closed the connection"))

    def close(self) -> None:
        """End the connection."""
        self._waiting = None
        self.transport.close()
