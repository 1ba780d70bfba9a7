"""How far people are notified of authorisations that ended, and the storms that go on.

For a person it stands in their own row (`notified`), so that it ends with the trouble, and with
the link. The storms are one small hash: `<code>/<field>`, and `<code>/@<oid>` for how far alerting
an admin is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from domain.clock import MINUTE
from domain.errors import Trouble
from domain.person import Patch
from domain.storms import Case, Notified, Storm
from sync.engine.person_row import read_rows, written
from sync.reconnect import scripts as lua
from sync.redis import keys
from sync.redis.batches import chunks
from sync.redis.leases import Lease

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync.engine.people import Parked
    from sync.redis.connection import Client
    from sync.redis.scripts import Scripts

log = structlog.get_logger()

TAKEN_MS = 30_000
"""Longer than one message may take."""
BATCH = 500
SEEN_EVERY_MS = MINUTE
"""How exactly it is kept when anybody was last in a storm."""
_NUMBERS = ("began", "people", "most", "seen", "tried")


@dataclass(eq=False)
class NoticeStore:
    """Reads and writes of the notifier, and of what shows a storm."""

    client: Client
    scripts: Scripts

    def lease(self) -> Lease:
        """Its holder notifies people."""
        return Lease(self.client, keys.NOTICES_LEASE, TAKEN_MS)

    # -- people ----------------------------------------------------------------------------------

    async def cases(self, parked: Sequence[Parked]) -> list[Case]:
        """These people, with what Microsoft answered and how far notifying them is."""
        since = {person.object_id: person.since_ms for person in parked}
        found = []
        for some in chunks(list(since), BATCH):
            for row in await read_rows(self.client, some, "trouble", "trouble_code", "notified"):
                oid, generation = row.object_id, str(row.generation)
                if row.trouble == Trouble.AUTHORIZE:
                    found.append(Case(oid, since[oid], row.trouble_code, generation, row.notified))
        return found

    async def note(self, case: Case, now: Notified) -> bool:
        """Keep how far notifying somebody is; False when it is not their trouble any more."""
        [(field, before)] = written(Patch.notified(case.notified)).items()
        [(_, after)] = written(Patch.notified(now)).items()
        return await self.scripts.run(
            lua.notice_mark,
            row=keys.person(case.object_id),
            field=field,
            before=str(before),
            after=str(after),
            must_hold={"gen": case.generation, "trouble": Trouble.AUTHORIZE.value},
        )

    # -- storms ----------------------------------------------------------------------------------

    async def storms(self) -> dict[str, Storm]:
        """The storms that go on, by code."""
        numbers: dict[str, dict[str, int]] = {}
        admins: dict[str, dict[str, Notified]] = {}
        for name, value in (await self.client.hgetall(keys.STORMS)).items():
            code, _, what = str(name).partition("/")
            if what.startswith("@"):
                admins.setdefault(code, {})[what[1:]] = Notified.load(value)
            elif what in _NUMBERS and str(value).isdigit():
                numbers.setdefault(code, {})[what] = int(value)
            else:
                log.error("storm_row_damaged", field=name)
        return {
            code: Storm(
                code,
                row["began"],
                row.get("people", 0),
                row.get("most", 0),
                row.get("seen", row["began"]),
                row.get("tried", 0),
                admins.get(code, {}),
            )
            for code, row in numbers.items()
            if "began" in row
        }

    async def keep(self, storm: Storm, before: Storm | None) -> None:
        """Keep how a storm stands, where that has changed."""
        if (
            before is not None
            and (storm.people, storm.most) == (before.people, before.most)
            and storm.seen_ms - before.seen_ms < SEEN_EVERY_MS
        ):
            return
        fields = {"people": storm.people, "most": storm.most, "seen": storm.seen_ms}
        if before is None:
            fields["began"] = storm.began_ms
        await self.client.hset(
            keys.STORMS, mapping={f"{storm.code}/{name}": value for name, value in fields.items()}
        )
        await self.client.expire(keys.STORMS, keys.STORMS_TTL)

    async def note_alert(self, storm: Storm, admin: str, before: Notified, now: Notified) -> bool:
        """Keep how far alerting an admin of a storm is; False when somebody else was quicker."""
        return await self._mark(storm, f"@{admin}", before.dump(), now.dump())

    async def try_again(self, storm: Storm, now_ms: int) -> bool:
        """Everybody who is in a storm now is to be tried again. False: it has ended."""
        return await self._mark(storm, "tried", str(storm.tried_ms or ""), str(now_ms))

    async def _mark(self, storm: Storm, name: str, before: str, after: str) -> bool:
        return await self.scripts.run(
            lua.notice_mark,
            row=keys.STORMS,
            field=f"{storm.code}/{name}",
            before=before,
            after=after,
            must_hold={f"{storm.code}/began": storm.began_ms},
        )

    async def end(self, storm: Storm) -> None:
        """A storm is over."""
        names = [f"{storm.code}/{name}" for name in _NUMBERS]
        names += [f"{storm.code}/@{admin}" for admin in storm.admins]
        await self.client.hdel(keys.STORMS, *names)
