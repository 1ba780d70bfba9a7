"""A connected person's addresses, read from Microsoft with their own authorisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.link import addresses_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sync.connect.tokens import Tokens
    from sync.engine.ports import Profile


@dataclass(frozen=True, slots=True)
class AddressesNow:
    """Reads a connected person's folded addresses from Microsoft. Raises domain.errors' errors."""

    tokens: Tokens
    profile: Callable[[str], Awaitable[Profile]]

    async def __call__(self, object_id: str, generation: int) -> tuple[str, ...]:
        """Microsoft's word of this moment."""
        profile = await self.profile(await self.tokens.access_token(object_id, generation))
        return addresses_of(profile.upn, profile.mail)
