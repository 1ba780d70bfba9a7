"""The queue `offer → claim → ack` in Redis.

One structure is queue, schedule, retry, mutual exclusion and crash recovery together: per lane a
sorted set whose score is due time and lease at once, and a hash per person with a version.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from domain.presence import Observation, may_interrupt
from domain.step import OVERTAKES_MS, Lane
from sync.engine import scripts as lua
from sync.engine.person_row import read_state, written
from sync.redis import keys
from sync.redis.connection import server_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.person import Patch, PersonState
    from domain.readback import Watch
    from sync.redis.connection import Client
    from sync.redis.scripts import Scripts

_LANES = tuple(Lane)
_encode = json.JSONEncoder(check_circular=False, separators=(",", ":")).encode
LEASE_MS = 15_000
"""Longer than any Graph time limit; renewed at a third while work goes on."""


@dataclass(slots=True)
class Claim:
    """A person in our hands until the lease ends.

    `now_ms` is the server's time of the claim, `taken` ours (monotonic seconds, not later); `lane`
    and `due_ms` say where they stood.
    """

    state: PersonState
    token: str
    now_ms: int
    lane: Lane = Lane.URGENT
    due_ms: int = 0
    taken: float = field(default_factory=time.monotonic, compare=False)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a shard gave: people, and what is left there.

    `due` counts by lane who is due now and was not given. `next_due_ms`: when somebody else falls
    due (epoch ms, None: nobody waits).
    """

    now_ms: int
    people: list[Claim] = field(default_factory=list)
    next_due_ms: int | None = None
    due: tuple[int, ...] = (0,) * len(Lane)


@dataclass(frozen=True, slots=True)
class Offered:
    """What became of an observation: accepted, repeat, older, future, unproven or not_connected.

    "accepted": the newest state is safe in Redis, and a worker was woken or the person was taken.
    `ended`: the state before, how long it lasted (ms), and when it is now; None: not known.
    """

    outcome: str
    claim: Claim | None = None
    ended: tuple[str, int, int] | None = None


class Looks(NamedTuple):
    """When Microsoft is to be looked at for somebody; None: not at all."""

    watch: Watch | None


@dataclass(frozen=True, slots=True)
class LaneFigures:
    """A lane: people in it, those whose time has come, and since when the first waits (seconds)."""

    lane: Lane
    waiting: int
    overdue: int
    oldest_seconds: float


@dataclass(eq=False)
class PeopleQueue:
    """The queue's operations, each one script. `lease_ms`: how long a claim holds."""

    _client: Client
    _scripts: Scripts
    _: KW_ONLY
    lease_ms: int = LEASE_MS

    def __post_init__(self) -> None:
        self._acks: dict[int, list[tuple[list[object], asyncio.Future[bool]]]] = {}
        self._senders: dict[int, asyncio.Task[None]] = {}

    async def offer(self, object_id: str, observation: Observation) -> str:
        """Take in what Zoom's API said; returns `Offered.outcome`."""
        return (await self.offer_and_take(object_id, observation)).outcome

    async def offer_and_take(
        self,
        object_id: str,
        observation: Observation,
        *,
        zoom_id: str = "",
        address: str = "",
        token: str = "",
    ) -> Offered:
        """Take in what Zoom said, and with `token` take the person too if nobody has them.

        `zoom_id` and (folded) `address`: whom an event named. Another id is refused as not
        connected; an address that is not known to be theirs, or no id, is "unproven". With neither,
        Zoom was asked about this very person.
        """
        began = time.monotonic()
        outcome, now, *fields = await self._scripts.run(
            lua.offer,
            person=keys.person(object_id),
            shard=shard_of(object_id),
            member=object_id,
            presence=observation.presence.value,
            at_ms=observation.at_ms,
            interrupts=may_interrupt(observation.presence),
            zoom_id=zoom_id,
            address=address,
            token=token,
            lease_ms=self.lease_ms,
        )
        if not fields:
            return Offered(str(outcome))
        before, _, lasted = str(fields[0]).partition(":")
        ended = (before, int(lasted), int(now)) if lasted else None
        if len(fields) == 1:
            return Offered(str(outcome), ended=ended)
        claim = Claim(_state(object_id, fields[1]), token, int(now), taken=began)
        return Offered(str(outcome), claim, ended)

    async def demand(
        self, object_id: str, lane: Lane = Lane.URGENT, patch: Patch | None = None
    ) -> bool:
        """Have the person planned anew, with what has changed. False: not connected."""
        return await self._scripts.run(
            lua.demand,
            person=keys.person(object_id),
            shard=shard_of(object_id),
            member=object_id,
            lane=int(lane),
            changes=written(patch),
        )

    async def claim(
        self,
        shard: int,
        token: str,
        at_most: int,
        *,
        first: Lane = Lane.URGENT,
        last: Lane = Lane.FADE,
    ) -> Claims:
        """Take people of a shard who are due in these lanes, most urgent lane first."""
        began = time.monotonic()
        now, next_due, *found = await self._scripts.run(
            lua.claim,
            prefix=keys.person_prefix(shard),
            shard=SHARDS[shard],
            token=token,
            lease_ms=self.lease_ms,
            at_most=at_most,
            first=int(first),
            last=int(last),
        )
        people = [
            Claim(_state(member, row), token, int(now), _LANES[int(lane)], int(float(due)), began)
            for member, lane, due, row in found[len(Lane) :]
        ]
        return Claims(
            now_ms=int(now),
            people=people,
            next_due_ms=int(float(next_due)) if float(next_due) >= 0 else None,
            due=tuple(int(count) for count in found[: len(Lane)]),
        )

    async def claim_one(self, object_id: str, token: str) -> Claim | bool:
        """Take one person at once. True: somebody else works on them. False: not connected."""
        began = time.monotonic()
        answer = await self._scripts.run(
            lua.claim_one,
            person=keys.person(object_id),
            shard=shard_of(object_id),
            member=object_id,
            token=token,
            lease_ms=self.lease_ms,
        )
        if not answer:
            return False
        if len(answer) == 1:
            return True
        return Claim(_state(object_id, answer[1]), token, int(answer[0]), taken=began)

    async def let_go(self, shard: int, token: str) -> None:
        """Give back the people claimed with a token whose answer never arrived."""
        await self._scripts.run(
            lua.let_go,
            prefix=keys.person_prefix(shard),
            shard=SHARDS[shard],
            token=token,
            lease_ms=self.lease_ms,
        )

    async def renew(self, claim: Claim) -> bool:
        """Prolong the lease; False when it was lost."""
        oid = claim.state.object_id
        return await self._scripts.run(
            lua.renew,
            person=keys.person(oid),
            shard=shard_of(oid),
            member=oid,
            token=claim.token,
            lease_ms=self.lease_ms,
        )

    async def record(self, claim: Claim, patch: Patch) -> bool:
        """Keep what was learned, the lease going on; False when it was lost."""
        return await self._scripts.run(
            lua.record,
            person=keys.person(claim.state.object_id),
            token=claim.token,
            changes=written(patch),
        )

    def ack(
        self,
        claim: Claim,
        *,
        lane: Lane,
        due_ms: int | None,
        patch: Patch | None = None,
        looks: Looks | None = None,
    ) -> asyncio.Future[bool]:
        """End the lease: due again at `due_ms`, or at once if something changed meanwhile.

        `looks`: when Microsoft is to be looked at for them; None: as it is.

        False when the lease was lost: nothing is changed then, another worker owns the person. What
        is acknowledged while Redis is busy with others of a shard goes there together.
        """
        state = claim.state
        group: list[object] = [
            state.object_id,
            claim.token,
            str(state.version),
            str(state.generation),
            str(int(lane)),
            "" if due_ms is None else str(due_ms),
            written(patch),  # a whole number in it stays one: all are below 2**53
        ]
        if looks is not None:
            watch = looks.watch
            group += [""] if watch is None else [str(watch.at_ms), int(watch.asked)]
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        shard = keys.shard_of(state.object_id)
        self._acks.setdefault(shard, []).append((group, done))
        if shard not in self._senders:
            self._senders[shard] = asyncio.create_task(self._send_all(shard), name="acks")
        return done

    async def _send_all(self, shard: int) -> None:
        try:
            while acks := self._acks.pop(shard, None):
                await self._send(shard, acks)
        finally:
            del self._senders[shard]

    async def _send(
        self, shard: int, acks: Sequence[tuple[list[object], asyncio.Future[bool]]]
    ) -> None:
        try:
            results = await self._scripts.run(
                lua.ack,
                prefix=keys.person_prefix(shard),
                shard=SHARDS[shard],
                acks=_encode([group for group, _ in acks]),
            )
        except BaseException as error:
            for _, done in acks:
                if not done.done():  # whoever waited may have been cancelled
                    done.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return
        for (_, done), result in zip(acks, results, strict=True):
            if not done.done():
                done.set_result(bool(result))

    async def queue(self) -> list[LaneFigures]:
        """How many people stand in each lane, over all shards."""
        now = await self.now_ms()
        figures = []
        for lane in Lane:
            pipe = self._client.pipeline(transaction=False)
            for shard in range(keys.SHARDS):
                key = keys.dues(shard)[lane]
                pipe.zcard(key)
                pipe.zcount(key, "-inf", now)
                pipe.zrange(key, 0, 0, withscores=True)
                pipe.zrangebyscore(key, f"({now - OVERTAKES_MS}", now, 0, 1, withscores=True)
            answers = await pipe.execute()
            due, overdue = sum(map(int, answers[::4])), sum(map(int, answers[1::4]))
            first = [int(score) for found in answers[2::4] for _, score in found]
            if lane is Lane.URGENT:  # they may have overtaken: at least so late
                first = [score + OVERTAKES_MS for score in first]
                first += [int(score) for found in answers[3::4] for _, score in found]
            figures.append(LaneFigures(lane, due, overdue, (now - min([now, *first])) / 1000))
        return figures

    async def now_ms(self) -> int:
        """The Redis server's clock: the only one that workers share."""
        return await server_ms(self._client)


SHARDS = [
    lua.Shard(keys.dues(shard), keys.parked(shard), keys.woken(shard), keys.watched(shard))
    for shard in range(keys.SHARDS)
]


def shard_of(object_id: str) -> lua.Shard:
    """What the queue keeps of a person's shard."""
    return SHARDS[keys.shard_of(object_id)]


def _state(object_id: str, values: Sequence[Any]) -> PersonState:
    pairs = iter(values)
    return read_state(object_id, dict(zip(pairs, pairs, strict=True)))
