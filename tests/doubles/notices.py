"""Time that passes for people who must connect again, and for storms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.redis import keys
from tests.doubles.redis import eventually

if TYPE_CHECKING:
    from sync.redis.connection import Client

_TIMES = ("/began", "/seen", "/tried")


async def found_out(redis: Client, object_id: str) -> None:
    """Wait until it is known that somebody must connect again."""
    key = keys.parked(keys.shard_of(object_id))

    async def parked() -> bool:
        return bool(await redis.hexists(key, object_id))

    await eventually(parked, within=15)


async def let_time_pass(redis: Client, seconds: float) -> None:
    """Let everything that the notifier knows be so much older."""
    ms = int(seconds * 1000)
    for shard in range(keys.SHARDS):
        for oid, row in (await redis.hgetall(keys.parked(shard))).items():
            since, _, reason = str(row).partition(":")
            await redis.hset(keys.parked(shard), oid, f"{int(since) - ms}:{reason}")
            await redis.hincrby(keys.person(oid), "trouble_at", -ms)
    for name, value in (await redis.hgetall(keys.STORMS)).items():
        if str(name).endswith(_TIMES):
            await redis.hset(keys.STORMS, name, int(value) - ms)
