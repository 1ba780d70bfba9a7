"""The panel: one page, a live stream of the state, and the JSON calls behind its buttons.

The same calls serve tests outside the process. They are for this machine only: the Host must be a
loopback name (so that no foreign name can be pointed here), and a browser's Origin must be one,
too.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
from typing import TYPE_CHECKING, Any, Final, NoReturn
from urllib.parse import urlsplit

from aiohttp import web

from sandbox import view
from sandbox.chat import CONNECTOR, ENDPOINT
from sandbox.faults import Fault, FaultKind
from sandbox.graph_looks import Answers
from sandbox.graph_presence import PREFERRED_PAIRS, TeamsClient
from sandbox.own_rights import ROLES, Trouble
from sandbox.pages import initials, page
from sandbox.zoom_states import LABELS, ZoomPresence

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from sandbox.chat import ChatRelay
    from sandbox.coverage import Covered
    from sandbox.world import PersonState, World

KEEP_ALIVE: Final = 15.0
TICK: Final = 1.0  # while the quota's window slides
SPACING: Final = 0.04  # a busy sandbox is shown 25 times a second, not more
LONGEST_STEP: Final = 366 * 86_400

CLIENTS: Final = (
    (TeamsClient.CLOSED, "Closed"),
    (TeamsClient.ACTIVE, "Active"),
    (TeamsClient.IDLE, "Idle"),
    (TeamsClient.CALL, "In a Teams call"),
    (TeamsClient.PRESENTING, "Presenting"),
)
MANUAL: Final = (
    ("None", "None"),
    ("Available", "Available"),
    ("Busy", "Busy"),
    ("DoNotDisturb", "Do not disturb"),
    ("BeRightBack", "Be right back"),
    ("Away", "Appear away"),
    ("Offline", "Appear offline"),
)

TROUBLES: Final = (
    ("", "Works"),
    (Trouble.DISABLED.value, "App switched off"),
    (Trouble.EXPIRED.value, "Secret expired"),
    (Trouble.BLOCKED.value, "Blocked by policy"),
)

LAGS: Final = ((0, "At once"), (5, "5 s late"), (30, "30 s late"))
ANSWERS: Final = (
    (Answers.TRUE.value, "True"),
    (Answers.WRONG.value, "Everybody offline"),
    (Answers.PARTIAL.value, "Every other person"),
    (Answers.UNREADABLE.value, "Unreadable"),
    (Answers.REFUSED.value, "Refused (403)"),
)


class Panel:
    """Page, stream and calls."""

    def __init__(self, world: World, chat: ChatRelay | None = None) -> None:
        self._world = world
        self._chat = chat
        self._closing = False

    def routes(self) -> list[web.RouteDef]:
        """Everything at `/` and under `/sandbox/`, except static files."""
        person = "/sandbox/api/people/{oid}"
        return [
            *self._chat_routes(),
            web.get("/", _local(self._page)),
            web.get("/sandbox/events", _local(self._events)),
            web.get("/sandbox/api/state", _local(self._state)),
            web.post(f"{person}/zoom", _local(self._zoom)),
            web.post(f"{person}/teams", _local(self._teams)),
            web.post(f"{person}/manual", _local(self._manual)),
            web.post(f"{person}/lose-session", _local(self._lose)),
            web.post(f"{person}/revoke", _local(self._revoke)),
            web.post(f"{person}/withdraw-consent", _local(self._withdraw)),
            web.post(f"{person}/consent-policy", _local(self._policy)),
            web.post("/sandbox/api/organisation", _local(self._organisation)),
            web.post("/sandbox/api/looks", _local(self._looks)),
            web.post("/sandbox/api/clock", _local(self._clock)),
            web.post("/sandbox/api/faults", _local(self._faults)),
            web.post("/sandbox/api/webhooks/send", _local(self._send)),
            web.post("/sandbox/api/webhooks/validate", _local(self._validate)),
        ]

    def _chat_routes(self) -> list[web.RouteDef]:
        if self._chat is None:
            return []
        return [
            web.get("/cards", _local(self._chat.page)),
            web.get("/sandbox/api/cards", _local(self._chat.newest)),
            web.get("/sandbox/renderer.js", _local(self._chat.script)),
            web.post(ENDPOINT, _local(self._chat.to_bot)),
            web.route("*", CONNECTOR + "{path:/.*}", _local(self._chat.to_client)),
        ]

    async def stop(self, _app: web.Application) -> None:
        """Let the open streams end, so that the server can."""
        self._closing = True
        self._world.changed()

    async def _page(self, _request: web.Request) -> web.Response:
        people = [state.person for state in self._world.people.values()]
        return page(
            "panel.html",
            chat_url=self._world.config.chat_url,
            has_coverage=self._world.coverage is not None,
            has_cards=self._chat is not None,
            people=[{"p": p, "initials": initials(p.name)} for p in people],
            zoom_states=[(presence.value, label) for presence, label in LABELS.items()],
            clients=[(client.value, label) for client, label in CLIENTS],
            manual=MANUAL,
            rights=list(ROLES),
            troubles=TROUBLES,
            answers=ANSWERS,
            lags=LAGS,
        )

    async def _state(self, _request: web.Request) -> web.Response:
        state = view.state(self._world, await self._coverage())
        return web.json_response(state, headers={"Cache-Control": "no-store"})

    async def _coverage(self) -> Sequence[Covered] | None:
        ask = self._world.coverage
        return None if ask is None else await ask()

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        seen, shown = -1, None
        with contextlib.suppress(ConnectionError):
            while not self._closing:
                used = self._world.quota.used()
                asks = self._world.coverage is not None  # nobody tells when that has changed
                try:
                    async with asyncio.timeout(TICK if used or asks else KEEP_ALIVE):
                        seen = await self._world.wait_for_change(seen)
                except TimeoutError:
                    if not used and await self._coverage() == shown:
                        await response.write(b": still here\n\n")
                        continue
                shown = await self._coverage()
                text = json.dumps(view.state(self._world, shown), separators=(",", ":"))
                await response.write(f"event: state\ndata: {text}\n\n".encode())
                await asyncio.sleep(SPACING)
        return response

    async def _zoom(self, request: web.Request) -> web.Response:
        body, state = await _body(request), self._person(request)
        event_ts = body.get("event_ts")
        if event_ts is not None and (not isinstance(event_ts, int) or not 0 <= event_ts < 10**14):
            _refuse("event_ts must be a whole number of milliseconds since the epoch.")
        try:
            to = ZoomPresence(str(body.get("presence")))
            self._world.set_zoom(state.person.object_id, to, event_ts=event_ts)
        except ValueError as error:
            _refuse(str(error))
        return self._done()

    async def _teams(self, request: web.Request) -> web.Response:
        body, state = await _body(request), self._person(request)
        try:
            self._world.set_teams(state.person.object_id, TeamsClient(str(body.get("client"))))
        except ValueError as error:
            _refuse(str(error))
        return self._done()

    async def _manual(self, request: web.Request) -> web.Response:
        body, state = await _body(request), self._person(request)
        if "status" not in body:
            _refuse(f"status must be null or one of {sorted(p[0] for p in PREFERRED_PAIRS)}.")
        try:
            self._world.set_manual(state.person.object_id, body["status"])
        except ValueError as error:
            _refuse(str(error))
        return self._done()

    async def _revoke(self, request: web.Request) -> web.Response:
        await _body(request)
        self._world.identity.revoke(self._person(request).person.object_id)
        return self._done()

    async def _lose(self, request: web.Request) -> web.Response:
        await _body(request)
        self._world.lose_session(self._person(request).person.object_id)
        return self._done()

    async def _looks(self, request: web.Request) -> web.Response:
        """{lag?, answers?}: so many seconds old; true, wrong, partial, unreadable or refused."""
        body, looks = await _body(request), self._world.looks
        lag = body.get("lag", looks.lag)
        if not body.keys() <= {"lag", "answers"}:
            _refuse("lag and answers can be set.")
        if isinstance(lag, bool) or not isinstance(lag, int | float):
            _refuse("lag must be a number of seconds.")
        try:
            answers = Answers(str(body.get("answers", looks.answers)))
            looks.be_late(lag)
        except ValueError as error:
            _refuse(str(error))
        looks.answers = answers
        return self._done()

    async def _withdraw(self, request: web.Request) -> web.Response:
        await _body(request)
        self._world.identity.withdraw(self._person(request).person.object_id)
        return self._done()

    async def _policy(self, request: web.Request) -> web.Response:
        body, state = await _body(request), self._person(request)
        if not isinstance(wanted := body.get("admin_approval"), bool):
            _refuse("admin_approval must be true or false.")
        self._world.identity.standing[state.person.object_id].admin_approval = wanted
        return self._done()

    async def _organisation(self, request: web.Request) -> web.Response:
        """{declared?, granted?, delay?, trouble?}: what an admin does in Entra.

        Names of permissions, twice; seconds; disabled, expired, blocked or null.
        """
        body, rights = await _body(request), self._world.own_rights
        if not body.keys() <= {"declared", "granted", "delay", "trouble"}:
            _refuse("declared, granted, delay and trouble can be set.")
        delay = body.get("delay", rights.delay)
        if not isinstance(delay, int | float) or not 0 <= delay <= LONGEST_STEP:
            _refuse("delay must be a number of seconds, at least 0 and at most a year.")
        try:
            trouble = body.get("trouble", rights.trouble)
            trouble = None if trouble is None else Trouble(trouble)
            rights.declare(_names(body.get("declared", rights.declared)))
            rights.delay, rights.trouble = float(delay), trouble
            if "granted" in body:
                rights.hold(_names(body["granted"]), self._world.clock.now())
        except ValueError as error:
            _refuse(str(error))
        return self._done()

    async def _clock(self, request: web.Request) -> web.Response:
        seconds = (await _body(request)).get("advance")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            _refuse("advance must be a number of seconds.")
        if not 0 <= seconds <= LONGEST_STEP:
            _refuse("advance must be at least 0 and at most a year.")
        self._world.clock.advance(seconds)
        return self._done()

    async def _faults(self, request: web.Request) -> web.Response:
        """{service, kind, times?, retry_after?}; the kinds release and clear undo what waits."""
        body = await _body(request)
        try:
            queue = self._world.faults.queue(str(body.get("service")))
        except KeyError:
            _refuse("service must be graph, zoom or entra.")
        kind = body.get("kind")
        if kind == "release":
            queue.release()
        elif kind == "clear":
            queue.clear()
        else:
            times, retry_after = body.get("times", 1), body.get("retry_after")
            if not _whole(times) or not (retry_after is None or _whole(retry_after)):
                _refuse("times and retry_after must be whole numbers.")
            try:
                queue.append(Fault(FaultKind(str(kind)), times, retry_after))
            except ValueError as error:
                _refuse(str(error))
        return self._done()

    async def _send(self, request: web.Request) -> web.Response:
        """Any other event: {"event", "object", "event_ts"?}, signed and delivered like all."""
        body = await _body(request)
        event, about, event_ts = body.get("event"), body.get("object"), body.get("event_ts")
        if not isinstance(event, str) or not isinstance(about, dict):
            _refuse("event must be a text and object an object.")
        if event_ts is not None and not _whole(event_ts):
            _refuse("event_ts must be a whole number of milliseconds since the epoch.")
        payload = {"account_id": self._world.config.zoom_account_id, "object": about}
        self._world.webhooks.send(event, payload, event_ts)
        return self._done()

    async def _validate(self, request: web.Request) -> web.Response:
        await _body(request)
        valid = await self._world.webhooks.validate()
        return web.json_response(
            {"valid": valid, "problem": self._world.webhooks.validation_problem}
        )

    def _person(self, request: web.Request) -> PersonState:
        try:
            return self._world.people[request.match_info["oid"].lower()]
        except KeyError:
            raise web.HTTPNotFound(text="Nobody in the sandbox has this object id.") from None

    def _done(self) -> web.Response:
        self._world.changed()
        return web.json_response({"revision": self._world.revision})


def _local(
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def checked(request: web.Request) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        if not _loopback(f"http://{request.host}") or (origin and not _loopback(origin)):
            raise web.HTTPForbidden(text="The sandbox panel answers only to this machine.")
        return await handler(request)

    return checked


def _loopback(address: str) -> bool:
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _body(request: web.Request) -> dict[str, Any]:
    # A cross-site form can't send this content type without asking first.
    if request.content_type != "application/json":
        _refuse("Send JSON.")
    try:
        body = await request.json()
    except ValueError:
        _refuse("This is not JSON.")
    if not isinstance(body, dict):
        _refuse("Send a JSON object.")
    return body


def _names(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError("Permissions are a list of names.")
    return value


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _refuse(text: str) -> NoReturn:
    raise web.HTTPBadRequest(text=text)
