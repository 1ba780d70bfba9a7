"""Who may be invited: they have the app, presence sync is on for them, and they are not connected.

Where the organisation authorises it they get its card instead (sync.organisation.coverage).

Those who disconnected on purpose, or said *Not for me*, are not. That nobody is invited twice is
seen to by bot.invite.store.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.directory import ACTIVE
from domain.errors import AdminMustAct
from domain.policy import Authoriser, resolve

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.invite.roster import Met, RosterStore
    from bot.invite.store import InvitationStore
    from domain.policy import Policy, Verdict
    from sync.directory.store import DirectoryStore, DirectoryView
    from sync.engine.people import PeopleStore

EVERYONE = ""
"""In place of a group id: everybody for whom presence sync is on."""


@dataclass(frozen=True, slots=True)
class Invitees:
    """Finds them. `policy` reads what holds now.

    `said_no` says which of these (object id: their Zoom id) chose *Not for me*; where it cannot
    (AdminMustAct), nobody is invited.
    """

    roster: RosterStore
    invited: InvitationStore
    people: PeopleStore
    directory: DirectoryStore
    policy: Callable[[], Awaitable[Policy]]
    said_no: Callable[[Mapping[str, str | None]], Awaitable[set[str]]]

    async def find(self, group_id: str, inviter: str) -> list[str]:
        """The object ids of those whom the inviter (an object id) may invite now: not themselves.

        Of a Zoom group: its members for whom presence sync is on, whichever level decides.
        """
        found: dict[str, None] = {}
        async for rows in self.roster.everyone():
            new = await self.invited.uninvited(
                [oid for oid in rows if oid not in found and oid != inviter]
            )
            for oid in await self._due({oid: rows[oid] for oid in new}, group_id):
                found[oid] = None
        return list(found)

    async def count(self, group_id: str, inviter: str) -> int:
        """How many that are."""
        return len(await self.find(group_id, inviter))

    async def is_due(self, object_id: str, group_id: str) -> bool:
        """Whether one of them may still be invited (or has been meanwhile)."""
        row = await self.roster.find(object_id)
        return row is not None and bool(await self._due({object_id: row}, group_id))

    async def _due(self, rows: Mapping[str, Met], group_id: str) -> list[str]:
        due = await self._fitting(rows, group_id)
        try:
            said_no = await self.said_no(due) if due else set()
        except AdminMustAct:  # which is in the log
            return []
        return [oid for oid in due if oid not in said_no]

    async def _fitting(self, rows: Mapping[str, Met], group_id: str) -> dict[str, str | None]:
        """Those for whom it is on; with their Zoom id, where Zoom's people were read."""
        unconnected = await self.people.not_connected(list(rows))
        waiting = {oid: rows[oid].addresses for oid in await self.invited.not_left(unconnected)}
        if not waiting:
            return {}
        policy, view = await self.policy(), await self.directory.view()
        if view is not None:
            return await _covered(waiting, group_id, policy, view)
        # Before Zoom's people were read, nobody is invited whom a group may yet exclude.
        missing = (await self.directory.health()).configured
        due = group_id == EVERYONE and not missing and _signs_in(resolve(policy))
        return dict.fromkeys(waiting) if due else {}


async def _covered(
    waiting: Mapping[str, tuple[str, ...]], group_id: str, policy: Policy, view: DirectoryView
) -> dict[str, str | None]:
    """Those whose address belongs to a Zoom user for whom presence sync is on."""
    users = await view.users_by_address([a for addresses in waiting.values() for a in addresses])
    found: dict[str, str | None] = {}
    for oid, addresses in waiting.items():
        user = next((users[a] for a in addresses if a in users), None)
        if user is None or user.status != ACTIVE:
            continue
        if group_id in {EVERYONE, *user.group_ids} and _signs_in(resolve(policy, user.group_ids)):
            found[oid] = user.zoom_id
    return found


def _signs_in(verdict: Verdict) -> bool:
    """Whether it is on for somebody who connects by a sign-in of their own."""
    return verdict.on and verdict.authoriser is Authoriser.PERSON
