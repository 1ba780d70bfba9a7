"""What an admin can do to the policy: each edit is one function from a policy to the next. Pure.

Priorities stay 1, 2, 3 … whatever is done. Only the store raises the version.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from domain.policy import ManagedGroup, reordered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from domain.policy import Form, Policy


def group_of(policy: Policy, group_id: str) -> ManagedGroup | None:
    """Return the managed group of this id; None: it inherits."""
    return next((group for group in policy.groups if group.group_id == group_id), None)


def with_account(policy: Policy, form: Form) -> Policy:
    """Set the account's form."""
    return replace(policy, account=form)


def with_group(policy: Policy, group_id: str, name: str, form: Form) -> Policy:
    """Set a group's form. A group that inherited becomes managed, below all others."""
    known = group_of(policy, group_id)
    place = len(policy.groups) + 1 if known is None else known.priority
    changed = ManagedGroup(group_id, name, place, form)
    rest = [group for group in policy.groups if group is not known]
    return replace(policy, groups=renumbered([*rest, changed]))


def without_group(policy: Policy, group_id: str) -> Policy:
    """Let a group inherit; those below move up. Nothing happens to one that inherits already."""
    return replace(policy, groups=renumbered(g for g in policy.groups if g.group_id != group_id))


def with_priority(policy: Policy, group_id: str, priority: int) -> Policy:
    """Move a managed group; beyond the end is the end. Raises KeyError when it inherits."""
    return replace(policy, groups=reordered(policy.groups, group_id, priority))


def with_zoom_names(policy: Policy, names: Mapping[str, str]) -> Policy:
    """Follow Zoom, whose groups are these (id -> name): rename, and let go of deleted ones."""
    kept = (
        replace(group, name=names[group.group_id])
        for group in policy.groups
        if group.group_id in names
    )
    return replace(policy, groups=renumbered(kept))


def at_version(policy: Policy, version: int) -> Policy:
    """Return the policy under the version that it was saved as."""
    return replace(policy, version=version)


def renumbered(groups: Iterable[ManagedGroup]) -> tuple[ManagedGroup, ...]:
    """Close the gaps between priorities and part equal ones (by id)."""
    ordered = sorted(groups, key=lambda group: (group.priority, group.group_id))
    return tuple(replace(group, priority=place) for place, group in enumerate(ordered, start=1))
