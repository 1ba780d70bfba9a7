"""The whole engine over a real Redis, with real HTTP to the Graph double; Zoom, the login service
and the chat are simple classes.
"""

from __future__ import annotations

import secrets
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import aiohttp
from cryptography.fernet import Fernet

import sync.engine.wire as engine
from domain.budget import GRAPH_LIMITS, Limits
from domain.errors import AdminMustAct, AuthorizeAgain
from domain.link import Link
from domain.person import Patch
from domain.policy import Form, Policy
from domain.presence import Observation, Style
from domain.step import Lane
from sync.connect.bearers import Bearers
from sync.connect.tokens import Tokens
from sync.connect.vault import Vault
from sync.engine.belief import Belief
from sync.engine.people import PeopleStore
from sync.engine.ports import ZoomUser
from sync.microsoft.authorization import AccessToken
from sync.microsoft.graph import GraphPresence
from sync.reconnect.notifier import Notifier
from sync.reconnect.store import NoticeStore
from sync.redis import keys
from sync.redis.scripts import Scripts
from tests.doubles.graph import APP, Graph
from tests.doubles.redis import lasting_keys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

    from domain.person import Accepted, PersonState
    from domain.presence import ZoomPresence
    from domain.readback import Reading
    from domain.storms import Storm
    from sync.engine.queue import Claim
    from sync.engine.wire import EngineRoom
    from sync.reconnect.notifier import Sent
    from sync.redis.connection import Client


ADMIN = "00000000-0000-4000-8000-00000000000a"
"""Whom the notifier tells of storms."""


async def _at_once(_: float) -> None:
    """A pause that takes no time."""


async def _not_read() -> Reading | None:
    """Microsoft is not read back."""
    return None


async def _no_wait(_: str) -> float:
    """Zoom has time for everybody."""
    return 0.0


async def _no_groups(_: str) -> None:
    """Zoom's groups are not known."""


class Login:
    """The login service: a token cache is the name of a person and a number, as is a token.

    Graph accepts the newest token of a person only.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.revoked: set[str] = set()

    def grant(self, oid: str, number: int = 0) -> str:
        """A token cache, good at Graph from now on."""
        for token in [t for t, owner in self._graph.tokens.items() if owner == oid]:
            del self._graph.tokens[token]
        self._graph.tokens[f"{oid}.{number}"] = oid
        return f"{oid}.{number}"

    async def refresh(self, cache: str, *, force: bool = False) -> tuple[AccessToken, str | None]:
        oid, _, number = cache.partition(".")
        if oid in self.revoked:
            raise AuthorizeAgain("invalid_grant")
        changed = self.grant(oid, int(number) + 1) if force else None
        return AccessToken(changed or cache, 2**40), changed


class Organisation:
    """The organisation's token: Graph takes the newest for everybody. `refusal`: there is none."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.refusal: Exception | None = None
        self.renewed = 0
        self.app = ""
        self.first_may = False

    async def token(self) -> str:
        if self.refusal is not None:
            raise self.refusal
        self._graph.application = f"organisation.{self.renewed}"
        self._graph.application_app = self.app or APP
        return self._graph.application

    async def first(self) -> str:
        """An application token of the registration with which people sign in."""
        if not self.first_may:
            raise AdminMustAct("organisation_too_few_rights")
        self._graph.applications["first"] = APP
        return "first"

    def doubt(self) -> None:
        self.renewed += 1


class Zoom:
    """What Zoom's API says of people by any name; `meanwhile` happens during a look-up."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], Awaitable[object]] | None = None
        self.presence: dict[str, ZoomPresence | Exception | None] = {}
        self.users: dict[str, ZoomUser | Exception] = {}
        self.asked: list[str] = []

    async def presence_of(self, user: str) -> ZoomPresence | None:
        self.asked.append(user)
        if self.meanwhile is not None:
            await self.meanwhile()
        answer = self.presence.get(user)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def find_user(self, email: str) -> ZoomUser | None:
        found = self.users.get(email)
        if isinstance(found, Exception):
            raise found
        return found

    def has(self, zoom_id: str, email: str) -> None:
        """Zoom has this user, and nobody else by that id or address."""
        for name in [name for name, user in self.users.items() if _is(user, zoom_id, email)]:
            del self.users[name]
        self.users[zoom_id] = self.users[email] = ZoomUser(zoom_id, email)


def _is(user: ZoomUser | Exception, zoom_id: str, email: str) -> bool:
    return isinstance(user, ZoomUser) and (user.zoom_id == zoom_id or user.email == email)


class Microsoft:
    """Microsoft's word of people's addresses; by default the one of `Bridge.connect`."""

    def __init__(self) -> None:
        self.addresses: dict[str, tuple[str, ...] | Exception] = {}
        self.asked: list[str] = []

    async def addresses_now(self, state: PersonState) -> tuple[str, ...]:
        oid = state.object_id
        assert state.generation > 0
        self.asked.append(oid)
        known = self.addresses.get(oid, (f"{oid}@example.com",))
        if isinstance(known, Exception):
            raise known
        return known


class Chat:
    """Whom the bot would have told something; `answers` are what becomes of cards, by person."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.alerts: list[tuple[str, str, int]] = []
        self.over: list[tuple[str, str]] = []
        self.meetings: list[tuple[str, str, str]] = []
        self.answers: dict[str, Sent | Exception] = {}

    async def must_authorize_again(self, object_id: str, code: str) -> Sent:
        self.told.append((object_id, code))
        return self._answer(object_id)

    async def many_must_authorize_again(self, admin: str, storm: Storm) -> Sent:
        self.alerts.append((admin, storm.code, storm.people))
        return self._answer(admin)

    async def storm_is_over(self, admin: str, storm: Storm) -> None:
        self.over.append((admin, storm.code))

    def _answer(self, object_id: str) -> Sent:
        answer = self.answers.get(object_id, "sent")
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def first_meeting(self, object_id: str, presence: ZoomPresence, told: Accepted) -> None:
        self.meetings.append((object_id, str(presence), str(told.pair)))


class Counts:
    """Everything that was counted."""

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()
        self.writes: Counter[tuple[str, str]] = Counter()
        self.latencies: list[float] = []
        self.lookups: Counter[str] = Counter()
        self.outages: list[bool] = []
        self.reconnects: Counter[str] = Counter()

    def event(self, outcome: str) -> None:
        self.events[outcome] += 1

    def write(self, kind: str, outcome: str, seconds: float) -> None:
        assert seconds >= 0
        self.writes[kind, outcome] += 1

    def event_to_write(self, seconds: float) -> None:
        self.latencies.append(seconds)

    def lookup(self, outcome: str) -> None:
        self.lookups[outcome] += 1

    def breaker(self, *, is_open: bool) -> None:
        self.outages.append(is_open)

    def reconnect(self, outcome: str) -> None:
        self.reconnects[outcome] += 1


@dataclass
class Decisions:
    """What admins decided."""

    policy: Policy = field(default_factory=lambda: Policy(Form(integration=True)))

    def current(self) -> Policy:
        return self.policy

    async def at_least(self, version: int) -> Policy:
        assert self.policy.version >= version
        return self.policy


def _among(people: set[str]) -> Callable[[str], Awaitable[bool]]:
    async def is_one(oid: str) -> bool:
        return oid in people

    return is_one


@dataclass
class Bridge:
    """All of it, and shorthands for tests."""

    redis: Client
    graph: Graph
    tokens: Tokens
    organisation: Organisation
    login: Login
    zoom: Zoom | None
    chat: Chat
    counts: Counts
    decisions: Decisions
    externals: set[str]
    microsoft: Microsoft
    room: EngineRoom
    reconnect: Notifier

    def __post_init__(self) -> None:
        self.store, self.quota = self.room.people, self.room.quota
        self.reconciler, self.engine = self.room.reconciler, self.room.engine
        self.identities, self.proving = self.room.identities, self.room.proving
        self.departures = self.room.departures
        self.notices, self.notifier = self.reconnect.rows, self.reconnect

    def another_notifier(self, rows: NoticeStore | None = None) -> Notifier:
        """The one of another process."""
        return Notifier(
            self.store,
            rows or self.notices,
            self.chat,
            admins=(ADMIN,),
            external=_among(self.externals),
            on_outcome=self.counts.reconnect,
            grace_ms=0,
            sleep=_at_once,
        )

    async def connect(self, oid: str, presence: ZoomPresence | None = None) -> int:
        """Somebody authorises; Zoom may have said something of them already."""
        link = Link(oid, "tenant", "Somebody", (f"{oid}@example.com",), 1, f"z{oid}", None)
        sealed = self.tokens.seal(oid, self.login.grant(oid))
        observation = None
        if presence is not None:
            observation = Observation(presence, await self.store.now_ms())
        return await self.store.connect(link, sealed, observation)

    async def start(
        self, oid: str, presence: ZoomPresence | None = None, *, groups: Iterable[str] = ()
    ) -> int:
        """The organisation authorises somebody. Returns 0 where they said Not for me."""
        link = Link(oid, "tenant", "Somebody", (f"{oid}@example.com",), 1, f"z{oid}", None)
        observation = None
        if presence is not None:
            observation = Observation(presence, await self.store.now_ms())
        return await self.store.start(link, "hashed", observation, groups)

    async def say(self, oid: str, presence: ZoomPresence, *, ago_ms: int = 0) -> str:
        """Zoom says something of somebody."""
        at = await self.store.now_ms() - ago_ms
        return await self.engine.take_event(
            zoom_id=f"z{oid}", address=None, observation=Observation(presence, at)
        )

    def operator_names(self, app: str) -> None:
        """The organisation's token is of this registration from now on ("": of the first)."""
        self.organisation.app, self.store.hands_over = app, bool(app)
        bearers = Bearers(
            self.tokens,
            self.organisation.token,
            self.organisation.doubt,
            app,
            self.organisation.first if app else None,
        )
        self.reconciler.tokens = self.reconciler.gate.tokens = bearers

    def full(self) -> None:
        """Admins choose the style `full` for everyone."""
        account = Form(integration=True, style=Style.FULL)
        self.decisions.policy = replace(self.decisions.policy, account=account)

    def zoom_would_say(self, oid: str, answer: ZoomPresence | Exception | None) -> None:
        """What Zoom's API says of somebody when it is asked."""
        assert self.zoom is not None
        self.zoom.presence[f"z{oid}"] = answer

    async def leave(self, oid: str) -> None:
        """Somebody wants to be forgotten, as soon as a worker comes."""
        await self.store.demand(oid, Lane.URGENT, Patch.leaving())

    async def lasting_keys(self) -> list[str]:
        """Keys that do not end by themselves: none, when nobody is connected."""
        return await lasting_keys(self.redis)

    async def work(self) -> None:
        """Reconcile everyone who is due, as often as they are."""
        while claims := await self.due():
            for claim in claims:
                await self.reconciler.reconcile(claim)

    async def due(self) -> list[Claim]:
        """Claim everyone who is due."""
        claims = []
        for shard in range(keys.SHARDS):
            claims += (await self.store.claim(shard, secrets.token_hex(4), 100)).people
        return claims

    async def state(self, oid: str) -> PersonState:
        """What the store knows of a connected person."""
        state = await self.store.state(oid)
        assert state is not None
        return state

    async def due_in(self, oid: str) -> float | None:
        """Seconds until somebody is planned again, None: not before something happens."""
        for queue in keys.dues(keys.shard_of(oid)):
            score = await self.redis.zscore(queue, oid)
            if score is not None:
                return (float(score) - await self.store.now_ms()) / 1000
        return None

    async def pass_time(self, oid: str, seconds: float) -> None:
        """Let time pass for one person: everything known of them becomes older, nobody works."""
        moved = {}
        for name, value in (await self.redis.hgetall(keys.person(oid))).items():
            times = {"obs_at", "told", "until", "old_told", "old_until", "wait", "test"}
            if name in times | {"got", "acted", "lease_end"}:
                moved[name] = int(value) - int(seconds * 1000)
        await self.redis.hset(keys.person(oid), mapping=moved)
        for queue in keys.dues(keys.shard_of(oid)):
            if await self.redis.zscore(queue, oid) is not None:
                await self.redis.zincrby(queue, -int(seconds * 1000), oid)

    def shown(self, oid: str) -> str | None:
        """The session that Graph holds of somebody."""
        return self.graph.sessions.get(oid)


@asynccontextmanager
async def running_bridge(
    redis: Client,
    graph: Graph,
    *,
    zoom: Zoom | None = None,
    limits: Limits = GRAPH_LIMITS,
    lease_ms: int = 15_000,
    graph_seconds: float = 10,
    doubted: Callable[[], int] = lambda: 0,
    reading: Callable[[], Awaitable[Reading | None]] = _not_read,
) -> AsyncIterator[Bridge]:
    """Put it together. `doubted`: what Zoom said before is not trusted (epoch ms)."""
    scripts, externals = Scripts(redis), set[str]()
    store = PeopleStore(redis, scripts, lease_ms=lease_ms)
    vault = Vault([Fernet.generate_key().decode()])
    login, chat, counts, decisions = Login(graph), Chat(), Counts(), Decisions()
    tokens, organisation = Tokens(store, vault, login), Organisation(graph)
    async with aiohttp.ClientSession() as session:
        api = GraphPresence(
            session,
            graph_url=graph.base,
            session_id=APP,
            now=lambda: 0.0,
            time_limit=graph_seconds,
        )
        microsoft = Microsoft()
        room = engine.wire(
            store,
            redis,
            scripts,
            limits,
            graph=api,
            tokens=Bearers(tokens, organisation.token, organisation.doubt),
            zoom=zoom,
            chat=chat,
            policy=decisions,
            meter=counts,
            addresses_now=microsoft.addresses_now,
            groups_of=_no_groups,
            everyone_knows=lambda _: True,
            zoom_slot=_no_wait,
            doubted=doubted,
            fresh=Belief(store, None).fresh,
            reading=reading,
            chance=lambda: 0.0,
            sleep=_at_once,
        )
        notifier = Notifier(
            store,
            NoticeStore(redis, scripts),
            chat,
            admins=(ADMIN,),
            external=_among(externals),
            on_outcome=counts.reconnect,
            grace_ms=0,
            sleep=_at_once,
        )
        yield Bridge(
            redis,
            graph,
            tokens,
            organisation,
            login,
            zoom,
            chat,
            counts,
            decisions,
            externals,
            microsoft,
            room,
            notifier,
        )
        await tokens.aclose()
