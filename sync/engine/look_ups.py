"""How often connected people were looked up: counted by day and role, for 90 days.

Nothing says who looked. The counts of a day end by themselves, and all of somebody's are erased
with their connection. Of who is not connected nothing is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from domain.look_ups import DAYS, counted, day_of, kept_until_ms
from domain.newer import NEWER_NAMES
from sync.engine import scripts as lua
from sync.redis import keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.look_ups import LookUps
    from domain.roles import Role
    from sync.redis.connection import Client
    from sync.redis.scripts import Scripts

_KIND: Final = NEWER_NAMES["pb:{NN}:lookups:<oid>:<day>"]


@dataclass(eq=False)
class LookUpStore:
    """Reads and writes the counts.

    `everyone_knows` says of a data version whether every process that runs can read it: older ones
    would not erase the counts with a person, so nothing is counted before.
    """

    client: Client
    scripts: Scripts
    everyone_knows: Callable[[int], bool]
    _begun_ms: int | None = field(default=None, init=False)

    async def count(self, object_id: str, role: Role, now_ms: int) -> bool:
        """Somebody is shown to a person of this role.

        False: it is not counted, because they are not connected, or nobody's look-ups are yet.
        """
        if await self._begun(now_ms) is None:
            return False
        day = day_of(now_ms)
        return await self.scripts.run(
            lua.look_up_count,
            person=keys.person(object_id),
            look_ups=keys.look_ups(object_id),
            day=day,
            role=role.value,
            ttl_ms=kept_until_ms(day) - now_ms,
        )

    async def counted(self, object_id: str, *, connected_ms: int, now_ms: int) -> LookUps | None:
        """How often they were looked up; None: look-ups are not counted yet."""
        begun_ms = await self._begun(now_ms)
        if begun_ms is None:
            return None
        today = day_of(now_ms)
        flat = await self.scripts.run(
            lua.look_ups_read,
            look_ups=keys.look_ups(object_id),
            first=today - DAYS + 1,
            last=today,
        )
        rows = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
        return counted(
            [(int(day), role, int(times)) for day, role, times in rows],
            now_ms=now_ms,
            begun_ms=begun_ms,
            connected_ms=connected_ms,
        )

    async def _begun(self, now_ms: int) -> int | None:
        """Since when look-ups are counted (epoch ms); they are from now on, where they may be."""
        if self._begun_ms is None and self.everyone_knows(_KIND):
            await self.client.set(keys.LOOK_UPS_SINCE, now_ms, nx=True)
            self._begun_ms = int(await self.client.get(keys.LOOK_UPS_SINCE) or now_ms)
        return self._begun_ms
