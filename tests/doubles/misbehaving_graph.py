"""A Graph that keeps its own quota and, when told to, throttles, stalls, breaks off and lies.

What goes wrong is drawn from a seed, the person and how many requests of theirs came before: the
same seed treats a person's requests alike, however the processes that send them interleave. Every
request is kept with its begin, its end and whether it was carried out.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.doubles.graph import APP, CLEAR, LOOK, PAIRS, PREFER, PREFERRED_PAIRS, SET, UNPREFER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LIMIT, WINDOW_S = 1500, 30.0
"""Graph's documented quota of presence requests for an application in a tenant."""
OFFLINE = ("Offline", "Offline")


class Wrong(StrEnum):
    """What goes wrong with one request. `_DONE`: it is carried out all the same."""

    THROTTLED = "429"
    THROTTLED_DONE = "429, done"
    UNAVAILABLE = "503"
    UNAVAILABLE_DONE = "503, done"
    BAD_GATEWAY = "502"
    RESET = "reset"
    RESET_DONE = "reset, done"
    TRUNCATED = "truncated, done"
    GARBLED = "no JSON"  # of a look only
    NOT_FOUND_DONE = "404, done"  # of clearPresence only
    UNAUTHORIZED = "401"  # a token that was good is refused from now on
    SLOW = "slow"
    STALLED = "stalled"  # about as long as anybody waits; carried out when the caller has left


MIXED: Mapping[Wrong, float] = {
    Wrong.THROTTLED: 0.003,
    Wrong.THROTTLED_DONE: 0.002,
    Wrong.UNAVAILABLE: 0.015,
    Wrong.UNAVAILABLE_DONE: 0.015,
    Wrong.BAD_GATEWAY: 0.01,
    Wrong.RESET: 0.02,
    Wrong.RESET_DONE: 0.02,
    Wrong.TRUNCATED: 0.02,
    Wrong.GARBLED: 0.02,
    Wrong.NOT_FOUND_DONE: 0.1,
    Wrong.UNAUTHORIZED: 0.01,
    Wrong.SLOW: 0.1,
    Wrong.STALLED: 0.006,
}
"""The chance of each, for an ordinary bad day."""
OUTAGE: Mapping[Wrong, float] = {Wrong.UNAVAILABLE: 0.7, Wrong.RESET: 0.2, Wrong.BAD_GATEWAY: 0.1}
"""Nothing works."""

_STATUS = {
    Wrong.THROTTLED: 429,
    Wrong.THROTTLED_DONE: 429,
    Wrong.UNAVAILABLE: 503,
    Wrong.UNAVAILABLE_DONE: 503,
    Wrong.BAD_GATEWAY: 502,
    Wrong.NOT_FOUND_DONE: 404,
    Wrong.UNAUTHORIZED: 401,
}
_UNDONE = {
    Wrong.THROTTLED,
    Wrong.UNAVAILABLE,
    Wrong.BAD_GATEWAY,
    Wrong.RESET,
    Wrong.UNAUTHORIZED,
}
_UNREADABLE = {Wrong.RESET, Wrong.RESET_DONE, Wrong.TRUNCATED, Wrong.GARBLED}
_ONLY = {Wrong.GARBLED: LOOK, Wrong.NOT_FOUND_DONE: CLEAR}


@dataclass(slots=True)
class Request:
    """One request. `began` and `ended` are monotonic seconds; `done`: it changed what is held."""

    person: str
    action: str
    began: float
    told: str = ""
    ended: float | None = None
    wrong: Wrong | None = None
    status: int | None = None
    done: bool = False
    hung_up: bool = False

    @property
    def writes(self) -> bool:
        return self.action != LOOK

    def __str__(self) -> str:
        lasted = "goes on" if self.ended is None else f"{self.ended - self.began:.2f} s"
        marks = [self.action, self.told, str(self.status), lasted, self.wrong or ""]
        marks += ["done"] if self.done else []
        marks += ["hung up"] if self.hung_up else []
        return f"{self.began:.2f}: " + " ".join(mark for mark in marks if mark)


@dataclass
class MisbehavingGraph:
    """`whose` gives the object id of a token, None for a bad one; `revoke` makes one bad.

    `shown` is what Microsoft shows of somebody without us; `patience` is how many seconds callers
    wait for an answer.
    """

    seed: int
    whose: Callable[[str], str | None]
    revoke: Callable[[str], None]
    wrong: Mapping[Wrong, float] = field(default_factory=dict)
    delay: float = 0.0
    limit: int = LIMIT
    window_s: float = WINDOW_S
    patience: float = 10.0
    shown: dict[str, tuple[str, str]] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)  # object id -> Availability/Activity
    preferred: dict[str, str] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    overlaps: list[tuple[Request, Request]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # what Graph would never take
    over_quota: int = 0
    most_in_window: int = 0
    _going: dict[str, list[Request]] = field(default_factory=dict)
    _seen: Counter[str] = field(default_factory=Counter)
    _proven: set[str] = field(default_factory=set)  # tokens that worked once
    _window: deque[float] = field(default_factory=deque)

    def routes(self) -> list[web.RouteDef]:
        """Presence of a person; the application must cancel handlers whose caller has left."""
        return [
            web.get("/v1.0/users/{person}/presence", self.handle),
            web.post("/v1.0/users/{person}/presence/{action}", self.handle),
        ]

    def of(self, person: str) -> list[Request]:
        """Every request about somebody, oldest first."""
        return [request for request in self.requests if request.person == person]

    def saw_nothing(self, person: str) -> bool:
        """Whether the last look at somebody was not answered with what Microsoft shows."""
        looks = [request for request in self.of(person) if request.action == LOOK]
        return bool(looks) and (looks[-1].status != 200 or looks[-1].wrong in _UNREADABLE)

    def going(self) -> int:
        """How many requests are being answered now."""
        return sum(map(len, self._going.values()))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        person, action = request.match_info["person"], request.match_info.get("action", LOOK)
        entry = Request(person, action, time.monotonic())
        going = self._going.setdefault(person, [])
        self.overlaps += [(other, entry) for other in going if other.writes and entry.writes]
        going.append(entry)
        self.requests.append(entry)
        try:
            return await self._answer(request, entry)
        finally:
            entry.ended = time.monotonic()
            going.remove(entry)

    async def _answer(self, request: web.Request, entry: Request) -> web.StreamResponse:
        if not self._in_quota(entry.began):
            return _refusal(entry, 429, {"Retry-After": "5"})
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        body = await request.read()
        entry.told = _asked_for(body)
        dice = self._dice(entry.person)
        wrong = self._draw(dice, entry.action, token)
        entry.wrong = wrong
        if wrong is Wrong.UNAUTHORIZED:
            self.revoke(token)
        if self.delay:
            await asyncio.sleep(self.delay)
        if wrong is Wrong.SLOW:
            await asyncio.sleep(dice.uniform(0.1, 1.0))
        if wrong is Wrong.STALLED:
            await self._stall(entry, token, body, dice)
        status, answer = 200, b""
        if wrong not in _UNDONE:
            status, answer = self._act(entry, token, body)
        if status == 200:
            self._proven.add(token)
        if wrong in _STATUS:
            # A 429 without it makes everybody wait for half a minute.
            says_when = _STATUS[wrong] == 429 or (_STATUS[wrong] == 503 and dice.random() < 0.7)
            return _refusal(entry, _STATUS[wrong], {"Retry-After": "1"} if says_when else {})
        entry.status = status
        if wrong in {Wrong.RESET, Wrong.RESET_DONE}:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if wrong is Wrong.TRUNCATED and status == 200:
            return await _break_off(request, answer)
        if wrong is Wrong.GARBLED:
            answer = answer[: len(answer) // 2]
        return web.Response(status=status, body=answer, content_type="application/json")

    async def _stall(self, entry: Request, token: str, body: bytes, dice: random.Random) -> None:
        late = dice.random() < 0.5
        try:
            await asyncio.sleep(self.patience * dice.uniform(0.85, 1.15))
        except asyncio.CancelledError:
            entry.hung_up = True
            if late:
                self._act(entry, token, body)
            raise

    def _in_quota(self, now: float) -> bool:
        while self._window and self._window[0] <= now - self.window_s:
            self._window.popleft()
        if len(self._window) >= self.limit:
            self.over_quota += 1
            return False
        self._window.append(now)
        self.most_in_window = max(self.most_in_window, len(self._window))
        return True

    def _dice(self, person: str) -> random.Random:
        self._seen[person] += 1
        return random.Random(f"{self.seed} {person} {self._seen[person]}")

    def _draw(self, dice: random.Random, action: str, token: str) -> Wrong | None:
        chance = dice.random()
        for wrong, share in self.wrong.items():
            if _ONLY.get(wrong, action) != action:
                continue
            if wrong is Wrong.UNAUTHORIZED and token not in self._proven:
                continue  # Microsoft issues no token that it refuses at once, again and again
            if wrong is Wrong.NOT_FOUND_DONE and self.whose(token) is None:
                continue  # a bad token is refused before anything is looked for
            chance -= share
            if chance < 0:
                return wrong
        return None

    def _act(self, entry: Request, token: str, body: bytes) -> tuple[int, bytes]:
        owner = self.whose(token)
        if owner is None:
            return 401, _error(401)
        if owner != entry.person:
            self.refused.append(f"a token of {owner} for {entry.person}")
            return 403, _error(403)
        if entry.action == LOOK:
            availability, activity = self.visible(entry.person)
            shown = {"id": owner, "availability": availability, "activity": activity}
            return 200, json.dumps(shown).encode()
        status = self._write(entry, json.loads(body))
        entry.done = status == 200
        if status == 400:
            self.refused.append(f"{entry} {body!r}")
        return status, b"" if status == 200 else _error(status)

    def _write(self, entry: Request, row: dict[str, Any]) -> int:
        session = entry.action in {SET, CLEAR}
        slot = self.sessions if session else self.preferred
        if session and row.pop("sessionId", None) != APP:
            return 400
        if entry.action in {CLEAR, UNPREFER}:
            there = slot.pop(entry.person, None)
            if row or entry.action == UNPREFER:
                return 400 if row else 200
            return 404 if there is None else 200
        minutes = re.fullmatch(r"PT([0-9]+)M", str(row.get("expirationDuration")))
        pair = (row.get("availability"), row.get("activity"))
        if (
            entry.action not in {SET, PREFER}
            or set(row) != {"availability", "activity", "expirationDuration"}
            or pair not in (PAIRS if session else PREFERRED_PAIRS)
            or minutes is None
            or not 5 <= int(minutes[1]) <= 240
        ):
            return 400
        slot[entry.person] = f"{pair[0]}/{pair[1]}"
        return 200

    def visible(self, person: str) -> tuple[str, str]:
        """What Microsoft shows: the preferred status if there is a session, else the strongest."""
        own = self.shown.get(person, OFFLINE)
        sessions = [own] if own != OFFLINE else []
        if person in self.sessions:
            availability, _, activity = self.sessions[person].partition("/")
            sessions.append((availability, activity))
        if not sessions:
            return OFFLINE
        if person in self.preferred:
            availability, _, activity = self.preferred[person].partition("/")
            return availability, activity
        order = ["DoNotDisturb", "Busy", "Available", "Away"]
        return min(sessions, key=lambda shown: order.index(shown[0]))


def _asked_for(body: bytes) -> str:
    row = json.loads(body) if body else {}
    return f"{row['availability']}/{row['activity']}" if "availability" in row else ""


def _refusal(entry: Request, status: int, headers: dict[str, str]) -> web.Response:
    entry.status = status
    if status == 502:  # from a gateway in front of Graph
        return web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html")
    return web.Response(
        status=status, body=_error(status), headers=headers, content_type="application/json"
    )


def _error(status: int) -> bytes:
    return json.dumps({"error": {"code": f"Wrong{status}", "message": "as ordered"}}).encode()


async def _break_off(request: web.Request, answer: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(answer) + 100
    await response.prepare(request)
    await response.write(answer[: len(answer) // 2] or b"{")
    if request.transport is not None:
        request.transport.close()
    return response
