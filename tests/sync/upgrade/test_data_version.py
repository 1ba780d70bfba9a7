"""Which rows every process can read, and who does not start, over a real Redis."""

from __future__ import annotations

import asyncio
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any

import pytest

from domain.newer import DATA_VERSION, READS_FROM, Newer
from domain.presence import Style
from sync.redis import keys
from sync.redis.scripts import Scripts
from sync.upgrade.data_version import (
    DataVersions,
    OtherData,
    check_rows,
    refuse_other,
)
from sync.upgrade.scripts import GONE_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sync.redis.connection import Client

SETTLED = GONE_MS / 1000


class Flavour(StrEnum):
    """A stored enum whose second member came with data version 2."""

    VANILLA = "vanilla"
    PISTACHIO = "pistachio"


NEWER: Mapping[Enum, Newer[Any]] = {Flavour.PISTACHIO: Newer(since=2, until=Flavour.VANILLA)}


class Process:
    """What a process of a version shows. Its clock stands still unless the test moves it."""

    def __init__(
        self, redis: Client, version: int, *, reads_from: int = 1, release: str = ""
    ) -> None:
        self.at = 0.0
        self.data = DataVersions(
            redis,
            Scripts(redis),
            release=release or f"0.{version + 1}.0",
            version=version,
            reads_from=reads_from,
            monotonic=lambda: self.at,
        )

    async def started(self) -> Process:
        """It has entered, and shown itself for so long that nobody can have been overlooked."""
        await self.data.enter()
        await self.data.show()
        self.at += SETTLED
        return self

    def writes(self, flavour: Flavour) -> Flavour:
        return self.data.written(flavour, NEWER)

    async def leave(self) -> None:
        self.data.work.stop()
        await self.data.work.run()


async def older_installation(redis: Client) -> None:
    """A process of version 1 made it, and has left."""
    await (await Process(redis, 1).started()).leave()


async def silent(redis: Client, version: int, ms: int = GONE_MS + 1000) -> None:
    """Let a process of a version have been silent for so long."""
    [member] = [m for m in await redis.zrange(keys.DATA_PROCESSES, 0, -1) if m[0] == str(version)]
    await redis.zincrby(keys.DATA_PROCESSES, -ms, member)


@pytest.mark.unit
def test_this_code_reads_what_it_writes() -> None:
    assert 1 <= READS_FROM <= DATA_VERSION
    refuse_other(DATA_VERSION, READS_FROM, "this one")


async def test_a_new_value_is_written_seconds_after_the_last_old_process_has_left(
    redis: Client,
) -> None:
    old = await Process(redis, 1).started()
    new = await Process(redis, 2).started()
    assert new.writes(Flavour.PISTACHIO) is Flavour.VANILLA
    # It looks again within a second, because something waits to be written.
    assert await new.data.show() == 1.0
    assert new.writes(Flavour.PISTACHIO) is Flavour.VANILLA
    await old.data.show()
    await old.leave()
    assert await new.data.show() is None
    assert new.writes(Flavour.PISTACHIO) is Flavour.PISTACHIO
    # Another one of the same release knows it as soon as it is there.
    assert (await Process(redis, 2).started()).writes(Flavour.PISTACHIO) is Flavour.PISTACHIO


async def test_who_asks_before_offering_something_new_is_told_how_it_stands(redis: Client) -> None:
    old = await Process(redis, 1).started()
    new = await Process(redis, 2).started()
    assert not await new.data.may_write(Style.QUIET)
    await old.leave()
    assert await new.data.may_write(Style.QUIET)
    assert await new.data.may_write(Style.FULL)


async def test_the_duties_of_two_processes_find_it_out_by_themselves(redis: Client) -> None:
    old, new = await Process(redis, 1).started(), await Process(redis, 2).started()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(new.data.work.run())
        leaving = group.create_task(old.data.work.run())
        assert new.writes(Flavour.PISTACHIO) is Flavour.VANILLA
        old.data.work.stop()
        await leaving
        while new.writes(Flavour.PISTACHIO) is Flavour.VANILLA:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.05)
        new.data.work.stop()


async def test_nothing_changes_for_the_old_while_nothing_new_is_written(redis: Client) -> None:
    await older_installation(redis)
    new = await Process(redis, 2).started()
    await new.data.show()
    back = await Process(redis, 1).started()  # a way back is open
    assert not new.data.everyone_knows(2)
    await new.data.show()
    assert not new.data.everyone_knows(2)
    await back.data.show()


async def test_a_new_installation_waits_for_nobody(redis: Client) -> None:
    new = Process(redis, 2)
    await new.data.enter()
    assert new.writes(Flavour.PISTACHIO) is Flavour.PISTACHIO
    with pytest.raises(OtherData):
        await Process(redis, 1).data.enter()


async def test_once_something_new_is_written_an_older_process_does_not_start(
    redis: Client,
) -> None:
    await older_installation(redis)
    new = await Process(redis, 2, release="0.3.0").started()
    new.data.everyone_knows(2)
    await new.data.show()
    assert new.data.everyone_knows(2)
    old = Process(redis, 1)
    with pytest.raises(OtherData, match=r"data version 2, which Presence Bridge 0\.3\.0 wrote"):
        await old.data.enter()
    # It has left no trace.
    assert all(m.startswith("2 ") for m in await redis.zrange(keys.DATA_PROCESSES, 0, -1))


async def test_who_was_cut_off_and_overtaken_ends(redis: Client) -> None:
    old, new = await Process(redis, 1).started(), await Process(redis, 2).started()
    new.data.everyone_knows(2)
    await silent(redis, 1)
    await new.data.show()
    assert new.data.everyone_knows(2)
    with pytest.raises(OtherData):
        await old.data.work.run()


async def test_a_process_that_is_late_still_counts(redis: Client) -> None:
    await Process(redis, 1).started()
    new = await Process(redis, 2).started()
    new.data.everyone_knows(2)
    await silent(redis, 1, GONE_MS - 5000)
    await new.data.show()
    assert not new.data.everyone_knows(2)


async def test_a_row_that_says_no_version_counts_as_old_until_it_ends(redis: Client) -> None:
    await older_installation(redis)
    new = await Process(redis, 2).started()
    seconds, _ = await redis.time()
    await redis.zadd(keys.DATA_PROCESSES, {"new! improved!": int(seconds) * 1000})
    new.data.everyone_knows(2)
    await new.data.show()
    assert not new.data.everyone_knows(2)
    await redis.zadd(keys.DATA_PROCESSES, {"new! improved!": 1})
    await new.data.show()
    assert new.data.everyone_knows(2)


async def test_who_has_just_come_may_have_overlooked_somebody(redis: Client) -> None:
    await older_installation(redis)
    new = Process(redis, 2)
    await new.data.enter()
    new.data.everyone_knows(2)
    await new.data.show()
    assert not new.data.everyone_knows(2)
    new.at += SETTLED
    await new.data.show()
    assert new.data.everyone_knows(2)


async def test_after_a_clock_that_jumped_everybody_is_waited_for(redis: Client) -> None:
    old, new = await Process(redis, 1).started(), await Process(redis, 2).started()
    new.data.everyone_knows(2)
    for version in (1, 2):  # as if Redis's clock had gone on by an hour
        await silent(redis, version, 3_600_000)
    await new.data.show()
    await new.data.show()
    assert not new.data.everyone_knows(2)
    await old.data.show()
    new.at += SETTLED
    await new.data.show()
    assert not new.data.everyone_knows(2)


async def test_what_was_written_is_remembered_where_redis_forgot_it(redis: Client) -> None:
    await older_installation(redis)
    new = await Process(redis, 2).started()
    new.data.everyone_knows(2)
    await new.data.show()
    await redis.hset(keys.DATA_CONTRACT, "newest", 1)  # a replica that was behind took over
    await new.data.show()
    assert await redis.hget(keys.DATA_CONTRACT, "newest") == "2"
    await redis.flushall()
    await new.data.show()
    assert await redis.hget(keys.DATA_CONTRACT, "newest") == "2"


async def test_redis_that_is_away_says_no(redis: Client) -> None:
    new = Process(redis, 2)
    assert not new.data.everyone_knows(2)
    assert new.data.everyone_knows(1)


@pytest.mark.parametrize(
    "key", [keys.SETTINGS, keys.AUDIT, keys.BUTTON_KEY, keys.dues(3)[2], keys.everybody(7)]
)
async def test_rows_without_a_data_version_are_refused_and_left_alone(
    redis: Client, key: str
) -> None:
    await redis.hset(key, "of", "old")
    with pytest.raises(OtherData, match=r"before 0\.2\.0.*Nothing was changed.*REDIS_URL"):
        await Process(redis, 1).data.enter()
    with pytest.raises(OtherData, match=r"before 0\.2\.0"):
        await check_rows(redis)
    assert await redis.keys("*") == [key]
    await redis.delete(key)


async def test_two_that_start_on_an_empty_redis_both_start(redis: Client) -> None:
    await check_rows(redis)
    first, second = Process(redis, 1), Process(redis, 1)
    await first.data.enter()
    await redis.set(keys.BUTTON_KEY, "made by the first")
    await second.data.enter()
    await check_rows(redis)


@pytest.mark.parametrize(
    "row", [{"newest": "some"}, {"oldest": "1"}, {"newest": "2", "oldest": ""}]
)
async def test_a_contract_that_cannot_be_read_stops_everybody(
    redis: Client, row: dict[str, str]
) -> None:
    await redis.hset(keys.DATA_CONTRACT, mapping=row)
    with pytest.raises(OtherData, match="can't be read"):
        await Process(redis, 2).data.enter()
    with pytest.raises(OtherData, match="can't be read"):
        await check_rows(redis)


async def test_rows_older_than_the_code_can_read_are_refused(redis: Client) -> None:
    await Process(redis, 1).started()
    with pytest.raises(OtherData, match=r"data version 1, but this .* needs at least 2"):
        await Process(redis, 3, reads_from=2).data.enter()
