"""Zoom's users, groups and memberships, as one reading of Zoom saw them. Pure.

Memberships decide for whom presence is synchronised, so a reading that is wrong is worse than an
old one: `objection` says when an answer of Zoom is not to be believed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from domain.clock import DAY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

ACTIVE = "active"
INACTIVE = "inactive"


@dataclass(frozen=True, slots=True)
class DirectoryUser:
    """A Zoom user. `address` is folded (domain.link.fold_address); `status` ACTIVE or INACTIVE."""

    zoom_id: str
    address: str
    name: str
    status: str = ACTIVE
    group_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DirectoryGroup:
    """A Zoom group. `members` counts its active members."""

    group_id: str
    name: str
    members: int = 0


@dataclass(frozen=True, slots=True)
class Directory:
    """One whole reading, by Zoom id. `read_ms` is when it began (epoch ms)."""

    users: Mapping[str, DirectoryUser] = field(default_factory=dict)
    groups: Mapping[str, DirectoryGroup] = field(default_factory=dict)
    read_ms: int = 0


@dataclass(frozen=True, slots=True)
class MembershipChange:
    """Somebody whose groups or address changed. `addresses` holds the old and the new one."""

    zoom_id: str
    addresses: tuple[str, ...]
    before: frozenset[str]
    after: frozenset[str]
    vanished: bool = False


@dataclass(frozen=True, slots=True)
class DirectoryHealth:
    """Times are epoch ms of the Redis server's clock; None: never.

    `configured`: the Zoom API names are set. `reason` is why the last try failed (a code of
    domain.errors, or why an answer was not believed), None when it succeeded. `detail` adds to it,
    for operators. `doubted_since_ms`: since when Zoom's answers were not believed.
    """

    configured: bool
    now_ms: int
    read_ms: int | None = None
    users: int = 0
    groups: int = 0
    failed_ms: int | None = None
    reason: str | None = None
    detail: str = ""
    doubted_since_ms: int | None = None

    @property
    def age_seconds(self) -> float | None:
        """Seconds since the last successful reading; None before the first."""
        return None if self.read_ms is None else max(0, self.now_ms - self.read_ms) / 1000


def changes(old: Directory | None, new: Directory) -> list[MembershipChange]:
    """Whose memberships (or address, by which a link may know them) differ, and who vanished.

    Somebody new without groups is no change: nobody was, and nothing is, decided by a group.
    """
    before = {} if old is None else old.users
    found = []
    for user in new.users.values():
        was = before.get(user.zoom_id)
        if was is None:
            if user.group_ids:
                found.append(
                    MembershipChange(user.zoom_id, (user.address,), frozenset(), user.group_ids)
                )
        elif (was.group_ids, was.address) != (user.group_ids, user.address):
            addresses = tuple(dict.fromkeys((was.address, user.address)))
            found.append(MembershipChange(user.zoom_id, addresses, was.group_ids, user.group_ids))
    found.extend(
        MembershipChange(was.zoom_id, (was.address,), was.group_ids, frozenset(), vanished=True)
        for was in before.values()
        if was.zoom_id not in new.users
    )
    return found


LOST_SHARE = 1 / 3
"""More than this share of the people, groups or memberships lost at once is not believed ..."""
LOST_FEW = 5
"""... unless no more than this many were lost: small accounts change by large shares."""
BELIEVED_AFTER_MS = DAY
"""Zoom says the same for a day: it is true, and somebody had the day's warnings to act on."""


def objection(old: Directory | None, new: Directory, *, doubted_ms: int = 0) -> str | None:
    """Say why an answer of Zoom is not to be believed; None: it is plausible.

    No users at all is never believed: the account's owner always exists. `doubted_ms` is for how
    long Zoom's answers were refused without a break; after a day a shrunk directory is accepted,
    because organisations do shrink and Zoom accounts are replaced.
    """
    if not new.users:
        return "empty"
    if old is None or doubted_ms >= BELIEVED_AFTER_MS:
        return None
    if _lost(old.users.keys(), new.users.keys()):
        return "users_lost"
    if _lost(old.groups.keys(), new.groups.keys()):
        return "groups_lost"
    kept_people, kept_groups = old.users.keys() & new.users.keys(), new.groups.keys()
    if _lost(_pairs(old, kept_people, kept_groups), _pairs(new, kept_people, kept_groups)):
        return "memberships_lost"
    return None


def _lost(before: AbstractSet[object], after: AbstractSet[object]) -> bool:
    lost = len(before - after)
    return lost > LOST_FEW and lost > LOST_SHARE * len(before)


def _pairs(
    directory: Directory, people: AbstractSet[str], groups: AbstractSet[str]
) -> AbstractSet[object]:
    """Memberships among people and groups that are in both readings."""
    return {
        (zoom_id, group_id)
        for zoom_id in people
        for group_id in directory.users[zoom_id].group_ids
        if group_id in groups
    }
