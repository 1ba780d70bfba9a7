"""Zoom's webhook on a real server, before the real engine and a real Redis."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from domain.presence import ZoomPresence
from sync.redis import keys
from sync.redis.connection import Client
from sync.zoom.signature import answer_validation, sign
from sync.zoom.webhook import Hearing, ZoomAccount, ZoomEvents, ZoomWebhook
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


async def serve(bridge: Bridge, heard: Hearing, account: str | None) -> tuple[web.AppRunner, str]:
    ours = ZoomAccount(bridge.redis, configured=account)
    events = ZoomEvents(bridge.engine, account=ours, meter=bridge.counts)
    webhook = ZoomWebhook(events, secret=SECRET, window=7200, now=lambda: NOW, heard=heard)
    app = web.Application(client_max_size=LIMIT)
    app.router.add_post("/zoom/webhook", webhook.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    return runner, f"http://{host}:{port}/zoom/webhook"


async def running_endpoint(redis: Client, account: str | None = ACCOUNT) -> AsyncIterator[Endpoint]:
    async with running_bridge(redis, Graph()) as bridge, aiohttp.ClientSession() as session:
        endpoint = Endpoint(bridge, session)
        runner, endpoint.url = await serve(bridge, endpoint.note, account)
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


async def test_events_of_another_account_have_no_effect_and_are_told_once(
    endpoint: Endpoint,
) -> None:
    await endpoint.bridge.connect(ADA)
    event = await presence(endpoint)
    event["payload"]["account_id"] = "another"
    with capture_logs() as logs:
        assert await endpoint.status(event) == 200
        for name in ("user.deleted", "app_deauthorized", "user.updated"):
            assert await endpoint.status({**event, "event": name}) == 200
    await endpoint.bridge.departures.step()
    assert await known(endpoint) is None
    assert await endpoint.bridge.engine.is_connected(ADA)
    assert endpoint.bridge.counts.events == {"other_account": 4}
    assert [(line["event"], line["account"]) for line in logs] == [
        ("zoom_other_account", "another")
    ]


async def test_without_a_setting_the_account_of_the_first_event_is_remembered(
    redis: Client,
) -> None:
    async for endpoint in running_endpoint(redis, account=None):
        await endpoint.bridge.connect(ADA)
        assert await endpoint.status(await presence(endpoint)) == 200
    # After a restart.
    async for endpoint in running_endpoint(redis, account=None):
        event = await presence(endpoint, "Away")
        event["payload"]["account_id"] = "another"
        removed = {**event, "event": "app_deauthorized"}
        for document in (event, removed, {**event, "event": "user.deleted"}):
            assert await endpoint.status(document) == 200
        await endpoint.bridge.departures.step()
        assert await known(endpoint) is Z.IN_MEETING
        assert await endpoint.bridge.engine.is_connected(ADA)
        assert endpoint.bridge.counts.events == {"other_account": 3}
        removed["payload"]["account_id"] = ACCOUNT
        assert await endpoint.status(removed) == 200
        await endpoint.bridge.departures.step()
        assert not await endpoint.bridge.engine.is_connected(ADA)


async def test_without_an_account_presence_is_taken_and_nothing_ends(endpoint: Endpoint) -> None:
    await endpoint.bridge.connect(ADA)
    event = await presence(endpoint)
    del event["payload"]["account_id"]
    with capture_logs() as logs:
        for name in (event["event"], "user.deleted", "app_deauthorized", "user.updated"):
            assert await endpoint.status({**event, "event": name}) == 200
    await endpoint.bridge.departures.step()
    assert await known(endpoint) is Z.IN_MEETING
    assert await endpoint.bridge.engine.is_connected(ADA)
    assert [(line["event"], line["field"]) for line in logs] == [
        ("zoom_event_unreadable", "account_id")
    ] * 3
    assert endpoint.bridge.counts.events == {"accepted": 1, "malformed": 3}


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
    document = {
        "event": "app_deauthorized",
        "event_ts": await endpoint.bridge.store.now_ms(),
        "payload": {"account_id": ACCOUNT},
    }
    assert await endpoint.status(document) == 200
    await endpoint.bridge.departures.step()
    await endpoint.bridge.work()
    assert [key for key in await endpoint.bridge.redis.keys("*") if "departures" not in key] == []


ENDS = ["user.deleted", "user.deactivated", "user.disassociated", "app_deauthorized"]


async def end(endpoint: Endpoint, name: str, ahead_ms: int = 0) -> dict[str, Any]:
    event = await presence(endpoint)
    return {**event, "event": name, "event_ts": event["event_ts"] + ahead_ms}


async def is_left(endpoint: Endpoint) -> bool:
    """Whether Ada is still connected once everything that waits is done."""
    await endpoint.bridge.departures.step()
    await endpoint.bridge.work()
    return await endpoint.bridge.engine.is_connected(ADA)


@pytest.mark.parametrize("name", ENDS)
@pytest.mark.parametrize("ahead_ms", [0, 540_000])
async def test_the_same_end_once_more_does_not_end_a_new_link(
    endpoint: Endpoint, name: str, ahead_ms: int
) -> None:
    await endpoint.bridge.connect(ADA)
    event = await end(endpoint, name, ahead_ms)
    assert await endpoint.status(event) == 200
    assert not await is_left(endpoint)
    await endpoint.bridge.connect(ADA)
    assert await endpoint.status(event) == 200
    assert await is_left(endpoint)
    if not ahead_ms:
        later = await end(endpoint, name)
        assert await endpoint.status(later) == 200
        assert not await is_left(endpoint)


@pytest.mark.parametrize("name", ENDS)
@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        (-3 * 86_400_000, "older"),
        (-1_000, "older"),
        (3 * 86_400_000, "future"),
        (None, "malformed"),
    ],
)
async def test_an_end_from_another_time_or_without_one_has_no_effect(
    endpoint: Endpoint, name: str, change: int | None, outcome: str
) -> None:
    await endpoint.bridge.connect(ADA)
    event = await end(endpoint, name, change or 0)
    if change is None:
        del event["event_ts"]
    assert await endpoint.status(event) == 200
    assert await is_left(endpoint)
    # The app's removal is written down, and finds nobody.
    assert list(endpoint.bridge.counts.events) in ([outcome], ["accepted"])


@pytest.mark.parametrize("reads", [str, lambda ms: ms / 1000, lambda ms: f"{ms / 1000:.3f}"])
@pytest.mark.parametrize("name", ENDS)
async def test_an_end_may_tell_its_time_in_any_form(
    endpoint: Endpoint, name: str, reads: Any
) -> None:
    await endpoint.bridge.connect(ADA)
    event = await end(endpoint, name, 5)
    assert await endpoint.status({**event, "event_ts": reads(event["event_ts"])}) == 200
    assert not await is_left(endpoint)


async def test_a_removal_that_was_answered_survives_the_process(redis: Client) -> None:
    async for endpoint in running_endpoint(redis):
        for oid in (ADA, BEN):
            await endpoint.bridge.connect(oid, Z.IN_MEETING)
        await endpoint.bridge.work()
        assert await endpoint.status(await end(endpoint, "app_deauthorized")) == 200
        assert await endpoint.bridge.engine.is_connected(ADA), "answered before it is done"
    async for endpoint in running_endpoint(redis):  # the first was killed before its next step
        assert not await is_left(endpoint)
        assert not await endpoint.bridge.engine.is_connected(BEN)
        assert await redis.zcard(keys.APP_REMOVED) == 0


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
        (b'{"event": 7}', "event"),
        (b'{"event": "endpoint.url_validation"}', "payload"),
    ],
    ids=lambda value: str(value[:40]),
)
async def test_what_is_no_event_is_refused_and_its_field_logged(
    endpoint: Endpoint, body: bytes, field: str
) -> None:
    assert await refused(endpoint, body) == (400, "malformed", field)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"id": 5}, "id"),
        ({"id": None, "email": None}, "id"),
        ({"id": None, "email": ["x"]}, "email"),
        ({"presence_status": None}, "presence_status"),
        ({"presence_status": "x" * 65}, "presence_status"),
        ({"presence_status": "\ud800"}, "presence_status"),
        ({"event_ts": "soon"}, "event_ts"),
        ({"account_id": 7}, "account_id"),
        ({"object": []}, "object"),
        ({"payload": None}, "payload"),
    ],
    ids=str,
)
async def test_an_event_of_zooms_that_cant_be_read_is_answered_200_counted_and_logged(
    endpoint: Endpoint, changed: dict[str, Any], field: str
) -> None:
    await endpoint.bridge.connect(ADA)
    document = await presence(endpoint)
    for row in (document, document["payload"], document["payload"]["object"]):
        row.update({name: value for name, value in changed.items() if name in row})
    with capture_logs() as logs:
        assert await endpoint.status(document) == 200
    [line] = logs
    assert (line["event"], line["field"], line["name"]) == (
        "zoom_event_unreadable",
        field,
        "user.presence_status_updated",
    )
    assert endpoint.bridge.counts.events == {"malformed": 1}
    assert await known(endpoint) is None


async def test_a_body_beyond_the_limit_is_refused(endpoint: Endpoint) -> None:
    assert await refused(endpoint, b" " * (LIMIT + 1)) == (413, "malformed", "body")
    assert (await refused(endpoint, b" " * LIMIT))[0] == 400


# -- what it costs -------------------------------------------------------------------------------


async def test_an_event_costs_redis_one_script_once_its_owner_is_known(endpoint: Endpoint) -> None:
    """Whose it is, by id and address, of our account, is found out in the script that keeps it."""
    await endpoint.bridge.connect(ADA)

    async def scripts() -> int:
        stats = await endpoint.bridge.redis.info("commandstats")
        return sum(
            row["calls"]
            for name, row in stats.items()
            if name in {"cmdstat_evalsha", "cmdstat_eval"}
        )

    for status, calls in (("In_Meeting", 2), ("Away", 1), ("Presenting", 1)):
        event = await presence(endpoint, status)
        before = await scripts()
        assert await endpoint.status(event) == 200
        assert await scripts() - before == calls
    assert endpoint.bridge.counts.events == {"accepted": 3}


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
            removed = {**event, "event": "app_deauthorized"}
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
    for name in ("user.presence_status_updated", "meeting.started"):
        another = await presence(endpoint)
        another["payload"]["account_id"] = "another"
        await endpoint.status({**another, "event": name})
    assert len(endpoint.heard) == 4, "another account's events would hide that ours are silent"
    body = json.dumps(validation).encode()
    assert (await endpoint.post(body, secret="another"))[0] == 401
    assert len(endpoint.heard) == 4
