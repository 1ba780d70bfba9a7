"""Whom Zoom means: the index from Zoom ids and addresses to connected people.

Theory of operation
-------------------
The index stands in other slots of a cluster than the people, so it can't change in one step with
them. A key's value is the owner's object id, and a mark while somebody is about to change it: the
owner, or (after a question mark) somebody else who would have it.

Connecting claims every key first, the Zoom id before the addresses, then makes the link, then
settles the keys: what was claimed has a TTL, what is settled has none. A key that somebody else
owns is marked, the owner is looked at, and it is taken only if it still carries that mark: so of
any number who connect at once, one gets it. A claim that is not settled within CLAIM_S is that of
a process that died.

What may be cut off gives keys a TTL first. What was left with one is believed, and kept, where
the owner's link says the same.

A Zoom id has one owner. An address has one only where it must do for an id: of two who both have
ids, the one who came last is found by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.engine import scripts as lua
from sync.redis import keys

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from domain.link import Link
    from sync.redis.keys import Key
    from sync.redis.scripts import Scripts


class Taken(Exception):
    """Another connected person (`owner`, an object id) has the Zoom user, or the address."""

    def __init__(self, owner: str) -> None:
        super().__init__(owner)
        self.owner = owner


class Contended(Exception):
    """Somebody else is about to have it, or to give it up: in a moment it is known."""


class ZoomIndex:
    """`owner_link` gives the link of somebody who is connected and not about to leave."""

    def __init__(
        self, scripts: Scripts, owner_link: Callable[[str], Awaitable[Link | None]]
    ) -> None:
        self._scripts = scripts
        self._owner_link = owner_link

    async def owner(self, key: Key) -> tuple[str | None, bool]:
        """Who stands in a key, and whether that is settled."""
        oid, ttl = await self._scripts.run(lua.index_owner, index=key)
        return str(oid) or None, ttl == -1

    async def claim(self, link: Link, mark: str) -> None:
        """Claim every key of a link that is about to be made.

        Raises Taken, Contended; then `clear_up` is to be called for all of them.
        """
        for key in index_keys(link):
            owner, *busy = await self._scripts.run(
                lua.index_claim, index=key, member=link.object_id, mark=mark
            )
            if owner:
                await self._take(key, str(owner), link, mark, busy=bool(busy))

    async def _take(self, key: Key, owner: str, link: Link, mark: str, *, busy: bool) -> None:
        theirs = await self._owner_link(owner)
        has_it = theirs is not None and key in index_keys(theirs)
        both_by_id = theirs is not None and theirs.zoom_id is not None and link.zoom_id is not None
        shared = both_by_id and key != keys.zoom_id(link.zoom_id or "")
        if busy:
            if has_it and not shared:
                raise Taken(owner)
            raise Contended
        if has_it and not shared:
            await self.keep(key, owner)
            raise Taken(owner)
        if not await self._scripts.run(
            lua.index_take, index=key, owner=owner, member=link.object_id, mark=mark
        ):
            raise Contended

    async def settle(self, link: Link) -> bool:
        """The link is made. False: what it stands on was lost to somebody else meanwhile."""
        lost = [
            key
            for key in index_keys(link)
            if not await self._scripts.run(lua.index_settle, index=key, member=link.object_id)
        ]
        by_id = keys.zoom_id(link.zoom_id) if link.zoom_id else None
        return by_id not in lost if by_id else not lost

    async def keep(self, key: Key, object_id: str) -> None:
        """What somebody may have lost is theirs."""
        await self._scripts.run(lua.index_mark, index=key, member=object_id, mark="kept")

    async def doubt(self, some: Iterable[Key], object_id: str) -> None:
        """Somebody may soon not have these any more."""
        for key in some:
            await self._scripts.run(lua.index_mark, index=key, member=object_id, mark="doubted")

    async def clear_up(self, some: Iterable[Key], object_id: str, right: Iterable[Key]) -> None:
        """Keep what the link says of these keys (somebody may have connected anew); drop the rest.

        They must have been doubted just before `right` was read.
        """
        kept = set(right)
        for key in some:
            mark: lua.Mark = "kept" if key in kept else "dropped"
            await self._scripts.run(lua.index_mark, index=key, member=object_id, mark=mark)


def index_keys(link: Link) -> list[Key]:
    """The keys by which somebody is found: the Zoom id first."""
    by_id = [keys.zoom_id(link.zoom_id)] if link.zoom_id else []
    return [*by_id, *dict.fromkeys(map(keys.zoom_address, link.addresses))]
