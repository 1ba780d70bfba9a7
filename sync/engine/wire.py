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
from sync.engine.look_ups import LookUpStore
from sync.engine.proving import Proving, UnprovenStore
from sync.engine.quota import Quota
from sync.engine.reconcile import Reconciler

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from domain.budget import Limits
    from domain.freshness import Freshness
    from domain.person import PersonState
    from domain.readback import Reading
    from sync.engine.lasting import Lasting
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
    look_ups: LookUpStore

    @property
    def works(self) -> tuple[Work, ...]:
        """Its duties."""
        return self.proving.work, self.departures.work


def wire(
    people: PeopleStore,
    redis: Client,
    scripts: Scripts,
    limits: Limits,
    *,
    graph: PresenceApi,
    tokens: TokenSource,
    zoom: ZoomLookup | None,
    chat: People,
    policy: PolicySource,
    meter: Meter,
    addresses_now: Callable[[PersonState], Awaitable[tuple[str, ...]]],
    groups_of: Callable[[str], Awaitable[frozenset[str] | None]],
    zoom_slot: Callable[[str], Awaitable[float]],
    doubted: Callable[[], int],
    fresh: Callable[[], Awaitable[Freshness]],
    reading: Callable[[], Awaitable[Reading | None]],
    everyone_knows: Callable[[int], bool],
    lasting: Lasting | None = None,
    chance: Callable[[], float] = random.random,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> EngineRoom:
    """Put it together. `limits` are what Graph allows; `zoom` is None where Zoom can't be asked.

    `zoom_slot` gives the seconds until somebody's slot there, `addresses_now` their addresses from
    Microsoft, `groups_of` the groups of a Zoom id; what Zoom said before `doubted` (epoch ms) is
    not trusted, other news as long as `fresh` says; `reading` is how Microsoft is read back.
    `lasting` counts how long Zoom's states last; `everyone_knows` says of a data version whether
    every process can read it.
    """
    quota = Quota(redis, scripts, limits)
    identities = Identities(people, addresses_now=addresses_now, groups_of=groups_of, zoom=zoom)
    proving = Proving(UnprovenStore(redis, scripts), identities, people)
    departures = Departures(DepartureStore(redis), people, identities, sleep=sleep)
    asking = None
    if zoom is not None:
        asking = Asking(people, zoom, meter, zoom_slot=zoom_slot, prove=proving.hear)
    reconciler = Reconciler(
        store=people,
        quota=quota,
        graph=graph,
        tokens=tokens,
        asking=asking,
        people=chat,
        policy=policy,
        meter=meter,
        doubted=doubted,
        fresh=fresh,
        reading=reading,
        chance=chance,
    )
    engine = Engine(
        *(people, reconciler, policy),
        prove=proving.hear,
        departures=departures,
        lasting=lasting,
    )
    look_ups = LookUpStore(redis, scripts, everyone_knows)
    return EngineRoom(people, quota, reconciler, engine, identities, proving, departures, look_ups)
