"""Whom admins exclude is kept as the first of them said it, and damage never includes anybody."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import structlog.testing

from sync.organisation import exclusions
from sync.organisation.exclusions import Exclusion, ExclusionStore, TooMany
from sync.redis import keys
from sync.settings.audit import Actor
from tests.doubles.entra_directory import person_id

if TYPE_CHECKING:
    from sync.redis.connection import Client

ADA, BEN, CHIARA = (person_id(number) for number in (1, 2, 3))
ADMIN, OTHER = Actor(person_id(900), "Dorothea"), Actor(person_id(901), "Emeka")


def row(oid: str, by: Actor = ADMIN, at_ms: int = 7, reason: str = "") -> Exclusion:
    return Exclusion(oid, "Somebody", f"{oid}@example.com", by, at_ms, reason)


@pytest.fixture
def store(redis: Client) -> ExclusionStore:
    return ExclusionStore(redis)


async def test_a_page_is_read_in_the_order_of_all(store: ExclusionStore) -> None:
    people = [person_id(number) for number in range(1_203)]
    await store.add([row(oid, at_ms=number // 2) for number, oid in enumerate(people)])
    await store.client.hset(keys.EXCLUDED, BEN, '{"at_ms": "often"}')
    everybody = await store.everybody()
    assert len(everybody) == len(people)
    assert [row.at_ms for row in everybody] == sorted([r.at_ms for r in everybody], reverse=True)
    for first in (0, 10, 1_200):
        assert await store.newest(first, 10) == everybody[first : first + 10]
    assert await store.newest(1_203, 10) == []
    assert everybody[-1].object_id == BEN
    assert await store.of([CHIARA.upper(), person_id(5_000)]) == [row(CHIARA, at_ms=1)]


async def test_they_are_added_listed_and_removed(store: ExclusionStore) -> None:
    before = await store.changes()
    assert await store.add([row(ADA), row(BEN, at_ms=9, reason="INC1")]) == [
        row(ADA),
        row(BEN, at_ms=9, reason="INC1"),
    ]
    assert await store.changes() != before
    assert await store.everybody() == [row(BEN, at_ms=9, reason="INC1"), row(ADA)]
    assert await store.count() == 2
    assert await store.among([ADA, CHIARA]) == {ADA}
    assert await store.has(ADA.upper())
    assert not await store.has(CHIARA)
    assert await store.remove([ADA.upper(), CHIARA]) == [ADA.upper()]
    assert not await store.has(ADA)
    assert await store.remove([ADA]) == []


async def test_twice_changes_nothing(store: ExclusionStore) -> None:
    await store.add([row(ADA)])
    before = await store.changes()
    assert await store.add([row(ADA, OTHER, 9)]) == []
    assert await store.everybody() == [row(ADA)]
    assert await store.changes() == before
    assert await store.add([]) == []


async def test_of_two_admins_at_once_one_is_recorded(store: ExclusionStore) -> None:
    both = await asyncio.gather(store.add([row(ADA)]), store.add([row(ADA, OTHER)]))
    [[added]] = [rows for rows in both if rows]
    assert await store.everybody() == [added]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"object_id": 7}'])
async def test_a_damaged_row_still_excludes(store: ExclusionStore, text: str) -> None:
    await store.client.hset(keys.EXCLUDED, ADA, text)
    assert await store.has(ADA)
    assert await store.among([ADA, BEN]) == {ADA}
    with structlog.testing.capture_logs() as lines:
        [found] = await store.everybody()
    assert (found.object_id, found.name, found.at_ms) == (ADA, "", 0)
    assert [line["event"] for line in lines] == ["exclusion_damaged"]
    assert await store.remove([ADA]) == [ADA]


async def test_there_is_an_end_to_it(
    store: ExclusionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exclusions, "MOST", 2)
    await store.add([row(ADA)])
    with pytest.raises(TooMany):
        await store.add([row(BEN), row(CHIARA)])
    assert await store.count() == 1


async def test_many_are_looked_up_at_once(store: ExclusionStore) -> None:
    people = [person_id(number) for number in range(1_200)]
    await store.add([replace(row(ADA), object_id=oid) for oid in people[::2]])
    assert await store.among(people) == set(people[::2])
