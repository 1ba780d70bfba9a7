"""The public address, through real proxies on this machine; and the clock."""

from __future__ import annotations

import contextlib
import ssl
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import pytest_asyncio
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.fernet import Fernet

from service.proof import PATH
from tests.doubles.inside import inside
from tests.doubles.outside import WEBHOOK_SECRET
from tests.launch.check.conftest import says

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from launch.check.findings import Found
    from tests.doubles.outside import Outside
    from tests.launch.check.conftest import Doctor

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

pytestmark = pytest.mark.asyncio(loop_scope="module")

ALL = ("public-address", "public-headers", "teams-messages", "public-certificate")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def product(around: Outside, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The product itself; its address."""
    folder = tmp_path_factory.mktemp("product")
    async with inside(around, folder, with_worker=False) as running:
        yield running.url


@contextlib.asynccontextmanager
async def answering(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Something that answers every request; its address."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    server = TestServer(app, scheme="http" if tls is None else "https")
    await server.start_server(ssl=tls)
    try:
        yield str(server.make_url("")).rstrip("/")
    finally:
        await server.close()


def proxy(
    product: str, *, without: tuple[str, ...] = (), change: Callable[[bytes], bytes] = bytes
) -> Handler:
    """A reverse proxy that leaves headers out, or changes bodies."""

    async def handle(request: web.Request) -> web.StreamResponse:
        headers = {n: v for n, v in request.headers.items() if n.lower() not in without}
        headers.pop("Content-Length", None)
        body = change(await request.read())
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                request.method, product + request.path_qs, headers=headers, data=body
            ) as answer,
        ):
            return web.Response(
                body=await answer.read(),
                status=answer.status,
                content_type=answer.content_type,
            )

    return handle


async def test_all_is_well(doctor: Doctor, product: str) -> None:
    async with answering(proxy(product)) as address:
        found = await doctor.findings(*ALL, PUBLIC_URL=address)
    says(found["public-address"], "ok", "this Presence Bridge answers")
    says(found["public-headers"], "ok", "arrive as they were sent")
    says(found["public-certificate"], "ok")


@pytest.mark.parametrize(
    "header", ["authorization", "x-zm-signature", "x-zm-request-timestamp", "cookie"]
)
async def test_a_proxy_that_strips_headers(doctor: Doctor, product: str, header: str) -> None:
    async with answering(proxy(product, without=(header,))) as address:
        found = await doctor.findings(*ALL, PUBLIC_URL=address)
    says(found["public-address"], "ok")
    says(found["public-headers"], "failed", f"get lost on the way: {header}".lower()[:21])
    assert header in found["public-headers"].text.lower()


async def test_a_proxy_that_rewrites_bodies(doctor: Doctor, product: str) -> None:
    def tidy(body: bytes) -> bytes:
        return body.replace(b"  ", b" ")

    async with answering(proxy(product, change=tidy)) as address:
        found = await doctor.findings(*ALL, PUBLIC_URL=address)
    says(found["public-headers"], "failed", "Bodies are changed on the way", "byte by byte")


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        (web.Response(text="It works!", content_type="text/html"), "Something else answers there"),
        (web.Response(status=404), "Something else answers there (HTTP 404)"),
        (web.Response(status=502), "nothing behind it does (HTTP 502)"),
        (web.Response(status=401), "refuses requests (HTTP 401)"),
        (
            web.Response(status=302, headers={"Location": "https://login.example.com/x"}),
            "redirects to login.example.com (HTTP 302)",
        ),
    ],
)
async def test_somebody_else_answers(doctor: Doctor, answer: web.Response, part: str) -> None:
    async def handle(_: web.Request) -> web.StreamResponse:
        return web.Response(
            status=answer.status, headers={"Location": answer.headers.get("Location", "/")},
            text=answer.text,
        )  # fmt: skip

    async with answering(handle) as address:
        found = await doctor.findings(*ALL, PUBLIC_URL=address)
    says(found["public-address"], "failed", part)
    says(found["public-headers"], "unseen", "Not tested")


async def test_a_product_that_has_another_secret(doctor: Doctor, product: str) -> None:
    found = await doctor.findings(
        *ALL, PUBLIC_URL=product, ZOOM_WEBHOOK_SECRET="another-webhook-secret-5512"
    )
    says(found["public-address"], "failed", "has another ZOOM_WEBHOOK_SECRET")
    assert "5512" not in str(found)


async def test_a_product_that_has_another_key(doctor: Doctor, product: str) -> None:
    key = Fernet.generate_key().decode()
    found = await doctor.found("public-address", PUBLIC_URL=product, TOKEN_KEYS=key)
    says(found, "failed", "another first key in TOKEN_KEYS", "restart")
    assert key not in str(found)


async def test_a_liar_proves_nothing(doctor: Doctor) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        said = {"product": "Presence Bridge", "version": "9", "key": "x", "headers": [], "mac": "x"}
        return web.json_response(said)

    async with answering(handle) as address:
        says(
            await doctor.found("public-address", PUBLIC_URL=address),
            "failed",
            "has another ZOOM_WEBHOOK_SECRET",
        )


async def test_messages_of_teams(doctor: Doctor, around: Outside, tmp_path: Path) -> None:
    async with inside(around, tmp_path, with_worker=False) as fresh:

        async def found() -> Found:
            return await doctor.found("teams-messages", PUBLIC_URL=fresh.url)

        async def deliver(**claims: Any) -> int:
            activity = around.teams.says(around.teams.person(str(uuid.uuid4())), "hello")
            token = around.teams.token(**claims)
            return (await around.teams.deliver(fresh.messages_url, activity, token=token))[0]

        says(await found(), "unseen", "None has come", f"{fresh.url}/api/messages")
        assert await deliver(aud="another-bot") == 401
        says(await found(), "warning", "InvalidAudienceError", "MicrosoftAppId")
        assert await deliver(iss="https://sts.windows.net/x/") == 401
        says(await found(), "warning", "InvalidIssuerError", "another kind", "Single Tenant")
        assert await deliver() == 200
        says(await found(), "ok", "1 accepted since serve was started")


async def test_nobody_is_there(doctor: Doctor) -> None:
    found = await doctor.found("public-address", PUBLIC_URL="http://127.0.0.1:1")
    says(found, "failed", "connection refused", "--skip public-address")
    found = await doctor.found("public-address", PUBLIC_URL="https://bot.invalid")
    says(found, "failed", "The name bot.invalid can't be found", "DNS")
    assert "--skip" not in found.remedy


def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: float) -> ssl.SSLContext:
    """A certificate for this machine that ends, of an authority that is trusted."""
    authority = trustme.CA()
    ends = datetime.now(UTC) + timedelta(days=days)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", not_after=ends).configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
    return tls


@pytest.mark.parametrize(
    ("days", "state", "part"),
    [(100, "ok", "good until"), (9.5, "warning", "ends in 9 days")],
)
async def test_a_certificate_that_ends(
    doctor: Doctor,
    product: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    days: float,
    state: str,
    part: str,
) -> None:
    tls = certificate(tmp_path, monkeypatch, days)
    async with answering(proxy(product), tls) as address:
        found = await doctor.findings(*ALL, PUBLIC_URL=address)
    says(found["public-address"], "ok")
    says(found["public-certificate"], state, part)


async def test_a_certificate_that_has_ended(
    doctor: Doctor, product: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = certificate(tmp_path, monkeypatch, -1)
    async with answering(proxy(product), tls) as address:
        found = await doctor.findings(*ALL, PUBLIC_URL=address)
    says(found["public-address"], "failed", "certificate has expired", "whole chain")
    says(found["public-certificate"], "failed", "certificate has expired", "whole chain")


async def test_a_certificate_that_nobody_trusts(doctor: Doctor, product: str) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    async with answering(proxy(product), tls) as address:
        found = await doctor.found("public-address", PUBLIC_URL=address)
    says(found, "failed", "isn't trusted", "SSL_CERT_FILE")


@pytest.mark.parametrize(
    ("ahead", "state", "part"),
    [(0, "ok", "agrees with"), (-45.5, "warning", "s behind"), (600, "failed", "60")],
)
async def test_the_clock(doctor: Doctor, ahead: float, state: str, part: str) -> None:
    doctor.clock_ahead = ahead
    found = await doctor.findings("graph", "entra-tenant", "clock")
    says(found["clock"], state, part)


async def test_the_clock_of_redis(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ahead(_: object) -> int:
        return int((time.time() + 100) * 1000)

    monkeypatch.setattr("launch.check.public.redis_ms", ahead)
    found = await doctor.findings("graph", "clock")
    says(found["clock"], "warning", "The Redis server's clock is 10", "s ahead")


async def test_a_stranger_learns_nothing(product: str) -> None:
    async with aiohttp.ClientSession() as session:
        for query in ({}, {"at": "1", "nonce": "x", "mac": "y"}, {"at": "١", "mac": "ä"}):
            async with session.post(product + PATH, params=query, data=b"{}") as answer:
                assert answer.status == 403
                assert await answer.json() == {"product": "Presence Bridge"}
    assert WEBHOOK_SECRET not in PATH
