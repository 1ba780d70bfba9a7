"""With which token Microsoft is told of somebody: their own, or the organisation's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.policy import AuthorisedBy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from domain.person import PersonState
    from sync.connect.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Bearers:
    """Gives tokens by who authorised it (sync.engine.ports.TokenSource).

    `organisation` gives the app's own, or raises RetryLater, AdminMustAct; `doubt` hears that Graph
    refused it: what it allows is looked up.
    """

    own: Tokens
    organisation: Callable[[], Awaitable[str]]
    doubt: Callable[[], None]

    async def token_for(self, state: PersonState) -> str:
        """A valid token. Raises what `Tokens.access_token` and `organisation` raise."""
        if state.authorised_by is AuthorisedBy.ORGANISATION:
            return await self.organisation()
        return await self.own.access_token(state.object_id, state.generation)

    def refused(self, state: PersonState) -> None:
        """Graph refused it: the next call fetches another."""
        if state.authorised_by is AuthorisedBy.ORGANISATION:
            self.doubt()
        else:
            self.own.invalidate(state.object_id)

    def forget(self, object_id: str) -> None:
        """Drop what is in memory of a person."""
        self.own.forget(object_id)
