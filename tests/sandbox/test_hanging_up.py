"""Clients that are killed while they speak: no fault in the log, and others are served."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.hanging_up import until_they_hang_up
from sandbox.people import TENANT_ID
from sandbox.server import build_sandbox
from tests.sandbox.support import config

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

FORM = "application/x-www-form-urlencoded"


@contextlib.asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[int]:
    """The port of an application whose handlers outlive their clients, as in `make run`."""
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def hang_up(port: int, path: str) -> None:
    """Go away in the middle of a request's body, as a process that is killed."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: 100\r\n\r\n"
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head.encode() + b"half=")
    while not (handling := handled_now()):  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(0)
    writer.transport.abort()
    await asyncio.wait(handling, timeout=10)


def handled_now() -> list[asyncio.Task[object]]:
    """The tasks in which servers of aiohttp handle requests."""
    return [task for task in asyncio.all_tasks() if "coro=<RequestHandler._handle_" in str(task)]


async def test_who_hangs_up_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    async with served(build_sandbox(config())) as port:
        await hang_up(port, f"/{TENANT_ID}/oauth2/v2.0/token")
    assert caplog.messages == []


async def test_a_connection_of_ours_that_breaks_is_one(caplog: pytest.LogCaptureFixture) -> None:
    async def relay(_: web.Request) -> web.Response:
        raise ConnectionResetError("to somebody else")

    app = web.Application(middlewares=[until_they_hang_up])
    app.router.add_post("/relay", relay)
    async with served(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /relay HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b" 500 " in (await reader.read()).partition(b"\r\n")[0]
        writer.close()
    [message] = caplog.messages
    assert "Error handling request" in message
