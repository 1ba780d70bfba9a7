"""When Microsoft is not read back any more, everybody is planned without it: once, and soon."""

from __future__ import annotations

import asyncio

import pytest
import structlog.testing

from sync.readback.losses import BATCH, FRESH_SECONDS
from sync.readback.status import LATE_MS, SILENT_MS
from sync.redis import keys
from sync.redis.connection import server_ms
from tests.doubles.redis import eventually
from tests.sync.readback.conftest import ADA, Bench, oid


async def going(bench: Bench, *people: str) -> None:
    """Everybody was looked at, and it is relied on."""
    await bench.watch(*people)
    reader = bench.reader()
    for _ in range(2 + len(people) // 650):
        await reader.step()
    assert (await bench.status()).reading is not None


async def test_while_it_goes_nobody_is_planned(bench: Bench) -> None:
    await going(bench, ADA)
    await bench.losses().step()
    assert await bench.demanded(ADA) == 1
    assert (await bench.status()).lost_ms == 0


@pytest.mark.parametrize("end", ["silent", "late", "not permitted"])
async def test_everybody_is_planned_once_whoever_notices(bench: Bench, end: str) -> None:
    people = [oid(number) for number in range(2 * BATCH + 7)]
    await going(bench, *people)
    if end == "silent":
        await bench.pass_time(SILENT_MS)
    else:
        row = {"late": LATE_MS} if end == "late" else {"permitted": 0, "error": "graph_403"}
        await bench.redis.hset(keys.READBACK, mapping=row)
    several = [bench.losses() for _ in range(3)]
    assert await several[0].reading() is None
    with structlog.testing.capture_logs() as logs:
        await asyncio.gather(*(each.step() for each in several))
        for each in several:
            await each.step()
    assert {await bench.demanded(person) for person in people} == {2}
    lost = [line for line in logs if line["event"] == "readback_lost"]
    assert [line["log_level"] for line in lost] == ["error"]
    assert [line["people"] for line in logs if line["event"] == "readback_loss_passed"] == [407]
    status = await bench.status()
    assert status.passed_ms == status.lost_ms > 0
    assert await bench.redis.ttl(keys.READBACK) > 0


async def test_one_that_dies_in_the_middle_is_followed(bench: Bench) -> None:
    people = [oid(number) for number in range(2 * BATCH)]
    await going(bench, *people)
    await bench.pass_time(SILENT_MS)
    first = bench.losses()

    pauses: list[float] = []

    async def killed(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) > 1:  # the first is before anybody is planned
            raise asyncio.CancelledError

    first.sleep = killed
    with pytest.raises(asyncio.CancelledError):
        await first.step()
    second = bench.losses()
    await second.step()  # the first still has the lease
    assert (await bench.status()).passed_ms == 0
    await bench.redis.delete(keys.READBACK_LOSS_LEASE)
    await second.step()
    assert all([await bench.demanded(person) >= 2 for person in people])
    assert (await bench.status()).passed_ms


async def test_nobody_is_planned_before_every_process_knows(bench: Bench) -> None:
    await going(bench, ADA)
    other, losses = bench.losses(), bench.losses()
    assert await other.reading() is not None
    await bench.redis.hset(keys.READBACK, mapping={"permitted": 0, "error": "graph_403"})
    paused: list[float] = []

    async def sleep(seconds: float) -> None:
        if not paused:
            assert await other.reading() is not None, "it plans by what it read before"
            assert await bench.demanded(ADA) == 1
            bench.now += seconds
            assert await other.reading() is None
        paused.append(seconds)

    losses.sleep = sleep
    await losses.step()
    assert paused[0] > FRESH_SECONDS
    assert await bench.demanded(ADA) == 2


async def test_after_a_loss_it_may_come_back_and_be_lost_again(bench: Bench) -> None:
    await going(bench, ADA)
    for times in (1, 2):
        await bench.pass_time(SILENT_MS)
        await bench.losses().step()
        assert (await bench.status()).reading is None
        assert await bench.demanded(ADA) == 1 + times
        await bench.redis.delete(keys.READBACK_LEASE)
        reader = bench.reader()
        await reader.step()
        await reader.step()
        assert (await bench.status()).reading is not None


async def test_looks_that_come_late_are_not_relied_on_before_they_are_nearly_in_time(
    bench: Bench,
) -> None:
    await bench.watch(ADA, at=await server_ms(bench.redis) - LATE_MS // 2 - 1000.5)
    reader = bench.reader()
    await reader.step()
    status = await bench.status()
    assert (status.alive, status.reading) == (True, None)
    await reader.step()
    assert (await bench.status()).reading is not None


async def test_microsoft_that_answers_only_wait_is_not_relied_on_for_long(bench: Bench) -> None:
    await going(bench, ADA)
    bench.graph.always = 429
    await bench.watch(ADA, at=await server_ms(bench.redis) - LATE_MS + 2_000.5)
    reader = bench.reader()
    await bench.redis.delete(keys.READBACK_LEASE)
    await reader.step()
    assert (await bench.status()).error == "graph_throttled"
    await bench.losses().step()
    assert (await bench.status()).lost_ms == 0

    async def lost() -> bool:
        await reader.step()
        await bench.losses().step()
        return bool((await bench.status()).lost_ms)

    await eventually(lost)
    assert (await bench.status()).why_not == "graph_throttled"
    assert await bench.demanded(ADA) == 2
    assert len(bench.graph.looks) == 2


async def test_what_is_known_is_a_second_old_at_most(bench: Bench) -> None:
    losses = bench.losses()
    assert await losses.reading() is None
    await going(bench, ADA)
    assert await losses.reading() is None
    bench.now += 1
    reading = await losses.reading()
    assert reading is not None
    assert reading.settle_ms == 6_000
    assert 5_000 <= reading.sweep_ms < 6_000


async def test_many_who_are_planned_at_once_read_it_once(bench: Bench) -> None:
    await going(bench, ADA)
    before = (await bench.redis.info("commandstats")).get("cmdstat_hgetall", {}).get("calls", 0)
    losses = bench.losses()
    known = await asyncio.gather(*(losses.reading() for _ in range(50)))
    assert None not in known
    after = (await bench.redis.info("commandstats"))["cmdstat_hgetall"]["calls"]
    assert after - before == 1


async def test_a_state_that_somebody_spoilt_counts_as_missing(bench: Bench) -> None:
    await going(bench, ADA)
    spoilt = {"beat": "soon", "settle": "-5", "by": "<b>", "error": "x y", "lags": "1,2", "up": "é"}
    await bench.redis.hset(keys.READBACK, mapping=spoilt)
    status = await bench.status()
    assert (status.beat_ms, status.settle_ms, status.by, status.error) == (0, 6_000, "", "")
    assert status.reading is None
    reader = bench.reader()
    await bench.redis.delete(keys.READBACK_LEASE)
    await reader.step()
    assert (await bench.status()).lags == ",".join(["0"] * 17)
    assert (await bench.status()).reading is not None
