"""Zoom's REST API, as far as the app needs it: Server-to-Server OAuth, users, groups, presence.

Roles too: admins have Zoom's Admin role, everyone else is a Member.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from sandbox import zoom_log
from sandbox.http_auth import base_url, basic_credentials, secret_is
from sandbox.people import ZOOM_APP_ID
from sandbox.zoom_states import ZoomPresence, rest_spelling

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sandbox.faults import Handler
    from sandbox.people import SandboxGroup, SandboxPerson
    from sandbox.world import World

TOKEN_LIFE: Final = 3600.0
PAGE_TOKEN_LIFE: Final = 900.0
LARGEST_PAGE: Final = 300
ROLES: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "1": (
        "Admin",
        "Manages users and settings.",
        ("User:Edit", "Group:Read", "Group:Edit", "AccountSetting:Read", "AccountSetting:Edit"),
    ),
    "2": ("Member", "Has no access to account management.", ()),
}
_REMEMBERED: Final = 1000
_CODES: Final = {
    401: (124, "Invalid access token."),
    403: (403, "The request is forbidden."),
    429: (429, "You have reached the maximum per-second rate limit for this API. Try again later."),
    500: (500, "Internal server error."),
    503: (503, "Service unavailable."),
}


class ZoomError(Exception):
    """An answer other than success. `code` is Zoom's own number, not the HTTP status."""

    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code


class Zoom:
    """One Zoom account with one Server-to-Server app."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tokens: dict[str, float] = {}
        self._pages: dict[str, tuple[str, int, float]] = {}

    def routes(self) -> list[web.RouteDef]:
        """The endpoints, each behind the fault queue."""
        queue = self._world.faults.zoom
        return [
            web.post("/oauth/token", queue.guard(self._token, self._faulty)),
            web.get("/v2/users", self._guard(self._users)),
            web.get("/v2/users/{id}", self._guard(self._user)),
            web.get("/v2/users/{id}/presence_status", self._guard(self._presence)),
            web.get("/v2/groups", self._guard(self._groups)),
            web.get("/v2/groups/{id}", self._guard(self._group)),
            web.get("/v2/groups/{id}/members", self._guard(self._members)),
            web.get("/v2/roles", self._guard(self._roles)),
            web.get("/v2/roles/{id}", self._guard(self._role)),
            web.get("/v2/marketplace/apps/{id}/webhook_logs", self._guard(self._webhook_logs)),
            web.route("*", "/v2/{tail:.*}", self._guard(self._unknown)),
        ]

    def _guard(self, handler: Callable[[web.Request], Awaitable[web.Response]]) -> Handler:
        async def answered(request: web.Request) -> web.Response:
            try:
                self._authenticate(request)
                return await handler(request)
            except ZoomError as error:
                return _refuse(error)

        return self._world.faults.zoom.guard(answered, self._faulty)

    async def _token(self, request: web.Request) -> web.Response:
        config = self._world.config
        client_id, secret = basic_credentials(request) or ("", "")
        if client_id != config.zoom_client_id or not secret_is(secret, config.zoom_client_secret):
            return _oauth_error("invalid_client", "Invalid client_id or client_secret")
        form = await request.post()
        # Zoom documents these as form fields, and takes them from the address as well.
        fields = {**request.query, **{k: v for k, v in form.items() if isinstance(v, str)}}
        if fields.get("grant_type") != "account_credentials":
            return _oauth_error("unsupported_grant_type", "unsupported grant type")
        if fields.get("account_id") != config.zoom_account_id:
            return _oauth_error("invalid_request", "Bad Request")
        now = self._world.clock.now()
        token = secrets.token_urlsafe(48)
        # As people report of Zoom: a new one ends the others.
        self._tokens = {token: now + TOKEN_LIFE}
        return web.json_response(
            {
                "access_token": token,
                "token_type": "bearer",
                "expires_in": int(TOKEN_LIFE),
                "scope": self._world.zoom_scopes,
                "api_url": base_url(request),
            }
        )

    def _authenticate(self, request: web.Request) -> None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or token not in self._tokens:
            raise ZoomError(401, *_CODES[401])
        if self._world.clock.now() >= self._tokens[token]:
            raise ZoomError(401, 124, "Access token is expired.")

    async def _users(self, request: web.Request) -> web.Response:
        status = request.query.get("status", "active")
        if status not in {"active", "inactive", "pending"}:
            raise ZoomError(400, 300, "Validation Failed: status.")
        everyone = [self._describe(person) for person in self._zoom_people() if status == "active"]
        return self._page(request, f"users/{status}", "users", everyone)

    async def _user(self, request: web.Request) -> web.Response:
        return web.json_response(self._describe(self._find(request), full=True))

    async def _presence(self, request: web.Request) -> web.Response:
        state = self._world.people.get(self._find(request).object_id)
        zoom = ZoomPresence.OFFLINE if state is None else state.zoom
        return web.json_response({"status": rest_spelling(zoom)})

    async def _groups(self, _request: web.Request) -> web.Response:
        groups = [self._describe_group(group) for group in self._world.config.groups]
        return web.json_response({"total_records": len(groups), "groups": groups})

    async def _group(self, request: web.Request) -> web.Response:
        return web.json_response(self._describe_group(self._find_group(request)))

    async def _members(self, request: web.Request) -> web.Response:
        group = self._find_group(request)
        members = [
            {key: value for key, value in self._describe(person).items() if key in _MEMBER}
            for person in self._zoom_people()
            if group.name in person.groups
        ]
        return self._page(request, f"groups/{group.group_id}", "members", members)

    async def _roles(self, _request: web.Request) -> web.Response:
        roles = [self._describe_role(role_id) for role_id in ROLES]
        return web.json_response({"total_records": len(roles), "roles": roles})

    async def _role(self, request: web.Request) -> web.Response:
        wanted = request.match_info["id"]
        if wanted not in ROLES:
            raise ZoomError(404, 2300, f"Role does not exist: {wanted[:200]}.")
        privileges = list(ROLES[wanted][2])
        return web.json_response({**self._describe_role(wanted), "privileges": privileges})

    async def _webhook_logs(self, request: web.Request) -> web.Response:
        webhooks, wanted = self._world.webhooks, request.match_info["id"]
        if not webhooks.log_readable:
            text = f"Invalid access token, does not contain scopes:[{zoom_log.SCOPE}]."
            raise ZoomError(400, 4711, text)
        if wanted != ZOOM_APP_ID:
            raise ZoomError(404, 1401, f"APP ID does not exist: {wanted[:200]}.")
        try:
            rows = zoom_log.select(webhooks.calls, request.query, self._world.clock.wall())
        except zoom_log.LogRefused as error:
            raise ZoomError(error.status, error.code, str(error)) from error
        listing = f"webhook_logs/{request.query.get('from')}/{request.query.get('to')}"
        return self._page(request, listing, "webhook_logs", rows, total=False)

    async def _unknown(self, request: web.Request) -> web.Response:
        raise ZoomError(404, 2300, f"This API endpoint is not recognized: {request.path[:200]}")

    def _zoom_people(self) -> list[SandboxPerson]:
        people = [state.person for state in self._world.people.values()]
        people += self._world.config.others
        return [person for person in people if person.zoom_email is not None]

    def _find(self, request: web.Request) -> SandboxPerson:
        wanted = request.match_info["id"]
        if (state := self._world.by_zoom(wanted)) is not None:
            return state.person
        for person in self._world.config.others:
            if person.zoom_email and wanted.casefold() in {
                person.zoom_id.casefold(),
                person.zoom_email.casefold(),
            }:
                return person
        raise ZoomError(*self._world.zoom_unknown, f"User does not exist: {wanted[:200]}.")

    def _find_group(self, request: web.Request) -> SandboxGroup:
        wanted = request.match_info["id"]
        for group in self._world.config.groups:
            if group.group_id == wanted:
                return group
        raise ZoomError(404, 4130, f"A group with this {wanted[:200]} does not exist.")

    def _describe(self, person: SandboxPerson, *, full: bool = False) -> dict[str, Any]:
        first, _, last = person.name.partition(" ")
        ids = [g.group_id for g in self._world.config.groups if g.name in person.groups]
        about: dict[str, Any] = {
            "id": person.zoom_id,
            "first_name": first,
            "last_name": last,
            "display_name": person.name,
            "email": person.zoom_email,
            "type": 2,
            "status": "active",
            "timezone": "Europe/Berlin",
            "group_ids": ids,
            "role_id": _role_of(person),
        }
        if full:
            about |= {
                "account_id": self._world.config.zoom_account_id,
                "im_group_ids": [],
                "role_name": ROLES[_role_of(person)][0],
            }
        return about

    def _describe_group(self, group: SandboxGroup) -> dict[str, Any]:
        total = sum(1 for person in self._zoom_people() if group.name in person.groups)
        return {"id": group.group_id, "name": group.name, "total_members": total}

    def _describe_role(self, role_id: str) -> dict[str, Any]:
        name, description, _ = ROLES[role_id]
        total = sum(1 for person in self._zoom_people() if _role_of(person) == role_id)
        return {"id": role_id, "name": name, "description": description, "total_members": total}

    def _page(
        self,
        request: web.Request,
        listing: str,
        name: str,
        rows: list[dict[str, Any]],
        *,
        total: bool = True,
    ) -> web.Response:
        text = request.query.get("page_size", "30")
        if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:6]) <= LARGEST_PAGE:
            raise ZoomError(400, 300, "Validation Failed: page_size.")
        size, start, now = int(text), 0, self._world.clock.now()
        if token := request.query.get("next_page_token"):
            found = self._pages.get(token)
            if found is None or found[0] != listing or found[2] <= now:
                raise ZoomError(400, 300, "The next page token is invalid or expired.")
            start = found[1]
        following = ""
        if start + size < len(rows):
            following = secrets.token_urlsafe(24)
            while len(self._pages) >= _REMEMBERED:
                self._pages.pop(next(iter(self._pages)))
            self._pages[following] = (listing, start + size, now + PAGE_TOKEN_LIFE)
        answer = {
            "page_size": size,
            "next_page_token": following,
            name: rows[start : start + size],
        }
        return web.json_response(answer | ({"total_records": len(rows)} if total else {}))

    def _faulty(self, _request: web.Request, status: int, headers: dict[str, str]) -> web.Response:
        answer = _refuse(ZoomError(status, *_CODES[status]))
        answer.headers.update(headers)
        return answer


_MEMBER: Final = frozenset({"id", "email", "first_name", "last_name", "type"})


def _role_of(person: SandboxPerson) -> str:
    return "1" if person.admin else "2"


def _refuse(error: ZoomError) -> web.Response:
    return web.json_response(
        {"code": error.code, "message": str(error)},
        status=error.status,
        headers={"x-zm-trackingid": f"v=2.0;clid=sandbox;rid=WEB_{secrets.token_hex(16)}"},
    )


def _oauth_error(error: str, reason: str) -> web.Response:
    return web.json_response({"reason": reason, "error": error}, status=400)
