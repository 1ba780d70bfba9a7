"""What `top` prints, in words, within 80 columns."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest
from rich.console import Console

from domain.directory import DirectoryHealth
from domain.feed import FeedHealth
from domain.step import Lane
from launch.top.figures import Progress, Rate, Snapshot, View
from launch.top.lines import WIDTH, lines_of, per_second, span
from sync.engine.queue import LaneFigures
from tests.launch.top.picture import AT, AT_MS, MORNING, PICTURE, draw


def printed(view: View, **options: Any) -> list[str]:
    """The lines as a terminal of 80 columns shows them."""
    console = Console(width=WIDTH, file=io.StringIO())
    with console.capture() as capture:
        for line in lines_of(view, zone=UTC, **options):
            console.print(line)
    return [line.rstrip() for line in capture.get().splitlines()]


def styles(view: View, words: str) -> set[str]:
    """The styles in which these words are shown."""
    for line in lines_of(view, zone=UTC):
        at = line.plain.find(words)
        if at >= 0:
            return {str(part.style) for part in line.spans if part.start <= at < part.end}
    raise LookupError(words)


def with_shared(**changes: Any) -> View:
    """The morning, with other figures of what is shared."""
    stored = MORNING.stored
    assert stored is not None
    return replace(MORNING, stored=replace(stored, shared=replace(stored.shared, **changes)))


def test_a_busy_morning() -> None:
    assert printed(MORNING, every=2) == [
        "Presence Bridge                                              09:00:03, every 2 s",
        "",
        "People        11,964 connected",
        "Parked        12: authorize 9, gone 1, failing 2",
        "Quota         █████████████████░░░ 83% of 1,500 requests in 30 s",
        "",
        "Lane                                         planned     overdue      oldest",
        "turn          into and out of calls               61           3      600 ms",
        "change        other changes                      210           0           -",
        "hold          keep-alives of calls             3,482          17       2.4 s",
        "fade          keep-alives of Available         7,911         640        47 s",
        "",
        "Directory     12,310 users, 48 groups, read 12 min ago",
        "Zoom's feed   last 400 ms ago, validated 47 h ago",
        "Read back     last look 900 ms ago, 9,310 of 11,964 people in the last 60 s",
        "Agreement     98.2% of 9,252 people",
        "              right 91.7%, label 5.5%, own 1.0%, missing_available 1.6%,",
        "              missing_busy 0.1%, false_busy 0.0%",
        "Under way     change of settings: 812 of 1,204 people, 2 in vain",
        "Under way     invitations: 145 of 300 people",
        "",
        "Process at http://127.0.0.1:3978/metrics, in the last 2.0 s",
        "To Microsoft  p50 14 ms, p99 710 ms; loop lag p99 6 ms",
        "Events/s      accepted 88.5   repeat 0.50   not_connected 12.0",
        "Graph/s       set ok 31.5   clear ok 6.5   look ok 3.0   look retry 0.50",
        "              set throttled 0",
        "Zoom asked/s  answered 1.5",
    ]


def test_the_picture_of_the_documentation_is_this_morning() -> None:
    assert PICTURE.read_text() == draw(), "make it anew: python -m tests.launch.top.picture"


def test_a_single_picture_does_not_say_when_the_next_one_comes() -> None:
    assert printed(MORNING)[0].endswith("  09:00:03")


def test_a_terminal_without_blocks_gets_plain_letters() -> None:
    text = "\n".join(printed(MORNING, ascii_only=True))
    assert text.isascii()
    assert "#################--- 83% of" in text


def test_without_redis_it_says_so_and_shows_the_process() -> None:
    why = "no Presence Bridge runs on /srv/data; for another one set DATA_DIR or REDIS_URL"
    away = replace(MORNING, snapshot=replace(MORNING.snapshot, no_stored=why), stored=None)
    lines = printed(away)
    assert lines[2:4] == [
        "Redis         no Presence Bridge runs on /srv/data; for another one set DATA_DIR",
        "              or REDIS_URL",
    ]
    assert "Events/s      accepted 88.5   repeat 0.50   not_connected 12.0" in lines
    assert "bold red" in styles(away, "no Presence Bridge")


def test_old_figures_are_called_old() -> None:
    snapshot = replace(MORNING.snapshot, at=AT + 14, no_stored="doesn't answer (ConnectionError)")
    lines = printed(replace(MORNING, snapshot=snapshot))
    assert lines[2:5] == [
        "Redis         doesn't answer (ConnectionError)",
        "              What follows is 14 s old.",
        "People        11,964 connected",
    ]


def test_a_process_that_does_not_answer_is_named() -> None:
    snapshot = Snapshot(AT, address="http://worker-1:9090/metrics", no_page="answers with HTTP 500")
    lines = printed(View(snapshot, MORNING.stored, AT))
    assert lines[-2:] == [
        "Process at http://worker-1:9090/metrics",
        "              answers with HTTP 500",
    ]
    nobody = printed(View(Snapshot(AT), MORNING.stored, AT))
    assert not any("Process" in line for line in nobody)


def test_a_pause_of_the_tenant_and_a_full_quota_stand_out() -> None:
    full = with_shared(used=1.0)
    assert full.stored is not None
    paused = replace(full, stored=replace(full.stored, paused_seconds=600))
    assert any(
        line.endswith("100% of 1,500 requests in 30 s, PAUSED 10 min") for line in printed(paused)
    )
    assert "bold red" in styles(paused, "PAUSED")
    assert "bold red" in styles(full, "█")
    assert "green" in styles(with_shared(used=0.01), "█")


@pytest.mark.parametrize(
    ("lane", "seconds", "style"),
    [
        (Lane.URGENT, 2.0, ""),
        (Lane.URGENT, 12.0, "yellow"),
        (Lane.URGENT, 90.0, "bold red"),
        (Lane.FADE, 90.0, "yellow"),  # left out on purpose
    ],
)
def test_who_waits_for_long_stands_out(lane: Lane, seconds: float, style: str) -> None:
    view = with_shared(lanes=[LaneFigures(lane, 9, 4, seconds)])
    assert styles(view, span(seconds)) == ({style} if style else set())


@pytest.mark.parametrize(
    ("health", "lines"),
    [
        (DirectoryHealth(False, 0), ["not mirrored: the ZOOM_ names are not set"]),
        (DirectoryHealth(True, 0), ["not read yet"]),
        (
            DirectoryHealth(True, 6 * 3_600_000, 0, 5, 1, reason="zoom_rights", detail="4711"),
            ["5 users, 1 groups, read 6 h ago", "the last try failed: zoom_rights 4711"],
        ),
    ],
)
def test_the_directory_says_what_is_wrong(health: DirectoryHealth, lines: list[str]) -> None:
    shown = printed(with_shared(directory=health))
    at = shown.index(f"Directory     {lines[0]}")
    assert [line[14:] for line in shown[at : at + len(lines)]] == lines


def test_the_feed_says_what_is_wrong() -> None:
    silent = with_shared(feed=FeedHealth(3_600_000, last_ms=0, silent_since_ms=0, left=812))
    assert (
        "Zoom's feed   SILENT, last 60 min ago, not validated yet,"
        " 812 people still to be asked about"
    )[:WIDTH] in [line[:WIDTH] for line in printed(silent)]
    assert "bold red" in styles(silent, "SILENT")
    fresh = with_shared(feed=FeedHealth(AT_MS, validated_ms=AT_MS - 47 * 3_600_000))
    assert "Zoom's feed   nothing came yet, validated 47 h ago" in printed(fresh)


def test_much_work_is_cut_short_and_nobody_parked_is_good() -> None:
    assert MORNING.stored is not None
    work = [Progress("invitations", n, 10) for n in range(5)]
    busy = replace(MORNING, stored=replace(MORNING.stored, work=work))
    lines = printed(busy)
    assert sum("Under way" in line for line in lines) == 3
    assert "              and 2 more" in lines
    assert "Parked        nobody" in printed(with_shared(parked={"gone": 0}))


def test_trouble_of_a_process_stands_out() -> None:
    process = MORNING.process
    assert process is not None
    bad = replace(process, median=2.0, p99=math.inf, lag_p99=0.4, breaker_open=True)
    bad = replace(bad, requests=[Rate("set throttled", 0.4), Rate("set ok", 2)])
    view = replace(MORNING, process=bad)
    said = "To Microsoft  p50 2.0 s, p99 very long; loop lag p99 400 ms; Graph is SPARED"
    assert said in printed(view)
    assert "bold red" in styles(view, "SPARED")
    assert "yellow" in styles(view, "0.40")
    quiet = replace(process, median=None, p99=None, lag_p99=None, events=[], lookups=[])
    lines = printed(replace(MORNING, process=quiet))
    assert "To Microsoft  no event led to a write" in lines
    assert "Events/s      none yet" in lines
    assert not any("Zoom asked" in line for line in lines)


def test_nothing_from_outside_moves_the_cursor() -> None:
    process = MORNING.process
    assert process is not None
    evil = "\x1b[2J\x1b[31mowned"
    view = with_shared(directory=DirectoryHealth(True, 0, 0, reason="zoom", detail=evil))
    snapshot = replace(MORNING.snapshot, complaints=[evil])
    view = replace(view, snapshot=snapshot, process=replace(process, events=[Rate(evil, 1)]))
    text = "\n".join(printed(view))
    assert text.count("owned") == 3
    assert "\x1b" not in text


def test_no_line_is_wider_than_the_terminal() -> None:
    process = MORNING.process
    assert process is not None
    rates = [Rate(f"outcome_number_{n}", 10.0**n) for n in range(12)]
    view = replace(MORNING, process=replace(process, events=rates, requests=rates))
    lines = printed(replace(view, snapshot=replace(MORNING.snapshot, complaints=["x" * 200])))
    assert max(map(len, lines)) <= WIDTH
    for rate in rates:
        assert any(f"{rate.name} {per_second(rate.per_second)}" in line for line in lines)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 ms"),
        (0.0123, "12 ms"),
        (0.9999, "1.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "120 min"),
        (7200, "2 h"),
        (172_800, "2 d"),
        (math.inf, "very long"),
        (math.nan, "?"),
    ],
)
def test_durations_have_a_unit_of_their_size(seconds: float, text: str) -> None:
    assert span(seconds) == text


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (0, "0"),
        (0.001, "<0.01"),
        (0.5, "0.50"),
        (12.34, "12.3"),
        (12_345.6, "12,346"),
        (math.nan, "?"),
    ],
)
def test_rates_have_the_digits_that_say_something(rate: float, text: str) -> None:
    assert per_second(rate) == text
