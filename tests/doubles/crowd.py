"""A tenant with many people: its login service, Zoom account and Graph on one loopback address.

People are connected by the product's own code, without chat and browser. What Zoom's API says of
them is what their newest event said (`Crowd.zoom`).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

import jwt
from aiohttp import web
from cryptography.fernet import Fernet

from domain.link import Link
from domain.person import Patch
from domain.policy import Personal
from domain.presence import Style, ZoomPresence
from domain.step import Lane
from sandbox.hanging_up import until_they_hang_up
from sync.connect.tokens import Tokens
from sync.connect.vault import Vault
from sync.engine.people import PeopleStore
from sync.microsoft.authorization import Authorization
from sync.redis.scripts import Scripts
from sync.upgrade.data_version import DataVersions
from tests.doubles.graph import APP
from tests.doubles.misbehaving_graph import MisbehavingGraph

if TYPE_CHECKING:
    import random
    from collections.abc import AsyncIterator, Callable, Iterable

    from sync.redis.connection import Client

TENANT: Final = "11111111-2222-4333-8444-555555555555"
SECRET: Final = "the-app-secret-of-the-crowd"
ACCOUNT: Final = "zoom-account-of-the-crowd"
WEBHOOK_SECRET: Final = "the-webhook-secret-of-the-crowd"
TOKEN_KEY: Final = Fernet.generate_key().decode()
SCOPES: Final = ("Presence.ReadWrite", "Presence.Read", "User.Read")
TEMPLATE: Final = "99999999-9999-4999-8999-999999999999"
ID_TOKEN_KEY: Final = "nobody checks this signature: it came over the wire"


@dataclass(frozen=True, slots=True)
class Someone:
    """A person of the crowd. `style` None: what the account says (mirror)."""

    number: int
    style: Style | None = None

    @property
    def object_id(self) -> str:
        return f"00000000-0000-4000-8000-{self.number:012}"

    @property
    def zoom_id(self) -> str:
        return f"zoom-{self.number}"

    @property
    def address(self) -> str:
        return f"person{self.number}@example.com"

    def link(self) -> Link:
        """As it is stored."""
        return Link(
            object_id=self.object_id,
            tenant_id=TENANT,
            name=f"Person {self.number}",
            addresses=(self.address,),
            connected_ms=int(time.time() * 1000),
            zoom_id=self.zoom_id,
        )


@dataclass
class Login:
    """The token endpoint. Access tokens say whose they are; `busy` gives the chance of a 503."""

    dice: random.Random
    busy: float = 0.0
    issued: int = 0
    revoked: set[str] = field(default_factory=set)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/{tenant}/v2.0/.well-known/openid-configuration", self._metadata),
            web.post("/{tenant}/oauth2/v2.0/token", self._token),
        ]

    def whose(self, token: str) -> str | None:
        """The object id that an access token is good for."""
        return None if token in self.revoked else token.partition("~")[0]

    async def _metadata(self, request: web.Request) -> web.Response:
        base = f"{request.scheme}://{request.host}/{request.match_info['tenant']}"
        return web.json_response(
            {
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
            }
        )

    async def _token(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        if self.dice.random() < self.busy:
            return web.json_response({"error": "temporarily_unavailable"}, status=503)
        oid, nonce = "", None
        if form["grant_type"] == "authorization_code":
            code = json.loads(form["code"])
            oid, nonce = code["oid"], code["nonce"]
        elif form["grant_type"] == "refresh_token":
            oid = form["refresh_token"].partition("~")[0]
        self.issued += 1
        answer: dict[str, Any] = {
            "token_type": "Bearer",
            "expires_in": 3600,
            "access_token": f"{oid}~{self.issued}~{'t' * 600}",
        }
        if oid:
            info = json.dumps({"uid": oid, "utid": TENANT}).encode()
            answer |= {
                "scope": " ".join(SCOPES),
                "refresh_token": f"{oid}~{'r' * 600}",
                "client_info": base64.urlsafe_b64encode(info).rstrip(b"=").decode(),
                "id_token": _id_token(oid, nonce),
            }
        return web.json_response(answer)


def _id_token(oid: str, nonce: str | None) -> str:
    claims = {
        "aud": APP,
        "iss": f"https://127.0.0.1/{TENANT}/v2.0",
        "sub": oid,
        "oid": oid,
        "tid": TENANT,
        "preferred_username": f"{oid}@example.com",
        "name": "Somebody",
        "nonce": nonce,
    }
    return jwt.encode(claims, ID_TOKEN_KEY, algorithm="HS256")


@dataclass
class ZoomAccount:
    """Zoom's API. `says` gives somebody's state by their Zoom id, None: Zoom is out of order."""

    people: dict[str, Someone]
    says: Callable[[str], ZoomPresence | None] = lambda _: ZoomPresence.OFFLINE
    asked: int = 0

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/oauth/token", self._token),
            web.get("/v2/users", self._users),
            web.get("/v2/groups", self._groups),
            web.get("/v2/users/{id}/presence_status", self._presence),
        ]

    async def _token(self, _: web.Request) -> web.Response:
        return web.json_response({"access_token": "zoom", "expires_in": 3600})

    async def _users(self, request: web.Request) -> web.Response:
        active = request.query.get("status", "active") == "active"
        rows = [_user(person) for person in self.people.values() if active]
        start = int(request.query.get("next_page_token") or "0")
        end = start + int(request.query["page_size"])
        following = str(end) if end < len(rows) else ""
        answer = {"users": rows[start:end], "next_page_token": following}
        return web.json_response(answer | {"total_records": len(rows)})

    async def _groups(self, _: web.Request) -> web.Response:
        return web.json_response({"groups": [], "next_page_token": "", "total_records": 0})

    async def _presence(self, request: web.Request) -> web.Response:
        self.asked += 1
        wanted = request.match_info["id"]
        if wanted not in self.people:
            return web.json_response({"code": 1001, "message": "does not exist"}, status=404)
        state = self.says(wanted)
        if state is None:
            return web.json_response({"code": 500, "message": "internal"}, status=500)
        return web.json_response({"status": state.value})


def _user(person: Someone) -> dict[str, Any]:
    return {
        "id": person.zoom_id,
        "email": person.address,
        "display_name": f"Person {person.number}",
        "status": "active",
        "role_id": "2",
        "group_ids": [],
    }


@dataclass
class Crowd:
    """The services, listening at `base`."""

    people: list[Someone]
    login: Login
    graph: MisbehavingGraph
    zoom: ZoomAccount
    base: str = ""

    def environ(self, redis_url: str, **changes: str | None) -> dict[str, str]:
        """The environment of a process of the product; None leaves a name out."""
        settings: dict[str, str | None] = {
            "MicrosoftAppId": APP,
            "MicrosoftAppPassword": SECRET,
            "MicrosoftAppTenantId": TENANT,
            "PUBLIC_URL": "https://bot.example.com",
            "REDIS_URL": redis_url,
            "TOKEN_KEYS": TOKEN_KEY,
            "ZOOM_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "ZOOM_ACCOUNT_ID": ACCOUNT,
            "ZOOM_CLIENT_ID": "zoom-client",
            "ZOOM_CLIENT_SECRET": "zoom-client-secret",
            "MICROSOFT_LOGIN_URL": self.base,
            "GRAPH_URL": self.base,
            "ZOOM_OAUTH_URL": self.base,
            "ZOOM_API_URL": self.base,
            "BOT_OPENID_METADATA_URL": f"{self.base}/openid",
            "HOST": "127.0.0.1",
            "PORT": "0",
            "WORKER_PORT": "0",
        }
        return {name: value for name, value in (settings | changes).items() if value is not None}

    async def connect(self, redis: Client, people: Iterable[Someone]) -> None:
        """Connect people as if each had signed in; Zoom has told nothing of them yet."""
        scripts = Scripts(redis)
        await DataVersions(redis, scripts, release="crowd").enter()
        store = PeopleStore(redis, scripts)
        authorization = Authorization(
            client_id=APP,
            client_secret=SECRET,
            tenant_id=TENANT,
            login_url=self.base,
            scopes=SCOPES,
            redirect_uri="https://bot.example.com/auth/microsoft/callback",
        )
        tokens = Tokens(store, Vault([TOKEN_KEY]), authorization)
        try:
            flow = await authorization.begin(state="a-state")
            nonce = parse_qs(urlsplit(flow.auth_uri).query)["nonce"][0]
            code = json.dumps({"oid": TEMPLATE, "nonce": nonce})
            grant = await authorization.finish(flow, {"state": "a-state", "code": code})

            async def connect(person: Someone) -> None:
                # What MSAL keeps, of somebody else: signing everyone in takes too long.
                cache = grant.cache.replace(TEMPLATE, person.object_id)
                sealed = tokens.seal(person.object_id, cache)
                await store.connect(person.link(), sealed, None)
                if person.style is not None:
                    chose = Patch.chose(Personal(person.style))
                    await store.demand(person.object_id, Lane.CHANGE, chose)

            waiting = list(people)
            while waiting:
                batch, waiting = waiting[:50], waiting[50:]
                await asyncio.gather(*map(connect, batch))
        finally:
            authorization.close()


@contextlib.asynccontextmanager
async def running_crowd(people: list[Someone], dice: random.Random) -> AsyncIterator[Crowd]:
    """Start the services; what goes wrong is drawn from `dice`."""
    login = Login(dice)
    graph = MisbehavingGraph(dice.getrandbits(32), login.whose, login.revoked.add)
    zoom = ZoomAccount({person.zoom_id: person for person in people})
    crowd = Crowd(people, login, graph, zoom)
    app = web.Application(middlewares=[until_they_hang_up])
    app.add_routes([*graph.routes(), *zoom.routes(), *login.routes(), *_bot_framework()])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
        await site.start()
        host, port = runner.addresses[0][:2]
        crowd.base = f"http://{host}:{port}"
        yield crowd
    finally:
        await runner.cleanup()


def _bot_framework() -> list[web.RouteDef]:
    """Where the bot learns the channel's keys; nobody speaks to it here."""

    async def metadata(request: web.Request) -> web.Response:
        keys = f"{request.scheme}://{request.host}/openid/keys"
        known = {"issuer": "https://api.botframework.com", "jwks_uri": keys}
        return web.json_response(known | {"id_token_signing_alg_values_supported": ["RS256"]})

    async def jwks(_: web.Request) -> web.Response:
        return web.json_response({"keys": []})

    return [web.get("/openid", metadata), web.get("/openid/keys", jwks)]
