"""*Not for me* ends 30 days after somebody left: neither Entra nor Zoom has them any more.

It is looked at once a day, after a good matching, and only by whole lists that are believed: who is
missing in one is noted, who is missing for 30 days without a break is forgotten. While lists can't
be read, nobody's days pass. What is kept says nobody's name, so everybody who is there is hashed
and compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from domain.clock import DAY, HOUR
from domain.directory import LOST_FEW, LOST_SHARE
from domain.errors import OutsideError
from sync.redis import keys

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from sync.organisation.opt_outs import Noted, OptOuts

log = structlog.get_logger()

KEPT_MS: Final = 30 * DAY
"""Entra keeps a deleted account for as long."""
EVERY_MS: Final = 20 * HOUR
"""Between two looks."""
GAP_MS: Final = 3 * DAY
"""After so long without one, days of absence begin anew: nobody knows who was there."""


@dataclass(frozen=True, slots=True)
class Departed:
    """Looks who is there of those who said *Not for me*.

    `everybody` reads the object ids of all of Entra: it is asked only where somebody is in no
    matching. `now_ms` is the clock that all processes share (epoch ms).
    """

    opt_outs: OptOuts
    everybody: Callable[[], Awaitable[set[str]]]
    now_ms: Callable[[], Awaitable[int]]

    async def look(self, people: Collection[str], zoom_ids: Collection[str]) -> None:
        """Look, after a good matching that saw these people (object ids) and Zoom users (ids)."""
        now, client = await self.now_ms(), self.opt_outs.client
        text = await client.get(keys.OPT_OUTS_READ)
        last = int(text) if text is not None and str(text).isdigit() else None
        if last is not None and now - last < EVERY_MS:
            return
        try:
            broken = last is None or now - last > GAP_MS
            believed = await self._compare(people, zoom_ids, now, anew=broken)
        except OutsideError as error:
            log.warning("opt_outs_not_looked_at", reason=error.code, detail=error.detail)
            return
        if believed:
            await client.set(keys.OPT_OUTS_READ, now)

    async def _compare(
        self, people: Collection[str], zoom_ids: Collection[str], now: int, *, anew: bool
    ) -> bool:
        noted = await self.opt_outs.everything()
        if not noted:
            return True
        there = await self.opt_outs.marks(people)
        missing = [one for one in noted if one.mark not in there]
        with_zoom = await self.opt_outs.with_zoom(missing, zoom_ids)
        if len(with_zoom) < len(missing):
            there |= await self.opt_outs.marks(await self.everybody())
        gone = [one for one in missing if one.mark not in there and one.mark not in with_zoom]
        new = sum(one.gone_ms is None for one in gone)
        if new > LOST_FEW and new > LOST_SHARE * len(noted):
            log.error("opt_outs_not_believed", missing=new, of=len(noted))
            return False
        absent = {one.mark for one in gone}
        for one in noted:
            shard = there.get(one.mark, one.shard)
            if shard is None:
                continue
            if one.mark not in absent:
                await self.opt_outs.note(one, shard, None)
            else:
                await self._absent(one, shard, now, anew=anew)
        return True

    async def _absent(self, one: Noted, shard: int, now: int, *, anew: bool) -> None:
        since = now if anew or one.gone_ms is None else min(one.gone_ms, now)
        if now - since < KEPT_MS:
            await self.opt_outs.note(one, shard, since)
        elif await self.opt_outs.forget(one):
            log.info("opt_out_ended", since_ms=since)
