"""A Zoom account on loopback: users, groups, roles, in pages; answers go wrong on order."""

from __future__ import annotations

import contextlib
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from sandbox.hanging_up import until_they_hang_up
from sync.directory.reader import ZoomDirectory
from sync.zoom.api import ZoomApi
from sync.zoom.slots import Pace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

READ_MS = 1_760_000_000_000


@dataclass
class ZoomAccount:
    """`members` is group id -> Zoom ids. `page` caps the size of a page, as Zoom may.

    `hide`: paths whose listing leaves out these ids, though they exist. `answers` come first, for
    requests whose path they name.
    """

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)
    roles: dict[str, dict[str, Any]] = field(default_factory=dict)
    page: int = 300
    tells_memberships: bool = True
    total_off_by: int = 0
    unlisted_groups: set[str] = field(default_factory=set)
    answers: deque[tuple[str, web.Response]] = field(default_factory=deque)
    asked: Counter[str] = field(default_factory=Counter)
    base: str = ""

    def add(self, number: int, *groups: str, **facts: Any) -> str:
        """A user of some groups, which are made if need be. Returns their Zoom id."""
        zoom_id = f"z{number:05}"
        self.users[zoom_id] = {
            "id": zoom_id,
            "email": f"User{number}@Example.com",
            "display_name": f"User {number}",
            "status": "active",
            "role_id": "2",
            **facts,
        }
        for group_id in groups:
            self.group(group_id)
            self.members[group_id].add(zoom_id)
        return zoom_id

    def group(self, group_id: str, name: str = "") -> None:
        """A group of this id."""
        if name or group_id not in self.groups:
            self.groups[group_id] = name or group_id.title()
        self.members.setdefault(group_id, set())

    def delete_group(self, group_id: str) -> None:
        """As an admin does in Zoom's portal."""
        del self.groups[group_id], self.members[group_id]

    def routes(self) -> list[web.RouteDef]:
        """Everything that the directory is read from."""
        return [
            web.post("/oauth/token", self._token),
            web.get("/v2/users", self._users),
            web.get("/v2/users/{id}", self._user),
            web.get("/v2/groups", self._groups),
            web.get("/v2/groups/{id}", self._group),
            web.get("/v2/groups/{id}/members", self._members),
            web.get("/v2/roles/{id}", self._role),
        ]

    async def _token(self, _: web.Request) -> web.Response:
        return web.json_response({"access_token": "token", "expires_in": 3600})

    async def _users(self, request: web.Request) -> web.Response:
        status = request.query.get("status", "active")
        return self._listing(
            request, "users", [self._row(u) for u in self.users.values() if u["status"] == status]
        )

    async def _user(self, request: web.Request) -> web.Response:
        user = self.users.get(request.match_info["id"])
        return self._one(request, user and self._row(user), 1001)

    async def _groups(self, request: web.Request) -> web.Response:
        rows = [self._group_row(g) for g in self.groups if g not in self.unlisted_groups]
        return self._listing(request, "groups", rows)

    async def _group(self, request: web.Request) -> web.Response:
        group_id = request.match_info["id"]
        row = self._group_row(group_id) if group_id in self.groups else None
        return self._one(request, row, 4130)

    async def _members(self, request: web.Request) -> web.Response:
        group_id = request.match_info["id"]
        if group_id not in self.groups:
            return self._one(request, None, 4130)
        rows = [{"id": zoom_id} for zoom_id in sorted(self.members[group_id])]
        return self._listing(request, "members", rows)

    async def _role(self, request: web.Request) -> web.Response:
        return self._one(request, self.roles.get(request.match_info["id"]), 2300)

    def _row(self, user: dict[str, Any]) -> dict[str, Any]:
        if not self.tells_memberships:
            return user
        mine = [group for group, members in self.members.items() if user["id"] in members]
        return {**user, "group_ids": mine}

    def _group_row(self, group_id: str) -> dict[str, Any]:
        return {
            "id": group_id,
            "name": self.groups[group_id],
            "total_members": len(self.members[group_id]),
        }

    def _ordered(self, request: web.Request) -> web.Response | None:
        self.asked[request.path] += 1
        if self.answers and self.answers[0][0] in request.path_qs:
            return self.answers.popleft()[1]
        return None

    def _one(self, request: web.Request, row: dict[str, Any] | None, code: int) -> web.Response:
        if (ordered := self._ordered(request)) is not None:
            return ordered
        if row is None:
            return web.json_response({"code": code, "message": "does not exist"}, status=404)
        return web.json_response(row)

    def _listing(self, request: web.Request, name: str, rows: list[dict[str, Any]]) -> web.Response:
        if (ordered := self._ordered(request)) is not None:
            return ordered
        assert request.query["page_size"] == "300"
        start = int(request.query.get("next_page_token", "0"))
        end = start + self.page
        return web.json_response(
            {
                name: rows[start:end],
                "next_page_token": str(end) if end < len(rows) else "",
                "total_records": len(rows) + self.total_off_by,
            }
        )


class Clock:
    """Monotonic seconds that pass only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@contextlib.asynccontextmanager
async def running_account(account: ZoomAccount) -> AsyncIterator[ZoomApi]:
    """The product's API client of this account, over loopback."""
    app = web.Application(middlewares=[until_they_hang_up])
    app.add_routes(account.routes())
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        account.base = str(server.make_url("")).rstrip("/")
        yield ZoomApi(
            session,
            oauth_url=account.base,
            api_url=account.base,
            account_id="account",
            client_id="client",
            client_secret="secret",
            now=Clock(),
            wall=lambda: READ_MS / 1000,
        )


def reader_of(api: ZoomApi, clock: Clock, per_second: float = 10) -> ZoomDirectory:
    """The product's reader; its waiting takes no time."""
    pace = Pace(per_second, monotonic=clock, sleep=clock.sleep)
    return ZoomDirectory(api, pace, now_ms=lambda: READ_MS)
