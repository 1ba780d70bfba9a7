"""How often somebody unknown is told so."""

from __future__ import annotations

import pytest

from bot.teams.strangers import MOST_LINES, WITHIN_S, Strangers

pytestmark = pytest.mark.unit


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_echo_is_left_alone_after_a_few_lines_and_answered_again_later() -> None:
    clock = Clock()
    strangers = Strangers(clock)
    for thread in range(MOST_LINES):
        assert strangers.may_be_told(f"19:x@thread.tacv2;messageid={thread}")
    assert not strangers.may_be_told("19:x@thread.tacv2;messageid=9")
    assert strangers.may_be_told("a:somebody else")
    clock.now += WITHIN_S - 1
    assert not strangers.may_be_told("19:x@thread.tacv2")
    clock.now += 2
    assert strangers.may_be_told("19:x@thread.tacv2")


def test_an_echo_can_not_keep_itself_out_of_silence() -> None:
    clock = Clock()
    strangers = Strangers(clock)
    said = 0
    for _ in range(600):
        said += strangers.may_be_told("a:1")
        clock.now += 6
    assert said <= MOST_LINES * (600 * 6 / WITHIN_S + 1)
