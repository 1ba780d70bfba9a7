"""The queue of the simulated day, against the scripts that it stands for."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from bench.truth.scheduler import NOWHERE, Queue
from domain.person import Held, Patch
from domain.presence import SESSION_PAIRS, Observation, ZoomPresence
from domain.step import Lane
from sync.engine.people import PeopleStore
from sync.redis import keys
from sync.redis.connection import Client
from tests.doubles.people import link_of, people_of_one_shard
from tests.doubles.redis import RedisServer, open_client
from tests.doubles.scripts import ScriptsOnAClock

if TYPE_CHECKING:
    from sync.engine.queue import Claim

START = 1_800_000_000_000
PEOPLE = people_of_one_shard(4)
SHARD = keys.shard_of(PEOPLE[0])


@dataclass(eq=False)
class Person:
    number: int
    lane: int = NOWHERE
    due: int = 0
    leased: bool = False
    version: int = 0
    newest: Observation | None = None
    held: Held | None = None


class Both:
    """Does everything on both sides and compares."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.scripts = ScriptsOnAClock(client, START)
        self.store = PeopleStore(client, self.scripts, lease_ms=10**9)
        self.people = [Person(number) for number in range(len(PEOPLE))]
        self.queue = Queue(self.people)
        self.now = START
        self.hands: list[tuple[Claim, Person, int]] = []

    async def play(self, moves: list[tuple[Any, ...]]) -> None:
        await self.client.flushall()
        await self.wait(0)
        for person in self.people:
            await self.store.connect(link_of(PEOPLE[person.number]), "sealed", None)
            self.queue.demand(self.now, person, Lane.CHANGE)
        for move, *arguments in moves:
            await getattr(self, move)(*arguments)
            await self.compare()

    async def wait(self, ms: int) -> None:
        self.now += ms
        self.scripts.now = self.now
        self.queue.ripen(self.now)

    async def offer(self, number: int, presence: ZoomPresence, ago: int) -> None:
        new = Observation(presence, self.now - ago)
        outcome = await self.store.offer(PEOPLE[number], new)
        assert outcome == self.queue.offer(self.now, self.people[number], new)

    async def demand(self, number: int, lane: Lane) -> None:
        await self.store.demand(PEOPLE[number], lane)
        self.queue.demand(self.now, self.people[number], lane)

    async def claim(self, at_most: int, first: Lane, last: Lane) -> None:
        self.queue.ripen(self.now)
        claims = await self.store.claim(SHARD, f"t{self.now}", at_most, first=first, last=last)
        found: list[Person] = []
        for lane in range(first, last + 1):
            while len(found) < at_most and (one := self.queue.claim(lane)) is not None:
                assert isinstance(one, Person)
                found.append(one)
        assert [claim.state.object_id for claim in claims.people] == [
            PEOPLE[person.number] for person in found
        ]
        for claim, person in zip(claims.people, found, strict=True):
            assert (claim.lane, claim.due_ms) == (person.lane, person.due)
            self.hands.append((claim, person, person.version))

    async def ack(self, which: int, lane: Lane, due: int | None, held: Held | None) -> None:
        if self.hands:
            claim, person, version = self.hands.pop(which % len(self.hands))
            at = None if due is None else self.now + due
            if held is not None:
                held = held._replace(until_ms=self.now + held.until_ms)
            assert await self.store.ack(claim, lane=lane, due_ms=at, patch=Patch(held=held))
            person.held = held
            self.queue.ack(self.now, person, version, lane, at)

    async def give_back(self, which: int) -> None:
        if self.hands:
            claim, person, version = self.hands.pop(which % len(self.hands))
            assert await self.store.ack(claim, lane=claim.lane, due_ms=claim.due_ms)
            self.queue.give_back(self.now, person, version)

    async def compare(self) -> None:
        for oid, person in zip(PEOPLE, self.people, strict=True):
            lane = await self.client.hget(keys.person(oid), "lane")
            assert int(await self.client.hget(keys.person(oid), "ver") or 0) == person.version
            if not person.leased:
                assert (NOWHERE if lane is None else int(lane)) == person.lane
            if lane is not None and not person.leased:
                score = await self.client.zscore(keys.dues(SHARD)[int(lane)], oid)
                assert score == person.due


numbers = st.integers(0, len(PEOPLE) - 1)
lanes = st.sampled_from(Lane)
helds = st.builds(Held, st.sampled_from(SESSION_PAIRS), st.just(START), st.integers(-5, 50))
moves = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 30)),
    st.tuples(st.just("offer"), numbers, st.sampled_from(ZoomPresence), st.integers(-5, 20)),
    st.tuples(st.just("demand"), numbers, lanes),
    st.tuples(st.just("claim"), st.integers(1, 3), lanes, lanes),
    st.tuples(st.just("claim"), st.just(4), st.just(Lane.URGENT), st.just(Lane.FADE)),
    st.tuples(
        st.just("ack"),
        st.integers(0, 3),
        lanes,
        st.one_of(st.none(), st.integers(-5, 40)),
        st.one_of(st.none(), helds),
    ),
    st.tuples(st.just("give_back"), st.integers(0, 3)),
)


def test_the_queue_does_what_the_scripts_do(redis_server: RedisServer) -> None:
    with asyncio.Runner() as runner:
        client = open_client(redis_server)

        @given(st.lists(moves, max_size=30))
        def both(played: list[tuple[Any, ...]]) -> None:
            runner.run(Both(client).play(played))

        both()
        runner.run(client.aclose())
