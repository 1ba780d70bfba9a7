"""A reading's place in Redis: when it is due, who reads, how it ended, where it is put together.

A reading is written beside the one in use and becomes the current one in one step, by a script of
its own room.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sync.readings import scripts as lua
from sync.redis.batches import CHUNK, chunks
from sync.redis.leases import Lease

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync.redis.connection import Client
    from sync.redis.duties import Work
    from sync.redis.keys import Key
    from sync.redis.scripts import Scripts


@dataclass(eq=False, repr=False)
class Readings:
    """What every kind has in common."""

    state: ClassVar[Key]
    """How it is doing (a hash)."""
    leased: ClassVar[Key]
    """Who reads."""

    client: Client
    scripts: Scripts

    def __post_init__(self) -> None:
        self.wakes: Work | None = None
        """The duty that reads, in this process: woken by a request, so it need not be found."""

    async def request(self, delay_ms: int) -> None:
        """Have it read anew. Returns at once; requests within `delay_ms` become one."""
        await self.scripts.run(lua.reading_request, state=self.state, delay_ms=delay_ms)
        if self.wakes is not None:
            self.wakes.wake()

    async def claim(self, token: str, lease_ms: int) -> int:
        """Take on the next reading. 0: it is ours; else look again in so many milliseconds."""
        return await self.scripts.run(
            lua.reading_claim, state=self.state, lease=self.leased, token=token, lease_ms=lease_ms
        )

    def lease(self, token: str, lease_ms: int) -> Lease:
        """The lease that `claim` gave us."""
        return Lease(self.client, self.leased, lease_ms, token)

    async def stage(self, part: Key, rows: Sequence[tuple[str, str]]) -> None:
        """Write rows of a part that nobody sees yet; they end by themselves."""
        for chunk in chunks(rows, CHUNK):
            await self.scripts.run(
                lua.reading_stage, part=part, rows=[item for row in chunk for item in row]
            )

    async def finish(
        self,
        token: str,
        *,
        next_ms: int,
        not_before_ms: int,
        reason: str = "",
        detail: str = "",
        doubt: bool = False,
    ) -> bool:
        """End our reading: the next in `next_ms`, `not_before_ms` if one is requested.

        `reason` says why it failed; empty: it did not. `doubt`: the answer was not believed.
        """
        return await self.scripts.run(
            lua.reading_finish,
            state=self.state,
            lease=self.leased,
            token=token,
            next_ms=next_ms,
            not_before_ms=not_before_ms,
            reason=reason,
            detail=detail[:300],
            doubt=doubt,
        )
