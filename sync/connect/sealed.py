"""Everything that is sealed and lives long, for moving it to a newer key (sync.connect.resealing).

What is sealed for minutes only (sign-ins under way, Zoom's token) ends by itself.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import structlog

from domain.clock import MINUTE
from sync.connect import scripts as lua
from sync.connect.vault import VaultError
from sync.redis import keys
from sync.redis.batches import batches
from sync.redis.leases import Lease

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from sync.connect.vault import Vault
    from sync.redis.connection import Client
    from sync.redis.keys import Key
    from sync.redis.scripts import Scripts

log = structlog.get_logger()

BATCH = 50
"""Rows of tokens read at once: some 400 kB."""
TAKEN_MS = MINUTE
BYTES = 32


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


@dataclass(frozen=True, slots=True)
class SealedStore:
    """Reads sealed rows and replaces them; keeps which key each process seals with."""

    client: Client
    scripts: Scripts

    def lease(self) -> Lease:
        """Whoever has it goes over the rows."""
        return Lease(self.client, keys.RESEALING_LEASE, TAKEN_MS)

    async def tokens(self) -> AsyncIterator[list[SealedRow]]:
        """The tokens of everybody, whatever ails them, in batches and in no order."""
        for shard in range(keys.SHARDS):
            people = self.client.sscan_iter(keys.everybody(shard), count=BATCH)
            async for some in batches(people, BATCH):
                yield await self._rows(some)

    async def _rows(self, people: Sequence[str]) -> list[SealedRow]:
        pipe = self.client.pipeline(transaction=False)
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

    async def sealed_key(self, row: Key) -> str | None:
        """A sealed key of our own (SealedKey), by where it stands."""
        text = await self.client.get(row)
        return None if text is None else str(text)

    async def keep_key(self, row: Key, sealed: str, before: str | None) -> bool:
        """Keep it in place of another (None: there was none). False: another process was first."""
        if before is None:
            return bool(await self.client.set(row, sealed, nx=True))
        return await self._replace(row, before, sealed)

    async def _replace(self, key: Key, before: str, after: str) -> bool:
        return await self.scripts.run(lua.reseal, sealed=key, before=before, after=after)

    # -- which key is in use -----------------------------------------------------------------

    async def seals_with(self, name: str, process: str, now_ms: int) -> None:
        """A process seals with the key of this name (sync.connect.vault.Vault.newest), now."""
        await self._note({f"{name}/{process}": now_ms})

    async def stopped(self, name: str, process: str, now_ms: int) -> None:
        """A process does not any more."""
        await self._note({name: now_ms})
        await self.client.hdel(keys.SEALING, f"{name}/{process}")

    async def _note(self, fields: Mapping[str, int]) -> None:
        pipe = self.client.pipeline(transaction=False)
        pipe.hset(keys.SEALING, mapping=fields)
        pipe.expire(keys.SEALING, keys.SEALING_TTL)
        await pipe.execute()

    async def sealing(self) -> list[Sealing]:
        """Which keys were sealed with of late."""
        found = await self.client.hgetall(keys.SEALING)
        return [
            Sealing(name, int(at), stopped=not process)
            for name, _, process, at in ((*str(f).partition("/"), at) for f, at in found.items())
        ]


@dataclass(eq=False, repr=False)
class SealedKey:
    """A key of our own: random, made once, sealed for all processes.

    It is no encryption key's child, so that a rotation of those changes nothing of what it is for.
    """

    row: ClassVar[Key]
    owner: ClassVar[str]
    purpose: ClassVar[str]

    rows: SealedStore
    vault: Vault

    def __post_init__(self) -> None:
        self._warned = False

    async def load(self) -> bytes | None:
        """The key. None: it was sealed with an encryption key that is not among ours.

        Then it is left as it is: the missing key may come back, and other processes may have it.
        """
        while True:
            sealed = await self.rows.sealed_key(self.row)
            if sealed is not None:
                try:
                    return bytes.fromhex(self.vault.open(self.owner, self.purpose, sealed))
                except VaultError:
                    if not self._warned:
                        self.does_not_open()
                    self._warned = True
                    return None
            await self.rows.keep_key(self.row, self._new(), None)

    async def reseal(self) -> bool | None:
        """Move it to the newest key. True: it was moved, False: no need, None: it does not open."""
        sealed = await self.rows.sealed_key(self.row)
        if sealed is None or not self.vault.needs_rotation(sealed):
            return False
        try:
            newest = self.vault.rotate(self.owner, self.purpose, sealed)
        except VaultError:
            return None
        return await self.rows.keep_key(self.row, newest, sealed)

    async def give_up(self) -> None:
        """Make a new one in place of one that does not open: what it was for ends."""
        await self.rows.keep_key(self.row, self._new(), await self.rows.sealed_key(self.row))

    def does_not_open(self) -> None:
        """Say so to operators."""
        raise NotImplementedError

    def _new(self) -> str:
        return self.vault.seal(self.owner, self.purpose, secrets.token_hex(BYTES))


class ButtonKey(SealedKey):
    """Signs the buttons of cards; one that is lost ends the buttons of older cards."""

    row = keys.BUTTON_KEY
    owner, purpose = "cards", "button-key"

    def does_not_open(self) -> None:
        """Say so to operators."""
        log.error("button_key_unreadable")


class OptOutKey(SealedKey):
    """Hashes who said *Not for me*. Nobody is started without it: it would not be known who did."""

    row = keys.OPT_OUT_KEY
    owner, purpose = "opt-outs", "hash-key"

    def does_not_open(self) -> None:
        """Say so to operators."""
        log.error("opt_out_key_unreadable")
