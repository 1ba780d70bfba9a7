"""Sending the digest in the morning: once a day, whatever happens to this process.

A day is marked as done before its digest is sent, and what was counted is kept after it arrived. So
whoever dies in between has sent nothing twice, and what they did not say is said the next time.
"""

from __future__ import annotations

import asyncio
from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, Final

import structlog

from bot.desk import new_card_id
from bot.teams.activity import ConversationGone, NotSent, Person, SendFailed
from cards.settings import digest as cards
from domain.clock import MINUTE
from domain.digest import Counted, compare, due_day
from domain.roles import By, Role
from sync.redis import duties
from sync.redis.duties import Work
from wording.figures import clock_time

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.admins import Admins
    from bot.desk import Desk
    from bot.digest.census import Counting
    from bot.digest.store import Digest, DigestStore
    from cards.build import Card
    from domain.roles import Standing

log = structlog.get_logger()

TRY_AGAIN_MS: Final = 5 * MINUTE


@dataclass(eq=False, repr=False)
class Digests:
    """Sends them. One per process; one of them works at a time.

    `give` keeps to whom a card (its id) is given. `everyone_knows`: every process that runs knows
    the cards' buttons. `on_outcome` hears sent, nothing (there was no news), undelivered, ended.
    """

    rows: DigestStore
    desk: Desk
    admins: Admins
    counting: Counting
    _: KW_ONLY
    tenant_id: str
    give: Callable[[str, str], Awaitable[None]]
    now_ms: Callable[[], Awaitable[int]]
    everyone_knows: Callable[[], bool]
    on_outcome: Callable[[str], None]

    def __post_init__(self) -> None:
        self._lease = self.rows.lease()
        self.work = Work(duties.DIGESTS, self.step, lease=self._lease)

    async def step(self) -> None:
        """Look which are due, unless another process does."""
        if not self.everyone_knows():
            return
        for oid, digest in (await self.rows.everyone()).items():
            now_ms = await self.now_ms()
            day = due_day(digest.day, now_ms, digest.clock)
            if day is None or now_ms < digest.not_before_ms:
                continue
            if self.work.stopping or not await self._lease.take():
                return
            await self._one(oid, digest, day, now_ms)
        await self._lease.let_go()

    async def _one(self, oid: str, digest: Digest, day: str, now_ms: int) -> None:
        if await self.desk.personal(oid) is None:
            await self._end(oid, digest, "app_removed")
            return
        standing = await self.admins.standing(Person(self.tenant_id, oid, "", ""))
        if standing.role is not Role.ADMIN:
            if standing.sure:
                await self._role_lost(oid, digest)
            else:
                await self._later(oid, digest, now_ms)
            return
        await self._say(oid, digest, replace(digest, day=day), now_ms, standing)

    async def _say(
        self, oid: str, digest: Digest, begun: Digest, now_ms: int, standing: Standing
    ) -> None:
        entra = By.ENTRA_ADMIN.lets(standing.role, by_zoom=standing.by_zoom)
        census = await self.counting.now(unmatched=entra)
        before = await self.rows.counted(oid)
        # Most of a second for a hundred thousand people: beside the conversation.
        news, counted = await asyncio.to_thread(compare, before or Counted(), census, digest.salt)
        done = replace(begun, since_ms=now_ms, not_before_ms=0)
        if before is None or not news:  # without the last count, it counts anew
            if await self.rows.change(oid, digest, done, counted):
                self.on_outcome("nothing")
            return
        # First the day: it is never sent twice.
        if not await self.rows.change(oid, digest, begun):
            return  # it was turned off meanwhile, or is sent by another
        card = cards.digest(news, since=clock_time(digest.since_ms, now_ms, digest.clock))
        sent = await self._send(oid, card)
        if sent == "sent":
            await self.rows.change(oid, begun, done, counted)
            log.info(
                "digest_sent",
                person=oid,
                trouble=sum(news.trouble.values()),
                healed=news.healed,
                unmatched=news.unmatched,
            )
        elif sent == "gone":
            await self._end(oid, begun, "app_removed")
            return
        else:
            log.warning("digest_not_sent", person=oid, reason=sent)
            if sent == "later":  # certainly not arrived
                await self._later(oid, begun, now_ms, day=digest.day)
        self.on_outcome("sent" if sent == "sent" else "undelivered")

    async def _send(self, oid: str, card: Card) -> str:
        """What became of it: sent, gone, later (certainly not arrived), or unsure."""
        card_id = new_card_id()
        await self.give(card_id, oid)
        try:
            await self.desk.tell(oid, card_id, card, once=True)
        except ConversationGone:
            return "gone"
        except NotSent:
            return "later"
        except SendFailed:
            return "unsure"
        return "sent"

    async def _later(self, oid: str, digest: Digest, now_ms: int, *, day: str = "") -> None:
        after = replace(digest, day=day or digest.day, not_before_ms=now_ms + TRY_AGAIN_MS)
        await self.rows.change(oid, digest, after)

    async def _role_lost(self, oid: str, digest: Digest) -> None:
        if await self._end(oid, digest, "role_lost"):
            await self.desk.reach(oid, new_card_id(), cards.ended())

    async def _end(self, oid: str, digest: Digest, reason: str) -> bool:
        ended = await self.rows.end(oid, digest)
        if ended:
            log.info("digest_ended", person=oid, reason=reason)
            self.on_outcome("ended")
        return ended
