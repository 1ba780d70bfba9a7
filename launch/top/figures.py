"""`python app.py top`: from what was read to the figures that are shown. Pure.

A snapshot is what Redis and the metrics of one process said at one moment. Counters become rates
between two of them, or since the process started where there is no earlier one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from launch.gauges import Shared

_OURS = "presence_bridge_"
_STARTED = "process_start_time_seconds"

Key = tuple[str, ...]
"""A series: its name, and the values of its labels in the order of the page."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A change of settings on its way, or a mailing of invitations: people done, of all.

    For `in_vain` of those who are done it could not be carried out.
    """

    kind: str
    done: int
    total: int
    in_vain: int = 0


@dataclass(frozen=True, slots=True)
class Stored:
    """What Redis holds.

    `paused_seconds`: Microsoft told the tenant to wait for so long; 0: it did not.
    """

    shared: Shared
    work: Sequence[Progress] = ()
    paused_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Page:
    """What `/metrics` of a process said at a moment (Unix time)."""

    at: float
    series: Mapping[Key, float]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that was read at a moment (Unix time), and why something could not be read.

    `no_stored`, `no_page`: a sentence, None where it was read. `address` is that of the page, None:
    none is asked. `complaints`: log lines that the reading gave rise to.
    """

    at: float
    stored: Stored | None = None
    no_stored: str | None = None
    address: str | None = None
    page: Page | None = None
    no_page: str | None = None
    complaints: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something happens, per second; `name` is the values of its labels."""

    name: str
    per_second: float


@dataclass(frozen=True, slots=True)
class Process:
    """What one process did in the last `seconds`, or (`since_start`) since it started.

    Outcomes that have never happened are left out. A quantile is None where nothing was measured,
    and infinite where it is beyond the last bucket.
    """

    seconds: float
    since_start: bool
    events: Sequence[Rate]
    requests: Sequence[Rate]
    lookups: Sequence[Rate]
    median: float | None
    p99: float | None
    lag_p99: float | None
    breaker_open: bool


@dataclass(frozen=True, slots=True)
class View:
    """What a picture shows. `stored` may be older than the snapshot: from `stored_at`."""

    snapshot: Snapshot
    stored: Stored | None = None
    stored_at: float = 0.0
    process: Process | None = None


class Views:
    """Snapshots in, views out: remembers what a picture needs of earlier ones."""

    def __init__(self) -> None:
        self._stored: tuple[float, Stored] | None = None
        self._page: Page | None = None

    def take(self, snapshot: Snapshot) -> View:
        """The view of a snapshot, with what is known from those before."""
        if snapshot.stored is not None:
            self._stored = (snapshot.at, snapshot.stored)
        stored_at, stored = self._stored or (snapshot.at, None)
        before, self._page = self._page, snapshot.page or self._page
        process = None if snapshot.page is None else process_of(snapshot.page, before)
        return View(snapshot, stored, stored_at, process)


def read_page(text: str, at: float) -> Page:
    """Read what `/metrics` said. Raises ValueError for anything but metrics of ours."""
    series = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    if not any(name.startswith(_OURS) for name, *_ in series):
        raise ValueError("no metrics of Presence Bridge")
    return Page(at, series)


def process_of(page: Page, before: Page | None) -> Process:
    """What a process did since the page before, or since it started: then, or as it is another."""
    started = page.series.get((_STARTED,))
    if before is not None and (
        before.at >= page.at or before.series.get((_STARTED,)) != started  # another process
    ):
        before = None
    since_start = before is None
    if before is not None:
        seconds = page.at - before.at
    else:
        seconds = math.nan if started is None else max(page.at - started, 1.0)
    change = _Change(page, before)
    return Process(
        seconds=seconds,
        since_start=since_start,
        events=change.rates("events_total", seconds),
        requests=change.rates("graph_requests_total", seconds),
        lookups=change.rates("zoom_lookups_total", seconds),
        median=change.quantile("event_to_write_seconds", 0.5),
        p99=change.quantile("event_to_write_seconds", 0.99),
        lag_p99=change.quantile("loop_lag_seconds", 0.99),
        breaker_open=page.series.get((f"{_OURS}breaker_open",)) == 1,
    )


@dataclass(frozen=True, slots=True)
class _Change:
    """How counters have grown from one page to the next; None: from nothing."""

    page: Page
    before: Page | None

    def _series(self, name: str) -> Iterator[tuple[Key, float, float]]:
        """Labels of every series of a metric, its value, and by how much it has grown."""
        for key, value in self.page.series.items():
            if key[0] == f"{_OURS}{name}":
                earlier = 0.0 if self.before is None else self.before.series.get(key, 0.0)
                # A counter that fell began anew, as where the start of a process is not known.
                yield key[1:], value, value - earlier if value >= earlier else value

    def rates(self, name: str, seconds: float) -> list[Rate]:
        return [
            Rate(" ".join(labels), grown / seconds)
            for labels, value, grown in self._series(name)
            if value > 0
        ]

    def quantile(self, name: str, share: float) -> float | None:
        buckets = sorted(
            (float(labels[-1]), grown) for labels, _, grown in self._series(f"{name}_bucket")
        )
        return quantile(buckets, share)


def quantile(buckets: Sequence[tuple[float, float]], share: float) -> float | None:
    """The value below which `share` of what was measured lies, as Prometheus estimates it.

    `buckets`: upper bounds, rising, and how many lie at or below each. None: nothing was measured;
    infinite: it lies above the last finite bound.
    """
    if not buckets or buckets[-1][1] <= 0:
        return None
    rank = share * buckets[-1][1]
    for (low, below), (high, count) in pairwise([(0.0, 0.0), *buckets]):
        if count >= rank:
            if math.isinf(high):
                return high
            return low + (high - low) * (rank - below) / (count - below)
    return None  # pragma: no cover - the last bucket holds all
