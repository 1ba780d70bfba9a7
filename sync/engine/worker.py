"""The worker: takes people who are due and reconciles them, many at a time.

It sleeps until an offer wakes it (a message that names the shard) or the next person is due; there
is no polling delay. Redis may go away: the loop says so once, waits, and goes on.

While the budget has room, people are taken as they come and their permits after that: there
are enough. From the moment a lane is refused it is *tight*: permits come first, and as many people
are taken as were granted; lanes that are less urgent stand still. So people wait in Redis, in
order, and are planned from what is known when they are taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog

from domain.step import Lane
from sync.engine.gate import Ticket
from sync.redis import channels, keys
from sync.redis.connection import REDIS_TROUBLE, raise_if_cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from redis.asyncio import Redis

    from sync.engine.lease import Reconciliation
    from sync.engine.people import PeopleStore
    from sync.engine.queue import Claim
    from sync.engine.quota import Quota
    from sync.engine.reconcile import Reconciler

log = structlog.get_logger()

AT_ONCE = 96
"""People reconciled at the same time: enough to fill the quota at 1 s per Graph call, and to have
something in hand while others are taken."""
REFILL = AT_ONCE // 3
"""So many places must be free before more people are taken: a claim costs the same for many."""
LOOK_AROUND_S = 1.0
"""Every shard is visited at least this often: people whose worker died, and lost messages."""
TROUBLE_PAUSE_S = 0.5
_SHARD_NAMES = frozenset(str(shard) for shard in range(keys.SHARDS))


@dataclass(eq=False)
class Worker:
    """One worker. `beat` is called whenever the loop goes round (for liveness)."""

    store: PeopleStore
    reconciler: Reconciler
    quota: Quota
    listener: Redis
    _: KW_ONLY
    beat: Callable[[], None]

    def __post_init__(self) -> None:
        self._name = secrets.token_hex(6)
        self._claims = 0
        self._dirty: set[int] = set(range(keys.SHARDS))
        self._due: dict[int, tuple[int, ...]] = {}
        self._waiting = 0  # the sum of it
        self._next_due: dict[int, float] = {}
        self._tight: dict[Lane, float] = {}
        self._spare: list[float] = []
        self._unanswered: list[tuple[int, str]] = []
        self._not_back: list[tuple[float, Callable[[], asyncio.Future[bool]]]] = []
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._busy: set[asyncio.Task[None]] = set()
        self._giving_back: set[asyncio.Future[bool]] = set()

    async def run(self) -> None:
        """Work until `stop`; then finish what is in hand. A bug in the loop is raised."""
        listening = asyncio.create_task(self._listen(), name="worker-listen")
        try:
            await self._loop()
        finally:
            self._stopping.set()
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening
            while in_hand := self._busy | self._giving_back:
                await asyncio.wait(in_hand)

    def stop(self) -> None:
        """Take no more people."""
        self._stopping.set()
        self._woken.set()

    # -- people who are taken as their event comes in (sync.engine.engine) -------------------------

    def token(self) -> str:
        """The token by which somebody may be taken for this worker right now; '' when none may."""
        idle = not (self._stopping.is_set() or self._tight or self.reconciler.gate.away)
        return self._token() if idle and len(self._busy) < AT_ONCE else ""

    def take(self, claim: Claim) -> None:
        """Reconcile somebody who was taken with `token`."""
        self._start(claim, Ticket(claim.lane))

    def not_answered(self, object_id: str, token: str) -> None:
        """Redis did not say whether somebody was taken; they are given back when it is there."""
        self._unanswered.append((keys.shard_of(object_id), token))

    # -- people who are due ----------------------------------------------------------------------

    async def _loop(self) -> None:
        troubled = False
        last_round = 0.0
        while not self._stopping.is_set():
            self.beat()
            now = time.monotonic()
            if now - last_round >= LOOK_AROUND_S:
                last_round = now
                self._dirty.update(range(keys.SHARDS))
            self._dirty.update(s for s, due in self._next_due.items() if due <= now)
            try:
                while self._unanswered:
                    await self.store.let_go(*self._unanswered[-1])
                    self._unanswered.pop()
                if self._not_back:
                    await self._give_back_again()
                await self._round()
            except REDIS_TROUBLE as error:
                if not troubled:
                    log.error("worker_redis_away", error=type(error).__name__)
                troubled = True
                await self._pause(TROUBLE_PAUSE_S)
                continue
            if troubled:
                log.info("worker_redis_back")
                troubled = False
            await self._pause(self._idle_for(last_round))

    async def _round(self) -> None:
        """Take as many as possible: where something changed first, then where people wait."""
        while not self._stopping.is_set() and (free := self._free()) > 0:
            lane = self._waiting_lane()
            if self._dirty:
                # While it is not known who waits in other shards, only the most urgent lane.
                end = Lane.FADE + 1 if len(self._dirty) == 1 else Lane.URGENT + 1
                end = min([end, *self._tight, *([] if lane is None else [lane])])
                await self._visit(self._dirty.pop(), free, Lane.URGENT, end)
            elif lane is None:
                return
            elif lane not in self._tight:
                await self._visit(self._shard_with(lane), free, lane, lane + 1)
            elif not await self._take_tight(lane, free):
                return

    def _free(self) -> int:
        """How many more people may be taken; in an outage a single one tries how it is."""
        gate = self.reconciler.gate
        if gate.away:
            return 0 if self._busy or gate.away_for > 0 else 1
        free = AT_ONCE - len(self._busy)
        return 0 if free < REFILL <= self._waiting else free

    def _waiting_lane(self) -> Lane | None:
        """The most urgent lane in which somebody is known to be due, if it may be served now."""
        for lane in Lane:
            if any(due[lane] for due in self._due.values()):
                now = time.monotonic()
                free = self._tight.get(lane, 0.0) <= now or self._in_hand(now)
                return lane if free else None
            self._tight.pop(lane, None)  # nobody waits there any more
        return None

    def _shard_with(self, lane: Lane) -> int:
        """Where most of a lane wait."""
        return max(self._due, key=lambda shard: self._due[shard][lane])

    async def _visit(self, shard: int, free: int, first: int, end: int) -> None:
        """Take people of the lanes from `first` to before `end`, then permits for them."""
        people = await self._claim(shard, free, first, end)
        while people:
            lane = people[0].lane
            mine = [claim for claim in people if claim.lane is lane]
            people = people[len(mine) :]
            try:
                if self.reconciler.gate.away:  # whoever tries takes a permit of its own
                    permits = [0.0] * len(mine)
                else:
                    permits = await self._permits(lane, len(mine))
            except BaseException:
                self._keep([*mine, *people])  # in a cluster the budget may be away alone
                raise
            for claim, until in zip(mine, permits, strict=False):
                self._start(claim, Ticket(lane, until))
            if len(permits) < len(mine):
                await self._give_back([*mine[len(permits) :], *people])
                return

    async def _take_tight(self, lane: Lane, free: int) -> bool:
        """Take permits, then as many people. Whether there may be more to take."""
        wanted, now = min(free, sum(due[lane] for due in self._due.values())), time.monotonic()
        early = self._tight[lane] > now
        if early:  # nothing more is granted yet, but somebody did not need theirs
            wanted = min(wanted, self._in_hand(now))
        permits = await self._permits(lane, wanted)
        enough = len(permits) == wanted
        while permits and any(due[lane] for due in self._due.values()):
            for claim in await self._claim(self._shard_with(lane), len(permits), lane, lane + 1):
                self._start(claim, Ticket(lane, permits.pop()))
        self._spare += permits
        if enough and not early:
            del self._tight[lane]
        return enough

    def _in_hand(self, now: float) -> int:
        """How many permits are left over from people for whom nothing had to be sent."""
        return sum(until > now for until in self._spare)

    async def _permits(self, lane: Lane, wanted: int) -> list[float]:
        """Permits for a lane (until when each holds); if they are too few, it is tight now."""
        now = time.monotonic()
        held = [until for until in self._spare if until > now]
        permits, self._spare = held[:wanted], held[wanted:]
        missing = wanted - len(permits)
        if missing:
            grant = await self.quota.take(lane, missing)
            permits += [now + self.quota.permit_seconds] * grant.granted
            if grant.granted < missing:
                self._tight[lane] = time.monotonic() + grant.wait_ms / 1000
        return permits

    async def _claim(self, shard: int, at_most: int, first: int, end: int) -> list[Claim]:
        if end <= first:
            at_most, end = 0, first + 1  # only to see who waits
        token = self._token()
        try:
            claims = await self.store.claim(
                shard, token, at_most, first=Lane(first), last=Lane(end - 1)
            )
        except BaseException:
            self._dirty.add(shard)
            self._unanswered.append((shard, token))
            raise
        self._know(shard, claims.due)
        if claims.next_due_ms is None:
            self._next_due.pop(shard, None)
        else:
            ahead = (claims.next_due_ms - claims.now_ms) / 1000
            self._next_due[shard] = time.monotonic() + ahead
        return claims.people

    async def _give_back(self, people: Sequence[Claim]) -> None:
        """Nothing may be sent for them now: they stand where they stood."""
        if people:
            shard = keys.shard_of(people[0].state.object_id)
            due = list(self._due[shard])
            for claim in people:
                due[claim.lane] += 1
            self._know(shard, tuple(due))
            self._keep(people)
            await self._give_back_again()

    def _keep(self, people: Sequence[Claim]) -> None:
        """They are to be given back as they were taken."""
        for claim in people:
            back = partial(self.store.ack, claim, lane=claim.lane, due_ms=claim.due_ms)
            self._not_back.append((self._lease_end(), back))

    def _lease_end(self) -> float:
        return time.monotonic() + self.store.lease_ms / 1000

    async def _give_back_again(self) -> None:
        """Those who are not back yet, as Redis was away, as long as their lease lasts."""
        now = time.monotonic()
        waiting = [(ends, give_back) for ends, give_back in self._not_back if ends > now]
        self._not_back = []
        taken = await asyncio.gather(*(give() for _, give in waiting), return_exceptions=True)
        for again, answer in zip(waiting, taken, strict=True):
            if isinstance(answer, REDIS_TROUBLE):
                self._not_back.append(again)
            elif isinstance(answer, BaseException):
                raise answer

    def _know(self, shard: int, due: tuple[int, ...]) -> None:
        """Remember who waits in a shard, by lane."""
        self._due[shard] = due
        self._waiting = sum(map(sum, self._due.values()))

    def _token(self) -> str:
        self._claims += 1
        return f"{self._name}.{self._claims}"

    def _idle_for(self, last_round: float) -> float:
        wake_at = [last_round + LOOK_AROUND_S]
        if self._free() > 0:  # else the end of a reconciliation wakes the loop
            wake_at += self._next_due.values()
            wake_at += self._tight.values()
        elif self.reconciler.gate.away:
            wake_at.append(time.monotonic() + self.reconciler.gate.away_for)
        return max(0.001, min(wake_at) - time.monotonic())

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)
        self._woken.clear()

    def _start(self, claim: Claim, ticket: Ticket) -> None:
        task = asyncio.create_task(self._reconcile(claim, ticket), name="reconcile")
        self._busy.add(task)
        task.add_done_callback(self._done)

    async def _reconcile(self, claim: Claim, ticket: Ticket) -> None:
        try:
            run = await self.reconciler.run(claim, ticket)
            if run.given_back is not None:
                self._giving_back.add(run.given_back)
                run.given_back.add_done_callback(partial(self._given_back, run))
        except Exception as error:  # noqa: BLE001 - a bug with one person must not stop everyone
            self._lost(claim, error)
        if ticket.permit_until:
            self._spare.append(ticket.permit_until)

    def _given_back(self, run: Reconciliation, given_back: asyncio.Future[bool]) -> None:
        self._giving_back.discard(given_back)
        error = given_back.exception()
        if error is not None:
            self._lost(run.claim, error)
            if isinstance(error, REDIS_TROUBLE) and run.give_back is not None:
                self._not_back.append((self._lease_end(), run.give_back))

    def _lost(self, claim: Claim, error: BaseException) -> None:
        """The lease ends by itself and the person is due again. A bug shows as one.

        Where all was done but to give them back, that is done when Redis is there, if it is sooner.
        """
        person = claim.state.object_id
        if isinstance(error, REDIS_TROUBLE):
            log.error("worker_turn_lost", person=person, error=type(error).__name__)
        else:
            log.error("worker_turn_failed", person=person, exc_info=error)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._busy.discard(task)
        if self._dirty or (self._waiting and self._free() > 0):
            self._woken.set()

    async def _listen(self) -> None:
        """Hear which shards changed; without a connection the look-around still works."""
        while True:
            try:
                async with self.listener.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(channels.WAKE)
                    raise_if_cancelled()
                    async for message in channel.listen():
                        self._heard(message.get("data"))
            except REDIS_TROUBLE:
                await asyncio.sleep(TROUBLE_PAUSE_S)

    def _heard(self, data: object) -> None:
        if isinstance(data, str) and data in _SHARD_NAMES:
            self._dirty.add(int(data))
            self._woken.set()
