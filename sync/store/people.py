"""Connected people in Redis: links, tokens, Zoom index, and where everybody stands."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from redis.exceptions import LockNotOwnedError

from sync.errors import RetryLater, Trouble
from sync.links import BadRow, Link, dump_link, load_link
from sync.presence import Shown
from sync.store import keys
from sync.store.person_row import STANDING, Standing, State, read_standing, read_state
from sync.store.queue import LEASE_MS, PeopleQueue, queue_keys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from sync.plan import Observation
    from sync.store.connection import Client, Scripts

log = structlog.get_logger()


@dataclass(slots=True)
class CarriedOut:
    """How far a policy is: people who are `done`, of whom `failed` can't be helped for now.

    `not_asked`: nobody demanded it of them yet, or the demand was lost. The others are under way.
    """

    done: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    not_asked: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PeopleCounts:
    """How many people are connected, and how many of them are parked, by reason."""

    connected: int
    parked: dict[str, int]


@dataclass(frozen=True, slots=True)
class Parked:
    """Somebody for whom nothing is tried any more, why, and since when (epoch ms)."""

    object_id: str
    reason: Trouble
    since_ms: int


class PeopleStore(PeopleQueue):
    """Every read and write of people's rows. `lock_wait` is in seconds."""

    def __init__(
        self,
        client: Client,
        scripts: Scripts,
        *,
        lease_ms: int = LEASE_MS,
        lock_wait: float = keys.LOCK_TTL,
    ) -> None:
        super().__init__(client, scripts, lease_ms=lease_ms)
        self._lock_wait = lock_wait

    # -- links ---------------------------------------------------------------------------------

    async def connect(
        self,
        link: Link,
        sealed_tokens: str,
        observation: Observation | None,
        group_ids: Iterable[str] = (),
        *,
        attempt: str | None = None,
    ) -> int:
        """Save a connection (a new one or in place of an earlier one); returns its generation.

        `group_ids` are the person's Zoom groups. With `attempt` (sync.store.sign_ins) only if that
        attempt to connect is still live, and it is not afterwards; else 0, and nothing is kept.
        """
        oid, before = link.object_id, await self.link(link.object_id)
        stale = (_index(before) if before else set[str]()) - _index(link)
        for key in _index(link):
            await self._scripts.run("index_claim", [key], [oid, keys.INDEX_TTL])
        for key in stale:
            await self._doubt(key, oid)
        generation = await self._scripts.run(
            "connect",
            [*_link_keys(oid), keys.live_sign_in(oid)],
            [
                oid,
                dump_link(link),
                sealed_tokens,
                observation.presence.value if observation else "",
                observation.at_ms if observation else 0,
                link.zoom_id or "",
                ",".join(sorted(group_ids)),
                attempt or "",
            ],
        )
        if not generation:
            await self._settle(oid, _index(link) | stale)
            return 0
        for key in _index(link):
            await self._client.set(key, oid)
        await self._settle(oid, stale)
        return int(generation)

    async def link(self, object_id: str) -> Link | None:
        """The link of a person, None when not connected (or damaged: connecting anew mends it)."""
        return _read_link(object_id, await self._client.get(keys.link(object_id)))

    # The index stands in other slots than the person, so it can't change in one step with them.
    # Whoever may be cut off gives its keys a TTL first: a key without one is that of somebody who
    # is connected. What was left with a TTL is believed, and kept, where the link says the same.

    async def owner_of(self, *, address: str | None, zoom_id: str | None) -> str | None:
        """The connected person behind a Zoom id or folded address, or None."""
        for key in (
            zoom_id and keys.zoom_id(zoom_id),
            address and keys.zoom_address(address),
        ):
            if key:
                oid, ttl = await self._scripts.run("index_owner", [key], [])
                if oid and (ttl == -1 or await self._kept(key, str(oid))):
                    return str(oid)
        return None

    async def _kept(self, key: str, object_id: str) -> bool:
        """Whether a key that was left behind is right; then it stays."""
        link = await self.link(object_id)
        if link is None or key not in _index(link):
            return False
        await self._client.persist(key)
        return True

    async def erase(self, object_id: str, generation: int, gone_ms: int | None = None) -> bool:
        """Forget a person, unless they connected anew meanwhile.

        `gone_ms`: they are forgotten because their app has been away since then; not if it is back.
        """
        link = await self.link(object_id)
        index = _index(link) if link else set[str]()
        for key in index:
            await self._doubt(key, object_id)
        erased = await self._scripts.run(
            "erase",
            _link_keys(object_id),
            [object_id, str(generation), "" if gone_ms is None else gone_ms],
        )
        await self._settle(object_id, index)
        if erased:
            await self._client.delete(keys.look(object_id))
        return bool(erased)

    async def retire(self, object_id: str, lease: str = "") -> int | None:
        """Erase what is not needed any more of somebody who leaves but can't be cleared yet.

        `lease` is the caller's own. Returns when their tokens end at the latest (epoch ms), by
        which time nothing of ours is left at Microsoft either. None: nobody leaves (any more).
        """
        link = await self.link(object_id)
        index = _index(link) if link else set[str]()
        for key in index:
            await self._doubt(key, object_id)
        ends_ms = await self._scripts.run("retire", _link_keys(object_id), [lease])
        await self._settle(object_id, index)
        return None if ends_ms is None else int(ends_ms)

    async def _settle(self, object_id: str, index: set[str]) -> None:
        """Keep what the link says of these keys (somebody may have connected anew); drop the rest.

        Doubted again, because an event may just have kept them (`_kept`).
        """
        for key in index:
            await self._doubt(key, object_id)
        link = await self.link(object_id)
        right = _index(link) if link else set[str]()
        for key in index - right:
            await self._scripts.run("index_drop", [key], [object_id])
        for key in index & right:
            await self._client.persist(key)

    async def _doubt(self, key: str, object_id: str) -> None:
        await self._scripts.run("index_doubt", [key], [object_id, keys.INDEX_TTL])

    async def everyone(self) -> AsyncIterator[str]:
        """The object id of every connected person once, in no order."""
        for shard in range(keys.SHARDS):
            seen = set[str]()  # Redis may repeat some
            async for member in self._client.sscan_iter(keys.everybody(shard), count=1000):
                if member not in seen:
                    seen.add(member)
                    yield str(member)

    async def parked(self) -> AsyncIterator[Parked]:
        """Everybody who is parked, in no order."""
        for shard in range(keys.SHARDS):
            async for member, row in self._client.hscan_iter(keys.parked(shard), count=1000):
                since, _, reason = str(row).partition(":")
                if since.isdigit() and reason in set(Trouble):
                    yield Parked(str(member), Trouble(reason), int(since))
                else:
                    log.error("person_row_damaged", person=member, fields=["parked"])

    async def connected(self) -> int:
        """How many people are connected."""
        return sum([int(await self._client.scard(keys.everybody(s))) for s in range(keys.SHARDS)])

    async def counts(self) -> PeopleCounts:
        """How many there are; reads a row of the parked only."""
        parked = {str(reason): 0 for reason in Trouble if reason.parks}
        async for person in self.parked():
            if person.reason.parks:
                parked[person.reason] += 1
        return PeopleCounts(await self.connected(), parked)

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

    # -- where people stand ----------------------------------------------------------------------

    async def state(self, object_id: str) -> State | None:
        """The engine's knowledge of a person; None when not connected."""
        fields = await self._client.hgetall(keys.person(object_id))
        return read_state(object_id, fields) if fields else None

    async def app_is_gone(self, object_id: str) -> bool:
        """Whether a connected person's app is taken out at the moment."""
        return bool(await self._client.hexists(keys.person(object_id), "gone"))

    async def link_and_state(self, object_id: str) -> tuple[Link | None, State | None]:
        """`link` and `state` in one go."""
        pipe = self._client.pipeline(transaction=False)
        pipe.get(keys.link(object_id))
        pipe.hgetall(keys.person(object_id))
        text, fields = await pipe.execute()
        state = read_state(object_id, fields) if fields else None
        return _read_link(object_id, text), state

    async def asked(self, object_id: str) -> tuple[Link | None, State | None, int]:
        """`link_and_state`, and how often within a minute they have asked, this time included.

        In one go: whoever says something in the chat waits for it.
        """
        pipe = self._client.pipeline(transaction=False)
        pipe.get(keys.link(object_id))
        pipe.hgetall(keys.person(object_id))
        _count(pipe, keys.asks(object_id))
        text, fields, _, count = await pipe.execute()
        state = read_state(object_id, fields) if fields else None
        return _read_link(object_id, text), state, int(count)

    async def count_look_up(self, object_id: str) -> int:
        """How often within a minute an admin has asked about others, this time included."""
        pipe = self._client.pipeline(transaction=False)
        _count(pipe, keys.asks(object_id, of_others=True))
        return int((await pipe.execute())[-1])

    async def keep_look(self, object_id: str, shown: Shown) -> None:
        """Keep what Microsoft showed just now, for minutes: who asks too often is told this."""
        text = json.dumps(shown)
        await self._client.set(keys.look(object_id), text, px=keys.LOOK_TTL * 1000)

    async def last_look(self, object_id: str) -> tuple[Shown, int] | None:
        """What Microsoft showed when it was last looked at for a chat, and how long ago (ms)."""
        pipe = self._client.pipeline(transaction=False)
        pipe.get(keys.look(object_id))
        pipe.pttl(keys.look(object_id))
        text, left_ms = await pipe.execute()
        try:
            availability, activity = json.loads(text or "")
        except (ValueError, TypeError):
            return None
        age_ms = max(0, keys.LOOK_TTL * 1000 - int(left_ms))
        return Shown(str(availability), str(activity)), age_ms

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
            pipe.hmget(keys.person(oid), "gen", *STANDING)
        rows = await pipe.execute()
        return [
            read_standing(oid, fields)
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


def _count(pipe: Any, key: str) -> None:
    """Count an ask; the first one begins a minute."""
    pipe.set(key, 0, ex=keys.ASKS_TTL, nx=True)
    pipe.incr(key)


def _link_keys(object_id: str) -> list[str]:
    """KEYS[1..10] of a script that makes or ends a link."""
    everybody = keys.everybody(keys.shard_of(object_id))
    return [*queue_keys(object_id), everybody, keys.link(object_id), keys.tokens(object_id)]


def _index(link: Link) -> set[str]:
    index = {keys.zoom_address(address) for address in link.addresses}
    return index | ({keys.zoom_id(link.zoom_id)} if link.zoom_id else set())


def _read_link(object_id: str, text: str | None) -> Link | None:
    try:
        return None if text is None else load_link(text)
    except BadRow:
        log.error("person_link_damaged", person=object_id)
        return None
