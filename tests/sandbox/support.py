"""A running sandbox and the people who use it, for the tests of this folder."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from sandbox.clock import SandboxClock
from sandbox.people import APP_ID, TENANT_ID, ZOOM_ACCOUNT_ID
from sandbox.server import WORLD, SandboxConfig

if TYPE_CHECKING:
    from aiohttp import web
    from aiohttp.test_utils import TestClient

    from sandbox.world import World

    Client = TestClient[web.Request, web.Application]

ADA = "00000000-0000-4000-8000-000000000001"
BEN = "00000000-0000-4000-8000-000000000002"
FARID = "00000000-0000-4000-8000-000000000006"
SECRET = "a secret/with+signs"
REDIRECT = "https://bot.example.com/auth/microsoft/callback"
SCOPES = "openid profile offline_access User.Read Presence.Read Presence.ReadWrite"
NOON = 1_800_000_000.0
AUTHORIZE = f"/{TENANT_ID}/oauth2/v2.0/authorize"
TOKEN = f"/{TENANT_ID}/oauth2/v2.0/token"
WEBHOOK_SECRET = "webhook-secret"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode()[:43]


def config(**changes: Any) -> SandboxConfig:
    settings: dict[str, Any] = {
        "tenant_id": TENANT_ID,
        "client_id": APP_ID,
        "client_secret": SECRET,
        "redirect_uris": (REDIRECT,),
        "zoom_webhook_url": None,
        "zoom_webhook_secret": WEBHOOK_SECRET,
        "zoom_account_id": ZOOM_ACCOUNT_ID,
        "zoom_client_id": "zoom-client",
        "zoom_client_secret": "zoom-secret",
    }
    return SandboxConfig(**{**settings, **changes})


def still_clock() -> SandboxClock:
    """A clock that only moves when it is moved."""
    return SandboxClock(lambda: NOON)


def world_of(client: Client) -> World:
    assert client.app is not None
    return client.app[WORLD]


def authorize_url(**changes: str | None) -> str:
    query = {
        "client_id": APP_ID,
        "response_type": "code",
        "redirect_uri": REDIRECT,
        "scope": SCOPES,
        "state": "the state",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return f"{AUTHORIZE}?{urlencode({k: v for k, v in query.items() if v is not None})}"


async def answered(
    client: Client, url: str, oid: str = ADA, decision: str = "accept"
) -> dict[str, str]:
    """What the browser carries back to the app after the person decided."""
    fields = {"person": oid, "decision": decision}
    async with client.post(url, data=fields, allow_redirects=False) as answer:
        assert answer.status == 302, await answer.text()
        location = answer.headers["Location"]
    assert location.startswith(REDIRECT + "?")
    return dict(parse_qsl(urlsplit(location).query))


async def ask_token(client: Client, **fields: str) -> tuple[int, dict[str, Any]]:
    body = {"client_id": APP_ID, "client_secret": SECRET, **fields}
    async with client.post(TOKEN, data=body) as answer:
        return answer.status, await answer.json()


async def sign_in(client: Client, oid: str = ADA, scope: str = SCOPES) -> dict[str, Any]:
    """Go the whole way and return the token endpoint's answer."""
    back = await answered(client, authorize_url(scope=scope), oid)
    status, tokens = await ask_token(
        client,
        grant_type="authorization_code",
        code=back["code"],
        redirect_uri=REDIRECT,
        code_verifier=VERIFIER,
    )
    assert status == 200, tokens
    return tokens


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}
