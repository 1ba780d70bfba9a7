"""The room of the engine, put together."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync.engine.asking import Asking
from sync.engine.departures import Departures, DepartureStore
from sync.engine.engine import Engine
from sync.engine.identity import Identities
from sync.engine.proving import Proving
from sync.engine.quota import Quota
from sync.engine.reconcile import Reconciler
from sync.engine.unproven import UnprovenStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from domain.budget import Limits
    from sync.engine.people import PeopleStore
    from sync.engine.ports import Meter, People, PolicySource, PresenceApi, TokenSource, ZoomLookup
    from sync.redis.connection import Client
    from sync.redis.duties import Work
    from sync.redis.scripts import Scripts


@dataclass(frozen=True, slots=True)
class EngineRoom:
    """Who is due, and how it is written; who is whom in Zoom."""

    people: PeopleStore
    quota: Quota
    reconciler: Reconciler
    engine: Engine
    identities: Identities
    proving: Proving
    departures: Departures

    @property
    def works(self) -> tuple[Work, ...]:
        """Its duties."""
        return self.proving.work, self.departures.work


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the engine asks and tells. `zoom` is None where Zoom can't be asked.

    `zoom_slot` gives the seconds until somebody's slot there, `addresses_now` their addresses
    from Microsoft, `groups_of` the groups of a Zoom id; what Zoom said before `doubted` (epoch ms)
    is not trusted.
    """

    graph: PresenceApi
    tokens: TokenSource
    zoom: ZoomLookup | None
    chat: People
    policy: PolicySource
    meter: Meter
    addresses_now: Callable[[str, int], Awaitable[tuple[str, ...]]]
    groups_of: Callable[[str], Awaitable[frozenset[str] | None]]
    zoom_slot: Callable[[str], Awaitable[float]]
    doubted: Callable[[], int]


def wire(
    people: PeopleStore,
    redis: Client,
    scripts: Scripts,
    limits: Limits,
    around: Surroundings,
    *,
    chance: Callable[[], float] = random.random,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> EngineRoom:
    """Put it together. `limits` are what Graph allows."""
    zoom, policy = around.zoom, around.policy
    quota = Quota(redis, scripts, limits)
    identities = Identities(
        people, addresses_now=around.addresses_now, groups_of=around.groups_of, zoom=zoom
    )
    proving = Proving(UnprovenStore(redis, scripts), identities, people)
    departures = Departures(DepartureStore(redis), people, identities, sleep=sleep)
    asking = None
    if zoom is not None:
        asking = Asking(people, zoom, around.meter, zoom_slot=around.zoom_slot, prove=proving.hear)
    reconciler = Reconciler(
        store=people,
        quota=quota,
        graph=around.graph,
        tokens=around.tokens,
        asking=asking,
        people=around.chat,
        policy=policy,
        meter=around.meter,
        doubted=around.doubted,
        chance=chance,
    )
    engine = Engine(
        people,
        reconciler,
        policy=policy,
        can_ask=zoom is not None,
        prove=proving.hear,
        departures=departures,
    )
    return EngineRoom(people, quota, reconciler, engine, identities, proving, departures)
