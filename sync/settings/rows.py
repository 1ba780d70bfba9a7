"""The policy as stored text, and what its history says of a change. Pure.

A row that is not as we wrote it counts as switched off; the account's also as locked, because it
may have been, and a group's comes first: damage may end presence sync, but never start it.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from domain.link import BadRow
from domain.policy import AuthorizeWith, Form, ManagedGroup, Policy, Service
from domain.policy_edits import group_of, renumbered
from domain.presence import Style

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT = "account"
_GROUP = "group:"
_UNDECIDED = Form(integration=False)
_BROKEN_ACCOUNT = Form(integration=False, locked=True)
_BROKEN_GROUP = Form(integration=False)

E = TypeVar("E", bound=StrEnum)


def group_scope(group_id: str) -> str:
    """The name of a group's row, and of its scope in the history."""
    return _GROUP + group_id


def dump_form(form: Form) -> str:
    """Write a form as JSON."""
    return _json(asdict(form))


def load_form(text: str) -> Form:
    """Read a form back. Raises BadRow."""
    try:
        return _form(json.loads(text))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadRow("form") from error


def dump_group(group: ManagedGroup) -> str:
    """Write a managed group as JSON, without its id (the row's name)."""
    return _json({"name": group.name, "priority": group.priority, "form": asdict(group.form)})


def load_group(group_id: str, text: str) -> ManagedGroup:
    """Read a managed group back. Raises BadRow."""
    try:
        row = json.loads(text)
        name, priority = row["name"], row["priority"]
        if not isinstance(name, str) or type(priority) is not int:
            _bad("group")
        return ManagedGroup(group_id, name, priority, _form(row["form"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadRow("group") from error


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
        account = load_form(rows[ACCOUNT]) if rows else _UNDECIDED
    except (BadRow, KeyError):
        account = _BROKEN_ACCOUNT
        damaged.append(ACCOUNT)
    groups = []
    for name, text in rows.items():
        if not name.startswith(_GROUP):
            continue
        group_id = name.removeprefix(_GROUP)
        try:
            groups.append(load_group(group_id, text))
        except BadRow:
            groups.append(ManagedGroup(group_id, group_id, 0, _BROKEN_GROUP))
            damaged.append(name)
    return Policy(account, renumbered(groups), version), tuple(damaged)


def changed_rows(before: Policy, after: Policy) -> dict[str, str]:
    """The rows to write so that `before` becomes `after`; an empty text deletes a row."""
    rows = {}
    if before.account != after.account:
        rows[ACCOUNT] = dump_form(after.account)
    for group in after.groups:
        if group_of(before, group.group_id) != group:
            rows[group_scope(group.group_id)] = dump_group(group)
    for group in before.groups:
        if group_of(after, group.group_id) is None:
            rows[group_scope(group.group_id)] = ""
    return rows


def history_of(
    before: Policy, after: Policy, *, about: str | None = None
) -> list[dict[str, object]]:
    """What changed, scope by scope: `scope`, `scope_name`, `old`, `new` (None: inherits).

    `about` is the group that was edited. That others give way to it, or close the gap that it
    leaves, follows from it and is not recorded for each.
    """
    found: list[dict[str, object]] = []
    if before.account != after.account:
        old, new = asdict(before.account), asdict(after.account)
        found.append({"scope": ACCOUNT, "scope_name": "account", "old": old, "new": new})
    ids = dict.fromkeys(group.group_id for group in (*before.groups, *after.groups))
    for group_id in ids:
        was, now = group_of(before, group_id), group_of(after, group_id)
        if was == now:
            continue
        same = was is not None and now is not None and (was.name, was.form) == (now.name, now.form)
        if same and group_id != about:
            continue
        found.append(
            {
                "scope": group_scope(group_id),
                "scope_name": (now or was or _bad("group")).name,
                "old": _group_facts(was),
                "new": _group_facts(now),
            }
        )
    return found


def _group_facts(group: ManagedGroup | None) -> dict[str, object] | None:
    if group is None:
        return None
    return {"name": group.name, "priority": group.priority, **asdict(group.form)}


def _form(row: Any) -> Form:
    return Form(
        integration=_flag(row["integration"]),
        service=_word(Service, row["service"]),
        authorize_with=_word(AuthorizeWith, row["authorize_with"]),
        presence_write=_flag(row["presence_write"]),
        calendar=_flag(row["calendar"]),
        contacts=_flag(row["contacts"]),
        locked=_flag(row["locked"]),
        style=_word(Style, row["style"]),
    )


def _flag(value: object) -> bool:
    return value if isinstance(value, bool) else _bad("flag")


def _word(kind: type[E], value: object) -> E:
    return kind(value) if isinstance(value, str) else _bad("word")


def _bad(what: str) -> NoReturn:
    raise BadRow(what)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
