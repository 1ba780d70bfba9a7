"""Microsoft Graph's presence calls, through one pooled aiohttp session.

They are made for every presence change; Microsoft's SDK costs many times the CPU of a plain call
(`make bench`), so it serves only the rare ones (sync.microsoft.profile, docs/decisions.md).
Errors are named by who must act (domain.errors).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import BytesPayload
from multidict import CIMultiDict, istr
from yarl import URL

from domain.errors import AuthorizeAgain, NotAllowed, PersonGone, Refused, RetryLater, TenantPaused
from domain.presence import PREFERRED_PAIRS, SESSION_PAIRS, Pair, Shown
from sync.answers import (
    MICROSOFTS_SIGNS,
    graph_detail,
    is_from_between,
    json_object_if_any,
    pause,
    read_body,
    retry_after,
)
from sync.redis.alarms import Alarms, TimeLimit

if TYPE_CHECKING:
    from collections.abc import Callable

TIME_LIMIT = 10.0
"""Seconds. Shorter than the lease on a person (sync.engine.queue.LEASE_MS), so that no two write at
once."""


def time_limit(lease_ms: int) -> float:
    """How many seconds one request may take where a lease on a person lasts so long: two thirds."""
    return lease_ms / 1500


_CONNECT = aiohttp.ClientTimeout(total=None, connect=3)
LONGEST_WAIT = 600.0
"""Seconds. A longer Retry-After is believed only this far."""
_ANSWER_LIMIT = 256 * 1024
_AUTHORIZATION = istr("Authorization")


class GraphPresence:
    """The presence calls of one person with their own delegated token.

    `session_id` is the application's client id, as Graph's documentation of setPresence says: of
    who signs people in. A token of another registration writes that one's session (`app`).
    `now` gives epoch seconds (for a Retry-After that is a date). `time_limit`: of one request, in
    seconds.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        graph_url: str,
        session_id: str,
        now: Callable[[], float],
        time_limit: float = TIME_LIMIT,
    ) -> None:
        self._session = session
        self._alarms = Alarms(time_limit)
        self._base = URL(graph_url)
        self._path = f"{self._base.raw_path.rstrip('/')}/v1.0/users/"
        self._session_id = session_id
        self._now = now
        # A payload of bytes may be sent any number of times.
        self._bodies: dict[tuple[Pair, int, str], BytesPayload] = {}

    async def set_session(
        self, token: str, object_id: str, pair: Pair, minutes: int, app: str = ""
    ) -> None:
        """Hold our session; the five pairs and 5 to 240 minutes only (ValueError otherwise)."""
        if pair not in SESSION_PAIRS or not 5 <= minutes <= 240:
            raise ValueError((pair, minutes))
        body = self._bodies.get((pair, minutes, app))
        if body is None:
            body = self._bodies[pair, minutes, app] = _json(
                sessionId=app or self._session_id,
                availability=pair.availability,
                activity=pair.activity,
                expirationDuration=f"PT{minutes}M",
            )
        await self._request("POST", token, object_id, "/setPresence", body)

    async def clear_session(self, token: str, object_id: str, app: str = "") -> None:
        """End our session. 404 means there is none: that is what was wanted."""
        body = _json(sessionId=app or self._session_id)
        try:
            await self._request("POST", token, object_id, "/clearPresence", body)
        except PersonGone:
            return

    async def set_preferred(self, token: str, object_id: str, pair: Pair, minutes: int) -> None:
        """Set the status that otherwise the person sets by hand; the six documented pairs only."""
        if pair not in PREFERRED_PAIRS or minutes < 1:
            raise ValueError((pair, minutes))
        body = _json(
            availability=pair.availability,
            activity=pair.activity,
            expirationDuration=f"PT{minutes}M",
        )
        await self._request("POST", token, object_id, "/setUserPreferredPresence", body)

    async def clear_preferred(self, token: str, object_id: str) -> None:
        """Take back the status that otherwise the person sets by hand."""
        await self._request("POST", token, object_id, "/clearUserPreferredPresence", _json())

    async def look(self, token: str, object_id: str) -> Shown:
        """Read what Microsoft shows of the person; words that it leaves out are empty."""
        answer = await self._request("GET", token, object_id, "", None)
        if answer is None:
            raise RetryLater("graph_garbled")
        return Shown(_word(answer.get("availability")), _word(answer.get("activity")))

    async def _request(
        self,
        method: str,
        token: str,
        object_id: str,
        action: str,
        body: BytesPayload | None,
    ) -> dict[str, Any] | None:
        """Send it; the object that came back. None: it was taken, and the answer is none."""
        # Nothing in it needs quoting: object ids are GUIDs.
        url = self._base.with_path(f"{self._path}{object_id}/presence{action}", encoded=True)
        try:
            with TimeLimit(self._alarms):
                response = await self._session.request(
                    method,
                    url,
                    data=body,
                    headers=CIMultiDict({_AUTHORIZATION: f"Bearer {token}"}),
                    timeout=_CONNECT,
                    allow_redirects=False,
                )
                async with response:
                    status = response.status
                    if status == 200 and method == "POST" and response.content_length == 0:
                        response.release()
                        return {}
                    raw = await read_body(response, _ANSWER_LIMIT)
                    headers = response.headers
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise RetryLater("graph_unreachable", type(error).__name__) from error
        answer = json_object_if_any(raw)
        between = is_from_between(status, raw, MICROSOFTS_SIGNS)
        if status in {200, 202, 204} and not between:
            return answer
        wait = retry_after(headers.get("Retry-After"), self._now(), longest=LONGEST_WAIT)
        if between:
            raise RetryLater("graph_intercepted", str(status), after=wait)
        raise _failure(status, wait, answer or {})


def _json(**fields: str) -> BytesPayload:
    return BytesPayload(json.dumps(fields).encode(), content_type="application/json")


def _word(value: object) -> str:
    return value[:64] if isinstance(value, str) else ""


def _failure(status: int, wait: float | None, answer: dict[str, Any]) -> Exception:
    """Name the failure by who must act. `answer` is Graph's error body, {} when unreadable.

    `wait` is what it asks for in seconds.
    """
    detail = graph_detail(status, answer)
    if status == 429:
        return TenantPaused("graph_throttled", detail, after=pause(wait, 30.0))
    if status == 401:
        return AuthorizeAgain("graph_401", detail)
    if status == 403:
        # The token lacks the permission, or the person may not use presence at all.
        return NotAllowed("graph_403", detail)
    if status == 404:
        return PersonGone("graph_404", detail)
    if status >= 500 or status in {408, 409, 423}:
        return RetryLater("graph_error", detail, after=wait)
    return Refused("graph_refused", detail)
