"""Graph v1.0, as far as presence needs it: `/me`, reading presence, the four presence actions.

The order of checks is Graph's: token, quota, body, permission. So a missing sessionId is a 400
even for a token that may not write, and a missing permission is a 403 with an empty message.
"""

from __future__ import annotations

import functools
import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from sandbox.graph_directory import GraphDirectory, identities
from sandbox.graph_looks import ids_of, row_of
from sandbox.graph_presence import (
    DEFAULT_DURATION,
    LONGEST,
    PREFERRED_PAIRS,
    SESSION_PAIRS,
    SHORTEST,
    Pair,
    parse_duration,
    preferred_default,
)
from sandbox.graph_users import Refusal
from sandbox.identity import GRAPH_APP_ID, Access, TokenRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sandbox.faults import Handler
    from sandbox.people import SandboxPerson
    from sandbox.world import World

# The official SDK puts a second slash after the version; Graph takes it.
_V1: Final = "/v1.0/{slashes:/*}"
_METADATA: Final = "https://graph.microsoft.com/v1.0/$metadata"
_WRITE: Final = "Presence.ReadWrite"
_WRITE_ALL: Final = "Presence.ReadWrite.All"
_FIELDS: Final = {
    "setPresence": {"sessionId", "availability", "activity", "expirationDuration"},
    "clearPresence": {"sessionId"},
    "setUserPreferredPresence": {"availability", "activity", "expirationDuration"},
    "clearUserPreferredPresence": set[str](),
}
_CODES: Final = {
    401: ("InvalidAuthenticationToken", "Access token validation failure."),
    403: ("Forbidden", ""),  # for want of a permission the message is empty
    429: ("TooManyRequests", "Too many requests. Retry after the time given."),
    500: ("InternalServerError", "An internal server error occurred."),
    503: ("ServiceUnavailable", "The service is temporarily unavailable."),
}


class GraphError(Exception):
    """An answer other than success, as Graph words it."""

    def __init__(
        self, status: int, code: str, text: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.headers = headers or {}


class Graph:
    """The HTTP face of the presence model."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._directory = GraphDirectory(world, self._authenticate)

    def routes(self) -> list[web.RouteDef]:
        """The endpoints, each behind the fault queue; everything else under /v1.0 is refused."""
        who = ("users/{id}", "me")
        return [
            web.get(_V1 + "me", self._guard(self._me)),
            web.get(_V1 + "users", self._guard(self._directory.users)),
            web.get(_V1 + "users/{id}", self._guard(self._directory.users)),
            web.post(_V1 + "communications/getPresencesByUserId", self._guard(self._read_many)),
            web.post(_V1 + "$batch", self._guard(self._directory.batch)),
            *(web.get(f"{_V1}{w}/presence", self._guard(self._read)) for w in who),
            *(
                web.post(f"{_V1}{w}/presence/{action}", self._guard(self._writer(action)))
                for w in who
                for action in _FIELDS
            ),
            web.route("*", "/v1.0/{tail:.*}", self._guard(self._unknown)),
        ]

    def _guard(self, handler: Callable[[web.Request], Awaitable[web.Response]]) -> Handler:
        async def answered(request: web.Request) -> web.Response:
            try:
                return await handler(request)
            except GraphError as error:
                return self._refuse(request, error)
            except Refusal as error:
                return self._refuse(request, GraphError(error.status, error.code, str(error)))

        return self._world.faults.graph.guard(answered, self._faulty)

    # Reading

    async def _me(self, request: web.Request) -> web.Response:
        access = self._authenticate(request)
        person = self._person(self._own(access))
        _require(access, "User.Read")
        everything = {
            "id": person.object_id,
            "displayName": person.name,
            "userPrincipalName": person.upn,
            "mail": person.mail,
            "userType": person.user_type,
            "identities": identities(person),
        }
        names = ["id", "displayName", "userPrincipalName", "mail"]  # what comes without $select
        if "$select" in request.query:
            names = [name.strip() for name in request.query["$select"].split(",")]
            for name in names:
                if name not in everything:
                    raise GraphError(
                        400,
                        "BadRequest",
                        f"Could not find a property named '{name[:100]}' on type "
                        "'microsoft.graph.user'.",
                    )
        context = f"{_METADATA}#users/$entity"
        return _json(request, {"@odata.context": context, **{n: everything[n] for n in names}})

    async def _read(self, request: web.Request) -> web.Response:
        access = self._authenticate(request)
        self._count()
        oid = self._target(request, access)
        if access.oid is None:
            _require_role(access, "Presence.Read.All", _WRITE_ALL)
        elif oid == access.oid:
            _require(access, "Presence.Read", "Presence.Read.All")
        else:
            _require(access, "Presence.Read.All")
        kind = f"users('{oid}')/presence/$entity"
        row = row_of(oid, self._world.shown(oid), self._world.clock.now())
        return _json(request, {"@odata.context": f"{_METADATA}#{kind}", **row})

    async def _read_many(self, request: web.Request) -> web.Response:
        access = self._authenticate(request)
        self._count()
        ids = ids_of(await _json_object(request))
        if access.oid is None:
            _require_role(access, "Presence.Read.All", _WRITE_ALL)
        else:
            _require(access, "Presence.Read.All")
        rows = self._world.looks.answer(ids)
        self._world.changed()
        context = f"{_METADATA}#Collection(microsoft.graph.presence)"
        return _json(request, {"@odata.context": context, "value": rows})

    async def _unknown(self, request: web.Request) -> web.Response:
        self._authenticate(request)
        segment = request.match_info["tail"].strip("/").split("/")[-1][:100]
        raise GraphError(400, "BadRequest", f"Resource not found for the segment '{segment}'.")

    # Writing

    def _writer(self, action: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        return functools.partial(self._write, action)

    async def _write(self, action: str, request: web.Request) -> web.Response:
        what, status = action, 200
        oid = request.match_info.get("id", "").lower()
        try:
            access = self._authenticate(request)
            oid = oid or access.oid or ""
            self._count()
            body = await _body(request, action)
            what = _describe(action, body)
            self._act(action, body, request, access)
        except GraphError as error:
            status = error.status
            raise
        finally:
            self._world.note_write(oid, what, status)
        return web.Response(headers=_ids(request))

    def _act(self, action: str, body: dict[str, str], request: web.Request, access: Access) -> None:
        world, target = self._world, functools.partial(self._allowed, request, access)
        match action:
            case "setPresence":
                session = _session_id(body)
                pair, duration = _pair(body, SESSION_PAIRS), _duration(body)
                if duration is None:
                    duration = DEFAULT_DURATION
                if not SHORTEST <= duration <= LONGEST:
                    raise _invalid("[ExpirationDuration]: The value is out of range.")
                oid = target()
                if session != access.app_id:
                    raise _invalid("[SessionId]: The SessionId must be the application's ID.")
                world.set_session(oid, access.app_id, pair, duration)
            case "clearPresence":
                session, oid = _session_id(body), target()
                if session != access.app_id or not world.clear_session(oid, access.app_id):
                    raise GraphError(404, "NotFound", "The presence session does not exist.")
            case "setUserPreferredPresence":
                pair, duration = _pair(body, PREFERRED_PAIRS), _duration(body)
                if duration == 0:
                    raise _invalid("[ExpirationDuration]: The value is out of range.")
                world.set_preferred(target(), pair, duration or preferred_default(pair))
            case _:
                world.clear_preferred(target())

    def _allowed(self, request: web.Request, access: Access) -> str:
        oid = self._target(request, access)
        if access.oid is None:
            _require_role(access, _WRITE_ALL)
            return oid
        _require(access, _WRITE)
        if oid != access.oid:
            raise _forbidden()  # delegated permission reaches no further than the person
        return oid

    # Checks

    def _authenticate(self, request: web.Request) -> Access:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise self._unauthorized("Access token is empty.")
        try:
            return self._world.identity.check_access(token.strip())
        except TokenRefused as refused:
            raise self._unauthorized(str(refused)) from None

    def _unauthorized(self, text: str) -> GraphError:
        return GraphError(401, "InvalidAuthenticationToken", text, self._challenge())

    def _challenge(self) -> dict[str, str]:
        where = "https://login.microsoftonline.com/common/oauth2/authorize"
        return {
            "WWW-Authenticate": (
                f'Bearer realm="", authorization_uri="{where}", client_id="{GRAPH_APP_ID}"'
            )
        }

    def _count(self) -> None:
        wait = self._world.quota.take()
        self._world.changed()
        if wait is not None:
            code, text = _CODES[429]
            raise GraphError(429, code, text, {"Retry-After": str(wait)})

    def _own(self, access: Access) -> str:
        if access.oid is None:
            raise GraphError(
                400, "BadRequest", "/me request is only valid with delegated authentication flow."
            )
        return access.oid

    def _target(self, request: web.Request, access: Access) -> str:
        if "id" not in request.match_info:
            return self._own(access)
        oid = request.match_info["id"].lower()
        self._person(oid)
        return oid

    def _person(self, oid: str) -> SandboxPerson:
        if (state := self._world.people.get(oid)) is None:
            raise GraphError(404, "NotFound", f"User '{oid[:100]}' was not found.")
        return state.person

    def _refuse(self, request: web.Request, error: GraphError) -> web.Response:
        ids = _ids(request)
        moment = datetime.fromtimestamp(self._world.clock.now(), UTC)
        inner = {"date": moment.strftime("%Y-%m-%dT%H:%M:%S"), **ids}
        body = {"error": {"code": error.code, "message": str(error), "innerError": inner}}
        return web.json_response(body, status=error.status, headers={**ids, **error.headers})

    def _faulty(self, request: web.Request, status: int, headers: dict[str, str]) -> web.Response:
        code, text = _CODES[status]
        if status == 401:
            headers = {**headers, **self._challenge()}
        if request.method == "POST":
            action = request.path.rpartition("/")[2]
            self._world.note_write(request.match_info.get("id", "").lower(), action, status)
        return self._refuse(request, GraphError(status, code, text, headers))


def _ids(request: web.Request) -> dict[str, str]:
    given = request.headers.get("client-request-id", "")
    own = str(uuid.uuid4())
    return {
        "request-id": own,
        "client-request-id": given[:64] if given.isascii() and given else own,
    }


def _json(request: web.Request, body: dict[str, Any]) -> web.Response:
    return web.json_response(body, headers=_ids(request))


async def _json_object(request: web.Request) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise GraphError(400, "BadRequest", "Content-Type must be application/json.")
    try:
        body = json.loads(await request.text())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise GraphError(400, "BadRequest", "Unable to read JSON request payload.")
    return body


async def _body(request: web.Request, action: str) -> dict[str, str]:
    body = await _json_object(request)
    body = {name: value for name, value in body.items() if value is not None}
    for name, value in body.items():
        if name not in _FIELDS[action] and not name.startswith("@odata."):
            raise GraphError(
                400, "BadRequest", f"The parameter '{name[:100]}' is not valid for '{action}'."
            )
        if not isinstance(value, str):
            raise _invalid(f"[{name[:1].upper()}{name[1:100]}]: The value is not a string.")
    return body


def _describe(action: str, body: dict[str, str]) -> str:
    parts = [action]
    if "availability" in body:
        parts.append(f"{body['availability'][:40]}/{body.get('activity', '')[:40]}")
    if "expirationDuration" in body:
        parts.append(body["expirationDuration"][:20])
    return " ".join(parts)


def _session_id(body: dict[str, str]) -> str:
    if not body.get("sessionId"):
        raise _invalid("[SessionId]: The SessionId field is required.")
    return body["sessionId"]


def _pair(body: dict[str, str], allowed: frozenset[Pair]) -> Pair:
    pair = Pair(body.get("availability", ""), body.get("activity", ""))
    if pair not in allowed:
        raise _invalid("The combination of availability and activity is not supported.")
    return pair


def _duration(body: dict[str, str]) -> float | None:
    text = body.get("expirationDuration")
    if text is None:
        return None
    try:
        return parse_duration(text)
    except ValueError:
        raise _invalid("[ExpirationDuration]: The value is not an ISO 8601 duration.") from None


def _require(access: Access, *scopes: str) -> None:
    if access.scopes.isdisjoint(scopes):
        raise _forbidden()


def _require_role(access: Access, *roles: str) -> None:
    if access.roles.isdisjoint(roles):
        raise _forbidden()


def _forbidden() -> GraphError:
    return GraphError(403, "Forbidden", "")


def _invalid(text: str) -> GraphError:
    return GraphError(400, "InvalidArgument", text)
