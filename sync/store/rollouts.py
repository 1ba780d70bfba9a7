"""Rollouts under way: what is done for whom, and who is left."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import structlog

from sync.store.jobs import Jobs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from sync.store.connection import Client

log = structlog.get_logger()


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
    """Rollouts live until they are finished, at most a day."""

    def __init__(self, client: Client) -> None:
        self._jobs = Jobs(client, "rollouts")

    async def add(self, rollout: Rollout, people: Iterable[str]) -> None:
        """Begin a rollout for these people."""
        await self._jobs.add(rollout.rollout_id, _write(rollout), people)

    async def unfinished(self) -> list[Rollout]:
        """Every rollout under way."""
        found = []
        for rollout_id in await self._jobs.under_way():
            rollout = _read(await self._jobs.read(rollout_id))
            if rollout is not None:
                found.append(rollout)
            elif await self._jobs.finish(rollout_id):
                log.error("rollout_lost", rollout=rollout_id)
        return sorted(found, key=lambda rollout: rollout.version)

    async def take(self, rollout: Rollout, name: str) -> bool:
        """Whether this process works on it for the next seconds."""
        return await self._jobs.take(rollout.rollout_id, name)

    async def demanded(self, rollout: Rollout) -> None:
        """Everyone is in the queue."""
        await self._jobs.write(rollout.rollout_id, _write(replace(rollout, demanded=True)))

    def left(self, rollout: Rollout, at_most: int) -> AsyncIterator[list[str]]:
        """Who is left, in batches."""
        return self._jobs.left(rollout.rollout_id, at_most)

    async def settle(self, rollout: Rollout, people: Sequence[str]) -> int:
        """These are done; returns how many are left."""
        await self._jobs.settle(rollout.rollout_id, people)
        return await self._jobs.count(rollout.rollout_id)

    async def finish(self, rollout: Rollout) -> None:
        """Nobody is left."""
        await self._jobs.finish(rollout.rollout_id)


def _write(rollout: Rollout) -> str:
    return json.dumps(asdict(rollout))


def _read(text: str | None) -> Rollout | None:
    try:
        return None if text is None else Rollout(**json.loads(text))
    except (ValueError, TypeError):
        return None
