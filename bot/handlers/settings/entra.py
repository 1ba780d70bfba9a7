"""Asking Entra about people while an admin waits in the chat."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from cards.settings import matching as match_cards
from domain.errors import OutsideError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable

    from cards.build import Card
    from sync.organisation.entra import EntraReading

Answer = TypeVar("Answer")

PATIENCE: Final = 8.0
"""Seconds that Entra has."""


class Entra(Protocol):
    """Entra's users (sync.organisation.entra)."""

    async def read(self, addresses: Collection[str], ids: Iterable[str] = ()) -> EntraReading:
        """Everybody who has one of these addresses, or ids. Raises OutsideError."""


async def in_time(
    asked: Awaitable[Answer], failed: Callable[[str], object] | None = None
) -> Answer | None:
    """What Entra says; None: it does not answer in time, or may not. `failed` is told why."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await asked
    except (OutsideError, TimeoutError) as error:
        if failed is not None:
            failed(str(error) or "slow")
        return None


def unreachable() -> Card:
    """Say that Entra can't be asked now."""
    return match_cards.not_given(
        title="Entra can’t be asked",
        sentences=[
            "I can’t look anyone up in Entra right now. Microsoft isn’t answering, or your "
            "organisation hasn’t authorised this app to see its users."
        ],
        to_do="Say settings unmatched to see why, or try again in a minute.",
    )
