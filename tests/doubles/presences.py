"""A strict stand-in for Graph's look at many people, over HTTP; it lies on order."""

from __future__ import annotations

import json
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Callable

MOST = 650


@dataclass
class Presences:
    """What a test may set, and what it may look at afterwards.

    `shown`: `Availability/Activity` by object id; `unknown` ids make a request fail, those who are
    `missing` are left out. `faults`: statuses and headers of the next answers. `change` turns the
    rows of an answer into others, `raw` is sent in place of any.
    """

    base: str = ""
    token: str = "organisation"
    shown: dict[str, str] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    faults: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)
    always: int | None = None
    change: Callable[[list[Any]], list[Any]] | None = None
    raw: bytes | None = None
    stall: asyncio.Event | None = None
    looks: list[list[str]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one look."""
        assert request.content_type == "application/json"
        body = json.loads(await request.read())
        assert body.keys() == {"ids"}
        ids: list[str] = body["ids"]
        self.looks.append(ids)
        if self.stall is not None:
            await self.stall.wait()
        if self.always is not None:
            return _error(self.always, {})
        if self.faults:
            return _error(*self.faults.popleft())
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return _error(401, {})
        if not 0 < len(ids) <= MOST or len(set(ids)) < len(ids) or self.unknown & set(ids):
            return _error(400, {})
        if self.raw is not None:
            return web.Response(body=self.raw, content_type="application/json")
        rows = [_row(oid, self.shown.get(oid, "Offline/Offline")) for oid in ids]
        rows = [row for row in rows if row["id"] not in self.missing]
        return web.json_response({"value": rows if self.change is None else self.change(rows)})


def _row(oid: str, shown: str) -> dict[str, Any]:
    availability, _, activity = shown.partition("/")
    return {
        "id": oid,
        "availability": availability,
        "activity": activity,
        "sequenceNumber": "A0639",
        "statusMessage": {"message": {"content": "At the dentist", "contentType": "text"}},
        "outOfOfficeSettings": {"isOutOfOffice": True, "message": "Back on Monday"},
        "workLocation": None,
    }


def _error(status: int, headers: dict[str, str]) -> web.Response:
    return web.json_response(
        {"error": {"code": "Fault", "message": ""}}, status=status, headers=headers
    )


@asynccontextmanager
async def running_presences() -> AsyncIterator[Presences]:
    """The stand-in, listening; `base` is its address."""
    double = Presences()
    app = web.Application()
    app.router.add_post("/v1.0/communications/getPresencesByUserId", double.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    double.base = f"http://{host}:{port}"
    try:
        yield double
    finally:
        if double.stall is not None:
            double.stall.set()
        await runner.cleanup()
