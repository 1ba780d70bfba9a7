"""What admins decide about matching: domain aliases, and who a Zoom user is by hand.

Nothing here matches anybody: the next matching reads it (sync.organisation.rematching).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from domain.matching import ByHand
from sync.organisation.matches import good_row
from sync.redis import keys
from sync.redis.connection import server_ms
from sync.redis.rows import Rows
from sync.settings.audit import Actor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sync.redis.connection import Client


MOST_ALIASES: Final = 200
MOST_BY_HAND: Final = 20_000
"""More is no work by hand; the addresses in Zoom are to be corrected then."""
OPERATOR: Final = Actor("operator", "Operator")
"""Whoever runs the app, at the command line."""


@dataclass(frozen=True, slots=True)
class Alias:
    """A mail domain is another one by now. `at_ms`: epoch ms."""

    new: str
    by: Actor
    at_ms: int


@dataclass(frozen=True, slots=True)
class Given:
    """Somebody of Entra has this Zoom user, says `by`; it counts once another one `confirmed` it.

    `address` and `zoom_address` are those at the time, to call them by.
    """

    object_id: str
    address: str
    zoom_id: str
    zoom_address: str
    by: Actor
    at_ms: int
    confirmed: Actor | None = None
    confirmed_ms: int | None = None

    def mapping(self) -> ByHand:
        """As matching takes it."""
        sure = None if self.confirmed is None else self.confirmed.actor_id
        return ByHand(self.object_id, self.zoom_id, self.by.actor_id, sure)


@dataclass(frozen=True, slots=True)
class Undo:
    """What a file of mappings replaced: the rows before it; None: there was none."""

    at_ms: int
    before: dict[str, Given | None]


ALIASES: Final = Rows(Alias)
GIVEN: Final = Rows(Given)
UNDO: Final = Rows(Undo)


class TooMany(Exception):
    """No more aliases, or mappings by hand, are kept."""


@dataclass(frozen=True, slots=True)
class HandStore:
    """Every read and write of aliases and mappings by hand."""

    client: Client

    async def now_ms(self) -> int:
        """The time of the Redis server (epoch ms)."""
        return await server_ms(self.client)

    async def aliases(self) -> dict[str, Alias]:
        """All aliases by the old domain; a damaged row is left out."""
        rows = await self.client.hgetall(keys.ALIASES)
        return {old: row for old, text in rows.items() if (row := good_row(ALIASES, old, text))}

    async def set_alias(self, old: str, alias: Alias) -> None:
        """Keep an alias of a folded domain. Raises TooMany."""
        await self._room(keys.ALIASES, old, MOST_ALIASES)
        await self.client.hset(keys.ALIASES, old, ALIASES.dump(alias))

    async def drop_alias(self, old: str) -> Alias | None:
        """Drop an alias; it as it was, None: there was none."""
        text = await self.client.hget(keys.ALIASES, old)
        await self.client.hdel(keys.ALIASES, old)
        return good_row(ALIASES, old, text)

    async def everything(self) -> dict[str, Given]:
        """All mappings by object id, confirmed or not; a damaged row is left out."""
        rows = await self.client.hgetall(keys.BY_HAND)
        return {oid: row for oid, text in rows.items() if (row := good_row(GIVEN, oid, text))}

    async def of_person(self, object_id: str) -> Given | None:
        """The mapping of somebody."""
        return good_row(GIVEN, object_id, await self.client.hget(keys.BY_HAND, object_id))

    async def give(self, given: Given) -> None:
        """Keep a mapping in the place of the person's former one. Raises TooMany."""
        await self._room(keys.BY_HAND, given.object_id, MOST_BY_HAND)
        await self.client.hset(keys.BY_HAND, given.object_id, GIVEN.dump(given))

    async def confirm(self, seen: Given, by: Actor) -> Given | None:
        """Confirm a mapping as somebody has seen it; None: it is another one by now.

        Whoever made it can't. Raises ValueError for them.
        """
        if by.actor_id == seen.by.actor_id:
            raise ValueError("whoever maps somebody can't confirm it")
        now = await self.of_person(seen.object_id)
        if now is None or (now.zoom_id, now.at_ms) != (seen.zoom_id, seen.at_ms):
            return None
        sure = replace(now, confirmed=by, confirmed_ms=await self.now_ms())
        await self.client.hset(keys.BY_HAND, now.object_id, GIVEN.dump(sure))
        return sure

    async def take_back(self, object_id: str) -> Given | None:
        """Drop a mapping; it as it was, None: there was none."""
        was = await self.of_person(object_id)
        await self.client.hdel(keys.BY_HAND, object_id)
        return was

    async def _room(self, key: keys.Key, field: str, most: int) -> None:
        full = await self.client.hlen(key) >= most
        if full and not await self.client.hexists(key, field):
            raise TooMany

    # -- files (python app.py match) -------------------------------------------------------------

    async def replace(self, rows: Sequence[Given]) -> None:
        """Keep all of these, and what they replace, so that it may be undone. Raises TooMany."""
        before = await self.everything()
        if len(before.keys() | {row.object_id for row in rows}) > MOST_BY_HAND:
            raise TooMany
        undo = Undo(await self.now_ms(), {row.object_id: before.get(row.object_id) for row in rows})
        await self.client.set(keys.UNDO, UNDO.dump(undo), ex=keys.UNDO_TTL)
        for row in rows:
            await self.client.hset(keys.BY_HAND, row.object_id, GIVEN.dump(row))

    async def undoable(self) -> Undo | None:
        """What the last file replaced; None: there was none, or it was undone."""
        return UNDO.load_if_good(await self.client.get(keys.UNDO))

    async def undo(self, undo: Undo) -> int:
        """Put back what a file replaced; how many mappings that changed."""
        for oid, row in undo.before.items():
            if row is None:
                await self.client.hdel(keys.BY_HAND, oid)
            else:
                await self.client.hset(keys.BY_HAND, oid, GIVEN.dump(row))
        await self.client.delete(keys.UNDO)
        return len(undo.before)


def plain(aliases: Mapping[str, Alias]) -> dict[str, str]:
    """Aliases as matching takes them: old to new."""
    return {old: alias.new for old, alias in aliases.items()}


def digest_of(aliases: Mapping[str, Alias], given: Mapping[str, Given]) -> str:
    """What tells two states of all this apart."""
    counting = sorted((it.object_id, it.zoom_id) for it in given.values() if it.mapping().counts)
    return json.dumps([sorted(plain(aliases).items()), counting])
