"""What Microsoft shows is read back, and what it lost is put back; one of two readers is killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.faults import Fault, FaultKind
from sandbox.graph_presence import TeamsClient
from sandbox.people import PEOPLE
from sandbox.zoom_states import ZoomPresence
from sync.readback.rows import parse_sight
from sync.readback.store import ReadbackStore
from sync.redis import keys
from sync.redis.connection import server_ms
from sync.redis.scripts import Scripts
from tests.doubles.outside import serving
from tests.doubles.product import eventually
from tests.doubles.redis import open_client
from tests.sandbox.support import ADA

if TYPE_CHECKING:
    from pathlib import Path

    from sync.redis.connection import Client
    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")

RIGHTS = ["Presence.ReadWrite.All", "User.Read.All"]


async def ask(redis: Client, oid: str) -> None:
    """Have somebody looked at now, as the engine does."""
    await redis.zadd(keys.watched(keys.shard_of(oid)), {oid: await server_ms(redis) - 1})


async def test_it_goes_on_without_the_one_that_is_killed_and_ends_without_permission(
    around: Outside, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    redis, world = open_client(around.redis), around.world
    await redis.flushall()
    world.own_rights.hold(RIGHTS, world.clock.now())
    store = ReadbackStore(redis, Scripts(redis))
    world.set_teams(ADA, TeamsClient.ACTIVE)

    async def sees(words: str) -> bool:
        await ask(redis, ADA)
        sight = parse_sight(await redis.hget(keys.person(ADA), "sight"))
        return sight is not None and f"{sight.shown.availability}/{sight.shown.activity}" == words

    try:
        async with serving(around, tmp_path / "one") as one:
            await one.command.event("readback_begun", seconds=20)
            ada = next(person for person in PEOPLE if person.object_id == ADA)
            await one.connected(ada)
            async with serving(around, tmp_path / "two") as two:
                world.set_zoom(ADA, ZoomPresence.AVAILABLE)
                await eventually(lambda: sees("Available/Available"), "it is seen", log=one.command)
                assert (await store.status()).reading is not None
                assert two.command.events("readback_begun") == []
                world.set_zoom(ADA, ZoomPresence.IN_MEETING)
                await one.told(ada, ("Busy", "InACall"))
                await eventually(lambda: sees("Busy/InACall"), "it shows", log=one.command)
                world.lose_session(ADA)
                assert world.shown(ADA) == ("Available", "Available")

                async def put_back() -> bool:
                    await ask(redis, ADA)
                    return world.shown(ADA) == ("Busy", "InACall")

                await eventually(put_back, "what Microsoft lost is put back", log=one.command)
                await one.command.kill()
                world.set_teams(ADA, TeamsClient.PRESENTING)
                await eventually(
                    lambda: sees("DoNotDisturb/Presenting"),
                    "another one has taken over",
                    log=two.command,
                    seconds=12,
                )
                assert two.command.events("readback_lost") == []
                world.own_rights.hold([], world.clock.now())
                world.faults.graph.append(Fault(FaultKind.FORBIDDEN, times=20))
                lost = await two.command.event("readback_lost", seconds=20)
                assert lost["reason"] == "graph_403"
                passed = await two.command.event("readback_loss_passed", seconds=10)
                assert passed["people"] == 1
                assert (await store.status()).reading is None
    finally:
        world.faults.graph.clear()
        await redis.flushall()
        await redis.aclose()
