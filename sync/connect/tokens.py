"""Access tokens for writing in the background: one refresh at a time per person, nothing more.

Tokens stay in this process's memory while they are valid, so that most writes cost no decryption.
What is stored is sealed for its person. A link has a generation: connecting again makes a new one,
and everything here is good for one generation only, so that a refresh which was under way while
somebody disconnected can never bring their tokens back.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Protocol

from cachetools import LRUCache

from domain.errors import AdminMustAct, AuthorizeAgain, RetryLater
from sync.connect.vault import Vault, VaultError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from sync.microsoft.authorization import AccessToken

PURPOSE = "tokens"
"""What a person's row of tokens is sealed for."""

MARGIN = 300
"""Seconds before its end from which a token is renewed. MSAL uses the same."""

CAPACITY = 50_000
"""People whose tokens are kept in memory (about 2 kB each); the least recently used leave first."""


class TokenRows(Protocol):
    """Where sealed tokens are stored."""

    async def read_tokens(self, object_id: str) -> tuple[int, str] | None:
        """Generation and sealed tokens; None when the person is not connected."""

    async def save_tokens(self, object_id: str, generation: int, sealed: str) -> bool:
        """Replace the tokens of this generation.

        False: the link was replaced or removed meanwhile, and nothing was saved.
        """

    def token_lease(self, object_id: str) -> AbstractAsyncContextManager[object]:
        """Keep other processes from refreshing the same person; limited in time."""


class Refresher(Protocol):
    """The part of `Authorization` that is needed here."""

    async def refresh(self, cache: str, *, force: bool = False) -> tuple[AccessToken, str | None]:
        """See `Authorization.refresh`."""


@dataclass(slots=True)
class _Held:
    """A token in memory. `rejected`: Graph has refused it, so it must not be used again."""

    generation: int
    token: AccessToken
    rejected: bool = False


@dataclass(eq=False, repr=False)
class Tokens:
    """Gives valid access tokens of connected people. `clock` is in epoch seconds."""

    rows: TokenRows
    vault: Vault
    refresher: Refresher
    _: KW_ONLY
    clock: Callable[[], float] = time.time
    capacity: int = CAPACITY

    def __post_init__(self) -> None:
        self._held = LRUCache[str, _Held](self.capacity)
        self._flights: dict[str, tuple[int, asyncio.Task[AccessToken]]] = {}

    def seal(self, object_id: str, cache: str) -> str:
        """Make the row for a new link from `Grant.cache`."""
        return self.vault.seal(object_id, PURPOSE, cache)

    async def access_token(self, object_id: str, generation: int) -> str:
        """Give a valid token of the link that the caller has in hand.

        Raises RetryLater "link_replaced" when the stored link is another one by now (look again),
        AuthorizeAgain "not_connected" when there is none, AdminMustAct "tokens_unreadable" when
        no key opens the row (a key is missing, or somebody moved the row), and what
        `Authorization.refresh` raises.
        """
        held = self._held.get(object_id)
        if (
            held is not None
            and held.generation == generation
            and not held.rejected
            and held.token.expires_at - self.clock() > MARGIN
        ):
            return held.token.token

        flying = self._flights.get(object_id)
        if flying is not None and flying[0] == generation:
            flight = flying[1]
        else:
            flight = asyncio.create_task(self._obtain(object_id, generation))
            self._flights[object_id] = (generation, flight)
            flight.add_done_callback(lambda task: self._landed(object_id, generation, task))
        # A caller that gives up (its lease ran out) does not take the others down with it.
        return (await asyncio.shield(flight)).token

    def invalidate(self, object_id: str) -> None:
        """Graph answered 401: the next call gets another token than the one in memory."""
        held = self._held.get(object_id)
        if held is not None:
            held.rejected = True

    def forget(self, object_id: str) -> None:
        """Drop what memory holds of a person, also of a refresh that is under way."""
        self._held.pop(object_id, None)
        self._flights.pop(object_id, None)

    async def aclose(self) -> None:
        """Wait for refreshes that are under way: what they obtained must be stored."""
        flights = [flight for _, flight in self._flights.values()]
        await asyncio.gather(*flights, return_exceptions=True)

    async def fresh_roles(self, object_id: str, generation: int) -> frozenset[str]:
        """The person's roles in our app, from an ID token of this very moment.

        Asks Microsoft every time; keep the answer for a while. Raises like `access_token`.
        """
        self.invalidate(object_id)
        self._flights.pop(object_id, None)
        return (await self._obtain(object_id, generation, force=True)).roles

    async def _obtain(self, object_id: str, generation: int, *, force: bool = False) -> AccessToken:
        async with self.rows.token_lease(object_id):
            row = await self.rows.read_tokens(object_id)
            if row is None:
                raise AuthorizeAgain("not_connected")
            stored_generation, sealed = row
            if stored_generation != generation:
                raise RetryLater("link_replaced")
            try:
                cache = self.vault.open(object_id, PURPOSE, sealed)
            except VaultError as error:
                raise AdminMustAct("tokens_unreadable", str(error)) from None

            token, changed = await self.refresher.refresh(cache, force=force)
            held = self._held.get(object_id)
            if held is not None and held.rejected and held.token.token == token.token:
                # No other process has renewed it since Graph refused it.
                cache = changed or cache
                token, again = await self.refresher.refresh(cache, force=True)
                changed = again or changed

            if changed is not None:
                sealed = self.vault.seal(object_id, PURPOSE, changed)
            elif self.vault.needs_rotation(sealed):
                sealed = self.vault.rotate(object_id, PURPOSE, sealed)
            else:
                return token
            if not await self.rows.save_tokens(object_id, generation, sealed):
                raise RetryLater("link_replaced")
            return token

    def _landed(self, object_id: str, generation: int, flight: asyncio.Task[AccessToken]) -> None:
        failed = flight.cancelled() or flight.exception() is not None
        if self._flights.get(object_id) != (generation, flight):
            return  # forgotten, or overtaken by a newer link
        del self._flights[object_id]
        if failed:
            return
        self._held[object_id] = _Held(generation, flight.result())
