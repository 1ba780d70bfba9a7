"""People at work whom two real processes serve, one of which reads back.

Whatever happens to the looks: a status that somebody set by hand is never written over, nobody is
written again and again, and soon after it is over Microsoft shows everybody right.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from domain.presence import Shown, Style, demand_of
from domain.presence import ZoomPresence as Zoom
from domain.readback import covers, satisfies
from sandbox import graph_presence
from sandbox.graph_presence import TeamsClient
from sandbox.people import APP_ID
from sandbox.world import BY_PERSON
from sandbox.zoom_states import ZoomPresence
from sync.readback.store import ReadbackStore
from sync.redis import keys
from sync.redis.connection import server_ms
from sync.redis.scripts import Scripts
from tests.chaos.conftest import FULL
from tests.doubles.outside import outside, serving
from tests.doubles.product import eventually
from tests.doubles.redis import open_client

if TYPE_CHECKING:
    import random
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from sandbox.people import SandboxPerson
    from sync.redis.connection import Client
    from tests.doubles.outside import Outside, Product
    from tests.doubles.redis import RedisServer

TIMEOUT: Final = 600 if FULL else 240
"""Of a test, in seconds."""
PEOPLE: Final = 40 if FULL else 14
LASTS: Final = 60.0 if FULL else 15.0
"""Seconds of each fault."""
LAG: Final = 30.0 if FULL else 8.0
AGAIN_WITHIN: Final = 45.0
"""Seconds after it is over, and what people do too, until everybody is shown right."""
WRITES_A_CHANGE: Final = 3
"""A state takes one. One more where a look does not show it, and one where it is to be cleared."""

STATES: Final = (
    ZoomPresence.AVAILABLE,
    ZoomPresence.IN_MEETING,
    ZoomPresence.PRESENTING,
    ZoomPresence.ON_PHONE_CALL,
    ZoomPresence.OFFLINE,
)
CLIENTS: Final = (TeamsClient.ACTIVE, TeamsClient.CLOSED, TeamsClient.IDLE, TeamsClient.CALL)
BY_HAND: Final = ("DoNotDisturb", "Busy", "BeRightBack", "Away", "Offline")


@dataclass
class Office:
    """People at work, and what is known of them from outside."""

    around: Outside
    redis: Client
    products: list[Product]
    people: list[SandboxPerson]
    draw: random.Random
    changes: dict[str, int] = field(default_factory=dict)
    by_hand: dict[str, graph_presence.Pair] = field(default_factory=dict)
    writes: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Count what the product writes."""
        world = self.around.world
        note = world.note_write

        def counted(oid: str, what: str, status: int) -> None:
            self.writes[oid] = self.writes.get(oid, 0) + 1
            note(oid, what, status)

        world.note_write = counted  # type: ignore[method-assign]

    async def begin(self) -> None:
        """Give everybody a state to begin with, and wait until they are shown right."""
        world = self.around.world
        for oid in self.by_hand:
            world.set_manual(oid, None)
        for counts in (self.by_hand, self.changes, self.writes):
            counts.clear()
        for person in self.people:
            self.change(person, self.draw.choice(STATES))
            world.set_teams(person.object_id, self.draw.choice(CLIENTS))
        for person in self.people[: len(self.people) // 4]:
            self.choose(person)
        await self.all_is_right()

    def change(self, person: SandboxPerson, to: ZoomPresence) -> None:
        if self.around.state(person).zoom is not to:
            self.changes[person.object_id] = self.changes.get(person.object_id, 0) + 1
            self.around.world.set_zoom(person.object_id, to)

    def choose(self, person: SandboxPerson) -> None:
        """They set a status by hand, which is theirs from now on."""
        self.around.world.set_manual(person.object_id, self.draw.choice(BY_HAND))
        preferred = self.around.state(person).preferred
        assert preferred is not None
        self.by_hand[person.object_id] = preferred.pair

    def lose(self, person: SandboxPerson) -> None:
        """Microsoft loses a Busy or Do not disturb of ours.

        An Available is looked at when it fades, after five minutes: nobody waits so long here.
        """
        told = self.told(person)
        if told is not None and told.availability in {"Busy", "DoNotDisturb"}:
            self.around.world.lose_session(person.object_id)

    async def work(self, seconds: float, *extras: Callable[[SandboxPerson], object]) -> None:
        """For so long people go about their day."""
        world, until = self.around.world, time.monotonic() + seconds
        acts: list[Callable[[SandboxPerson], object]] = [
            *(2 * (lambda person: self.change(person, self.draw.choice(STATES)),)),
            lambda person: world.set_teams(person.object_id, self.draw.choice(CLIENTS)),
            *extras,
        ]
        chosen = [person for person in self.people if person.object_id not in self.by_hand]
        self.choose(self.draw.choice(chosen))
        while time.monotonic() < until:
            self.draw.choice(acts)(self.draw.choice(self.people))
            self.nothing_is_overridden()
            await asyncio.sleep(0.4)  # people take their time

    def nothing_is_overridden(self) -> None:
        for oid, pair in self.by_hand.items():
            preferred = self.around.world.people[oid].preferred
            assert preferred is not None, oid
            assert (preferred.pair, preferred.by) == (pair, BY_PERSON), oid

    def wrong(self) -> dict[str, Any]:
        """Who is shown something else than they should be, and what."""
        found = {}
        for person in self.people:
            state, shown = self.around.state(person), self.around.world.shown(person.object_id)
            alone = graph_presence.aggregate(
                [it for app, it in state.sessions.items() if app != APP_ID],
                *(state.teams, state.preferred, self.around.world.clock.now()),
            )
            wanted = demand_of(Zoom(state.zoom.value), Style.MIRROR).session
            if wanted is None:
                right = shown == alone
            else:
                right = satisfies(Shown(*shown), wanted) or covers(Shown(*alone), wanted)
                right = right or person.object_id in self.by_hand
            if not right:
                found[person.name] = (state.zoom, state.teams.client, shown, self.told(person))
        return found

    def told(self, person: SandboxPerson) -> Any:
        return self.around.told(person)

    async def relies_on_teams(self) -> SandboxPerson:
        """Somebody new in a meeting, for whom nothing is written because of a call in Teams."""
        person, world = self.around.somebody(), self.around.world
        await self.products[-1].connected(person)
        oid = person.object_id
        row, watched = keys.person(oid), keys.watched(keys.shard_of(oid))
        world.set_zoom(oid, ZoomPresence.AVAILABLE)
        await self.products[-1].told(person, ("Available", "Available"))
        world.set_teams(oid, TeamsClient.CALL)

        async def seen() -> bool:
            await self.redis.zadd(watched, {oid: await server_ms(self.redis) - 1})
            return str(await self.redis.hget(row, "sight")).startswith("Busy/InACall@")

        await eventually(seen, "the call is seen", log=self.products[-1].command, seconds=20)
        world.set_zoom(oid, ZoomPresence.IN_MEETING)

        async def planned() -> bool:
            obs, got, acted, lease = await self.redis.hmget(row, "obs", "got", "acted", "lease")
            return obs == ZoomPresence.IN_MEETING.value and got == acted and lease is None

        await eventually(planned, "it is planned", log=self.products[-1].command)
        assert self.told(person) == ("Available", "Available")
        return person

    async def agreement_is_whole(self) -> None:
        """What the product itself counts of everybody says the same."""
        store = ReadbackStore(self.redis, Scripts(self.redis))

        async def whole() -> bool:
            now = await server_ms(self.redis)
            for person in self.people:
                oid = person.object_id
                await self.redis.zadd(keys.watched(keys.shard_of(oid)), {oid: now - 1})
            found = (await store.status()).agreement
            good = found is not None and found.counted >= len(self.people) // 2
            return good and found is not None and all(fit.as_it_should for fit in found.counts)

        await eventually(whole, "all agree", log=self.products[-1].command, seconds=40)

    async def all_is_right(self) -> None:
        """Soon everybody is shown right; it took few writes, and no status of their own."""
        try:
            async with asyncio.timeout(AGAIN_WITHIN):
                while self.wrong():
                    await self.around.world.wait_for_change(self.around.world.revision)
        except TimeoutError:
            tail = self.products[-1].command.tail()
            raise AssertionError(f"Shown wrong: {self.wrong()}\n{tail}") from None
        self.nothing_is_overridden()
        for person in self.people:
            oid = person.object_id
            most = WRITES_A_CHANGE * (self.changes.get(oid, 0) + 1)
            assert self.writes.get(oid, 0) <= most, (person.name, self.changes.get(oid))
        for product in self.products:
            assert product.command.events("engine_plan_does_not_end") == []


@contextlib.asynccontextmanager
async def running_office(
    folder: Path, server: RedisServer, draw: random.Random
) -> AsyncIterator[Office]:
    """Two processes, the first of which reads back, and connected people, while the block runs."""
    async with outside(folder, server) as around, AsyncExitStack() as stack:
        around.world.own_rights.hold(
            ["Presence.ReadWrite.All", "User.Read.All"], around.world.clock.now()
        )
        products = []
        for name in ("one", "two"):
            (folder / name).mkdir()
            serve = serving(around, folder / name, WELCOME="quiet")
            products.append(await stack.enter_async_context(serve))
            if name == "one":
                await products[0].command.event("readback_begun", seconds=30)
        people = [around.somebody() for _ in range(PEOPLE)]
        for person in people:
            await products[1].connected(person)
        redis = open_client(server)
        stack.push_async_callback(redis.aclose)
        office = Office(around, redis, products, people, draw)
        await office.begin()
        assert (await ReadbackStore(redis, Scripts(redis)).status()).reading is not None
        yield office
