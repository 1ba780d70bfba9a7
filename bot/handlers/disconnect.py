"""`disconnect`: ask, then clear and forget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cards import connect as connect_cards
from cards import disconnect as disconnect_cards
from cards import status as status_cards

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.activity import Card
    from bot.handlers.connect import TicketMaker
    from bot.turn import Turn
    from cards.payload import Payloads
    from sync.engine import Ending, Engine

_CLEARED: dict[Ending, bool | Literal["later"]] = {
    "cleared": True,
    "later": "later",
    "expires": False,
}


class DisconnectHandler:
    """Ends a link, and an attempt to make one.

    `left` hears who (an object id) ends theirs on purpose.
    """

    def __init__(
        self,
        payloads: Payloads,
        engine: Engine,
        links: TicketMaker,
        left: Callable[[str], Awaitable[None]],
    ) -> None:
        self._payloads = payloads
        self._engine = engine
        self._links = links
        self._left = left

    async def ask(self, turn: Turn) -> Card:
        """Say what will be erased, and ask. Who is still signing in stops that."""
        if not await self._engine.is_connected(turn.person.object_id):
            return await self._stop_signing_in(turn)
        return disconnect_cards.ask(self._payloads, turn.card_id, name=turn.person.name)

    async def confirm(self, turn: Turn) -> Card:
        """Clear what Microsoft holds of us, and forget the person."""
        signing_in = await self._links.end(turn.person.object_id)  # or they come back connected
        if await self._engine.is_connected(turn.person.object_id):
            # First: whoever is gone already when we die here must not be invited either.
            await self._left(turn.person.object_id)
        done = await self._engine.disconnect(turn.person.object_id)
        if done is None:  # a second click, or a card from before
            return self._not_connected(turn, signing_in)
        return disconnect_cards.done(self._payloads, turn.card_id, cleared=_CLEARED[done])

    async def cancel(self, turn: Turn) -> Card:
        """They changed their mind."""
        if not await self._engine.is_connected(turn.person.object_id):
            return status_cards.not_connected(self._payloads, turn.card_id)
        return disconnect_cards.cancelled(self._payloads, turn.card_id)

    async def _stop_signing_in(self, turn: Turn) -> Card:
        return self._not_connected(turn, await self._links.end(turn.person.object_id))

    def _not_connected(self, turn: Turn, signing_in: bool) -> Card:
        if signing_in:
            return connect_cards.cancelled(self._payloads, turn.card_id)
        return status_cards.not_connected(self._payloads, turn.card_id)
