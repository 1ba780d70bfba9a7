"""The one loop of all duties, and that none is forgotten."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from structlog.testing import capture_logs

from domain.errors import NotWired
from sync.redis import duties
from sync.redis.duties import DOUBT, DUTIES, GAUGES, ROSTER, Duty, Work, until, wired

if TYPE_CHECKING:
    from collections.abc import Iterable


class Life:
    """Steps that go as they are told to, and the pauses between them."""

    def __init__(self, duty: Duty, outcomes: Iterable[float | Exception | None]) -> None:
        self.outcomes = list(outcomes)
        self.pauses: list[float] = []
        self.ended = 0
        self.work = Work(duty, self.step, at_end=self.at_end)

    async def step(self) -> float | None:
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def at_end(self) -> None:
        self.ended += 1

    async def wait(self, _: asyncio.Event, seconds: float) -> None:
        self.pauses.append(seconds)
        if not self.outcomes:
            self.work.stop()

    async def run(self, chance: float = 0.0) -> list[str]:
        """Live to the end; what was logged."""
        with capture_logs() as logs:
            await self.work.run(wait=self.wait, chance=lambda: chance)
        return [f"{line['log_level']} {line['event']} {line['error']}" for line in logs]


AWAY = RedisConnectionError("gone")


async def test_a_pause_is_the_steps_or_the_dutys_which_chance_makes_shorter() -> None:
    life = Life(GAUGES, [0.0, 7.0, None])
    assert await life.run(chance=1.0) == []
    assert life.pauses == [0.0, 7.0, pytest.approx(15.0 * 0.9)]
    assert life.ended == 1


async def test_while_redis_is_away_it_is_said_once_and_tried_again() -> None:
    life = Life(GAUGES, [AWAY, AWAY, None, AWAY])
    assert await life.run() == ["warning gauges_wait ConnectionError"] * 2
    assert life.pauses == [15.0] * 4


async def test_some_say_it_each_time_and_some_leave_it_to_others() -> None:
    assert len(await Life(ROSTER, [AWAY, AWAY]).run()) == 2
    assert await Life(DOUBT, [AWAY, AWAY]).run() == []


async def test_a_bug_ends_it_loudly() -> None:
    life = Life(GAUGES, [ZeroDivisionError("a bug"), None])
    with pytest.raises(ZeroDivisionError):
        await life.run()
    assert life.ended == 1


async def test_whoever_wakes_it_or_stops_it_is_not_kept_waiting() -> None:
    steps = asyncio.Semaphore(0)

    async def step() -> float:
        steps.release()
        return 3600.0

    work = Work(GAUGES, step)
    task = asyncio.create_task(work.run())
    async with asyncio.timeout(5):
        await steps.acquire()
        work.wake()
        await steps.acquire()
        work.stop()
        await task


async def test_a_wish_during_a_step_is_not_forgotten() -> None:
    steps = 0

    async def step() -> float:
        nonlocal steps
        steps += 1
        (work.wake if steps == 1 else work.stop)()
        return 3600.0

    work = Work(GAUGES, step)
    async with asyncio.timeout(5):
        await work.run()
    assert steps == 2


async def test_a_cancellation_that_a_library_swallowed_ends_it() -> None:
    begun = asyncio.Event()

    async def step() -> float:
        begun.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return 0.0

    task = asyncio.create_task(Work(GAUGES, step).run())
    async with asyncio.timeout(5):
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_until_waits_no_longer_than_it_should() -> None:
    await until(asyncio.Event(), 0.0)


def work_of(duty: Duty) -> Work:
    return Life(duty, []).work


def test_a_duty_that_nobody_does_is_not_started() -> None:
    works = [work_of(duty) for duty in DUTIES]
    assert wired(works) == tuple(works)
    assert wired(works[1:], without=[DUTIES[0]]) == tuple(works[1:])
    with pytest.raises(NotWired, match=f"'{DUTIES[0].name}' is wired 0 times"):
        wired(works[1:])
    with pytest.raises(NotWired, match="wired 2 times"):
        wired([*works, work_of(GAUGES)])
    with pytest.raises(NotWired, match="'new' is not in DUTIES"):
        wired([*works, work_of(Duty("new", None, 1.0))])


def test_duties_are_told_apart() -> None:
    assert len({duty.name for duty in DUTIES}) == len(DUTIES)
    said = []
    for duty in DUTIES:
        with capture_logs() as logs:
            if duty.waits is not None:
                duty.waits("ConnectionError")
        said += [line["event"] for line in logs]
    assert len(said) == len(set(said))


def test_every_declared_duty_is_in_the_table() -> None:
    assert {v for v in vars(duties).values() if isinstance(v, Duty)} == set(DUTIES)
