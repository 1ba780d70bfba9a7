"""Who owns a Zoom user when many connect, are renamed and leave at once, in any interleaving.

Every command of every process is let through one by one, in an order that Hypothesis chooses;
processes are killed, or stand still for a minute.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.engine.people import PeopleStore
from sync.engine.scripts import CLAIM_S
from sync.engine.zoom_index import Contended, Taken
from sync.redis.scripts import Scripts
from tests.doubles.people import link_of, person
from tests.doubles.redis import RedisServer, lasting_keys, open_client, orphans
from tests.examples import examples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.link import Link
    from sync.redis.connection import Client

Doing = tuple[str, str | None, list[str]]
Part = tuple[str, list[Doing]]

PEOPLE = [person(n) for n in range(3)]

zoom_ids = st.sampled_from(["zOne", "zOne", "zTwo", None])
addresses = st.lists(
    st.sampled_from(["one@x.com", "two@x.com", "three@x.com"]), min_size=1, max_size=2, unique=True
)
doings: st.SearchStrategy[Any] = st.one_of(
    st.tuples(st.just("connect"), zoom_ids, addresses),
    st.tuples(st.just("rename"), zoom_ids, addresses),
    st.tuples(st.just("leave"), st.none(), st.just([])),
    st.tuples(st.just("erase"), st.none(), st.just([])),
)
parts = st.tuples(st.sampled_from(PEOPLE), st.lists(doings, min_size=1, max_size=2))
before = st.lists(parts, max_size=2)
casts = st.lists(parts, min_size=2, max_size=3)
bursts = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 12)), max_size=8)
"""Which process goes on, and for how many commands; then the others run to their ends."""


@dataclass
class Stage:
    """Lets commands through one at a time."""

    client: Client
    waiting: dict[int, asyncio.Future[None]] = field(default_factory=dict)
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def everybody_waits(self, tasks: Sequence[asyncio.Task[None]]) -> bool:
        """Wait until every process has a command to send, or has ended; False: all have."""
        while len(self.waiting) < sum(not task.done() for task in tasks):
            self.moved.clear()
            if len(self.waiting) < sum(not task.done() for task in tasks):
                await self.moved.wait()
        return bool(self.waiting)

    def process(self, name: int) -> Process:
        return Process(self, name)


class Process:
    """A Redis client whose every command waits for the stage."""

    def __init__(self, stage: Stage, name: int) -> None:
        self._stage = stage
        self._name = name

    def pipeline(self, **options: Any) -> Any:
        return self._stage.client.pipeline(**options)  # reads, all in one

    def __getattr__(self, command: str) -> Any:
        send = getattr(self._stage.client, command)

        async def wait_and_send(*arguments: object, **options: object) -> object:
            turn = asyncio.get_running_loop().create_future()
            self._stage.waiting[self._name] = turn
            self._stage.moved.set()
            await turn
            return await send(*arguments, **options)

        return wait_and_send


async def act(
    store: PeopleStore, oid: str, script: Sequence[tuple[str, str | None, list[str]]]
) -> None:
    """What one process does with one person, step by step."""
    for what, zoom_id, mails in script:
        with contextlib.suppress(Taken, Contended):
            link, state = await store.link_and_state(oid)
            if what == "connect":
                await store.connect(link_of(oid, *mails, zoom_id=zoom_id), "sealed", None)
            elif what == "rename" and link is not None and state is not None:
                renamed = replace(link, addresses=tuple(mails), zoom_id=link.zoom_id or zoom_id)
                await store.relink(renamed, state.generation)
            elif what == "leave":
                await store.leave(oid)
            elif what == "erase" and state is not None and state.leaving:
                await store.erase(oid, state.generation)


async def standing(store: PeopleStore) -> dict[str, Link]:
    """The links of who is connected and not about to leave."""
    found = {}
    for oid, (link, state) in zip(
        PEOPLE,
        await asyncio.gather(*(store.link_and_state(oid) for oid in PEOPLE)),
        strict=True,
    ):
        if link is not None and state is not None and not state.leaving:
            found[oid] = link
    return found


async def let_a_minute_pass(client: Client) -> None:
    """For whatever is being claimed."""
    for key in await client.keys("pb:{z:*"):
        if (ttl := await client.ttl(key)) > CLAIM_S:
            await client.expire(key, ttl - CLAIM_S)


def owned_twice(links: dict[str, Link]) -> list[str]:
    """Zoom users that two people would be shown, by id or by an address in place of one."""
    ids = Counter(link.zoom_id for link in links.values() if link.zoom_id)
    by_address = Counter(
        address for link in links.values() if link.zoom_id is None for address in link.addresses
    )
    return [name for name, count in (ids + by_address).items() if count > 1]


async def play(
    client: Client,
    earlier: Sequence[Part],
    cast: Sequence[Part],
    order: Sequence[tuple[int, int]],
    *,
    killed: frozenset[tuple[int, int]] = frozenset(),
    stands_still: bool = False,
) -> None:
    """Let the processes run to their ends; look at everything after each command.

    `killed`: a process, and the command at which it ends. `stands_still`: a minute passes whenever
    another process goes on; then only what comes of it in the end counts.
    """
    await client.flushall()
    await Scripts(client).loaded()
    watcher, stage = PeopleStore(client, Scripts(client)), Stage(client)
    for oid, script in earlier:
        await act(watcher, oid, script)
    tasks = []
    for number, (oid, script) in enumerate(cast):
        process = stage.process(number)
        tasks.append(asyncio.create_task(act(PeopleStore(process, Scripts(process)), oid, script)))
        tasks[-1].add_done_callback(lambda _: stage.moved.set())
    sent = Counter[int]()
    turns = [number for number, length in order for _ in range(length)]
    last = -1
    while await stage.everybody_waits(tasks):
        number = turns.pop(0) if turns else min(stage.waiting)
        if number not in stage.waiting:
            continue
        if stands_still and number != last:
            await let_a_minute_pass(client)
        last = number
        turn = stage.waiting.pop(number)
        sent[number] += 1
        if (number, sent[number]) in killed:
            tasks[number].cancel()
            await asyncio.wait([tasks[number]])
            continue
        turn.set_result(None)
        if not stands_still:
            assert owned_twice(await standing(watcher)) == []
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            task.result()
    links = await standing(watcher)
    assert owned_twice(links) == []
    for oid, link in links.items():
        names = [(None, link.zoom_id)] if link.zoom_id else [(a, None) for a in link.addresses]
        for address, zoom_id in names:
            assert await watcher.owner_of(address=address, zoom_id=zoom_id) == oid
    assert [lost async for lost in orphans(client)] == []


def played(server: RedisServer, *arguments: Any, **options: Any) -> None:
    async def run() -> None:
        async with open_client(server) as client:
            await play(client, *arguments, **options)

    asyncio.run(run())


QUICK = settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
ADA_CONNECTS: Part = (PEOPLE[0], [("connect", "zOne", ["one@x.com"])])
BEN_CONNECTS: Part = (PEOPLE[1], [("connect", "zOne", ["one@x.com"])])
ADA_LEAVES: Part = (PEOPLE[0], [("leave", None, [])])
EVERY_TWO_TURNS = [(first, second) for first in range(1, 7) for second in range(1, 7)]


@pytest.mark.parametrize("earlier", [[], [ADA_CONNECTS, ADA_LEAVES]], ids=["new", "leaving"])
def test_two_connect_with_one_zoom_user_in_every_order(
    redis_server: RedisServer, earlier: list[Part]
) -> None:
    """One is interrupted after any number of commands, the other then likewise."""
    for first, second in EVERY_TWO_TURNS:
        order = [(0, first), (1, second), (0, 20)]
        played(redis_server, earlier, [ADA_CONNECTS, BEN_CONNECTS], order)


@pytest.mark.parametrize("earlier", [[], [ADA_CONNECTS, ADA_LEAVES]], ids=["new", "leaving"])
def test_so_it_is_where_each_stands_still_for_a_minute(
    redis_server: RedisServer, earlier: list[Part]
) -> None:
    for first, second in EVERY_TWO_TURNS:
        order = [(0, first), (1, second), (0, 3), (1, 20)]
        cast = [ADA_CONNECTS, BEN_CONNECTS]
        played(redis_server, earlier, cast, order, stands_still=True)


@pytest.mark.parametrize("again", ["connect", "rename"])
def test_whoever_connects_while_something_else_changes_their_link_is_connected(
    redis_server: RedisServer, again: str
) -> None:
    """In two tabs, or while their link is compared anew."""
    other: Part = (PEOPLE[0], [(again, "zOne", ["one@x.com", "two@x.com"])])

    async def run() -> None:
        async with open_client(redis_server) as client:
            for first, second in EVERY_TWO_TURNS:
                order = [(0, first), (1, second), (0, 20)]
                await play(client, [ADA_CONNECTS], [ADA_CONNECTS, other], order)
                store = PeopleStore(client, Scripts(client))
                assert PEOPLE[0] in await standing(store)
                await act(store, PEOPLE[0], [("leave", None, []), ("erase", None, [])])
                assert await lasting_keys(client) == []

    asyncio.run(run())


@pytest.mark.timeout(120)
@QUICK
@given(
    earlier=before,
    cast=casts,
    order=bursts,
    killed=st.frozensets(st.tuples(st.integers(0, 2), st.integers(1, 12)), max_size=1),
)
def test_no_zoom_user_has_two_owners_at_any_moment(
    redis_server: RedisServer,
    earlier: list[Part],
    cast: list[Part],
    order: list[tuple[int, int]],
    killed: frozenset[tuple[int, int]],
) -> None:
    played(redis_server, earlier, cast, order, killed=killed)
