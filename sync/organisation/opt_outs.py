"""Who said *Not for me*: kept as keyed hashes, for nothing else, and for as long as they are there.

Of a person there are two, of their object id and of their Zoom user, and either is enough: whatever
account of theirs is matched anew, nobody but they may undo it. It outlives `disconnect` and their
erasure, and ends once they have left (sync.organisation.departed). What is kept tells nobody who
they are, but to who has the key (sync.connect.sealed).
"""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from domain.errors import AdminMustAct
from sync.organisation import scripts as lua
from sync.redis import keys
from sync.redis.batches import chunks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sync.connect.sealed import OptOutKey
    from sync.redis.connection import Client
    from sync.redis.scripts import Scripts

log = structlog.get_logger()

UNREADABLE = "opt_out_key_unreadable"
_LENGTH = 32
"""Hexadecimal digits of a hash: 128 bits."""
BATCH = 500


@dataclass(frozen=True, slots=True)
class Noted:
    """What is noted of an opt-out: its person's shard (None: not known), and gone since (epoch ms).

    Stored as `<shard>` or `<shard>:<gone since>`.
    """

    mark: str
    text: str

    @property
    def shard(self) -> int | None:
        """Where its key is."""
        shard = self.text.partition(":")[0]
        known = shard.isascii() and shard.isdigit() and int(shard) < keys.SHARDS
        return int(shard) if known else None

    @property
    def gone_ms(self) -> int | None:
        """Since when nobody of this mark is there."""
        since = self.text.partition(":")[2]
        return int(since) if since.isascii() and since.isdigit() else None


@dataclass(eq=False)
class OptOuts:
    """Reads and writes them. Everything raises AdminMustAct where the key does not open."""

    client: Client
    scripts: Scripts
    key: OptOutKey

    def __post_init__(self) -> None:
        self._key: bytes | None = None

    async def mark(self, object_id: str) -> str:
        """The hash of a person's object id."""
        return _entra(await self._load(), object_id)

    async def add(self, object_id: str, zoom_id: str | None) -> None:
        """Somebody says it; `zoom_id` is None where their Zoom user is not known."""
        key = await self._load()
        mark, zoom = _entra(key, object_id), None if zoom_id is None else _zoom(key, zoom_id)
        # First: then whoever forgets it at this moment, as of somebody who left, sees it again.
        await self.client.hset(keys.OPT_OUTS, mark, str(keys.shard_of(object_id)))
        # In the person's slot, where whoever would start them looks in the same step.
        await self.client.set(keys.opt_out(object_id, mark), zoom or "-")
        if zoom is not None:
            await self.client.set(keys.opt_out_of_zoom(zoom), mark)
        log.info("opted_out", person=object_id)

    async def lift(self, object_id: str, zoom_id: str | None) -> None:
        """They say the opposite: they want to start, or connect themselves."""
        key = await self._load()
        mark = _entra(key, object_id)
        former = await self.client.get(keys.opt_out(object_id, mark))
        known = {zoom for zoom in (former,) if zoom not in {None, "-"}}
        if zoom_id is not None:
            known.add(_zoom(key, zoom_id))
        for zoom in known:
            await self.client.delete(keys.opt_out_of_zoom(str(zoom)))
        await self.client.hdel(keys.OPT_OUTS, mark)
        if await self.client.delete(keys.opt_out(object_id, mark)):
            log.info("opt_out_lifted", person=object_id)

    async def has(self, object_id: str, zoom_id: str | None) -> bool:
        """Whether the person, or whoever had their Zoom user, has said it."""
        return object_id in await self.among({object_id: zoom_id})

    async def among(self, people: Mapping[str, str | None]) -> set[str]:
        """Those of these (by object id: their Zoom id) of whom `has` is true."""
        key = await self._load()
        pipe = self.client.pipeline(transaction=False)
        asked: list[str] = []
        for oid, zoom_id in people.items():
            pipe.exists(keys.opt_out(oid, _entra(key, oid)))
            asked.append(oid)
            if zoom_id is not None:
                pipe.exists(keys.opt_out_of_zoom(_zoom(key, zoom_id)))
                asked.append(oid)
        said = await pipe.execute()
        return {oid for oid, there in zip(asked, said, strict=True) if there}

    async def count(self) -> int:
        """How many people have said it."""
        return int(await self.client.hlen(keys.OPT_OUTS))

    # -- who of them is there (sync.organisation.departed) -----------------------------------------

    async def everything(self) -> list[Noted]:
        """What is noted of all of them."""
        rows = await self.client.hgetall(keys.OPT_OUTS)
        return [Noted(str(mark), str(text)) for mark, text in rows.items()]

    async def marks(self, people: Iterable[str]) -> dict[str, int]:
        """The marks of these people (object ids), and their shards."""
        key, everyone = await self._load(), list(people)
        # A hundred thousand take a fifth of a second.
        return await asyncio.to_thread(
            lambda: {_entra(key, oid): keys.shard_of(oid) for oid in everyone}
        )

    async def with_zoom(self, some: Sequence[Noted], zoom_ids: Iterable[str]) -> set[str]:
        """The marks of those of these whose Zoom user is one of these."""
        key, everyone = await self._load(), list(zoom_ids)
        there = await asyncio.to_thread(lambda: {_zoom(key, zoom_id) for zoom_id in everyone})
        found = set[str]()
        for part in chunks(some, BATCH):
            known = [one for one in part if one.shard is not None]
            pipe = self.client.pipeline(transaction=False)
            for one in known:
                pipe.get(keys.opt_out_in(one.shard or 0, one.mark))
            for one, zoom in zip(known, await pipe.execute(), strict=True):
                if zoom in there:
                    found.add(one.mark)
        return found

    async def note(self, noted: Noted, shard: int, gone_ms: int | None) -> None:
        """Note since when nobody of a mark is there (epoch ms; None: they are)."""
        text = str(shard) if gone_ms is None else f"{shard}:{gone_ms}"
        if text != noted.text:
            await self._change(noted, text)

    async def forget(self, noted: Noted) -> bool:
        """Forget one whose person has left. False: something else was noted meanwhile."""
        if noted.shard is None or not await self._change(noted, None):
            return False
        row = keys.opt_out_in(noted.shard, noted.mark)
        zoom = await self.client.getdel(row)
        if await self.client.hexists(keys.OPT_OUTS, noted.mark):  # said again at this very moment
            await self.client.set(row, zoom or "-", nx=True)
            return False
        of_zoom = None if zoom in {None, "-"} else keys.opt_out_of_zoom(str(zoom))
        # Somebody else may have had this Zoom user since, and said it, too.
        if of_zoom is not None and await self.client.get(of_zoom) == noted.mark:
            await self.client.delete(of_zoom)
        return True

    async def _change(self, noted: Noted, after: str | None) -> bool:
        return await self.scripts.run(
            lua.opt_out_note,
            everybody=keys.OPT_OUTS,
            mark=noted.mark,
            before=noted.text,
            after=after,
        )

    async def give_up(self) -> int:
        """Forget all of them, because the key is lost; how many that were. Readable by nobody."""
        count = await self.count()
        for start in ("pb:{*}:optout:*", "pb:{optouts}:zoom:*"):
            async for key in self.client.scan_iter(start, count=BATCH):
                await self.client.delete(key)
        await self.client.delete(keys.OPT_OUTS, keys.OPT_OUTS_READ)
        return count

    async def _load(self) -> bytes:
        if self._key is None:
            self._key = await self.key.load()
        if self._key is None:
            raise AdminMustAct(UNREADABLE)
        return self._key


def _entra(key: bytes, object_id: str) -> str:
    return _hashed(key, "entra", object_id.lower())


def _zoom(key: bytes, zoom_id: str) -> str:
    return _hashed(key, "zoom", zoom_id)


def _hashed(key: bytes, kind: str, text: str) -> str:
    return hmac.digest(key, f"{kind}:{text}".encode(), "sha256").hex()[:_LENGTH]
