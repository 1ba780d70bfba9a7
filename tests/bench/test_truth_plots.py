"""What the bench draws of simulated days. No unit test: matplotlib reads the machine's fonts."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from bench.truth.compared import ASKING, LOOP, US
from bench.truth.results import Results
from tests.bench.test_truth_figure import days

if TYPE_CHECKING:
    from pathlib import Path

    from bench.truth.results import Result

__all__ = ["days"]  # the fixture


def test_pictures_can_be_read_on_any_page(days: list[Result], tmp_path: Path) -> None:
    plots = importlib.import_module("bench.truth.plots")  # matplotlib takes a second
    looped = [day | {"scheduler": LOOP.name} for day in days if day["scheduler"] == US.name]
    asked = [days[1] | {"scheduler": scheduler.name} for scheduler in ASKING]
    plots.draw(Results.of(days + looped + asked), tmp_path)
    assert len(list(tmp_path.iterdir())) == 7
    for path in tmp_path.iterdir():
        text = path.read_text()
        assert "12,000 people" in text
        assert "fill: #808080" in text
        assert 1_000 < len(text) < 60_000


def test_what_was_not_simulated_is_not_drawn(days: list[Result], tmp_path: Path) -> None:
    plots = importlib.import_module("bench.truth.plots")
    plots.draw(Results.of(days), tmp_path)
    drawn = {path.name for path in tmp_path.iterdir()}
    assert drawn == {"truth-hours.svg", "truth-schedulers.svg", "truth-silence.svg"}
