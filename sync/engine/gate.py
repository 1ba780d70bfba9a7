"""The way to Graph: the person's token, the tenant's budget, the breaker, and what is counted."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, TypeVar

import structlog

from domain.errors import AdminMustAct, AuthorizeAgain, NotAllowed, OutsideError, TenantPaused
from domain.policy import AuthorisedBy
from domain.setback import DEFAULT_PAUSE_S
from domain.step import Lane

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from domain.person import PersonState
    from sync.engine.ports import Meter, TokenSource
    from sync.engine.quota import Quota

log = structlog.get_logger()

T = TypeVar("T")

_OUTAGE = frozenset({"graph_error", "graph_unreachable", "graph_answer", "graph_intercepted"})
"""Failures of Graph itself, whoever the request was about."""


class QuotaShort(Exception):
    """Microsoft's or Zoom's quota is used up, or Microsoft is away; `wait_ms` until it is not."""

    def __init__(self, wait_ms: int) -> None:
        super().__init__(wait_ms)
        self.wait_ms = wait_ms


@dataclass(slots=True)
class Ticket:
    """A request that the budget granted beforehand, and in which lane more are taken.

    `permit_until`: until when that permit holds (monotonic seconds; 0: there is none, or it is
    used). `sent`: at least one request of this reconciliation has left.
    """

    lane: Lane = Lane.URGENT
    permit_until: float = 0.0
    sent: bool = False

    def use_permit(self) -> bool:
        """Whether there was a permit; it is used now. One that comes too late counts no more."""
        until, self.permit_until = self.permit_until, 0.0
        return until > time.monotonic()


WINDOW_S = 10.0
"""How long an outcome counts."""
FEWEST = 8
"""Failures that make an outage, if there are more of them than of successes."""
FIRST_S, LONGEST_S = 2.0, 60.0
"""How long nothing is sent: at first, and at most."""
JITTER = 0.2
"""So that several processes do not try in step."""


class Breaker:
    """When Microsoft fails for many at once, nothing is sent; now and then one request tries.

    An outage is told from somebody's own trouble by counting: many failures in a short time, and
    more than successes. The pause grows from one vain try to the next; the first success ends it.
    What waited is planned anew, within the quota, so it ends without a burst. `now` gives monotonic
    seconds, `chance` a number in [0, 1).
    """

    def __init__(self, *, now: Callable[[], float], chance: Callable[[], float]) -> None:
        self._now = now
        self._chance = chance
        self._outcomes: deque[tuple[float, bool]] = deque()
        self._failures = 0
        self._opened = 0
        self._until = 0.0
        self._trying = False
        self.last_success = float("-inf")

    @property
    def open(self) -> bool:
        """Whether an outage is going on."""
        return self._opened > 0

    def left(self) -> float:
        """Seconds until a request may be sent; 0: now, in an outage a single one, to try."""
        if not self._opened:
            return 0.0
        return max(self._until - self._now(), FIRST_S if self._trying else 0.0)

    def enter(self) -> float:
        """`left`, for a caller who sends at once if it is 0 and then reports the outcome."""
        if not self._opened:
            return 0.0
        left = self.left()
        self._trying = self._trying or left <= 0
        return max(0.0, left)

    def nothing_sent(self) -> None:
        """The caller who was let through to try had nothing to send after all."""
        self._trying = False

    def succeeded(self) -> None:
        """A request was answered, however: the service works."""
        self.last_success = now = self._now()
        if self._opened:
            self._opened, self._trying, self._failures = 0, False, 0
            self._outcomes.clear()
        self._count(now, failed=False)

    def failed(self) -> None:
        """A request was not answered, or answered with a failure of the service itself."""
        now = self._now()
        self._count(now, failed=True)
        enough = self._failures >= FEWEST and 2 * self._failures > len(self._outcomes)
        if self._opened and not self._trying:
            return  # sent before the outage was noticed
        if self._opened or enough:
            pause = min(LONGEST_S, FIRST_S * 2**self._opened)
            self._until = now + pause * (1 + JITTER * (2 * self._chance() - 1))
            self._opened = min(self._opened + 1, 10)
            self._trying = False

    def _count(self, now: float, *, failed: bool) -> None:
        self._outcomes.append((now, failed))
        self._failures += failed
        while self._outcomes[0][0] < now - WINDOW_S:
            self._failures -= self._outcomes.popleft()[1]


@dataclass(eq=False)
class GraphGate:
    """One per process. `chance` gives numbers in [0, 1)."""

    quota: Quota
    tokens: TokenSource
    meter: Meter
    _: KW_ONLY
    chance: Callable[[], float]

    def __post_init__(self) -> None:
        self._breaker = Breaker(now=time.monotonic, chance=self.chance)

    @property
    def away(self) -> bool:
        """Whether Microsoft fails for many: one request at a time tries how it is."""
        return self._breaker.open

    @property
    def away_for(self) -> float:
        """Seconds for which nothing is sent at all; 0: go on, or try."""
        return max(0.0, self._breaker.left())

    @property
    def works_for_others_ms(self) -> float:
        """How long ago Microsoft last answered anybody."""
        return (time.monotonic() - self._breaker.last_success) * 1000

    async def call(
        self,
        kind: str,
        state: PersonState,
        ticket: Ticket,
        request: Callable[[str], Awaitable[T]],
        *,
        app: str | None = None,
    ) -> T:
        """Send one request; a refused token is replaced once. `app`: see TokenSource.token_for.

        So is one with which a write was forbidden for the first time: it may be older than what an
        admin has granted since, and a new one shows whether a consent was withdrawn.

        Raises QuotaShort and the errors of domain.errors.
        """
        for last in (False, True):
            token = await self.tokens.token_for(state, app)
            await self._admit(ticket)
            began = time.monotonic()
            try:
                answer = await request(token)
            except OutsideError as error:
                self._answered(kind, error, time.monotonic() - began)
                if isinstance(error, TenantPaused):
                    wait = error.after or DEFAULT_PAUSE_S
                    log.warning("graph_throttled", seconds=wait)
                    await self.quota.pause(wait)
                new_token = error.code == "graph_401" or (
                    isinstance(error, NotAllowed)
                    and kind != "look"
                    and state.trouble_code != error.code
                )
                if new_token and not last:
                    self.tokens.refused(state, app)
                    continue
                if state.authorised_by is AuthorisedBy.ORGANISATION and isinstance(
                    error, AuthorizeAgain
                ):  # no sign-in of theirs would help
                    raise AdminMustAct(error.code, error.detail) from error
                raise
            except BaseException:
                self._breaker.nothing_sent()
                raise
            self._answered(kind, None, time.monotonic() - began)
            return answer
        raise AssertionError  # pragma: no cover - the loop returns or raises

    async def _admit(self, ticket: Ticket) -> None:
        away = self._breaker.enter()
        if away > 0:
            raise QuotaShort(int(away * 1000) + 1)
        if ticket.use_permit():
            pass
        elif ticket.sent or not self.quota.ahead(ticket.lane):
            grant = await self.quota.take(ticket.lane, follow=ticket.sent)
            if not grant.granted:
                self._breaker.nothing_sent()
                raise QuotaShort(grant.wait_ms)
        ticket.sent = True

    def _answered(self, kind: str, error: OutsideError | None, seconds: float) -> None:
        self.meter.write(kind, "ok" if error is None else error.outcome, seconds)
        was_open = self._breaker.open
        if error is not None and error.code in _OUTAGE:
            self._breaker.failed()
        else:
            self._breaker.succeeded()
        if self._breaker.open != was_open:
            self.meter.breaker(is_open=not was_open)
            if was_open:
                log.info("graph_back")
            else:
                log.error("graph_away")
