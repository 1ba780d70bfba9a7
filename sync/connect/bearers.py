"""With which token Microsoft is told of somebody: their own, or the organisation's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import AdminMustAct, AuthorizeAgain
from domain.person import app_of
from domain.policy import AuthorisedBy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from domain.person import PersonState
    from sync.connect.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Bearers:
    """Gives tokens by who authorised it (sync.engine.ports.TokenSource).

    `organisation` gives the app's own, or raises RetryLater, AdminMustAct; `doubt` hears that Graph
    refused it: what it allows is looked up. `app`: the client id of the registration that has the
    organisation's token; "": people sign in with the same one. Else `first` gives an application
    token of that one, where it has the right.
    """

    own: Tokens
    organisation: Callable[[], Awaitable[str]]
    doubt: Callable[[], None]
    app: str = ""
    first: Callable[[], Awaitable[str]] | None = None

    async def token_for(self, state: PersonState, app: str | None = None) -> str:
        """A valid token. Raises what `Tokens.access_token` and `organisation` raise.

        `app`: one of this registration, whoever authorised it: AdminMustAct where there is none.
        """
        if app is None or app == app_of(state, self.app):
            if state.authorised_by is AuthorisedBy.ORGANISATION:
                return await self.organisation()
            return await self._own(state)
        if not app:
            return await self._before(state)
        if app != self.app:
            raise AdminMustAct("registration_unknown", app)
        return await self.organisation()

    async def _own(self, state: PersonState) -> str:
        return await self.own.access_token(state.object_id, state.generation)

    async def _before(self, state: PersonState) -> str:
        """As people sign in: their own token (it is kept for this), or else the application's."""
        try:
            return await self._own(state)
        except AuthorizeAgain:
            if self.first is None:
                raise
            return await self.first()

    def refused(self, state: PersonState, app: str | None = None) -> None:
        """Graph refused it: the next call fetches another."""
        app = app_of(state, self.app) if app is None else app
        by_organisation = state.authorised_by is AuthorisedBy.ORGANISATION
        if app if self.app else by_organisation:
            self.doubt()
        else:
            self.own.invalidate(state.object_id)

    def forget(self, object_id: str) -> None:
        """Drop what is in memory of a person."""
        self.own.forget(object_id)
