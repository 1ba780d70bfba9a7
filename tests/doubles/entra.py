"""A strict stand-in for the Microsoft login service, on a free loopback port, http or https.

Written from the Microsoft identity platform's protocol pages (authorization code flow, client
credentials, refresh tokens). It checks what the real one checks: client, secret, redirect address,
PKCE (S256), single-use codes and unknown refresh tokens.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jwt
from aiohttp import web
from yarl import URL

from sandbox.hanging_up import until_they_hang_up

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Mapping

TENANT = "11111111-2222-4333-8444-555555555555"
CLIENT = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
SECRET = "the-client-secret-of-the-tests"
ADA = "00000000-0000-4000-8000-000000000001"
BEN = "00000000-0000-4000-8000-000000000002"
ID_TOKEN_KEY = "nobody checks this signature: it came over TLS"
RESERVED = {"openid", "profile", "offline_access"}


def b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


@dataclass
class Entra:
    """What a test may set, and what it may look at afterwards."""

    base: str = ""
    redirect_uri: str = ""
    object_id: str = ADA  # who is signed in in the browser
    tenant_id: str = TENANT
    name: str = "Ada Lindqvist"
    upn: str = "ada@example.com"
    granted: str | None = None  # None: as asked
    lifetime: int = 3600
    refresh_in: int | None = None
    redirect_error: Mapping[str, str] | None = None  # what /authorize brings back instead of a code
    token_error: tuple[int, Mapping[str, Any] | str, Mapping[str, str]] | None = None
    metadata_error: tuple[int, str] | None = None
    claims: dict[str, Any] = field(default_factory=dict)  # overrides in the ID token
    endpoints: dict[str, str] = field(default_factory=dict)  # overrides in the metadata
    app_roles: list[str] = field(default_factory=list)  # what the organisation consented to
    gives_refresh_token: bool = True
    revoked: bool = False

    grants: list[str] = field(default_factory=list)  # the token endpoint's calls
    metadata_reads: int = 0
    paths: list[str] = field(default_factory=list)
    cookies_received: list[str] = field(default_factory=list)
    last_authorize: dict[str, str] = field(default_factory=dict)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _refresh_tokens: dict[str, str] = field(default_factory=dict)  # token -> object id

    def count(self, grant: str) -> int:
        return self.grants.count(grant)

    def application(self) -> web.Application:
        app = web.Application(middlewares=[until_they_hang_up])
        app.add_routes(
            [
                web.get("/{tenant}/v2.0/.well-known/openid-configuration", self._metadata),
                web.get("/{tenant}/oauth2/v2.0/authorize", self._authorize),
                web.post("/{tenant}/oauth2/v2.0/token", self._token),
            ]
        )
        app.middlewares.append(self._note)
        return app

    @web.middleware
    async def _note(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.paths.append(f"{request.method} {request.path}")
        self.cookies_received.extend(request.cookies)
        response: web.StreamResponse = await handler(request)
        response.set_cookie("fpc", "whose?")
        return response

    async def _metadata(self, request: web.Request) -> web.Response:
        self.metadata_reads += 1
        if self.metadata_error is not None:
            status, text = self.metadata_error
            return web.Response(status=status, text=text)
        tenant = request.match_info["tenant"]
        if tenant != TENANT:
            return web.json_response({"error": "invalid_tenant"}, status=400)
        base = f"{request.scheme}://{request.host}/{tenant}"
        return web.json_response(
            {
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
            }
            | self.endpoints
        )

    async def _authorize(self, request: web.Request) -> web.Response:
        query = dict(request.query)
        self.last_authorize = query
        wrong = (
            query.get("client_id") != CLIENT
            or query.get("redirect_uri") != self.redirect_uri
            or query.get("response_type") != "code"
            or query.get("code_challenge_method") != "S256"
            or not query.get("nonce")
            or "openid" not in query.get("scope", "").split()
        )
        if wrong:
            return web.Response(status=400, text="AADSTS: the request is wrong")
        if self.redirect_error is not None:
            answer = dict(self.redirect_error)
        else:
            code = secrets.token_urlsafe(900)  # real ones are about this long
            self._codes[code] = query
            answer = {"code": code, "client_info": "bm90IGpzb24", "session_state": "x"}
        answer["state"] = query["state"]
        target = URL(self.redirect_uri).with_query(answer)
        return web.Response(status=302, headers={"Location": str(target)})

    async def _token(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        grant = form.get("grant_type", "")
        self.grants.append(grant)
        if self.token_error is not None:
            status, body, headers = self.token_error
            text = body if isinstance(body, str) else json.dumps(body)
            return web.Response(status=status, text=text, headers=headers)
        if form.get("client_id") != CLIENT or form.get("client_secret") != SECRET:
            return _error("invalid_client", 7000215, status=401)
        match grant:
            case "authorization_code":
                return self._redeem(form)
            case "refresh_token":
                return self._refresh(form)
            case "client_credentials":
                return web.json_response(
                    {
                        "token_type": "Bearer",
                        "expires_in": self.lifetime,
                        "access_token": self._app_token(form.get("scope", "")),
                    }
                )
        return _error("unsupported_grant_type", 70003)

    def _app_token(self, scope: str) -> str:
        claims: dict[str, Any] = {"aud": scope, "tid": self.tenant_id, "uti": len(self.grants)}
        if self.app_roles:  # Entra leaves the claim out where there are none
            claims["roles"] = self.app_roles
        return jwt.encode(claims, ID_TOKEN_KEY)

    def _redeem(self, form: Mapping[str, str]) -> web.Response:
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None:
            return _error("invalid_grant", 54005)
        verifier = form.get("code_verifier", "").encode()
        if b64(hashlib.sha256(verifier).digest()) != asked["code_challenge"]:
            return _error("invalid_grant", 501481)
        if form.get("redirect_uri") != asked["redirect_uri"]:
            return _error("invalid_grant", 50011)
        return self._tokens(asked["scope"], self.object_id, nonce=asked["nonce"])

    def _refresh(self, form: Mapping[str, str]) -> web.Response:
        object_id = self._refresh_tokens.get(form.get("refresh_token", ""))
        if object_id is None or self.revoked:
            return _error("invalid_grant", 50173, suberror="bad_token")
        return self._tokens(form["scope"], object_id)

    def _tokens(self, scope: str, object_id: str, nonce: str | None = None) -> web.Response:
        resources = " ".join(name for name in scope.split() if name not in RESERVED)
        answer: dict[str, Any] = {
            "token_type": "Bearer",
            "expires_in": self.lifetime,
            "scope": self.granted if self.granted is not None else resources,
            "access_token": f"{object_id}.{len(self.grants)}",
            "client_info": b64(json.dumps({"uid": object_id, "utid": self.tenant_id}).encode()),
            "id_token": jwt.encode(
                {
                    "aud": CLIENT,
                    "iss": f"{self.base}/{self.tenant_id}/v2.0",
                    "sub": "pairwise",
                    "oid": object_id,
                    "tid": self.tenant_id,
                    "preferred_username": self.upn,
                    "name": self.name,
                    "nonce": nonce,
                }
                | self.claims,
                ID_TOKEN_KEY,
                algorithm="HS256",
            ),
        }
        if self.refresh_in is not None:
            answer["refresh_in"] = self.refresh_in
        if self.gives_refresh_token and "offline_access" in scope.split():
            token = secrets.token_urlsafe(40)
            self._refresh_tokens[token] = object_id
            answer["refresh_token"] = token
        return web.json_response(answer)


def _error(
    error: str, number: int, *, status: int = 400, suberror: str | None = None
) -> web.Response:
    body = {
        "error": error,
        "error_description": f"AADSTS{number}: words that may change. Trace ID: 1",
        "error_codes": [number],
    }
    if suberror is not None:
        body["suberror"] = suberror
    return web.json_response(body, status=status)


@asynccontextmanager
async def running_entra(tls: ssl.SSLContext | None = None) -> AsyncIterator[Entra]:
    """Serve one on a free port; https if a context is given."""
    entra = Entra()
    runner = web.AppRunner(entra.application())
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        port = runner.addresses[0][1]
        entra.base = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        yield entra
    finally:
        await runner.cleanup()
