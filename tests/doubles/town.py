"""A number of people in Entra and Zoom, and everything that makes rounds over them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet

from domain.clock import DAY
from domain.coverage import Announcement, How
from domain.directory import Directory, DirectoryUser
from domain.matching import EntraUser, Match, Uncovered
from domain.policy import AuthorisedBy, Authoriser, Form, Policy
from sync.connect.linking import Linking
from sync.connect.sealed import OptOutKey, SealedStore
from sync.connect.vault import Vault
from sync.directory.store import DirectoryStore
from sync.organisation.announcements import AnnouncementStore
from sync.organisation.coverage import CoverageStore, Covering
from sync.organisation.matches import MatchStore, Result
from sync.organisation.opt_outs import OptOuts
from sync.redis import keys
from sync.redis.scripts import Scripts
from tests.doubles.people import person

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync.reconnect.notifier import Sent
    from tests.doubles.engine import Bridge

ASK, INFORM = (Policy(Form(integration=True, authoriser=a)) for a in list(Authoriser)[1:])
LONG_AGO = 10
"""Days: whatever day it is, five working days have passed since."""
EACH = Policy(Form(integration=True))


@dataclass
class Town:
    """A number of people in Entra and Zoom, and everything that makes rounds."""

    bridge: Bridge
    covering: Covering = field(init=False)
    told: list[tuple[str, Authoriser]] = field(default_factory=list)
    told_own: list[str] = field(default_factory=list)
    answers: dict[str, Sent | Exception] = field(default_factory=dict)
    excluded: set[str] = field(default_factory=set)
    consented: bool = True

    def __post_init__(self) -> None:
        redis, scripts = self.bridge.redis, Scripts(self.bridge.redis)
        self.directory = DirectoryStore(redis, scripts, configured=True)
        self.matches = MatchStore(redis, scripts)
        sealed = SealedStore(redis, scripts)
        key = OptOutKey(sealed, Vault([Fernet.generate_key().decode()]))
        self.opt_outs = OptOuts(redis, scripts, key)
        self.announcements = AnnouncementStore(redis)
        nothing: Any = None
        linking = Linking(
            self.bridge.store,
            tokens=self.bridge.tokens,
            authorization=nothing,
            profile=nothing,
            zoom=self.bridge.zoom,
            groups_of=self.directory.groups_of,
            identities=self.bridge.identities,
        )
        self.covering = Covering(
            CoverageStore(redis),
            self.matches,
            self.directory,
            self.bridge.store,
            self.announcements,
            self.opt_outs,
            self,
            linking,
            self,
            tenant_id="tenant",
            authorised=lambda: self.consented,
            policy=self.bridge.decisions.current,
            may_write=lambda: True,
            sleep=self.pause,
        )

    async def pause(self, _: float) -> None:
        """Cards go out at once."""

    async def among(self, people: Sequence[str]) -> set[str]:
        return self.excluded.intersection(people)

    async def changes(self) -> int:
        return len(self.excluded)

    async def announce(
        self, object_id: str, authoriser: Authoriser, starts_ms: int, *, own: bool
    ) -> Sent:
        assert starts_ms > 0
        if own:
            self.told_own.append(object_id)
        answer = self.answers.get(object_id, "sent")
        if isinstance(answer, Exception):
            raise answer
        self.told.append((object_id, authoriser))
        return answer

    async def populate(self, number: int, *, without: Sequence[str] = ()) -> list[str]:
        """So many people are in Zoom and in Entra, and matched; not those `without`."""
        people = [person(n) for n in range(number)]
        users = {f"z{oid}": DirectoryUser(f"z{oid}", f"{oid}@example.com", "Nia") for oid in people}
        assert await self.directory.claim("t", 60_000) == 0
        assert await self.directory.swap("t", Directory(users, {}, 1), [])
        await self.directory.finish("t", next_ms=1, not_before_ms=1)
        await self.match({oid: None for oid in people if oid not in without})
        return people

    async def match(self, results: dict[str, Uncovered | None]) -> None:
        """These are matched (None), or why not."""
        found = {f"z{o}": Match(f"z{o}", o, why=why) for o, why in results.items()}
        entra = {oid: EntraUser(oid, "Nia", (f"{oid}@example.com",)) for oid in results}
        await self.bridge.redis.hset(keys.MATCHES_STATE, mapping={"due": 0, "not_before": 0})
        assert await self.matches.claim("t", 60_000) == 0
        assert await self.matches.swap("t", Result(found, entra, "w", full=True))
        await self.matches.finish("t", next_ms=1, not_before_ms=1)

    async def announced(self, how: How, days_ago: float, *people: str) -> None:
        at_ms = await self.bridge.store.now_ms() - int(days_ago * DAY)
        for oid in people:
            await self.announcements.keep(oid, Announcement(at_ms, how))

    async def round(self) -> dict[str, int]:
        """Make one; how many of each standing."""
        coverage = await self.covering.round()
        assert coverage is not None
        await self.bridge.work()
        return {"covered": coverage.covered, "waiting": coverage.waiting}

    async def covered(self) -> set[str]:
        rows = [oid async for oid in self.bridge.store.everyone()]
        states = await self.bridge.store.rows(rows, "authorised_by")
        return {s.object_id for s in states if s.authorised_by is AuthorisedBy.ORGANISATION}
