"""Whom admins have excluded: the organisation's authorisation never starts them, nor shows them.

Their own sign-in is not touched by it. Who is excluded by what Entra says of their account
(domain.matching.excluded) is not kept here.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from sync.redis import keys
from sync.redis.batches import CHUNK, chunks, fields_of
from sync.redis.connection import server_ms
from sync.redis.rows import Rows
from sync.settings.audit import Actor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sync.redis.connection import Client

log = structlog.get_logger()

MOST: Final = 50_000
"""Whoever wants to exclude more narrows the level instead."""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Somebody is excluded, by whom, since when (epoch ms) and why (domain.reason; may be empty).

    `name` and `address` are those at the time, to call them by; empty where they were not known.
    """

    object_id: str
    name: str
    address: str
    by: Actor
    at_ms: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FileUndo:
    """What the last file of an operator did: whom it `excluded` (object ids), or `included`."""

    at_ms: int
    excluded: tuple[str, ...] = ()
    included: tuple[Exclusion, ...] = ()


EXCLUSIONS: Final = Rows(Exclusion)
UNDO: Final = Rows(FileUndo)


class TooMany(Exception):
    """No more exclusions are kept: nobody was added."""


@dataclass(frozen=True, slots=True)
class ExclusionStore:
    """Every read and write of them. A damaged row still excludes."""

    client: Client

    async def now_ms(self) -> int:
        """The time of the Redis server (epoch ms)."""
        return await server_ms(self.client)

    async def has(self, object_id: str) -> bool:
        """Whether somebody is excluded."""
        return bool(await self.client.hexists(keys.EXCLUDED, object_id.lower()))

    async def among(self, people: Sequence[str]) -> set[str]:
        """Those of these who are."""
        rows = await self._rows(people)
        return {oid for oid in people if oid.lower() in rows}

    async def add(self, rows: Iterable[Exclusion]) -> list[Exclusion]:
        """Exclude these; those who were not excluded before. Raises TooMany."""
        new = {row.object_id.lower(): row for row in rows}
        out = await self.among(list(new))
        if await self.count() + len(new.keys() - out) > MOST:
            raise TooMany
        added = list[Exclusion]()
        for some in chunks(list(new.items()), CHUNK):
            pipe = self.client.pipeline(transaction=False)
            for oid, row in some:
                # Two admins at once: the first one's word stays.
                pipe.hsetnx(keys.EXCLUDED, oid, EXCLUSIONS.dump(row))
            done = await pipe.execute()
            here = [row for (_, row), was_new in zip(some, done, strict=True) if was_new]
            if here:
                await self.client.incr(keys.EXCLUDED_CHANGES)
                log.info("excluded", people=[row.object_id for row in here])
            added += here
        return added

    async def remove(self, people: Iterable[str]) -> list[str]:
        """Exclude these no longer; those who were."""
        removed = list[str]()
        for some in chunks(list(people), CHUNK):
            pipe = self.client.pipeline(transaction=False)
            for oid in some:
                pipe.hdel(keys.EXCLUDED, oid.lower())
            done = await pipe.execute()
            here = [oid for oid, was_there in zip(some, done, strict=True) if was_there]
            if here:
                await self.client.incr(keys.EXCLUDED_CHANGES)
                log.info("included", people=here)
            removed += here
        return removed

    async def changes(self) -> int:
        """How often this was changed: tells two states of it apart."""
        return int(await self.client.get(keys.EXCLUDED_CHANGES) or 0)

    # -- files (python app.py exclude, include) ----------------------------------------------------

    async def keep_undo(self, undo: FileUndo) -> None:
        """Keep what a file is about to do, in the place of the last one."""
        await self.client.set(keys.EXCLUDED_UNDO, UNDO.dump(undo), ex=keys.UNDO_TTL)

    async def undoable(self) -> FileUndo | None:
        """What the last file did; None: there was none, or it was taken back."""
        return UNDO.load_if_good(await self.client.get(keys.EXCLUDED_UNDO))

    async def drop_undo(self) -> None:
        """It was taken back."""
        await self.client.delete(keys.EXCLUDED_UNDO)

    # -- who is ------------------------------------------------------------------------------------

    async def count(self) -> int:
        """How many are excluded."""
        return int(await self.client.hlen(keys.EXCLUDED))

    async def of(self, people: Sequence[str]) -> list[Exclusion]:
        """Those of these who are, with what is kept of it."""
        return [_read(oid, text) for oid, text in (await self._rows(people)).items()]

    async def everybody(self) -> list[Exclusion]:
        """All of them, the newest first. Others are served between some and some."""
        found = [_read(oid, text) for oid, text in (await self._texts()).items()]
        return sorted(found, key=_newest_first)

    async def newest(self, first: int, count: int) -> list[Exclusion]:
        """So many of them in that order, from a place on (0: the newest). Reads no other whole."""
        texts = await self._texts()
        places = sorted((-_at_ms(text), oid) for oid, text in texts.items())
        return [_read(oid, texts[oid]) for _, oid in places[first : first + count]]

    async def _rows(self, people: Sequence[str]) -> dict[str, str]:
        return await fields_of(self.client, keys.EXCLUDED, [oid.lower() for oid in people])

    async def _texts(self) -> dict[str, str]:
        return {
            str(oid): str(text)
            async for oid, text in self.client.hscan_iter(keys.EXCLUDED, count=CHUNK)
        }


def _newest_first(row: Exclusion) -> tuple[int, str]:
    return -row.at_ms, row.object_id


def _at_ms(text: str) -> int:
    """Since when, of a row that may be damaged."""
    with contextlib.suppress(ValueError, TypeError, KeyError):
        return int(json.loads(text)["at_ms"])
    return 0


def _read(object_id: str, text: str) -> Exclusion:
    row = EXCLUSIONS.load_if_good(text)
    if row is None:
        log.error("exclusion_damaged", person=object_id)
        return Exclusion(object_id, "", "", Actor("", ""), 0)
    return row
