"""The queue against a model: any mixture of events, workers, crashes and departures.

The model has a Microsoft as well: workers tell it things, and may die, or be cut off from Redis,
before or after. Whoever takes a person next must not believe anything false of what it holds.
"""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from bench.truth.scheduler import supersedes
from domain.errors import Trouble
from domain.person import Held, Patch
from domain.presence import SESSION_PAIRS, Observation, Pair, ZoomPresence
from domain.step import Lane
from sync.engine.people import PeopleStore
from sync.engine.queue import Claim
from sync.redis import keys
from sync.redis.scripts import Scripts
from tests.doubles.people import end_lease, lane_of, link_of, people_of_one_shard, person
from tests.doubles.redis import RedisServer, lasting_keys, leaked_keys, open_client
from tests.examples import examples

T = TypeVar("T")

PEOPLE = [*people_of_one_shard(2), person(0)]
SHARDS = sorted({keys.shard_of(oid) for oid in PEOPLE})
LATER = 10**13

people = st.sampled_from(PEOPLE)
lanes = st.sampled_from(Lane)


@dataclass
class Known:
    """What the model knows of a connected person."""

    generation: int
    version: int = 0
    newest: Observation | None = None
    due: bool = True  # as far as nobody works on them
    holder: Claim | None = None  # whose lease it is, or was the last
    leased: bool = False
    microsoft: Pair | None = None  # what it holds of us
    trouble: Trouble | None = None
    parked: bool = False

    def changed(self) -> None:
        self.version += 1
        self.due, self.parked = True, False


class Queue(RuleBasedStateMachine):
    """Each rule does something to the store and to the model, and compares the answers."""

    claims = Bundle("claims")

    def __init__(self, server: RedisServer) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.redis = open_client(server)
        self.store = PeopleStore(self.redis, Scripts(self.redis))
        self.run(self.redis.flushall())
        self.start = self.run(self.store.now_ms())
        self.known: dict[str, Known] = {}
        self.told: dict[str, Pair | None] = {}  # by token: what a worker has told Microsoft last
        self.tokens = 0

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    def teardown(self) -> None:
        self.run(self.redis.aclose())
        self.runner.close()

    @rule(oid=people)
    def connect(self, oid: str) -> None:
        generation = self.run(self.store.connect(link_of(oid), "sealed", None))
        known = self.known.setdefault(oid, Known(generation))
        assert known.version == 0 or generation > known.generation
        known.generation, known.trouble = generation, None
        known.changed()

    @rule(oid=people, current=st.booleans())
    def erase(self, oid: str, current: bool) -> None:
        known = self.known.get(oid)
        generation = known.generation if known else 7
        erased = self.run(self.store.erase(oid, generation if current else generation - 1))
        assert erased == (known is not None and current)
        if erased:
            del self.known[oid]

    @rule(
        oid=people,
        presence=st.sampled_from(ZoomPresence),
        at=st.integers(-2, 2),
        take=st.booleans(),
        target=claims,
    )
    def offer(self, oid: str, presence: ZoomPresence, at: int, take: bool) -> Any:
        """Zoom says something; a worker at hand may take the person at once."""
        observation = Observation(presence, self.start + at)
        token = self.token() if take else ""
        offered = self.run(self.store.offer_and_take(oid, observation, token=token))
        known = self.known.get(oid)
        if known is None:
            assert offered.outcome == "not_connected"
        elif not supersedes(observation, known.newest):
            assert offered.outcome == ("repeat" if observation == known.newest else "older")
        else:
            assert offered.outcome == "accepted"
            known.newest = observation
            if known.trouble is Trouble.AUTHORIZE:
                known.version += 1  # nothing can be told until they connect again
            else:
                known.changed()
                assert (offered.claim is not None) == (take and not known.leased)
        if offered.claim is None:
            return multiple()
        self.took(offered.claim)
        return offered.claim

    @rule(oid=people, lane=lanes)
    def demand(self, oid: str, lane: Lane) -> None:
        assert self.run(self.store.demand(oid, lane)) == (oid in self.known)
        if oid in self.known:
            self.known[oid].changed()

    @rule(shard=st.sampled_from(SHARDS), first=lanes, last=lanes, target=claims)
    def claim(self, shard: int, first: Lane, last: Lane) -> Any:
        due = {
            oid: self.stands(oid)
            for oid, known in self.known.items()
            if keys.shard_of(oid) == shard and known.due and not known.leased
        }
        claims = self.run(self.store.claim(shard, self.token(), 10, first=first, last=last))
        taken = {claim.state.object_id: claim.lane for claim in claims.people}
        assert taken == {oid: lane for oid, lane in due.items() if first <= lane <= last}
        left = Counter(lane for oid, lane in due.items() if oid not in taken)
        assert claims.due == tuple(left[lane] for lane in Lane)
        for claim in claims.people:
            self.took(claim)
        return multiple(*claims.people)

    def stands(self, oid: str) -> Lane:
        standing = self.run(lane_of(self.redis, oid))
        assert standing is not None
        return Lane(standing[0])

    def token(self) -> str:
        self.tokens += 1
        return f"w{self.tokens}"

    @rule(oid=people, target=claims)
    def claim_one(self, oid: str) -> Any:
        claim = self.run(self.store.claim_one(oid, self.token()))
        if oid not in self.known:
            assert claim is False
        elif self.known[oid].leased:
            assert claim is True
        else:
            assert isinstance(claim, Claim)
            self.took(claim)
            return claim
        return multiple()

    def took(self, claim: Claim) -> None:
        """Somebody has the person, and believes nothing false of them."""
        known, held = self.known[claim.state.object_id], claim.state.held
        assert claim.state.observation == known.newest
        assert claim.state.generation == known.generation
        if held is None:
            assert known.microsoft is None
        elif held.sure:
            assert held.pair == known.microsoft
        known.holder, known.leased, known.due, known.parked = claim, True, False, False

    def tell(self, claim: Claim, pair: Pair | None) -> None:
        """Whoever has the lease tells Microsoft something. (Others notice, and do not.)"""
        known = self.known.get(claim.state.object_id)
        if known is not None and known.holder is claim and known.leased:
            known.microsoft = self.told[claim.token + claim.state.object_id] = pair

    @rule(
        claim=claims,
        lane=lanes,
        due=st.sampled_from([None, 1, LATER]),
        trouble=st.none() | st.sampled_from([Trouble.AUTHORIZE, Trouble.GONE]),
        tells=st.booleans(),
        pair=st.none() | st.sampled_from(SESSION_PAIRS),
    )
    def ack(
        self,
        claim: Claim,
        lane: Lane,
        due: int | None,
        trouble: Trouble | None,
        tells: bool,
        pair: Pair | None,
    ) -> None:
        """From whoever has the lease, or from whoever has lost it."""
        if tells:
            self.tell(claim, pair)
        oid = claim.state.object_id
        patch = Patch(trouble=trouble, trouble_ms=5 if trouble else None)
        if (claim.token + oid) in self.told:
            told = self.told[claim.token + oid]
            patch |= Patch(held=None if told is None else Held(told, self.start, LATER))
        taken = self.run(self.acked(claim, lane, due, patch))
        known = self.known.get(oid)
        assert taken == (known is not None and known.holder is claim)
        if known is not None and taken:
            known.holder, known.leased = None, False
            if claim.state.generation == known.generation:
                known.trouble = trouble
            known.due = known.version != self.version_of(claim) or due == 1
            known.parked = not known.due and due is None and known.trouble is not None

    async def acked(
        self, claim: Claim, lane: Lane, due: int | None, patch: Patch | None = None
    ) -> bool:
        return await self.store.ack(claim, lane=lane, due_ms=due, patch=patch)

    @rule(claim=claims)
    def give_back(self, claim: Claim) -> None:
        """Untouched: there was no permit for them."""
        oid = claim.state.object_id
        taken = self.run(self.acked(claim, claim.lane, claim.due_ms))
        known = self.known.get(oid)
        assert taken == (known is not None and known.holder is claim)
        if known is not None and taken:
            if (claim.token + oid) in self.told:
                known.microsoft = None  # nobody gives back whom they told something
                self.run(self.store.demand(oid, Lane.URGENT, Patch(held=None)))
                known.changed()
            known.holder, known.leased, known.due = None, False, True

    def version_of(self, claim: Claim) -> int:
        return claim.state.version

    @rule(claim=claims)
    def renew(self, claim: Claim) -> None:
        renewed = self.run(self.store.renew(claim))
        known = self.known.get(claim.state.object_id)
        assert renewed == (known is not None and known.holder is claim)
        if known is not None and renewed:
            known.leased = True

    @rule(oid=people, tells=st.booleans(), pair=st.none() | st.sampled_from(SESSION_PAIRS))
    def worker_dies(self, oid: str, tells: bool, pair: Pair | None) -> None:
        """Or is cut off, or stopped; perhaps just after it has told Microsoft something."""
        known = self.known.get(oid)
        if known is not None and known.leased:
            if tells and known.holder is not None:
                self.tell(known.holder, pair)
            self.run(end_lease(self.redis, oid))
            known.leased, known.due = False, True

    @invariant()
    def everyone_stands_where_they_should(self) -> None:
        for oid in PEOPLE:
            standing = self.run(lane_of(self.redis, oid))
            known = self.known.get(oid)
            if known is None:
                assert standing is None
            elif known.due or known.leased:
                assert standing is not None
            elif known.parked:
                assert standing is None

    @invariant()
    def everyone_is_listed_and_whoever_is_given_up_is_known(self) -> None:
        assert self.run(everyone(self.store)) == set(self.known)
        parked = {oid for oid, known in self.known.items() if known.parked}
        assert self.run(given_up(self.store)) == {(oid, self.known[oid].trouble) for oid in parked}

    @invariant()
    def nothing_is_left_behind(self) -> None:
        assert self.run(leaked_keys(self.redis)) == []
        if not self.known:
            assert self.run(lasting_keys(self.redis)) == []


async def everyone(store: PeopleStore) -> set[str]:
    return {oid async for oid in store.everyone()}


async def given_up(store: PeopleStore) -> set[tuple[str, Trouble]]:
    return {(person.object_id, person.reason) async for person in store.parked()}


@pytest.mark.timeout(240)  # sixteen hundred steps, each a round trip or two
def test_the_queue_does_what_its_model_says(redis_server: RedisServer) -> None:
    class OnThisServer(Queue):
        def __init__(self) -> None:
            super().__init__(redis_server)

    run_state_machine_as_test(
        OnThisServer,
        settings=settings(max_examples=examples(30), stateful_step_count=40, deadline=None),
    )
