"""Connected people in the store, as tests of the store and of the engine need them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.link import Link
from domain.presence import Observation, ZoomPresence
from domain.step import Lane
from sync.redis import keys

if TYPE_CHECKING:
    from sync.engine.people import PeopleStore
    from sync.engine.queue import Claim
    from sync.redis.connection import Client

ADA = "00000000-0000-4000-8000-000000000001"
BEN = "00000000-0000-4000-8000-000000000002"


def person(number: int) -> str:
    """The object id of somebody."""
    return f"00000000-0000-4000-8000-{number:012}"


def people_of_one_shard(count: int) -> list[str]:
    """Some people whose queue is one and the same."""
    found = [oid for n in range(count * 40) if keys.shard_of(oid := person(n)) == 3]
    return found[:count]


def link_of(oid: str = ADA, *addresses: str, zoom_id: str | None = None) -> Link:
    return Link(oid, "tenant", "Somebody", addresses or (f"{oid}@example.com",), 1, zoom_id)


async def seen(
    store: PeopleStore, presence: ZoomPresence = ZoomPresence.AVAILABLE, ago_ms: int = 0
) -> Observation:
    return Observation(presence, await store.now_ms() - ago_ms)


async def claim(store: PeopleStore, oid: str = ADA, token: str = "w1") -> Claim:
    """The only one who is due in the person's shard."""
    claims = await store.claim(keys.shard_of(oid), token, 10)
    [one] = claims.people
    assert one.state.object_id == oid
    return one


async def nobody(store: PeopleStore, oid: str = ADA) -> bool:
    return (await store.claim(keys.shard_of(oid), "nobody", 10)).people == []


async def end_lease(redis: Client, oid: str = ADA) -> None:
    """Let time pass until the lease has ended."""
    lane = await redis.hget(keys.person(oid), "lane")
    await redis.hset(keys.person(oid), "lease_end", 1)
    await redis.zadd(keys.dues(keys.shard_of(oid))[int(lane)], {oid: 1})


async def lane_of(redis: Client, oid: str = ADA) -> tuple[int, int] | None:
    """Lane and score of a person; None: they wait for nothing."""
    found = []
    for lane, queue in enumerate(keys.dues(keys.shard_of(oid))):
        score = await redis.zscore(queue, oid)
        if score is not None:
            found.append((lane, int(score)))
    assert len(found) <= 1, "somebody stands in one lane at most"
    return found[0] if found else None


async def connected(store: PeopleStore, oid: str = ADA) -> int:
    """Connect somebody and see to everything that is due of them. Returns the generation."""
    generation = await store.connect(link_of(oid), "sealed", None)
    assert await store.ack(await claim(store, oid), lane=Lane.CHANGE, due_ms=None)
    return generation
