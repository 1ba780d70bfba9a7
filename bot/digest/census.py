"""Counting for the digest: how it stands with everybody now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.digest import Census
from domain.policy import resolve
from wording.trouble import parked_for

if TYPE_CHECKING:
    from bot.handlers.ports import Policies
    from sync.organisation.matches import MatchStore


@dataclass(frozen=True, slots=True)
class Counting:
    """Counts."""

    policies: Policies
    matches: MatchStore

    async def now(self, *, unmatched: bool) -> Census:
        """As it stands; with `unmatched` also who of Zoom can't be matched."""
        policy = await self.policies.policy()
        trouble, well, unsettled = dict[str, str](), list[str](), list[str]()
        async for some in self.policies.connected():
            for person in some:
                if not resolve(policy, person.group_ids, by=person.authorised_by).on:
                    continue
                reason = None if person.trouble is None else parked_for(person.trouble)
                if reason is not None:
                    trouble[person.object_id] = reason
                elif person.trouble is None:
                    well.append(person.object_id)
                else:
                    unsettled.append(person.object_id)
        fit_nobody = None
        if unmatched and await self.matches.wanted() is not None:
            fit_nobody = [
                match.zoom_id
                async for match in self.matches.matches()
                if match.why is not None and not match.why.leaves_out
            ]
        return Census(trouble, well, unsettled, fit_nobody)
