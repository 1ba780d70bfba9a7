"""Hashes of any size, read some fields at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.redis import keys
from sync.redis.batches import CHUNK, each_field, fields_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sync.redis.connection import Client

MANY = {f"field-{number}": str(number) for number in range(2 * CHUNK + 3)}


async def test_fields_of_several_commands_are_read_as_one(redis: Client) -> None:
    await redis.hset(keys.EXCLUDED, mapping=MANY)
    wanted = [*list(MANY)[::2], "unknown"]
    assert await fields_of(redis, keys.EXCLUDED, wanted) == {
        field: MANY[field] for field in wanted[:-1]
    }


async def test_nothing_is_found_where_nothing_is_asked_or_there(redis: Client) -> None:
    assert await fields_of(redis, keys.EXCLUDED, ["unknown"]) == {}
    await redis.hset(keys.EXCLUDED, mapping=MANY)
    assert await fields_of(redis, keys.EXCLUDED, []) == {}


class Repeating:
    """Redis while it makes a hash's table anew: some come twice."""

    async def hscan_iter(self, _: str, *, count: int) -> AsyncIterator[tuple[str, str]]:
        for pair in [*MANY.items(), *list(MANY.items())[:count]]:
            yield pair


async def test_each_field_comes_once(redis: Client) -> None:
    await redis.hset(keys.EXCLUDED, mapping=MANY)
    for client in (redis, Repeating()):
        found = [pair async for pair in each_field(client, keys.EXCLUDED)]
        assert sorted(found) == sorted(MANY.items())
