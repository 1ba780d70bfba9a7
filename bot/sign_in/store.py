"""Attempts to connect, between the chat and the browser (bot.sign_in.attempt.Attempts).

An attempt is a small hash under the hash of its secret. Which one is live stands with the person,
in their slot, so that the script that makes a link checks it in the same step (connect.lua).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.sign_in import scripts as lua
from domain.refusal import Refusal
from sync.redis import keys
from sync.redis.leases import Lease

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sync.redis.connection import Client
    from sync.redis.scripts import Scripts


@dataclass(frozen=True, slots=True)
class SignInRow:
    """What is kept of an attempt.

    `attempt` is its JSON, gone when it is over. `browser` is the hash of the secret of the one
    browser that goes on with it, `flow` the sign-in at Microsoft and `result` how it went, both
    sealed. `over`: why it may not be gone on with (a domain.refusal.Refusal).
    """

    attempt: str | None = None
    browser: str | None = None
    flow: str | None = None
    result: str | None = None
    over: str | None = None


class SignInStore:
    """Every read and write of sign-in attempts."""

    def __init__(self, client: Client, scripts: Scripts) -> None:
        self._client = client
        self._scripts = scripts

    async def begin(self, object_id: str, key: str, attempt: str) -> None:
        """Keep an attempt (10 minutes). The person's earlier one is over."""
        row = keys.sign_in(key)
        pipe = self._client.pipeline(transaction=False)
        pipe.hset(row, "attempt", attempt)
        pipe.expire(row, keys.SIGN_IN_TTL)
        await pipe.execute()
        before = await self._client.set(
            keys.live_sign_in(object_id), key, ex=keys.LIVE_SIGN_IN_TTL, get=True
        )
        if before is not None:
            await self._over(str(before), Refusal.REPLACED)

    async def read(self, key: str) -> SignInRow | None:
        """Look at an attempt; consumes nothing. None: there is none (any more)."""
        fields = await self._client.hgetall(keys.sign_in(key))
        return SignInRow(**fields) if fields else None

    async def bind(self, key: str, browser: str) -> str | None:
        """Give it to a browser, for 10 more minutes, unless one has it; whose it is then."""
        return await self._first(key, "browser", browser, keys.SIGN_IN_TTL)

    async def keep_flow(self, key: str, flow: str) -> str | None:
        """Keep the sign-in at Microsoft unless there is one; the one that there is then."""
        return await self._first(key, "flow", flow)

    async def take(self, key: str) -> Callable[[], Awaitable[None]] | None:
        """Have the caller finish it: of several at once one may, for a minute; None: not this one.

        What is returned lets another try, where the caller could not.
        """
        lease = Lease(self._client, keys.sign_in_taken(key), keys.SIGN_IN_TAKEN_TTL * 1000)
        return lease.let_go if await lease.take() else None

    async def finish(self, key: str, result: str) -> bool:
        """Keep how it went, and nothing else of it. False: it was over before, or is gone."""
        if await self._first(key, "result", result) != result:
            return False
        await self._client.hdel(keys.sign_in(key), "attempt", "flow")
        return True

    async def is_live(self, object_id: str, key: str) -> bool:
        """Whether it is the one attempt of its person that may still connect them."""
        return bool(await self._client.get(keys.live_sign_in(object_id)) == key)

    async def end(self, object_id: str) -> bool:
        """End the person's attempt, wherever they are with it. False: there was none."""
        # First of all it may not connect them any more.
        key = await self._client.getdel(keys.live_sign_in(object_id))
        return key is not None and await self._over(str(key), Refusal.ENDED)

    async def _first(
        self, key: str, field: str, value: str, ttl_s: int | None = None
    ) -> str | None:
        return await self._scripts.run(
            lua.sign_in_first, attempt=keys.sign_in(key), field=field, value=value, ttl_s=ttl_s
        )

    async def _over(self, key: str, why: Refusal) -> bool:
        return await self._scripts.run(lua.sign_in_end, attempt=keys.sign_in(key), why=why.value)
