"""The room of connecting again, put together."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync.reconnect.notifier import Notifier
from sync.reconnect.store import NoticeStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from sync.engine.people import PeopleStore
    from sync.reconnect.notifier import Teller
    from sync.redis.connection import Client
    from sync.redis.duties import Work
    from sync.redis.scripts import Scripts


@dataclass(frozen=True, slots=True)
class ReconnectRoom:
    """Whose authorisation ended, and telling them."""

    rows: NoticeStore
    notifier: Notifier

    @property
    def works(self) -> tuple[Work, ...]:
        """Its duties."""
        return (self.notifier.work,)


def wire(
    people: PeopleStore,
    redis: Client,
    scripts: Scripts,
    *,
    teller: Teller,
    admins: Collection[str],
    external: Callable[[str], Awaitable[bool]],
    on_outcome: Callable[[str], None],
    grace_ms: int,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> ReconnectRoom:
    """Put it together; who is who: sync.reconnect.notifier."""
    rows = NoticeStore(redis, scripts)
    notifier = Notifier(
        people,
        rows,
        teller,
        admins=admins,
        external=external,
        on_outcome=on_outcome,
        grace_ms=grace_ms,
        sleep=sleep,
    )
    return ReconnectRoom(rows, notifier)
