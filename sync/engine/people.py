"""Connected people in Redis: who they are, their tokens, and where everybody stands."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from domain.errors import RetryLater, Trouble
from domain.presence import Shown
from sync.engine import scripts as lua
from sync.engine.link_store import LinkRows
from sync.engine.person_row import read_rows
from sync.redis import keys
from sync.redis.leases import Lease
from sync.redis.rows import Rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from domain.link import Link
    from domain.person import PersonState

log = structlog.get_logger()

LOOKS = Rows(Shown)


@dataclass(frozen=True, slots=True)
class PeopleCounts:
    """How many people are connected, and how many of them are parked, by reason."""

    connected: int
    parked: dict[str, int]


@dataclass(frozen=True, slots=True)
class Parked:
    """Somebody for whom nothing is tried any more, why, and since when (epoch ms)."""

    object_id: str
    reason: Trouble
    since_ms: int


@dataclass(eq=False)
class PeopleStore(LinkRows):
    """Every read and write of people's rows. `lease_wait` is in seconds."""

    lease_wait: float = keys.TOKEN_LEASE_TTL

    async def everyone(self) -> AsyncIterator[str]:
        """The object id of every connected person once, in no order."""
        for shard in range(keys.SHARDS):
            seen = set[str]()  # Redis may repeat some
            async for member in self._client.sscan_iter(keys.everybody(shard), count=1000):
                if member not in seen:
                    seen.add(member)
                    yield str(member)

    async def parked(self) -> AsyncIterator[Parked]:
        """Everybody who is parked, in no order."""
        for shard in range(keys.SHARDS):
            async for member, row in self._client.hscan_iter(keys.parked(shard), count=1000):
                since, _, reason = str(row).partition(":")
                if since.isdigit() and reason in set(Trouble):
                    yield Parked(str(member), Trouble(reason), int(since))
                else:
                    log.error("person_row_damaged", person=member, fields=["parked"])

    async def connected(self) -> int:
        """How many people are connected."""
        pipe = self._client.pipeline(transaction=False)
        for shard in range(keys.SHARDS):
            pipe.scard(keys.everybody(shard))
        return sum(map(int, await pipe.execute()))

    async def counts(self) -> PeopleCounts:
        """How many there are; reads a row of the parked only."""
        parked = {str(reason): 0 for reason in Trouble if reason.parks}
        async for person in self.parked():
            if person.reason.parks:
                parked[person.reason] += 1
        return PeopleCounts(await self.connected(), parked)

    # -- tokens (sync.connect.tokens.TokenRows) ------------------------------------------------

    async def read_tokens(self, object_id: str) -> tuple[int, str] | None:
        """Generation and sealed tokens; None when not connected (or damaged)."""
        text = await self._client.get(keys.tokens(object_id))
        if text is None:
            return None
        generation, _, sealed = str(text).partition(":")
        if not generation.isdigit() or not sealed:
            log.error("person_tokens_damaged", person=object_id)
            return None
        return int(generation), sealed

    async def save_tokens(self, object_id: str, generation: int, sealed: str) -> bool:
        """Save refreshed tokens; False when the link was replaced or removed meanwhile."""
        return await self._scripts.run(
            lua.save_tokens,
            person=keys.person(object_id),
            tokens=keys.tokens(object_id),
            generation=generation,
            sealed=sealed,
        )

    @contextlib.asynccontextmanager
    async def token_lease(self, object_id: str) -> AsyncIterator[None]:
        """Refresh a person's tokens alone. Raises RetryLater when another does for too long."""
        key, ms = keys.token_lease(object_id), keys.TOKEN_LEASE_TTL * 1000
        # Ours no longer if it takes too long; what was learned is good all the same.
        async with Lease(self._client, key, ms).held(self.lease_wait) as ours:
            if not ours:
                raise RetryLater("tokens_locked")
            yield

    # -- where people stand ----------------------------------------------------------------------

    async def admit(self, object_id: str) -> tuple[Link | None, PersonState | None, int]:
        """`link_and_state`, and how often their chat wanted something within a minute.

        In one command, because an answer in the chat waits for it.
        """
        return await self._look_up(object_id, counts=True)

    async def count_look_up(self, object_id: str, times: int = 1) -> int:
        """How often within a minute an admin has asked about others, these times included."""
        key = keys.looked_up(object_id)
        pipe = self._client.pipeline(transaction=False)
        pipe.set(key, 0, ex=keys.ADMITTED_TTL, nx=True)
        pipe.incrby(key, times)
        return int((await pipe.execute())[-1])

    async def keep_look(self, object_id: str, shown: Shown) -> None:
        """Keep what Microsoft showed just now, for minutes: who wants it too often sees this."""
        await self._client.set(keys.look(object_id), LOOKS.dump(shown), px=keys.LOOK_TTL * 1000)

    async def last_look(self, object_id: str) -> tuple[Shown, int] | None:
        """What Microsoft showed when it was last looked at for a chat, and how long ago (ms)."""
        pipe = self._client.pipeline(transaction=False)
        pipe.get(keys.look(object_id))
        pipe.pttl(keys.look(object_id))
        text, left_ms = await pipe.execute()
        shown = LOOKS.load_if_good(text)
        return None if shown is None else (shown, max(0, keys.LOOK_TTL * 1000 - int(left_ms)))

    async def next_round_ms(self, object_id: str) -> int | None:
        """When the reader looks at somebody next in its rounds (epoch ms); None: it is in none."""
        at = await self._client.zscore(keys.watched(keys.shard_of(object_id)), object_id)
        return int(at) if at is not None and at % 1 == keys.ROUND else None

    async def rows(self, people: Sequence[str], *names: str) -> list[PersonState]:
        """Many people, as far as these attributes go (sync.engine.person_row.read_rows)."""
        return await read_rows(self._client, people, *names)

    async def not_connected(self, people: Sequence[str]) -> list[str]:
        """Those of these who are not connected."""
        connected = {person.object_id for person in await self.rows(people)}
        return [oid for oid in people if oid not in connected]
