"""Who was told that the organisation authorises it: when, and how. Nobody starts before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from domain.coverage import Announcement, How
from sync.redis import keys
from sync.redis.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync.redis.connection import Client

log = structlog.get_logger()

ANNOUNCEMENTS: Final = Rows(Announcement)


@dataclass(frozen=True, slots=True)
class AnnouncementStore:
    """Every read and write of them."""

    client: Client

    async def of(self, people: Sequence[str]) -> dict[str, Announcement]:
        """What is kept of these people (object ids); who was not told is left out."""
        pipe = self.client.pipeline(transaction=False)
        for oid in people:
            pipe.get(keys.announced(oid))
        found = {}
        for oid, text in zip(people, await pipe.execute(), strict=True):
            row = ANNOUNCEMENTS.load_if_good(text)
            if row is not None:
                found[oid] = row
            elif text is not None:  # then they are told again
                log.error("announcement_damaged", person=oid)
        return found

    async def keep(self, object_id: str, announced: Announcement) -> None:
        """Keep that somebody was told, in place of what was kept before."""
        await self.client.set(
            keys.announced(object_id), ANNOUNCEMENTS.dump(announced), ex=keys.ANNOUNCED_TTL
        )

    async def keep_otherwise(self, people: Sequence[str], by: str, now_ms: int) -> int:
        """An admin records that these were told by other means; who was told before stays so.

        Returns how many that were.
        """
        row = ANNOUNCEMENTS.dump(Announcement(now_ms, How.OTHERWISE, by))
        known = await self.of(people)
        new = [oid for oid in people if oid not in known or known[oid].how is How.ASKED]
        pipe = self.client.pipeline(transaction=False)
        for oid in new:
            pipe.set(keys.announced(oid), row, ex=keys.ANNOUNCED_TTL)
        await pipe.execute()
        return len(new)

    async def renew(self, people: Sequence[str]) -> None:
        """These are still there: what is kept of them lives on."""
        pipe = self.client.pipeline(transaction=False)
        for oid in people:
            pipe.expire(keys.announced(oid), keys.ANNOUNCED_TTL)
        await pipe.execute()

    async def call_off(self, people: Sequence[str]) -> None:
        """Their level no longer says so: what is kept of them ends in a day, if that stays so."""
        pipe = self.client.pipeline(transaction=False)
        for oid in people:
            pipe.ttl(keys.announced(oid))
        ttls = zip(people, await pipe.execute(), strict=True)
        pipe = self.client.pipeline(transaction=False)
        for oid, seconds in ttls:
            if seconds > keys.CALLED_OFF_TTL:
                pipe.expire(keys.announced(oid), keys.CALLED_OFF_TTL)
        await pipe.execute()

    async def forget_everybody(self) -> int:
        """Nobody counts as told any more: they are told anew before anything starts. How many."""
        count = 0
        async for key in self.client.scan_iter("pb:{*}:announced:*", count=500):
            count += int(await self.client.delete(key))
        return count

    async def may_send(self) -> bool:
        """Whether one more card goes out in this wave; counts it."""
        pipe = self.client.pipeline(transaction=False)
        pipe.set(keys.ANNOUNCED_WAVE, 0, ex=keys.ANNOUNCED_WAVE_TTL, nx=True)
        pipe.incr(keys.ANNOUNCED_WAVE)
        return int((await pipe.execute())[-1]) <= MOST_IN_WAVE


MOST_IN_WAVE: Final = 500
"""Cards in a wave (keys.ANNOUNCED_WAVE_TTL): not everybody asks the helpdesk at once."""
