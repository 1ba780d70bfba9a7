"""The morning digest: an admin asks for it, ends it, or looks what it would say now."""

from __future__ import annotations

from asyncio import to_thread
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.digest.store import Digest, new_salt
from cards.settings import digest as cards
from domain.digest import Counted, compare, next_ms, today
from domain.roles import By
from wording.figures import clock_time, day

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.digest.census import Counting
    from bot.digest.store import DigestStore
    from bot.grammar.digest import MorningDigest
    from bot.request import Turn
    from cards.build import Card
    from cards.settings.digest_clicks import ShowDigest, ShowNews, TurnDigest
    from domain.digest import Census


@dataclass(frozen=True, slots=True)
class DigestHandler:
    """Answers. The guard has made sure of the admin.

    `told_alone` says of somebody (an object id) whether their role is known without them: a digest
    comes while nobody is there to show it. `now_ms` is the clock that all processes share.
    """

    rows: DigestStore
    counting: Counting
    told_alone: Callable[[str], Awaitable[bool]]
    now_ms: Callable[[], Awaitable[int]]

    async def said(self, turn: Turn, said: MorningDigest) -> Card:
        """Answer `settings digest …`."""
        match said.wanted:
            case "on":
                return await self._on(turn)
            case "off":
                return await self._off(turn)
            case "now":
                return await self.news(turn)
            case "":
                return await self.show(turn)

    async def show(self, turn: Turn, _: ShowDigest | None = None) -> Card:
        """Show whether it comes, and when."""
        digest = await self.rows.of(turn.person.object_id)
        return cards.off() if digest is None else await self._shown(digest)

    async def turn(self, turn: Turn, click: TurnDigest) -> Card:
        """Have it come, or no longer."""
        return await (self._on(turn) if click.on else self._off(turn))

    async def news(self, turn: Turn, _: ShowNews | None = None) -> Card:
        """Show what it would say now."""
        oid = turn.person.object_id
        digest, counted = await self.rows.of(oid), await self.rows.counted(oid)
        if digest is None or counted is None:
            return await self.show(turn)
        now_ms, census = await self.now_ms(), await self._census(turn)
        news, _counted = await to_thread(compare, counted, census, digest.salt)
        since = clock_time(digest.since_ms, now_ms, turn.inbound.time_zone)
        return cards.digest(news, since=since) if news else cards.nothing_new(since=since)

    async def _census(self, turn: Turn) -> Census:
        entra = By.ENTRA_ADMIN.lets(turn.role, by_zoom=turn.by_zoom)
        return await self.counting.now(unmatched=entra)

    async def _on(self, turn: Turn) -> Card:
        oid, here = turn.person.object_id, turn.inbound.time_zone
        if not await self.told_alone(oid):
            return cards.cant_tell()
        now_ms, zone = await self.now_ms(), str(here)
        known = await self.rows.of(oid)
        if known is not None:
            moved = replace(known, zone=zone)
            if moved != known and not await self.rows.change(oid, known, moved):
                moved = await self.rows.of(oid) or moved  # it was just sent
            return await self._shown(moved)
        digest = Digest(zone, now_ms, today(now_ms, here), new_salt())
        census = await self._census(turn)
        _, counted = await to_thread(compare, Counted(), census, digest.salt)
        await self.rows.begin(oid, digest, counted)
        return await self._shown(await self.rows.of(oid) or digest, changed=True)

    async def _off(self, turn: Turn) -> Card:
        return cards.off(changed=await self.rows.end(turn.person.object_id))

    async def _shown(self, digest: Digest, *, changed: bool = False) -> Card:
        now_ms, clock = await self.now_ms(), digest.clock
        first = day(next_ms(digest.day, now_ms, clock), clock)
        return cards.on(zone=digest.zone, first=first, changed=changed)
