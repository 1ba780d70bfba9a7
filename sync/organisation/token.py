"""The app's own access token for Graph: what is written with where the organisation has authorised.

One for the process, in memory. Whoever asks meanwhile shares the answer, also when it is a failure.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING

from domain.errors import AdminMustAct, OutsideError, RetryLater
from domain.organisation import may_read, may_write, why_without
from sync.organisation.refusals import why_not

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from domain.organisation import Why

RENEW_EARLY_S = 300.0
"""Seconds before its end at which a token is replaced."""
LAST_S = 30.0
"""Seconds before its end up to which it is used all the same, where no newer one can be had."""
BUSY_S = 5.0
"""For so long Microsoft isn't asked again where it could not be."""
REFUSED_S = 30.0
"""For so long a refusal is the answer, without asking Microsoft for each person anew."""


@dataclass(frozen=True, slots=True)
class OwnToken:
    """A token as Microsoft gave it: until when it is valid (epoch seconds), and what it allows."""

    token: str = field(repr=False)
    expires_at: float
    roles: frozenset[str]


@dataclass(eq=False, repr=False)
class OrganisationToken:
    """Gives the token. `fetch` asks Microsoft: with True for a new one, else it may be one kept.

    `now` gives epoch seconds, `monotonic` seconds that never jump. `worked`: the organisation had
    authorised before, so that what is missing was withdrawn.
    """

    fetch: Callable[[bool], Awaitable[OwnToken]]
    _: KW_ONLY
    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    worked: bool = False

    def __post_init__(self) -> None:
        self._held: OwnToken | None = None
        self._reads: OwnToken | None = None  # one that only reads, where none may write
        self._refused: tuple[float, OutsideError] | None = None
        self._stale = False
        self._flight: asyncio.Task[OwnToken] | None = None
        self._flight_is_fresh = False
        self._flights = 0

    async def token(self) -> str:
        """A valid access token that may set people's presence.

        Raises AdminMustAct, whose code says why the organisation's authorisation doesn't work
        (domain.organisation.why_of), and RetryLater where Microsoft can't be asked.
        """
        held = self._held
        left = 0.0 if held is None else self._left(held)
        if held is not None and left > RENEW_EARLY_S:
            return held.token
        try:
            if self._refused is not None and self.monotonic() < self._refused[0]:
                raise self._refused[1]
            return (await self._share(fresh=False)).token
        except RetryLater:
            if held is not None and held is self._held and left > LAST_S:
                return held.token  # it was only due to be renewed
            raise

    async def token_to_read(self) -> str:
        """A valid access token that may read what Microsoft shows; it need not set presence.

        Raises as `token` does.
        """
        reads = self._reads
        if self._held is None and reads is not None and self._left(reads) > RENEW_EARLY_S:
            return reads.token
        try:
            return await self.token()
        except OutsideError:
            reads = self._reads
            if reads is not None and self._left(reads) > LAST_S:
                return reads.token
            raise

    def _left(self, held: OwnToken) -> float:
        """For how many seconds more it is valid."""
        return held.expires_at - self.now()

    def invalidate(self) -> None:
        """Use the token at hand no longer: Graph refused it, or what it allows has changed."""
        self._held = None
        self._reads = None
        self._refused = None
        self._stale = True

    async def look(self) -> frozenset[str]:
        """What Microsoft lets us do now, by a new token; it is the one to use from now on.

        Raises as `token` does, but not for want of rights.
        """
        before = self._flights
        while (flight := self._flight) is not None:
            if self._flight_is_fresh and self._flights > before:
                break
            await asyncio.wait([flight])  # it left before we were asked, or may bring one kept
        try:
            return (await self._share(fresh=True)).roles
        except Unauthorised as refused:
            return refused.roles

    async def _share(self, *, fresh: bool) -> OwnToken:
        if self._flight is None:
            self._flight_is_fresh = fresh
            self._flights += 1
            self._flight = asyncio.create_task(self._obtain(fresh), name="organisation-token")
            self._flight.add_done_callback(self._landed)
        # Whoever gives up meanwhile does not take the others down with them.
        return await asyncio.shield(self._flight)

    async def _obtain(self, fresh: bool) -> OwnToken:
        anew, self._stale = self._stale or fresh, False
        try:
            got = self._checked(await self.fetch(anew))
        except RetryLater as error:
            self._stale |= anew
            self._refused = self.monotonic() + max(BUSY_S, error.after or 0.0), error
            raise
        except Unauthorised as error:
            self._refuse(error)
            raise
        except OutsideError as error:
            self._reads = None
            raise self._refuse(AdminMustAct(why_not(error).code, error.detail)) from None
        if not self._stale:  # else it left before `invalidate`
            self._held, self._reads, self._refused = got, None, None
        return got

    def _checked(self, got: OwnToken) -> OwnToken:
        if not may_write(got.roles):
            self._reads = got if may_read(got.roles) and not self._stale else None
            raise Unauthorised(why_without(got.roles, worked=self.worked), got.roles)
        self.worked = True
        return got

    def _refuse(self, error: AdminMustAct) -> AdminMustAct:
        """Give everybody who asks in the next seconds the same answer."""
        self._held = None
        self._stale = True  # the token that is kept allows nothing
        self._refused = self.monotonic() + REFUSED_S, error
        return error

    def _landed(self, flight: asyncio.Task[OwnToken]) -> None:
        self._flight = None
        if not flight.cancelled():
            flight.exception()  # who waits gets it; perhaps nobody does any more


class Unauthorised(AdminMustAct):
    """There is a token, and it may not set people's presence; `roles` are what it may."""

    def __init__(self, why: Why, roles: frozenset[str]) -> None:
        super().__init__(why.code)
        self.roles = roles
