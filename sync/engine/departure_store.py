"""What ends links from outside, in Redis: the Zoom app's removal, and who has left for good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync.redis import keys
from sync.redis.jobs import TAKEN_MS
from sync.redis.leases import Lease

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync.redis.connection import Client

_ALL = "all"
_JOB = "purge"


@dataclass(frozen=True, slots=True)
class Standstill:
    """Somebody's trouble and since when, and when their link was last proven (epoch ms)."""

    object_id: str
    trouble: str | None
    trouble_ms: int
    proven_ms: int


class DepartureStore:
    """Every read and write of it."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def remove_app(self, before_ms: int) -> None:
        """Write down that links from before this time (epoch ms) end."""
        await self._client.zadd(keys.APP_REMOVED, {_ALL: before_ms}, gt=True)

    async def app_removed_ms(self) -> int | None:
        """Links from before this time are still to be ended; None: all were."""
        at = await self._client.zscore(keys.APP_REMOVED, _ALL)
        return None if at is None else int(at)

    async def all_told(self, before_ms: int) -> None:
        """Everybody was told of that, unless the app was removed once more meanwhile."""
        await self._client.zremrangebyscore(keys.APP_REMOVED, "-inf", before_ms)

    async def was_ended_by(self, what: str) -> bool:
        """Whether this has ended a link before."""
        return bool(await self._client.exists(keys.ended(what)))

    async def ended_by(self, what: str) -> None:
        """Keep that this has ended a link."""
        await self._client.set(keys.ended(what), "1", ex=keys.ENDED_TTL)

    async def standstills(self, people: Sequence[str]) -> list[Standstill]:
        """Of these, who is connected and not about to leave."""
        pipe = self._client.pipeline(transaction=False)
        for oid in people:
            pipe.hmget(
                keys.person(oid),
                *("gen", "leaving", "trouble", "trouble_at", "proved"),
            )
        rows = await pipe.execute()
        return [
            Standstill(oid, trouble, _ms(since), max(_ms(gen), _ms(proved)))
            for oid, (gen, leaving, trouble, since, proved) in zip(people, rows, strict=True)
            if gen is not None and leaving is None
        ]

    def lease(self) -> Lease:
        """Whoever has it looks for who has left."""
        return Lease(self._client, keys.job_taken(keys.DEPARTURES, _JOB), TAKEN_MS)

    async def was_purged(self) -> bool:
        """Whether all were looked at within a day."""
        return bool(await self._client.exists(keys.PURGED))

    async def purged(self) -> None:
        """All were looked at; the next time is tomorrow."""
        await self._client.set(keys.PURGED, "1", ex=keys.PURGED_TTL)


def _ms(text: str | None) -> int:
    try:
        return int(float(text or 0))
    except (ValueError, OverflowError):
        return 0
