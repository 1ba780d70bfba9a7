"""Zoom's webhook sender: signed events, its retry rule, and the endpoint validation.

From "Using webhooks" in Zoom's developer documentation: the signature is `v0=` and the
HMAC-SHA256 of `v0:{timestamp}:{raw body}` under the app's secret token; an answer is due within 3
seconds; only a status of 500 or more, a time-out or a failed connection is tried again, 5, then
20, then 60 minutes later. Whether a repeat carries a fresh timestamp is not documented: here it
keeps the old one, which is harder on receivers.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
import uuid
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import aiohttp

from sandbox.zoom_log import KEPT, NOT_SENT, REFUSED, TIMED_OUT, Logged
from sandbox.zoom_states import LABELS, ZoomPresence

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from sandbox.clock import SandboxClock
    from sandbox.people import SandboxPerson

RETRY_MINUTES: Final = (5, 20, 60)
ANSWER_WITHIN: Final = 3.0
LOG_LINES: Final = 200
MAX_PENDING: Final = 1000
_ANSWER_LIMIT: Final = 65_536


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The value of `x-zm-signature` for these exact bytes."""
    message = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: when (sandbox time), and the HTTP status or what went wrong."""

    at: float
    status: int | None
    problem: str = ""


@dataclass(slots=True)
class Delivery:
    """One event on its way. `state` is sending, waiting, delivered or failed."""

    event: str
    about: str
    body: bytes
    headers: Mapping[str, str]
    state: str = "sending"
    attempts: list[Attempt] = field(default_factory=list)
    next_at: float | None = None  # sandbox time of the next try


class WebhookSender:
    """Sends events without keeping anybody waiting. Needs `running()` around it to send."""

    def __init__(
        self,
        url: str | None,
        secret: str,
        clock: SandboxClock,
        changed: Callable[[], None],
        *,
        answer_within: float = ANSWER_WITHIN,
    ) -> None:
        """`answer_within`: seconds of real time that the receiver has."""
        self.url = url
        self.answer_within = answer_within
        self._secret = secret
        self._clock = clock
        self._changed = changed
        self._last_ts = 0
        self._http: aiohttp.ClientSession | None = None
        self._tasks: dict[asyncio.Task[None], Delivery] = {}
        self.log: deque[Delivery] = deque(maxlen=LOG_LINES)
        self.calls: deque[Logged] = deque(maxlen=KEPT)
        self.log_readable = True  # the app has the scope that the log of calls needs
        self.validated: bool | None = None
        self.validation_problem = ""

    async def running(self) -> AsyncIterator[None]:
        """Open the connection pool; on the way out, drop what was not delivered."""
        self._http = aiohttp.ClientSession()
        try:
            yield
        finally:
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._http.close()
            self._http = None

    @property
    def pending(self) -> int:
        """How many events are not delivered yet and not given up."""
        return len(self._tasks)

    def presence(
        self, person: SandboxPerson, to: ZoomPresence, account_id: str, event_ts: int | None
    ) -> Delivery | None:
        """Announce a presence. `event_ts` None: now, and later than every earlier event."""
        ts = self._stamp() if event_ts is None else event_ts
        moment = datetime.fromtimestamp(ts / 1000, UTC)
        about = {
            "date_time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "email": person.zoom_email,
            "id": person.zoom_id,
            "presence_status": to.value,
        }
        payload = {"account_id": account_id, "object": about}
        return self.send(
            "user.presence_status_updated", payload, ts, f"{person.name}: {LABELS[to]}"
        )

    def send(
        self, event: str, payload: Mapping[str, Any], event_ts: int | None = None, about: str = ""
    ) -> Delivery | None:
        """Sign an event and send it in the background. None when there is nowhere to send."""
        if self.url is None or self._http is None:
            return None
        ts = self._stamp() if event_ts is None else event_ts
        delivery = self._pack({"event": event, "payload": payload, "event_ts": ts}, about)
        self.log.append(delivery)
        if len(self._tasks) >= MAX_PENDING:
            delivery.state = "failed"
            self._changed()
            return delivery
        task = asyncio.create_task(self._deliver(delivery))
        self._tasks[task] = delivery
        task.add_done_callback(self._done)
        self._changed()
        return delivery

    async def validate(self) -> bool:
        """Send `endpoint.url_validation` and judge the answer, as Zoom does for a new address."""
        token = secrets.token_urlsafe(16)
        content = {"payload": {"plainToken": token}, "event_ts": self._stamp()}
        delivery = self._pack({"event": "endpoint.url_validation", **content}, "")
        status, answer, problem = await self._post(delivery)
        expected = hmac.new(self._secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        if not problem and status != 200:
            problem = f"answered with HTTP {status} instead of 200"
        elif not problem:
            try:
                reply = json.loads(answer)
                good = reply["plainToken"] == token and reply["encryptedToken"] == expected
            except (ValueError, KeyError, TypeError):
                good = False
            problem = "" if good else "did not answer with the right encryptedToken"
        self.validated, self.validation_problem = not problem, problem
        self._changed()
        return self.validated

    def _pack(self, content: Mapping[str, Any], about: str) -> Delivery:
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        timestamp = str(int(self._clock.wall()))
        headers = {
            "User-Agent": "Zoom Marketplace/1.0a",
            "Content-Type": "application/json; charset=utf-8",
            "x-zm-request-timestamp": timestamp,
            "x-zm-request-id": str(uuid.uuid4()),
            "x-zm-signature": sign(self._secret, timestamp, body),
        }
        return Delivery(content["event"], about, body, headers)

    def _stamp(self) -> int:
        self._last_ts = max(int(self._clock.wall() * 1000), self._last_ts + 1)
        return self._last_ts

    async def _deliver(self, delivery: Delivery) -> None:
        for wait in (*RETRY_MINUTES, None):
            delivery.state, delivery.next_at = "sending", None
            status, _, problem = await self._post(delivery)
            now = self._clock.now()
            delivery.attempts.append(Attempt(now, status, problem))
            first = len(delivery.attempts) == 1
            good = status in {200, 204} or (
                not first and status is not None and 200 <= status < 300
            )
            self._log_call(delivery, status, problem, good=good)
            if good:
                delivery.state = "delivered"
                return
            if wait is None or (status is not None and status < 500):
                break
            delivery.state, delivery.next_at = "waiting", now + wait * 60
            self._changed()
            await self._clock.sleep_until(delivery.next_at)
        delivery.state, delivery.next_at = "failed", None

    def _log_call(
        self, delivery: Delivery, status: int | None, problem: str, *, good: bool
    ) -> None:
        reason = 0 if status is not None else TIMED_OUT if "answer" in problem else REFUSED
        self.calls.append(
            Logged(
                at=self._clock.wall(),
                event=delivery.event,
                status=NOT_SENT if status is None else status,
                good=good,
                failed_reason_type=reason,
                url=self.url or "",
                body=delivery.body.decode(),
                request_id=delivery.headers["x-zm-request-id"],
                retry_num=len(delivery.attempts) - 1,
            )
        )

    async def _post(self, delivery: Delivery) -> tuple[int | None, bytes, str]:
        if self.url is None or self._http is None:
            return None, b"", "no webhook address is set"
        try:
            async with self._http.post(
                self.url,
                data=delivery.body,
                headers=delivery.headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=self.answer_within),
            ) as answer:
                return answer.status, await answer.content.read(_ANSWER_LIMIT), ""
        except TimeoutError:
            return None, b"", f"did not answer within {self.answer_within:g} seconds"
        except aiohttp.ClientError as error:
            return None, b"", f"could not be reached ({type(error).__name__})"

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        self._changed()
        if not task.cancelled() and (error := task.exception()) is not None:
            asyncio.get_running_loop().call_exception_handler(
                {"message": "A webhook delivery failed unexpectedly", "exception": error}
            )
