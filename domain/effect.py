"""What an edit of the policy does to people: for how many, and what they begin to have. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.policy_edits import form_in_force
from domain.presence import Style

if TYPE_CHECKING:
    from domain.policy import Level, Policy


@dataclass(frozen=True, slots=True)
class Effect:
    """Whom an edit touches.

    `now`: object ids of connected people whose presence changes at once. `later`: how many in
    scope have not connected; it applies when they do. `elsewhere`: for how many in scope another
    level decides. Of those who change now it goes `off` or `on` for so many, and so many begin to
    be shown in the style `full`. `own`: for how many the organisation's authorisation ends, and one
    of their own that is still kept counts instead.

    The organisation's authorisation `ends` for so many, is `called_off` for so many who were told,
    `starts` for so many, and for so many once their notice ends (`starts_later`); who is counted
    there is not counted above, but for `own`.
    """

    now: tuple[str, ...] = ()
    later: int = 0
    elsewhere: int = 0
    off: int = 0
    on: int = 0
    full: int = 0
    own: int = 0
    ends: int = 0
    called_off: int = 0
    starts: int = 0
    starts_later: int = 0

    @property
    def shifts(self) -> bool:
        """Whether the organisation's authorisation begins or ends for anybody."""
        return bool(self.ends or self.called_off or self.starts or self.starts_later)


def switches(before: Policy, after: Policy, level: Level) -> bool | None:
    """Whether an edit turns presence sync on (or, False, off) for its level; None: neither."""
    old, new = (form_in_force(policy, level).stopped_by() is None for policy in (before, after))
    return None if old is new else new


def has_full(policy: Policy) -> bool:
    """Whether any level has the style `full`: else nobody's can begin to be."""
    forms = (policy.account, *(group.form for group in policy.groups))
    return any(form.style is Style.FULL for form in forms)


def begins_full(before: Policy, after: Policy, effect: Effect, level: Level) -> bool:
    """Whether an edit makes `full` the style of its level, or of anybody who is connected."""

    def full(policy: Policy) -> bool:
        form = form_in_force(policy, level)
        return form.stopped_by() is None and form.style is Style.FULL

    return bool(effect.full) or (full(after) and not full(before))
