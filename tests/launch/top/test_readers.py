"""What `top` reads: from a real Redis, and from a process's page over real HTTP."""

from __future__ import annotations

import io
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web

from bot.invite.store import InvitationStore, Mailing, MailingCard
from domain.budget import LIMIT
from domain.step import Lane
from launch.top.figures import Progress, Stored
from launch.top.readers import (
    PAGE_LIMIT,
    PageReader,
    Reader,
    RedisReader,
    Unread,
    metrics_address,
    page_here,
)
from service import settings as setup
from service.health import MetricsPage
from service.metrics import CONTENT_TYPE, Metrics
from sync.engine.quota import Quota
from sync.redis import keys
from sync.redis.scripts import Scripts
from sync.settings.rollout import Rollout, RolloutStore
from sync.upgrade.data_version import DataVersions
from tests.doubles.memory import CHAT
from tests.doubles.redis import open_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiohttp.typedefs import Handler
    from pytest_aiohttp.plugin import AiohttpServer

    from service.settings import Settings
    from sync.redis.connection import Client
    from tests.doubles.redis import RedisServer

T = "a-long-random-text-of-the-operator"


def settings(**names: str) -> Settings:
    return setup.load("top", names)


@asynccontextmanager
async def redis_reader(server: RedisServer) -> AsyncIterator[RedisReader]:
    reader = RedisReader(settings(REDIS_URL=server.url))
    yield reader
    await reader.aclose()


async def test_what_redis_holds(redis: Client, redis_server: RedisServer) -> None:
    await DataVersions(redis, Scripts(redis), release="").enter()
    quota = Quota(redis, Scripts(redis))
    await quota.take(Lane.CHANGE, LIMIT // 10)
    await quota.pause(30)
    rollouts, invitations = RolloutStore(redis), InvitationStore(redis)
    rollout = Rollout("r1", 2, 3, "not shown")
    await rollouts.intend(rollout, ["a", "b", "c"])
    await rollouts.count_done(rollout, ["a", "b"], failed=1)
    mailing = Mailing(MailingCard(CHAT, "m1", "Ada"), "", 4)
    await invitations.begin(mailing, ["a", "b", "c", "d"])
    assert await invitations.next(mailing) is not None
    await invitations.add_up(mailing, "invited")
    await redis.hset(keys.DIRECTORY_STATE, mapping={"read": 1, "users": 7, "groups": 2})
    before = {key: await redis.dump(key) for key in await redis.keys("*")}
    async with redis_reader(redis_server) as reader:
        stored = await reader.read()
    assert stored.shared.connected == 0
    assert stored.shared.used == 0.1
    assert (stored.shared.directory.users, stored.shared.directory.groups) == (7, 2)
    assert 29 < stored.paused_seconds <= 30
    assert stored.work == [
        Progress("change of settings", 2, 3, 1),
        Progress("invitations", 1, 4, 0),
    ]
    # Looking changes nothing.
    assert {key: await redis.dump(key) for key in await redis.keys("*")} == before


async def test_a_redis_that_goes_away_and_comes_back(own_redis: RedisServer) -> None:
    async with redis_reader(own_redis) as reader:
        assert (await reader.read()).shared.connected == 0
        own_redis.kill()
        with pytest.raises(Unread, match=r"doesn't answer \(ConnectionError\)"):
            await reader.read()
        own_redis.start()
        assert (await reader.read()).shared.connected == 0


async def test_without_a_redis_url_the_embedded_one_is_looked_for(tmp_path: Path) -> None:
    reader = RedisReader(settings(DATA_DIR=str(tmp_path)))
    with pytest.raises(Unread, match="no Presence Bridge runs on"):
        await reader.read()
    assert not (tmp_path / "redis").exists()  # none is started


@asynccontextmanager
async def page_reader(
    start: AiohttpServer, handler: Handler, token: str | None = None
) -> AsyncIterator[PageReader]:
    app = web.Application()
    app.router.add_get("/metrics", handler)
    server = await start(app)
    async with aiohttp.ClientSession() as session:
        yield PageReader(session, str(server.make_url("/metrics")), token)


async def test_the_page_of_a_process(aiohttp_server: AiohttpServer) -> None:
    metrics = Metrics()
    metrics.event("accepted")
    page = MetricsPage(metrics.render, CONTENT_TYPE, "the-token")
    async with page_reader(aiohttp_server, page.public, "the-token") as reader:
        read = await reader.read()
        assert read.series["presence_bridge_events_total", "accepted"] == 1
    for token in (None, "another"):
        async with page_reader(aiohttp_server, page.public, token) as reader:
            with pytest.raises(Unread, match="METRICS_TOKEN"):
                await reader.read()


async def _error(_: web.Request) -> web.Response:
    return web.Response(status=500)


async def _elsewhere(_: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": "http://192.0.2.1/metrics"})


async def _html(_: web.Request) -> web.Response:
    return web.Response(text="<html>Hello")


async def _binary(_: web.Request) -> web.Response:
    return web.Response(body=b"\xff\xfe\x00")


async def _endless(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    for _ in range(PAGE_LIMIT // 2**16 + 2):
        await answer.write(b"#" * 2**16)
    return answer


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (_error, "HTTP 500"),
        (_elsewhere, "HTTP 302"),  # the token is not carried elsewhere
        (_html, "something else than metrics"),
        (_binary, "something else than metrics"),
        (_endless, "something else than metrics"),
    ],
)
async def test_what_is_no_page_of_metrics_is_said(
    aiohttp_server: AiohttpServer, handler: Handler, said: str
) -> None:
    async with page_reader(aiohttp_server, handler, "the-token") as reader:
        with pytest.raises(Unread, match=said):
            await reader.read()


@pytest.mark.usefixtures("redis")  # empty
async def test_a_snapshot_holds_what_could_be_read_and_why_the_rest_could_not(
    redis_server: RedisServer,
) -> None:
    log = io.StringIO()
    log.write("one line\nand another\n")
    async with redis_reader(redis_server) as there, aiohttp.ClientSession() as session:
        page = PageReader(session, "http://127.0.0.1:1/metrics", None)
        snapshot = await Reader(there, page, log).read()
        assert isinstance(snapshot.stored, Stored)
        assert (snapshot.no_stored, snapshot.page) == (None, None)
        assert snapshot.address == "http://127.0.0.1:1/metrics"
        assert "doesn't answer" in (snapshot.no_page or "")
        assert snapshot.complaints == ["one line", "and another"]
        again = await Reader(there, None, log).read()
        assert (again.address, again.no_page, again.complaints) == (None, None, [])


@pytest.mark.parametrize(
    ("names", "address", "token"),
    [
        ({"METRICS_PORT": "9464"}, "http://127.0.0.1:9464/metrics", None),
        ({"METRICS_PORT": "9464", "METRICS_TOKEN": T}, "http://127.0.0.1:9464/metrics", None),
        ({"METRICS_TOKEN": T, "PORT": "4000"}, "http://127.0.0.1:4000/metrics", T),
        ({"PORT": "4000"}, "http://127.0.0.1:3980/metrics", None),  # local mode's
        ({"METRICS_PORT": "0"}, None, None),
        ({"METRICS_TOKEN": T, "PORT": "0"}, None, T),
    ],
)
def test_the_page_on_this_machine(
    names: dict[str, str], address: str | None, token: str | None
) -> None:
    assert page_here(settings(**names)) == (address, token)


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("http://worker-1:9090", "http://worker-1:9090/metrics"),
        ("https://worker-1/", "https://worker-1/metrics"),
        ("http://[::1]:9090/inside/metrics", "http://[::1]:9090/inside/metrics"),
    ],
)
def test_an_address_may_leave_out_the_path(given: str, address: str) -> None:
    assert metrics_address(given) == address


@pytest.mark.parametrize(
    "given", ["", "worker-1:9090", "ftp://x", "http://", "http://u:p@host/", "http://host/?a=b"]
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="address"):
        metrics_address(given)


async def test_nothing_is_left_open_to_a_dead_redis(own_redis: RedisServer) -> None:
    client = open_client(own_redis)
    async with redis_reader(own_redis) as reader:
        await reader.read()
        assert len(await client.client_list()) == 2
    assert len(await client.client_list()) == 1
    await client.aclose()
