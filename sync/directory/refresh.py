"""Keeping the mirror of Zoom's users and groups fresh: by the hour, and when Zoom says so.

Every process may run this; one of them reads at a time (sync.readings.renewal).
"""

from __future__ import annotations

import asyncio
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any

import structlog

from domain.clock import HOUR, MINUTE
from domain.directory import changes, objection
from domain.errors import AdminMustAct, OutsideError, RetryLater
from sync.readings.renewal import Renewal
from sync.redis import duties
from sync.redis.duties import Work

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from domain.directory import DirectoryGroup, MembershipChange
    from sync.directory.reader import ZoomDirectory
    from sync.directory.store import DirectoryStore

log = structlog.get_logger()

EVERY_MS = HOUR
GAP_MS = MINUTE
"""Between two readings, however many events Zoom sends."""
CATCH_UP_SECONDS = 300.0
"""At the start a reading older than this is renewed: events may have been missed."""


@dataclass(eq=False, repr=False)
class DirectoryRefresher(Renewal):
    """Reads Zoom's directory when it is due and passes on what changed.

    `groups_read` gets all groups after every good reading. `memberships_changed` gets the changes,
    some at a time, each at least once, even when a process dies between the two; it must be quick
    (plan people anew, not reconcile them).
    """

    reader: ZoomDirectory
    store: DirectoryStore
    _: KW_ONLY
    groups_read: Callable[[Mapping[str, DirectoryGroup]], Awaitable[object]]
    memberships_changed: Callable[[Sequence[MembershipChange]], Awaitable[None]]
    gap_ms: int = GAP_MS

    longest_retry_ms = EVERY_MS

    def __post_init__(self) -> None:
        self._started = False
        self.work = Work(duties.DIRECTORY, self._step)

    async def _step(self) -> float | None:
        if not self._started:
            age = (await self.store.health()).age_seconds
            if age is not None and age > CATCH_UP_SECONDS:
                await self.store.request_reading(0)
            self._started = True
        wait = await self.renew()
        return wait if wait < duties.DIRECTORY.every_s else None

    def pauses(self, refused: str | None) -> tuple[int, int]:
        """By the hour."""
        return EVERY_MS, self.gap_ms

    async def replace(self, token: str) -> str | None:
        """Read, judge, swap and pass on. Returns why Zoom was not believed, or None."""
        await self._deliver()
        old, new = await self.store.load(), await self.reader.read()
        health = await self.store.health()
        since = health.doubted_since_ms
        doubted_ms = 0 if since is None else health.now_ms - since
        # Thousands of people are compared beside the loop: chat and presence go on.
        refused = await asyncio.to_thread(objection, old, new, doubted_ms=doubted_ms)
        if refused is not None:
            return refused
        if old is not None:
            for group_id in old.groups.keys() - new.groups.keys():
                if await self.reader.has_group(group_id):
                    raise RetryLater("zoom_incomplete", f"group {group_id} was not listed")
        changed = await asyncio.to_thread(changes, old, new)
        if not await self.store.swap(token, new, changed):
            raise RetryLater("lease_lost")
        log.info(
            "directory_read",
            users=len(new.users),
            groups=len(new.groups),
            changed=len(changed),
        )
        await self.groups_read(new.groups)
        await self._deliver()
        return None

    async def _deliver(self) -> None:
        while waiting := await self.store.undelivered():
            await self.memberships_changed(waiting)
            await self.store.delivered(waiting)

    def after_failure(self, error: OutsideError, delay_ms: int) -> tuple[int, int]:
        """Not before the delay, whatever Zoom says meanwhile."""
        why: dict[str, Any] = {"reason": error.code, "detail": error.detail, "retry_ms": delay_ms}
        if isinstance(error, AdminMustAct):
            log.error("directory_not_read", **why)
        else:
            log.warning("directory_not_read", **why)
        return delay_ms, delay_ms

    def say_not_believed(self, refused: str) -> None:
        """Zoom's list lost too much at once."""
        log.error("directory_not_believed", reason=refused)

    def say_crashed(self, error: Exception) -> None:
        """With the traceback."""
        log.error("directory_refresh_failed", exc_info=error)


@dataclass(frozen=True, slots=True)
class DirectoryRoom:
    """Zoom's users and groups as they were read; `refresher` is None where Zoom can't be asked."""

    store: DirectoryStore
    refresher: DirectoryRefresher | None

    @property
    def works(self) -> tuple[Work, ...]:
        """Its duties."""
        return () if self.refresher is None else (self.refresher.work,)
