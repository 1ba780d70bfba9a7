"""Readers over a real Redis, and a stand-in for Graph over HTTP."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiohttp
import pytest

from domain.budget import GRAPH_LIMITS
from domain.clock import HOUR
from domain.organisation import may_read
from sync.engine.quota import Quota
from sync.organisation.graph_requests import GraphRequests
from sync.readback.looks import ANSWER_LIMIT, GraphLooks
from sync.readback.losses import Losses
from sync.readback.reader import Reader
from sync.readback.store import ReadbackStore
from sync.redis import keys
from sync.redis.connection import Client, server_ms
from sync.redis.scripts import Scripts
from tests.doubles.presences import Presences, running_presences

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sync.readback.status import Status


def oid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


ADA, BEN, CLEO = map(oid, (1, 2, 3))


@dataclass
class Bench:
    """Everything that a process of the product has for it, and a clock of the test's."""

    redis: Client
    graph: Presences
    session: aiohttp.ClientSession
    now: float = 1000.0
    roles: tuple[str, ...] = ("Presence.Read.All",)
    doubts: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    settled: list[float] = field(default_factory=list)
    held: str = "organisation"

    def __post_init__(self) -> None:
        self.store = ReadbackStore(self.redis, Scripts(self.redis))
        self.quota = Quota(self.redis, Scripts(self.redis), GRAPH_LIMITS)

    def reader(
        self, *, per_second: float = 1, time_limit: float = 5, chance: float = 1.0
    ) -> Reader:
        """The reader of another process."""
        requests = GraphRequests(
            self.session,
            self,
            f"{self.graph.base}/v1.0",
            now=lambda: 0.0,
            time_limit=time_limit,
            answer_limit=ANSWER_LIMIT,
        )
        return Reader(
            self.store,
            GraphLooks(requests),
            self.quota,
            per_second=per_second,
            permitted=self.permitted,
            doubt=self.doubt,
            meter=self,
            monotonic=lambda: self.now,
            chance=lambda: chance,
        )

    def losses(self) -> Losses:
        """What watches reading in another process."""
        return Losses(self.store, monotonic=lambda: self.now, sleep=_at_once)

    # -- ports -----------------------------------------------------------------------------------

    async def token(self) -> str:
        return self.held

    def invalidate(self) -> None:
        self.held = self.graph.token

    async def permitted(self) -> bool:
        return may_read(self.roles)

    def doubt(self) -> None:
        self.doubts += 1

    def write(self, kind: str, outcome: str, seconds: float) -> None:
        assert kind == "sweep"
        assert seconds >= 0
        self.requests[outcome] += 1

    def settle(self, seconds: float) -> None:
        self.settled.append(seconds)

    # -- people ----------------------------------------------------------------------------------

    async def watch(self, *people: str, at: float | None = None, **row: str | int) -> None:
        """Connected people, who are to be looked at now."""
        at = await server_ms(self.redis) - 1 if at is None else at
        pipe = self.redis.pipeline(transaction=False)
        for person in people:
            pipe.hset(keys.person(person), mapping={"gen": 1, **row})
            pipe.zadd(keys.watched(keys.shard_of(person)), {person: at})
        await pipe.execute()

    async def again(self, *people: str, whole: bool = False) -> None:
        """They are to be looked at anew: in the reader's own round, or because the engine asks."""
        at = await server_ms(self.redis) - (1 if whole else 0.5)
        for person in people:
            await self.redis.zadd(keys.watched(keys.shard_of(person)), {person: at})

    async def sight(self, person: str) -> str | None:
        kept: str | None = await self.redis.hget(keys.person(person), "sight")
        return kept

    async def demanded(self, person: str) -> int:
        """How often somebody was planned anew."""
        return int(await self.redis.hget(keys.person(person), "ver") or 0)

    async def due_ms(self, person: str) -> float | None:
        """In how many ms somebody is looked at."""
        at = await self.redis.zscore(keys.watched(keys.shard_of(person)), person)
        return None if at is None else float(at) - await server_ms(self.redis)

    async def status(self) -> Status:
        return await self.store.status()

    async def pass_time(self, ms: int) -> None:
        """All that was noted of reading, was so long ago."""
        row = await self.redis.hgetall(keys.READBACK)
        for name in {"beat", "look", "up"} & row.keys():
            await self.redis.hset(keys.READBACK, name, int(row[name]) - ms)
        assert ms < HOUR


async def _at_once(_: float) -> None:
    """A pause that takes no time."""


@pytest.fixture
async def bench(redis: Client) -> AsyncIterator[Bench]:
    async with running_presences() as graph, aiohttp.ClientSession() as session:
        yield Bench(redis, graph, session)
