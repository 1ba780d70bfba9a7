"""Which Zoom account's events count: several may share one app, and so one webhook secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from sync.redis import keys

if TYPE_CHECKING:
    from sync.redis.connection import Client

log = structlog.get_logger()

_MOST_TOLD: Final = 100


class ZoomAccount:
    """Our account: the one that is `configured`, else that of the first event ever.

    Once it is known it stays in this process's memory, so that events cost nothing more.
    """

    def __init__(self, client: Client, *, configured: str | None) -> None:
        self._client = client
        self._ours = configured
        self._told = set[str]()

    async def is_ours(self, account_id: str) -> bool:
        """Whether an account's events count; the operator is told once of each that does not."""
        if self._ours is None:
            self._ours = await self._remembered(account_id)
        if account_id == self._ours:
            return True
        if account_id not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(account_id)
            log.warning("zoom_other_account", account=account_id, ours=self._ours)
        return False

    async def _remembered(self, account_id: str) -> str:
        if await self._client.hsetnx(keys.FEED_STATE, "account", account_id):
            log.info("zoom_account_remembered", account=account_id)
            return account_id
        return str(await self._client.hget(keys.FEED_STATE, "account"))
