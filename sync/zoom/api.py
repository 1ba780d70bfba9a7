"""Zoom's REST API through Server-to-Server OAuth: one user, their presence, and plain reading.

Tokens live an hour and are fetched anew before they end. Whether a token still works is decided on
HTTP 401 alone: the codes in Zoom's error bodies differ from one document to another.
"""

from __future__ import annotations

import asyncio
import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import aiohttp

from sync.errors import AdminMustAct, PersonGone, Refused, RetryLater
from sync.ports import ZoomUser
from sync.presence import parse_zoom_presence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sync.presence import ZoomPresence

TIME_LIMIT = aiohttp.ClientTimeout(total=8, connect=3)
RENEW_EARLY = 120.0
"""Seconds before its end at which a token is replaced."""
LONGEST_PAUSE = 3600.0
"""Seconds. Zoom's daily limit may name a time many hours away; asking hourly costs nothing."""
_BODY_LIMIT = 1 << 20
_SCOPE = re.compile(r"\b[a-z_]+(?::[a-z_]+){1,4}\b")


class ZoomApi:
    """A client of one Zoom account. `now` gives monotonic seconds, `wall` epoch seconds."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        oauth_url: str,
        api_url: str,
        account_id: str,
        client_id: str,
        client_secret: str,
        now: Callable[[], float],
        wall: Callable[[], float] = time.time,
        time_limit: aiohttp.ClientTimeout = TIME_LIMIT,
    ) -> None:
        self._session = session
        self._time_limit = time_limit
        self._oauth_url = oauth_url
        self._api_url = api_url
        self._account_id = account_id
        self._basic = aiohttp.encode_basic_auth(client_id, client_secret)
        self._now = now
        self._wall = wall
        self._token = ""
        self._token_ends = 0.0
        self._renewing = asyncio.Lock()

    async def presence_of(self, user: str) -> ZoomPresence | None:
        """The presence of a user (id or e-mail); None: a state we don't know."""
        answer = await self._get(f"/v2/users/{quote(user, safe='')}/presence_status")
        status = answer.get("status")
        return parse_zoom_presence(status) if isinstance(status, str) else None

    async def find_user(self, email: str) -> ZoomUser | None:
        """The user with this address, or None."""
        try:
            answer = await self._get(f"/v2/users/{quote(email, safe='')}")
        except PersonGone:
            return None
        zoom_id, address = answer.get("id"), answer.get("email")
        if not isinstance(zoom_id, str) or not isinstance(address, str) or not zoom_id:
            raise RetryLater("zoom_answer")
        return ZoomUser(zoom_id[:128], address[:320])

    async def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """Read a `/v2/…` address. Raises RetryLater, AdminMustAct, PersonGone (404), Refused."""
        return await self._get(path, query)

    async def check(self) -> None:
        """Prove that the credentials work. Raises AdminMustAct or RetryLater."""
        await self._fresh_token(force=True)

    async def _get(self, path: str, query: Mapping[str, str | int] | None = None) -> dict[str, Any]:
        for attempt in (1, 2):
            token = await self._fresh_token(force=False)
            status, headers, answer = await self._request(
                "GET",
                self._api_url + path,
                headers={"Authorization": f"Bearer {token}"},
                params=query or {},
            )
            if status == 401 and attempt == 1:
                if token == self._token:
                    self._token = ""
                continue
            break
        if status == 200:
            return answer
        raise _failure(status, headers, answer, self._wall())

    async def _fresh_token(self, *, force: bool) -> str:
        async with self._renewing:
            if not force and self._token and self._now() < self._token_ends:
                return self._token
            status, headers, answer = await self._request(
                "POST",
                f"{self._oauth_url}/oauth/token",
                headers={"Authorization": self._basic},
                data={"grant_type": "account_credentials", "account_id": self._account_id},
            )
            if status in {400, 401, 403}:
                raise AdminMustAct("zoom_credentials")
            if status != 200:
                raise _failure(status, headers, answer, self._wall())
            token, lives = answer.get("access_token"), answer.get("expires_in")
            if not isinstance(token, str) or not isinstance(lives, int | float):
                raise RetryLater("zoom_answer")
            self._token = token
            self._token_ends = self._now() + lives - RENEW_EARLY
            return token

    async def _request(
        self, method: str, url: str, **arguments: Any
    ) -> tuple[int, dict[str, str], dict[str, Any]]:
        try:
            async with self._session.request(
                method, url, timeout=self._time_limit, allow_redirects=False, **arguments
            ) as response:
                if (response.content_length or 0) > _BODY_LIMIT:
                    raise RetryLater("zoom_answer")
                headers = {name.lower(): value for name, value in response.headers.items()}
                try:
                    answer = await response.json(content_type=None)
                except ValueError:
                    answer = None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise RetryLater("zoom_unreachable", type(error).__name__) from error
        return response.status, headers, answer if isinstance(answer, dict) else {}


def _failure(
    status: int, headers: Mapping[str, str], answer: Mapping[str, Any], now: float
) -> Exception:
    """Name the failure by who must act. `now` is epoch seconds."""
    code, message = answer.get("code"), str(answer.get("message", ""))[:1000]
    if status == 404 or code == 1001:
        return PersonGone("zoom_user_unknown")
    if status == 429:
        # The header and the text both tell the two limits apart; neither is promised.
        kind = headers.get("x-ratelimit-type", "") + message
        daily = "daily" in kind.lower()
        wait = _retry_after(headers.get("retry-after", ""), now)
        if wait is None:
            wait = LONGEST_PAUSE if daily else 30.0
        return RetryLater("zoom_daily_limit" if daily else "zoom_busy", after=wait)
    if status in {401, 403} or code in {4700, 4711}:
        return AdminMustAct("zoom_rights", " ".join(sorted(set(_SCOPE.findall(message)))))
    if status >= 500:
        return RetryLater("zoom_error", str(status))
    return Refused("zoom_refused", str(status))


def _retry_after(text: str, now: float) -> float | None:
    """Seconds to wait: Zoom sends seconds, or (daily limit) an ISO 8601 time. None: neither."""
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(float(text), LONGEST_PAUSE)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(moment.timestamp() - now, 1.0), LONGEST_PAUSE)
