"""Many people are to be asked about at once: Zoom hears of them one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sync.attend import Attendant
from sync.presence import ZoomPresence
from sync.zoom.turns import FORGOTTEN_AFTER, ZoomTurns
from tests.doubles.engine import Zoom, running_bridge
from tests.doubles.graph import running_graph
from tests.doubles.people import person

if TYPE_CHECKING:
    from sync.store.connection import Client


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def turns(clock: Clock) -> ZoomTurns:
    return ZoomTurns(10, burst=3, monotonic=clock)


def test_a_few_need_not_wait(turns: ZoomTurns) -> None:
    assert [turns.wait(who) for who in "abc"] == [0, 0, 0]


def test_the_others_wait_once_and_in_order(turns: ZoomTurns, clock: Clock) -> None:
    names = [str(number) for number in range(100)]
    waits = {who: turns.wait(who) for who in names}
    assert list(waits.values()) == sorted(waits.values())
    assert waits["99"] == pytest.approx(9.7)
    began = clock.now
    for who in names[3:]:
        clock.now = began + waits[who] + 1e-6
        assert turns.wait(who) == 0


def test_never_more_than_so_many_a_second(turns: ZoomTurns, clock: Clock) -> None:
    waiting, asked = {str(number) for number in range(200)}, []
    while waiting:
        now = {who for who in waiting if turns.wait(who) == 0}
        asked += [clock.now] * len(now)
        waiting -= now
        clock.now += 0.05
    for at in asked:
        assert sum(at <= other < at + 1 for other in asked) <= 10 + 3
    assert clock.now - 1000 == pytest.approx(20, abs=1)


def test_whoever_is_early_keeps_their_turn(turns: ZoomTurns, clock: Clock) -> None:
    for who in "abcde":
        turns.wait(who)
    first = turns.wait("e")
    clock.now += first / 2
    assert turns.wait("e") == pytest.approx(first / 2)


def test_turns_that_nobody_takes_are_forgotten(turns: ZoomTurns, clock: Clock) -> None:
    for number in range(1000):
        turns.wait(str(number))
    clock.now += 100 + FORGOTTEN_AFTER
    assert turns.wait("somebody") == 0
    assert turns._turns == {}


async def test_who_must_wait_is_planned_for_their_turn(redis: Client) -> None:
    oid, zoom = person(1), Zoom()
    zoom.presence[f"z{oid}"] = ZoomPresence.IN_MEETING
    async with running_graph() as graph, running_bridge(redis, graph, zoom=zoom) as bridge:
        attendant = Attendant(
            store=bridge.store,
            quota=bridge.quota,
            graph=bridge.attendant._graph,
            tokens=bridge.tokens,
            zoom=zoom,
            people=bridge.chat,
            policy=bridge.decisions,
            meter=bridge.counts,
            zoom_turn=lambda who: 7.0 if who == oid else 0.0,
        )
        await bridge.connect(oid)
        [claim] = await bridge.due()
        await attendant.attend(claim)
        assert zoom.asked == []
        assert await bridge.due_in(oid) == pytest.approx(7, abs=1)
        assert (await bridge.state(oid)).tries == 0
        # What Zoom says by itself meanwhile need not be asked.
        assert await bridge.say(oid, ZoomPresence.PRESENTING) == "accepted"
        [claim] = await bridge.due()
        await attendant.attend(claim)
        assert bridge.shown(oid) == "DoNotDisturb/Presenting"
        assert zoom.asked == []
