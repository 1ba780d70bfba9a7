"""How the reader counts agreement: what it is told of people, and what it makes of looks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.agreement import Fit
from domain.presence import Shown
from sync.readback.agreement import (
    CODES,
    EVERYBODY,
    FIRST,
    FITS,
    NOT_COUNTED,
    OLD_MS,
    PER_LOOK,
    SHORTEST_MS,
    code_of,
    counted_of,
    pack,
    parse,
    window_ms,
)
from sync.readback.memory import Seen
from sync.readback.status import Status
from sync.redis import keys
from sync.redis.connection import server_ms
from tests.sync.readback.conftest import ADA, Bench, oid

RIGHT = Shown("Busy", "InACall")
WRONG = Shown("Available", "Available")
IN_A_MEETING = "mirror|In_Meeting|Busy/InACall|"


@pytest.mark.unit
def test_what_is_wrong_counts_from_the_second_look_on() -> None:
    wrong = FITS.index(Fit.MISSING_BUSY) + 1
    first = code_of(WRONG, IN_A_MEETING, NOT_COUNTED)
    assert first == wrong + FIRST
    assert code_of(WRONG, IN_A_MEETING, first) == wrong
    assert code_of(WRONG, IN_A_MEETING, wrong) == wrong
    right = code_of(RIGHT, IN_A_MEETING, wrong)
    assert FITS[right - 1] is Fit.RIGHT
    assert code_of(WRONG, IN_A_MEETING, right) == wrong + FIRST


@pytest.mark.unit
@pytest.mark.parametrize(
    "wanted",
    ["", "|", "mirror|In_Meeting", "none|In_Meeting||", "mirror|Asleep||", "a|b|c|d|e"],
)
def test_what_is_not_ours_is_not_counted(wanted: str) -> None:
    assert code_of(WRONG, wanted, NOT_COUNTED) == NOT_COUNTED


@pytest.mark.unit
@given(st.lists(st.integers(0, 10**6), min_size=CODES, max_size=CODES))
def test_counts_are_read_as_they_were_stored(counts: list[int]) -> None:
    read = parse(pack(counts))
    assert read == {fit: count for fit, count in zip(FITS, counts[1:], strict=False) if count}
    assert len(pack(counts)) <= 512  # as much as is read of a field


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "counts"),
    [("", {}), ("right:²,label:x,newer:3,own", {}), ("right:7,newer:3", {Fit.RIGHT: 7})],
)
def test_what_somebody_else_stored_is_left_out(text: str, counts: dict[Fit, int]) -> None:
    assert parse(text) == counts


@pytest.mark.unit
def test_a_code_stays_with_its_person() -> None:
    seen, at = Seen(), 1_767_225_600_000
    seen.judge(ADA, 3)
    assert seen.code(ADA) == NOT_COUNTED  # nothing was seen of them
    seen.keep(ADA, "Busy/Busy", at)
    for code in range(CODES):
        seen.judge(ADA, code)
        assert seen.see(ADA, "Busy/Busy", at + 5_000)
        assert seen.code(ADA) == code
        seen.keep(ADA, "Away/Away", at + 6_000, missing=True)
        assert (seen.code(ADA), seen.of(ADA)) == (code, ("Away/Away", True))
        seen.keep(ADA, "Busy/Busy", at + 7_000)
    assert seen.count(at, window_ms=at + 7_000, forget_ms=at)
    assert seen.counted.codes[CODES - 1] == seen.counted.looked == 1
    assert seen.count(at, window_ms=at + 8_000, forget_ms=at)
    assert (seen.counted.looked, sum(seen.counted.codes), seen.counted.seen) == (0, 0, 1)


@pytest.mark.unit
def test_old_counts_are_not_shown() -> None:
    now = 1_767_225_600_000
    told = Status(
        now, beat_ms=now, permitted=1, up_ms=now, counted_ms=now, people=30, fits="right:30"
    )
    assert told.agreement is not None
    assert told.agreement.share == 1
    assert replace(told, counted_ms=now - OLD_MS - 1).agreement is None
    assert replace(told, counted_ms=0).agreement is None
    assert replace(told, permitted=0).agreement is None
    assert replace(told, up_ms=0).agreement is None


MEETING = {"as": "mirror", "obs": "In_Meeting", "held": "Busy/InACall"}


async def test_people_are_counted_as_they_are_shown(bench: Bench) -> None:
    people = [oid(number) for number in range(40)]
    until = await server_ms(bench.redis) + 600_000
    row: dict[str, Any] = {**MEETING, "until": until, "got": 1, "told": 1, "wrote": 1}
    await bench.watch(*people, **row)
    bench.graph.shown = dict.fromkeys(people[:30], "Busy/InACall") | dict.fromkeys(
        people[30:], "Away/Away"
    )
    # Of these nothing can be said: paused, written just now, in somebody's hands, chosen by hand.
    now = await server_ms(bench.redis)
    await bench.redis.hdel(keys.person(people[30]), "as")
    await bench.redis.hset(keys.person(people[31]), "told", now)
    await bench.redis.hset(keys.person(people[32]), "lease", "somebody")
    await bench.redis.hset(keys.person(people[33]), "lesson", f"hidden 1 {until} away")
    await bench.redis.sadd(keys.everybody(0), *people, "others", "who are", "not watched")
    reader = bench.reader()
    await reader.step()
    none = (await bench.status()).agreement
    assert none is not None
    assert (none.looked, none.share) == (0, None)  # counted before the first look
    await bench.again(*people)
    await reader.step()
    once = (await bench.status()).agreement
    assert once is not None
    # All but the one who was written just now: that look came too early.
    assert (once.looked, once.people, once.within_ms) == (39, 43, SHORTEST_MS)
    assert once.counts == {Fit.RIGHT: 30, Fit.OWN: 1}  # wrong once is no more than a beginning
    await bench.again(*people)
    await reader.step()
    await reader.step()
    twice = (await bench.status()).agreement
    assert twice is not None
    assert twice.counts == {Fit.RIGHT: 30, Fit.OWN: 1, Fit.MISSING_BUSY: 6}
    assert twice.share == pytest.approx(31 / 37)


async def test_a_session_that_has_ended_is_not_ours(bench: Bench) -> None:
    row: dict[str, Any] = {"as": "mirror", "obs": "Available", "held": "Busy/InACall", "got": 1}
    now = await server_ms(bench.redis)
    await bench.watch(ADA, **row, until=now - 1)
    bench.graph.shown = {ADA: "Busy/InACall"}
    now = await server_ms(bench.redis)
    batch = await bench.store.take(now, now + 5_000, 8)
    assert batch.wanted == {ADA: ("mirror|Available||", 1)}


async def test_of_many_a_part_is_counted_and_always_the_same(bench: Bench) -> None:
    people = [f"00000000-0000-4000-8000-00000000{n * 64:04x}" for n in range(1_000)]
    row: dict[str, Any] = {"as": "mirror", "obs": "Available"}
    await bench.watch(*people, **row)
    now, counted = await server_ms(bench.redis), counted_of(650)
    some = (await bench.store.take(now, now - 1, 1_000, counted=counted)).wanted
    assert counted == EVERYBODY // 4
    assert len(some) == pytest.approx(1_000 / 4, abs=10)
    assert (await bench.store.take(now, now + 5_000, 1_000, counted=counted)).wanted == some


@pytest.mark.unit
def test_of_a_few_everybody_is_counted() -> None:
    assert counted_of(0) == counted_of(PER_LOOK) == EVERYBODY
    assert EVERYBODY > counted_of(PER_LOOK + 1) > counted_of(650) > 0
    assert all(counted_of(n) * n <= PER_LOOK * EVERYBODY for n in range(651))


@pytest.mark.unit
def test_who_is_counted_no_more_leaves_nothing() -> None:
    seen, at = Seen(), 1_767_225_600_000
    seen.keep(ADA, "Busy/Busy", at, missing=True)
    seen.judge(ADA, 3)
    seen.forget_codes()
    assert (seen.code(ADA), seen.of(ADA)) == (NOT_COUNTED, ("Busy/Busy", True))


@pytest.mark.unit
def test_everybody_is_in_the_window() -> None:
    assert window_ms(5_000) == SHORTEST_MS
    assert window_ms(300_000) == 600_000
