"""The pages that orchestrators and Prometheus ask, over real HTTP."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from service.health import Health, MetricsPage
from service.metrics import CONTENT_TYPE, Metrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def asking(
    health: Health | None = None,
    token: str | None = None,
    host: str = "127.0.0.1",
    *,
    private: bool = False,
) -> AsyncIterator[aiohttp.ClientSession]:
    health = health or Health()
    page = MetricsPage(Metrics().render, CONTENT_TYPE, token)
    app = web.Application()
    app.router.add_get("/livez", health.livez)
    app.router.add_get("/readyz", health.readyz)
    app.router.add_get("/metrics", page.private if private else page.public)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, 0)
        await site.start()
        port = runner.addresses[0][1]
        shown = f"[{host}]" if ":" in host else host
        async with aiohttp.ClientSession(f"http://{shown}:{port}") as session:
            yield session
    finally:
        await runner.cleanup()


async def get(session: aiohttp.ClientSession, path: str, **headers: str) -> tuple[int, Any]:
    async with session.get(path, headers=headers) as answer:
        is_json = answer.content_type == "application/json"
        return answer.status, await (answer.json() if is_json else answer.text())


async def test_a_process_lives_while_every_heartbeat_is_young() -> None:
    clock = Clock()
    health = Health(heartbeats={"worker": 30, "directory": 300}, clock=clock)
    async with asking(health) as session:
        assert await get(session, "/livez") == (
            200,
            {"alive": True, "heartbeats": {"worker": True, "directory": True}},
        )
        clock.now += 31  # the worker never began
        assert (await get(session, "/livez"))[0] == 503
        health.beat("worker")
        assert (await get(session, "/livez"))[0] == 200
        clock.now += 270
        health.beat("worker")
        status, body = await get(session, "/livez")
        assert (status, body["heartbeats"]) == (503, {"worker": True, "directory": False})


async def test_readiness_needs_every_check_and_every_heartbeat() -> None:
    clock, broken = Clock(), {"redis": True}

    async def redis() -> None:
        if broken["redis"]:
            raise ConnectionError("redis://:hunter2@cache")

    async def scripts() -> bool:
        return not broken["redis"]

    health = Health(
        heartbeats={"worker": 30}, checks={"redis": redis, "scripts": scripts}, clock=clock
    )
    async with asking(health) as session:
        status, body = await get(session, "/readyz")
        assert status == 503
        assert body == {
            "ready": False,
            "draining": False,
            "checks": {"redis": "failed", "scripts": "failed"},
            "heartbeats": {"worker": True},
        }
        assert (await get(session, "/livez"))[0] == 200  # a blip of Redis restarts nobody
        broken["redis"] = False
        clock.now += 1
        assert (await get(session, "/readyz"))[0] == 200
        clock.now += 30
        assert (await get(session, "/readyz"))[0] == 503


async def test_a_check_that_hangs_is_given_up_and_the_others_still_answer() -> None:
    async def hangs() -> None:
        await asyncio.Event().wait()

    async def well() -> None:
        pass

    health = Health(checks={"redis": hangs, "scripts": well}, limit=0.05)
    async with asking(health) as session:
        status, body = await get(session, "/readyz")
    assert (status, body["checks"]) == (503, {"redis": "timeout", "scripts": "ok"})


async def test_a_draining_process_lives_and_is_not_ready() -> None:
    health = Health()
    async with asking(health) as session:
        assert (await get(session, "/readyz"))[0] == 200
        health.drain()
        status, body = await get(session, "/readyz")
        assert (status, body["draining"]) == (503, True)
        assert (await get(session, "/livez"))[0] == 200


async def test_a_failing_check_is_logged_once_and_once_when_it_is_well_again() -> None:
    well, clock = False, Clock()

    async def redis() -> bool:
        if not well:
            raise ConnectionError("hunter2")
        return True

    with capture_logs() as lines:
        async with asking(Health(checks={"redis": redis}, clock=clock)) as session:
            for now_well in (False, False, False, True, True):
                well = now_well
                clock.now += 1
                await get(session, "/readyz")
    assert [(line["event"], line["outcome"], line["error"]) for line in lines] == [
        ("readiness_changed", "failed", "ConnectionError"),
        ("readiness_changed", "ok", ""),
    ]


def test_a_heartbeat_nobody_announced_is_a_bug() -> None:
    with pytest.raises(ValueError, match="directory"):
        Health(heartbeats={"worker": 1}).beat("directory")


async def test_whoever_asks_redis_is_written_to_once_a_second() -> None:
    clock, asked, may_answer = Clock(), 0, asyncio.Event()

    async def redis() -> None:
        nonlocal asked
        asked += 1
        await may_answer.wait()

    async with asking(Health(checks={"redis": redis}, clock=clock, limit=10)) as session:
        many = [asyncio.create_task(get(session, "/readyz")) for _ in range(20)]
        await asyncio.wait(many, timeout=0.05)
        many[0].cancel()  # whoever asked first hangs up
        may_answer.set()
        assert {status for status, _ in await asyncio.gather(*many[1:])} == {200}
        assert (await get(session, "/readyz"))[0] == 200
        assert asked == 1
        clock.now += 1
        assert (await get(session, "/readyz"))[0] == 200
        assert asked == 2


async def test_pages_are_not_kept_by_caches() -> None:
    async with asking(private=True) as session:
        for path in ("/livez", "/readyz", "/metrics"):
            async with session.get(path) as answer:
                assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
async def test_a_port_of_this_machine_shows_metrics(host: str) -> None:
    async with asking(host=host, private=True) as session, session.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == CONTENT_TYPE
        assert "presence_bridge_events_total" in await answer.text()


@pytest.mark.parametrize("name", ["bot.example.com", "127.0.0.1.example.com", "[", "127.0.0.1 x"])
async def test_but_not_to_web_pages_that_make_their_own_name_point_here(name: str) -> None:
    async with asking(private=True) as session:
        assert (await get(session, "/metrics", Host=name))[0] in {400, 404}


PROXY_OR_NOT: list[dict[str, str]] = [
    {},  # a proxy on this machine that adds nothing
    {"Host": "localhost"},
    {"X-Forwarded-For": "127.0.0.1"},
    {"Forwarded": "for=127.0.0.1"},
    {"Host": "bot.example.com"},
]


@pytest.mark.parametrize("headers", PROXY_OR_NOT, ids=str)
async def test_elsewhere_the_token_opens_metrics_and_nothing_else_does(
    headers: dict[str, str],
) -> None:
    bearer = {"Authorization": "Bearer opensesame"}
    async with asking() as session:
        assert (await get(session, "/metrics", **headers))[0] == 404
        assert (await get(session, "/metrics", **headers, **bearer))[0] == 404
    async with asking(token="opensesame") as session:
        assert (await get(session, "/metrics", **headers))[0] == 401
        assert (await get(session, "/metrics", **headers, **bearer))[0] == 200


@pytest.mark.parametrize(
    "given", ["Bearer wrong", "Basic opensesame", "opensesame", "Bearer ", "Bearer öpensesame"]
)
async def test_a_wrong_token_opens_nothing(given: str) -> None:
    async with asking(token="opensesame") as session:
        assert (await get(session, "/metrics", Authorization=given))[0] == 401


async def test_an_empty_token_is_no_token() -> None:
    async with asking(token="") as session:
        assert (await get(session, "/metrics", Authorization="Bearer "))[0] == 404
