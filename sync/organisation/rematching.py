"""Matching anew: once Zoom's list has other people, when an admin decided something, and daily.

Every process may do it; a lease lets one of them at a time. What fails or is not believed changes
nothing but the health of the matching.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

import structlog

from domain.clock import DAY, HOUR, MINUTE
from domain.directory import ACTIVE, BELIEVED_AFTER_MS, LOST_FEW, LOST_SHARE
from domain.errors import AdminMustAct, OutsideError, RetryLater
from domain.matching import Uncovered, match, wanted
from sync.organisation.by_hand import digest_of, plain
from sync.organisation.matches import Result, counted
from sync.readings.renewal import Renewal
from sync.redis import duties
from sync.redis.duties import Work

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

    from domain.directory import DirectoryUser
    from domain.matching import Match
    from sync.directory.store import DirectoryStore
    from sync.organisation.by_hand import HandStore
    from sync.organisation.entra import EntraDirectory
    from sync.organisation.matches import MatchStore

log = structlog.get_logger()

EVERY_MS = DAY
"""Entra changes without telling us."""
GAP_MS = 5 * MINUTE
"""Between two matchings for which Zoom's list is the reason."""
SOON_MS = 5_000
"""Between two that an admin wants."""
UNAUTHORISED_MS = HOUR
"""The organisation hasn't authorised this app, or not to see its users: asked again so often."""


@dataclass(eq=False, repr=False)
class Rematcher(Renewal):
    """Matches when it is due. `matched` is called after each good matching that changed something.

    `matched` must be quick; it may be called twice for one. `complete` hears after each good
    matching, of which neither side is doubted, which people (object ids) and Zoom users (ids) were
    there. `rights` are what the organisation allows the app now, as far as it is known: what failed
    for want of them is tried when they come.
    """

    entra: EntraDirectory
    directory: DirectoryStore
    store: MatchStore
    by_hand: HandStore
    _: KW_ONLY
    rights: Callable[[], Sequence[str]]
    matched: Callable[[], object] | None = None
    complete: Callable[[Collection[str], Collection[str]], Awaitable[object]] | None = None

    longest_retry_ms = HOUR

    def __post_init__(self) -> None:
        self._seen: tuple[str, str] | None = None
        self._rights: Sequence[str] = ()
        self.work = self.store.wakes = Work(duties.MATCHING, self._step)

    async def _step(self) -> float | None:
        if not await self._look():
            return None
        rights = self.rights()
        if rights != self._rights and (await self.store.health()).reason is not None:
            await self.store.request_matching(0)
        self._rights = rights
        wait = await self.renew()
        return wait if wait < duties.MATCHING.every_s else None

    async def _look(self) -> bool:
        """Request a matching where it would be made of something else than the current one.

        False while Zoom's list was never read.
        """
        view = await self.directory.view()
        if view is None:
            return False
        made_of = await self.store.wanted()
        if made_of is None or self._seen == (view.reading, made_of):
            return True
        users = [user async for user in view.everyone() if user.status == ACTIVE]
        if await self._digest(users) != made_of:
            await self.store.request_matching(GAP_MS)
        self._seen = view.reading, made_of
        return True

    def pauses(self, refused: str | None) -> tuple[int, int]:
        """Daily; within the hour where Entra was not believed."""
        return EVERY_MS if refused is None else HOUR, SOON_MS

    async def replace(self, token: str) -> str | None:
        """Read, match, judge and keep. Returns why Entra was not believed, or None."""
        view = await self.directory.view()
        if view is None:
            raise RetryLater("zoom_directory_missing")
        users = [user async for user in view.everyone() if user.status == ACTIVE]
        aliases, given = await self.by_hand.aliases(), await self.by_hand.everything()
        old, made_of = await self.store.load(), await self._digest(users)
        domains = plain(aliases)
        addresses = await asyncio.to_thread(wanted, users, domains)
        reading = await self.entra.read(addresses, given.keys())
        mappings = [row.mapping() for row in given.values()]
        # Thousands of people are compared beside the loop: chat and presence go on.
        found = await asyncio.to_thread(match, users, reading.users.values(), domains, mappings)
        health = await self.store.health()
        since = health.doubted_since_ms
        doubted = since is not None and health.now_ms - since >= BELIEVED_AFTER_MS
        if not doubted and lost(old, found):
            return "matches_lost"
        if not await self.store.swap(token, Result(found, reading.users, made_of, reading.full)):
            raise RetryLater("lease_lost")
        log.info(
            "matched", **{name.replace("-", "_"): n for name, n in counted(found.values()).items()}
        )
        if self.matched is not None and old != found:
            self.matched()
        if self.complete is not None and since is None:
            zoom = await self.directory.health()
            if zoom.reason is None and zoom.doubted_since_ms is None:
                everyone = [user.zoom_id async for user in view.everyone()]
                await self.complete(reading.users.keys(), everyone)
        return None

    async def _digest(self, users: Sequence[DirectoryUser]) -> str:
        """What a matching is made of, but for Entra: its users may change without a word."""
        hand = digest_of(await self.by_hand.aliases(), await self.by_hand.everything())
        return await asyncio.to_thread(_digest, hand, users)

    def after_failure(self, error: OutsideError, delay_ms: int) -> tuple[int, int]:
        """Later; without the organisation's authorisation, by the hour."""
        if isinstance(error, AdminMustAct):
            log.info("not_matched", reason=error.code, detail=error.detail)
            return UNAUTHORISED_MS, SOON_MS
        log.warning("not_matched", reason=error.code, detail=error.detail, retry_ms=delay_ms)
        return delay_ms, SOON_MS

    def say_not_believed(self, refused: str) -> None:
        """Too many lost their person at once."""
        log.error("matching_not_believed", reason=refused)

    def say_crashed(self, error: Exception) -> None:
        """With the traceback."""
        log.error("matching_failed", exc_info=error)


def _digest(hand: str, users: Sequence[DirectoryUser]) -> str:
    pairs = sorted(f"{user.zoom_id} {user.address}" for user in users)
    return hashlib.sha256("\n".join([hand, *pairs]).encode()).hexdigest()[:32]


def lost(old: Mapping[str, Match], new: Mapping[str, Match]) -> bool:
    """Whether so many lost their person that Entra is rather not believed (for a day).

    Only those count who are in both, and whom Entra has nobody for any more.
    """
    before = [it for it in old.values() if it.object_id is not None and it.zoom_id in new]
    gone = sum(new[it.zoom_id].why in {Uncovered.NOBODY, Uncovered.GONE} for it in before)
    return gone > LOST_FEW and gone > LOST_SHARE * len(before)
