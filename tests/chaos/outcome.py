"""What must be true when the dust has settled."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from domain.budget import GRAPH_LIMITS
from domain.presence import Style, ZoomPresence, demand_of
from sync.microsoft.graph import time_limit
from sync.redis import keys
from tests.chaos.conftest import LEASE_MS
from tests.chaos.fleet import running_fleet
from tests.doubles.crowd import running_crowd
from tests.doubles.hasty import ROOT, hasty
from tests.doubles.redis import answers, leaked_keys, members, open_client, orphans

if TYPE_CHECKING:
    import random
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from domain.budget import Limits
    from sync.redis.connection import Client
    from tests.chaos.feed import Feed, Happening
    from tests.chaos.fleet import Fleet
    from tests.doubles.crowd import Crowd, Someone
    from tests.doubles.redis import RedisServer

LATE_S = 1.5
"""By so much is Graph's window shorter than the one that the product knows. A permit is for the
next half second (domain.budget), and a process that gets no CPU uses it later: what is looked for
is a quota that is not shared or not kept, not a busy machine."""
SHOWN_AT_MOST = 5
"""People whose story a failure tells."""


class Town:
    """A crowd, the fleet that serves it, and their Redis."""

    def __init__(self, crowd: Crowd, fleet: Fleet, server: RedisServer) -> None:
        self.crowd = crowd
        self.fleet = fleet
        self.server = server

    def differs(self, person: Someone, happening: Happening) -> str | None:
        """How what Microsoft holds of us is not what Zoom's state demands, None when it is.

        Where looks fail again and again, `full` writes as `mirror` does, and looks again in ten
        minutes (domain.plan, Rule 7).
        """
        graph, oid = self.crowd.graph, person.object_id
        style = person.style or Style.MIRROR
        held = graph.sessions.get(oid), graph.preferred.get(oid)
        wanted = [_wanted(happening.presence, style)]
        if held not in wanted and style is Style.FULL and graph.saw_nothing(oid):
            wanted.append(_wanted(happening.presence, Style.MIRROR))
        return None if held in wanted else f"{held} instead of {wanted} for {happening.presence}"

    def wrong(self, feed: Feed) -> dict[str, str]:
        """Of whom Microsoft holds something else than their newest event demands."""
        found = {}
        for oid, newest in feed.newest.items():
            wrong = self.differs(newest.person, newest)
            if wrong:
                found[oid] = wrong
        return found

    async def settled(self, feed: Feed, *, seconds: float) -> None:
        """Wait until Microsoft shows what the newest events demand, and nobody is due."""
        client = open_client(self.server)
        try:
            async with asyncio.timeout(seconds):
                while (  # noqa: ASYNC110 - neither Redis nor Microsoft tells
                    self.wrong(feed) or self.crowd.graph.going() or await busy(client)
                ):
                    await asyncio.sleep(0.25)
        except TimeoutError:
            wrong, waiting = self.wrong(feed), await busy(client)
            raise AssertionError(
                f"after {seconds} s still wrong: {len(wrong)}, at work or due: {len(waiting)}\n"
                + await self.stories({**dict.fromkeys(waiting, "is due"), **wrong}, feed, client)
            ) from None
        finally:
            await client.aclose()

    async def stories(self, people: dict[str, str], feed: Feed, client: Client) -> str:
        """What happened to some people, for whoever looks for the reason."""
        told = []
        for oid, what in list(people.items())[:SHOWN_AT_MOST]:
            row = await client.hgetall(keys.person(oid))
            told.append(f"--- {oid}: {what}\n{json.dumps(row)}")
            newest = sorted(feed.accepted.get(oid, ()), key=lambda h: h.rank)[-3:]
            told += [f"  Zoom {h.at_ms} {h.presence}" for h in newest]
            told += [f"  Graph {request}" for request in self.crowd.graph.of(oid)[-12:]]
            told += [f"  log {line}" for line in self._lines(oid)[-12:]]
        return "\n".join(told)

    def _lines(self, oid: str) -> list[str]:
        lines = [
            line for command in self.fleet.everybody() for line in command.output if oid in line
        ]
        return sorted(lines, key=lambda line: line.partition('"timestamp"')[2])

    async def verify(self, feed: Feed) -> None:
        """The end check: raises AssertionError with everything that is wrong."""
        client = open_client(self.server)
        try:
            graph = self.crowd.graph
            wrong = self.wrong(feed)
            problems = [f"{oid}: {what}" for oid, what in wrong.items()]
            for one, other in graph.overlaps:
                problems.append(f"{one.person} was written twice at once: {one} / {other}")
            problems += [f"never delivered: {h}" for h in feed.lost()]
            problems += [p async for p in _unaccounted(feed, client)]
            problems += await leaked_keys(client)
            problems += [problem async for problem in orphans(client)]
            problems += [
                f"Graph was asked for what it never takes: {what}" for what in graph.refused
            ]
            if graph.over_quota:
                problems.append(f"{graph.over_quota} requests beyond Graph's quota")
            problems += list(self.fleet.complaints())
            if problems:
                text = "\n".join(problems[:60])
                stories = await self.stories(wrong, feed, client)
                raise AssertionError(f"{len(problems)} problems:\n{text}\n{stories}")
        finally:
            await client.aclose()


@cache
def _wanted(presence: ZoomPresence, style: Style) -> tuple[str | None, str | None]:
    """The session and the preferred status that a state demands, as the stand-in keeps them."""
    demand = demand_of(presence, style)
    session, preferred = demand.session, demand.preferred
    return session and str(session), preferred and str(preferred)


@contextlib.asynccontextmanager
async def running_town(
    people: list[Someone],
    server: RedisServer,
    folder: Path,
    dice: random.Random,
    *,
    workers: int,
    limits: Limits = GRAPH_LIMITS,
    settings: Mapping[str, str | None] = MappingProxyType({}),
) -> AsyncIterator[Town]:
    """Connect people and run the product for them while the block runs.

    `limits` are Graph's; `settings` differ from those of the crowd.
    """
    async with running_crowd(people, dice) as crowd:
        graph = crowd.graph
        graph.limit, graph.window_s = limits.limit, limits.window_ms / 1000 - LATE_S
        graph.patience = time_limit(LEASE_MS)
        client = open_client(server)
        await client.config_set("appendfsync", "no")  # nothing is killed yet
        await crowd.connect(client, people)
        await client.config_set("appendfsync", "always")
        await client.aclose()
        environ = crowd.environ(server.url, PYTHONPATH=str(ROOT), **settings)
        program = hasty(LEASE_MS, limits)
        async with running_fleet(program, environ, folder, workers) as fleet:
            yield Town(crowd, fleet, server)


async def busy(client: Client) -> list[str]:
    """People whose time has come, or who are in somebody's hands."""
    now = time.time() * 1000  # Redis runs on this machine
    queues = [queue for shard in range(keys.SHARDS) for queue in keys.dues(shard)]
    people = [person for _, person in await members(client, queues)]
    rows = await answers(
        client, people, lambda pipe, person: pipe.hmget(keys.person(person), "lease", "wait")
    )
    found = [
        person
        for person, (lease, wait) in rows
        if lease is not None or (wait is not None and float(wait) > now)
    ]
    due = await answers(client, queues, lambda pipe, queue: pipe.zrangebyscore(queue, "-inf", now))
    return found + [str(person) for _, some in due for person in some]


async def _unaccounted(feed: Feed, client: Client) -> AsyncIterator[str]:
    """Accepted events that are neither kept nor superseded by a newer one."""
    rows = await answers(
        client,
        list(feed.newest),
        lambda pipe, person: pipe.hmget(keys.person(person), "obs_at", "obs"),
    )
    for oid, (obs_at, obs) in rows:
        newest, kept = feed.newest[oid], (int(obs_at or 0), obs or "")
        if kept < newest.rank:
            yield f"{oid}: {newest.presence} of {newest.at_ms} was accepted, kept is {kept}"
        elif kept[0] > newest.at_ms and kept[1] != newest.presence:
            yield f"{oid}: kept is {kept}, which nobody said"
