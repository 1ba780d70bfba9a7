"""The policy as stored text, and what its history says of a change. Pure.

A row that is not as we wrote it counts as switched off; the account's also as locked, because it
may have been, and a group's comes first: damage may end presence sync, but never start it.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from domain.link import BadRow
from domain.policy import Authoriser, Form, Level, ManagedGroup, Policy
from domain.policy_edits import group_of, renumbered
from domain.share import EVERYBODY
from sync.redis.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT = "account"
_GROUP = "group:"
_UNDECIDED = Form(integration=False)
_BROKEN_ACCOUNT = Form(integration=False, locked=True)
_BROKEN_GROUP = Form(integration=False)

_NEWER: Final = {"authoriser": Authoriser.PERSON.value, "share": EVERYBODY, "only": None}
FORMS: Final = Rows(Form, whole=True, newer=_NEWER)
MANAGED: Final = Rows(ManagedGroup, whole=True, newer=_NEWER)


class Fact(NamedTuple):
    """What changed in one scope: its name, and its fields before and after (None: it inherits)."""

    scope: str
    scope_name: str
    old: dict[str, Any] | None
    new: dict[str, Any] | None


def _group_scope(group_id: str) -> str:
    """The name of a group's row, and of its scope in the history."""
    return _GROUP + group_id


def scope_of(level: Level) -> tuple[str, str]:
    """A level's scope in the history, and the name that the history has for it."""
    if level.is_account:
        return ACCOUNT, ACCOUNT
    return _group_scope(level.group_id), level.name


def read_policy(rows: Mapping[str, str]) -> tuple[Policy, tuple[str, ...]]:
    """Read all rows. Returns the policy, and the names of damaged rows.

    Without any rows nothing was decided yet: presence sync is off, and nothing is damaged.
    """
    damaged = []
    version = 0
    try:
        version = int(rows.get("version", "0"))
    except ValueError:
        damaged.append("version")
    try:
        account = FORMS.load(rows[ACCOUNT]) if rows else _UNDECIDED
    except (BadRow, KeyError):
        account = _BROKEN_ACCOUNT
        damaged.append(ACCOUNT)
    groups = []
    for name, text in rows.items():
        if not name.startswith(_GROUP):
            continue
        group_id = name.removeprefix(_GROUP)
        try:
            groups.append(replace(MANAGED.load(text), group_id=group_id))
        except BadRow:
            groups.append(ManagedGroup(group_id, group_id, 0, _BROKEN_GROUP))
            damaged.append(name)
    return Policy(account, renumbered(groups), version), tuple(damaged)


def changed_rows(before: Policy, after: Policy) -> dict[str, str]:
    """The rows to write so that `before` becomes `after`; an empty text deletes a row."""
    rows = {}
    if before.account != after.account:
        rows[ACCOUNT] = FORMS.dump(after.account)
    for group in after.groups:
        if group_of(before, group.group_id) != group:
            rows[_group_scope(group.group_id)] = MANAGED.dump(group)
    for group in before.groups:
        if group_of(after, group.group_id) is None:
            rows[_group_scope(group.group_id)] = ""
    return rows


def history_of(before: Policy, after: Policy, *, about: str | None = None) -> list[Fact]:
    """What changed, scope by scope.

    `about` is the group that was edited. That others give way to it, or close the gap that it
    leaves, follows from it and is not recorded for each.
    """
    found = []
    if before.account != after.account:
        found.append(Fact(ACCOUNT, ACCOUNT, asdict(before.account), asdict(after.account)))
    for known in {group.group_id: group for group in (*before.groups, *after.groups)}.values():
        was, now = group_of(before, known.group_id), group_of(after, known.group_id)
        same = was is not None and now is not None and (was.name, was.form) == (now.name, now.form)
        if was != now and (not same or known.group_id == about):
            scope = _group_scope(known.group_id)
            found.append(Fact(scope, known.name, _group_facts(was), _group_facts(now)))
    return found


def _group_facts(group: ManagedGroup | None) -> dict[str, object] | None:
    if group is None:
        return None
    return {"name": group.name, "priority": group.priority, **asdict(group.form)}
