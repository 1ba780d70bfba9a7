"""Rollouts under way: what is done for whom, and who is left."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import structlog

from sync.store import keys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from sync.store.connection import Client

log = structlog.get_logger()

TAKEN_MS = 10_000
"""How long a process keeps a rollout to itself; who dies in the middle is followed by another."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """One change of policy on its way to everyone it touches.

    `version` is the policy's. `total` people were touched when it began. `show` is what the card
    that shows the progress needs, opaque here. `demanded`: everyone is in the queue.
    """

    rollout_id: str
    version: int
    total: int
    show: str
    demanded: bool = False


class RolloutStore:
    """All keys share one slot; a rollout's keys live until it is finished, at most a day."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def add(self, rollout: Rollout, people: Iterable[str]) -> None:
        """Begin a rollout for these people."""
        left = keys.rollout_left(rollout.rollout_id)
        members = list(people)
        for start in range(0, len(members), 1000):
            await self._client.sadd(left, *members[start : start + 1000])
        if members:
            await self._client.expire(left, keys.ROLLOUT_TTL)
        await self._client.set(
            keys.rollout(rollout.rollout_id), json.dumps(asdict(rollout)), ex=keys.ROLLOUT_TTL
        )
        await self._client.sadd(keys.ROLLOUTS, rollout.rollout_id)

    async def unfinished(self) -> list[Rollout]:
        """Every rollout under way."""
        found = []
        for rollout_id in await self._client.smembers(keys.ROLLOUTS):
            rollout = _read(await self._client.get(keys.rollout(str(rollout_id))))
            if rollout is None:
                await self._client.srem(keys.ROLLOUTS, rollout_id)
                log.error("rollout_lost", rollout=str(rollout_id))
            else:
                found.append(rollout)
        return sorted(found, key=lambda rollout: rollout.version)

    async def take(self, rollout: Rollout, name: str) -> bool:
        """Whether this process works on it for the next seconds."""
        key = keys.rollout_taken(rollout.rollout_id)
        if await self._client.set(key, name, nx=True, px=TAKEN_MS):
            return True
        if await self._client.get(key) != name:
            return False
        return bool(await self._client.pexpire(key, TAKEN_MS))

    async def demanded(self, rollout: Rollout) -> None:
        """Everyone is in the queue."""
        row = asdict(rollout) | {"demanded": True}
        await self._client.set(
            keys.rollout(rollout.rollout_id), json.dumps(row), ex=keys.ROLLOUT_TTL
        )

    async def left(self, rollout: Rollout, at_most: int) -> AsyncIterator[list[str]]:
        """Who is left, in batches."""
        batch: list[str] = []
        async for member in self._client.sscan_iter(
            keys.rollout_left(rollout.rollout_id), count=at_most
        ):
            batch.append(str(member))
            if len(batch) >= at_most:
                yield batch
                batch = []
        if batch:
            yield batch

    async def settle(self, rollout: Rollout, people: Sequence[str]) -> int:
        """These are done; returns how many are left."""
        left = keys.rollout_left(rollout.rollout_id)
        for start in range(0, len(people), 1000):
            await self._client.srem(left, *people[start : start + 1000])
        return int(await self._client.scard(left))

    async def finish(self, rollout: Rollout) -> None:
        """Nobody is left."""
        await self._client.srem(keys.ROLLOUTS, rollout.rollout_id)
        await self._client.delete(
            keys.rollout(rollout.rollout_id),
            keys.rollout_left(rollout.rollout_id),
            keys.rollout_taken(rollout.rollout_id),
        )


def _read(text: str | None) -> Rollout | None:
    try:
        return None if text is None else Rollout(**json.loads(text))
    except (ValueError, TypeError):
        return None
