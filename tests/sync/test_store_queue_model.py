"""The queue against a model: any mixture of events, workers, crashes and departures."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

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

from sync.plan import Lane, Observation, supersedes
from sync.presence import ZoomPresence
from sync.store import keys
from sync.store.connection import Scripts
from sync.store.people import PeopleStore
from sync.store.queue import Claim
from tests.doubles.people import end_lease, lane_of, link_of, people_of_one_shard, person
from tests.doubles.redis import RedisServer, leaked_keys, open_client

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

    def changed(self) -> None:
        self.version += 1
        self.due = True


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
        known.generation = generation
        known.changed()

    @rule(oid=people, current=st.booleans())
    def erase(self, oid: str, current: bool) -> None:
        known = self.known.get(oid)
        generation = known.generation if known else 7
        erased = self.run(self.store.erase(oid, generation if current else generation - 1))
        assert erased == (known is not None and current)
        if erased:
            del self.known[oid]

    @rule(oid=people, presence=st.sampled_from(ZoomPresence), at=st.integers(-2, 2))
    def offer(self, oid: str, presence: ZoomPresence, at: int) -> None:
        observation = Observation(presence, self.start + at)
        outcome = self.run(self.store.offer(oid, observation))
        known = self.known.get(oid)
        if known is None:
            assert outcome == "not_connected"
        elif supersedes(observation, known.newest):
            assert outcome == "accepted"
            known.newest = observation
            known.changed()
        else:
            assert outcome == ("repeat" if observation == known.newest else "older")

    @rule(oid=people, lane=lanes)
    def demand(self, oid: str, lane: Lane) -> None:
        assert self.run(self.store.demand(oid, lane)) == (oid in self.known)
        if oid in self.known:
            self.known[oid].changed()

    @rule(shard=st.sampled_from(SHARDS), target=claims)
    def claim(self, shard: int) -> Any:
        self.tokens += 1
        claimed = self.run(self.store.claim(shard, f"w{self.tokens}", 10)).people
        expected = {
            oid
            for oid, known in self.known.items()
            if keys.shard_of(oid) == shard and known.due and not known.leased
        }
        assert {claim.state.object_id for claim in claimed} == expected
        for claim in claimed:
            self.took(claim)
        return multiple(*claimed)

    @rule(oid=people, target=claims)
    def claim_one(self, oid: str) -> Any:
        self.tokens += 1
        claim = self.run(self.store.claim_one(oid, f"w{self.tokens}"))
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
        known = self.known[claim.state.object_id]
        assert claim.state.observation == known.newest
        assert claim.state.generation == known.generation
        known.holder, known.leased, known.due = claim, True, False

    @rule(claim=claims, lane=lanes, due=st.sampled_from([None, 1, LATER]))
    def ack(self, claim: Claim, lane: Lane, due: int | None) -> None:
        """From whoever has the lease, or from whoever has lost it."""
        taken = self.run(self.store.ack(claim, lane=lane, due_ms=due, changes={"tries": 1}))
        known = self.known.get(claim.state.object_id)
        assert taken == (known is not None and known.holder is claim)
        if known is not None and taken:
            changed = known.version != self.version_of(claim, known)
            known.holder, known.leased = None, False
            known.due = changed or due == 1

    def version_of(self, claim: Claim, known: Known) -> int:
        return claim.state.version

    @rule(claim=claims)
    def renew(self, claim: Claim) -> None:
        renewed = self.run(self.store.renew(claim))
        known = self.known.get(claim.state.object_id)
        assert renewed == (known is not None and known.holder is claim)
        if known is not None and renewed:
            known.leased = True

    @rule(oid=people)
    def worker_dies(self, oid: str) -> None:
        known = self.known.get(oid)
        if known is not None and known.leased:
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

    @invariant()
    def nothing_is_left_behind(self) -> None:
        assert self.run(leaked_keys(self.redis)) == []
        if not self.known:
            assert self.run(self.redis.keys("*")) == []


def test_the_queue_does_what_its_model_says(redis_server: RedisServer) -> None:
    class OnThisServer(Queue):
        def __init__(self) -> None:
            super().__init__(redis_server)

    run_state_machine_as_test(
        OnThisServer,
        settings=settings(max_examples=25, stateful_step_count=40, deadline=None),
    )
