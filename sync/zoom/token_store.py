"""Zoom's access token in Redis, sealed, for all processes (sync.zoom.tokens)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sync.connect.vault import VaultError
from sync.redis import keys
from sync.redis.leases import Lease
from sync.zoom.tokens import Issued

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from sync.connect.vault import Vault
    from sync.redis.connection import Client

PURPOSE = "zoom-token"


class ZoomTokenShelf:
    """`owner` names the account and the app: a token opens for no other."""

    def __init__(self, client: Client, vault: Vault, *, owner: str) -> None:
        self._client = client
        self._vault = vault
        self._owner = owner

    async def read(self) -> Issued | None:
        """The token of all. One that does not open (other keys, another app) counts as none."""
        pipe = self._client.pipeline(transaction=False)
        pipe.get(keys.ZOOM_TOKEN)
        pipe.pttl(keys.ZOOM_TOKEN)
        sealed, left_ms = await pipe.execute()
        if sealed is None or left_ms <= 0:
            return None
        try:
            token, lives = json.loads(self._vault.open(self._owner, PURPOSE, sealed))
        except (VaultError, ValueError):
            return None
        return Issued(str(token), float(lives), left_ms / 1000)

    async def keep(self, issued: Issued) -> None:
        """Keep it until its end."""
        text = json.dumps([issued.token, issued.lives])
        sealed = self._vault.seal(self._owner, PURPOSE, text)
        await self._client.set(keys.ZOOM_TOKEN, sealed, px=max(1, int(issued.left * 1000)))

    def lease(self) -> AbstractAsyncContextManager[bool]:
        """Whether it is this process that gets a new one."""
        return Lease(self._client, keys.ZOOM_TOKEN_LEASE, keys.ZOOM_TOKEN_LEASE_TTL * 1000).held()
