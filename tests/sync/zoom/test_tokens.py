"""One Zoom token for all processes: a Zoom that honours only the newest, and a real Redis."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.fernet import Fernet

from domain.errors import AdminMustAct, OutsideError
from domain.presence import ZoomPresence
from sync.connect.vault import Vault
from sync.redis import keys
from sync.redis.connection import Client, connect
from sync.zoom.api import ZoomApi
from sync.zoom.tokens import REFUSED_SECONDS, RENEW_EARLY, ZoomTokenShelf

KEY = Fernet.generate_key().decode()
LIVES = 3600


@dataclass
class Zoom:
    """Only the newest token is good. `issued` says by whom each was asked for."""

    base: str = ""
    issued: list[str] = field(default_factory=list)
    refused: int = 0
    broken: bool = False
    honours_none: bool = False

    def _token(self) -> str:
        return f"token-{len(self.issued)}"

    async def token(self, request: web.Request) -> web.Response:
        if self.broken:
            self.refused += 1
            return web.json_response({"reason": "Invalid client"}, status=400)
        self.issued.append(request.headers["Authorization"])
        await asyncio.sleep(0)  # others come meanwhile
        return web.json_response({"access_token": self._token(), "expires_in": LIVES})

    async def presence(self, request: web.Request) -> web.Response:
        good = request.headers["Authorization"] == f"Bearer {self._token()}"
        if not good or self.honours_none:
            self.refused += 1
            return web.json_response({"code": 124, "message": "Invalid access token."}, status=401)
        return web.json_response({"status": "In_Meeting"})


@pytest.fixture
async def zoom() -> AsyncIterator[Zoom]:
    double = Zoom()
    app = web.Application()
    app.router.add_post("/oauth/token", double.token)
    app.router.add_get("/v2/users/{user}/presence_status", double.presence)
    async with TestServer(app) as server:
        double.base = str(server.make_url("")).rstrip("/")
        yield double


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


Process = Callable[..., ZoomApi]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def process(zoom: Zoom, redis: Client, clock: Clock) -> AsyncIterator[Process]:
    """Makes a process's client: with a memory of its own."""
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())

        def make(*, client: Client = redis, client_id: str = "client", key: str = KEY) -> ZoomApi:
            return ZoomApi(
                session,
                oauth_url=zoom.base,
                api_url=zoom.base,
                account_id="account",
                client_id=client_id,
                client_secret="secret",
                now=clock,
                shelf=ZoomTokenShelf(client, Vault([key]), owner=f"account {client_id}"),
            )

        yield make


async def ask(*processes: ZoomApi, times: int = 1) -> list[ZoomPresence | None]:
    return await asyncio.gather(*(one.presence_of("z") for _ in range(times) for one in processes))


async def test_processes_share_one_token(zoom: Zoom, process: Process) -> None:
    fleet = [process() for _ in range(9)]
    answers = await ask(*fleet, times=10)
    assert answers == [ZoomPresence.IN_MEETING] * 90
    assert (len(zoom.issued), zoom.refused) == (1, 0)


async def test_its_end_brings_one_new_one_for_all(
    zoom: Zoom, process: Process, clock: Clock, redis: Client
) -> None:
    fleet = [process() for _ in range(5)]
    await ask(*fleet)
    assert 0 < await redis.pttl(keys.ZOOM_TOKEN) <= LIVES * 1000  # it has an end
    clock.now += LIVES - RENEW_EARLY + 1
    await redis.pexpire(keys.ZOOM_TOKEN, int(RENEW_EARLY * 1000) - 1)  # Redis's clock moves on, too
    assert set(await ask(*fleet, times=5)) == {ZoomPresence.IN_MEETING}
    assert (len(zoom.issued), zoom.refused) == (2, 0)


async def test_one_that_somebody_else_ended_is_replaced_once_for_all(
    zoom: Zoom, process: Process
) -> None:
    fleet = [process() for _ in range(5)]
    await ask(*fleet)
    for _ in range(3):
        zoom.issued.append("somebody with the same credentials")
        assert await ask(*fleet, times=5) == [ZoomPresence.IN_MEETING] * 25
    assert len(zoom.issued) == 1 + 3 * 2


async def test_a_process_takes_what_another_has_just_got(zoom: Zoom, process: Process) -> None:
    one, other = process(), process()
    await ask(one, other)
    zoom.issued.append("somebody with the same credentials")
    assert await ask(one) == await ask(other) == [ZoomPresence.IN_MEETING]
    assert (len(zoom.issued), zoom.refused) == (3, 2)


async def test_refused_credentials_are_told_to_all_who_wait_at_once(
    zoom: Zoom, process: Process, clock: Clock
) -> None:
    zoom.broken = True
    one = process()
    tries = await asyncio.gather(*(one.presence_of("z") for _ in range(5)), return_exceptions=True)
    assert {getattr(error, "code", None) for error in tries} == {"zoom_credentials"}
    assert zoom.refused == 1
    with pytest.raises(AdminMustAct):
        await one.presence_of("z")
    assert zoom.refused == 1  # not asked again at once
    zoom.broken = False
    clock.now += REFUSED_SECONDS
    assert await ask(one) == [ZoomPresence.IN_MEETING]


@pytest.mark.parametrize("other", [{"client_id": "other"}, {"key": Fernet.generate_key().decode()}])
async def test_it_is_sealed_for_its_app_and_our_keys(
    zoom: Zoom, process: Process, redis: Client, other: dict[str, str]
) -> None:
    await ask(process())
    row = await redis.get(keys.ZOOM_TOKEN)
    assert "token-1" not in row
    assert await ask(process(**other)) == [ZoomPresence.IN_MEETING]
    assert len(zoom.issued) == 2


@pytest.mark.parametrize("row", ["", "garbage", "gAAAAA"])
async def test_a_damaged_row_counts_as_none(
    zoom: Zoom, process: Process, redis: Client, row: str
) -> None:
    await redis.set(keys.ZOOM_TOKEN, row, ex=60)
    assert await ask(process()) == [ZoomPresence.IN_MEETING]


async def test_without_redis_a_process_helps_itself(zoom: Zoom, process: Process) -> None:
    nowhere = connect("redis://127.0.0.1:1")
    try:
        one = process(client=nowhere)
        assert await ask(one, times=5) == [ZoomPresence.IN_MEETING] * 5
        zoom.issued.append("somebody with the same credentials")
        assert await ask(one) == [ZoomPresence.IN_MEETING]
        assert len(zoom.issued) == 3
    finally:
        await nowhere.aclose()


async def test_whoever_dies_with_the_turn_holds_nobody_up_for_long(
    zoom: Zoom, process: Process, redis: Client
) -> None:
    await redis.set(keys.ZOOM_TOKEN_LEASE, "dead", px=200)
    assert await ask(process()) == [ZoomPresence.IN_MEETING]
    assert 0 < keys.ZOOM_TOKEN_LEASE_TTL <= 10


async def test_who_gives_up_does_not_take_the_others_down(zoom: Zoom, process: Process) -> None:
    one = process()
    first, second = (asyncio.create_task(one.presence_of("z")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second is ZoomPresence.IN_MEETING


async def test_a_zoom_that_refuses_what_it_gives_says_so(zoom: Zoom, process: Process) -> None:
    one = process()
    zoom.honours_none = True
    with pytest.raises(OutsideError) as caught:
        await one.presence_of("z")
    assert (type(caught.value), caught.value.code) == (AdminMustAct, "zoom_token_refused")
