"""Whether the process lives, whether it should get traffic, and its metrics, over HTTP.

`/livez` never touches Redis: else a short absence of Redis would restart every process at once.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from service.setting_values import is_loopback

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

log = structlog.get_logger()

FRESH_SECONDS = 1.0
"""How long what the checks found is told to whoever asks next: anybody may ask, and the checks
write to Redis."""
_NO_STORE = {"Cache-Control": "no-store"}


class Health:
    """Heartbeats, readiness checks, and their two pages.

    `heartbeats` names the loops that must beat, with the greatest age in seconds; the count starts
    now, so a loop that never runs is noticed too. `checks` must return within `limit` seconds;
    whatever they raise, or False, means not ready; they run once a second at most, whoever asks.
    `clock` is monotonic.
    """

    def __init__(
        self,
        *,
        heartbeats: Mapping[str, float] | None = None,
        checks: Mapping[str, Callable[[], Awaitable[object]]] | None = None,
        clock: Callable[[], float] = time.monotonic,
        limit: float = 1.0,
    ) -> None:
        self._clock = clock
        self._limit = limit
        self._greatest_age = dict(heartbeats or {})
        self._last_beat = dict.fromkeys(self._greatest_age, clock())
        self._checks = dict(checks or {})
        self._failing: dict[str, str] = {}
        self._draining = False
        self._checking: asyncio.Future[dict[str, str]] | None = None
        self._checked_at = 0.0

    def beat(self, name: str) -> None:
        """A loop is alive. Raises ValueError for a name that was not announced."""
        if name not in self._last_beat:
            raise ValueError(f"{name} is not a heartbeat of this process")
        self._last_beat[name] = self._clock()

    def drain(self) -> None:
        """From now on: not ready, so that nobody sends new work before the process ends."""
        self._draining = True

    async def livez(self, _request: web.Request) -> web.Response:
        """Answer `GET /livez`: 200, or 503 when a heartbeat is too old."""
        beats = self._heartbeats()
        return _answer(all(beats.values()), {"alive": all(beats.values()), "heartbeats": beats})

    async def readyz(self, _request: web.Request) -> web.Response:
        """Answer `GET /readyz`: 200, or 503 while draining or when anything is not well."""
        checks = await self._recent()
        beats = self._heartbeats()
        ready = not self._draining and all(beats.values()) and set(checks.values()) <= {"ok"}
        return _answer(
            ready,
            {"ready": ready, "draining": self._draining, "checks": checks, "heartbeats": beats},
        )

    async def _recent(self) -> dict[str, str]:
        """What the checks found less than FRESH_SECONDS ago, or find now, together for all."""
        now = self._clock()
        begun = self._checking
        if begun is None or (begun.done() and now - self._checked_at >= FRESH_SECONDS):
            self._checked_at = now
            begun = self._checking = asyncio.ensure_future(self._check_all())
        return await asyncio.shield(begun)  # whoever hangs up takes it from nobody else

    async def _check_all(self) -> dict[str, str]:
        outcomes = await asyncio.gather(*map(self._check, self._checks))
        return dict(zip(self._checks, outcomes, strict=True))

    def _heartbeats(self) -> dict[str, bool]:
        now = self._clock()
        return {
            name: now - self._last_beat[name] <= age for name, age in self._greatest_age.items()
        }

    async def _check(self, name: str) -> str:
        """One word for the page; the log gets one line when it begins and one when it ends."""
        outcome, error = "ok", ""
        try:
            async with asyncio.timeout(self._limit):
                if await self._checks[name]() is False:
                    outcome = "failed"
        except TimeoutError:
            outcome = "timeout"
        except Exception as caught:  # noqa: BLE001 - whatever a check raises means: not ready
            outcome, error = "failed", type(caught).__name__
        before = self._failing.pop(name, "ok")
        if outcome != "ok":
            self._failing[name] = outcome
        if outcome != before:
            if outcome == "ok":
                log.info("readiness_changed", check=name, outcome=outcome, error=error)
            else:
                log.warning("readiness_changed", check=name, outcome=outcome, error=error)
        return outcome


class MetricsPage:
    """The metrics, for whoever knows the token, and on a port of this machine's own.

    `render` gives the page. Which address a request came from says nothing: a proxy on this machine
    has the same, whatever headers it sends.
    """

    def __init__(
        self, render: Callable[[], bytes], content_type: str, token: str | None = None
    ) -> None:
        self._render = render
        self._content_type = content_type
        self._token = token

    async def public(self, request: web.Request) -> web.Response:
        """Answer `GET /metrics` for all: 401 without the token, 404 if there is none."""
        if not self._token:
            raise web.HTTPNotFound
        if not self._has_token(request, self._token):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})
        return self._page()

    async def private(self, request: web.Request) -> web.Response:
        """Answer `GET /metrics` on a port that this machine alone reaches.

        404 for another host's name: a web page in a browser here could make its own point to us.
        """
        try:
            asked = request.url.host or ""
        except ValueError:
            asked = ""
        if not is_loopback(asked):
            raise web.HTTPNotFound
        return self._page()

    def _page(self) -> web.Response:
        return web.Response(
            body=self._render(), headers={"Content-Type": self._content_type, **_NO_STORE}
        )

    @staticmethod
    def _has_token(request: web.Request, token: str) -> bool:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        same = hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), token.encode())
        return same and scheme.lower() == "bearer"


def _answer(well: bool, body: dict[str, object]) -> web.Response:
    return web.json_response(body, status=200 if well else 503, headers=_NO_STORE)
