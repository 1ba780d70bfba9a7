"""Zoom's REST API through Server-to-Server OAuth: one user, their presence, and plain reading.

Whether a token still works is decided on HTTP 401 or Zoom's words: the codes in its error bodies
differ from one document to another. A refused token is replaced once (sync.zoom.tokens).
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import aiohttp
import structlog

from domain.errors import AdminMustAct, PersonGone, Refused, RetryLater
from domain.presence import parse_zoom_presence
from sync.answers import is_from_between, json_object, pause, read_body, retry_after
from sync.engine.ports import ZoomUser
from sync.zoom.tokens import Issued, ZoomTokens

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from domain.presence import ZoomPresence
    from sync.zoom.tokens import ZoomTokenShelf

log = structlog.get_logger()

TIME_LIMIT = aiohttp.ClientTimeout(total=8, connect=3)
LONGEST_PAUSE = 3600.0
"""Seconds. Zoom's daily limit may name a time many hours away; asking hourly costs nothing."""
NEW_SCOPES_AFTER = 300.0
"""A token has the scopes that the app had when it was given. One that lacks some is replaced when
it is so many seconds old: an admin may have added them meanwhile."""
_BODY_LIMIT = 1 << 20
_ERROR_SIGNS = ("code",)
_TOKEN_ERROR_SIGNS = ("error", "reason", "code")
"""Zoom numbers every refusal, and names those of a token (Zoom documentation, "Errors")."""
_SCOPE = re.compile(r"\b[a-z_]+(?::[a-z_]+){1,4}\b")
_UNKNOWN_USER = frozenset({1001, 1010})
"""Does not exist; is not of this account (Zoom's error lists of "Get a user")."""
_NO_RIGHT = frozenset({104, 200, 4700, 4711})
"""200: what was asked for is not in the account's plan, or not permitted."""
_TOKEN_ENDED = 201


class ZoomApi:
    """A client of one Zoom account. `now` gives monotonic seconds, `wall` epoch seconds.

    `shelf` is where processes share their token; None: this one is alone.
    """

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
        shelf: ZoomTokenShelf | None = None,
    ) -> None:
        self._session = session
        self._time_limit = time_limit
        self._oauth_url = oauth_url
        self._api_url = api_url
        self._account_id = account_id
        self._basic = aiohttp.encode_basic_auth(client_id, client_secret)
        self._wall = wall
        self._tokens = ZoomTokens(self._new_token, shelf, now=now)

    async def presence_of(self, user: str) -> ZoomPresence | None:
        """The presence of a user (id or e-mail); None: a state we don't know."""
        answer = await self.get(f"/v2/users/{quote(user, safe='')}/presence_status")
        status = answer.get("status")
        return parse_zoom_presence(status) if isinstance(status, str) else None

    async def find_user(self, email: str) -> ZoomUser | None:
        """The user with this address (or id), or None.

        Nothing but the address tells one look-up from another, so a refusal is about the address.
        An id comes from Zoom itself: where that is refused, nothing is known.
        """
        try:
            answer = await self.get(f"/v2/users/{quote(email, safe='')}")
        except PersonGone:
            return None
        except Refused as error:
            if "@" not in email:
                raise
            log.info("zoom_address_refused", detail=error.detail)
            return None
        zoom_id, address = answer.get("id"), answer.get("email")
        if not isinstance(zoom_id, str) or not isinstance(address, str) or not zoom_id:
            raise RetryLater("zoom_answer")
        return ZoomUser(zoom_id[:128], address[:320])

    async def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """Read a `/v2/…` address. Raises RetryLater, AdminMustAct, PersonGone (404), Refused."""
        token = await self._tokens.get()
        answer = await self._read(token, path, query)
        if isinstance(answer, AdminMustAct) and (
            answer.code == "zoom_token_refused" or self._tokens.age(token) > NEW_SCOPES_AFTER
        ):
            token = await self._tokens.get(refused=token)
            answer = await self._read(token, path, query)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _read(
        self, token: str, path: str, query: Mapping[str, str | int]
    ) -> dict[str, Any] | Exception:
        status, answer, wait = await self._request(
            "GET",
            self._api_url + path,
            _ERROR_SIGNS,
            headers={"Authorization": f"Bearer {token}"},
            params=query,
        )
        return answer if status == 200 else _failure(status, answer, wait)

    async def _new_token(self) -> Issued:
        status, answer, wait = await self._request(
            "POST",
            f"{self._oauth_url}/oauth/token",
            _TOKEN_ERROR_SIGNS,
            headers={"Authorization": self._basic},
            data={"grant_type": "account_credentials", "account_id": self._account_id},
        )
        if status in {400, 401, 403}:
            raise AdminMustAct("zoom_credentials")
        if status != 200:
            raise RetryLater("zoom_error", f"token {status}", after=wait)
        token, lives = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(lives, int | float):
            raise RetryLater("zoom_answer")
        return Issued(token, lives, lives)

    async def _request(
        self, method: str, url: str, signs: Collection[str], **arguments: Any
    ) -> tuple[int, dict[str, Any], float | None]:
        """Status, body ({} for none that is readable), and how many seconds to wait.

        Raises RetryLater where Zoom was not reached.
        """
        try:
            async with self._session.request(
                method, url, timeout=self._time_limit, allow_redirects=False, **arguments
            ) as response:
                raw = await read_body(response, _BODY_LIMIT)
                status, headers = response.status, response.headers
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise RetryLater("zoom_unreachable", type(error).__name__) from error
        answer = json_object(raw)
        wait = retry_after(headers.get("Retry-After"), self._wall(), longest=LONGEST_PAUSE)
        if is_from_between(status, raw, signs):
            raise RetryLater("zoom_intercepted", str(status), after=wait)
        if status == 429:
            # The header and the text both tell the two limits apart; neither is promised.
            kind = headers.get("X-RateLimit-Type", "") + str(answer.get("message", ""))[:1000]
            daily = "daily" in kind.lower()
            after = pause(wait, LONGEST_PAUSE if daily else 30.0)
            raise RetryLater("zoom_daily_limit" if daily else "zoom_busy", after=after)
        return status, answer, wait


def _failure(status: int, answer: Mapping[str, Any], wait: float | None) -> Exception:
    """Name the failure by who must act. `wait`: the seconds to wait that Zoom named."""
    code, message = str(answer.get("code", ""))[:16], str(answer.get("message", ""))[:1000]
    number = int(code) if code.isascii() and code.isdecimal() else 0
    said = message.lower()
    if not answer and status in {400, 403, 404}:  # not even a number: it is about no user
        return RetryLater("zoom_intercepted", str(status), after=wait)
    if status == 404 and "endpoint" in said:  # ZOOM_API_URL leads to another part of Zoom
        return RetryLater("zoom_error", str(status), after=wait)
    if status == 404 or number in _UNKNOWN_USER:
        return PersonGone("zoom_user_unknown")
    if number in _NO_RIGHT or "scopes" in said:
        return AdminMustAct("zoom_rights", " ".join(sorted(set(_SCOPE.findall(message)))))
    if status == 401 or number == _TOKEN_ENDED or "access token" in said:
        return AdminMustAct("zoom_token_refused")
    if status == 403:
        return AdminMustAct("zoom_rights")
    if status >= 500:
        return RetryLater("zoom_error", str(status), after=wait)
    return Refused("zoom_refused", f"{status} {code}".strip())
