"""Rollouts under way: what is done for whom, and who is left."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import structlog

from sync.redis import keys
from sync.redis.jobs import Jobs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from sync.redis.connection import Client

log = structlog.get_logger()

TAKEN_MS = 5_000
"""Longer than a look at many people takes; shorter than people's patience after a restart."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """One change of policy on its way to everyone it touches.

    `version` is the policy's. `total` people were touched when it began; for `failed` of those who
    are done it could not be carried out for now. `show` is what the card that shows the progress
    needs, opaque here. `kept`: the policy is saved.
    """

    rollout_id: str
    version: int
    total: int
    show: str
    failed: int = 0
    kept: bool = False


class RolloutStore:
    """Rollouts live until they are finished, at most a day.

    One is written down before the policy is saved, for a minute, and kept once that is done: a
    process that dies in between loses neither the change nor those whom it touches.
    """

    def __init__(self, client: Client) -> None:
        self._jobs = Jobs(client, "rollouts", taken_ms=TAKEN_MS)

    async def intend(self, rollout: Rollout, people: Iterable[str]) -> None:
        """Write a rollout for these people down; it ends by itself unless it is kept."""
        await self._jobs.add(rollout.rollout_id, _write(rollout), people, ttl=keys.INTENT_TTL)

    async def keep(self, rollout: Rollout) -> Rollout:
        """The policy is saved: from now on the rollout lives until it is done."""
        if not rollout.kept:
            rollout = replace(rollout, kept=True)
            # Not as long as its people: a rollout whose people are gone would look finished.
            ttl = keys.JOB_TTL - 2 * keys.INTENT_TTL
            await self._jobs.write(rollout.rollout_id, _write(rollout), ttl=ttl)
        return rollout

    async def unfinished(self) -> list[Rollout]:
        """Every rollout under way."""
        found = []
        for rollout_id in await self._jobs.under_way():
            rollout = _read(await self._jobs.read(rollout_id))
            if rollout is not None:
                found.append(rollout)
            elif await self._jobs.finish(rollout_id):
                log.warning("rollout_dropped", rollout=rollout_id)
        return sorted(found, key=lambda rollout: rollout.version)

    async def progress(self) -> list[tuple[Rollout, int]]:
        """Every rollout under way and how many people are left in it. Changes nothing."""
        found = []
        for rollout_id in await self._jobs.under_way():
            rollout = _read(await self._jobs.read(rollout_id))
            if rollout is not None:
                found.append((rollout, await self._jobs.count(rollout_id)))
        return found

    async def look_up(self, rollout_id: str) -> tuple[Rollout, int] | None:
        """A rollout and how many are left; None: it is done, or never was."""
        rollout = _read(await self._jobs.read(rollout_id))
        return None if rollout is None else (rollout, await self._jobs.count(rollout_id))

    async def take(self, rollout: Rollout, name: str) -> bool:
        """Whether this process works on it for the next seconds."""
        return await self._jobs.take(rollout.rollout_id, name)

    def left(self, rollout: Rollout, at_most: int) -> AsyncIterator[list[str]]:
        """Who is left, in batches."""
        return self._jobs.left(rollout.rollout_id, at_most)

    async def settle(
        self, rollout: Rollout, done: Sequence[str], failed: int
    ) -> tuple[Rollout, int]:
        """These are done, `failed` of them in vain; returns how it stands and who is left."""
        if failed:
            rollout = replace(rollout, failed=rollout.failed + failed)
            await self._jobs.write(rollout.rollout_id, _write(rollout), ttl=None)
        await self._jobs.settle(rollout.rollout_id, done)
        return rollout, await self._jobs.count(rollout.rollout_id)

    async def finish(self, rollout: Rollout) -> None:
        """Nobody is left, or the policy was not saved."""
        await self._jobs.finish(rollout.rollout_id)


def _write(rollout: Rollout) -> str:
    return json.dumps(asdict(rollout))


def _read(text: str | None) -> Rollout | None:
    try:
        return None if text is None else Rollout(**json.loads(text))
    except (ValueError, TypeError):
        return None
