"""How often somebody was looked up, as their own status tells them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from domain.look_ups import DAYS
from domain.roles import Role

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from domain.look_ups import LookUps

_BY: Final[Mapping[Role, str]] = {
    Role.ADMIN: "by an admin",
    Role.HELPDESK: "by the helpdesk",
    Role.OPERATOR: "by the team that runs this app",
}
"""Every role, in the order in which they are told."""


def look_ups_sentence(found: LookUps, now_ms: int, zone: tzinfo) -> str:
    """How often a person was looked up, and by whom of what role, in a sentence."""
    when, by_role = _since(found.since_ms, now_ms, zone), found.by_role
    parts = [(by_role[role], by) for role, by in _BY.items() if by_role.get(role)]
    if not parts:
        return f"Nobody has looked up your status {when}."
    first = when[:1].upper() + when[1:]
    total = _times(sum(count for count, _ in parts))
    if len(parts) == 1:
        return f"{first} your status was looked up {total}, {parts[0][1]}."
    by = ", ".join(f"{_times(count)} {by}" for count, by in parts)
    return f"{first} your status was looked up {total}: {by}."


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _since(since_ms: int | None, now_ms: int, zone: tzinfo) -> str:
    if since_ms is None:
        return f"in the last {DAYS} days"
    since, now = (datetime.fromtimestamp(ms / 1000, tz=zone).date() for ms in (since_ms, now_ms))
    if since >= now:
        return "today"
    return f"since {since.day} {since:%b}{' UTC' if zone is UTC else ''}"
