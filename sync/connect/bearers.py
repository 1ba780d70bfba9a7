"""With which token Microsoft is told of somebody: their own, or the organisation's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from domain.policy import AuthorisedBy

if TYPE_CHECKING:
    from domain.person import PersonState
    from sync.connect.tokens import Tokens


class Application(Protocol):
    """The token of our own, for everybody whom the organisation authorised."""

    async def token(self) -> str:
        """A token valid for some minutes. Raises RetryLater, AdminMustAct."""

    def invalidate(self) -> None:
        """Graph refused it: the next call fetches another."""


@dataclass(frozen=True, slots=True)
class Bearers:
    """Gives tokens by who authorised it (sync.engine.ports.TokenSource)."""

    own: Tokens
    organisation: Application

    async def token_for(self, state: PersonState) -> str:
        """A valid token. Raises what `Tokens.access_token` and `Application.token` raise."""
        if state.authorised_by is AuthorisedBy.ORGANISATION:
            return await self.organisation.token()
        return await self.own.access_token(state.object_id, state.generation)

    def refused(self, state: PersonState) -> None:
        """Graph refused it: the next call fetches another."""
        if state.authorised_by is AuthorisedBy.ORGANISATION:
            self.organisation.invalidate()
        else:
            self.own.invalidate(state.object_id)

    def forget(self, object_id: str) -> None:
        """Drop what is in memory of a person."""
        self.own.forget(object_id)
