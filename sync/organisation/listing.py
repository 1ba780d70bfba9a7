"""Everybody of Zoom with whom they are matched, for lists: never what Zoom or Microsoft shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.directory import ACTIVE
from domain.matching import Match, Uncovered
from sync.organisation.people_file import PersonRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.directory import DirectoryUser
    from sync.directory.store import DirectoryStore
    from sync.organisation.matches import Kept, MatchStore


async def listed(directory: DirectoryStore, store: MatchStore) -> list[PersonRow]:
    """Zoom's active people: first who isn't matched, then who is; each by address.

    Of whom there is no result yet is left out.
    """
    view = await directory.view()
    if view is None:
        return []
    matches = await store.load()
    users = {user.zoom_id: user async for user in view.everyone() if user.status == ACTIVE}
    people = {kept.user.object_id: kept async for kept in store.everybody()}
    rows = [
        _row(user, found, people, users)
        for zoom_id, user in users.items()
        if (found := matches.get(zoom_id)) is not None
    ]
    return sorted(rows, key=lambda row: (row.why is None, row.address))


def _row(
    user: DirectoryUser,
    found: Match,
    people: Mapping[str, Kept],
    users: Mapping[str, DirectoryUser],
) -> PersonRow:
    others = []
    if found.why is Uncovered.SEVERAL:
        others = [people[oid].user.address for oid in found.others if oid in people]
    elif found.why is Uncovered.TWO_ZOOM:
        others = [users[it].address for it in found.others if it in users]
    kept = None if found.object_id is None else people.get(found.object_id)
    person = None if kept is None else kept.user
    return PersonRow(
        user.name,
        user.address,
        user.zoom_id,
        found.why,
        found.by if found.why is None else None,
        "" if person is None else person.name,
        "" if person is None else person.address,
        "" if person is None else person.object_id,
        ", ".join(others),
    )
