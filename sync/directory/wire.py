"""The room of Zoom's directory, put together."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync.directory.reader import ZoomDirectory
from sync.directory.refresh import DirectoryRefresher

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from domain.directory import DirectoryGroup, MembershipChange
    from sync.directory.store import DirectoryStore
    from sync.redis.duties import Work
    from sync.zoom.api import ZoomApi
    from sync.zoom.slots import Pace


@dataclass(frozen=True, slots=True)
class DirectoryRoom:
    """Zoom's users and groups as they were read; `refresher` is None where Zoom can't be asked."""

    store: DirectoryStore
    refresher: DirectoryRefresher | None

    @property
    def works(self) -> tuple[Work, ...]:
        """Its duties."""
        return () if self.refresher is None else (self.refresher.work,)


def wire(
    store: DirectoryStore,
    zoom: ZoomApi | None,
    pace: Pace,
    *,
    groups_read: Callable[[Mapping[str, DirectoryGroup]], Awaitable[object]],
    memberships_changed: Callable[[Sequence[MembershipChange]], Awaitable[None]],
) -> DirectoryRoom:
    """Put it together; who hears of what: sync.directory.refresh."""
    refresher = None
    if zoom is not None:
        refresher = DirectoryRefresher(
            ZoomDirectory(zoom, pace, now_ms=lambda: int(time.time() * 1000)),
            store,
            groups_read=groups_read,
            memberships_changed=memberships_changed,
        )
    return DirectoryRoom(store, refresher)
