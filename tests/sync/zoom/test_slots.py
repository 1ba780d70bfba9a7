"""Many people are to be asked about at once: Zoom hears of them one after the other."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.truth.slots import SlotsTwin
from domain.presence import ZoomPresence
from sync.engine.asking import Asking
from sync.engine.reconcile import Reconciler
from sync.redis import keys
from sync.redis.scripts import Scripts
from sync.zoom.scripts import FORGOTTEN_AFTER
from sync.zoom.slots import Pace, ZoomSlots
from tests.doubles.engine import Zoom, running_bridge
from tests.doubles.graph import running_graph
from tests.doubles.people import person
from tests.doubles.redis import open_client
from tests.doubles.scripts import ScriptsOnAClock

if TYPE_CHECKING:
    from sync.redis.connection import Client
    from tests.doubles.redis import RedisServer


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slots(clock: Clock) -> SlotsTwin:
    return SlotsTwin(10, burst=3, monotonic=clock)


def test_a_few_need_not_wait(slots: SlotsTwin) -> None:
    assert [slots.wait(who) for who in "abc"] == [0, 0, 0]


def test_the_others_wait_once_and_in_order(slots: SlotsTwin, clock: Clock) -> None:
    names = [str(number) for number in range(100)]
    waits = {who: slots.wait(who) for who in names}
    assert list(waits.values()) == sorted(waits.values())
    assert waits["99"] == pytest.approx(9.7)
    began = clock.now
    for who in names[3:]:
        clock.now = began + waits[who] + 1e-6
        assert slots.wait(who) == 0


def test_never_more_than_so_many_a_second(slots: SlotsTwin, clock: Clock) -> None:
    waiting, asked = {str(number) for number in range(200)}, []
    while waiting:
        now = {who for who in waiting if slots.wait(who) == 0}
        asked += [clock.now] * len(now)
        waiting -= now
        clock.now += 0.05
    for at in asked:
        assert sum(at <= other < at + 1 for other in asked) <= 10 + 3
    assert clock.now - 1000 == pytest.approx(20, abs=1)


def test_whoever_is_early_keeps_their_slot(slots: SlotsTwin, clock: Clock) -> None:
    for who in "abcde":
        slots.wait(who)
    first = slots.wait("e")
    clock.now += first / 2
    assert slots.wait("e") == pytest.approx(first / 2)


def test_turns_that_nobody_takes_are_forgotten(slots: SlotsTwin, clock: Clock) -> None:
    for number in range(1000):
        slots.wait(str(number))
    clock.now += 100 + FORGOTTEN_AFTER
    assert slots.wait("somebody") == 0
    assert slots._slots == {}


def test_the_script_keeps_the_same_rules(redis_server: RedisServer) -> None:
    """Hypothesis plays people who come at any time, again or not, on both."""
    kept = int(FORGOTTEN_AFTER * 1000)
    steps = st.tuples(
        st.sampled_from("abcdefgh"), st.sampled_from([0, 0, 1, 50, 100, 730, 5000, kept])
    )
    with asyncio.Runner() as runner:
        client = open_client(redis_server)
        scripts = ScriptsOnAClock(client)
        theirs = ZoomSlots(scripts, 10, burst=3)

        async def wait(who: str, now: int) -> int:
            scripts.now = now
            return round(await theirs.wait(who) * 1000)

        @given(st.lists(steps, max_size=60))
        @settings(deadline=None)
        def both(taken: list[tuple[str, int]]) -> None:
            runner.run(client.delete(keys.ZOOM_NEXT, keys.ZOOM_SLOTS))
            clock = Clock()
            ours = SlotsTwin(10, burst=3, monotonic=clock)
            now = int(clock.now * 1000)
            for who, ahead in taken:
                now += ahead
                clock.now = now / 1000
                assert runner.run(wait(who, now)) == round(ours.wait(who) * 1000)

        try:
            both()
        finally:
            runner.run(client.delete(keys.ZOOM_NEXT, keys.ZOOM_SLOTS))
            runner.run(client.aclose())


async def test_all_processes_share_the_slots(redis: Client) -> None:
    one, other = (ZoomSlots(Scripts(redis), 10, burst=3) for _ in range(2))
    at_once = [await slots.wait(who) for slots, who in zip([one, other, one], "abc", strict=True)]
    assert at_once == [0, 0, 0]
    waits = [await slots.wait(who) for slots, who in zip([one, other, one], "def", strict=True)]
    assert waits == sorted(waits)
    assert waits[2] == pytest.approx(0.3, abs=0.1)
    assert await other.wait("f") <= waits[2], "whichever asks, a slot is kept"
    for key in (keys.ZOOM_NEXT, keys.ZOOM_SLOTS):
        assert 0 < await redis.pttl(key) < 120_000


async def test_a_clock_set_back_makes_nobody_wait_for_it(redis: Client) -> None:
    slots = ZoomSlots(Scripts(redis), 10, burst=3)
    hour = int(time.time() * 1000) + 3_600_000
    await redis.zadd(keys.ZOOM_SLOTS, {"a": hour})
    await redis.pexpire(keys.ZOOM_SLOTS, 60_000)
    assert await slots.wait("a") == 0


@pytest.mark.parametrize("damage", ["", "soon", "nan"])
async def test_what_is_no_time_is_none(redis: Client, damage: str) -> None:
    await redis.set(keys.ZOOM_NEXT, damage, ex=60)
    assert await ZoomSlots(Scripts(redis), 10, burst=3).wait("a") == 0


async def test_who_must_wait_is_planned_for_their_slot(redis: Client) -> None:
    oid, zoom = person(1), Zoom()
    zoom.presence[f"z{oid}"] = ZoomPresence.IN_MEETING

    async def slot_of(who: str) -> float:
        return 7.0 if who == oid else 0.0

    async with running_graph() as graph, running_bridge(redis, graph, zoom=zoom) as bridge:
        reconciler = Reconciler(
            store=bridge.store,
            quota=bridge.quota,
            graph=bridge.reconciler.graph,
            tokens=bridge.reconciler.tokens,
            asking=Asking(
                bridge.store, zoom, bridge.counts, zoom_slot=slot_of, prove=bridge.proving.hear
            ),
            people=bridge.chat,
            policy=bridge.decisions,
            meter=bridge.counts,
        )
        await bridge.connect(oid)
        [claim] = await bridge.due()
        await reconciler.reconcile(claim)
        assert zoom.asked == []
        assert await bridge.due_in(oid) == pytest.approx(7, abs=1)
        assert (await bridge.state(oid)).tries == 0
        # What Zoom says by itself meanwhile need not be asked.
        assert await bridge.say(oid, ZoomPresence.PRESENTING) == "accepted"
        [claim] = await bridge.due()
        await reconciler.reconcile(claim)
        assert bridge.shown(oid) == "DoNotDisturb/Presenting"
        assert zoom.asked == []


@given(
    per_second=st.sampled_from([0.4, 1.0, 2.5, 10.0]),
    rests=st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.05, 0.3, 1.0, 4.0]), max_size=60),
)
def test_no_second_has_more_than_the_pace_and_nobody_waits_without_need(
    per_second: float, rests: list[float]
) -> None:
    clock, begun = Clock(), list[float]()

    async def sleep(seconds: float) -> None:
        assert seconds > 0
        clock.now += seconds

    async def ask() -> None:
        pace = Pace(per_second, monotonic=clock, sleep=sleep)
        for rest in rests:
            clock.now += rest
            came = clock.now
            await pace.wait()
            begun.append(clock.now)
            due = begun[-many - 1] + seconds if len(begun) > many else 0.0
            if abs(came - due) > 1e-6:
                assert (clock.now > came) == (came < due)

    many = max(1, int(per_second))
    seconds = many / per_second
    asyncio.run(ask())
    for earlier, later in zip(begun, begun[many:], strict=False):
        assert later - earlier >= seconds - 1e-9
