"""Everything that is sealed and lives long, for moving it to a newer key (sync.connect.resealing).

What is sealed for minutes only (sign-ins under way, Zoom's token) ends by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync.connect import scripts as lua
from sync.redis import keys
from sync.redis.leases import Lease

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from sync.redis.connection import Client
    from sync.redis.keys import Key
    from sync.redis.scripts import Scripts

BATCH = 50
"""Rows of tokens read at once: some 400 kB."""
KIND = "keys"
TAKEN_MS = 60_000
_ROUND = "reseal"


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A person's tokens as they are stored: their generation, and what is sealed."""

    object_id: str
    generation: str
    sealed: str

    def dump(self, sealed: str) -> str:
        """The stored text with another sealing of the same."""
        return f"{self.generation}:{sealed}"


@dataclass(frozen=True, slots=True)
class Sealing:
    """A key, by its name, was sealed with at a time (epoch ms), by a process that has `stopped`."""

    name: str
    at_ms: int
    stopped: bool


class SealedStore:
    """Reads sealed rows and replaces them; keeps which key each process seals with."""

    def __init__(self, client: Client, scripts: Scripts) -> None:
        self._client = client
        self._scripts = scripts

    def lease(self) -> Lease:
        """Whoever has it goes over the rows."""
        return Lease(self._client, keys.job_taken(KIND, _ROUND), TAKEN_MS)

    async def tokens(self) -> AsyncIterator[list[SealedRow]]:
        """The tokens of everybody, whatever ails them, in batches and in no order."""
        for shard in range(keys.SHARDS):
            batch: list[str] = []
            async for member in self._client.sscan_iter(keys.everybody(shard), count=BATCH):
                batch.append(str(member))
                if len(batch) >= BATCH:
                    yield await self._rows(batch)
                    batch = []
            if batch:
                yield await self._rows(batch)

    async def _rows(self, people: Sequence[str]) -> list[SealedRow]:
        pipe = self._client.pipeline(transaction=False)
        for oid in people:
            pipe.get(keys.tokens(oid))
        rows = []
        for oid, text in zip(people, await pipe.execute(), strict=True):
            if text is not None:  # else they have just left
                generation, _, sealed = str(text).partition(":")
                rows.append(SealedRow(oid, generation, sealed))
        return rows

    async def replace_tokens(self, row: SealedRow, sealed: str) -> bool:
        """Replace somebody's tokens. False: they changed meanwhile, and stay as they are."""
        return await self._replace(
            keys.tokens(row.object_id), row.dump(row.sealed), row.dump(sealed)
        )

    async def button_key(self) -> str | None:
        """The sealed key that signs the buttons of cards."""
        text = await self._client.get(keys.BUTTON_KEY)
        return None if text is None else str(text)

    async def keep_button_key(self, sealed: str, before: str | None) -> bool:
        """Keep it in place of another (None: there was none). False: another process was first."""
        if before is None:
            return bool(await self._client.set(keys.BUTTON_KEY, sealed, nx=True))
        return await self._replace(keys.BUTTON_KEY, before, sealed)

    async def _replace(self, key: Key, before: str, after: str) -> bool:
        return await self._scripts.run(lua.reseal, sealed=key, before=before, after=after)

    # -- which key is in use -----------------------------------------------------------------

    async def seals_with(self, name: str, process: str, now_ms: int) -> None:
        """A process seals with the key of this name (sync.connect.vault.Vault.newest), now."""
        await self._note({f"{name}/{process}": now_ms})

    async def stopped(self, name: str, process: str, now_ms: int) -> None:
        """A process does not any more."""
        await self._note({name: now_ms})
        await self._client.hdel(keys.SEALING, f"{name}/{process}")

    async def _note(self, fields: Mapping[str, int]) -> None:
        pipe = self._client.pipeline(transaction=False)
        pipe.hset(keys.SEALING, mapping=fields)
        pipe.expire(keys.SEALING, keys.SEALING_TTL)
        await pipe.execute()

    async def sealing(self) -> list[Sealing]:
        """Which keys were sealed with of late."""
        found = await self._client.hgetall(keys.SEALING)
        return [
            Sealing(name, int(at), stopped=not process)
            for name, _, process, at in ((*str(f).partition("/"), at) for f, at in found.items())
        ]
