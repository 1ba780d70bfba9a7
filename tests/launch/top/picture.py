"""A busy morning as `top` shows it, and the picture of it in the documentation.

.venv/bin/python -m tests.launch.top.picture
"""

from __future__ import annotations

import io
from datetime import UTC
from pathlib import Path

from rich.console import Console

from domain.directory import DirectoryHealth
from domain.feed import FeedHealth
from domain.step import Lane
from launch.gauges import Shared
from launch.top.figures import Process, Progress, Rate, Snapshot, Stored, View
from launch.top.lines import WIDTH, lines_of
from sync.engine.queue import LaneFigures
from sync.readback.status import Status

PICTURE = Path(__file__).parents[3] / "docs/pictures/top.svg"
AT = 1_780_304_403.0
AT_MS = int(AT * 1000)


MORNING = View(
    snapshot=Snapshot(AT, address="http://127.0.0.1:3978/metrics"),
    stored=Stored(
        Shared(
            lanes=[
                LaneFigures(Lane.URGENT, 61, 3, 0.6),
                LaneFigures(Lane.CHANGE, 210, 0, 0),
                LaneFigures(Lane.HOLD, 3_482, 17, 2.4),
                LaneFigures(Lane.FADE, 7_911, 640, 47),
            ],
            connected=11_964,
            parked={"authorize": 9, "gone": 1, "failing": 2},
            used=0.83,
            directory=DirectoryHealth(
                configured=True,
                now_ms=40 * 60_000,
                read_ms=28 * 60_000,
                users=12_310,
                groups=48,
            ),
            feed=FeedHealth(AT_MS, last_ms=AT_MS - 400, validated_ms=AT_MS - 47 * 3_600_000),
            readback=Status(
                AT_MS,
                beat_ms=AT_MS,
                look_ms=AT_MS - 900,
                permitted=1,
                up_ms=1,
                counted_ms=AT_MS,
                within_ms=60_000,
                people=11_964,
                looked=9_310,
                fits="right:8480,label:512,own:96,missing_available:151,missing_busy:9,false_busy:4",
            ),
        ),
        work=[
            Progress("change of settings", 812, 1_204, 2),
            Progress("invitations", 145, 300),
        ],
    ),
    stored_at=AT,
    process=Process(
        seconds=2.0,
        since_start=False,
        events=[Rate("accepted", 88.5), Rate("repeat", 0.5), Rate("not_connected", 12)],
        requests=[
            Rate("set ok", 31.5),
            Rate("clear ok", 6.5),
            Rate("look ok", 3),
            Rate("look retry", 0.5),
            Rate("set throttled", 0),
        ],
        lookups=[Rate("answered", 1.5)],
        median=0.014,
        p99=0.71,
        lag_p99=0.006,
        breaker_open=False,
    ),
)


def draw() -> str:
    """The picture as SVG; it needs nothing from elsewhere."""
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    for line in lines_of(MORNING, every=2, zone=UTC):
        console.print(line)
    template = (
        '<svg class="rich-terminal" viewBox="0 0 {width} {height}" '
        'xmlns="http://www.w3.org/2000/svg">\n'
        "<style>.{unique_id}-matrix {{ font-family: monospace; font-size: {char_height}px; "
        "line-height: {line_height}px; }}\n"
        ".{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}\n"
        "{styles}</style>\n"
        "<defs>{lines}</defs>\n{chrome}\n"
        '<g transform="translate({terminal_x}, {terminal_y})">\n{backgrounds}\n'
        '<g class="{unique_id}-matrix">\n{matrix}\n</g></g></svg>\n'
    )
    return console.export_svg(title="python app.py top", code_format=template, unique_id="top")


if __name__ == "__main__":
    PICTURE.write_text(draw())
