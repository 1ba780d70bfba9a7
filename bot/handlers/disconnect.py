"""`disconnect`: have it confirmed, then clear and forget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cards.person import connect as connect_cards
from cards.person import disconnect as disconnect_cards
from cards.person import status as status_cards
from cards.person.clicks import NotForMe
from domain.policy import AuthorisedBy
from wording.figures import clock_time

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.grammar.intents import Disconnect
    from bot.handlers.ports import Engine, SignInLinks
    from bot.request import Turn
    from cards.build import Card
    from cards.person.clicks import CancelDisconnect, ConfirmDisconnect, DisconnectNow
    from domain.link import Ending
    from domain.person import PersonState


class Organisation(Protocol):
    """What holds where the organisation authorises it (bot.handlers.organisation)."""

    async def confirm_disconnect(self, turn: Turn, person: PersonState) -> Card | None:
        """Ask where to disconnect is *Not for me*, too; None: it is not."""

    async def not_connected(self, turn: Turn) -> Card | None:
        """Answer somebody for whom it hasn't started; None: they were not told of it."""

    async def not_for_me(self, turn: Turn, click: NotForMe) -> Card:
        """Keep that they don't want it, and end what is shown because of it."""

    async def disconnected(self, turn: Turn, ending: Ending) -> Card:
        """Confirm that a sign-in of theirs has ended, and *Not for me*."""


@dataclass(frozen=True, slots=True)
class DisconnectHandler:
    """Ends a link, and an attempt to make one.

    `left` hears who (an object id) ends theirs on purpose. For those whom the organisation
    authorised, or told that it does, to disconnect is to opt out: or it would start again for them.
    """

    engine: Engine
    links: SignInLinks
    left: Callable[[str], Awaitable[None]]
    organisation: Organisation

    async def confirm(self, turn: Turn, _: Disconnect | ConfirmDisconnect) -> Card:
        """Say what will be erased, and have it confirmed; a sign-in under way is just ended."""
        known = await self.engine.link_of(turn.person.object_id)
        if known is None:
            return await self._not_connected(turn)
        asked = await self.organisation.confirm_disconnect(turn, known[1])
        return asked or disconnect_cards.confirm(name=turn.person.name)

    async def disconnect(self, turn: Turn, _: DisconnectNow) -> Card:
        """Clear what Microsoft holds of us, and forget the person."""
        oid = turn.person.object_id
        known = await self.engine.link_of(oid)
        if known is None:  # a second click, or a card from before
            return await self._not_connected(turn)
        if known[1].authorised_by is AuthorisedBy.ORGANISATION:
            return await self.organisation.not_for_me(turn, NotForMe())
        opts_out = await self.organisation.confirm_disconnect(turn, known[1]) is not None
        if opts_out:
            await self.organisation.not_for_me(turn, NotForMe())
        await self.links.end(oid)  # or they come back from Microsoft connected
        # First: whoever is gone already when we die here must not be invited either.
        await self.left(oid)
        ending = await self.engine.disconnect(oid)
        if ending is None:
            return await self._not_connected(turn)
        if opts_out:
            return await self.organisation.disconnected(turn, ending)
        return await self._ended(turn, ending)

    async def cancel(self, turn: Turn, _: CancelDisconnect) -> Card:
        """Stay connected."""
        if not await self.engine.is_connected(turn.person.object_id):
            return status_cards.not_connected()
        return disconnect_cards.cancelled()

    async def _not_connected(self, turn: Turn) -> Card:
        """End a sign-in under way; else say what could not be cleared yet, if anything."""
        if await self.links.end(turn.person.object_id):
            return connect_cards.cancelled()
        leaving = await self.engine.leaving(turn.person.object_id)
        if leaving is not None:
            return await self._ended(turn, leaving)
        return await self.organisation.not_connected(turn) or status_cards.not_connected()

    async def _ended(self, turn: Turn, ending: Ending) -> Card:
        """What is erased, what follows, and when at the latest."""
        if ending.until_ms is None:
            return disconnect_cards.done(ending)
        now_ms = await self.engine.now_ms()
        until = clock_time(ending.until_ms, now_ms, turn.inbound.time_zone)
        said = disconnect_cards.later if ending.how == "later" else disconnect_cards.done
        return said(ending, until=until)
