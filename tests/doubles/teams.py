"""A stand-in for Microsoft Teams as a bot sees it.

One server on loopback plays the Bot Connector (messages sent and edited by the bot), and the Bot
Framework's OpenID metadata and keys. It signs real tokens, and builds and delivers activities the
way Teams shapes them:

    async with TeamsDouble(app_id=..., tenant_id=...) as teams:
        ada = teams.person("00000000-...", "Ada")
        await teams.deliver(bot_url, teams.says(ada, "connect"))
        sent = await teams.wait_for(lambda sent: sent.card is not None)
        await teams.deliver(bot_url, teams.presses(ada, sent.card, "Cancel", on=sent))
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import time
from collections import deque
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Self

import aiohttp
import jwt
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.hanging_up import until_they_hang_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ISSUER = "https://api.botframework.com"
KEY_ID = "teams-double-1"
CARD = "application/vnd.microsoft.card.adaptive"


@cache
def signing_key(name: str = KEY_ID, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key pair, made once in a test run for each name."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def as_jwk(
    key: rsa.RSAPrivateKey, key_id: str, endorsements: Iterable[str] | None
) -> dict[str, Any]:
    """The public half as the Bot Framework publishes it."""
    numbers = key.public_key().public_numbers()

    def encoded(number: int) -> str:
        raw = number.to_bytes((number.bit_length() + 7) // 8)
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    jwk: dict[str, Any] = {
        "kty": "RSA",
        "use": "sig",
        "kid": key_id,
        "n": encoded(numbers.n),
        "e": encoded(numbers.e),
    }
    return jwk if endorsements is None else jwk | {"endorsements": list(endorsements)}


def button(card: dict[str, Any], title: str) -> dict[str, Any]:
    """The action with this title, wherever in the card. Raises LookupError."""
    nodes: list[Any] = [card]
    while nodes:
        node = nodes.pop()
        if isinstance(node, list):
            nodes.extend(node)
        elif isinstance(node, dict):
            if str(node.get("type")).startswith("Action.") and node.get("title") == title:
                return node
            nodes.extend(node.values())
    raise LookupError(f"no button {title!r} in the card")


@dataclass(frozen=True, slots=True)
class Sent:
    """One request of the bot that the Connector accepted. `method` is POST or PUT."""

    method: str
    conversation_id: str
    activity_id: str
    activity: dict[str, Any]
    authorization: str | None

    @property
    def text(self) -> str:
        return str(self.activity.get("text", ""))

    @property
    def card(self) -> dict[str, Any] | None:
        for attachment in self.activity.get("attachments", []):
            if attachment["contentType"] == CARD:
                content: dict[str, Any] = attachment["content"]
                return content
        return None


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody in Teams, in one conversation."""

    object_id: str
    name: str
    conversation_id: str
    conversation_type: str = "personal"

    @property
    def mri(self) -> str:
        return f"29:{self.object_id}"


@dataclass(slots=True)
class _Scripted:
    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


class TeamsDouble:
    """See the module. `region` is the first part of the path in `service_url`."""

    def __init__(
        self,
        *,
        app_id: str = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
        tenant_id: str = "11111111-2222-4333-8444-555555555555",
        issuer: str = ISSUER,
        endorsements: Iterable[str] | None = ("msteams", "webchat"),
    ) -> None:
        self.app_id = app_id
        self.tenant_id = tenant_id
        self.issuer = issuer
        self.bot_id = f"28:{app_id}"
        self.jwks: list[dict[str, Any]] = [as_jwk(signing_key(), KEY_ID, endorsements)]
        self.metadata: dict[str, Any] = {}
        self.metadata_status = 200
        self.metadata_requests = 0
        self._usual: tuple[tuple[str, str, str, int], str] | None = None
        self.accepts_token: Callable[[str | None], bool] = lambda _: True
        self.messages: list[Sent] = []
        self.typing: list[str] = []  # by conversation id, whenever the bot shows that it works
        self.opened: list[dict[str, Any]] = []
        self.members: dict[str, dict[str, Any]] = {}
        self.members_asked: list[str] = []
        self.members_refused: tuple[int, str] | None = None
        self.refuses: dict[str, str] = {}  # by conversation id, the code of the 403
        self.missing: dict[str, str] = {}  # by conversation id, the code of the 404
        self.opens: dict[str, str] = {}  # by object id, the chat that is opened with them ...
        self.opens_none: dict[str, str] = {}  # ... or the code of the 403
        self._script: deque[_Scripted] = deque()
        self._arrived = asyncio.Condition()
        self._counter = itertools.count(1)
        app = web.Application(middlewares=[until_they_hang_up])
        app.router.add_get("/v1/.well-known/openidconfiguration", self._metadata)
        app.router.add_get("/v1/.well-known/keys", self._keys)
        connector = "/teams/v3/conversations"
        app.router.add_post(connector, self._open)
        app.router.add_post(connector + "/{conversation}/activities", self._post)
        app.router.add_put(connector + "/{conversation}/activities/{activity}", self._put)
        app.router.add_get(connector + "/{conversation}/members/{member}", self._member)
        self._server = TestServer(app)

    async def __aenter__(self) -> Self:
        await self._server.start_server()
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        await self._server.close()

    # Addresses

    @property
    def base_url(self) -> str:
        return str(self._server.make_url("")).rstrip("/")

    @property
    def host(self) -> str:
        """`host:port`, as BOT_SERVICE_HOSTS wants it."""
        return f"{self._server.host}:{self._server.port}"

    @property
    def metadata_url(self) -> str:
        return f"{self.base_url}/v1/.well-known/openidconfiguration"

    @property
    def service_url(self) -> str:
        return f"{self.base_url}/teams/"

    # Tokens

    def token(
        self,
        *,
        key: rsa.RSAPrivateKey | str | None = None,
        algorithm: str = "RS256",
        headers: dict[str, Any] | None = None,
        without: Iterable[str] = (),
        **claims: Any,
    ) -> str:
        """A token as the Bot Framework sends it; `claims` replace, `without` removes."""
        now = int(time.time())
        payload: dict[str, Any] = {
            "serviceurl": self.service_url,
            "nbf": now,
            "exp": now + 3600,
            "iss": self.issuer,
            "aud": self.app_id,
        }
        payload = {k: v for k, v in (payload | claims).items() if k not in set(without)}
        return jwt.encode(
            payload, key or signing_key(), algorithm, headers={"kid": KEY_ID} | (headers or {})
        )

    def _usual_token(self) -> str:
        """One token for many activities, as the Bot Framework does it."""
        wanted = (self.service_url, self.issuer, self.app_id, int(time.time()) // 60)
        if self._usual is None or self._usual[0] != wanted:
            self._usual = wanted, self.token()
        return self._usual[1]

    # People and what they do

    def person(self, object_id: str, name: str = "Ada Lindqvist", **where: str) -> Client:
        """Somebody in a 1:1 chat with the bot; `conversation_id` and `_type` put them elsewhere."""
        where.setdefault("conversation_id", f"a:{object_id}")
        return Client(object_id, name, **where)

    def knows(self, object_id: str, name: str, *, upn: str, mail: str) -> None:
        """Somebody of the organisation, as Teams describes members of a conversation."""
        given, _, family = name.partition(" ")
        self.members[object_id] = {
            "id": f"29:{object_id}",
            "name": name,
            "aadObjectId": object_id,
            "givenName": given,
            "surname": family,
            "email": mail,
            "userPrincipalName": upn,
            "tenantId": self.tenant_id,
            "userRole": "user",
        }

    def activity(self, who: Client, kind: str, **fields: Any) -> dict[str, Any]:
        """An activity with the envelope that Teams gives each one."""
        return {
            "type": kind,
            "id": f"{time.time_ns() // 1_000_000}-{next(self._counter)}",
            "timestamp": "2026-01-01T12:00:00.000Z",
            "localTimezone": "Europe/Stockholm",
            "serviceUrl": self.service_url,
            "channelId": "msteams",
            "from": {"id": who.mri, "name": who.name, "aadObjectId": who.object_id},
            "conversation": {
                "conversationType": who.conversation_type,
                "tenantId": self.tenant_id,
                "id": who.conversation_id,
                **({} if who.conversation_type == "personal" else {"isGroup": True}),
            },
            "recipient": {"id": self.bot_id, "name": "Presence Bridge"},
            "locale": "en-GB",
            "channelData": {"tenant": {"id": self.tenant_id}},
        } | fields

    def says(self, who: Client, text: str, **fields: Any) -> dict[str, Any]:
        """A typed message."""
        client = {
            "type": "clientInfo",
            "locale": "en-GB",
            "country": "SE",
            "platform": "Windows",
            "timezone": "Europe/Stockholm",
        }
        shape = {"text": text, "textFormat": "plain", "entities": [client]}
        return self.activity(who, "message", **(shape | fields))

    def clicks(
        self,
        who: Client,
        verb: str,
        data: dict[str, Any] | None = None,
        *,
        on: Sent | None = None,
        trigger: str = "manual",
        **fields: Any,
    ) -> dict[str, Any]:
        """A click on a button of the card `on` (Action.Execute)."""
        action = {"type": "Action.Execute", "verb": verb, "data": data or {}}
        shape: dict[str, Any] = {
            "name": "adaptiveCard/action",
            "value": {"action": action, "trigger": trigger},
        }
        if on is not None:
            shape["replyToId"] = on.activity_id
        return self.activity(who, "invoke", **(shape | fields))

    def presses(
        self,
        who: Client,
        card: dict[str, Any],
        title: str,
        *,
        on: Sent | None = None,
        inputs: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """A click on the button with this title in a card, with what was entered."""
        action = button(card, title)
        return self.clicks(who, action["verb"], action["data"] | (inputs or {}), on=on)

    def installs(self, who: Client, action: str = "add") -> dict[str, Any]:
        """The app was added, or with `action` removed or upgraded."""
        return self.activity(who, "installationUpdate", action=action)

    async def deliver(
        self, bot_url: str, activity: dict[str, Any], *, token: str | None = None
    ) -> tuple[int, Any]:
        """POST an activity to the bot, signed. Returns the status and the JSON answer or None."""
        headers = {"Authorization": f"Bearer {token or self._usual_token()}"}
        async with self._session.post(bot_url, json=activity, headers=headers) as response:
            raw = await response.read()
            return response.status, await response.json() if raw else None

    # What the bot did

    async def wait_for(self, wanted: Callable[[Sent], bool], seconds: float = 5.0) -> Sent:
        """The first message, past or to come, that is as wanted. Raises TimeoutError."""

        def found() -> Sent | None:
            return next((sent for sent in self.messages if wanted(sent)), None)

        async with asyncio.timeout(seconds), self._arrived:
            await self._arrived.wait_for(lambda: found() is not None)
        sent = found()
        assert sent is not None
        return sent

    # What goes wrong

    def answers_next(
        self,
        status: int,
        code: str = "",
        *,
        body: Any = None,
        headers: dict[str, str] | None = None,
        times: int = 1,
    ) -> None:
        """Answer the next `times` Connector requests like this, in the order of the calls."""
        # A text as `body` is a page, not JSON.
        shown = body if body is not None else {"error": {"code": code, "message": "scripted"}}
        self._script.extend(_Scripted(status, shown, headers or {}) for _ in range(times))

    # The server

    async def _metadata(self, _: web.Request) -> web.Response:
        self.metadata_requests += 1
        document = {
            "issuer": self.issuer,
            "jwks_uri": f"{self.base_url}/v1/.well-known/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return web.json_response(document | self.metadata, status=self.metadata_status)

    async def _keys(self, _: web.Request) -> web.Response:
        return web.json_response({"keys": self.jwks})

    def _refusal(self, request: web.Request) -> web.Response | None:
        if self._script:
            scripted = self._script.popleft()
            page = isinstance(scripted.body, str)
            return web.Response(
                text=scripted.body if page else json.dumps(scripted.body),
                status=scripted.status,
                headers=scripted.headers,
                content_type="text/html" if page else "application/json",
            )
        if not self.accepts_token(request.headers.get("Authorization")):
            return _error(401, "Unauthorized")
        return None

    async def _open(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        body = await request.json()
        if body.get("isGroup") is not False or len(body.get("members", [])) != 1:
            return _error(400, "BadSyntax")
        self.opened.append(body)
        object_id = body["members"][0]["id"].removeprefix("29:")
        if code := self.opens_none.get(object_id):
            return _error(403, code)
        chat = self.opens.get(object_id, f"a:{object_id}")
        return web.json_response({"id": chat}, status=201)

    async def _member(self, request: web.Request) -> web.Response:
        """Not scripted: the bot asks in the background, at moments that no test knows."""
        if not self.accepts_token(request.headers.get("Authorization")):
            return _error(401, "Unauthorized")
        object_id = request.match_info["member"].removeprefix("29:")
        self.members_asked.append(object_id)
        if self.members_refused is not None:
            return _error(*self.members_refused)
        if object_id not in self.members:
            return _error(404, "MemberNotFoundInConversation")
        return web.json_response(self.members[object_id])

    async def _post(self, request: web.Request) -> web.Response:
        return await self._take(request, f"1:{next(self._counter)}")

    async def _put(self, request: web.Request) -> web.Response:
        return await self._take(request, request.match_info["activity"])

    async def _take(self, request: web.Request, activity_id: str) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        if code := self.refuses.get(request.match_info["conversation"]):
            return _error(403, code)
        if (code := self.missing.get(request.match_info["conversation"])) is not None:
            return _error(404, code)
        if (request.content_length or 0) > 100 * 1024:
            return _error(413, "MessageSizeTooBig")
        activity = await request.json()
        if activity.get("type") == "typing" and request.method == "POST":
            self.typing.append(request.match_info["conversation"])
            return web.json_response({}, status=201)
        if activity.get("type") != "message" or bool(activity.get("text")) == bool(
            activity.get("attachments")
        ):
            return _error(400, "BadSyntax")
        if request.method == "PUT" and all(m.activity_id != activity_id for m in self.messages):
            return _error(404, "ActivityNotFound")
        async with self._arrived:
            self.messages.append(
                Sent(
                    request.method,
                    request.match_info["conversation"],
                    activity_id,
                    activity,
                    request.headers.get("Authorization"),
                )
            )
            self._arrived.notify_all()
        return web.json_response(
            {"id": activity_id}, status=201 if request.method == "POST" else 200
        )


def _error(status: int, code: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": code}}, status=status)
