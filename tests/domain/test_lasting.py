"""How long Zoom's states usually last, over everybody, and what follows for asking Zoom."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import HOUR, MINUTE
from domain.freshness import UNHURRIED, fresh_for_ms, fresh_until_ms, freshness
from domain.lasting import BUCKETS, EDGES_MS, FEWEST, FEWEST_PEOPLE, bucket_of, usual_ms
from domain.presence import Observation, ZoomPresence, may_interrupt

pytestmark = pytest.mark.unit

Z = ZoomPresence
NOW = 1_790_000_400_000
MEETINGS = [0] * 6 + [20, 100, 20, 40, 20, 0, 0, 0]


def test_what_is_usual_is_what_four_in_five_end_within() -> None:
    assert usual_ms({Z.IN_MEETING: MEETINGS}, 1_000) == {Z.IN_MEETING: HOUR}


def test_nothing_is_usual_of_a_few() -> None:
    assert usual_ms({Z.IN_MEETING: MEETINGS}, FEWEST_PEOPLE - 1) == {}
    few = [FEWEST - 1] + [0] * (BUCKETS - 1)
    assert usual_ms({Z.IN_MEETING: few}, 1_000) == {}
    endless = [0] * (BUCKETS - 1) + [FEWEST]
    assert usual_ms({Z.AVAILABLE: endless}, 1_000) == {}


@given(st.integers(0, 10**12))
def test_every_length_has_its_bucket(ms: int) -> None:
    place = bucket_of(ms)
    assert place == 0 or ms > EDGES_MS[place - 1]
    assert place == BUCKETS - 1 or ms <= EDGES_MS[place]


@given(
    zoom=st.sampled_from(ZoomPresence),
    people=st.integers(0, 300_000),
    pace=st.floats(1, 50),
    usual=st.dictionaries(st.sampled_from(ZoomPresence), st.sampled_from(EDGES_MS)),
    since=st.none() | st.integers(-12 * HOUR, 0),
)
def test_what_is_older_than_usual_is_asked_about_sooner_and_not_much(
    zoom: ZoomPresence,
    people: int,
    pace: float,
    usual: dict[ZoomPresence, int],
    since: int | None,
) -> None:
    fresh = freshness(people, pace, usual)
    said, since_ms = Observation(zoom, NOW), None if since is None else NOW + since
    believed = fresh_for_ms(zoom, fresh)
    until = fresh_until_ms(said, since_ms, fresh) - NOW
    assert believed // 2 <= until <= believed
    assert until >= 3 * MINUTE
    sooner = until < believed
    if sooner:
        assert since is not None
        assert may_interrupt(zoom)
        assert until >= since + usual[zoom], "while it is usual it is believed"
    if since is not None and zoom in usual and may_interrupt(zoom) and -since > usual[zoom]:
        assert until == max(believed // 2, 3 * MINUTE)
    assert fresh_until_ms(said, since_ms, UNHURRIED) == NOW + fresh_for_ms(zoom)
