"""Links in Redis: who is connected, as whom Zoom knows them, and how a link begins and ends."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import structlog

from domain.errors import Trouble
from domain.link import Link
from domain.person import Patch
from domain.policy import AuthorisedBy
from domain.step import Lane
from sync.engine import scripts as lua
from sync.engine.person_row import read_state
from sync.engine.queue import PeopleQueue, shard_of
from sync.engine.zoom_index import Contended, Taken, ZoomIndex, index_keys
from sync.redis import keys
from sync.redis.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from domain.person import PersonState
    from domain.presence import Observation
    from sync.redis.keys import Key

log = structlog.get_logger()

LINKS = Rows(Link, whole=True)


class Left(IntEnum):
    """What came of having somebody forgotten."""

    NOT_CONNECTED = -1
    CONNECTED_LATER = 0
    LEAVING = 1
    CARRIES_ON = 2  # by an authorisation of their own


@dataclass(eq=False)
class LinkRows(PeopleQueue):
    """Every read and write of links and of the index that leads to them.

    `hands_over`: the organisation's token is of another registration than people sign in with.
    """

    hands_over: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.index = ZoomIndex(self._scripts, self._owner_link)

    async def connect(
        self,
        link: Link,
        sealed_tokens: str,
        observation: Observation | None,
        group_ids: Iterable[str] = (),
        *,
        attempt: str | None = None,
    ) -> int:
        """Save a connection (a new one or in place of an earlier one); returns its generation.

        The person has authorised it.
        `group_ids` are the person's Zoom groups. With `attempt` (bot.sign_in.store) only if that
        attempt to connect is still live, and it is not afterwards; else 0, and nothing is kept.
        Raises Taken, Contended (sync.engine.zoom_index); then an earlier connection is as it was,
        or (Contended, in a race) there is none.
        """
        return await self._connect(link, sealed_tokens, "", observation, group_ids, attempt)

    async def start(
        self, link: Link, opt_out: str, observation: Observation | None, group_ids: Iterable[str]
    ) -> int:
        """Save a connection that the organisation authorised; returns its generation.

        0: the person has said *Not for me* (`opt_out`: hashed, see sync.organisation.opt_outs), and
        nothing is kept. Raises Taken, Contended like `connect`.
        """
        return await self._connect(link, None, opt_out, observation, group_ids, None)

    async def _connect(
        self,
        link: Link,
        sealed: str | None,
        opt_out: str,
        observation: Observation | None,
        group_ids: Iterable[str],
        attempt: str | None,
    ) -> int:
        async def make() -> list[Any]:
            oid = link.object_id
            return await self._scripts.run(
                lua.connect,
                person=keys.person(oid),
                shard=shard_of(oid),
                everybody=keys.everybody(keys.shard_of(oid)),
                link=keys.link(oid),
                tokens=keys.tokens(oid),
                live=keys.live_sign_in(oid),
                opt_out=keys.opt_out(oid, opt_out),
                member=oid,
                text=LINKS.dump(link),
                sealed=sealed or "",
                by=AuthorisedBy.ORGANISATION if sealed is None else None,
                hands_over=self.hands_over,
                presence=observation.presence.value if observation else None,
                at_ms=observation.at_ms if observation else 0,
                zoom_id=link.zoom_id or "",
                groups=",".join(sorted(group_ids)),
                attempt=attempt,
                addresses=_lines(link.addresses),
            )

        return await self._with_index(link, make)

    async def relink(self, link: Link, generation: int) -> bool:
        """Keep what is known anew of the Zoom person of a connection.

        False: it has ended, or was replaced. Raises Taken, Contended like `connect`.
        """

        async def make() -> list[Any]:
            made, *former = await self._scripts.run(
                lua.relink,
                person=keys.person(link.object_id),
                link=keys.link(link.object_id),
                generation=generation,
                text=LINKS.dump(link),
                zoom_id=link.zoom_id or "",
                addresses=_lines(link.addresses),
            )
            return [made and generation, *former]

        return bool(await self._with_index(link, make))

    async def _with_index(self, link: Link, make: Callable[[], Awaitable[list[Any]]]) -> int:
        """Change a link together with the index.

        `make` changes it, and gives the generation (0: it could not be) and the link that it found.
        """
        oid, before = link.object_id, await self.link(link.object_id)
        mine, mark = index_keys(link), secrets.token_hex(6)
        stale = [key for key in (index_keys(before) if before else ()) if key not in mine]
        try:
            await self.index.claim(link, mark)
        except (Taken, Contended):
            await self._clear_up(mine, oid)
            raise
        await self.index.doubt(stale, oid)
        generation, *former = await make()
        if former and former[0] and (found := read_link(oid, former[0])) is not None:
            # Another one by now, where somebody else has changed it meanwhile.
            stale = list({*stale, *index_keys(found)} - {*mine})
        if not generation:
            await self._clear_up([*mine, *stale], oid)
        elif await self.index.settle(link):
            # What was settled too: the link may have been replaced before it was.
            await self._clear_up([*stale, *mine], oid)
        else:
            # We stood still for so long that somebody else took it for ours to have died.
            await self.erase(oid, generation)
            raise Contended
        return int(generation)

    async def link(self, object_id: str) -> Link | None:
        """The link of a person, None when not connected (or damaged: connecting anew mends it)."""
        return read_link(object_id, await self._client.get(keys.link(object_id)))

    async def owner_of(self, *, address: str | None, zoom_id: str | None) -> str | None:
        """The connected person behind a Zoom id, else behind a folded address, or None.

        A link that has a Zoom id belongs to that one alone. Found by an address only, somebody
        counts as who *may* be meant: addresses are given to others.
        """
        by_id = await self._found(keys.zoom_id(zoom_id)) if zoom_id else None
        if by_id is not None or not address:
            return by_id
        oid = await self._found(keys.zoom_address(address))
        if oid is not None and zoom_id:
            link = await self.link(oid)
            if link is None or link.zoom_id not in {None, zoom_id}:
                return None
        return oid

    async def _found(self, key: Key) -> str | None:
        oid, settled = await self.index.owner(key)
        if oid is None or settled:
            return oid
        link = await self.link(oid)  # it was left behind: perhaps it is right
        if link is None or key not in index_keys(link):
            return None
        await self.index.keep(key, oid)
        return oid

    async def leave(self, object_id: str, by_ms: int | None = None) -> Left:
        """Have the next worker clear and erase a person, if they connected by that time (ms)."""
        outcome = await self._scripts.run(
            lua.leave,
            person=keys.person(object_id),
            shard=shard_of(object_id),
            member=object_id,
            by_ms=by_ms,
        )
        return Left(outcome)

    async def uncover(self, object_id: str, opt_out: str, by_ms: int | None = None) -> Left:
        """End the organisation's authorisation for somebody, if they connected by that time (ms).

        Where one of their own is still kept, that counts from now on; else, or if they said *Not
        for me* (`opt_out`: see `start`), they are cleared and erased, like `leave`.
        """
        carries_on = await self._scripts.run(
            lua.own_carry_on,
            person=keys.person(object_id),
            shard=shard_of(object_id),
            tokens=keys.tokens(object_id),
            opt_out=keys.opt_out(object_id, opt_out),
            member=object_id,
            by_ms=by_ms,
        )
        return Left.CARRIES_ON if carries_on else await self.leave(object_id, by_ms)

    async def erase_own(self, object_id: str, *, at_once: bool = False) -> bool:
        """Erase their own authorisation, if it was kept for long enough, or `at_once`.

        False: it is not due, or none is kept.
        """
        return await self._scripts.run(
            lua.own_erase,
            person=keys.person(object_id),
            shard=shard_of(object_id),
            tokens=keys.tokens(object_id),
            at_once=at_once,
        )

    async def must_authorize(self, state: PersonState, code: str) -> bool:
        """Keep that a connection's authorisation ended. False: they connected anew, or left."""
        fresh = await self.state(state.object_id)
        if fresh is None or fresh.generation != state.generation:
            return False
        if fresh.trouble != Trouble.AUTHORIZE:  # else it stays known since when
            ended = Patch.must_authorize(code, await self.now_ms())
            await self.demand(state.object_id, Lane.CHANGE, ended)
        return True

    async def erase(self, object_id: str, generation: int, gone_ms: int | None = None) -> bool:
        """Forget a person, unless they connected anew meanwhile.

        `gone_ms`: they are forgotten because their app has been away since then; not if it is back.
        """
        index = await self._doubted(object_id)
        erased = await self._scripts.run(
            lua.erase,
            person=keys.person(object_id),
            shard=shard_of(object_id),
            everybody=keys.everybody(keys.shard_of(object_id)),
            link=keys.link(object_id),
            tokens=keys.tokens(object_id),
            look_ups=keys.look_ups(object_id),
            member=object_id,
            generation=generation,
            gone_ms=gone_ms,
        )
        await self._clear_up(index, object_id)
        if erased:
            await self._client.delete(keys.look(object_id))
            await self._client.hdel(keys.UNPROVEN_NEWS, object_id)
        return erased

    async def retire(self, object_id: str, lease: str = "") -> int | None:
        """Erase what is not needed any more of somebody who leaves but can't be cleared yet.

        `lease` is the caller's own. Returns when their tokens end at the latest (epoch ms), by
        which time nothing of ours is left at Microsoft either. None: nobody leaves (any more).
        """
        index = await self._doubted(object_id)
        ends_ms = await self._scripts.run(
            lua.retire,
            person=keys.person(object_id),
            shard=shard_of(object_id),
            link=keys.link(object_id),
            tokens=keys.tokens(object_id),
            look_ups=keys.look_ups(object_id),
            token=lease,
        )
        await self._clear_up(index, object_id)
        return ends_ms

    async def _doubted(self, object_id: str) -> list[Key]:
        """The keys by which somebody is found, who may soon not have them any more."""
        link = await self.link(object_id)
        index = index_keys(link) if link else []
        await self.index.doubt(index, object_id)
        return index

    async def _clear_up(self, index: Iterable[Key], object_id: str) -> None:
        """Leave these keys as the link says."""
        index = list(index)
        if index:  # doubted again, because an event may just have kept them (`_found`)
            await self.index.doubt(index, object_id)
            link = await self.link(object_id)
            await self.index.clear_up(index, object_id, index_keys(link) if link else ())

    async def connected_now(self, object_id: str) -> tuple[Link, PersonState] | None:
        """Somebody's link and state; None when not connected, or about to leave."""
        link, state = await self.link_and_state(object_id)
        return None if link is None or state is None or state.leaving else (link, state)

    async def _owner_link(self, object_id: str) -> Link | None:
        known = await self.connected_now(object_id)
        return None if known is None else known[0]

    async def state(self, object_id: str) -> PersonState | None:
        """The engine's knowledge of a person; None when not connected."""
        fields = await self._client.hgetall(keys.person(object_id))
        return read_state(object_id, fields) if fields else None

    async def app_is_gone(self, object_id: str) -> bool:
        """Whether a connected person's app is taken out at the moment."""
        return bool(await self._client.hexists(keys.person(object_id), "gone"))

    async def is_leaving(self, object_id: str) -> bool:
        """Whether somebody has left and is still to be cleared."""
        return bool(await self._client.hexists(keys.person(object_id), "leaving"))

    async def link_and_state(self, object_id: str) -> tuple[Link | None, PersonState | None]:
        """`link` and `state` in one command, which costs half of a pipeline of two."""
        link, state, _ = await self._look_up(object_id, counts=False)
        return link, state

    async def _look_up(
        self, object_id: str, *, counts: bool
    ) -> tuple[Link | None, PersonState | None, int]:
        text, row, count = await self._scripts.run(
            lua.admit,
            person=keys.person(object_id),
            link=keys.link(object_id),
            counter=keys.admitted(object_id),
            counts=counts,
        )
        fields = iter(row)
        state = read_state(object_id, dict(zip(fields, fields, strict=True))) if row else None
        return read_link(object_id, text), state, int(count)


def _lines(addresses: Iterable[str]) -> str:
    """How the script of an event finds an address among these."""
    return "".join(f"\n{address}\n" for address in addresses)


def read_link(object_id: str, text: str | None) -> Link | None:
    """A stored link; None: there is none, or it is damaged (which is logged)."""
    link = LINKS.load_if_good(text)
    if text is not None and (link is None or link.object_id != object_id):
        log.error("person_link_damaged", person=object_id)
        return None
    return link
