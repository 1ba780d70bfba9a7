"""Excluding people: it is kept, and what the organisation's authorisation shows of them ends.

What a crash in between leaves over is found by the next round (sync.organisation.coverage).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from domain.policy import AuthorisedBy
from sync.engine.link_store import Left
from sync.redis.batches import CHUNK, chunks, for_each

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from domain.person import PersonState
    from sync.organisation.exclusions import Exclusion, ExclusionStore

LINK: Final = ("authorised_by", "leaving", "generation", "own_until_ms")


class Connected(Protocol):
    """Connected people (sync.engine.people)."""

    async def rows(self, people: Sequence[str], *names: str) -> list[PersonState]:
        """What `names` say of these; who is not connected is left out."""


@dataclass(frozen=True, slots=True)
class Done:
    """Who was `added`, and for how many what was set is being cleared."""

    added: Sequence[Exclusion]
    clearing: int


@dataclass(frozen=True, slots=True)
class Excluding:
    """Does it.

    `uncover` ends the organisation's authorisation for somebody, if they connected by a time.
    """

    store: ExclusionStore
    people: Connected
    uncover: Callable[[str, int], Awaitable[Left]]

    async def exclude(self, rows: Sequence[Exclusion]) -> Done:
        """Exclude these; their own sign-in stays. Raises TooMany, and then nobody was excluded."""
        added = await self.store.add(rows)
        ended = 0
        for some in chunks([row.object_id for row in rows], CHUNK):
            ended += await self._end(some)
        return Done(added, ended)

    async def _end(self, people: Sequence[str]) -> int:
        """End what the organisation's authorisation shows of these; of how many."""
        outcomes = list[Left]()

        async def end(row: PersonState) -> None:
            # Not a link that they make themselves in this moment.
            outcomes.append(await self.uncover(row.object_id, row.generation))

        rows = await self.people.rows(people, *LINK)
        await for_each([row for row in rows if is_covered(row)], end)
        return outcomes.count(Left.LEAVING)


def is_covered(row: PersonState) -> bool:
    """Whether the organisation's authorisation shows them, of a row that was read with LINK."""
    return row.authorised_by is AuthorisedBy.ORGANISATION and not row.leaving
