"""`POST /zoom/webhook`: verify, read, keep, answer.

200 only after the event is safe in Redis, 503 when it is not: Zoom repeats an event only when the
answer is 500 or more, so any other refusal would lose it for good. 400 is for what is no event.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Final, Protocol

import structlog
from aiohttp import web

from sync.redis import keys
from sync.redis.alarms import Alarms, TimeLimit
from sync.redis.connection import REDIS_TROUBLE
from sync.zoom.events import (
    VALIDATION,
    AppRemoved,
    Ignored,
    Malformed,
    PresenceEvent,
    UserGone,
    Validation,
    parse_event,
)
from sync.zoom.signature import BadSignature, answer_validation, verify

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from domain.presence import Observation
    from sync.engine.ports import Meter
    from sync.redis.connection import Client
    from sync.zoom.events import Event

log = structlog.get_logger()

_MOST_NAMED: Final = 100
ANSWER_WITHIN: Final = 2.5
"""Seconds. After three Zoom counts a delivery as failed, whatever the answer is then (Zoom
documentation, "Using webhooks"); ours says which of the two it was, and in time."""


class Intake(Protocol):
    """Where events go (the engine)."""

    async def take_event(
        self, *, zoom_id: str | None, address: str | None, observation: Observation
    ) -> str:
        """Keep what Zoom said of somebody; returns the outcome."""

    async def zoom_user_gone(self, *, zoom_id: str | None, address: str | None, at_ms: int) -> str:
        """End the link of somebody whom Zoom had no longer at that time; returns the outcome."""

    async def zoom_app_removed(self, at_ms: int) -> str:
        """Write down that every link from before that time ends; returns the outcome."""


class Account(Protocol):
    """Whose events count (ZoomAccount)."""

    async def is_ours(self, account_id: str) -> bool:
        """Whether an account's events count."""


class Hearing(Protocol):
    """Noting that something came."""

    def __call__(self, *, validation: bool) -> None:
        """Note a delivery; `validation`: it was Zoom's validation of the address."""


class ZoomAccount:
    """Our account: the one that is `configured`, else that of the first event ever.

    Several may share one app, and so one webhook secret. Once ours is known it stays in this
    process's memory, so that events cost nothing more.
    """

    def __init__(self, client: Client, *, configured: str | None) -> None:
        self._client = client
        self._ours = configured
        self._named = set[str]()

    async def is_ours(self, account_id: str) -> bool:
        """Whether an account's events count; each that does not is logged once."""
        if self._ours is None:
            self._ours = await self._remembered(account_id)
        if account_id == self._ours:
            return True
        if account_id not in self._named and len(self._named) < _MOST_NAMED:
            self._named.add(account_id)
            log.warning("zoom_other_account", account=account_id, ours=self._ours)
        return False

    async def _remembered(self, account_id: str) -> str:
        if await self._client.hsetnx(keys.FEED_STATE, "account", account_id):
            log.info("zoom_account_remembered", account=account_id)
            return account_id
        return str(await self._client.hget(keys.FEED_STATE, "account"))


@dataclass(frozen=True, slots=True)
class ZoomEvents:
    """What is done with an event, wherever it came from (the webhook, or Zoom's log of it).

    `directory_changed` is called when Zoom's users, groups or memberships are to be read anew.
    """

    intake: Intake
    _: KW_ONLY
    account: Account
    meter: Meter
    directory_changed: Callable[[], Awaitable[None]] | None = None

    async def take(self, event: Event) -> None:
        """Act on an event if it counts. Raises what Redis raises; then it is to be taken again."""
        if await self.is_ours(event):
            await self.act(event)

    async def act(self, event: Event) -> None:
        """Act on an event that counts (`is_ours`). Raises like `take`."""
        if isinstance(event, Validation | Ignored):
            return
        if isinstance(event, PresenceEvent):
            await self._take_presence(event)
        elif event.account_id is None:
            # Without it nobody can say that it is ours to end anything.
            self.pass_over("account_id", type(event).__name__)
        else:
            if isinstance(event, UserGone | AppRemoved):
                await self._take_end(event)
            if self.directory_changed is not None and not isinstance(event, AppRemoved):
                await self.directory_changed()

    async def is_ours(self, event: Event) -> bool:
        """Whether an event counts: it is of our account, or does not say. Others are counted."""
        account_id = None if isinstance(event, Validation) else event.account_id
        if account_id is None or await self.account.is_ours(account_id):
            return True
        self.meter.event("other_account")
        return False

    def pass_over(self, field: str, name: str) -> None:
        """Count and log that an event has no effect, because a field of it can't be read."""
        self.meter.event("malformed")
        log.warning("zoom_event_unreadable", field=field, name=name)

    async def _take_presence(self, event: PresenceEvent) -> None:
        if event.observation is None:
            self.meter.event("unknown_state")
            log.warning("zoom_unknown_state", state=event.status)
            return
        outcome = await self.intake.take_event(
            zoom_id=event.zoom_id, address=event.address, observation=event.observation
        )
        self._count(outcome, event.observation.at_ms)

    async def _take_end(self, event: UserGone | AppRemoved) -> None:
        if event.at_ms is None:
            # It may be a repetition from before the links that there are.
            self.pass_over("event_ts", type(event).__name__)
        elif isinstance(event, AppRemoved):
            self._count(await self.intake.zoom_app_removed(event.at_ms), event.at_ms)
        else:
            outcome = await self.intake.zoom_user_gone(
                zoom_id=event.zoom_id, address=event.address, at_ms=event.at_ms
            )
            self._count(outcome, event.at_ms)

    def _count(self, outcome: str, at_ms: int) -> None:
        self.meter.event(outcome)
        if outcome == "future":
            log.warning("zoom_event_from_the_future", event_ts=at_ms)


def _not_listening(*, validation: bool) -> None:
    """Count nothing."""


@dataclass(eq=False, repr=False)
class ZoomWebhook:
    """The handler. `heard` hears of every delivery with a good signature; it must not take time."""

    events: ZoomEvents
    _: KW_ONLY
    secret: str
    window: float
    now: Callable[[], float]
    heard: Hearing = _not_listening

    def __post_init__(self) -> None:
        self._answers = Alarms(ANSWER_WITHIN)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one delivery."""
        try:
            body = await request.read()  # the application caps it
        except web.HTTPRequestEntityTooLarge:
            return self._refuse(413, "malformed", "body")
        try:
            verify(
                self.secret,
                timestamp=request.headers.get("x-zm-request-timestamp", ""),
                signature=request.headers.get("x-zm-signature", ""),
                body=body,
                now=self.now(),
                window=self.window,
            )
        except BadSignature as error:
            return self._refuse(401, error.code, "signature")
        try:
            event = parse_event(body)
        except Malformed as error:
            self.heard(validation=False)
            if error.event in {"", VALIDATION}:
                return self._refuse(400, "malformed", str(error))
            # An event of Zoom's that we can't read: refused, it would not even be repeated.
            self.events.pass_over(str(error), error.event)
            return web.Response(status=200)
        if isinstance(event, Validation):
            self.heard(validation=True)
            log.info("zoom_validated")
            return web.json_response(answer_validation(self.secret, event.plain_token))
        try:
            # Of another account nothing is heard either: it would hide that ours is silent.
            if not await self.events.is_ours(event):
                return web.Response(status=200)
            self.heard(validation=False)
            if isinstance(event, PresenceEvent):
                with TimeLimit(self._answers):  # TimeoutError is an OSError, and so Redis trouble
                    await self.events.act(event)
            else:
                await self.events.act(event)
        except REDIS_TROUBLE as error:
            self.events.meter.event("not_saved")
            log.error("zoom_event_not_saved", error=type(error).__name__)
            return web.Response(status=503, headers={"Retry-After": "5"})
        return web.Response(status=200)

    def _refuse(self, status: int, outcome: str, what: str) -> web.Response:
        self.events.meter.event(outcome)
        log.warning("zoom_refused", status=status, reason=outcome, field=what)
        return web.Response(status=status)
