"""How long Zoom is believed, by how many people there are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import HOUR, MINUTE
from domain.freshness import UNHURRIED, fresh_for_ms, freshness
from domain.presence import ZoomPresence

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("people", "per_second", "interrupting", "other"),
    [
        (0, 10, 3, 10),
        (1_000, 10, 3, 10),
        (12_000, 10, 8, 20),
        (50_000, 10, 15, 60),
        (50_000, 20, 15, 2_500 / 60),
    ],
)
def test_the_more_people_the_longer(
    people: int, per_second: float, interrupting: float, other: float
) -> None:
    assert freshness(people, per_second) == (interrupting * MINUTE, int(other * MINUTE))


def test_where_zoom_cannot_be_asked_nothing_is_hurried() -> None:
    assert freshness(10, 0) == UNHURRIED


@given(st.sampled_from(ZoomPresence), st.integers(0, 500_000), st.floats(0.1, 80))
def test_never_longer_than_unhurried_and_never_all_the_time(
    zoom: ZoomPresence, people: int, per_second: float
) -> None:
    fresh = fresh_for_ms(zoom, freshness(people, per_second))
    assert 3 * MINUTE <= fresh <= fresh_for_ms(zoom) <= HOUR
