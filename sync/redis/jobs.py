"""Work that any process may carry on: what it is, for whom it is left to do, who works on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.redis import keys
from sync.redis.leases import Lease

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from sync.redis.connection import Client

TAKEN_MS = 10_000
"""How long a process keeps a job to itself; who dies in the middle is followed by another."""
CHUNK = 1000


class Jobs:
    """The jobs of one kind. Rows are opaque here.

    All keys share one slot; a job's keys live until it is finished, at most a day.
    """

    def __init__(self, client: Client, kind: str, *, taken_ms: int = TAKEN_MS) -> None:
        self._client = client
        self._kind = kind
        self._taken_ms = taken_ms

    async def add(
        self, job_id: str, row: str, people: Iterable[str], *, ttl: int | None = keys.JOB_TTL
    ) -> None:
        """Begin a job for these people. `ttl`: see `write`."""
        await self.put(job_id, list(people))
        await self.write(job_id, row, ttl=ttl)
        await self._client.sadd(keys.jobs(self._kind), job_id)
        await self._client.expire(keys.jobs(self._kind), keys.JOB_TTL)

    async def put(self, job_id: str, people: Sequence[str]) -> None:
        """Have these people among those who are left."""
        left = keys.job_left(self._kind, job_id)
        for start in range(0, len(people), CHUNK):
            await self._client.sadd(left, *people[start : start + CHUNK])
        if people:
            await self._client.expire(left, keys.JOB_TTL)

    async def write(self, job_id: str, row: str, *, ttl: int | None = keys.JOB_TTL) -> None:
        """Keep a job's row, for `ttl` seconds (None: as long as the one before)."""
        key = keys.job(self._kind, job_id)
        if ttl is None:
            await self._client.set(key, row, keepttl=True, xx=True)
        else:
            await self._client.set(key, row, ex=ttl)

    async def read(self, job_id: str) -> str | None:
        """A job's row."""
        text = await self._client.get(keys.job(self._kind, job_id))
        return None if text is None else str(text)

    async def under_way(self) -> list[str]:
        """The ids of the jobs that were not finished."""
        return sorted(str(job_id) for job_id in await self._client.smembers(keys.jobs(self._kind)))

    async def take(self, job_id: str, name: str) -> bool:
        """Whether the process of this name works on the job for the next seconds."""
        key = keys.job_taken(self._kind, job_id)
        return await Lease(self._client, key, self._taken_ms, name).take()

    async def left(self, job_id: str, at_most: int) -> AsyncIterator[list[str]]:
        """Who is left, in batches."""
        batch: list[str] = []
        key = keys.job_left(self._kind, job_id)
        async for member in self._client.sscan_iter(key, count=at_most):
            batch.append(str(member))
            if len(batch) >= at_most:
                yield batch
                batch = []
        if batch:
            yield batch

    async def pop(self, job_id: str) -> str | None:
        """Take out one of those who are left: they are nobody else's from now on."""
        member = await self._client.spop(keys.job_left(self._kind, job_id))
        return None if member is None else str(member)

    async def settle(self, job_id: str, people: Sequence[str]) -> None:
        """These are done."""
        left = keys.job_left(self._kind, job_id)
        for start in range(0, len(people), CHUNK):
            await self._client.srem(left, *people[start : start + CHUNK])

    async def count(self, job_id: str) -> int:
        """How many are left."""
        return int(await self._client.scard(keys.job_left(self._kind, job_id)))

    async def finish(self, job_id: str, *, keep_row: bool = False) -> bool:
        """Drop a job and everything about it; False when somebody else did."""
        was_there = await self._client.srem(keys.jobs(self._kind), job_id)
        dropped = [keys.job_left(self._kind, job_id), keys.job_taken(self._kind, job_id)]
        if not keep_row:
            dropped.append(keys.job(self._kind, job_id))
        await self._client.delete(*dropped)
        return bool(was_there)
