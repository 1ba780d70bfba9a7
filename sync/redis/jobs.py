"""Work that any process may carry on: what it is, for whom it is left to do, who works on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from sync.redis import keys
from sync.redis.batches import batches, chunks
from sync.redis.leases import Lease

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from sync.redis.connection import Client
    from sync.redis.rows import Rows

Row = TypeVar("Row")

TAKEN_MS = 5_000
"""How long a process keeps a job to itself, and another waits that follows one that died: longer
than a look at many people takes, shorter than people's patience after a restart."""
CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Jobs(Generic[Row]):
    """The jobs of one kind; `rows` is how each is written.

    All keys share one slot; a job's keys live until it is finished, at most a day.
    """

    client: Client
    kind: str
    rows: Rows[Row]

    async def add(
        self, job_id: str, row: Row, people: Iterable[str], *, ttl: int = keys.JOB_TTL
    ) -> None:
        """Begin a job for these people. Its row is kept for `ttl` seconds."""
        left = keys.job_left(self.kind, job_id)
        for some in chunks(list(people), CHUNK):
            await self.client.sadd(left, *some)
        await self.client.expire(left, keys.JOB_TTL)
        await self.write(job_id, row, ttl=ttl)
        await self.client.sadd(keys.jobs(self.kind), job_id)
        await self.client.expire(keys.jobs(self.kind), keys.JOB_TTL)

    async def write(self, job_id: str, row: Row, *, ttl: int | None) -> None:
        """Keep a job's row, for `ttl` seconds (None: as long as the one before)."""
        key, text = keys.job(self.kind, job_id), self.rows.dump(row)
        if ttl is None:
            await self.client.set(key, text, keepttl=True, xx=True)
        else:
            await self.client.set(key, text, ex=ttl)

    async def read(self, job_id: str) -> Row | None:
        """A job's row; None where it has ended, or is damaged."""
        return self.rows.load_if_good(await self.client.get(keys.job(self.kind, job_id)))

    async def under_way(self) -> list[str]:
        """The ids of the jobs that were not finished."""
        return sorted(str(job_id) for job_id in await self.client.smembers(keys.jobs(self.kind)))

    async def take(self, job_id: str, name: str) -> bool:
        """Whether the process of this name works on the job for the next seconds."""
        key = keys.job_taken(self.kind, job_id)
        return await Lease(self.client, key, TAKEN_MS, name).take()

    def left(self, job_id: str, at_most: int) -> AsyncIterator[list[str]]:
        """Who is left, in batches."""
        key = keys.job_left(self.kind, job_id)
        return batches(self.client.sscan_iter(key, count=at_most), at_most)

    async def pop(self, job_id: str) -> str | None:
        """Take out one of those who are left: they are nobody else's from now on."""
        member = await self.client.spop(keys.job_left(self.kind, job_id))
        return None if member is None else str(member)

    async def settle(self, job_id: str, people: Sequence[str]) -> None:
        """These are done."""
        for some in chunks(people, CHUNK):
            await self.client.srem(keys.job_left(self.kind, job_id), *some)

    async def count(self, job_id: str) -> int:
        """How many are left."""
        return int(await self.client.scard(keys.job_left(self.kind, job_id)))

    async def finish(self, job_id: str, *, keep_row: bool = False) -> bool:
        """Drop a job and everything about it; False when somebody else did.

        In one step: nobody looks again for what a process that dies would leave.
        """
        about = [keys.job_left, keys.job_taken, keys.job_again, keys.job_tally]
        dropped = [of(self.kind, job_id) for of in (about if keep_row else [*about, keys.job])]
        async with self.client.pipeline(transaction=True) as pipe:
            pipe.srem(keys.jobs(self.kind), job_id)
            pipe.delete(*dropped)
            was_there, _ = await pipe.execute()
        return bool(was_there)
