"""What admins read of reading back: whether it works, and how many are shown as they should be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.agreement import FEWEST, Agreement, Fit, ReadbackHealth
from wording.readback import NOBODY, TOO_FEW, fit_words, percent, readback_view

pytestmark = pytest.mark.unit

FOUND = Agreement(60_000, 1_000, 812, {Fit.RIGHT: 780, Fit.LABEL: 12, Fit.MISSING_BUSY: 8})
WELL = ReadbackHealth("", look_age_seconds=1.9, agreement=FOUND)


def test_every_kind_has_words() -> None:
    assert len({fit_words(fit) for fit in Fit}) == len(Fit)


def test_how_many_are_shown_right() -> None:
    view = readback_view(WELL)
    assert view.right == "99% of 800 people (1.5% with another label)."
    assert view.others == "1% not Busy when they should be."
    assert view.small == (
        "Looked at in the last minute: 812 of 1,000 people connected (18.8% weren’t). "
        "Microsoft last answered 1 second ago."
    )
    assert (view.sentence, view.lost) == ("", False)
    all_right = readback_view(replace(WELL, agreement=replace(FOUND, counts={Fit.RIGHT: 20})))
    assert (all_right.right, all_right.others) == ("100% of 20 people.", "")
    slow = readback_view(replace(WELL, agreement=replace(FOUND, within_ms=614_000)))
    assert slow.small.startswith("Looked at in the last 614 seconds: 812 of")


@pytest.mark.parametrize(
    ("health", "said", "lost"),
    [
        (ReadbackHealth("never_read", never_allowed=True), "say settings organisation.", False),
        (
            ReadbackHealth("never_read", never_allowed=True, switched_off=True),
            "because READBACK_PER_SECOND is 0",
            False,
        ),
        (
            ReadbackHealth("graph_403", look_age_seconds=300, agreement=FOUND),
            "right now: Microsoft no longer lets me. So I can’t say how many people are shown "
            "right. Microsoft last answered 5 minutes ago.",
            True,
        ),
        (ReadbackHealth("no_reader"), "processes is looking. So I can’t say how many", True),
        (ReadbackHealth("graph_answer"), "no usable answer (graph_answer). So I can’t say", True),
        (ReadbackHealth(""), "I’ve just begun", False),
        (replace(WELL, agreement=replace(FOUND, looked=0, counts={})), NOBODY, False),
        (replace(WELL, agreement=replace(FOUND, counts={Fit.RIGHT: FEWEST - 1})), TOO_FEW, False),
    ],
)
def test_no_figure_is_shown_where_there_is_none(
    health: ReadbackHealth, said: str, lost: bool
) -> None:
    view = readback_view(health)
    assert said in view.sentence
    assert (view.right, view.others, view.lost) == ("", "", lost)
    assert "%" not in view.sentence


@given(st.floats(0, 1))
def test_only_everybody_is_all(share: float) -> None:
    said = percent(share)
    assert (said == "0%") == (share == 0)
    if share < 0.999:
        assert said != "100%"
