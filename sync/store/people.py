"""Connected people in Redis: links, tokens, Zoom index, and the queue `offer → claim → ack`.

One structure is queue, schedule, retry, mutual exclusion and crash recovery together: per lane a
sorted set whose score is due time and lease at once, and a hash per person with a version.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from redis.exceptions import LockNotOwnedError

from sync.errors import RetryLater
from sync.links import BadRow, Link, dump_link, load_link
from sync.plan import AHEAD_LIMIT_MS, Held, Lane, Observation
from sync.policy import Personal
from sync.presence import Pair, Style, ZoomPresence, may_interrupt
from sync.store import keys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence

    from sync.store.connection import Client, Scripts

log = structlog.get_logger()

Changes = dict[str, str | int]
"""Fields of a person hash and their new values; an empty text deletes the field."""

Fields = tuple[str, str, str, str]
SESSION: Fields = ("held", "told", "until", "unsure")
PREFERRED: Fields = ("pref", "pref_told", "pref_until", "pref_unsure")
"""The fields that keep what we hold at Microsoft, of either kind."""

LEASE_MS = 15_000
"""Longer than any Graph time limit; renewed at a third while work goes on."""


@dataclass(frozen=True, slots=True)
class State:
    """The engine's knowledge of one person, read from their hash. Times are epoch ms."""

    object_id: str
    generation: int = 0
    version: int = 0
    observation: Observation | None = None
    got_ms: int | None = None
    answered_ms: int | None = None
    held: Held | None = None
    test_until_ms: int | None = None
    tries: int = 0
    trouble: str | None = None
    trouble_ms: int | None = None
    wait_ms: int | None = None
    leaving: bool = False
    preferred: Held | None = None
    yielded_ms: int | None = None
    group_ids: frozenset[str] = frozenset()
    policy_needed: int = 0
    zoom_id: str | None = None
    met: bool = False
    wrote_ms: int | None = None
    personal: Personal = field(default_factory=Personal)


@dataclass(frozen=True, slots=True)
class Claim:
    """A person in our hands until the lease ends. `now_ms` is the server's time of the claim."""

    state: State
    token: str
    now_ms: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What counting people takes of their `State`: reading the whole of it takes thrice as long.

    `until_ms` is the end of the session that Microsoft holds of us, 0 when there is none.
    """

    object_id: str
    zoom_id: str | None = None
    group_ids: frozenset[str] = frozenset()
    personal: Personal = field(default_factory=Personal)
    until_ms: int = 0
    trouble: str | None = None


_STANDING = ("zoom", "groups", "style", "paused", "until", "trouble")


@dataclass(slots=True)
class CarriedOut:
    """How far a policy is: people who are `done`, of whom `failed` can't be helped for now.

    `not_asked`: nobody demanded it of them yet, or the demand was lost. The others are under way.
    """

    done: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    not_asked: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a shard gave: people, and when its next one is due (epoch ms, None: nobody waits)."""

    now_ms: int
    people: list[Claim] = field(default_factory=list)
    next_due_ms: int | None = None


@dataclass(frozen=True, slots=True)
class LaneFigures:
    """A lane: people in it, those whose time has come, and since when the first waits (seconds)."""

    lane: Lane
    waiting: int
    overdue: int
    oldest_seconds: float


class PeopleStore:
    """Every read and write of people's rows. `lock_wait` is in seconds."""

    def __init__(
        self,
        client: Client,
        scripts: Scripts,
        *,
        lease_ms: int = LEASE_MS,
        lock_wait: float = keys.LOCK_TTL,
    ) -> None:
        self._client = client
        self._scripts = scripts
        self.lease_ms = lease_ms
        self._lock_wait = lock_wait

    # -- links ---------------------------------------------------------------------------------

    async def connect(
        self,
        link: Link,
        sealed_tokens: str,
        observation: Observation | None,
        group_ids: Iterable[str] = (),
    ) -> int:
        """Save a connection (a new one or in place of an earlier one); returns its generation.

        `group_ids` are the person's Zoom groups.
        """
        oid, before = link.object_id, await self.link(link.object_id)
        for key in _index(link):
            await self._client.set(key, oid)
        generation = await self._scripts.run(
            "connect",
            [*_queue_keys(oid), keys.link(oid), keys.tokens(oid)],
            [
                oid,
                dump_link(link),
                sealed_tokens,
                observation.presence.value if observation else "",
                observation.at_ms if observation else 0,
                link.zoom_id or "",
                ",".join(sorted(group_ids)),
            ],
        )
        if before is not None:
            await self._drop_index(oid, _index(before) - _index(link))
        return int(generation)

    async def link(self, object_id: str) -> Link | None:
        """The link of a person, None when not connected (or damaged: connecting anew mends it)."""
        text = await self._client.get(keys.link(object_id))
        try:
            return None if text is None else load_link(text)
        except BadRow:
            log.error("person_link_damaged", person=object_id)
            return None

    async def owner_of(self, *, address: str | None, zoom_id: str | None) -> str | None:
        """The connected person behind a Zoom id or folded address, or None."""
        for key in (
            zoom_id and keys.zoom_id(zoom_id),
            address and keys.zoom_address(address),
        ):
            if key:
                oid = await self._client.get(key)
                if oid is not None:
                    return str(oid)
        return None

    async def erase(self, object_id: str, generation: int) -> bool:
        """Forget a person, unless they connected anew meanwhile."""
        link = await self.link(object_id)
        erased = await self._scripts.run(
            "erase",
            [*_queue_keys(object_id), keys.link(object_id), keys.tokens(object_id)],
            [object_id, str(generation)],
        )
        if not erased:
            return False
        if link is not None:
            await self._drop_index(object_id, _index(link))
        return True

    async def _drop_index(self, object_id: str, index: set[str]) -> None:
        for key in index:
            if await self._client.get(key) == object_id:
                await self._client.delete(key)

    async def everyone(self) -> AsyncIterator[str]:
        """The object id of every connected person once, in no order."""
        skip, seen = len(keys.person_prefix(0)), set[str]()
        async for key in self._client.scan_iter(match=keys.PERSON_PATTERN, count=1000):
            if key not in seen:  # Redis may repeat some
                seen.add(key)
                yield str(key)[skip:]

    # -- tokens (sync.microsoft.tokens.TokenRows) ------------------------------------------------

    async def read_tokens(self, object_id: str) -> tuple[int, str] | None:
        """Generation and sealed tokens; None when not connected (or damaged)."""
        text = await self._client.get(keys.tokens(object_id))
        if text is None:
            return None
        generation, _, sealed = str(text).partition(":")
        if not generation.isdigit() or not sealed:
            log.error("person_tokens_damaged", person=object_id)
            return None
        return int(generation), sealed

    async def save_tokens(self, object_id: str, generation: int, sealed: str) -> bool:
        """Save refreshed tokens; False when the link was replaced or removed meanwhile."""
        saved = await self._scripts.run(
            "save_tokens",
            [keys.person(object_id), keys.tokens(object_id)],
            [str(generation), sealed],
        )
        return bool(saved)

    @contextlib.asynccontextmanager
    async def token_lock(self, object_id: str) -> AsyncIterator[None]:
        """Exclude other processes from refreshing this person's tokens.

        Raises RetryLater when another process keeps it for too long.
        """
        lock = self._client.lock(keys.token_lock(object_id), timeout=keys.LOCK_TTL)
        if not await lock.acquire(blocking_timeout=self._lock_wait):
            raise RetryLater("tokens_locked")
        try:
            yield
        finally:
            # Ours no longer if it took too long; what was learned is good all the same.
            with contextlib.suppress(LockNotOwnedError):
                await lock.release()

    # -- the queue -------------------------------------------------------------------------------

    async def offer(self, object_id: str, observation: Observation) -> str:
        """Take in what Zoom said. Returns accepted, repeat, older, future or not_connected.

        "accepted" means that the newest state is safe in Redis and a worker has been woken.
        """
        oid = object_id
        outcome, _ = await self._scripts.run(
            "offer",
            _queue_keys(oid),
            [
                oid,
                observation.presence.value,
                observation.at_ms,
                int(may_interrupt(observation.presence)),
                AHEAD_LIMIT_MS,
            ],
        )
        return str(outcome)

    async def demand(
        self, object_id: str, lane: Lane = Lane.TURN, changes: Mapping[str, str | int] | None = None
    ) -> bool:
        """Have the person planned anew, with changed fields ("" deletes). False: not connected."""
        changed = await self._scripts.run(
            "demand", _queue_keys(object_id), [object_id, int(lane), *_flat(changes or {})]
        )
        return bool(changed)

    async def claim(self, shard: int, token: str, at_most: int) -> Claims:
        """Take the people of a shard who are due, most urgent lane first."""
        now, next_due, *rows = await self._scripts.run(
            "claim",
            [keys.person_prefix(shard), *keys.dues(shard)],
            [token, self.lease_ms, at_most],
        )
        people = []
        for member, fields in rows:
            state = _read_state(str(member), _pairs(fields))
            people.append(Claim(state, token, int(now)))
        return Claims(int(now), people, int(float(next_due)) if float(next_due) >= 0 else None)

    async def claim_one(self, object_id: str, token: str) -> Claim | bool:
        """Take one person at once. True: somebody else works on them. False: not connected."""
        answer = await self._scripts.run(
            "claim_one", _queue_keys(object_id), [object_id, token, self.lease_ms]
        )
        if not answer:
            return False
        if len(answer) == 1:
            return True
        return Claim(_read_state(object_id, _pairs(answer[1])), token, int(answer[0]))

    async def renew(self, claim: Claim) -> bool:
        """Prolong the lease; False when it was lost."""
        oid = claim.state.object_id
        return bool(
            await self._scripts.run("renew", _queue_keys(oid), [oid, claim.token, self.lease_ms])
        )

    async def record(self, claim: Claim, changes: Mapping[str, str | int]) -> bool:
        """Keep what was learned, the lease going on; False when it was lost."""
        return bool(
            await self._scripts.run(
                "record",
                _queue_keys(claim.state.object_id),
                [claim.token, *_flat(changes)],
            )
        )

    async def ack(
        self,
        claim: Claim,
        *,
        lane: Lane,
        due_ms: int | None,
        changes: Mapping[str, str | int] | None = None,
    ) -> bool:
        """End the lease: due again at `due_ms`, or at once if something changed meanwhile.

        False when the lease was lost: nothing is changed then, another worker owns the person.
        """
        oid = claim.state.object_id
        answer = await self._scripts.run(
            "ack",
            _queue_keys(oid),
            [
                oid,
                claim.token,
                claim.state.version,
                claim.state.generation,
                int(lane),
                "" if due_ms is None else due_ms,
                *_flat(changes or {}),
            ],
        )
        return bool(answer)

    async def state(self, object_id: str) -> State | None:
        """The engine's knowledge of a person; None when not connected."""
        fields = await self._client.hgetall(keys.person(object_id))
        return _read_state(object_id, fields) if fields else None

    async def queue(self) -> list[LaneFigures]:
        """How many people stand in each lane, over all shards."""
        now = await self.now_ms()
        figures = []
        for lane in Lane:
            due = overdue = 0
            oldest = now
            for shard in range(keys.SHARDS):
                key = keys.dues(shard)[lane]
                due += int(await self._client.zcard(key))
                overdue += int(await self._client.zcount(key, "-inf", now))
                first = await self._client.zrange(key, 0, 0, withscores=True)
                oldest = min([oldest, *(int(score) for _, score in first)])
            figures.append(LaneFigures(lane, due, overdue, (now - oldest) / 1000))
        return figures

    async def carried_out(self, people: Sequence[str], version: int) -> CarriedOut:
        """For which of these this policy (or a newer one) is carried out; whoever left counts."""
        pipe = self._client.pipeline(transaction=False)
        for oid in people:
            pipe.hmget(keys.person(oid), "gen", "pol", "need", "trouble")
        found = CarriedOut()
        for oid, row in zip(people, await pipe.execute(), strict=True):
            generation, done, needed, trouble = row
            if generation is None:
                found.done.append(oid)
            elif int(done or 0) >= version:
                found.done.append(oid)
                found.failed += [oid] if trouble is not None else []
            elif int(needed or 0) < version:
                found.not_asked.append(oid)
        return found

    async def standings(self, people: Sequence[str]) -> list[Standing]:
        """Where many people stand; those not connected are left out."""
        pipe = self._client.pipeline(transaction=False)
        for oid in people:
            pipe.hmget(keys.person(oid), "gen", *_STANDING)
        rows = await pipe.execute()
        return [
            _read_standing(oid, fields)
            for oid, (generation, *fields) in zip(people, rows, strict=True)
            if generation is not None
        ]

    async def not_connected(self, people: Sequence[str]) -> list[str]:
        """Those of these who are not connected."""
        pipe = self._client.pipeline(transaction=False)
        for oid in people:
            pipe.exists(keys.person(oid))
        rows = await pipe.execute()
        return [oid for oid, known in zip(people, rows, strict=True) if not known]

    async def now_ms(self) -> int:
        """The Redis server's clock: the only one that workers share."""
        seconds, micros = await self._client.time()
        return int(seconds) * 1000 + int(micros) // 1000


def held_fields(held: Held | None, kind: Fields = SESSION) -> Changes:
    """The changes that keep what we hold at Microsoft; None: nothing."""
    if held is None:
        return dict.fromkeys(kind, "")
    unsure = "" if held.sure else 1
    return dict(zip(kind, (str(held.pair), held.told_ms, held.until_ms, unsure), strict=True))


def _index(link: Link) -> set[str]:
    index = {keys.zoom_address(address) for address in link.addresses}
    return index | ({keys.zoom_id(link.zoom_id)} if link.zoom_id else set())


def _queue_keys(object_id: str) -> list[str]:
    return [keys.person(object_id), *keys.dues(keys.shard_of(object_id))]


def _flat(changes: Mapping[str, str | int]) -> list[str | int]:
    return [item for pair in changes.items() for item in pair]


def _pairs(flat: list[str]) -> dict[str, str]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _read_standing(object_id: str, fields: Sequence[str | None]) -> Standing:
    """Read the fields of `_STANDING`; with a damaged row it is as if they had chosen nothing."""
    zoom_id, groups, style, paused, until, trouble = fields
    try:
        personal = Personal(Style(style) if style else None, int(paused) if paused else None)
        until_ms = int(until or 0)
    except ValueError:
        log.error("person_row_damaged", person=object_id)
        personal, until_ms = Personal(), 0
    group_ids = frozenset(filter(None, (groups or "").split(",")))
    return Standing(object_id, zoom_id or None, group_ids, personal, until_ms, trouble)


def _read_state(object_id: str, row: Mapping[str, Any]) -> State:
    """Read a person hash. A field that we did not write is dropped and logged, not believed."""
    bad: list[str] = []

    def number(name: str) -> int | None:
        text = row.get(name)
        if text is None:
            return None
        try:
            return int(float(text))
        except (ValueError, OverflowError):
            bad.append(name)
            return None

    observation = None
    at = number("obs_at")
    if at is not None:
        try:
            observation = Observation(ZoomPresence(row.get("obs", "")), at)
        except ValueError:
            bad.append("obs")

    def kept(kind: Fields, parse: Callable[[str], Pair | None]) -> Held | None:
        name, told_name, until_name, unsure = kind
        pair, told, until = parse(row.get(name, "")), number(told_name), number(until_name)
        if pair is not None and told is not None and until is not None:
            return Held(pair, told, until, sure=unsure not in row)
        if row.get(name):
            bad.append(name)
        return None

    style = row.get("style")
    if style is not None and style not in set(Style):
        bad.append("style")
        style = None
    state = State(
        object_id=object_id,
        generation=number("gen") or 0,
        version=number("ver") or 0,
        observation=observation,
        got_ms=number("got"),
        answered_ms=number("answered"),
        held=kept(SESSION, Pair.parse),
        test_until_ms=number("test"),
        tries=number("tries") or 0,
        trouble=row.get("trouble"),
        trouble_ms=number("trouble_at"),
        wait_ms=number("wait"),
        leaving="leaving" in row,
        preferred=kept(PREFERRED, Pair.parse_preferred),
        yielded_ms=number("yielded"),
        policy_needed=number("need") or 0,
        zoom_id=row.get("zoom") or None,
        met="met" in row,
        wrote_ms=number("wrote"),
        group_ids=frozenset(filter(None, row.get("groups", "").split(","))),
        personal=Personal(Style(style) if style else None, number("paused")),
    )
    if bad:
        log.error("person_row_damaged", person=object_id, fields=bad)
    return state
