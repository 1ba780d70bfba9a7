"""Zoom's events about groups and users bring the next reading forward, and nothing else."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from sync.zoom.events import DirectoryChanged, Ignored, parse_event
from sync.zoom.signature import sign
from sync.zoom.webhook import ZoomEvents, ZoomWebhook
from tests.doubles.engine import Counts

if TYPE_CHECKING:
    from aiohttp.test_utils import TestClient
    from pytest_aiohttp.plugin import AiohttpClient

    from domain.presence import Observation

    Client = TestClient[web.Request, web.Application]

SECRET = "secret"
AT = 1_760_000_000_000
CHANGES = [
    *("group.created", "group.updated", "group.deleted"),
    *("group.member_added", "group.member_deleted"),
    *("user.created", "user.activated", "user.updated", "user.invitation_accepted"),
]
DEPARTURES = ["user.deleted", "user.deactivated", "user.disassociated"]


def body(name: str, account: object = "account") -> bytes:
    person = {"id": "z1", "email": "ada@example.com"}
    payload = {"account_id": account, "object": person}
    return json.dumps({"event": name, "event_ts": AT, "payload": payload}).encode()


@dataclass
class Engine:
    """What the webhook tells the engine and the directory."""

    gone: list[str | None] = field(default_factory=list)
    wishes: int = 0
    failing: bool = False

    async def take_event(
        self, *, zoom_id: str | None, address: str | None, observation: Observation
    ) -> str:
        raise AssertionError((zoom_id, address, observation))

    async def zoom_user_gone(self, *, zoom_id: str | None, address: str | None, at_ms: int) -> str:
        assert (address, at_ms) == ("ada@example.com", AT)
        self.gone.append(zoom_id)
        return "accepted"

    async def zoom_app_removed(self, at_ms: int) -> str:
        raise AssertionError(at_ms)

    async def is_ours(self, account_id: str) -> bool:
        return account_id == "account"

    async def directory_changed(self) -> None:
        if self.failing:
            raise ConnectionResetError
        self.wishes += 1


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
async def client(aiohttp_client: AiohttpClient, engine: Engine) -> Client:
    events = ZoomEvents(
        engine, account=engine, meter=Counts(), directory_changed=engine.directory_changed
    )
    webhook = ZoomWebhook(events, secret=SECRET, window=60, now=time.time)
    app = web.Application()
    app.add_routes([web.post("/", webhook.handle)])
    return await aiohttp_client(app)


async def deliver(client: Client, content: bytes) -> int:
    at = str(int(time.time()))
    headers = {"x-zm-request-timestamp": at, "x-zm-signature": sign(SECRET, at, content)}
    async with client.post("/", data=content, headers=headers) as answer:
        return answer.status


@pytest.mark.parametrize("name", CHANGES)
def test_changes_of_the_directory_are_recognised(name: str) -> None:
    assert parse_event(body(name)) == DirectoryChanged("account", name)
    assert parse_event(body(name, account=5)) == Ignored(name)


@pytest.mark.parametrize("name", CHANGES)
async def test_they_wish_for_a_reading(client: Client, engine: Engine, name: str) -> None:
    assert await deliver(client, body(name)) == 200
    assert (engine.wishes, engine.gone) == (1, [])


@pytest.mark.parametrize("name", DEPARTURES)
async def test_so_does_a_departure_which_also_ends_the_link(
    client: Client, engine: Engine, name: str
) -> None:
    assert await deliver(client, body(name)) == 200
    assert (engine.wishes, engine.gone) == (1, ["z1"])


@pytest.mark.parametrize(
    "content",
    [body("group.created", "another"), body("user.deleted", "another"), body("meeting.started")],
)
async def test_other_accounts_and_other_events_do_not(
    client: Client, engine: Engine, content: bytes
) -> None:
    assert await deliver(client, content) == 200
    assert (engine.wishes, engine.gone) == (0, [])


async def test_a_wish_that_was_not_kept_is_delivered_again(client: Client, engine: Engine) -> None:
    engine.failing = True
    assert await deliver(client, body("group.created")) == 503
