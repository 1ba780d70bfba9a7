"""The leases of many people, which one timer serves."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest

from sync.engine.lease import Lease, LeaseLost, Leases
from sync.engine.people import PeopleStore
from sync.engine.queue import Claim
from sync.redis.connection import Client
from sync.redis.scripts import Scripts
from tests.doubles.people import link_of, people_of_one_shard

LEASE_MS = 600


class Renewals(PeopleStore):
    """The real store; counts renewals by person, and lets one fail as if somebody else had them."""

    def __init__(self, client: Client) -> None:
        super().__init__(client, Scripts(client), lease_ms=LEASE_MS)
        self.renewed: Counter[str] = Counter()
        self.lost: set[str] = set()
        self._another = asyncio.Event()

    async def renew(self, claim: Claim) -> bool:
        renewed = await super().renew(claim)
        self.renewed[claim.state.object_id] += 1
        self._another.set()
        return renewed and claim.state.object_id not in self.lost

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for enough renewals."""
        async with asyncio.timeout(10):
            while not condition():
                self._another.clear()
                await self._another.wait()


@pytest.fixture
async def held(redis: Client) -> tuple[Renewals, list[Claim]]:
    renewals, claims = Renewals(redis), []
    for oid in people_of_one_shard(4):
        await renewals.connect(link_of(oid), "sealed", None)
        claim = await renewals.claim_one(oid, "w1")
        assert isinstance(claim, Claim)
        claims.append(claim)
    return renewals, claims


async def test_each_lease_is_renewed_for_as_long_as_its_own_turn_goes_on(
    held: tuple[Renewals, list[Claim]],
) -> None:
    renewals, claims = held
    leases = Leases(renewals)
    names = [claim.state.object_id for claim in claims]
    async with AsyncExitStack() as stack:
        async with Lease(leases, claims[0]):
            for claim in claims[1:]:
                await stack.enter_async_context(Lease(leases, claim))
            await renewals.until(lambda: all(renewals.renewed[name] >= 2 for name in names))
        over = renewals.renewed[names[0]]
        others = {name: renewals.renewed[name] + 2 for name in names[1:]}
        await renewals.until(lambda: all(renewals.renewed[n] >= most for n, most in others.items()))
        assert renewals.renewed[names[0]] == over, "nobody prolongs what was given back"
    assert all(await asyncio.gather(*(renewals.ack(c, lane=c.lane, due_ms=None) for c in claims)))


async def test_whoever_is_lost_is_broken_off_alone(held: tuple[Renewals, list[Claim]]) -> None:
    renewals, claims = held
    leases = Leases(renewals)
    renewals.lost.add(claims[1].state.object_id)
    going_on = asyncio.Event()

    async def work(claim: Claim) -> str:
        async with Lease(leases, claim) as lease:
            try:
                await lease.within(_until(going_on))
            except LeaseLost:
                return "lost"
            lease.check()
            return "held"

    working = [asyncio.create_task(work(claim)) for claim in claims]
    await asyncio.wait([working[1]], timeout=10)
    going_on.set()
    assert await asyncio.gather(*working) == ["held", "lost", "held", "held"]


async def _until(event: asyncio.Event) -> None:
    await event.wait()
