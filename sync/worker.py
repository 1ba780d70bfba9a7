"""The worker: takes people who are due and attends to them, many at a time.

It sleeps until an offer wakes it (a message that names the shard) or the next person is due; there
is no polling delay. Redis may go away: the loop says so once, waits, and goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from typing import TYPE_CHECKING

import structlog

from sync.store import keys
from sync.store.connection import REDIS_TROUBLE, raise_if_cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis.asyncio import Redis

    from sync.attend import Attendant
    from sync.store.people import Claim, PeopleStore

log = structlog.get_logger()

AT_ONCE = 64
"""People attended to at the same time: enough to fill the quota at 1 s per Graph call."""
LOOK_AROUND_S = 1.0
"""Every shard is visited at least this often: people whose worker died, and lost messages."""
TROUBLE_PAUSE_S = 0.5
_SHARD_NAMES = frozenset(str(shard) for shard in range(keys.SHARDS))


class Worker:
    """One worker. `beat` is called whenever the loop goes round (for liveness)."""

    def __init__(
        self,
        store: PeopleStore,
        attendant: Attendant,
        listener: Redis,
        *,
        beat: Callable[[], None],
    ) -> None:
        self._store = store
        self._attendant = attendant
        self._listener = listener
        self._beat = beat
        self._name = secrets.token_hex(6)
        self._dirty: set[int] = set(range(keys.SHARDS))
        self._next_due: dict[int, float] = {}
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._busy: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Work until `stop`; then finish what is in hand. A bug in the loop is raised."""
        listening = asyncio.create_task(self._listen(), name="worker-listen")
        try:
            await self._loop()
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening
            if self._busy:
                await asyncio.wait(self._busy)

    def stop(self) -> None:
        """Take no more people."""
        self._stopping.set()
        self._woken.set()

    async def _loop(self) -> None:
        troubled = False
        last_round = 0.0
        while not self._stopping.is_set():
            self._beat()
            now = time.monotonic()
            if now - last_round >= LOOK_AROUND_S:
                last_round = now
                self._dirty.update(range(keys.SHARDS))
            self._dirty.update(s for s, due in self._next_due.items() if due <= now)
            try:
                await self._claim_round()
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

    async def _claim_round(self) -> None:
        """Visit the shards in which something changed, most urgent lanes first."""
        while self._dirty and not self._stopping.is_set():
            free = AT_ONCE - len(self._busy)
            if free <= 0:
                return
            shard = self._dirty.pop()
            try:
                claims = await self._store.claim(shard, self._name + secrets.token_hex(4), free)
            except BaseException:
                self._dirty.add(shard)
                raise
            for claim in claims.people:
                task = asyncio.create_task(self._attend(claim), name="attend")
                self._busy.add(task)
                task.add_done_callback(self._done)
            if len(claims.people) >= free:
                self._dirty.add(shard)
                return
            if claims.next_due_ms is None:
                self._next_due.pop(shard, None)
            else:
                ahead = (claims.next_due_ms - claims.now_ms) / 1000
                self._next_due[shard] = time.monotonic() + ahead

    def _idle_for(self, last_round: float) -> float:
        if self._dirty:
            # Every place is taken; the end of a turn wakes the loop.
            return LOOK_AROUND_S
        wake_at = min([last_round + LOOK_AROUND_S, *self._next_due.values()])
        return max(0.001, wake_at - time.monotonic())

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)
        self._woken.clear()

    async def _attend(self, claim: Claim) -> None:
        try:
            await self._attendant.attend(claim)
        except REDIS_TROUBLE as error:
            # The lease ends and the person is due again; nothing is lost.
            log.error("worker_turn_lost", person=claim.state.object_id, error=type(error).__name__)
        except Exception:
            # A bug with one person must not stop everyone; their lease ends, and it shows.
            log.exception("worker_turn_failed", person=claim.state.object_id)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._busy.discard(task)
        if self._dirty:
            self._woken.set()

    async def _listen(self) -> None:
        """Hear which shards changed; without a connection the look-around still works."""
        while True:
            try:
                async with self._listener.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(keys.WAKE)
                    raise_if_cancelled()
                    async for message in channel.listen():
                        self._heard(message.get("data"))
            except REDIS_TROUBLE:
                await asyncio.sleep(TROUBLE_PAUSE_S)

    def _heard(self, data: object) -> None:
        if isinstance(data, str) and data in _SHARD_NAMES:
            self._dirty.add(int(data))
            self._woken.set()
