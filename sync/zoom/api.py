"""Zoom's REST API through Server-to-Server OAuth: one user, and their presence.

Tokens live an hour and are fetched anew before they end. Whether a token still works is decided on
HTTP 401 alone: the codes in Zoom's error bodies differ from one document to another.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import aiohttp

from sync.errors import AdminMustAct, PersonGone, Refused, RetryLater
from sync.ports import ZoomUser
from sync.presence import parse_zoom_presence

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync.presence import ZoomPresence

TIME_LIMIT = aiohttp.ClientTimeout(total=8, connect=3)
RENEW_EARLY = 120.0
"""Seconds before its end at which a token is replaced."""
_BODY_LIMIT = 1 << 20


class ZoomApi:
    """A client of one Zoom account. `now` gives monotonic seconds."""

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
        time_limit: aiohttp.ClientTimeout = TIME_LIMIT,
    ) -> None:
        self._session = session
        self._time_limit = time_limit
        self._oauth_url = oauth_url
        self._api_url = api_url
        self._account_id = account_id
        self._basic = aiohttp.encode_basic_auth(client_id, client_secret)
        self._now = now
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

    async def check(self) -> None:
        """Prove that the credentials work. Raises AdminMustAct or RetryLater."""
        await self._fresh_token(force=True)

    async def _get(self, path: str) -> dict[str, Any]:
        for attempt in (1, 2):
            token = await self._fresh_token(force=False)
            status, headers, answer = await self._request(
                "GET", self._api_url + path, headers={"Authorization": f"Bearer {token}"}
            )
            if status == 401 and attempt == 1:
                if token == self._token:
                    self._token = ""
                continue
            break
        if status == 200:
            return answer
        raise _failure(status, headers, answer)

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
                raise _failure(status, headers, answer)
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


def _failure(status: int, headers: dict[str, str], answer: dict[str, Any]) -> Exception:
    """Name the failure by who must act."""
    code = answer.get("code")
    if status == 404 or code == 1001:
        return PersonGone("zoom_user_unknown")
    if status == 429:
        wait = headers.get("retry-after", "")
        return RetryLater("zoom_busy", after=float(wait) if wait.isdigit() else 30.0)
    if status in {401, 403} or code in {4700, 4711}:
        return AdminMustAct("zoom_rights")
    if status >= 500:
        return RetryLater("zoom_error", str(status))
    return Refused("zoom_refused", str(status))
