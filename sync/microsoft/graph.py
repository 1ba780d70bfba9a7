"""Microsoft Graph's presence calls, through one pooled aiohttp session.

They are made for every presence change; Microsoft's SDK costs many times the CPU of a plain call
(`make bench`), so it serves only the rare ones (sync.microsoft.profile, docs/decisions.md).
Errors are named by who must act (sync.errors).
"""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import aiohttp
from multidict import CIMultiDict, istr
from yarl import URL

from sync.alarms import Alarms, TimeLimit
from sync.errors import AuthorizeAgain, NotAllowed, PersonGone, Refused, RetryLater, TenantPaused
from sync.presence import PREFERRED_PAIRS, SESSION_PAIRS, Pair, Shown

if TYPE_CHECKING:
    from collections.abc import Callable

TIME_LIMIT = 10.0
"""Seconds. Shorter than the lease on a person (sync.store.queue.LEASE_MS), so that no two write at
once."""


def time_limit(lease_ms: int) -> float:
    """How many seconds one request may take where a lease on a person lasts so long: two thirds."""
    return lease_ms / 1500


_CONNECT = aiohttp.ClientTimeout(total=None, connect=3)
LONGEST_WAIT = 600.0
"""Seconds. A longer Retry-After is believed only this far."""
_ANSWER_LIMIT = 256 * 1024
_AUTHORIZATION = istr("Authorization")
_CONTENT_TYPE = istr("Content-Type")


class GraphPresence:
    """The presence calls of one person with their own delegated token.

    `session_id` is the application's client id, as Graph's documentation of setPresence says.
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
        self._bodies: dict[tuple[Pair, int], aiohttp.BytesPayload] = {}
        self._clear = _json(sessionId=session_id)

    async def set_session(self, token: str, object_id: str, pair: Pair, minutes: int) -> None:
        """Hold our session; the five pairs and 5 to 240 minutes only (ValueError otherwise)."""
        if pair not in SESSION_PAIRS or not 5 <= minutes <= 240:
            raise ValueError((pair, minutes))
        body = self._bodies.get((pair, minutes))
        if body is None:
            body = self._bodies[pair, minutes] = _json(
                sessionId=self._session_id,
                availability=pair.availability,
                activity=pair.activity,
                expirationDuration=f"PT{minutes}M",
            )
        await self._request("POST", token, self._address(object_id, "/setPresence"), body)

    async def clear_session(self, token: str, object_id: str) -> None:
        """End our session. 404 means there is none: that is what was wanted."""
        try:
            address = self._address(object_id, "/clearPresence")
            await self._request("POST", token, address, self._clear)
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
        address = self._address(object_id, "/setUserPreferredPresence")
        await self._request("POST", token, address, body)

    async def clear_preferred(self, token: str, object_id: str) -> None:
        """Take back the status that otherwise the person sets by hand."""
        address = self._address(object_id, "/clearUserPreferredPresence")
        await self._request("POST", token, address, _json())

    async def look(self, token: str, object_id: str) -> Shown:
        """Read what Microsoft shows of the person; words that it leaves out are empty."""
        answer = await self._request("GET", token, self._address(object_id), None)
        return Shown(_word(answer.get("availability")), _word(answer.get("activity")))

    def _address(self, object_id: str, action: str = "") -> URL:
        """Nothing in it needs quoting: object ids are GUIDs."""
        return self._base.with_path(f"{self._path}{object_id}/presence{action}", encoded=True)

    async def _request(
        self, method: str, token: str, url: URL, body: aiohttp.BytesPayload | None
    ) -> dict[str, Any]:
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
                    status, headers = response.status, response.headers
                    if status == 200 and "html" in headers.get(_CONTENT_TYPE, ""):
                        # A proxy's or portal's page in Graph's place: nothing was accepted.
                        raise RetryLater("graph_answer", "a page")
                    if status == 200 and method == "POST":
                        response.release()
                        return {}
                    raw = await _read(response)
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise RetryLater("graph_unreachable", type(error).__name__) from error
        answer = _json_object(raw)
        if status in {200, 202, 204}:
            return answer
        raise _failure(status, headers.get("Retry-After"), answer, self._now())


def _json(**fields: str) -> aiohttp.BytesPayload:
    return aiohttp.BytesPayload(json.dumps(fields).encode(), content_type="application/json")


async def _read(response: aiohttp.ClientResponse) -> bytes:
    raw = bytearray()
    async for piece in response.content.iter_any():
        raw += piece
        if len(raw) > _ANSWER_LIMIT:
            response.close()
            return b""
    return bytes(raw)


def _word(value: object) -> str:
    return value[:64] if isinstance(value, str) else ""


def _json_object(raw: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(raw) if raw else {}
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _failure(status: int, retry_after: str | None, answer: dict[str, Any], now: float) -> Exception:
    """Name the failure by who must act. `answer` is Graph's error body, {} when unreadable."""
    error = answer.get("error")
    code = str(error.get("code", ""))[:64] if isinstance(error, dict) else ""
    detail = f"{status} {code}".strip()
    if status == 429:
        return TenantPaused("graph_throttled", detail, after=_seconds(retry_after, now) or 30.0)
    if status == 401:
        return AuthorizeAgain("graph_401", detail)
    if status == 403:
        # The token lacks the permission, or the person may not use presence at all.
        return NotAllowed("graph_403", detail)
    if status == 404:
        return PersonGone("graph_404", detail)
    if status >= 500 or status in {408, 409, 423}:
        return RetryLater("graph_error", detail, after=_seconds(retry_after, now))
    return Refused("graph_refused", detail)


def _seconds(retry_after: str | None, now: float) -> float | None:
    """Read Retry-After: seconds or an HTTP date; None when absent or senseless."""
    if not retry_after:
        return None
    try:
        wait = float(retry_after)
    except ValueError:
        try:
            wait = parsedate_to_datetime(retry_after).timestamp() - now
        except (ValueError, TypeError, OverflowError):
            return None
    return min(wait, LONGEST_WAIT) if 0 < wait < float("inf") else None
