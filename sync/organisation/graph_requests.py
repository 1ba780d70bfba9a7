"""Asking Graph as the application itself: one question, or many in batches; again where it helps.

A batch has 20 requests at most, each answered and limited like one of its own (Microsoft Graph
documentation, "Combine multiple HTTP requests using JSON batching").
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final, Protocol

import aiohttp
import structlog
from yarl import URL

from domain.errors import AdminMustAct, OutsideError, PersonGone, Refused, RetryLater
from sync.answers import (
    MICROSOFTS_SIGNS,
    graph_detail,
    is_from_between,
    json_object,
    read_body,
    retry_after,
)
from sync.redis.alarms import Alarms, TimeLimit
from sync.redis.batches import chunks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

log = structlog.get_logger()

IN_BATCH: Final = 20
TOGETHER: Final = 4
"""Batches under way at a time."""
TRIES: Final = 5
LONGEST_WAIT: Final = 120.0
"""Seconds. What asks for more is given up, and the whole reading is tried later."""
TIME_LIMIT: Final = 60.0
"""Seconds for one answer: a page of users with all their plans has some megabytes."""
_LONGEST_BELIEVED = 3600.0
_ANSWER_LIMIT: Final = 64 << 20
_BESIDE_THE_LOOP: Final = 256 << 10
"""Bytes of an answer from which on it is read in a thread."""
NUMBER: Final = ""
"""Where the number stands that `/$count` answers in place of an object."""


class Token(Protocol):
    """The application's own token (sync.organisation.token)."""

    async def token(self) -> str:
        """One that is valid. Raises RetryLater, AdminMustAct."""

    def invalidate(self) -> None:
        """Get another one the next time: this one was refused."""


class Forbidden(AdminMustAct):
    """The application has not the right to see this."""


class Unauthorised(OutsideError):
    """Graph refuses the token."""


class GraphRequests:
    """Asks. `base` is Graph's address with its version; `now` gives epoch seconds.

    An answer may take `time_limit` seconds, and have `answer_limit` bytes.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        token: Token,
        base: str,
        *,
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        time_limit: float = TIME_LIMIT,
        answer_limit: int = _ANSWER_LIMIT,
    ) -> None:
        self.base = base
        self._session = session
        self._token = token
        self._now = now
        self._sleep = sleep
        self._alarms = Alarms(time_limit)
        self._answer_limit = answer_limit

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The object at an address.

        Raises RetryLater, AdminMustAct (Forbidden), PersonGone (404) and Refused.
        """
        return await self._ask("GET", url, None, headers or {})

    async def post(self, url: str, body: Mapping[str, object]) -> dict[str, Any]:
        """The object that is answered. Asked once: for who has a pace of their own.

        Raises what `get` raises, and Unauthorised.
        """
        raw = json.dumps(body).encode()
        return await self._once("POST", url, raw, _authorised(await self._token.token(), raw))

    async def batches(
        self, paths: Sequence[str], take: Callable[[str, dict[str, Any]], object]
    ) -> None:
        """Hand over what each of these paths below `base` answers; nothing for 404.

        Raises what `get` raises.
        """
        for some in chunks(list(chunks(paths, IN_BATCH)), TOGETHER):
            tasks = [asyncio.create_task(self._batch(batch, take)) for batch in some]
            try:
                await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()

    async def _batch(
        self, paths: Sequence[str], take: Callable[[str, dict[str, Any]], object]
    ) -> None:
        left = dict(enumerate(paths))
        for attempt in range(1, TRIES + 1):
            requests = [{"id": str(n), "method": "GET", "url": path} for n, path in left.items()]
            body = json.dumps({"requests": requests}).encode()
            answer = await self._ask("POST", f"{self.base}/$batch", body, {})
            failed: list[OutsideError] = []
            for number, row in _responses(answer, left.keys()).items():
                status, said = row["status"], row.get("body")
                said = said if isinstance(said, dict) else {}
                if status == 200:
                    take(left.pop(number), said)
                elif status == 404:
                    del left[number]
                else:
                    failed.append(self._failure(status, _header(row, "retry-after"), said))
            if not left:
                return
            await self._wait(attempt, failed)
        raise AssertionError("unreachable")

    async def _wait(self, attempt: int, failed: Sequence[OutsideError]) -> None:
        """Wait as long as the slowest of them asks. Raises the first that waiting can't help."""
        wait = 0.0
        for error in failed:
            if isinstance(error, Unauthorised):
                self._token.invalidate()
                if attempt > 1:
                    raise AdminMustAct(error.code, error.detail)
            elif isinstance(error, RetryLater):
                wait = max(wait, 2.0**attempt if error.after is None else error.after)
                if attempt == TRIES or wait > LONGEST_WAIT:
                    raise error
            else:
                raise error
        if wait:
            log.info("entra_waits", reason=str(failed[0]), seconds=wait)
            await self._sleep(wait)

    async def _ask(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        for attempt in range(1, TRIES + 1):
            token = await self._token.token()
            try:
                return await self._once(method, url, body, {**headers, **_authorised(token, body)})
            except (Unauthorised, RetryLater) as error:
                await self._wait(attempt, [error])
        raise AssertionError("unreachable")

    async def _once(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        try:
            with TimeLimit(self._alarms):
                response = await self._session.request(
                    method,
                    URL(url, encoded=True),
                    data=body,
                    headers=headers,
                    timeout=aiohttp.ClientTimeout(total=None, connect=10),
                    allow_redirects=False,
                )
                async with response:
                    raw, status = await read_body(response, self._answer_limit), response.status
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise RetryLater("graph_unreachable", type(error).__name__) from error
        asked = response.headers.get("Retry-After")
        if is_from_between(status, raw[:_BESIDE_THE_LOOP], MICROSOFTS_SIGNS):
            raise RetryLater("graph_intercepted", str(status), after=self._after(asked))
        if status == 200 and raw.strip().isdigit() and len(raw) < 16:
            return {NUMBER: int(raw)}
        big = len(raw) > _BESIDE_THE_LOOP
        answer = await asyncio.to_thread(json_object, raw) if big else json_object(raw)
        if status != 200:
            raise self._failure(status, asked, answer)
        if not answer:
            raise RetryLater("graph_answer", "no object")
        return answer

    def _after(self, header: str | None) -> float | None:
        return retry_after(header, self._now(), longest=_LONGEST_BELIEVED)

    def _failure(self, status: int, header: str | None, answer: dict[str, Any]) -> OutsideError:
        """Name a failure by who must act."""
        detail = graph_detail(status, answer)
        if status == 401:
            return Unauthorised("graph_401", detail)
        if status == 403:
            return Forbidden("graph_users_403", detail)
        if status == 404:
            return PersonGone("graph_404", detail)
        if status == 410:  # a link of pages, or of changes, has ended
            return Refused("graph_ended", detail)
        if status == 429 or status >= 500 or status in {408, 409, 423, 424}:
            name = "graph_throttled" if status == 429 else "graph_error"
            return RetryLater(name, detail, after=self._after(header))
        return Refused("graph_refused", detail)


def _authorised(token: str, body: bytes | None) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {token}"}
    return headers if body is None else {**headers, "Content-Type": "application/json"}


def _responses(answer: dict[str, Any], wanted: Collection[int]) -> dict[int, dict[str, Any]]:
    """The answers of a batch, by number. Raises RetryLater where one is missing or unreadable."""
    rows = answer.get("responses")
    found: dict[int, dict[str, Any]] = {}
    for row in rows if isinstance(rows, list) else ():
        number = row.get("id") if isinstance(row, dict) else None
        if not isinstance(number, str) or not isinstance(row.get("status"), int):
            continue
        if number.isascii() and number.isdecimal() and int(number[:9]) in wanted:
            found[int(number[:9])] = row
    if len(found) < len(wanted):
        raise RetryLater("graph_answer", "batch")
    return found


def _header(row: dict[str, Any], name: str) -> str | None:
    headers = row.get("headers")
    for key, value in headers.items() if isinstance(headers, dict) else ():
        if key.lower() == name and isinstance(value, str | int):
            return str(value)
    return None
