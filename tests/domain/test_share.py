"""A share takes always the same people: raising it only adds, lowering it only removes."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy import ACCOUNT, Form
from domain.policy_edits import ChooseShare
from domain.share import EVERYBODY, in_share

pytestmark = pytest.mark.unit

people = st.uuids().map(str)
shares = st.integers(1, EVERYBODY)
CROWD = [
    str(uuid.UUID(int=number * 0x9E3779B97F4A7C15F39CC0605CEDC834 % 2**128))
    for number in range(20_000)
]


@given(people, shares, shares)
def test_raising_only_adds_and_lowering_only_removes(person: str, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert in_share(person, high) or not in_share(person, low)


@given(people, shares)
def test_everybody_is_in_the_whole_and_nobody_in_nothing(person: str, share: int) -> None:
    assert in_share(person, EVERYBODY)
    assert not in_share(person, 0)
    assert in_share(person.upper(), share) is in_share(person, share)


@pytest.mark.parametrize("share", [1, 5, 20, 50, 80, 99])
def test_it_takes_about_so_many(share: int) -> None:
    taken = sum(in_share(person, share) for person in CROWD)
    expected = len(CROWD) * share / EVERYBODY
    assert abs(taken - expected) < 5 * (expected * (1 - share / EVERYBODY)) ** 0.5


def test_who_is_taken_never_changes() -> None:
    """A release that reckons otherwise would stop and start other people than were told."""
    found = [next(s for s in range(1, 101) if in_share(person, s)) for person in CROWD[:5]]
    assert found == PLACES


PLACES = [8, 60, 55, 4, 58]


@pytest.mark.parametrize("share", [-1, 0, 101, 2**70])
def test_what_is_no_share_can_t_be_held(share: int) -> None:
    with pytest.raises(ValueError, match="1 to 100"):
        Form(integration=True, share=share)
    with pytest.raises(ValueError, match="1 to 100"):
        ChooseShare(ACCOUNT, share)
