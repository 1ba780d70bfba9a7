"""`python app.py top`: from figures to lines of text. Pure.

Lines fit 80 columns; longer lists go on in the next line. Yellow: look at it. Red: act.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.text import Text

from domain.agreement import FEWEST
from domain.budget import LIMIT, WINDOW_MS
from launch.gauges import known_reasons
from service.metrics import LANES
from service.redaction import clean_text, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import tzinfo

    from domain.directory import DirectoryHealth
    from domain.feed import FeedHealth
    from launch.gauges import Shared
    from launch.top.figures import Process, Rate, Stored, View
    from sync.readback.status import Status

WIDTH = 80
_INDENT = 14
_BETWEEN = "   "
_BAR = 20
_LANE_WORDS = {
    "turn": "into and out of calls",
    "change": "other changes",
    "hold": "keep-alives of calls",
    "fade": "keep-alives of Available",
}
_NAME, _GOOD, _LOOK, _ACT, _FAINT = "bold", "green", "yellow", "bold red", "dim"
_LATE_SECONDS, _TOO_LATE_SECONDS = 10.0, 60.0
_AGREES = 0.97
_OLD_DIRECTORY_SECONDS = 4 * 3600.0
_MOST_COMPLAINTS, _MOST_WORK = 3, 3


def lines_of(
    view: View,
    *,
    every: float | None = None,
    zone: tzinfo | None = None,
    ascii_only: bool = False,
) -> list[Text]:
    """The picture. `every`: seconds until the next one, None for a single one.

    `zone` is the operator's time zone (None: that of this machine).
    """
    lines = [_head(view, every, zone), Text()]
    if view.stored is None:
        lines += _said("Redis", view.snapshot.no_stored or "", _ACT)
    else:
        if view.snapshot.no_stored is not None:
            lines += _said("Redis", view.snapshot.no_stored, _ACT)
            age = span(view.snapshot.at - view.stored_at)
            lines.append(_line("", f"What follows is {age} old.", _LOOK))
        lines += _stored(view.stored, ascii_only=ascii_only)
    if view.snapshot.address is not None:
        lines += [Text(), *_process(view)]
    for complaint in view.snapshot.complaints[-_MOST_COMPLAINTS:]:
        lines.append(_line("Log", clean_text(complaint), _LOOK))
    for line in lines:
        line.no_wrap, line.overflow = True, "ellipsis"
    return lines


def _head(view: View, every: float | None, zone: tzinfo | None) -> Text:
    now = datetime.fromtimestamp(view.snapshot.at, UTC).astimezone(zone)
    when = f"{now:%H:%M:%S}" if every is None else f"{now:%H:%M:%S}, every {every:g} s"
    return Text.assemble(("Presence Bridge", _NAME), (f"{when:>{WIDTH - 15}}", _FAINT))


# -- what Redis holds ------------------------------------------------------------------------------


def _stored(stored: Stored, *, ascii_only: bool) -> Iterator[Text]:
    shared = stored.shared
    yield _line("People", f"{shared.connected:,} connected")
    yield from _parked(shared)
    yield _quota(stored, ascii_only=ascii_only)
    yield Text()
    yield Text(f"{'Lane':<{_INDENT + 26}}{'planned':>12}{'overdue':>12}{'oldest':>12}", _NAME)
    for figures in shared.lanes:
        name, late = LANES[figures.lane], figures.oldest_seconds
        style = "" if late < _LATE_SECONDS else _LOOK if late < _TOO_LATE_SECONDS else _ACT
        if name == "fade" and style:
            style = _LOOK  # what can't be sent is left out on purpose
        oldest = span(late) if figures.overdue else "-"
        line = Text(f"{name:<{_INDENT}}{_LANE_WORDS[name]:<26}{figures.waiting:>12,}")
        yield line.append(f"{figures.overdue:>12,}{oldest:>12}", style)
    yield Text()
    yield from _directory(shared.directory)
    yield from _feed(shared.feed)
    yield from _readback(shared.readback)
    for work in stored.work[:_MOST_WORK]:
        in_vain = f", {work.in_vain:,} in vain" if work.in_vain else ""
        yield _line("Under way", f"{work.kind}: {work.done:,} of {work.total:,} people{in_vain}")
    if len(stored.work) > _MOST_WORK:
        yield _line("", f"and {len(stored.work) - _MOST_WORK} more")


def _parked(shared: Shared) -> Iterator[Text]:
    parked = known_reasons(shared.parked)
    reasons = [f"{reason} {people:,}" for reason, people in parked.items() if people]
    if not reasons:
        yield _line("Parked", "nobody", _GOOD)
    else:
        yield _line("Parked", f"{sum(parked.values()):,}: {', '.join(reasons)}", _LOOK)


def _quota(stored: Stored, *, ascii_only: bool) -> Text:
    used = stored.shared.used
    full, empty = ("#", "-") if ascii_only else ("█", "░")
    marks = min(_BAR, math.ceil(used * _BAR))
    line = _line("Quota", "")
    line.append(full * marks, _ACT if used > 0.9 else _LOOK if used > 0.7 else _GOOD)
    line.append(empty * (_BAR - marks), _FAINT)
    line.append(f" {used:.0%} of {LIMIT:,} requests in {WINDOW_MS // 1000} s")
    if stored.paused_seconds > 0:
        line.append(f", PAUSED {span(stored.paused_seconds)}", _ACT)
    return line


def _directory(health: DirectoryHealth) -> Iterator[Text]:
    if not health.configured and health.read_ms is None:
        yield _line("Directory", "not mirrored: the ZOOM_ names are not set", _FAINT)
        return
    age = health.age_seconds
    if age is None:
        yield _line("Directory", "not read yet", _LOOK)
    else:
        said = f"{health.users:,} users, {health.groups:,} groups, read {span(age)} ago"
        yield _line("Directory", said, _LOOK if age > _OLD_DIRECTORY_SECONDS else "")
    if health.reason is not None:
        why = f"the last try failed: {health.reason} {health.detail}".rstrip()
        yield from _said("", why, _ACT)


def _feed(feed: FeedHealth) -> Iterator[Text]:
    parts = [
        "nothing came yet" if feed.age_seconds is None else f"last {span(feed.age_seconds)} ago",
        "not validated yet"
        if feed.validation_age_seconds is None
        else f"validated {span(feed.validation_age_seconds)} ago",
    ]
    if feed.left:
        parts.append(f"{feed.left:,} people still to be asked about")
    if feed.silent:
        yield _line("Zoom's feed", f"SILENT, {', '.join(parts)}", _ACT)
    else:
        yield _line("Zoom's feed", ", ".join(parts))


def _readback(status: Status) -> Iterator[Text]:
    """Whether Microsoft is read back, and how many are shown as they should be."""
    why_not, age, found = status.why_not, status.look_age_seconds, status.agreement
    if why_not:
        last = "" if age is None else f"; last look {span(age)} ago"
        never = status.health().never_allowed
        yield _line("Read back", f"no: {why_not}{last}", _FAINT if never else _ACT)
        return
    look = "no look yet" if age is None else f"last look {span(age)} ago"
    if found is None:
        yield _line("Read back", look)
        return
    within = span(found.within_ms / 1000)
    yield _line(
        "Read back", f"{look}, {found.looked:,} of {found.people:,} people in the last {within}"
    )
    if found.share is None:
        yield _line("Agreement", f"not said below {FEWEST} people", _FAINT)
        return
    style = "" if found.share >= _AGREES else _LOOK
    yield _line("Agreement", f"{found.share:.1%} of {found.counted:,} people", style)
    yield from _said(
        "", ", ".join(f"{fit} {share:.1%}" for fit, share in found.shares.items() if share)
    )


# -- what a process did ----------------------------------------------------------------------------


def _process(view: View) -> Iterator[Text]:
    process, address = view.process, visible(view.snapshot.address or "")
    if process is None:
        yield Text(f"Process at {address}", _NAME)
        yield from _said("", view.snapshot.no_page or "", _LOOK)
        return
    ago = span(process.seconds)
    over = f"in the {ago} since it started" if process.since_start else f"in the last {ago}"
    yield Text.assemble((f"Process at {address}", _NAME), (f", {over}", _FAINT))
    yield _to_microsoft(process)
    yield from _rates("Events/s", process.events)
    yield from _rates("Graph/s", process.requests)
    if process.lookups:
        yield from _rates("Zoom asked/s", process.lookups)


def _to_microsoft(process: Process) -> Text:
    if process.median is None or process.p99 is None:
        line = _line("To Microsoft", "no event led to a write")
    else:
        late = process.p99 > _TOO_LATE_SECONDS
        said = f"p50 {span(process.median)}, p99 {span(process.p99)}"
        line = _line("To Microsoft", said, _ACT if late else "")
    if process.lag_p99 is not None:
        line.append(
            f"; loop lag p99 {span(process.lag_p99)}", _LOOK if process.lag_p99 > 0.1 else ""
        )
    if process.breaker_open:
        line.append("; Graph is SPARED", _ACT)
    return line


_BAD = frozenset({"not_saved", "forged", "stale", "throttled", "admin", "refused", "failed"})


def _rates(name: str, rates: Sequence[Rate]) -> Iterator[Text]:
    if not rates:
        yield _line(name, "none yet", _FAINT)
        return
    parts = [
        Text(f"{clean_text(rate.name, 40)} ").append(
            per_second(rate.per_second),
            _LOOK if rate.per_second > 0 and _BAD & {*rate.name.split()} else "",
        )
        for rate in rates
    ]
    line = _line(name, "")
    for part in parts:
        if len(line) > _INDENT:
            if len(line) + len(_BETWEEN) + len(part) > WIDTH:
                yield line
                line = _line("", "")
            else:
                line.append(_BETWEEN)
        line.append_text(part)
    yield line


def _said(name: str, sentence: str, style: str = "") -> Iterator[Text]:
    """Lines of a sentence that may be too long for one."""
    for part in wrap(clean_text(sentence), WIDTH - _INDENT):
        yield _line(name, part, style)
        name = ""


def _line(name: str, text: str, style: str = "") -> Text:
    return Text.assemble((f"{name:<{_INDENT}}", _NAME), (text, style))


def span(seconds: float) -> str:
    """A duration in its own unit: 12 ms, 1.5 s, 14 min, 3 h, 2 d."""
    if math.isnan(seconds):
        return "?"
    if math.isinf(seconds):
        return "very long"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    for size, word, enough in ((1, "s", 120), (60, "min", 120), (3600, "h", 48)):
        if seconds / size < enough:
            return f"{seconds / size:.0f} {word}"
    return f"{seconds / 86_400:.0f} d"


def per_second(rate: float) -> str:
    """A rate with as many digits as say something."""
    if math.isnan(rate):
        return "?"
    if rate == 0:
        return "0"
    if rate < 0.01:
        return "<0.01"
    return f"{rate:.2f}" if rate < 1 else f"{rate:.1f}" if rate < 100 else f"{rate:,.0f}"
