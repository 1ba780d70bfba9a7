"""The app comes into people's own chats and goes from there.

News is acted on by when the channel sent it, and tried until Redis takes it: no channel says twice
that somebody removed the app.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from bot.desk import new_card_id
from bot.request import Turn
from bot.teams.activity import ConversationGone, Kind, NotSent, SendFailed
from sync.redis.connection import REDIS_TROUBLE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.desk import Desk
    from bot.teams.activity import Inbound, Person
    from cards.build import Card

log = structlog.get_logger()

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
TRIES: Final = 24
"""Over ten minutes."""


class Links(Protocol):
    """What becomes of a person's connection while their app comes and goes (sync.engine.engine)."""

    async def app_gone(self, object_id: str) -> None:
        """It is taken out, perhaps to be replaced."""

    async def app_back(self, object_id: str) -> None:
        """It is there."""

    async def app_is_gone(self, object_id: str) -> bool:
        """Whether it is taken out at the moment."""


@dataclass(slots=True)
class AppNews:
    """Keeps who has the app. `welcome` greets a person, None: nobody is greeted.

    `met` is called with everybody who has the app; `away` and `removed` with the object id of a
    person whose app is taken out, or removed. `now` is in epoch seconds.
    """

    desk: Desk
    links: Links
    _: KW_ONLY
    welcome: Callable[[Turn], Awaitable[Card]] | None
    met: Callable[[Person], None]
    away: Callable[[str], Awaitable[object]]
    removed: Callable[[str], Awaitable[object]]
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    now: Callable[[], float] = time.time

    async def heard(self, inbound: Inbound, person: Person) -> None:
        """The person was heard in their own chat, so their app is there."""
        oid = person.object_id
        heard = inbound.heard
        if heard is None:
            sent_ms, chats = self._sent_ms(inbound), self.desk.chats
            heard = await chats.remember_reference(oid, inbound.conversation, sent_ms)
        if heard:
            self.met(person)
        if heard == "anew":
            await self._follow(oid)

    async def is_away(self, person: Person) -> bool:
        """Whether a connected person's app is taken out at the moment."""
        return await self.links.app_is_gone(person.object_id)

    async def is_back(self, person: Person) -> None:
        """It is there again: Teams opened the person's own chat."""
        await self.links.app_back(person.object_id)

    async def act(self, inbound: Inbound, person: Person) -> None:
        """Act on an installation update of somebody's own chat."""
        sent_ms, pause, done = self._sent_ms(inbound), FIRST_PAUSE, False
        try:
            for _ in range(TRIES):
                try:
                    await self._act(inbound, person, sent_ms)
                except REDIS_TROUBLE as error:
                    oid, trouble = person.object_id, type(error).__name__
                    log.warning("app_news_waits", person=oid, error=trouble)
                    await self.sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)
                else:
                    done = True
                    return
        finally:
            if not done:  # tried too often, or the process ends
                log.error("app_news_lost", person=person.object_id, kind=inbound.kind)

    def _sent_ms(self, inbound: Inbound) -> int:
        return int(self.now() * 1000) if inbound.sent_ms is None else inbound.sent_ms

    async def _act(self, inbound: Inbound, person: Person, sent_ms: int) -> None:
        if inbound.kind is Kind.UPGRADING:
            await self._upgrading(person.object_id, sent_ms)
        elif inbound.kind is Kind.UNINSTALLED:
            await self._removed(person.object_id, sent_ms)
        else:
            await self._installed(inbound, person, sent_ms)

    async def _installed(self, inbound: Inbound, person: Person, sent_ms: int) -> None:
        """Greet a person once; after an upgrade only if they were not met before."""
        oid = person.object_id
        known = inbound.kind is Kind.UPGRADED and await self.desk.personal(oid) is not None
        if not await self.desk.chats.remember_reference(oid, inbound.conversation, sent_ms):
            log.info("app_news_late", person=oid)
            return
        self.met(person)
        await self._follow(oid)
        if self.welcome is None or known or not await self.desk.chats.first_welcome(oid):
            return
        turn = Turn(inbound, person, inbound.conversation, new_card_id())
        try:
            await self.desk.tell(oid, turn.card_id, await self.welcome(turn))
        except (ConversationGone, SendFailed) as error:
            log.warning("card_not_sent", reason=type(error).__name__)
            if isinstance(error, ConversationGone | NotSent):  # it has certainly not arrived
                await self.desk.chats.not_welcomed(oid)

    async def _upgrading(self, oid: str, sent_ms: int) -> None:
        """The app is taken out; whether a newer one follows, only time tells."""
        if await self.desk.chats.doubt_reference(oid, sent_ms):
            await self.away(oid)
        else:
            log.info("app_news_late", person=oid)
        await self._follow(oid)  # late news, too: it may have been tried before the newer came

    async def _follow(self, oid: str) -> None:
        """Make the link follow the last news, also when other news is acted on meanwhile."""
        followed = None
        while followed != (there := await self.desk.chats.is_there(oid)):
            followed = there
            if there:
                await self.links.app_back(oid)
            else:
                await self.links.app_gone(oid)

    async def _removed(self, oid: str, sent_ms: int) -> None:
        if not await self.desk.chats.forget_reference(oid, sent_ms):
            log.info("app_news_late", person=oid)
            return
        await self.removed(oid)
        log.info("app_removed", person=oid)
