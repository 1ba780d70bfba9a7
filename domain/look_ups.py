"""How often somebody was looked up, by whom: counts of days and roles, and never a name. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.clock import DAY
from domain.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DAYS: Final = 90
"""Days for which a look-up is counted, the one of the look-up included (UTC)."""


@dataclass(frozen=True, slots=True)
class LookUps:
    """How often, by role; who was never looked up by is left out.

    `since_ms`: of the time from then on (epoch ms); None: of the last DAYS days.
    """

    by_role: Mapping[Role, int]
    since_ms: int | None = None


def day_of(at_ms: int) -> int:
    """The day of a time (epoch ms), in days since the epoch (UTC)."""
    return at_ms // DAY


def kept_until_ms(day: int) -> int:
    """When the counts of a day end (epoch ms): it is not one of the last DAYS days any more."""
    return (day + DAYS) * DAY


def counted(
    counts: Iterable[tuple[int, str, int]], *, now_ms: int, begun_ms: int, connected_ms: int
) -> LookUps:
    """Add up counts of (day, role, times); those of no known role or of other days don't count.

    Look-ups are counted since `begun_ms`, of somebody who is connected since `connected_ms`: of an
    earlier connection only counts are left, if it was not ended on purpose.
    """
    today = day_of(now_ms)
    roles = {role.value for role in Role}
    known = [
        (day, Role(role), times)
        for day, role, times in counts
        if role in roles and times > 0 and today - DAYS < day <= today
    ]
    by_role = Counter[Role]()
    for _, role, times in known:
        by_role[role] += times
    since_ms = min(
        [max(begun_ms, connected_ms), *(day * DAY for day, _, _ in known)],
    )
    whole = since_ms <= (today - DAYS + 1) * DAY
    return LookUps(dict(by_role), None if whole else since_ms)
