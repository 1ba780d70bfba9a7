"""What strangers send to the webhook, the pages and the operator's addresses."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import pytest_asyncio

from sandbox.zoom_states import ZoomPresence
from sandbox.zoom_webhook import sign
from tests.doubles.outside import METRICS_TOKEN, WEBHOOK_SECRET
from tests.doubles.product import http

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.doubles.outside import Outside, Product

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def product(serve: Product) -> Product:
    """As a process of its own."""
    return serve


PRESENCE = "user.presence_status_updated"


async def zoom_sends(
    product: Product,
    body: bytes,
    *,
    secret: str = WEBHOOK_SECRET,
    timestamp: str | None = None,
    age: int = 0,
    without: str = "",
    **changed: str,
) -> tuple[int, str]:
    """Post to the webhook, signed as Zoom signs; `changed` headers replace, `without` removes."""
    timestamp = str(int(time.time()) - age) if timestamp is None else timestamp
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "x-zm-request-timestamp": timestamp,
        "x-zm-signature": sign(secret, timestamp, body),
    }
    headers |= {name.replace("_", "-"): value for name, value in changed.items()}
    headers.pop(without, None)
    return await http("POST", product.webhook_url, data=body, headers=headers)


def event(about: Mapping[str, Any], name: str = PRESENCE, **fields: Any) -> bytes:
    """An event's body."""
    account = fields.pop("account_id", "sandbox-zoom-account")
    envelope = {
        "event": name,
        "event_ts": int(time.time() * 1000),
        "payload": {"account_id": account, "object": about},
    }
    return json.dumps(envelope | fields).encode()


SOMEBODY = {"id": "zStranger", "email": "stranger@example.com", "presence_status": "In_Meeting"}


async def test_the_webhook_proves_that_it_knows_the_secret(
    product: Product, around: Outside
) -> None:
    assert await around.world.webhooks.validate(), around.world.webhooks.validation_problem


async def test_validation_needs_a_signature(product: Product) -> None:
    body = json.dumps(
        {"event": "endpoint.url_validation", "payload": {"plainToken": "v0:1:{}"}, "event_ts": 1}
    ).encode()
    assert (await http("POST", product.webhook_url, data=body))[0] == 401
    assert (await zoom_sends(product, body, secret="another"))[0] == 401
    # Signed, but a text that would make us sign an event for somebody.
    assert (await zoom_sends(product, body))[0] == 400


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({}, 200),
        ({"secret": "another"}, 401),
        ({"without": "x-zm-signature"}, 401),
        ({"without": "x-zm-request-timestamp"}, 401),
        ({"x_zm_signature": "v0="}, 401),
        ({"x_zm_signature": "v0=" + "é" * 64}, 401),
        ({"timestamp": "0"}, 401),
        ({"age": 7300}, 401),
        ({"age": -7300}, 401),
        ({"timestamp": "9" * 400}, 401),
        ({"timestamp": "-1"}, 401),
        ({"timestamp": "1e9"}, 401),
        ({"timestamp": " "}, 401),
        ({"age": 7000}, 200),  # Zoom repeats with the old one
    ],
    ids=str,
)
async def test_only_zooms_signature_opens_the_webhook(
    product: Product, how: dict[str, Any], status: int
) -> None:
    assert (await zoom_sends(product, event(SOMEBODY), **how))[0] == status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b"\xff\xfe{}", 400),
        (b"[" * 100_000, 400),
        (b'{"event": 7}', 400),
        (b'{"event": ""}', 400),
        (event(SOMEBODY, event_ts=None), 200),
        (event(SOMEBODY, event_ts="now"), 200),
        (event(SOMEBODY, event_ts=True), 200),
        (event(SOMEBODY, event_ts=1e200), 200),
        (event(SOMEBODY, event_ts=10**30), 200),
        (event({"id": "x", "presence_status": 7}), 200),
        (event({"presence_status": "Away"}), 200),
        (event({"id": "\ud800", "presence_status": "Away"}), 200),
        (event({"id": "x" * 5000, "presence_status": "Away"}), 200),
        (event(SOMEBODY, payload=[]), 200),
        (event(SOMEBODY, account_id=7), 200),
        (event({}, "user.deleted"), 200),
        (event(SOMEBODY | {"presence_status": "Levitating"}), 200),
        (event(SOMEBODY | {"presence_status": "x\n{{7*7}}"}), 200),
        (event(SOMEBODY, account_id="another-account"), 200),
        (event(SOMEBODY, "app_deauthorized", account_id="another-account"), 200),
        (event(SOMEBODY, "meeting.started"), 200),
        (b'{"event": "meeting.started"}', 200),
        (b" " * 300_000, 413),
    ],
    ids=range(27),
)
async def test_what_zoom_would_not_send_is_refused_or_passed_over(
    product: Product, body: bytes, status: int
) -> None:
    assert (await zoom_sends(product, body))[0] == status


async def test_an_event_of_another_account_changes_nothing(
    product: Product, around: Outside
) -> None:
    person = around.somebody()
    await product.connected(person)
    around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
    await product.told(person, ("Busy", "InACall"))
    about = {"id": person.zoom_id, "email": person.zoom_email, "presence_status": "Presenting"}
    for name in (PRESENCE, "user.deleted", "app_deauthorized"):
        assert (await zoom_sends(product, event(about, name, account_id="other")))[0] == 200
    around.world.set_zoom(person.object_id, ZoomPresence.AVAILABLE)
    await product.told(person, ("Available", "Available"))
    writes = [line.what for line in around.state(person).journal if "setPresence" in line.what]
    assert len(writes) == 2


async def test_strangers_leave_no_trace(product: Product) -> None:
    assert (await zoom_sends(product, event(SOMEBODY)))[0] == 200
    assert "stranger@example.com" not in product.command.text
    assert "zStranger" not in product.command.text


async def test_a_client_that_hangs_up_is_not_an_error_of_ours(
    product: Product, around: Outside
) -> None:
    host, port = product.url.removeprefix("http://").split(":")
    for path, kind in (
        ("/api/messages", "application/json"),
        ("/zoom/webhook", "application/json"),
        ("/auth/microsoft/start", "application/x-www-form-urlencoded"),
        ("/auth/microsoft/callback", "application/x-www-form-urlencoded"),
    ):
        _, writer = await asyncio.open_connection(host, int(port))
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n"
        writer.write(head.encode() + b"Content-Length: 1000\r\n\r\n{")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    # Whoever comes afterwards is served; the fixture looks for tracebacks at the end.
    assert await around.world.webhooks.validate()


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",  # TLS to a port without
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /zoom/webhook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /zoom/webhook HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=range(5),
)
async def test_what_is_no_http_is_turned_away(product: Product, raw: bytes) -> None:
    host, port = product.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(raw)
        await writer.drain()
        async with asyncio.timeout(10):
            answer = await reader.read(1000)
        assert b" 400 " in answer.splitlines()[0]
        assert b"Traceback" not in answer
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),  # as a proxy on this machine would ask
        ({"Host": "localhost"}, 401),
        ({"X-Forwarded-For": "127.0.0.1"}, 401),
        ({"Authorization": "Bearer guessed"}, 401),
        ({"Authorization": f"Bearer {METRICS_TOKEN}"}, 200),
        ({"Authorization": f"Bearer {METRICS_TOKEN}", "X-Forwarded-For": "203.0.113.7"}, 200),
    ],
    ids=str,
)
async def test_metrics_are_for_whoever_knows_the_token(
    product: Product, headers: dict[str, str], status: int
) -> None:
    got, text = await http("GET", f"{product.url}/metrics", headers=headers)
    assert got == status
    assert ("presence_bridge_events_total" in text) == (status == 200)
    assert "@example.com" not in text


async def test_a_bomb_is_refused_everywhere_and_events_go_on(
    product: Product, around: Outside
) -> None:
    bomb = gzip.compress(bytes(20_000_000))
    for path in ("/livez", "/api/messages", "/zoom/webhook", "/auth/microsoft/start", "/nowhere"):
        for method in ("GET", "POST"):
            packed = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
            got, _ = await http(method, f"{product.url}{path}", data=bomb, headers=packed)
            assert got == 415, (method, path)
    assert (await zoom_sends(product, gzip.compress(b"{}"), Content_Encoding="gzip"))[0] == 415
    assert await around.world.webhooks.validate()


async def test_every_answer_keeps_browsers_to_https_and_says_nothing_of_us(
    product: Product,
) -> None:
    async with aiohttp.ClientSession() as session:
        for path in ("/", "/livez", "/zoom/webhook", "/nowhere", "/auth/microsoft/start"):
            async with session.get(product.url + path) as answer:
                assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
                assert "Server" not in answer.headers


async def test_the_health_pages(product: Product) -> None:
    for page in ("livez", "readyz"):
        status, text = await http("GET", f"{product.url}/{page}")
        assert status == 200, text


async def test_the_pages_that_the_manifest_names_are_there(product: Product) -> None:
    for page in ("", "privacy", "terms"):
        status, text = await http("GET", f"{product.url}/{page}")
        assert status == 200
        assert "Presence Bridge" in text


async def test_nothing_else_is_there(product: Product) -> None:
    for path in ("/admin", "/sandbox/api/state", "/static/..%2f..%2fapp.py", "/.env", "//"):
        assert (await http("GET", f"{product.url}{path}"))[0] in {400, 404}, path


@pytest.mark.parametrize("path", ["start", "callback"])
async def test_the_sign_in_pages_survive_nonsense(product: Product, path: str) -> None:
    url = f"{product.url}/auth/microsoft/{path}"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for method, data, headers in (
        ("GET", None, {}),
        ("POST", None, {}),
        ("POST", b"ticket=" + b"x" * 43, form),
        ("POST", b"x" * 100_000, form),
        ("POST", b"--x", {"Content-Type": "multipart/form-data; boundary=x"}),
        ("POST", b"{}", {"Content-Type": "application/json"}),
        ("POST", b"%ff=%fe&ticket=%00", form),
        ("GET", None, {"Cookie": "=;;;=" + "x" * 4000}),
        ("POST", b"state=" + b"x" * 43 + b"&code=x", form | {"Origin": "https://evil.example"}),
    ):
        status, text = await http(method, url, data=data, headers=headers)
        assert status in {303, 400, 403, 410, 413, 415}, (method, data, status)
        if status != 303:
            assert "Presence Bridge" in text
