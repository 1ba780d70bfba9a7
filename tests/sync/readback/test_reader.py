"""One process looks at everybody; rows are touched only where something is new."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import structlog.testing

from domain.step import Lane
from sync.engine.queue import shard_of
from sync.readback.looks import AT_ONCE
from sync.readback.reader import REFUSALS, WITHDRAWN_SECONDS, Reader
from sync.redis import keys
from sync.redis.connection import server_ms
from tests.doubles.redis import eventually
from tests.sync.readback.conftest import ADA, BEN, CLEO, Bench, oid


async def look(reader: Reader) -> float | None:
    """One step, as if the pause before were over."""
    return await reader.step()


async def test_what_is_seen_is_kept_and_planned_once(bench: Bench) -> None:
    bench.graph.shown = {ADA: "Busy/InACall"}
    await bench.watch(ADA, BEN)
    reader = bench.reader()
    before = await server_ms(bench.redis)
    await look(reader)
    sent = int(str(await bench.sight(ADA)).partition("@")[2])
    assert before <= sent <= await server_ms(bench.redis)
    assert await bench.sight(ADA) == f"Busy/InACall@{sent}"
    assert await bench.sight(BEN) == f"Offline/Offline@{sent}"
    assert await bench.demanded(ADA) == 1
    assert await bench.redis.hget(keys.person(ADA), "lane") == str(int(Lane.CHANGE))
    for _ in range(3):
        await bench.again(ADA, BEN)
        await look(reader)
    assert await bench.demanded(ADA) == 1
    assert await bench.sight(ADA) == f"Busy/InACall@{sent}"
    bench.graph.shown[ADA] = "Away/Away"
    await bench.again(ADA, BEN)
    await look(reader)
    assert str(await bench.sight(ADA)).startswith("Away/Away@")
    assert (await bench.demanded(ADA), await bench.demanded(BEN)) == (2, 1)


@pytest.mark.parametrize(("due_in", "stays"), [(-5_000, True), (60_000, False)])
async def test_who_waits_for_a_call_to_show_keeps_their_place(
    bench: Bench, due_in: int, stays: bool
) -> None:
    """What a look shows is less urgent than what they wait for."""
    due = await server_ms(bench.redis) + due_in
    await bench.watch(ADA, lane=int(Lane.URGENT))
    urgent, change = shard_of(ADA).lanes[:2]
    await bench.redis.zadd(urgent, {ADA: due})
    await look(bench.reader())
    assert await bench.demanded(ADA) == 1
    assert await bench.redis.zscore(urgent, ADA) == (due if stays else None)
    assert (await bench.redis.zscore(change, ADA) is None) == stays


async def test_unchanged_looks_read_and_write_no_row(bench: Bench) -> None:
    people = [oid(number) for number in range(100)]
    await bench.watch(*people)
    reader = bench.reader()
    await look(reader)
    await bench.again(*people)
    seen: list[str] = []
    async with bench.redis.monitor() as monitor:
        await look(reader)
        await bench.redis.get("the end")
        while True:
            command = (await monitor.next_command())["command"]
            if command == "GET the end":
                break
            seen.append(command)
    assert len(bench.graph.looks) == 2
    rows = [line.split()[0] for line in seen if ":p:" in line]
    assert set(rows) <= {"HMGET", "EVALSHA"}  # where they are taken: what should be shown
    assert rows.count("HMGET") == len(people)
    scripts = [line for line in seen if line.startswith("EVALSHA")]
    assert len(scripts) <= 2 + keys.SHARDS  # the lease, the quota, who is due
    assert len(seen) - len(people) < 100


async def test_next_looks_are_in_turn_and_the_engines_word_stands(bench: Bench) -> None:
    await bench.watch(ADA, BEN)
    bench.graph.stall = asyncio.Event()
    reader = bench.reader()
    step = asyncio.create_task(look(reader))
    await eventually(_has(bench.graph.looks))
    wanted = await server_ms(bench.redis) + 90_000
    await bench.redis.zadd(keys.watched(keys.shard_of(BEN)), {BEN: wanted})  # meanwhile
    bench.graph.stall.set()
    await step
    due = await bench.due_ms(ADA)
    assert due is not None
    assert 1_000 < due <= 5_001
    at = await bench.redis.zscore(keys.watched(keys.shard_of(ADA)), ADA)
    assert float(at) % 1 == 0.5
    assert await bench.redis.zscore(keys.watched(keys.shard_of(BEN)), BEN) == wanted


async def test_the_engine_hears_whenever_it_asked(bench: Bench) -> None:
    await bench.watch(ADA)
    reader = bench.reader()
    await look(reader)
    await bench.again(ADA, whole=True)
    await look(reader)
    assert await bench.demanded(ADA) == 2


async def test_another_process_that_follows_has_nobody_planned_who_is_shown_the_same(
    bench: Bench,
) -> None:
    bench.graph.shown = {ADA: "Busy/Busy"}
    await bench.watch(ADA, BEN)
    first, second = bench.reader(), bench.reader()
    await look(first)
    assert await second.step() is None  # the first has the lease
    assert second.remembers == 0
    await bench.redis.delete(keys.READBACK_LEASE)  # it died, and its time is over
    bench.graph.shown[BEN] = "Away/Away"
    await bench.again(ADA, BEN)
    await look(second)
    assert (await bench.demanded(ADA), await bench.demanded(BEN)) == (1, 2)
    assert (await bench.status()).by == second.name
    assert await first.step() is None
    assert first.remembers == 0


async def test_a_reader_that_is_killed_is_followed_within_seconds(bench: Bench) -> None:
    await bench.watch(ADA)
    first, second = bench.reader(), bench.reader()
    bench.graph.stall = asyncio.Event()
    killed = asyncio.create_task(look(first))
    await eventually(_has(bench.graph.looks))
    killed.cancel()
    await asyncio.wait([killed])
    assert await bench.redis.pttl(keys.READBACK_LEASE) <= 5_000
    bench.graph.stall.set()
    at = await bench.redis.zscore(keys.watched(keys.shard_of(ADA)), ADA)
    assert float(at) % 1 == 0.25  # the engine still wants to know, at the next round
    await bench.watch(BEN)

    async def followed() -> bool:
        await second.step()
        return bool(await bench.sight(BEN))

    await eventually(followed, within=7)
    await bench.redis.zadd(keys.watched(keys.shard_of(ADA)), {ADA: float(at) - 20_000})
    await second.step()
    assert await bench.sight(ADA)


async def test_one_that_ends_in_the_middle_of_a_look_leaves_it_to_the_next(bench: Bench) -> None:
    await bench.watch(ADA)
    at = await bench.redis.zscore(keys.watched(keys.shard_of(ADA)), ADA)
    first, second = bench.reader(), bench.reader()
    bench.graph.stall = asyncio.Event()
    running = asyncio.create_task(first.work.run())
    await eventually(_has(bench.graph.looks))
    running.cancel()
    await asyncio.wait([running])
    assert await bench.redis.zscore(keys.watched(keys.shard_of(ADA)), ADA) == at
    bench.graph.stall.set()
    await second.step()
    assert await bench.sight(ADA)


@pytest.mark.parametrize(
    ("row", "sight"),
    [
        ({}, True),
        ({"leaving": 1}, False),
        ({"told": "now"}, False),
        ({"wrote": "now"}, False),
        ({"pref_told": "now"}, False),
        ({"told": "then", "wrote": "then"}, True),
    ],
)
async def test_a_look_too_soon_after_a_write_says_nothing(
    bench: Bench, row: dict[str, Any], sight: bool
) -> None:
    now = await server_ms(bench.redis)
    times = {"now": now - 5_000, "then": now - 7_000}
    await bench.watch(ADA, **{name: times.get(value, value) for name, value in row.items()})
    await look(bench.reader())
    assert (await bench.sight(ADA) is not None) == sight == bool(await bench.demanded(ADA))
    if "now" in row.values():  # again as soon as it says something
        at = await bench.redis.zscore(keys.watched(keys.shard_of(ADA)), ADA)
        assert int(at) == now + 1_000
    if "leaving" in row:
        assert await bench.due_ms(ADA) is None


async def test_who_is_gone_is_looked_at_no_longer(bench: Bench) -> None:
    await bench.watch(ADA, BEN)
    reader = bench.reader(chance=0)
    await look(reader)
    await bench.redis.delete(keys.person(ADA))  # an older process erases, and knows no looks
    for lane in keys.dues(keys.shard_of(ADA)):
        await bench.redis.zrem(lane, ADA)
    await bench.again(ADA, BEN)
    await look(reader)
    assert await bench.due_ms(ADA) is None
    await bench.again(BEN)
    await look(reader)
    assert bench.graph.looks[-1] == [BEN]
    assert await bench.demanded(BEN) == 1


async def test_who_is_left_out_twice_is_not_known_any_more(bench: Bench) -> None:
    bench.graph.shown = dict.fromkeys((ADA, BEN), "Busy/Busy")
    await bench.watch(ADA, BEN)
    reader = bench.reader()
    await look(reader)
    bench.graph.missing = {ADA}
    await bench.again(ADA, BEN)
    await look(reader)
    assert str(await bench.sight(ADA)).startswith("Busy/Busy@")
    await bench.again(ADA, BEN)
    await look(reader)
    assert str(await bench.sight(ADA)).startswith("/@")
    assert (await bench.demanded(ADA), await bench.demanded(BEN)) == (2, 1)
    bench.graph.missing.clear()
    await bench.again(ADA)
    await look(reader)
    assert str(await bench.sight(ADA)).startswith("Busy/Busy@")


async def test_who_was_never_answered_is_said_to_be_unknown(bench: Bench) -> None:
    bench.graph.missing = {ADA}
    await bench.watch(ADA, at=1.5, sight="Busy/Busy@5")
    reader = bench.reader()
    await look(reader)
    assert await bench.sight(ADA) == "Busy/Busy@5"
    await bench.again(ADA)
    await look(reader)
    assert str(await bench.sight(ADA)).startswith("/@")


@pytest.mark.long
async def test_five_thousand_people_are_looked_at_in_turn(bench: Bench) -> None:
    people = [oid(number) for number in range(5_000)]
    await bench.watch(*people)
    reader = bench.reader()
    looks = 0
    while len({person for ids in bench.graph.looks for person in ids}) < 5_000:
        assert await look(reader) is not None
        looks += 1
    assert 8 <= looks <= 9
    assert all(len(ids) <= AT_ONCE for ids in bench.graph.looks)
    assert reader.remembers == 5_000
    for _ in range(3):  # counted a part at a time
        await look(reader)
    status = await bench.status()
    assert (status.watched, status.requests, status.answers) == (5_000, looks, looks)
    assert (status.seen, status.late_ms, len(bench.graph.looks)) == (5_000, 0, looks)


# -- failures -------------------------------------------------------------------------------------


async def test_one_whom_graph_does_not_take_spoils_nothing_for_the_others(bench: Bench) -> None:
    people = [oid(number) for number in range(600)]
    bench.graph.unknown = {people[77], people[400]}
    await bench.watch(*people)
    reader = bench.reader()
    with structlog.testing.capture_logs() as logs:
        for _ in range(60):
            await look(reader)
    refused = {line["person"] for line in logs if line["event"] == "readback_refused_one"}
    assert refused == bench.graph.unknown
    kept = [await bench.sight(person) for person in people]
    assert sum(str(sight).startswith("Offline/Offline@") for sight in kept) == 598
    assert str(await bench.sight(people[77])).startswith("/@")
    due = await bench.due_ms(people[77])
    assert due is not None
    assert due > 3_000_000
    assert (await bench.status()).error == ""


async def test_where_graph_takes_nobody_it_is_left_alone(bench: Bench) -> None:
    bench.graph.always = 400
    await bench.watch(*(oid(number) for number in range(650)))
    reader = bench.reader()
    for _ in range(3 * REFUSALS):
        await look(reader)
    assert len(bench.graph.looks) == REFUSALS + 1
    assert (await bench.status()).error == "graph_refused"


async def test_a_permission_that_is_withdrawn_ends_it_at_once(bench: Bench) -> None:
    await bench.watch(ADA)
    reader = bench.reader()
    await look(reader)
    await look(reader)
    assert (await bench.status()).reading is not None
    bench.graph.always = 403
    await bench.again(ADA)
    with structlog.testing.capture_logs() as logs:
        await look(reader)
    assert [line["reason"] for line in logs if line["event"] == "readback_failed"] == ["graph_403"]
    status = await bench.status()
    assert (status.reading, status.why_not) == (None, "graph_403")
    assert bench.doubts == 1
    looks = len(bench.graph.looks)
    bench.graph.always = None
    await look(reader)
    assert len(bench.graph.looks) == looks
    bench.now += WITHDRAWN_SECONDS
    await look(reader)
    await look(reader)
    assert (await bench.status()).alive


async def test_without_the_right_nobody_is_looked_at(bench: Bench) -> None:
    bench.roles = ("User.Read.All",)
    await bench.watch(ADA)
    reader = bench.reader()
    assert await reader.step() is None
    assert (bench.graph.looks, (await bench.status()).reading) == ([], None)
    bench.roles = ("Presence.ReadWrite.All",)
    bench.now += 5
    await look(reader)
    assert bench.graph.looks == [[ADA]]
    bench.roles = ()
    bench.now += 5
    assert await reader.step() is None
    assert (await bench.status()).why_not == "not_permitted"
    assert await bench.redis.get(keys.READBACK_LEASE) is None


async def test_a_token_that_is_refused_is_replaced(bench: Bench) -> None:
    bench.held = "old"
    await bench.watch(ADA)
    reader = bench.reader()
    await look(reader)
    assert bench.doubts == 1
    assert (await bench.status()).permitted
    bench.invalidate()
    bench.now += 1
    await look(reader)
    assert await bench.sight(ADA)


async def test_too_many_requests_pause_everybody_as_long_as_asked(bench: Bench) -> None:
    bench.graph.faults.append((429, {"Retry-After": "17"}))
    await bench.watch(ADA)
    reader = bench.reader()
    await look(reader)
    assert 16_000 < await bench.redis.pttl(keys.QUOTA_PAUSE) <= 17_000
    assert not (await bench.quota.take(Lane.URGENT)).granted
    bench.now += 18
    await look(reader)  # the pause is over for us, and not for the quota
    assert len(bench.graph.looks) == 1
    await bench.redis.delete(keys.QUOTA_PAUSE)
    await look(reader)
    assert await bench.sight(ADA)
    assert bench.requests == {"throttled": 1, "ok": 1}


@pytest.mark.parametrize("fault", ["503", "hangs", "no json", "no list", "too much"])
async def test_what_is_no_answer_is_tried_later(bench: Bench, fault: str) -> None:
    bench.graph.faults.extend([(503, {})] if fault == "503" else [])
    bench.graph.stall = asyncio.Event() if fault == "hangs" else None
    bodies = {"no json": b"<html>", "no list": b'{"value": 7}', "too much": b" " * (9 << 20)}
    bench.graph.raw = bodies.get(fault)
    await bench.watch(ADA)
    reader = bench.reader(time_limit=0.2)
    await look(reader)
    status = await bench.status()
    assert (status.error.startswith("graph_"), status.alive) == (True, True)
    assert await bench.sight(ADA) is None
    bench.graph.raw = None
    if bench.graph.stall is not None:
        bench.graph.stall.set()
    bench.now += 2
    await look(reader)
    assert await bench.sight(ADA)


async def test_rows_that_lie_are_passed_over(bench: Bench) -> None:
    eve = oid(9)
    bench.graph.shown = dict.fromkeys((ADA, BEN, CLEO), "Busy/Busy")

    def forge(rows: list[Any]) -> list[Any]:
        by = {row["id"]: row for row in rows}
        return [
            *(None, 7, "Busy", [], {}, {"id": ADA}, {"id": 5, "availability": "Busy"}),
            {**by[ADA], "availability": "Busy@9/x"},
            {**by[ADA], "availability": "B" * 33},
            {**by[ADA], "activity": 5},
            {**by[ADA], "sequenceNumber": 7},
            {**by[ADA], "id": eve},
            {**by[BEN], "sequenceNumber": "A2", "availability": "Away"},
            {**by[BEN], "sequenceNumber": "A1"},
            {**by[CLEO]},
            {**by[CLEO], "availability": "Away"},
        ]

    bench.graph.change = forge
    await bench.watch(ADA, BEN, CLEO)
    reader = bench.reader()
    await look(reader)
    assert await bench.sight(ADA) is None
    assert str(await bench.sight(BEN)).startswith("Away/Busy@")
    assert await bench.sight(CLEO) is None
    assert await bench.redis.exists(keys.person(eve)) == 0


async def test_looks_are_paid_for_and_wait_for_the_quota(bench: Bench) -> None:
    await bench.watch(ADA)
    used = (await bench.quota.take(Lane.URGENT, 1470)).used
    reader = bench.reader()
    await look(reader)  # a place of its own, though no first request gets one any more
    assert len(bench.graph.looks) == 1
    assert await bench.quota.used() > used
    await bench.quota.take(Lane.URGENT, 100, follow=True)
    await bench.again(ADA)
    rest = await look(reader)
    assert rest is not None
    assert len(bench.graph.looks) == 1
    assert (await bench.status()).beat_ms


async def test_time_until_a_write_shows_is_measured(bench: Bench) -> None:
    bench.graph.shown = {ADA: "Offline/Offline"}
    await bench.watch(ADA)
    reader = bench.reader()
    await look(reader)
    told = await server_ms(bench.redis) - 8_000
    row = {"held": "Busy/InACall", "told": told, "until": told + 3_600_000, "wrote": told}
    await bench.redis.hset(keys.person(ADA), mapping=row)
    await bench.again(ADA, whole=True)
    await look(reader)
    assert bench.settled == []
    bench.graph.shown[ADA] = "Busy/InACall"
    await bench.again(ADA)
    await look(reader)
    [settled] = bench.settled
    assert 8 <= settled < 12
    await bench.again(ADA, whole=True)
    await look(reader)
    assert len(bench.settled) == 1
    lags = (await bench.status()).lags.split(",")
    assert sum(map(int, lags[13:15])) == sum(map(int, lags)) == 1  # 8 s, as 2**13 or 2**14 ms


def _has(things: list[Any]) -> Any:
    async def there() -> bool:
        return bool(things)

    return there
