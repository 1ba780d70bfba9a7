"""Who has the app, and the addresses by which Zoom may know them.

A row is made when somebody installs the app or writes, and goes when they remove it
(bot.conversations). The channel is asked once for the addresses of each person, so that it can be
told whom presence sync covers before they connect. It happens beside the conversation, a few people
a second; who could not be looked up is looked up another day.
"""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, Final

import structlog

from bot.teams.activity import ConversationGone, SendFailed
from domain.clock import DAY
from domain.link import addresses_of
from sync.redis import channels, duties, keys
from sync.redis.batches import batches
from sync.redis.duties import Work
from sync.redis.rows import Rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from bot.desk import Desk
    from bot.teams.activity import Person, Sender
    from sync.redis.connection import Client

log = structlog.get_logger()

BATCH = 500
LOOK_UP_AGAIN_MS = DAY
"""A person without addresses in the channel is looked up again after this ..."""
RENEW_MS = 30 * DAY
"""... and others after this: people change their names."""
PAUSE_S = 0.2
"""Between two look-ups. Teams allows an app 30 requests a second in a tenant, for everything
(Teams, "Optimize your bot with rate limiting"); a roll-out installs it for thousands at once."""


@dataclass(frozen=True, slots=True)
class Met:
    """Somebody who has the app.

    `member_id` is the channel's own id of them. `addresses` are folded (domain.link); none: not
    known. `looked_up_ms` (epoch ms) is when the channel was last asked, 0: never. `external`: it
    said that they are a guest, or of another organisation.
    """

    member_id: str
    addresses: tuple[str, ...] = ()
    looked_up_ms: int = 0
    external: bool = False

    def is_due(self, now_ms: int) -> bool:
        """Whether they are to be looked up (again)."""
        return now_ms - self.looked_up_ms >= (RENEW_MS if self.addresses else LOOK_UP_AGAIN_MS)


ROWS: Final = Rows(Met)


class RosterStore:
    """Rows of 400 days, renewed whenever the person writes."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def meet(self, object_id: str, member_id: str, now_ms: int) -> bool:
        """Somebody has the app. Whether they are to be looked up."""
        key = keys.met(object_id)
        known = _read(object_id, await self._client.getex(key, ex=keys.REFERENCE_TTL))
        if known is None:
            await self._client.set(key, ROWS.dump(Met(member_id)), ex=keys.REFERENCE_TTL)
            return True
        return known.is_due(now_ms)

    async def claim(self, object_id: str, now_ms: int) -> str | None:
        """The id by which to look a person up, who counts as looked up from now on.

        None: another process does so now, or they don't have the app any more.
        """
        known = await self.find(object_id)
        if known is None or not known.is_due(now_ms):
            return None
        claimed = await self._replace(object_id, replace(known, looked_up_ms=now_ms))
        return known.member_id if claimed else None

    async def learn(self, object_id: str, addresses: Sequence[str], *, external: bool) -> None:
        """Keep what the channel said of a person, unless they have removed the app."""
        known = await self.find(object_id)
        if known is not None:
            learned = replace(known, addresses=tuple(addresses), external=external)
            await self._replace(object_id, learned)

    async def find(self, object_id: str) -> Met | None:
        """What is known of a person; None: they don't have the app."""
        return _read(object_id, await self._client.get(keys.met(object_id)))

    async def is_external(self, object_id: str) -> bool:
        """Whether the channel said that a person is external."""
        known = await self.find(object_id)
        return known is not None and known.external

    async def forget(self, object_id: str) -> None:
        """They don't have the app any more."""
        await self._client.delete(keys.met(object_id))
        await self._client.publish(channels.ERASED, "1")

    async def everyone(self) -> AsyncIterator[dict[str, Met]]:
        """Everybody who has the app, by object id, in batches; somebody may come twice."""
        prefix = keys.met("")
        found = self._client.scan_iter(match=f"{prefix}*", count=2 * BATCH)
        async for some in batches(found, BATCH):
            yield await self._rows([str(key).removeprefix(prefix) for key in some])

    async def take_census(self) -> bool:
        """Whether it is this process that looks through the rows in this hour."""
        return bool(await self._client.set(keys.CENSUS, "1", nx=True, ex=keys.CENSUS_TTL))

    async def _rows(self, people: Sequence[str]) -> dict[str, Met]:
        pipe = self._client.pipeline(transaction=False)
        for oid in people:
            pipe.get(keys.met(oid))
        texts = zip(people, await pipe.execute(), strict=True)
        return {oid: row for oid, text in texts if (row := _read(oid, text)) is not None}

    async def _replace(self, object_id: str, row: Met) -> bool:
        key = keys.met(object_id)
        return bool(await self._client.set(key, ROWS.dump(row), xx=True, keepttl=True))


def _read(object_id: str, text: str | None) -> Met | None:
    row = ROWS.load_if_good(text)
    if text is not None and row is None:
        log.error("roster_row_damaged", person=object_id)
    return row


@dataclass(eq=False)
class Roster:
    """Notes people who were met, and looks them up. One per process.

    `sleep` and `now` (epoch seconds) are for tests.
    """

    rows: RosterStore
    sender: Sender
    desk: Desk
    _: KW_ONLY
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    now: Callable[[], float] = time.time

    def __post_init__(self) -> None:
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
        """Look up those who are not known yet; returns in how many seconds to run again."""
        await self._write_down()
        if time.monotonic() - self._looked >= duties.ROSTER.every_s:
            if await self.rows.take_census():
                await self._census()
            self._looked = time.monotonic()
        return max(0.0, self._looked + duties.ROSTER.every_s - time.monotonic())

    async def _write_down(self) -> None:
        """Note everyone first, so that a census finds them whatever happens to this process."""
        due = []
        while self._met:
            oid, person = self._met.popitem()
            if await self.rows.meet(oid, person.mri, self._now_ms()):
                due.append(oid)
        for oid in due:
            await self._look_up(oid)

    async def _census(self) -> None:
        """Look up those for whom there was no time, or no answer."""
        async for rows in self.rows.everyone():
            for oid, row in rows.items():
                if row.is_due(self._now_ms()):
                    await self._look_up(oid)

    async def _look_up(self, oid: str) -> None:
        member_id = await self.rows.claim(oid, self._now_ms())
        if member_id is None:
            return
        at = await self.desk.personal(oid)
        if at is None:
            await self.rows.forget(oid)
            return
        try:
            member = await self.sender.member(at, member_id)
        except ConversationGone:
            await self.rows.forget(oid)
        except SendFailed as error:
            log.info("member_not_known", person=oid, reason=str(error))
        else:
            if member.object_id == oid and member.tenant_id in {None, at.tenant_id}:
                addresses = addresses_of(*member.addresses)
                await self.rows.learn(oid, addresses, external=member.external)
            else:
                log.warning("member_is_another", person=oid)
                if member.object_id == oid:  # of another organisation
                    await self.rows.learn(oid, (), external=True)
        await self.sleep(PAUSE_S)

    def _now_ms(self) -> int:
        return int(self.now() * 1000)
