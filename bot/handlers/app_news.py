"""The app comes into people's own chats and goes from there.

News is acted on by when the channel sent it, and tried until Redis takes it: no channel says twice
that somebody removed the app.
"""

from __future__ import annotations

import asyncio
import time
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


class AppNews:
    """Keeps who has the app. `welcome` greets somebody, None: nobody is greeted.

    `on_met` is called with whoever has the app; `on_away` and `on_removed` with the object id of
    whose app is taken out, or of who removed it. `now` is in epoch seconds.
    """

    def __init__(
        self,
        desk: Desk,
        links: Links,
        *,
        welcome: Callable[[Turn], Awaitable[Card]] | None,
        on_met: Callable[[Person], None],
        on_away: Callable[[str], Awaitable[object]],
        on_removed: Callable[[str], Awaitable[object]],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._desk = desk
        self._links = links
        self._welcome = welcome
        self._on_away = on_away
        self._on_removed = on_removed
        self._sleep = sleep
        self._now = now
        self.met = on_met

    async def heard(self, inbound: Inbound, person: Person) -> None:
        """The person was heard in their own chat, so their app is there."""
        oid = person.object_id
        heard = inbound.heard
        if heard is None:
            sent_ms, chats = self._sent_ms(inbound), self._desk.chats
            heard = await chats.remember_reference(oid, inbound.conversation, sent_ms)
        if heard:
            self.met(person)
        if heard == "anew":
            await self._follow(oid)

    async def is_away(self, person: Person) -> bool:
        """Whether a connected person's app is taken out at the moment."""
        return await self._links.app_is_gone(person.object_id)

    async def is_back(self, person: Person) -> None:
        """It is there again: Teams opened the person's own chat."""
        await self._links.app_back(person.object_id)

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
                    await self._sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)
                else:
                    done = True
                    return
        finally:
            if not done:  # tried too often, or the process ends
                log.error("app_news_lost", person=person.object_id, kind=inbound.kind)

    def _sent_ms(self, inbound: Inbound) -> int:
        return int(self._now() * 1000) if inbound.sent_ms is None else inbound.sent_ms

    async def _act(self, inbound: Inbound, person: Person, sent_ms: int) -> None:
        if inbound.kind is Kind.UPGRADING:
            await self._upgrading(person.object_id, sent_ms)
        elif inbound.kind is Kind.UNINSTALLED:
            await self._removed(person.object_id, sent_ms)
        else:
            await self._installed(inbound, person, sent_ms)

    async def _installed(self, inbound: Inbound, person: Person, sent_ms: int) -> None:
        """Greet somebody once; with a newer package only who was not met before."""
        oid = person.object_id
        known = inbound.kind is Kind.UPGRADED and await self._desk.personal(oid) is not None
        if not await self._desk.chats.remember_reference(oid, inbound.conversation, sent_ms):
            log.info("app_news_late", person=oid)
            return
        self.met(person)
        await self._follow(oid)
        if self._welcome is None or known or not await self._desk.chats.first_welcome(oid):
            return
        turn = Turn(inbound, person, inbound.conversation, new_card_id())
        try:
            await self._desk.tell(oid, turn.card_id, await self._welcome(turn))
        except (ConversationGone, NotSent) as error:  # certainly not arrived
            log.warning("card_not_sent", reason=type(error).__name__)
            await self._desk.chats.not_welcomed(oid)
        except SendFailed as error:
            log.warning("card_not_sent", reason=type(error).__name__)

    async def _upgrading(self, oid: str, sent_ms: int) -> None:
        """The app is taken out; whether a newer one follows, only time tells."""
        if not await self._desk.chats.doubt_reference(oid, sent_ms):
            log.info("app_news_late", person=oid)
            await self._follow(oid)  # it may have been tried before what was newer came
            return
        await self._on_away(oid)
        await self._follow(oid)

    async def _follow(self, oid: str) -> None:
        """Let the link follow the last news, also when other news is acted on at the same time."""
        followed = None
        while followed != (there := await self._desk.chats.is_there(oid)):
            followed = there
            if there:
                await self._links.app_back(oid)
            else:
                await self._links.app_gone(oid)

    async def _removed(self, oid: str, sent_ms: int) -> None:
        if not await self._desk.chats.forget_reference(oid, sent_ms):
            log.info("app_news_late", person=oid)
            return
        await self._on_removed(oid)
        log.info("app_removed", person=oid)
