"""A small strict Graph on loopback: the presence calls of delegated tokens, faults on order.

It refuses whatever Graph's documentation of setPresence and clearPresence does not list, and it
notices when two requests for one person overlap.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter, deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from aiohttp import web

from sandbox.hanging_up import until_they_hang_up

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

APP = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
SECOND_APP = "aaaaaaaa-bbbb-4ccc-8ddd-222222222222"
"""Registrations: people sign in with the first; the organisation's token may be of another."""
PAIRS = {
    ("Available", "Available"),
    ("Busy", "InACall"),
    ("Busy", "InAConferenceCall"),
    ("Away", "Away"),
    ("DoNotDisturb", "Presenting"),
}
PREFERRED_PAIRS = {
    ("Available", "Available"),
    ("Busy", "Busy"),
    ("DoNotDisturb", "DoNotDisturb"),
    ("BeRightBack", "BeRightBack"),
    ("Away", "Away"),
    ("Offline", "OffWork"),
}
SET, CLEAR, LOOK = "setPresence", "clearPresence", "look"
PREFER, UNPREFER = "setUserPreferredPresence", "clearUserPreferredPresence"


@dataclass(frozen=True)
class Fault:
    """What goes wrong with the next request that it fits.

    `kind`: `answer` with `status`, `stall` until the double's `release`, `reset` the connection,
    `truncate` the answer. `done`: what was asked is carried out all the same.
    """

    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    kind: Literal["answer", "stall", "reset", "truncate"] = "answer"
    done: bool = False
    action: str | None = None
    person: str | None = None


@dataclass(frozen=True)
class Request:
    """One request, as it came over the wire. `status` is what it was answered."""

    action: str
    person: str
    token: str
    body: bytes
    content_type: str
    status: int


@dataclass
class Graph:
    """What a test may set, and what it may look at afterwards."""

    base: str = ""
    tokens: dict[str, str] = field(default_factory=dict)  # access token -> object id
    application: str = ""  # the application's token, for everybody
    application_app: str = APP  # the registration that it is of
    applications: dict[str, str] = field(default_factory=dict)  # more of them: token -> whose
    shown: dict[str, tuple[str, str]] = field(default_factory=dict)  # without our session
    sessions: dict[str, str] = field(default_factory=dict)  # object id -> Availability/Activity
    apart: dict[tuple[str, str], str] = field(default_factory=dict)  # the same, by other apps
    most: Counter[str] = field(default_factory=Counter)  # most sessions of a person at a time
    preferred: dict[str, str] = field(default_factory=dict)  # the same
    faults: deque[Fault] = field(default_factory=deque)
    requests: list[Request] = field(default_factory=list)
    overlaps: int = 0
    stalled: int = 0
    split_answers: bool = False  # answers come in pieces, as chunked ones do
    _going: Counter[str] = field(default_factory=Counter)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    def count(self, action: str | None = None, person: str | None = None) -> int:
        """How many requests of a kind were answered."""
        return len(self.asked(action, person))

    def asked(self, action: str | None = None, person: str | None = None) -> list[Request]:
        """The requests of a kind that were answered, oldest first."""
        return [
            r for r in self.requests if action in {None, r.action} and person in {None, r.person}
        ]

    def held(self, person: str) -> dict[str, str]:
        """The sessions of one person, by the registration that holds them."""
        own = {APP: self.sessions[person]} if person in self.sessions else {}
        return own | {app: pair for (app, oid), pair in self.apart.items() if oid == person}

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until `condition()` holds; asked again whenever something happened here."""
        async with asyncio.timeout(10):
            while not condition():
                await self._changed.wait()
                self._changed.clear()

    def release(self) -> None:
        """Let stalled requests go."""
        self._released.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        person, action = request.match_info["person"], request.match_info.get("action", LOOK)
        self._going[person] += 1
        self.overlaps += self._going[person] > 1
        try:
            return await self._answer(request, action, person)
        finally:
            self._going[person] -= 1
            self._changed.set()

    async def _answer(self, request: web.Request, action: str, person: str) -> web.StreamResponse:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        body = await request.read()
        fault = self._fault(action, person)
        status, answer = (200, b"")
        if fault is not None and fault.kind == "stall":
            self.stalled += 1
            self._changed.set()
            await self._released.wait()
        if fault is None or fault.done or fault.kind == "stall":
            status, answer = self._act(action, person, token, body)
        if fault is not None and fault.kind == "answer":
            status, answer = fault.status, fault.body or _error(fault.status, "Fault")
        self.requests.append(
            Request(action, person, token, body, request.headers.get("Content-Type", ""), status)
        )
        if fault is not None and fault.kind == "reset":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        headers = {"Content-Type": "application/json", **(fault.headers if fault else {})}
        if fault is not None and fault.kind == "truncate":
            return await _in_pieces(request, status, headers, answer, break_off=True)
        if self.split_answers and answer:
            return await _in_pieces(request, status, headers, answer, break_off=False)
        return web.Response(status=status, body=answer, headers=headers)

    def _fault(self, action: str, person: str) -> Fault | None:
        for fault in self.faults:
            if fault.action in {None, action} and fault.person in {None, person}:
                self.faults.remove(fault)
                return fault
        return None

    def _act(self, action: str, person: str, token: str, body: bytes) -> tuple[int, bytes]:
        application = token == self.application or token in self.applications
        app = self.applications.get(token, self.application_app) if application else APP
        if token not in self.tokens and not application:
            return 401, _error(401, "InvalidAuthenticationToken")
        if not application and self.tokens[token] != person:
            return 403, _error(403, "Forbidden")
        if action == LOOK:
            availability, activity = self._visible(person)
            return 200, json.dumps(
                {
                    "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users",
                    "id": person,
                    "availability": availability,
                    "activity": activity,
                    "statusMessage": None,
                }
            ).encode()
        row = json.loads(body)
        ours = isinstance(row, dict) and row.pop("sessionId", None) == app
        if not isinstance(row, dict) or ours != (action in {SET, CLEAR}):
            return 400, _error(400, "InvalidArgument")
        if ours and app != APP:
            return self._apart(action, person, app, row)
        if action in {SET, PREFER}:
            answer = self._set(self.sessions if ours else self.preferred, person, row)
            self.most[person] = max(self.most[person], len(self.held(person)))
            return answer
        if row:
            return 400, _error(400, "InvalidArgument")
        if action == UNPREFER:
            self.preferred.pop(person, None)
        elif self.sessions.pop(person, None) is None:
            return 404, _error(404, "NotFound")
        return 200, b""

    def _apart(self, action: str, person: str, app: str, row: Any) -> tuple[int, bytes]:
        """A session of another registration than people sign in with."""
        if action == CLEAR:
            gone = self.apart.pop((app, person), None) is None
            return (404, _error(404, "NotFound")) if gone else (200, b"")
        slot: dict[str, str] = {}
        answer = self._set(slot, person, row, PAIRS)
        if slot:
            self.apart[app, person] = slot[person]
        self.most[person] = max(self.most[person], len(self.held(person)))
        return answer

    def _set(
        self, slot: dict[str, str], person: str, row: dict[str, Any], pairs: Any = None
    ) -> tuple[int, bytes]:
        minutes = re.fullmatch(r"PT([0-9]+)M", str(row.get("expirationDuration")))
        pair = (row.get("availability"), row.get("activity"))
        if (
            set(row) != {"availability", "activity", "expirationDuration"}
            or pair not in (pairs or (PAIRS if slot is self.sessions else PREFERRED_PAIRS))
            or minutes is None
            or not 5 <= int(minutes[1]) <= 240
        ):
            return 400, _error(400, "InvalidArgument")
        slot[person] = f"{pair[0]}/{pair[1]}"
        return 200, b""

    def _visible(self, person: str) -> tuple[str, str]:
        """By Graph's documented precedence; a session of ours counts like a client's."""
        order = ["DoNotDisturb", "Busy", "Available", "Away", "Offline"]
        all_of_them = [self.shown.get(person, ("Offline", "Offline"))]
        for session in self.held(person).values():
            availability, _, activity = session.partition("/")
            all_of_them.append((availability, activity))
        if person in self.preferred and any(shown[0] != "Offline" for shown in all_of_them):
            availability, _, activity = self.preferred[person].partition("/")
            return availability, activity
        return min(all_of_them, key=lambda shown: order.index(shown[0]))


def _error(status: int, code: str) -> bytes:
    # For want of a permission Graph sends an empty message.
    return json.dumps({"error": {"code": code, "message": "" if status == 403 else code}}).encode()


async def _in_pieces(
    request: web.Request, status: int, headers: dict[str, str], answer: bytes, *, break_off: bool
) -> web.StreamResponse:
    response = web.StreamResponse(status=status, headers=headers)
    if break_off:
        response.content_length = len(answer) + 100
    else:
        response.enable_chunked_encoding()
    await response.prepare(request)
    for start in range(0, len(answer), 16):
        await response.write(answer[start : start + 16])
        await asyncio.sleep(0)
    if break_off and request.transport is not None:
        request.transport.close()
    return response


@asynccontextmanager
async def running_graph() -> AsyncIterator[Graph]:
    """The double, listening; `base` is its address."""
    graph = Graph()
    app = web.Application(middlewares=[until_they_hang_up])
    app.router.add_get("/v1.0/users/{person}/presence", graph.handle)
    app.router.add_post("/v1.0/users/{person}/presence/{action}", graph.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    graph.base = f"http://{host}:{port}"
    try:
        yield graph
    finally:
        graph.release()
        await runner.cleanup()
