"""What the bench draws of simulated days. No unit test: matplotlib reads the machine's fonts."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from bench.truth.results import Results
from tests.bench.test_truth_figure import days

if TYPE_CHECKING:
    from pathlib import Path

    from bench.truth.results import Result

__all__ = ["days"]  # the fixture


def test_pictures_can_be_read_on_any_page(days: list[Result], tmp_path: Path) -> None:
    plots = importlib.import_module("bench.truth.plots")  # matplotlib takes a second
    plots.draw(Results.of(days), tmp_path)
    for name in ("truth-hours", "truth-schedulers", "truth-silence"):
        text = (tmp_path / f"{name}.svg").read_text()
        assert "12,000 people" in text
        assert "fill: #808080" in text
        assert 1_000 < len(text) < 60_000
