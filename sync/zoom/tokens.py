"""The access token of the Server-to-Server app: one for all processes.

Zoom's documentation lets several be valid at once, but people report that a new one ends the
others. So there is one; a process that finds it ended takes the one that another has got meanwhile,
or gets a new one for all.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING

import structlog

from domain.errors import AdminMustAct, RetryLater
from sync.connect.vault import VaultError
from sync.redis import keys
from sync.redis.connection import REDIS_TROUBLE
from sync.redis.leases import Lease

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from domain.errors import OutsideError
    from sync.connect.vault import Vault
    from sync.redis.connection import Client

log = structlog.get_logger()

PURPOSE = "zoom-token"
RENEW_EARLY = 120.0
"""Seconds before its end at which a token is replaced."""
REFUSED_SECONDS = 5.0
"""For so long credentials that Zoom has refused are not tried again."""
WAIT_SECONDS = 12.0
"""How long to wait for another process that gets one: longer than its lease lasts."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A token as Zoom gave it: it `lives` so many seconds, of which `left` are left."""

    token: str = field(repr=False)
    lives: float
    left: float

    @property
    def usable(self) -> float:
        """Seconds for which it may still be used."""
        return self.left - min(RENEW_EARLY, self.lives / 2)


@dataclass(frozen=True, slots=True)
class ZoomTokenShelf:
    """The token in Redis, sealed, for all processes. Raises REDIS_TROUBLE.

    `owner` names the account and the app: a token opens for no other.
    """

    client: Client
    vault: Vault
    _: KW_ONLY
    owner: str

    async def read(self) -> Issued | None:
        """The token of all. One that does not open (other keys, another app) counts as none."""
        pipe = self.client.pipeline(transaction=False)
        pipe.get(keys.ZOOM_TOKEN)
        pipe.pttl(keys.ZOOM_TOKEN)
        sealed, left_ms = await pipe.execute()
        if sealed is None or left_ms <= 0:
            return None
        try:
            token, lives = json.loads(self.vault.open(self.owner, PURPOSE, sealed))
        except (VaultError, ValueError):
            return None
        return Issued(str(token), float(lives), left_ms / 1000)

    async def keep(self, issued: Issued) -> None:
        """Put a new one in its place, until its end."""
        text = json.dumps([issued.token, issued.lives])
        sealed = self.vault.seal(self.owner, PURPOSE, text)
        await self.client.set(keys.ZOOM_TOKEN, sealed, px=max(1, int(issued.left * 1000)))

    def lease(self) -> Lease:
        """Whoever has it gets a new one."""
        return Lease(self.client, keys.ZOOM_TOKEN_LEASE, keys.ZOOM_TOKEN_LEASE_TTL * 1000)


@dataclass(frozen=True, slots=True)
class _Held:
    token: str = field(repr=False)
    got: float
    ends: float


@dataclass(eq=False, repr=False)
class ZoomTokens:
    """Gives the token. `fetch` asks Zoom for a new one; `now` gives monotonic seconds."""

    fetch: Callable[[], Awaitable[Issued]]
    shelf: ZoomTokenShelf | None
    _: KW_ONLY
    now: Callable[[], float]

    def __post_init__(self) -> None:
        self._held: _Held | None = None
        self._failed: tuple[float, OutsideError] | None = None
        self._flight: asyncio.Task[_Held] | None = None

    async def get(self, *, refused: str | None = None) -> str:
        """A token that may still be used, and is another than the one that Zoom has `refused`.

        Whoever asks meanwhile shares the answer, also when it is a failure: what `fetch` raises.
        """
        token = ""
        for _ in range(2):  # the first flight may have left before the refusal
            held = self._held
            if held is not None and held.token != refused and self.now() < held.ends:
                return held.token
            if self._flight is None:
                self._flight = asyncio.create_task(self._obtain(refused), name="zoom-token")
                self._flight.add_done_callback(self._landed)
            # Whoever gives up meanwhile does not take the others down with them.
            token = (await asyncio.shield(self._flight)).token
            if token != refused:
                break
        return token

    def age(self, token: str) -> float:
        """Seconds since Zoom gave a token; 0 when it is not the newest that we know."""
        held = self._held
        return self.now() - held.got if held is not None and held.token == token else 0.0

    async def _obtain(self, refused: str | None) -> _Held:
        if self.shelf is None:
            return self._hold(await self._ask())
        try:
            if known := await self._other_than(self.shelf, refused):
                return known
            async with self.shelf.lease().held(WAIT_SECONDS) as ours:
                # Whoever had the lease before us may have got one.
                if known := await self._other_than(self.shelf, refused):
                    return known
                if ours:
                    return self._hold(await self._new())
        except REDIS_TROUBLE as error:
            log.warning("zoom_token_not_shared", error=type(error).__name__)
            return self._hold(await self._ask())
        raise RetryLater("zoom_token_busy")

    async def _other_than(self, shelf: ZoomTokenShelf, refused: str | None) -> _Held | None:
        issued = await shelf.read()
        if issued is None or issued.token == refused or issued.usable <= 0:
            return None
        return self._hold(issued)

    async def _ask(self) -> Issued:
        """Ask Zoom, unless it has just said when to come back, or refused us."""
        if self._failed is not None and self.now() < self._failed[0]:
            raise self._failed[1]
        try:
            return await self.fetch()
        except AdminMustAct as error:
            self._failed = (self.now() + REFUSED_SECONDS, error)
            raise
        except RetryLater as error:
            self._failed = (self.now() + (error.after or 0.0), error)
            raise

    async def _new(self) -> Issued:
        issued = await self._ask()
        if self.shelf is not None:
            try:
                await self.shelf.keep(issued)
            except REDIS_TROUBLE as error:
                log.warning("zoom_token_not_shared", error=type(error).__name__)
        return issued

    def _hold(self, issued: Issued) -> _Held:
        now = self.now()
        self._held = _Held(
            issued.token,
            got=now - (issued.lives - issued.left),
            ends=now + issued.usable,
        )
        return self._held

    def _landed(self, flight: asyncio.Task[_Held]) -> None:
        self._flight = None
        if not flight.cancelled():
            flight.exception()  # who waits gets it; perhaps nobody does any more
