"""Reading back, in Redis: whom to look at when, what was seen of them, how it is going."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeVar

from sync.engine.queue import SHARDS
from sync.readback import scripts as lua
from sync.readback.agreement import EVERYBODY
from sync.readback.status import UP_AGAIN_MS, Status, dump, load
from sync.redis import keys
from sync.redis.batches import batches
from sync.redis.keys import ROUND, UNDER_WAY
from sync.redis.leases import Lease

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from sync.redis.connection import Client
    from sync.redis.scripts import Scripts

T = TypeVar("T")

LEASE_MS: Final = 5_000

Outcome = Literal["taken", "too early", "gone"]


class Waiting(NamedTuple):
    """How many are watched, and for when the first of them is (epoch ms, None: nobody).

    `connected`: how many people there are.
    """

    watched: int
    first_ms: float | None
    connected: int


class Batch(NamedTuple):
    """Whom to look at: object id -> for when that was (epoch ms). They are next at `next_ms`.

    `wanted`: of whom it is counted, what should be shown of them ("": that can't be said), and
    since when (epoch ms; sync.readback.agreement).
    """

    people: dict[str, float]
    next_ms: int
    wanted: Mapping[str, tuple[str, int]] = {}

    def asked(self, object_id: str) -> bool:
        """Whether the engine wants to know (sync.redis.keys)."""
        return self.people[object_id] % 1 != ROUND

    def kept(self, object_id: str) -> str:
        """For when they stand there meanwhile."""
        return repr(self.next_ms + (UNDER_WAY if self.asked(object_id) else ROUND))


class Verdict(NamedTuple):
    """What became of something seen. `again_ms`: when to look again, where it was too early.

    `told_ms`: when we last told Microsoft a session (epoch ms, 0 never); `held` its words, "" where
    we hold none, or it isn't sure.
    """

    outcome: Outcome
    again_ms: int
    told_ms: int
    held: str


class Sights(NamedTuple):
    """What a look saw: words by object id. `asked`: of whom the engine wanted to know."""

    words: Mapping[str, str]
    asked: frozenset[str]
    sent_ms: int
    settle_ms: int


@dataclass(frozen=True, slots=True)
class ReadbackStore:
    """Every read and write of it. Raises REDIS_TROUBLE."""

    client: Client
    scripts: Scripts

    def lease(self, name: str | None = None) -> Lease:
        """Its holder reads back."""
        return Lease(self.client, keys.READBACK_LEASE, LEASE_MS, name)

    def loss_lease(self) -> Lease:
        """Its holder has people planned without it."""
        return Lease(self.client, keys.READBACK_LOSS_LEASE, LEASE_MS)

    # -- whom to look at -------------------------------------------------------------------------

    async def waiting(self) -> Waiting:
        """How many there are, and who is first."""
        pipe = self.client.pipeline(transaction=False)
        for shard in range(keys.SHARDS):
            pipe.zcard(keys.watched(shard))
            pipe.zrange(keys.watched(shard), 0, 0, withscores=True)
            pipe.scard(keys.everybody(shard))
        answers = await pipe.execute()
        firsts = [float(at) for rows in answers[1::3] for _, at in rows]
        watched, connected = (sum(map(int, answers[start::3])) for start in (0, 2))
        return Waiting(watched, min(firsts, default=None), connected)

    async def take(
        self, now_ms: int, next_ms: int, at_most: int, *, counted: int = EVERYBODY
    ) -> Batch:
        """Take who is to be looked at now, an equal part of each shard; the latest first.

        `counted`: see sync.readback.agreement.counted_of.
        """
        most = max(1, at_most // keys.SHARDS)

        async def of_shard(shard: int) -> list[list[str]]:
            return await self.scripts.run(
                lua.take,
                watched=keys.watched(shard),
                prefix=keys.person_prefix(shard),
                now_ms=now_ms,
                next_ms=next_ms,
                at_most=most,
                counted=counted,
            )

        answers = await asyncio.gather(*map(of_shard, range(keys.SHARDS)))
        rows = [row for some in answers for row in some]
        people = {row[0]: float(row[1]) for row in rows}
        wanted = {row[0]: (row[2], int(row[3])) for row in rows if len(row) > 2}
        return Batch(people, next_ms, wanted)

    async def put(self, batch: Batch, at: Mapping[str, float]) -> None:
        """Have some of a batch looked at at another time, unless the engine has said when."""

        async def of_shard(shard: int, some: Mapping[str, float]) -> None:
            await self.scripts.run(
                lua.put,
                watched=keys.watched(shard),
                kept={oid: batch.kept(oid) for oid in some},
                at={oid: repr(each) for oid, each in some.items()},
            )

        await asyncio.gather(*(of_shard(*each) for each in _by_shard(at).items()))

    async def saw(self, sights: Sights) -> dict[str, Verdict]:
        """Keep what was seen of these, and have them planned anew; what became of each."""

        async def of_shard(shard: int, some: Mapping[str, str]) -> list[list[str | int]]:
            return await self.scripts.run(
                lua.saw,
                prefix=keys.person_prefix(shard),
                shard=SHARDS[shard],
                sent_ms=sights.sent_ms,
                settle_ms=sights.settle_ms,
                shown=some,
                asked={oid: 1 for oid in some if oid in sights.asked},
            )

        answers = await asyncio.gather(
            *(of_shard(*each) for each in _by_shard(sights.words).items())
        )
        return {str(oid): _verdict(*rest) for rows in answers for oid, *rest in rows}

    async def watched(self, at_most: int) -> AsyncIterator[tuple[int, list[str]]]:
        """Everybody who is watched: a shard, and some of its people."""
        for shard in range(keys.SHARDS):
            found = self.client.zscan_iter(keys.watched(shard), count=at_most)
            async for some in batches(found, at_most):
                yield shard, [str(oid) for oid, _ in some]

    async def demand(self, shard: int, people: Sequence[str]) -> int:
        """Have these of a shard planned anew; how many are still there."""
        return await self.scripts.run(
            lua.demand_all,
            prefix=keys.person_prefix(shard),
            shard=SHARDS[shard],
            members=people,
        )

    # -- how it is going -------------------------------------------------------------------------

    async def status(self) -> Status:
        """All that is known of it now."""
        now, row = await self.scripts.run(lua.readback_state, state=keys.READBACK)
        fields = iter(map(str, row))
        return load(int(now), dict(zip(fields, fields, strict=True)))

    async def keep(self, status: Status) -> None:
        """Say that somebody reads, and how it goes; from when on it is relied on."""
        pipe = self.client.pipeline(transaction=False)
        pipe.hset(keys.READBACK, mapping=dump(status))
        if status.alive and status.late_ms < UP_AGAIN_MS:
            pipe.hsetnx(keys.READBACK, "up", status.now_ms)
        pipe.expire(keys.READBACK, keys.READBACK_TTL)
        await pipe.execute()

    async def not_up(self) -> None:
        """It is not relied on so far, whatever stands there."""
        await self.client.hdel(keys.READBACK, "up")

    async def fell(self, status: Status) -> bool:
        """It is relied on no longer. False: somebody noticed before, or it is back."""
        return await self.scripts.run(lua.readback_fell, state=keys.READBACK, up_ms=status.up_ms)

    async def passed(self, lost_ms: int) -> None:
        """Everybody was planned anew because of this loss."""
        pipe = self.client.pipeline(transaction=False)
        pipe.hset(keys.READBACK, "passed", lost_ms)
        pipe.expire(keys.READBACK, keys.READBACK_TTL)
        await pipe.execute()


def _verdict(verdict: str | int, told: str | int, held: str | int) -> Verdict:
    again = int(verdict)
    outcome: Outcome = "gone" if again == 0 else "taken" if again == 1 else "too early"
    return Verdict(outcome, again if again > 1 else 0, int(told), str(held))


def _by_shard(people: Mapping[str, T]) -> dict[int, dict[str, T]]:
    found: dict[int, dict[str, T]] = {}
    for oid, value in people.items():
        found.setdefault(keys.shard_of(oid), {})[oid] = value
    return found
