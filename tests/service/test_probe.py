"""The image's health check, over real HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from service.probe import lives

if TYPE_CHECKING:
    from collections.abc import Callable


async def test_a_process_that_answers_on_either_port_lives(
    unused_tcp_port_factory: Callable[[], int],
) -> None:
    status = 200

    async def livez(_: web.Request) -> web.Response:
        return web.Response(status=status)

    app = web.Application()
    app.add_routes([web.get("/livez", livez)])
    runner = web.AppRunner(app)
    await runner.setup()
    port, nobody = (str(unused_tcp_port_factory()) for _ in range(2))
    await web.TCPSite(runner, "127.0.0.1", int(port)).start()
    for expected in (200, 503):
        status = expected
        for environ in (
            {"PORT": port},
            {"PORT": port, "WORKER_PORT": nobody, "HOST": "127.0.0.1"},
            {"PORT": nobody, "WORKER_PORT": port, "HOST": "0.0.0.0"},
        ):
            assert await asyncio.to_thread(lives, environ) is (status == 200)
    await runner.cleanup()
    assert not lives({"PORT": port, "WORKER_PORT": ""})
