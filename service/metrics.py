"""What is counted, under which names, with which labels.

Labels come from closed sets and never name a person or an organisation. An unknown label value is a
bug and raises ValueError. Every series exists from the start, so that "none yet" reads as 0. An age
of something that never happened is NaN: no comparison with it is true, and a graph leaves it out.

Counters, durations and the breaker are this process's own. The gauges of what all processes share
(queue, people, quota, directory, feed) are the same in each, read from Redis; while `redis_up` is 0
they keep their last values. docs/operate.md says what to look at, docs/grafana has it drawn.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.metrics import MetricWrapperBase

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

EVENT_OUTCOMES: Final = (
    "accepted",
    "repeat",  # the same event again
    "older",  # something newer is known
    "future",  # its time is too far ahead
    "not_connected",  # of nobody who connected
    "unproven",  # whether it is about them is found out first
    "other_account",  # of a Zoom account that is not ours
    "unknown_state",
    "malformed",
    "forged",  # signature
    "stale",  # signature too old
    "not_saved",  # Redis did not take it; Zoom will repeat it
)
WRITE_KINDS: Final = (
    *("set", "clear", "look", "preferred"),
    "sweep",  # a look at many at once
)
WRITE_OUTCOMES: Final = (
    "ok",
    "retry",
    "throttled",  # 429
    "reauthorize",  # the person must sign in again
    "gone",  # the person does not exist any more
    "refused",  # Graph says that our request is wrong
    "forbidden",  # it does not allow it for this person
    "admin",  # only an admin can mend it
)
LANES: Final = ("turn", "change", "hold", "fade")
PARKED_REASONS: Final = (
    "authorize",  # they must connect again
    "forbidden",  # Microsoft does not allow it for them
    "gone",  # Microsoft does not know them
    "refused",  # Microsoft refuses what it is told of them
    "failing",  # too many failures in a row
)
FITS: Final = (
    "right",
    "label",  # the right colour with another label
    "own",  # a status of their own, which goes first
    "missing_available",  # shown as Away, idle or Offline
    "missing_busy",
    "false_busy",
    "false_available",
)
LOOKUP_OUTCOMES: Final = (
    "answered",
    "unknown",  # a state that we do not know
    "gone",  # Zoom knows nobody by this name
    "busy",  # asked to come back later
    "failed",  # no usable answer
)
RECONNECT_OUTCOMES: Final = (
    "sent",
    "withheld",  # many failed alike: admins were told instead
    "undelivered",
)
DIGEST_OUTCOMES: Final = (
    "sent",
    "nothing",  # there was no news
    "undelivered",
    "ended",  # the app was removed, or the role is not theirs any more
)
TURN_OUTCOMES: Final = ("ok", "failed", "refused")
SIGN_IN_OUTCOMES: Final = (
    "started",
    "connected",
    "declined",
    "wrong_account",
    "expired",
    "failed",
    "admin_needed",
)
SEND_OUTCOMES: Final = ("ok", "retried", "failed", "gone")

_EVENT_TO_WRITE = partial(
    Histogram,
    buckets=(
        *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
        *(1, 2.5, 5, 10, 30, 60, 120, 300, 600),
    ),
)
_REQUEST = partial(Histogram, buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10))
_SETTLE = partial(Histogram, buckets=(0.25, 0.5, 1, 2, 4, 8, 16, 32, 64))
_LAG = partial(Histogram, buckets=(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5))

M = TypeVar("M", bound=MetricWrapperBase)


class _Family(Generic[M]):
    """One metric with every series that it can have."""

    def __init__(self, metric: M, labels: dict[str, tuple[str, ...]]) -> None:
        self._sets = labels
        self._series = {
            values: metric.labels(*values) if values else metric
            for values in product(*labels.values())
        }

    def __call__(self, *values: str) -> M:
        try:
            return self._series[values]
        except KeyError:
            raise ValueError(f"{values} is not in {self._sets}") from None


@dataclass(frozen=True, slots=True)
class Count:
    """Counts what happened, by how it ended."""

    _family: _Family[Counter]

    def __call__(self, outcome: str) -> None:
        """Count one. Raises ValueError for an outcome that is not in the metric's set."""
        self._family(outcome).inc()


@dataclass(frozen=True, slots=True)
class Seconds:
    """Observes durations."""

    _histogram: Histogram

    def __call__(self, seconds: float) -> None:
        """Observe one; below zero (clocks differ between machines) is zero."""
        self._histogram.observe(max(0.0, seconds))


class Metrics:
    """All metrics of one process, in a registry of their own. Durations are in seconds.

    What each counts, sets or observes is said where it is made.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self.event = self._count("events", "Webhook events of Zoom.", EVENT_OUTCOMES)
        self._writes = self._add(
            Counter,
            "graph_requests",
            "Requests to Microsoft Graph.",
            kind=WRITE_KINDS,
            outcome=WRITE_OUTCOMES,
        )
        self._write_seconds = self._add(
            _REQUEST,
            "graph_request_seconds",
            "Duration of requests to Microsoft Graph.",
            kind=WRITE_KINDS,
        )
        self.event_to_write = Seconds(
            self._add(
                _EVENT_TO_WRITE,
                "event_to_write_seconds",
                "From an event's arrival to Microsoft's acknowledgement.",
            )()
        )
        self._due = self._add(Gauge, "due", "People with a planned write.", lane=LANES)
        self._overdue = self._add(
            Gauge, "overdue", "People whose write should have happened.", lane=LANES
        )
        self._oldest = self._add(
            Gauge, "oldest_overdue_seconds", "How late the latest write is.", lane=LANES
        )
        self.shed = self._gauge(
            "shed", "People whose keep-alive of Available or Away is left out for now."
        )
        self._parked = self._add(
            Gauge,
            "parked",
            "People for whom nothing is tried until something new happens.",
            reason=PARKED_REASONS,
        )
        self.reconnect = self._count(
            "reconnects", "Cards that ask people to connect again.", RECONNECT_OUTCOMES
        )
        self.digest = self._count("digests", "Morning digests of admins.", DIGEST_OUTCOMES)
        self.connected = self._gauge("connected", "People who are connected.")
        self.quota_used = self._gauge(
            "quota_used_ratio", "Share of Graph's request budget in use, 0 to 1."
        )
        self._breaker = self._gauge(
            "breaker_open", "1 while Microsoft fails for many and is spared."
        )
        self.lookup = self._count(
            "zoom_lookups", "Questions to Zoom about somebody's presence.", LOOKUP_OUTCOMES
        )
        self.catch_up_left = self._gauge(
            "catch_up_left", "People whom Zoom is still to be asked about after a gap."
        )
        self._feed_age = self._age(
            "feed_age_seconds", "Since Zoom's last delivery; NaN before the first."
        )
        self._feed_silent = self._gauge(
            "feed_silent", "1 while Zoom's feed is silent for longer than it ever should be."
        )
        self.zoom_validation = self._age(
            "zoom_validation_age_seconds",
            "Since Zoom last validated the webhook's address; NaN before the first.",
        )
        self._readback_alive = self._gauge(
            "readback_alive", "1 while what Microsoft shows is read back and relied on."
        )
        self._readback_age = self._age(
            "readback_look_age_seconds",
            "Since Microsoft last answered a look at many; NaN before the first.",
        )
        self._readback_watched = self._gauge(
            "readback_watched", "People of whom it is read what Microsoft shows."
        )
        self._readback_late = self._gauge(
            "readback_late_seconds", "How late the look at the one is who waits longest."
        )
        self._readback_settle = self._gauge(
            "readback_settle_seconds", "How long after a write looks are not believed: learnt."
        )
        self._agreement = self._age(
            "agreement_ratio",
            "Share of people looked at lately who are shown as they should be, 0 to 1; NaN where "
            "Microsoft is not read back, and below 20 people.",
        )
        self._fits = self._add(
            Gauge, "agreement_fit_ratio", "The same by how what is shown fits.", fit=FITS
        )
        self._not_looked = self._age(
            "not_looked_ratio",
            "Share of connected people who were not looked at lately; NaN alike.",
        )
        self.settle = Seconds(
            self._add(
                _SETTLE,
                "settle_seconds",
                "From a write to the look that first shows it.",
            )()
        )
        self.agreement(None, {}, None)
        self._directory_age = self._age(
            "directory_age_seconds",
            "Since Zoom's users and groups were read; NaN before the first.",
        )
        self._directory_failing = self._gauge(
            "directory_failing", "1 while they can't be read or are not believed."
        )
        self.redis_up = self._gauge(
            "redis_up", "1 while this process reads from Redis what all of them share."
        )
        self._worker_beat = self._gauge(
            "worker_beat_timestamp_seconds",
            "When the worker of this process last went round (Unix time); 0: it has none.",
        )
        self._turns = self._count("chat_turns", "Messages and clicks.", TURN_OUTCOMES)
        self._turn_seconds = self._add(
            _REQUEST, "chat_turn_seconds", "Duration of chat turns.", outcome=TURN_OUTCOMES
        )
        self.sign_in = self._count("sign_ins", "Steps and ends of sign-ins.", SIGN_IN_OUTCOMES)
        self.send = self._count("chat_sends", "Messages to people outside a turn.", SEND_OUTCOMES)
        self.loop_lag = Seconds(
            self._add(_LAG, "loop_lag_seconds", "How late the event loop wakes a sleeper.")()
        )

    def _add(
        self, metric: Callable[..., M], name: str, meaning: str, **labels: tuple[str, ...]
    ) -> _Family[M]:
        named = f"presence_bridge_{name}"
        made = metric(named, meaning, labelnames=tuple(labels), registry=self._registry)
        return _Family(made, labels)

    def _count(self, name: str, meaning: str, outcomes: tuple[str, ...]) -> Count:
        return Count(self._add(Counter, name, meaning, outcome=outcomes))

    def _gauge(self, name: str, meaning: str) -> Callable[[float], None]:
        return self._add(Gauge, name, meaning)().set

    def _age(self, name: str, meaning: str) -> Callable[[float | None], None]:
        """A gauge of seconds since something happened; None: it never did."""
        gauge = self._add(Gauge, name, meaning)()

        def set_age(seconds: float | None) -> None:
            gauge.set(math.nan if seconds is None else max(0.0, seconds))

        set_age(None)
        return set_age

    def write(self, kind: str, outcome: str, seconds: float) -> None:
        """One request to Graph (WRITE_KINDS, WRITE_OUTCOMES) and how long it took."""
        self._writes(kind, outcome).inc()
        self._write_seconds(kind).observe(max(0.0, seconds))

    def due(self, lane: str, due: int, overdue: int, oldest_seconds: float) -> None:
        """The state of a lane (LANES): planned, late, and how late the latest is."""
        self._due(lane).set(due)
        self._overdue(lane).set(overdue)
        self._oldest(lane).set(max(0.0, oldest_seconds))

    def parked(self, counts: Mapping[str, int]) -> None:
        """How many people are parked, by reason (PARKED_REASONS); a reason left out is nobody."""
        for reason in dict.fromkeys((*PARKED_REASONS, *counts)):
            self._parked(reason).set(counts.get(reason, 0))

    def breaker(self, *, is_open: bool) -> None:
        """Microsoft began to fail for many at once, or works again."""
        self._breaker(is_open)

    def feed(self, age_seconds: float | None, *, silent: bool) -> None:
        """How long ago Zoom delivered something (None: never), and whether that is too long."""
        self._feed_age(age_seconds)
        self._feed_silent(silent)

    def readback(
        self,
        look_age_seconds: float | None,
        *,
        alive: bool,
        watched: int,
        late_seconds: float,
        settle_seconds: float,
    ) -> None:
        """Whether Microsoft is read back, and how that goes. None: it never answered."""
        self._readback_age(look_age_seconds)
        self._readback_alive(alive)
        self._readback_watched(watched)
        self._readback_late(max(0.0, late_seconds))
        self._readback_settle(settle_seconds)

    def agreement(
        self, share: float | None, fits: Mapping[str, float], not_looked: float | None
    ) -> None:
        """The share that is shown as it should be, and by kind (FITS). None, empty: not known."""
        self._agreement(share)
        self._not_looked(not_looked)
        for fit in FITS:
            self._fits(fit).set(fits.get(fit, math.nan))

    def directory(self, age_seconds: float | None, *, failing: bool) -> None:
        """How long ago Zoom's users and groups were read (None: never), and how the last try was.

        `failing`: they could not be read, or were not believed.
        """
        self._directory_age(age_seconds)
        self._directory_failing(failing)

    def worker_beat(self) -> None:
        """The worker of this process went round."""
        self._worker_beat(time.time())

    def turn(self, outcome: str, seconds: float) -> None:
        """One message or click (TURN_OUTCOMES) and how long it took."""
        self._turns(outcome)
        self._turn_seconds(outcome).observe(max(0.0, seconds))

    def render(self) -> bytes:
        """The text that Prometheus reads; serve it as CONTENT_TYPE."""
        return generate_latest(self._registry)
