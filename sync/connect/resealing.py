"""Rotating the encryption keys: what an older key sealed is moved to the newest, for everybody.

Tokens move by themselves when they are refreshed; those of paused and parked people are not.
So one process goes over all rows every hour while there is more than one key, and at once when
`python app.py rotate-keys` runs; never while a process runs that may not know the new key.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING

import structlog

from sync.connect.tokens import PURPOSE
from sync.connect.vault import VaultError
from sync.redis import duties
from sync.redis.duties import Work
from sync.redis.keys import LIVE_SIGN_IN_TTL

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sync.connect.sealed import ButtonKey, OptOutKey, SealedRow, SealedStore
    from sync.connect.vault import Vault

log = structlog.get_logger()

ROUND_SECONDS = 3600.0
PAUSE = 0.05
"""Seconds between two batches: a thousand people a second, in pieces of some milliseconds."""

RUNNING_MS = 3 * int(duties.KEYS.every_s) * 1000
"""A process that sealed with a key so recently is taken to be running."""
UNDER_WAY_MS = LIVE_SIGN_IN_TTL * 1000
"""The longest that something short-lived (a sign-in under way) stays sealed with a key."""


@dataclass(slots=True)
class Count:
    """How far going over the people is.

    `fresh` were sealed with the newest key already, `moved` are now, `left` changed in that moment
    and were not, `unreadable` (object ids) open with none of the keys.
    """

    fresh: int = 0
    moved: int = 0
    left: int = 0
    unreadable: list[str] = field(default_factory=list)

    @property
    def seen(self) -> int:
        """How many people were looked at."""
        return self.fresh + self.moved + self.left + len(self.unreadable)


@dataclass(frozen=True, slots=True)
class InUse:
    """Which older keys are needed apart from stored rows.

    `running`: a process still seals with another key than ours. `until_ms`: something short-lived
    may be sealed with one until then (epoch ms; 0: nothing is).
    """

    running: bool
    until_ms: int


@dataclass(eq=False, repr=False)
class Resealing:
    """Moves sealed rows to the newest key of the vault.

    `now_ms` is the clock that all processes share (epoch ms). `adopt` hears the key of the buttons
    each time it is read.
    """

    rows: SealedStore
    vault: Vault
    button_key: ButtonKey
    opt_out_key: OptOutKey
    _: KW_ONLY
    now_ms: Callable[[], Awaitable[int]]
    adopt: Callable[[bytes], None] = lambda _: None
    pause: float = PAUSE
    monotonic: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._name = secrets.token_hex(8)
        self._lease = self.rows.lease()
        self._next_round = float("-inf")
        self.work = Work(duties.KEYS, self.step, lease=self._lease, at_end=self._stopped)

    async def step(self) -> None:
        """Say which key we seal with, and go over everything now and then."""
        await self.rows.seals_with(self.vault.newest, self._name, await self.now_ms())
        key = await self.button_key.load()
        if key is not None:
            self.adopt(key)
        due = self.vault.has_older and self.monotonic() >= self._next_round
        # Processes that are restarted after us may not know the newest key yet.
        if due and not (await self.in_use()).running:
            if await self._lease.take():
                await self._round_of_duty()
                await self._lease.let_go()
            self._next_round = self.monotonic() + ROUND_SECONDS

    async def _stopped(self) -> None:
        await self.rows.stopped(self.vault.newest, self._name, await self.now_ms())

    async def _round_of_duty(self) -> None:
        for key in (self.button_key, self.opt_out_key):
            await key.reseal()
        count = await self.round(lambda _: None)
        if count.moved or count.left:
            log.info("keys_resealed", people=count.moved, left=count.left)
        if count.unreadable:
            log.error("keys_unreadable", people=len(count.unreadable))

    async def round(self, progress: Callable[[Count], None]) -> Count:
        """Go over everybody's tokens once; `progress` hears of each batch."""
        count = Count()
        async for batch in self.rows.tokens():
            for row in batch:
                await self._move(row, count)
            progress(count)
            await self._lease.take()  # still at it
            await asyncio.sleep(self.pause)
        return count

    async def _move(self, row: SealedRow, count: Count) -> None:
        if not self.vault.needs_rotation(row.sealed):
            count.fresh += 1
            return
        try:
            sealed = self.vault.rotate(row.object_id, PURPOSE, row.sealed)
        except VaultError:
            count.unreadable.append(row.object_id)
            return
        if await self.rows.replace_tokens(row, sealed):
            count.moved += 1
        else:  # refreshed, or connected anew, in this moment: by whom is not known
            count.left += 1

    async def in_use(self) -> InUse:
        """Whether an older key is still needed for anything but the rows."""
        now, newest = await self.now_ms(), self.vault.newest
        others = [one for one in await self.rows.sealing() if one.name != newest]
        until = max((one.at_ms for one in others), default=0) + UNDER_WAY_MS
        running = any(not one.stopped and now - one.at_ms < RUNNING_MS for one in others)
        return InUse(running=running, until_ms=until if until > now else 0)
