"""The whole product over a real Redis Cluster: three servers, people in every shard."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from domain.budget import Limits
from domain.person import Patch
from domain.presence import Observation
from domain.presence import ZoomPresence as Z
from domain.step import Lane
from sandbox.zoom_states import ZoomPresence
from sync.engine.people import PeopleStore
from sync.engine.queue import Claim
from sync.engine.quota import Quota
from sync.readback.store import ReadbackStore, Sights
from sync.redis import keys
from sync.redis.connection import server_ms
from sync.redis.scripts import Scripts
from tests.doubles.inside import said_by
from tests.doubles.outside import Outside, Product, outside, serving, titles, words
from tests.doubles.people import link_of, person
from tests.doubles.product import eventually, http, running
from tests.doubles.redis import lasting_keys, leaked_keys, orphans
from tests.doubles.redis_cluster import RedisCluster

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sandbox.people import SandboxPerson
    from sync.redis.connection import Client
    from tests.doubles.redis import RedisServer
    from tests.doubles.teams import Sent

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]

CALL = ("Busy", "InACall")
OF_PEOPLE = "pb:{??}:*"
"""The keys in people's shards."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster() -> AsyncIterator[RedisCluster]:
    async with RedisCluster() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def client(cluster: RedisCluster) -> AsyncIterator[Client]:
    """A client of the empty cluster; the test fails if it leaves keys that never end."""
    async with cluster.client() as client:
        await client.flushall(target_nodes="primaries")
        yield client
        assert await leaked_keys(client) == []
        assert [problem async for problem in orphans(client)] == []


async def test_reading_back_works_in_every_slot(client: Client) -> None:
    store = ReadbackStore(client, Scripts(client))
    people = [f"00000000-0000-4000-9300-{number:012d}" for number in range(64)]
    now = await server_ms(client)
    for oid in people:
        await client.hset(keys.person(oid), mapping={"gen": 1})
        await client.zadd(keys.watched(keys.shard_of(oid)), {oid: now - 1})
    assert await store.waiting() == (64, now - 1, 0)
    batch = await store.take(now, now + 20_000, 650)
    assert sorted(batch.people) == people
    seen = Sights(dict.fromkeys(people, "Busy/Busy"), frozenset(people), now, 6_000)
    assert {verdict.outcome for verdict in (await store.saw(seen)).values()} == {"taken"}
    await store.put(batch, dict.fromkeys(people, now + 20_000.5))
    assert await store.waiting() == (64, now + 20_000.5, 0)
    assert sum([await store.demand(shard, some) async for shard, some in store.watched(3)]) == 64
    await store.keep(replace(await store.status(), beat_ms=now, watched=64, permitted=1))
    status = await store.status()
    assert (status.watched, status.reading is not None) == (64, True)
    assert await store.fell(status)
    assert not await store.fell(status)
    await client.flushall(target_nodes="primaries")


async def test_the_shards_are_spread_and_every_script_runs_on_each(client: Client) -> None:
    scripts = Scripts(client)
    assert await scripts.loaded()
    store = PeopleStore(client, scripts)
    everybody = one_of_each_shard([person(n) for n in range(200)])
    nodes = {client.get_node_from_key(keys.person(oid)).port for oid in everybody}
    assert len(nodes) > 1
    now = await store.now_ms()
    for oid in everybody:
        generation = await store.connect(link_of(oid, zoom_id=f"z{oid}"), "sealed", None)
        assert await store.offer(oid, Observation(Z.IN_MEETING, now)) == "accepted"
        [claim] = (await store.claim(keys.shard_of(oid), "w1", 10)).people
        assert await store.renew(claim)
        assert await store.demand(oid, Lane.URGENT, Patch.testing(5))
        assert await store.ack(claim, lane=Lane.HOLD, due_ms=10**13)
        one = await store.claim_one(oid, "w2")
        assert isinstance(one, Claim)
        assert await store.save_tokens(oid, generation, "new")
        async with store.token_lease(oid):
            assert await store.read_tokens(oid) == (generation, "new")
        assert await store.owner_of(address=f"{oid}@example.com", zoom_id=None) == oid
    assert {oid async for oid in store.everyone()} == set(everybody)
    assert len(await store.rows(everybody)) == len(everybody)
    assert sum(lane.waiting for lane in await store.queue()) == len(everybody)
    quota = Quota(client, scripts, Limits.of(limit=100))
    assert (await quota.take(Lane.URGENT, 3)).granted == 3
    await quota.pause(1)
    assert (await quota.take(Lane.URGENT)).granted == 0
    for oid in everybody:
        state = await store.state(oid)
        assert state is not None
        assert await store.erase(oid, state.generation)
    assert await lasting_keys(client, OF_PEOPLE) == []


def one_of_each_shard(people: list[str]) -> list[str]:
    found: dict[int, str] = {}
    for oid in people:
        found.setdefault(keys.shard_of(oid), oid)
    assert len(found) == keys.SHARDS
    return list(found.values())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def around(
    cluster: RedisCluster, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Outside]:
    async with outside(tmp_path_factory.mktemp("outside"), redis_server) as world:
        yield world


async def test_the_product_serves_people_of_every_shard_from_connect_to_disconnect(
    cluster: RedisCluster, client: Client, around: Outside, tmp_path: Path
) -> None:
    somebody = [around.somebody() for _ in range(60)]
    picked = set(one_of_each_shard([p.object_id for p in somebody]))
    everybody = [p for p in somebody if p.object_id in picked]
    settings: dict[str, str | None] = {
        "REDIS_URL": cluster.url,
        "REDIS_MODE": "cluster",
        "ADMIN_OBJECT_IDS": everybody[0].object_id,
        "PYTHONDEVMODE": None,
    }
    environ = around.environ(**settings, WORKER_PORT="0")
    async with (
        serving(around, tmp_path, "--no-worker", **settings) as product,
        running("worker", environ=environ, folder=tmp_path) as worker,
    ):
        await worker.event("worker_started")
        for one in everybody:
            await product.connected(one)
        await states(product, everybody, ZoomPresence.IN_MEETING, CALL)
        await states(product, everybody, ZoomPresence.PRESENTING, ("DoNotDisturb", "Presenting"))

        # Settings reach every process; the rollout clears everybody, and pushes again.
        await change(product, everybody[0], "settings account disable")
        for one in everybody:
            await product.told(one, None)
        assert "Zoom isn’t shown" in words((await product.chat(everybody[1]).says("status")).card)
        await change(product, everybody[0], "settings account enable")
        for one in everybody:
            await product.told(one, ("DoNotDisturb", "Presenting"))
        history = said_by((await product.chat(everybody[0]).says("settings history")).card)
        assert "Calendar and contacts integration: off → on" in history

        await a_node_fails_and_comes_back(cluster, product, everybody)

        for one in everybody:
            chat = product.chat(one)
            question = await chat.says("disconnect")
            assert "isconnected" in words(await chat.presses("Disconnect", on=question))
            assert around.told(one) is None

        async def forgotten() -> bool:
            return await lasting_keys(client, OF_PEOPLE) == []

        await eventually(forgotten, "nothing of anybody is left", log=product.command)
        assert await worker.stop() == 0
        assert await product.command.stop() == 0
        worker.assert_clean()
        product.command.assert_clean()


async def states(
    product: Product, people: list[SandboxPerson], presence: ZoomPresence, pair: tuple[str, str]
) -> None:
    """Zoom says something of everybody; wait until Microsoft is told."""
    for one in people:
        product.around.world.set_zoom(one.object_id, presence)
    for one in people:
        await product.told(one, pair)


async def change(product: Product, admin: SandboxPerson, said: str) -> Sent:
    """An admin says it and confirms it."""
    chat = product.chat(admin)
    question = await chat.says(said)
    await chat.presses(titles(question.card)[0], on=question)
    return question


async def a_node_fails_and_comes_back(
    cluster: RedisCluster, product: Product, people: list[SandboxPerson]
) -> None:
    """Without replicas a third of the slots is away: events wait at Zoom, then all goes on."""
    webhooks = product.around.world.webhooks
    cluster.nodes[1].kill()
    try:
        for one in people:
            product.around.world.set_zoom(one.object_id, ZoomPresence.ON_PHONE_CALL)
        deliveries = list(webhooks.log)[-len(people) :]
        await product.until(lambda: all(d.attempts for d in deliveries), "Zoom is answered", 20)
        assert {d.attempts[0].status for d in deliveries} <= {200, 503, None}
        assert any(d.state == "waiting" for d in deliveries)
    finally:
        cluster.nodes[1].start()
    await cluster.complete()

    async def ready() -> bool:
        return (await http("GET", f"{product.url}/readyz"))[0] == 200

    await eventually(ready, "it is ready again", log=product.command)
    product.around.world.clock.advance(5 * 60)  # Zoom repeats what was answered with 503
    # Whose turn the node cut off in the middle is taken up when the lease has ended (15 s).
    everybody = [partial(product.around.told, one) for one in people]
    await product.until(lambda: all(told() == CALL for told in everybody), "all are told", 25)
