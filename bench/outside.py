"""What the measured servers talk to: login service, channel service and Graph, on loopback.

Channel and Graph answer as little and as fast as they may (bench.wire). The login service is https,
because MSAL accepts nothing else.
"""

from __future__ import annotations

import base64
import json
import ssl
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jwt
import trustme
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from bench.graph import Graph
from bench.wire import responder, response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

APP_ID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
APP_SECRET = "the-client-secret-of-the-bench"
TENANT_ID = "11111111-2222-4333-8444-555555555555"
ISSUER = "https://api.botframework.com"
BOT_ID = f"28:{APP_ID}"

_KEY_ID = "bench"


@dataclass
class Outside:
    """The stand-ins, running. Addresses have no trailing slash.

    `said` counts what bots said; `link` is the last request with a link for a sign-in.
    `authorised`: the organisation lets the app set everybody's presence.
    """

    key: rsa.RSAPrivateKey
    authorities: Path
    login: str = ""
    keys: str = ""
    host: str = ""
    said: int = 0
    link: bytes = b""
    authorised: bool = False
    graph: Graph = field(default_factory=Graph)

    @property
    def graph_url(self) -> str:
        """Where Graph is. Every path that is not one of the channel service counts as Graph's."""
        return f"http://{self.host}"

    @property
    def service_url(self) -> str:
        """Where the bots send their messages."""
        return f"http://{self.host}/teams/"

    @property
    def metadata_url(self) -> str:
        """Where the bots learn the keys of the channel service."""
        return f"{self.keys}/openid"

    def hear(self, request: bytes) -> None:
        """Keep a request in which a bot sends somebody to the sign-in."""
        if b"ticket=" in request:
            self.link = request

    def token(self) -> str:
        """What the channel service sends along: signed, valid for an hour, for our bot."""
        now = int(time.time())
        claims = {
            "serviceurl": self.service_url,
            "nbf": now,
            "exp": now + 3600,
            "iss": ISSUER,
            "aud": APP_ID,
        }
        return jwt.encode(claims, self.key, "RS256", headers={"kid": _KEY_ID})


@asynccontextmanager
async def outside(folder: Path) -> AsyncIterator[Outside]:
    """Run the stand-ins while the block runs; `folder` gets the authority of the https one."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authorities.pem"))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    it = Outside(key, folder / "authorities.pem")
    async with AsyncExitStack() as stack:

        async def serve(app: web.Application, context: ssl.SSLContext | None = None) -> str:
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
            return f"127.0.0.1:{runner.addresses[0][1]}"

        channel = responder(_channel_or_graph(it), it.hear)
        it.host = f"127.0.0.1:{await stack.enter_async_context(channel)}"
        it.keys = f"http://{await serve(_keys(it))}"
        it.login = f"https://{await serve(_login(it), tls)}"
        yield it


def _channel_or_graph(it: Outside) -> Callable[[bytes], bytes]:
    def answer(first_line: bytes) -> bytes:
        if b" /teams/" in first_line:
            it.said += 1
            return response(201, b'{"id":"1:%d"}' % it.said)
        return it.graph.answer(first_line)

    return answer


def _keys(it: Outside) -> web.Application:
    async def metadata(_: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": ISSUER,
                "jwks_uri": f"{it.keys}/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def keys(_: web.Request) -> web.Response:
        return web.json_response({"keys": [_as_jwk(it.key)]})

    app = web.Application()
    app.add_routes([web.get("/openid", metadata), web.get("/keys", keys)])
    return app


def _login(it: Outside) -> web.Application:
    """Our product asks at the tenant; the echo bot at `/adfs`.

    MSAL would ask Microsoft, over the network, whether any other unknown host is a login service,
    and the adapter offers no way to tell it not to.
    """

    async def metadata(request: web.Request) -> web.Response:
        base = f"https://{request.host}/{request.match_info.get('tenant', 'adfs')}"
        return web.json_response(
            {
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
            }
        )

    async def token(request: web.Request) -> web.Response:
        form = await request.post()
        answer: dict[str, Any] = {
            "token_type": "Bearer",
            "expires_in": 3600,
            "access_token": "t" * 1200,  # about as long as real ones
        }
        if form["grant_type"] == "client_credentials" and it.authorised:
            answer["access_token"] = _of_the_app()
        if form["grant_type"] == "authorization_code":
            answer |= _of_a_person(json.loads(str(form["code"])))
        return web.json_response(answer)

    app = web.Application()
    app.add_routes(
        [
            web.get("/adfs/.well-known/openid-configuration", metadata),
            web.get("/{tenant}/v2.0/.well-known/openid-configuration", metadata),
            web.post("/{tenant}/oauth2/v2.0/token", token),
        ]
    )
    return app


def _of_the_app() -> str:
    """An application token, as long as the others."""
    claims = {"tid": TENANT_ID, "roles": ["Presence.ReadWrite.All"], "more": "t" * 700}
    return jwt.encode(claims, "nobody checks this signature: it came over TLS", algorithm="HS256")


def _of_a_person(code: dict[str, str]) -> dict[str, str]:
    """The rest of a token answer for a signed-in person; the code says who (bench.people)."""
    object_id = code["oid"]
    claims = {
        "aud": APP_ID,
        "iss": f"https://127.0.0.1/{TENANT_ID}/v2.0",
        "sub": object_id,
        "oid": object_id,
        "tid": TENANT_ID,
        "preferred_username": f"{object_id}@example.com",
        "name": "A Person",
        "nonce": code["nonce"],
    }
    client_info = json.dumps({"uid": object_id, "utid": TENANT_ID}).encode()
    return {
        "scope": "Presence.ReadWrite Presence.Read User.Read",
        "refresh_token": "r" * 1200,
        "client_info": base64.urlsafe_b64encode(client_info).rstrip(b"=").decode(),
        "id_token": jwt.encode(
            claims, "nobody checks this signature: it came over TLS", algorithm="HS256"
        ),
    }


def _as_jwk(key: rsa.RSAPrivateKey) -> dict[str, Any]:
    jwk: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return jwk | {"kid": _KEY_ID, "use": "sig", "endorsements": ["msteams"]}
