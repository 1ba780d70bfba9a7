"""Leases: one process at a time does something, and who dies in the middle is followed by another.

(A worker's hold on a person is another thing: it is won together with a place in the queue.)
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import TYPE_CHECKING

from redis.asyncio.lock import Lock
from redis.exceptions import LockNotOwnedError

from sync.redis.connection import REDIS_TROUBLE, raise_if_cancelled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from sync.redis.connection import Client


class Lease:
    """One process's claim to a key for `ms` at a time. `name` tells holders apart.

    Whatever asks Redis raises REDIS_TROUBLE. A lease whose answer was lost is found to be ours the
    next time, since the name stays the same.
    """

    def __init__(self, client: Client, key: str, ms: int, name: str | None = None) -> None:
        self._client = client
        self._key = key
        self._ms = ms
        self._name = name or secrets.token_hex(6)
        self._lock = Lock(client, key, timeout=ms / 1000, thread_local=False)
        self._lock.local.token = self._token = self._name.encode()

    async def take(self) -> bool:
        """Whether it is ours from now on, for `ms`: taken, or made longer."""
        if await self.renew():
            return True
        return bool(await self._client.set(self._key, self._name, nx=True, px=self._ms))

    async def renew(self) -> bool:
        """Make it longer; False: it is not ours (any more)."""
        try:
            await self._lock.reacquire()
        except LockNotOwnedError:
            return False
        return True

    async def let_go(self) -> None:
        """Another may have it at once; nothing happens where it is not ours."""
        with contextlib.suppress(LockNotOwnedError):
            await self._lock.do_release(self._token)

    @contextlib.asynccontextmanager
    async def held(self, wait: float = 0.0) -> AsyncIterator[bool]:
        """Whether it is ours while the block runs; another holder is waited for, so many seconds.

        It may end before the block does, after `ms`.
        """
        ours = await self._lock.acquire(blocking_timeout=wait, token=self._name)
        try:
            yield ours
        finally:
            if ours:
                with contextlib.suppress(*REDIS_TROUBLE):  # then it ends by itself
                    await self.let_go()

    @contextlib.asynccontextmanager
    async def kept(
        self, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> AsyncIterator[None]:
        """Renew it while the block runs; a holder that must not go on without it asks `renew`."""

        async def renew() -> None:
            while True:
                await sleep(self._ms / 3000)
                with contextlib.suppress(*REDIS_TROUBLE):  # who uses it finds out
                    await self.renew()
                raise_if_cancelled()

        task = asyncio.create_task(renew(), name="lease")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
