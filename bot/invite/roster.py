"""Getting to know who has the app: the channel is asked once for the addresses of each person.

So it can be told later whom presence sync covers before they connect. It happens beside the
conversation, a few people a second, and a failure is nobody's trouble: it is tried another day.
"""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING, Protocol

import structlog

from bot.teams.activity import ConversationGone, SendFailed
from domain.link import addresses_of
from sync.redis import duties
from sync.redis.duties import Work

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from bot.desk import Desk
    from bot.invite.roster_store import Met
    from bot.teams.activity import ConversationReference, Member, Person, Sender

log = structlog.get_logger()

PAUSE_S = 0.2
"""Between two questions. Teams allows an app 30 requests a second in a tenant, for everything
(Teams, "Optimize your bot with rate limiting"); a roll-out installs it for thousands at once."""


class RosterRows(Protocol):
    """What is kept of those who have the app (bot.invite.roster_store)."""

    async def meet(self, object_id: str, member_id: str, now_ms: int) -> bool:
        """Somebody has the app. Whether the channel should be asked about them."""

    async def ask(self, object_id: str, now_ms: int) -> str | None:
        """The id by which to ask about somebody now, who counts as asked about then."""

    async def learn(self, object_id: str, addresses: Sequence[str], *, external: bool) -> None:
        """The channel told their addresses, and whether they are external."""

    async def forget(self, object_id: str) -> None:
        """They don't have the app any more."""

    def everyone(self) -> AsyncIterator[Mapping[str, Met]]:
        """Everybody who has the app, in batches."""

    async def take_census(self) -> bool:
        """Whether it is this process that looks through the rows now."""


class Roster:
    """Notes who was met and asks about them. One per process.

    `sleep` and `now` (epoch seconds) are for tests.
    """

    def __init__(
        self,
        rows: RosterRows,
        sender: Sender,
        desk: Desk,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._rows = rows
        self._sender = sender
        self._desk = desk
        self._sleep = sleep
        self._now = now
        self._met: dict[str, Person] = {}
        self._looked = -math.inf
        self.work = Work(duties.ROSTER, self.step)

    def note(self, person: Person) -> None:
        """Somebody is in their own chat with the bot. Costs nothing here."""
        self._met[person.object_id] = person
        self.work.wake()

    def drop(self, object_id: str) -> None:
        """Somebody has removed the app."""
        self._met.pop(object_id, None)

    async def step(self) -> float:
        """Ask about those who are not known yet; returns in how many seconds to look again."""
        await self._write_down()
        if time.monotonic() - self._looked >= duties.ROSTER.every_s:
            if await self._rows.take_census():
                await self._census()
            self._looked = time.monotonic()
        return max(0.0, self._looked + duties.ROSTER.every_s - time.monotonic())

    async def _write_down(self) -> None:
        """Note everyone first, so that a census finds them whatever happens to this process."""
        due = []
        while self._met:
            oid, person = self._met.popitem()
            if await self._rows.meet(oid, person.mri, self._now_ms()):
                due.append(oid)
        for oid in due:
            await self._ask(oid)

    async def _census(self) -> None:
        """Ask about those for whom there was no time, or no answer."""
        async for rows in self._rows.everyone():
            for oid, row in rows.items():
                if row.is_due(self._now_ms()):
                    await self._ask(oid)

    async def _ask(self, oid: str) -> None:
        member_id = await self._rows.ask(oid, self._now_ms())
        if member_id is None:
            return
        at = await self._desk.personal(oid)
        if at is None:
            await self._rows.forget(oid)
            return
        try:
            member = await self._sender.member(at, member_id)
        except ConversationGone:
            await self._rows.forget(oid)
        except SendFailed as error:
            log.info("member_not_known", person=oid, reason=str(error))
        else:
            if _is_who_we_met(member, oid, at):
                addresses = addresses_of(*member.addresses)
                await self._rows.learn(oid, addresses, external=member.external)
            else:
                log.warning("member_is_another", person=oid)
                if member.object_id == oid:  # of another organisation
                    await self._rows.learn(oid, (), external=True)
        await self._sleep(PAUSE_S)

    def _now_ms(self) -> int:
        return int(self._now() * 1000)


def _is_who_we_met(member: Member, object_id: str, at: ConversationReference) -> bool:
    return member.object_id == object_id and member.tenant_id in {None, at.tenant_id}
