"""Who has the app, and the addresses by which Zoom may know them.

A row is made when somebody installs the app or writes, and goes when they remove it
(bot.conversations). Until the channel has told their addresses it holds only its own id.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import structlog

from domain.clock import DAY
from sync.redis import keys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sync.redis.connection import Client

log = structlog.get_logger()

BATCH = 500
ASK_AGAIN_MS = DAY
"""A channel that gave no addresses is asked again after this ..."""
RENEW_MS = 30 * DAY
"""... and one that gave some after this: people change their names."""


@dataclass(frozen=True, slots=True)
class Met:
    """Somebody who has the app.

    `member_id` is the channel's own id of them. `addresses` are folded (domain.link); none: not
    known. `asked_ms` (epoch ms) is when the channel was last asked, 0: never. `external`: it said
    that they are a guest, or of another organisation.
    """

    member_id: str
    addresses: tuple[str, ...] = ()
    asked_ms: int = 0
    external: bool = False

    def is_due(self, now_ms: int) -> bool:
        """Whether the channel is to be asked (again)."""
        return now_ms - self.asked_ms >= (RENEW_MS if self.addresses else ASK_AGAIN_MS)


class RosterStore:
    """Rows of 400 days, renewed whenever the person writes."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def meet(self, object_id: str, member_id: str, now_ms: int) -> bool:
        """Somebody has the app. Whether the channel should be asked for their addresses."""
        key = keys.met(object_id)
        known = _read(object_id, await self._client.getex(key, ex=keys.REFERENCE_TTL))
        if known is None:
            await self._client.set(key, _write(Met(member_id)), ex=keys.REFERENCE_TTL)
            return True
        return known.is_due(now_ms)

    async def ask(self, object_id: str, now_ms: int) -> str | None:
        """The id by which to ask the channel about somebody, who counts as asked about then.

        None: somebody else has asked just now, or they don't have the app any more.
        """
        known = await self.find(object_id)
        if known is None or not known.is_due(now_ms):
            return None
        asked = await self._replace(object_id, replace(known, asked_ms=now_ms))
        return known.member_id if asked else None

    async def learn(self, object_id: str, addresses: Sequence[str], *, external: bool) -> None:
        """The channel told who they are. Nothing is kept of who has removed the app."""
        known = await self.find(object_id)
        if known is not None:
            told = replace(known, addresses=tuple(addresses), external=external)
            await self._replace(object_id, told)

    async def find(self, object_id: str) -> Met | None:
        """What is known of somebody; None: they don't have the app."""
        return _read(object_id, await self._client.get(keys.met(object_id)))

    async def is_external(self, object_id: str) -> bool:
        """Whether the channel told that somebody is external."""
        known = await self.find(object_id)
        return known is not None and known.external

    async def forget(self, object_id: str) -> None:
        """They don't have the app any more."""
        await self._client.delete(keys.met(object_id))
        await self._client.publish(keys.ERASED, "1")

    async def everyone(self) -> AsyncIterator[dict[str, Met]]:
        """Everybody who has the app, by object id, in batches; somebody may come twice."""
        prefix, batch = keys.met(""), list[str]()
        async for key in self._client.scan_iter(match=f"{prefix}*", count=2 * BATCH):
            batch.append(str(key)[len(prefix) :])
            if len(batch) >= BATCH:
                yield await self._rows(batch)
                batch = []
        if batch:
            yield await self._rows(batch)

    async def take_census(self) -> bool:
        """Whether it is this process that looks through the rows in this hour."""
        return bool(await self._client.set(keys.CENSUS, "1", nx=True, ex=keys.CENSUS_TTL))

    async def _rows(self, people: Sequence[str]) -> dict[str, Met]:
        pipe = self._client.pipeline(transaction=False)
        for oid in people:
            pipe.get(keys.met(oid))
        found = {}
        for oid, text in zip(people, await pipe.execute(), strict=True):
            row = _read(oid, text)
            if row is not None:
                found[oid] = row
        return found

    async def _replace(self, object_id: str, row: Met) -> bool:
        key = keys.met(object_id)
        return bool(await self._client.set(key, _write(row), xx=True, keepttl=True))


def _write(row: Met) -> str:
    return json.dumps(asdict(row), ensure_ascii=False, separators=(",", ":"))


def _read(object_id: str, text: str | None) -> Met | None:
    if text is None:
        return None
    try:
        row = json.loads(text)
        member_id, addresses, asked_ms = row["member_id"], row["addresses"], row["asked_ms"]
        if isinstance(member_id, str) and all(isinstance(a, str) for a in addresses):
            return Met(member_id, tuple(addresses), int(asked_ms), row.get("external") is True)
    except (ValueError, KeyError, TypeError):
        pass
    log.error("roster_row_damaged", person=object_id)
    return None
