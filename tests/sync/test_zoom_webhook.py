"""Zoom's webhook on a real server, before the real engine and a real Redis."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from sync.presence import ZoomPresence
from sync.store.connection import Client
from sync.zoom.signature import answer_validation, sign
from sync.zoom.webhook import Hearing, ZoomWebhook
from tests.doubles.engine import Bridge, running_bridge
from tests.doubles.graph import Graph
from tests.doubles.people import ADA, BEN
from tests.doubles.redis import RedisServer, open_client

SECRET = "the webhook secret"
ACCOUNT = "our-account"
NOW = 1_760_000_000
LIMIT = 256 * 1024
Z = ZoomPresence


class Endpoint:
    """The endpoint as Zoom meets it."""

    def __init__(self, bridge: Bridge, session: aiohttp.ClientSession) -> None:
        self.bridge = bridge
        self._session = session
        self.url = ""
        self.heard: list[bool] = []

    def note(self, *, validation: bool) -> None:
        self.heard.append(validation)

    async def post(
        self,
        body: bytes,
        *,
        secret: str = SECRET,
        timestamp: int = NOW,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        if headers is None:
            headers = {
                "x-zm-request-timestamp": str(timestamp),
                "x-zm-signature": sign(secret, str(timestamp), body),
            }
        headers["Content-Type"] = "application/json; charset=utf-8"
        async with self._session.post(self.url, data=body, headers=headers) as answer:
            return answer.status, await answer.read()

    async def status(self, document: object) -> int:
        return (await self.post(json.dumps(document).encode()))[0]


async def serve(bridge: Bridge, heard: Hearing) -> tuple[web.AppRunner, str]:
    webhook = ZoomWebhook(
        bridge.engine,
        secret=SECRET,
        account_id=ACCOUNT,
        window=7200,
        now=lambda: NOW,
        meter=bridge.counts,
        heard=heard,
    )
    app = web.Application(client_max_size=LIMIT)
    app.router.add_post("/zoom/webhook", webhook.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    return runner, f"http://{host}:{port}/zoom/webhook"


async def running_endpoint(redis: Client) -> AsyncIterator[Endpoint]:
    async with running_bridge(redis, Graph()) as bridge, aiohttp.ClientSession() as session:
        endpoint = Endpoint(bridge, session)
        runner, endpoint.url = await serve(bridge, endpoint.note)
        yield endpoint
        await runner.cleanup()


@pytest.fixture
async def endpoint(redis: Client) -> AsyncIterator[Endpoint]:
    async for one in running_endpoint(redis):
        yield one


async def presence(
    endpoint: Endpoint, status: str = "In_Meeting", **changed: Any
) -> dict[str, Any]:
    """A presence event of Ada, now."""
    person = {"id": f"z{ADA}", "email": f"{ADA}@example.com", "presence_status": status}
    return {
        "event": "user.presence_status_updated",
        "event_ts": await endpoint.bridge.store.now_ms(),
        "payload": {"account_id": ACCOUNT, "object": person | changed},
    }


async def known(endpoint: Endpoint) -> Z | None:
    observation = (await endpoint.bridge.state(ADA)).observation
    return observation.presence if observation else None


# -- taken ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spelling", "state"),
    [
        ("Available", Z.AVAILABLE),
        ("Away", Z.AWAY),
        ("Do_Not_Disturb", Z.DO_NOT_DISTURB),
        ("Do_No_Disturb", Z.DO_NOT_DISTURB),
        ("In_Calendar_Event", Z.IN_CALENDAR_EVENT),
        ("In_A_Calendar_Event", Z.IN_CALENDAR_EVENT),
        ("In_Meeting", Z.IN_MEETING),
        ("In_A_Zoom_Meeting", Z.IN_MEETING),
        ("In_A_Meeting", Z.IN_MEETING),
        ("Presenting", Z.PRESENTING),
        ("On_Phone_Call", Z.ON_PHONE_CALL),
        ("On_A_Call", Z.ON_PHONE_CALL),
        ("In_A_Call", Z.ON_PHONE_CALL),
        ("Offline", Z.OFFLINE),
        ("Mobile_signed_in", Z.MOBILE_ONLY),
        ("Busy", Z.BUSY),
        ("Out_of_Office", Z.OUT_OF_OFFICE),
        ("in_meeting", Z.IN_MEETING),
        ("DO_NOT_DISTURB", Z.DO_NOT_DISTURB),
    ],
)
async def test_every_spelling_of_zoom_is_taken(endpoint: Endpoint, spelling: str, state: Z) -> None:
    await endpoint.bridge.connect(ADA)
    assert await endpoint.status(await presence(endpoint, spelling)) == 200
    assert await known(endpoint) is state
    assert endpoint.bridge.counts.events == {"accepted": 1}


async def test_a_repeat_an_older_and_a_future_event_are_answered_200_and_change_nothing(
    endpoint: Endpoint,
) -> None:
    await endpoint.bridge.connect(ADA)
    event = await presence(endpoint)
    older = {**await presence(endpoint, "Away"), "event_ts": event["event_ts"] - 1}
    future = {**await presence(endpoint, "Away"), "event_ts": event["event_ts"] + 660_000}
    with capture_logs() as logs:
        for document in (event, event, older, future):
            assert await endpoint.status(document) == 200
    assert await known(endpoint) is Z.IN_MEETING
    counts = {"accepted": 1, "repeat": 1, "older": 1, "future": 1}
    assert endpoint.bridge.counts.events == counts
    assert [line["event"] for line in logs] == ["zoom_event_from_the_future"]


async def test_an_event_of_a_stranger_is_answered_200_and_leaves_no_trace(
    endpoint: Endpoint,
) -> None:
    with capture_logs() as logs:
        assert await endpoint.status(await presence(endpoint)) == 200
    assert logs == []
    assert endpoint.bridge.counts.events == {"not_connected": 1}
    assert await endpoint.bridge.redis.keys("*") == []


async def test_an_event_of_another_account_is_answered_200_and_dropped(endpoint: Endpoint) -> None:
    await endpoint.bridge.connect(ADA)
    event = await presence(endpoint)
    event["payload"]["account_id"] = "another"
    assert await endpoint.status(event) == 200
    for name in ("user.deleted", "app_deauthorized"):
        assert await endpoint.status({**event, "event": name}) == 200
    assert await known(endpoint) is None
    assert await endpoint.bridge.engine.is_connected(ADA)
    assert endpoint.bridge.counts.events == {"not_connected": 3}


async def test_an_unknown_state_is_answered_200_and_counted_and_logged(endpoint: Endpoint) -> None:
    await endpoint.bridge.connect(ADA)
    with capture_logs() as logs:
        assert await endpoint.status(await presence(endpoint, "At_Lunch")) == 200
    assert endpoint.bridge.counts.events == {"unknown_state": 1}
    assert [(line["event"], line["state"]) for line in logs] == [("zoom_unknown_state", "At_Lunch")]
    assert await known(endpoint) is None


@pytest.mark.parametrize("name", ["meeting.started", "user.signed_in", "something.new"])
async def test_an_event_that_we_do_not_act_on_is_answered_200(
    endpoint: Endpoint, name: str
) -> None:
    assert await endpoint.status({"event": name, "payload": {"object": 5}}) == 200
    assert endpoint.bridge.counts.events == {}


async def test_raw_bytes_are_verified_whatever_they_hold(endpoint: Endpoint) -> None:
    await endpoint.bridge.connect(ADA)
    event = await presence(endpoint)
    text = json.dumps(event, ensure_ascii=False)
    body = text.replace(
        '"payload"', '"topic": "caf\\u00e9 \U0001f389 \\/ 山田",  "payload"'
    ).encode()
    assert body != json.dumps(json.loads(body)).encode()
    assert await endpoint.post(body) == (200, b"")
    assert await known(endpoint) is Z.IN_MEETING


@pytest.mark.parametrize("name", ["user.deleted", "user.deactivated", "user.disassociated"])
async def test_a_user_who_is_gone_is_erased(endpoint: Endpoint, name: str) -> None:
    for oid in (ADA, BEN):
        await endpoint.bridge.connect(oid)
    event = await presence(endpoint)
    assert await endpoint.status({**event, "event": name}) == 200
    await endpoint.bridge.work()
    assert not await endpoint.bridge.engine.is_connected(ADA)
    assert await endpoint.bridge.engine.is_connected(BEN)


async def test_the_removal_of_the_app_ends_every_link(endpoint: Endpoint) -> None:
    for oid in (ADA, BEN):
        await endpoint.bridge.connect(oid)
    document = {"event": "app_deauthorized", "payload": {"account_id": ACCOUNT}}
    assert await endpoint.status(document) == 200
    await endpoint.bridge.work()
    assert await endpoint.bridge.redis.keys("*") == []


# -- refused -------------------------------------------------------------------------------------


async def refused(endpoint: Endpoint, body: bytes, **how: Any) -> tuple[int, str, str]:
    """Status, counted outcome and logged field of a refusal, which changes nothing."""
    before = await endpoint.bridge.redis.keys("*")
    with capture_logs() as logs:
        status, answer = await endpoint.post(body, **how)
    assert answer == b"", "a refusal tells nothing"
    assert await endpoint.bridge.redis.keys("*") == before
    [line] = logs
    assert line["event"] == "zoom_refused"
    [outcome] = endpoint.bridge.counts.events
    endpoint.bridge.counts.events.clear()
    return status, outcome, line["field"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-zm-signature": "v0=" + "0" * 64},
        {"x-zm-request-timestamp": str(NOW)},
        {"x-zm-request-timestamp": str(NOW), "x-zm-signature": "v0=" + "0" * 64},
        {"x-zm-request-timestamp": "soon", "x-zm-signature": "v0=" + "0" * 64},
        {"x-zm-request-timestamp": str(NOW), "x-zm-signature": "é"},
    ],
    ids=str,
)
async def test_without_a_good_signature_nothing_is_even_read(
    endpoint: Endpoint, headers: dict[str, str]
) -> None:
    await endpoint.bridge.connect(ADA)
    for body in (json.dumps(await presence(endpoint)).encode(), b"not json", b""):
        assert await refused(endpoint, body, headers=dict(headers)) == (401, "forged", "signature")


async def test_another_secret_is_forged(endpoint: Endpoint) -> None:
    body = json.dumps(await presence(endpoint)).encode()
    assert await refused(endpoint, body, secret="guess") == (401, "forged", "signature")


@pytest.mark.parametrize("age", [7201, -7201])
async def test_an_old_signature_is_stale(endpoint: Endpoint, age: int) -> None:
    body = json.dumps(await presence(endpoint)).encode()
    assert await refused(endpoint, body, timestamp=NOW - age) == (401, "stale", "signature")


async def test_the_last_repetition_of_zoom_is_still_good(endpoint: Endpoint) -> None:
    await endpoint.bridge.connect(ADA)
    body = json.dumps(await presence(endpoint)).encode()
    assert (await endpoint.post(body, timestamp=NOW - 85 * 60))[0] == 200
    assert await known(endpoint) is Z.IN_MEETING


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"not json", "body"),
        (b"\xff\xff", "body"),
        (b"[]", "body"),
        (b"[" * 100_000, "body"),
        (b"{}", "event"),
        (b'{"event": "user.presence_status_updated"}', "event_ts"),
        (b'{"event": "user.presence_status_updated", "event_ts": 1760000000000}', "payload"),
        (b'{"event": "user.deleted", "payload": {}}', "object"),
        (b'{"event": "app_deauthorized", "payload": {}}', "account_id"),
        (b'{"event": "endpoint.url_validation"}', "payload"),
    ],
    ids=lambda value: str(value[:40]),
)
async def test_a_malformed_event_is_refused_and_its_field_logged(
    endpoint: Endpoint, body: bytes, field: str
) -> None:
    assert await refused(endpoint, body) == (400, "malformed", field)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"id": 5}, "id"),
        ({"id": None, "email": None}, "id"),
        ({"email": ["x"]}, "email"),
        ({"presence_status": None}, "presence_status"),
        ({"presence_status": "x" * 65}, "presence_status"),
        ({"presence_status": "\ud800"}, "presence_status"),
    ],
    ids=str,
)
async def test_a_malformed_person_is_refused(
    endpoint: Endpoint, changed: dict[str, Any], field: str
) -> None:
    body = json.dumps(await presence(endpoint) | {}).encode()
    document = json.loads(body)
    document["payload"]["object"] |= changed
    assert await refused(endpoint, json.dumps(document).encode()) == (400, "malformed", field)


async def test_a_body_beyond_the_limit_is_refused(endpoint: Endpoint) -> None:
    assert await refused(endpoint, b" " * (LIMIT + 1)) == (413, "malformed", "body")
    assert (await refused(endpoint, b" " * LIMIT))[0] == 400


# -- validation ----------------------------------------------------------------------------------


def validation(token: object) -> bytes:
    document = {"event": "endpoint.url_validation", "payload": {"plainToken": token}}
    return json.dumps(document).encode()


async def test_zoom_may_validate_the_endpoint(endpoint: Endpoint) -> None:
    status, answer = await endpoint.post(validation("qgg8vlvZRS6UYooatFL8Aw"))
    assert status == 200
    assert json.loads(answer) == answer_validation(SECRET, "qgg8vlvZRS6UYooatFL8Aw")


async def test_nobody_else_may(endpoint: Endpoint) -> None:
    body = validation("qgg8vlvZRS6UYooatFL8Aw")
    assert await refused(endpoint, body, headers={}) == (401, "forged", "signature")


async def test_a_validation_signs_no_event_not_even_for_zoom(endpoint: Endpoint) -> None:
    event = json.dumps(await presence(endpoint))
    for token in (f"v0:{NOW}:{event}", f"v0:{NOW}:", "a" * 129, ""):
        assert await refused(endpoint, validation(token)) == (400, "malformed", "plainToken")


# -- Redis ---------------------------------------------------------------------------------------


async def test_what_redis_did_not_take_is_answered_503_so_that_zoom_repeats_it(
    own_redis: RedisServer,
) -> None:
    async with open_client(own_redis) as redis:
        async for endpoint in running_endpoint(redis):
            event = await presence(endpoint)
            gone = {**event, "event": "user.deleted"}
            removed = {"event": "app_deauthorized", "payload": {"account_id": ACCOUNT}}
            own_redis.kill()
            with capture_logs() as logs:
                for document in (event, gone, removed):
                    assert await endpoint.status(document) == 503
            assert [line["event"] for line in logs] == ["zoom_event_not_saved"] * 3
            assert endpoint.bridge.counts.events == {"not_saved": 3}
            assert (await endpoint.post(validation("abc")))[0] == 200, "needs no Redis"
            own_redis.start()
            await endpoint.bridge.connect(ADA)
            assert await endpoint.status(event) == 200
            assert await known(endpoint) is Z.IN_MEETING


# -- heard ---------------------------------------------------------------------------------------


async def test_everything_with_a_good_signature_is_heard(endpoint: Endpoint) -> None:
    validation = {"event": "endpoint.url_validation", "payload": {"plainToken": "abc"}}
    for document in (
        await presence(endpoint),  # of nobody who is connected
        {"event": "meeting.started", "payload": {}},
        {"event": "user.presence_status_updated"},  # malformed
        validation,
    ):
        await endpoint.status(document)
    assert endpoint.heard == [False, False, False, True]
    body = json.dumps(validation).encode()
    assert (await endpoint.post(body, secret="another"))[0] == 401
    assert len(endpoint.heard) == 4
