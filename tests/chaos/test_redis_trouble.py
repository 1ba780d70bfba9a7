"""Redis in every kind of trouble: nothing is lost, everybody is told plainly, and it heals.

The expectation is the same each time (`Trouble`): Zoom is answered 503 in time, the chat says
something plain, readiness turns 503 and back, the worker says so once, and in the end Microsoft was
told once what Zoom said at last.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from sandbox.zoom_states import ZoomPresence
from sync.redis import keys
from sync.redis.connection import REDIS_TROUBLE
from tests.chaos.conftest import KEEPS, LEASE_MS
from tests.doubles.hasty import ROOT, hasty
from tests.doubles.outside import Outside, Product, outside, serving, words
from tests.doubles.product import eventually, http
from tests.doubles.redis import RedisServer, leaked_keys, open_client, orphans

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sandbox.people import SandboxPerson
    from sync.redis.connection import Client
    from tests.doubles.outside import Chat

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]

CALL = ("Busy", "InACall")
PRESENTING = ("DoNotDisturb", "Presenting")
CHANNEL_WAITS = 15.0
"""Seconds after which Teams delivers a message again. (Zoom's three are kept by the sandbox.)"""
SLOWLY = ("--key-load-delay", "250", "--save", "")
"""How a big file is loaded: a quarter of a millisecond for each record."""
FILLER = 32_000
"""Records that take eight seconds: within them everybody is told, on a busy machine, too."""
FILL = "for i = 1, ARGV[1] do redis.call('SET', 'filler:' .. i, 'x', 'EX', 600) end"
EMPTY = "for i = 1, ARGV[1] do redis.call('UNLINK', 'filler:' .. i) end"
CUTS = 60
EVENTS = ("worker_redis_away", "worker_redis_back", "worker_turn_lost")
PLAIN = ("try again in a minute", "Something went wrong on my side.")


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer(None, *KEEPS, *SLOWLY) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def around(
    server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Outside]:
    async with outside(tmp_path_factory.mktemp("outside"), server) as world:
        world.program = hasty(LEASE_MS)
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def client(server: RedisServer) -> AsyncIterator[Client]:
    """An operator's hands at the server."""
    async with open_client(server) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def product(
    around: Outside, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Product]:
    folder = tmp_path_factory.mktemp("serve")
    settings: dict[str, str | None] = {"PYTHONDEVMODE": None, "PYTHONPATH": str(ROOT)}
    async with serving(around, folder, **settings) as running:
        yield running
        assert await running.command.stop() == 0, running.command.tail()
        running.command.assert_clean()


@dataclass
class Trouble:
    """Somebody who is in a call when it begins, and what becomes of them."""

    product: Product
    person: SandboxPerson
    chat: Chat
    redis: Client
    said_before: Counter[str]

    @property
    def around(self) -> Outside:
        return self.product.around

    def writes(self) -> list[str]:
        """What Microsoft was told of us and took."""
        journal = self.around.state(self.person).journal
        return [line.what for line in journal if line.status == 200 and "resence" in line.what]

    async def says(self, presence: ZoomPresence) -> Any:
        """Zoom says something; the answer to its first delivery."""
        self.around.world.set_zoom(self.person.object_id, presence)
        delivery = self.around.world.webhooks.log[-1]
        await self.product.until(lambda: bool(delivery.attempts), "Zoom is answered")
        return delivery

    async def is_told_plainly(self) -> None:
        """Zoom repeats it, people read a plain sentence, and nobody sends traffic."""
        began = time.monotonic()
        delivery, said, _, lives = await asyncio.gather(
            self.says(ZoomPresence.PRESENTING),
            self.chat.says("status"),
            self.is_ready(503),
            self.page("livez"),
        )
        assert time.monotonic() - began <= CHANNEL_WAITS
        assert [attempt.status for attempt in delivery.attempts] == [503]
        assert delivery.state == "waiting"
        assert any(part in words(said.card) for part in PLAIN), words(said.card)
        assert lives[0] == 200

    async def is_ready(self, status: int) -> None:
        """Wait for it: what was found may be told for a second."""

        async def so() -> bool:
            return (await self.page("readyz"))[0] == status

        await eventually(so, f"/readyz is {status}", log=self.product.command)

    async def heals(self) -> None:
        """Without anybody's help. Microsoft was told once what Zoom said at last."""
        await self.is_ready(200)
        self.around.world.clock.advance(5 * 60)  # Zoom repeats what was answered with 503
        await self.is_presenting()
        await self.at_rest()
        assert self.writes().count(self.writes()[-1]) == 1, self.writes()
        await self.chat.works()

    async def is_presenting(self) -> None:
        """Wait for it; a turn that Redis cut off is taken up when its lease has ended."""
        await self.product.until(
            lambda: self.around.told(self.person) == PRESENTING, "Microsoft is told", 25
        )

    async def at_rest(self) -> None:
        """Wait until nobody works on them."""

        async def resting() -> bool:
            return not await self.redis.hexists(keys.person(self.person.object_id), "lease")

        await eventually(resting, "nobody works on them", log=self.product.command, seconds=25)

    async def page(self, name: str) -> tuple[int, str]:
        return await http("GET", f"{self.product.url}/{name}")

    def said(self, event: str) -> int:
        """How often the log has said something since it began."""
        return self.said_in_all()[event] - self.said_before[event]

    async def until_said(self, event: str) -> None:
        async def said() -> bool:
            return self.said(event) > 0

        await eventually(said, f"the log says {event}", log=self.product.command)

    def said_in_all(self) -> Counter[str]:
        return Counter({e: len(self.product.command.events(e)) for e in EVENTS})


@pytest_asyncio.fixture(loop_scope="module")
async def trouble(product: Product, client: Client) -> AsyncIterator[Trouble]:
    """Nothing may be left of it but a connected person who was told what Zoom said at last."""
    person = product.around.somebody()
    chat = await product.connected(person)
    product.around.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
    await product.told(person, CALL)
    it = Trouble(product, person, chat, client, Counter())
    await it.at_rest()
    it.said_before = it.said_in_all()
    yield it
    await it.at_rest()
    assert it.around.told(person) == PRESENTING
    assert await leaked_keys(client) == []
    assert [problem async for problem in orphans(client)] == []


async def test_scripts_that_the_server_lost_are_loaded_again(trouble: Trouble) -> None:
    await trouble.redis.script_flush()
    delivery = await trouble.says(ZoomPresence.PRESENTING)
    assert [attempt.status for attempt in delivery.attempts] == [200]
    await trouble.product.told(trouble.person, PRESENTING)
    await trouble.redis.script_flush()
    await trouble.chat.works()
    assert (await trouble.page("readyz"))[0] == 200
    assert trouble.said("worker_redis_away") == trouble.said("worker_turn_lost") == 0


async def test_a_server_that_loads_its_file(trouble: Trouble, server: RedisServer) -> None:
    await trouble.redis.eval(FILL, 0, FILLER)
    server.kill()
    starting = asyncio.create_task(asyncio.to_thread(server.start))
    try:
        async with open_client(server) as probe:
            await loading(probe)
            await trouble.is_told_plainly()
            assert not starting.done(), "it was loading all the time"
    finally:
        await starting
        await trouble.redis.eval(EMPTY, 0, FILLER)
    await trouble.heals()
    assert trouble.said("worker_redis_away") == trouble.said("worker_redis_back") == 1


async def loading(probe: Client) -> None:
    """Wait until the server answers that it is loading."""
    async with asyncio.timeout(10):
        while True:
            try:
                await probe.ping()
            except Exception as error:  # noqa: BLE001 - looked at below
                if "LOADING" in str(error).upper() or type(error).__name__ == "BusyLoadingError":
                    return
            await asyncio.sleep(0.01)


async def test_a_server_that_became_a_replica(trouble: Trouble) -> None:
    await trouble.redis.execute_command("REPLICAOF", "127.0.0.1", "1")
    try:
        await trouble.is_told_plainly()
    finally:
        await trouble.redis.execute_command("REPLICAOF", "NO", "ONE")
    await trouble.heals()


async def test_a_server_that_is_full(trouble: Trouble) -> None:
    await trouble.redis.config_set("maxmemory-policy", "noeviction")
    await trouble.redis.config_set("maxmemory", "1")
    try:
        await trouble.is_told_plainly()
    finally:
        await trouble.redis.config_set("maxmemory", "0")
    await trouble.heals()


async def test_a_full_server_says_so_once_when_somebody_is_due(trouble: Trouble) -> None:
    """Somebody's turn comes while nothing can be written."""
    oid = trouble.person.object_id
    await trouble.redis.config_set("maxmemory", "1")
    try:
        for queue in keys.dues(keys.shard_of(oid)):
            await trouble.redis.zadd(queue, {oid: 1}, xx=True)  # no memory is needed for that
    except Exception:  # noqa: BLE001
        await trouble.redis.config_set("maxmemory", "0")
        for queue in keys.dues(keys.shard_of(oid)):
            await trouble.redis.zadd(queue, {oid: 1}, xx=True)
        await trouble.redis.config_set("maxmemory", "1")
    try:
        await trouble.until_said("worker_redis_away")
        await asyncio.sleep(3)  # it goes on trying, and does not repeat itself
    finally:
        await trouble.redis.config_set("maxmemory", "0")
    await trouble.until_said("worker_redis_back")
    assert trouble.said("worker_redis_away") == trouble.said("worker_redis_back") == 1
    await trouble.says(ZoomPresence.PRESENTING)
    await trouble.heals()


async def test_a_server_that_takes_its_time(trouble: Trouble) -> None:
    """Shorter than anybody gives up: all is done, later."""
    before = len(trouble.writes())
    async with slow(trouble.redis, milliseconds=1_500):
        delivery = await trouble.says(ZoomPresence.PRESENTING)
        assert [attempt.status for attempt in delivery.attempts] == [200]
    await trouble.product.told(trouble.person, PRESENTING)
    await trouble.at_rest()
    assert len(trouble.writes()) == before + 1
    assert trouble.said("worker_redis_away") == 0


async def test_a_server_that_takes_too_long(trouble: Trouble) -> None:
    async with slow(trouble.redis, milliseconds=7_000):
        await trouble.is_told_plainly()
    await trouble.heals()
    assert trouble.said("worker_redis_away") == trouble.said("worker_redis_back") == 1


@contextlib.asynccontextmanager
async def slow(redis: Client, *, milliseconds: int) -> AsyncIterator[None]:
    """Every command waits until the time is over (the block may end before)."""
    await redis.execute_command("CLIENT", "PAUSE", milliseconds, "ALL")
    yield


async def test_connections_that_are_cut_again_and_again(
    trouble: Trouble, server: RedisServer
) -> None:
    cutter = Cutter(server)
    cutting = asyncio.create_task(cutter.run())
    states = [ZoomPresence.ON_PHONE_CALL, ZoomPresence.AVAILABLE, ZoomPresence.PRESENTING]
    answers = Counter[int | None]()
    try:
        for presence in itertools.cycle(states):
            delivery = await trouble.says(presence)
            answers[delivery.attempts[0].status] += 1
            if cutter.cuts >= CUTS:
                break
    finally:
        cutting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await cutting
    assert answers.keys() <= {200, 503}
    await trouble.says(ZoomPresence.PRESENTING)
    trouble.around.world.clock.advance(5 * 60)
    await trouble.is_presenting()
    await trouble.at_rest()
    await trouble.chat.works()
    assert trouble.said("worker_redis_away") == trouble.said("worker_redis_back")


class Cutter:
    """Cuts everybody's connections every few milliseconds, those that listen too."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self.cuts = 0

    async def run(self) -> None:
        async with open_client(self._server) as redis:
            while True:
                with contextlib.suppress(*REDIS_TROUBLE):
                    for kind in ("normal", "pubsub"):
                        await redis.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
                    self.cuts += 1
                await asyncio.sleep(0.02)
