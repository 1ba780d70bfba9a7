"""`disconnect`: ask, then clear and forget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cards.person import connect as connect_cards
from cards.person import disconnect as disconnect_cards
from cards.person import status as status_cards
from wording.figures import clock_time

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.grammar.commands import Disconnect
    from bot.handlers.connect import TicketMaker
    from bot.request import Turn
    from bot.teams.activity import Card
    from cards.person.clicks import CancelDisconnect, ConfirmDisconnect, DisconnectNow
    from sync.engine.engine import Ending, Engine


class DisconnectHandler:
    """Ends a link, and an attempt to make one.

    `left` hears who (an object id) ends theirs on purpose.
    """

    def __init__(
        self,
        engine: Engine,
        links: TicketMaker,
        left: Callable[[str], Awaitable[None]],
    ) -> None:
        self._engine = engine
        self._links = links
        self._left = left

    async def ask(self, turn: Turn, _: Disconnect | ConfirmDisconnect) -> Card:
        """Say what will be erased, and ask. Who is still signing in stops that."""
        if not await self._engine.is_connected(turn.person.object_id):
            return await self._not_connected(turn)
        return disconnect_cards.confirm(name=turn.person.name)

    async def confirm(self, turn: Turn, _: DisconnectNow) -> Card:
        """Clear what Microsoft holds of us, and forget the person."""
        oid = turn.person.object_id
        if not await self._engine.is_connected(oid):  # a second click, or a card from before
            return await self._not_connected(turn)
        await self._links.end(oid)  # or they come back from Microsoft connected
        # First: whoever is gone already when we die here must not be invited either.
        await self._left(oid)
        ending = await self._engine.disconnect(oid)
        return (
            await self._not_connected(turn) if ending is None else await self._ended(turn, ending)
        )

    async def cancel(self, turn: Turn, _: CancelDisconnect) -> Card:
        """They changed their mind."""
        if not await self._engine.is_connected(turn.person.object_id):
            return status_cards.not_connected()
        return disconnect_cards.cancelled()

    async def _not_connected(self, turn: Turn) -> Card:
        """Who is still signing in is stopped; who could not be cleared yet hears how it stands."""
        if await self._links.end(turn.person.object_id):
            return connect_cards.cancelled()
        leaving = await self._engine.leaving(turn.person.object_id)
        if leaving is not None:
            return await self._ended(turn, leaving)
        return status_cards.not_connected()

    async def _ended(self, turn: Turn, ending: Ending) -> Card:
        return ending_card(turn, ending, await self._engine.now_ms())


def ending_card(turn: Turn, ending: Ending, now_ms: int) -> Card:
    """How a link ended: what is erased, what follows, and when at the latest."""
    at = ending.until_ms
    until = None if at is None else clock_time(at, now_ms, turn.inbound.time_zone)
    if ending.how == "later" and until is not None:
        return disconnect_cards.later(until=until)
    return disconnect_cards.done(until=until)
