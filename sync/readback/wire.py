"""The room of reading back, put together."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync.organisation.graph_requests import GraphRequests
from sync.readback.looks import ANSWER_LIMIT, TIME_LIMIT, GraphLooks
from sync.readback.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import aiohttp

    from sync.organisation.token import OrganisationToken
    from sync.readback.losses import Losses
    from sync.readback.reader import Budget, Meter
    from sync.readback.store import ReadbackStore
    from sync.redis.duties import Work


@dataclass(frozen=True, slots=True)
class ReadbackRoom:
    """What Microsoft shows of everybody. `reader` is None where it is switched off."""

    store: ReadbackStore
    losses: Losses
    reader: Reader | None

    @property
    def works(self) -> tuple[Work, ...]:
        """Its duties."""
        return (self.losses.work, *(() if self.reader is None else (self.reader.work,)))


@dataclass(frozen=True, slots=True)
class _TokenToRead:
    """The organisation's token, where it need not set presence (graph_requests.Token)."""

    of: OrganisationToken

    async def token(self) -> str:
        """One that is valid."""
        return await self.of.token_to_read()

    def invalidate(self) -> None:
        """Get another one the next time."""
        self.of.invalidate()


def wire(
    losses: Losses,
    graph: aiohttp.ClientSession,
    token: OrganisationToken,
    *,
    graph_url: str,
    per_second: float,
    budget: Budget,
    permitted: Callable[[], Awaitable[bool]],
    doubt: Callable[[], None],
    meter: Meter,
) -> ReadbackRoom:
    """Put it together. `per_second`: looks, 0 none; the rest as Reader takes it.

    The engine asks `losses` what it may rely on, so that is there before.
    """
    store = losses.store
    if not per_second:
        return ReadbackRoom(store, losses, None)
    requests = GraphRequests(
        graph,
        _TokenToRead(token),
        f"{graph_url}/v1.0",
        now=time.time,
        time_limit=TIME_LIMIT,
        answer_limit=ANSWER_LIMIT,
    )
    reader = Reader(
        store,
        GraphLooks(requests),
        budget,
        per_second=per_second,
        permitted=permitted,
        doubt=doubt,
        meter=meter,
    )
    return ReadbackRoom(store, losses, reader)
