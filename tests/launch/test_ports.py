"""The ports that a process opens, and what is said when it can't."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web

from launch.ports import METRICS, open_ports
from service import settings as setup
from service.health import MetricsPage

if TYPE_CHECKING:
    from service.settings import Settings


def settings(**names: str) -> Settings:
    return setup.load("top", {"HOST": "127.0.0.1", **names})


def application() -> web.Application:
    app = web.Application()
    app[METRICS] = page = MetricsPage(lambda: b"figures", "text/plain", "a-token")
    app.add_routes([web.get("/metrics", page.public)])
    return app


async def test_metrics_have_a_port_of_their_own_where_one_is_set() -> None:
    wanted = settings(METRICS_PORT="0", PUBLIC_URL="https://bot.example.com")
    async with (
        open_ports(application(), wanted, 0) as ports,
        aiohttp.ClientSession() as session,
    ):
        async with session.get(f"http://127.0.0.1:{ports.main}/metrics") as answer:
            assert answer.status == 401
            assert "Strict-Transport-Security" in answer.headers
        async with session.get(f"http://127.0.0.1:{ports.metrics}/metrics") as answer:
            assert await answer.text() == "figures"
            assert "Strict-Transport-Security" not in answer.headers
        packed = {"Content-Encoding": "gzip"}
        url = f"http://127.0.0.1:{ports.metrics}/metrics"
        async with session.get(url, headers=packed) as answer:
            assert answer.status == 415


async def test_no_port_is_opened_that_nobody_asked_for() -> None:
    app, started = application(), []

    async def start(_: web.Application) -> None:
        started.append(True)

    app.on_startup.append(start)
    async with open_ports(app, settings(), None) as ports:
        assert (ports.main, ports.metrics) == (None, None)
        assert started == [True]


@pytest.mark.parametrize("name", ["METRICS_PORT", "PORT"])
async def test_a_port_that_is_taken_is_said_in_a_sentence(name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        wanted = settings(**{"PORT": "0", name: str(taken)})
        with pytest.raises(setup.SettingsError, match=f"port {taken} of 127.0.0.1") as error:
            async with open_ports(application(), wanted, wanted.port):
                raise AssertionError("it was opened")
        assert "already in use" in str(error.value)
        assert ("METRICS_PORT" in str(error.value)) == (name == "METRICS_PORT")
