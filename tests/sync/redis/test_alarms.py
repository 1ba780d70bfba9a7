"""Many time limits of one length, under one timer."""

import asyncio

import pytest

from sync.redis.alarms import Alarms, TimeLimit

SOON, LONG = 0.02, 60.0


class Bell:
    def __init__(self) -> None:
        self.rung = asyncio.Event()

    def ring(self) -> None:
        self.rung.set()


def timers() -> int:
    """How many timers the running loop has."""
    return len(asyncio.get_running_loop()._scheduled)  # type: ignore[attr-defined]


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_an_alarm_rings_once_and_a_cleared_one_does_not() -> None:
    alarms, bells = Alarms(SOON), [Bell() for _ in range(3)]
    for bell in bells:
        alarms.set(bell)
    alarms.clear(bells[1])
    async with asyncio.timeout(10):
        await bells[0].rung.wait()
        await bells[2].rung.wait()
    assert not bells[1].rung.is_set()
    bells[0].rung.clear()
    alarms.clear(bells[0])
    again = Bell()
    alarms.set(again)
    async with asyncio.timeout(10):
        await again.rung.wait()
    assert not bells[0].rung.is_set()


async def test_one_timer_serves_all() -> None:
    alarms, before = Alarms(LONG), timers()
    for _ in range(100):
        alarms.set(Bell())
    assert timers() == before + 1


async def test_what_takes_too_long_is_broken_off_and_the_rest_goes_on() -> None:
    alarms, slow, quick = Alarms(SOON), Alarms(LONG), asyncio.Event()

    async def one(limit: Alarms) -> str:
        try:
            with TimeLimit(limit):
                await quick.wait()
        except TimeoutError:
            task = asyncio.current_task()
            assert task is not None
            assert task.cancelling() == 0, "it was no cancellation"
            await asyncio.sleep(0)  # and nothing is left of it
            return "late"
        return "in time"

    late = [asyncio.create_task(one(alarms)) for _ in range(3)]
    patient = asyncio.create_task(one(slow))
    assert await asyncio.gather(*late) == ["late"] * 3
    quick.set()
    assert await patient == "in time"


async def test_a_cancellation_from_elsewhere_stays_one() -> None:
    async def one() -> None:
        with TimeLimit(Alarms(LONG)):
            await for_ever()

    task = asyncio.create_task(one())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_that_comes_with_the_alarm_stays_one() -> None:
    both: list[TimeLimit] = []

    async def one() -> None:
        both.append(limit := TimeLimit(Alarms(LONG)))
        with limit:
            await for_ever()

    task = asyncio.create_task(one())
    await asyncio.sleep(0)
    task.cancel()
    both[0].ring()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_inner_of_two_limits_ends_only_its_own_block() -> None:
    with TimeLimit(Alarms(LONG)):
        with pytest.raises(TimeoutError), TimeLimit(Alarms(SOON)):
            await for_ever()
        await asyncio.sleep(0)


async def test_an_error_of_the_block_is_passed_on() -> None:
    with pytest.raises(ValueError, match="own"), TimeLimit(Alarms(LONG)):
        raise ValueError("own")
