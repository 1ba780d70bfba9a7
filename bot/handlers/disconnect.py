"""`disconnect`: ask, then clear and forget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cards import disconnect as disconnect_cards
from cards import status as status_cards

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.activity import Card
    from bot.turn import Turn
    from cards.payload import Payloads
    from sync.engine import Ending, Engine

_CLEARED: dict[Ending, bool | Literal["later"]] = {
    "cleared": True,
    "later": "later",
    "expires": False,
}


class DisconnectHandler:
    """Ends a link. `left` hears who (an object id) ends theirs on purpose."""

    def __init__(
        self, payloads: Payloads, engine: Engine, left: Callable[[str], Awaitable[None]]
    ) -> None:
        self._payloads = payloads
        self._engine = engine
        self._left = left

    async def ask(self, turn: Turn) -> Card:
        """Say what will be erased, and ask."""
        if not await self._engine.is_connected(turn.person.object_id):
            return status_cards.not_connected(self._payloads, turn.card_id)
        return disconnect_cards.ask(self._payloads, turn.card_id, name=turn.person.name)

    async def confirm(self, turn: Turn) -> Card:
        """Clear what Microsoft holds of us, and forget the person."""
        if await self._engine.is_connected(turn.person.object_id):
            # First: whoever is gone already when we die here must not be invited either.
            await self._left(turn.person.object_id)
        done = await self._engine.disconnect(turn.person.object_id)
        if done is None:  # a second click, or a card from before
            return status_cards.not_connected(self._payloads, turn.card_id)
        return disconnect_cards.done(self._payloads, turn.card_id, cleared=_CLEARED[done])

    async def cancel(self, turn: Turn) -> Card:
        """They changed their mind."""
        if not await self._engine.is_connected(turn.person.object_id):
            return status_cards.not_connected(self._payloads, turn.card_id)
        return disconnect_cards.cancelled(self._payloads, turn.card_id)
