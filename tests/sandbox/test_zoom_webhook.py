from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from sandbox.clock import SandboxClock
from sandbox.server import WORLD, build_sandbox
from sandbox.zoom_states import ZoomPresence
from sandbox.zoom_webhook import sign
from tests.sandbox.support import ADA, FARID, NOON, WEBHOOK_SECRET, config

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pytest_aiohttp.plugin import AiohttpClient, AiohttpServer

    from sandbox.world import World

    Start = Callable[..., Awaitable[tuple[World, "Receiver"]]]


class Receiver:
    """The other end: keeps what arrives, answers what it was told to."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.arrived: list[tuple[dict[str, str], bytes]] = []
        self.silent = asyncio.Event()
        self.silent.set()

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.arrived.append((dict(request.headers), body))
        await self.silent.wait()
        content = json.loads(body)
        if content["event"] == "endpoint.url_validation":
            plain = content["payload"]["plainToken"]
            digest = hmac.new(WEBHOOK_SECRET.encode(), plain.encode(), hashlib.sha256).hexdigest()
            return web.json_response({"plainToken": plain, "encryptedToken": digest})
        return web.Response(status=self.answers.pop(0) if self.answers else 200)


@pytest.fixture
def start(aiohttp_client: AiohttpClient, aiohttp_server: AiohttpServer) -> Start:
    async def begin(*answers: int) -> tuple[World, Receiver]:
        receiver = Receiver(*answers)
        app = web.Application()
        app.router.add_post("/zoom/webhook", receiver.take)
        server = await aiohttp_server(app)
        settings = config(zoom_webhook_url=str(server.make_url("/zoom/webhook")))
        client = await aiohttp_client(build_sandbox(settings, clock=SandboxClock(lambda: NOON)))
        assert client.app is not None
        return client.app[WORLD], receiver

    return begin


async def settled(world: World, state: str, attempts: int) -> None:
    def done() -> bool:
        delivery = world.webhooks.log[-1]
        return delivery.state == state and len(delivery.attempts) == attempts

    await asyncio.wait_for(world.wait_until(done), 10)


async def test_a_change_of_presence_is_sent_signed(start: Start) -> None:
    world, receiver = await start()
    world.set_zoom(ADA, ZoomPresence.IN_MEETING)
    await settled(world, "delivered", 1)
    ((headers, body),) = receiver.arrived
    timestamp = headers["x-zm-request-timestamp"]
    assert timestamp == str(int(NOON))
    assert headers["x-zm-signature"] == sign(WEBHOOK_SECRET, timestamp, body)
    assert headers["x-zm-request-id"]
    assert json.loads(body) == {
        "event": "user.presence_status_updated",
        "event_ts": int(NOON * 1000),
        "payload": {
            "account_id": "sandbox-zoom-account",
            "object": {
                "date_time": "2027-01-15T08:00:00Z",
                "email": "ada@example.com",
                "id": "zAda0000000000000001",
                "presence_status": "In_Meeting",
            },
        },
    }


def test_the_signature_is_the_one_of_zooms_documentation() -> None:
    expected = hmac.new(b"s", b'v0:1739923528:{"a":"\xc3\xa9"}', hashlib.sha256).hexdigest()
    assert sign("s", "1739923528", b'{"a":"\xc3\xa9"}') == f"v0={expected}"


async def test_the_same_presence_again_sends_nothing(start: Start) -> None:
    world, receiver = await start()
    world.set_zoom(ADA, ZoomPresence.BUSY)
    world.set_zoom(ADA, ZoomPresence.BUSY)
    await settled(world, "delivered", 1)
    assert len(receiver.arrived) == 1


async def test_events_in_one_instant_still_have_an_order(start: Start) -> None:
    world, receiver = await start()
    world.set_zoom(ADA, ZoomPresence.BUSY)
    world.set_zoom(ADA, ZoomPresence.AWAY)
    await asyncio.wait_for(world.wait_until(lambda: world.webhooks.pending == 0), 10)
    times = {json.loads(b)["event_ts"]: json.loads(b) for _, b in receiver.arrived}
    assert times[max(times)]["payload"]["object"]["presence_status"] == "Away"
    assert len(times) == 2


async def test_server_errors_are_tried_again_after_5_20_and_60_minutes(start: Start) -> None:
    world, receiver = await start(500, 503, 500, 500)
    world.set_zoom(ADA, ZoomPresence.BUSY)
    for number, minutes in enumerate((5, 20, 60), start=1):
        await settled(world, "waiting", number)
        world.clock.advance(minutes * 60 - 1)
        await asyncio.sleep(0)
        assert len(receiver.arrived) == number
        world.clock.advance(1)
    await settled(world, "failed", 4)
    assert len({body for _, body in receiver.arrived}) == 1
    assert len({headers["x-zm-request-timestamp"] for headers, _ in receiver.arrived}) == 1


@pytest.mark.parametrize("status", [301, 400, 401, 404, 429])
async def test_other_answers_lose_the_event(start: Start, status: int) -> None:
    world, receiver = await start(status)
    world.set_zoom(ADA, ZoomPresence.BUSY)
    await settled(world, "failed", 1)
    assert len(receiver.arrived) == 1


async def test_silence_counts_as_failure_and_is_tried_again(start: Start) -> None:
    world, receiver = await start()
    world.webhooks.answer_within = 0.05
    receiver.silent.clear()
    world.set_zoom(ADA, ZoomPresence.BUSY)
    await settled(world, "waiting", 1)
    assert "did not answer" in world.webhooks.log[-1].attempts[0].problem
    receiver.silent.set()
    world.clock.advance(300)
    await settled(world, "delivered", 2)


async def test_nobody_waits_for_a_delivery(start: Start) -> None:
    world, receiver = await start()
    receiver.silent.clear()
    world.set_zoom(ADA, ZoomPresence.BUSY)
    assert world.webhooks.pending == 1
    assert world.people[ADA].zoom is ZoomPresence.BUSY
    receiver.silent.set()
    await settled(world, "delivered", 1)


async def test_the_address_is_validated(start: Start) -> None:
    world, _ = await start()
    assert await world.webhooks.validate()


async def test_a_wrong_answer_to_the_validation_is_noticed(
    start: Start, aiohttp_server: AiohttpServer
) -> None:
    async def echo(_request: web.Request) -> web.Response:
        return web.json_response({"plainToken": "x", "encryptedToken": "y"})

    world, _ = await start()
    app = web.Application()
    app.router.add_post("/", echo)
    world.webhooks.url = str((await aiohttp_server(app)).make_url("/"))
    assert not await world.webhooks.validate()
    assert "encryptedToken" in world.webhooks.validation_problem


async def test_people_without_zoom_have_no_presence_there(start: Start) -> None:
    world, _ = await start()
    with pytest.raises(ValueError, match="no Zoom account"):
        world.set_zoom(FARID, ZoomPresence.BUSY)
