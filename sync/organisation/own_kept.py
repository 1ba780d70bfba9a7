"""Own authorisations that are kept beside the organisation's: they count again, or end in time.

Each look derives what is to be done from people's rows; so a process that dies in the middle loses
nothing, and nothing is done twice.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Final

import structlog

from domain.clock import HOUR, MINUTE
from domain.coverage import KeptOwn, kept_own
from domain.errors import AdminMustAct
from domain.policy import AuthorisedBy, resolve
from sync.redis import duties, keys
from sync.redis.batches import batches
from sync.redis.duties import Work
from sync.redis.leases import Lease

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Protocol

    from domain.person import PersonState
    from domain.policy import Policy
    from sync.engine.people import PeopleStore
    from sync.redis.connection import Client

    class OptOuts(Protocol):
        """Who said *Not for me* (sync.organisation.opt_outs)."""

        async def among(self, people: Mapping[str, str | None]) -> set[str]:
            """Those of these (by object id: their Zoom id) who have."""

        async def mark(self, object_id: str) -> str:
            """The hash of a person's object id."""


log = structlog.get_logger()

BATCH: Final = 500
EVERY_MS: Final = HOUR
"""Between two looks when nothing changed: one that was kept for 30 days ends within so long."""
LEASE_MS: Final = 2 * MINUTE

_READ: Final = ("authorised_by", "leaving", "own_until_ms", "group_ids", "zoom_id")


@dataclass(eq=False, repr=False)
class OwnKept:
    """Looks at them. One per process; one of them works at a time.

    `withdrawn`: whether the organisation gave its authorisation and it doesn't work any more.
    `may_write`: whether every process knows of all this. `forget` drops somebody's tokens from
    memory.
    """

    client: Client
    people: PeopleStore
    opt_outs: OptOuts
    _: KW_ONLY
    policy: Callable[[], Policy]
    withdrawn: Callable[[], bool]
    may_write: Callable[[], bool]
    forget: Callable[[str], object]

    def __post_init__(self) -> None:
        self._lease = Lease(self.client, keys.OWN_KEPT_LEASE, LEASE_MS)
        self._made_of: tuple[object, ...] = ()
        self._due_ms = 0
        self.work = Work(duties.OWN_KEPT, self._step, lease=self._lease)

    async def _step(self) -> None:
        made_of = (self.policy().version, self.withdrawn())
        now = await self.people.now_ms()
        if not self.may_write() or (made_of == self._made_of and now < self._due_ms):
            return
        if await self._lease.take():
            if await self.look():
                self._made_of, self._due_ms = made_of, now + EVERY_MS
            await self._lease.let_go()

    async def look(self) -> bool:
        """Look at everybody. False: it was broken off, and begins anew."""
        async for some in batches(self.people.everyone(), BATCH):
            if self.work.stopping or not await self._lease.take():
                return False
            kept = [
                row
                for row in await self.people.rows(some, *_READ)
                if row.own_until_ms is not None
                and row.authorised_by is AuthorisedBy.ORGANISATION
                and not row.leaving
            ]
            try:
                if kept:
                    await self._see_to(kept)
            except AdminMustAct:  # nobody can tell who said no (which is in the log)
                return False
        return True

    async def _see_to(self, kept: Sequence[PersonState]) -> None:
        now, policy = await self.people.now_ms(), self.policy()
        said_no = await self.opt_outs.among({row.object_id: row.zoom_id for row in kept})
        for row in kept:
            oid, no = row.object_id, row.object_id in said_no
            verdict = resolve(policy, row.group_ids, by=AuthorisedBy.ORGANISATION)
            until_ms = row.own_until_ms or 0
            match kept_own(until_ms, verdict, now, withdrawn=self.withdrawn(), opted_out=no):
                case KeptOwn.STAYS:
                    pass
                case KeptOwn.COUNTS:
                    log.info("own_authorisation_counts", person=oid)
                    mark = await self.opt_outs.mark(oid)
                    await self.people.uncover(oid, mark, row.generation)
                case KeptOwn.ENDS if no:  # both end; what died on the way is finished here
                    await self.people.leave(oid, row.generation)
                case KeptOwn.ENDS:
                    if await self.people.erase_own(oid):
                        self.forget(oid)
                        log.info("own_authorisation_erased", person=oid)
