"""The morning digest for admins who ask for it: when it is due, and what is news in it. Pure.

Rule 1  It is due on working days, Monday to Friday, from MORNING o'clock of the admin's own clock.
Rule 2  There is one a day at most. A morning that was missed is made up for until EVENING; after
        that, what there was to say is news of the next one.
Rule 3  News is what differs from the last one: who is in trouble since, whose trouble has ended,
        who of Zoom can't be matched since. Without news there is no message.

Only numbers are said. Of who was counted last time, codes are kept that don't say who it is.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import tzinfo

MORNING: Final = 8
EVENING: Final = 18
"""O'clock; not at this hour any more."""
_FRIDAY: Final = 4
_CODE_BYTES: Final = 6
"""Of 100,000 people, two have the same code with a chance of 1 in 50,000."""


@dataclass(frozen=True, slots=True)
class Census:
    """How it stands now: of people for whom presence sync is on, and of Zoom's.

    `trouble`: object ids of those for whom nothing is tried any more, and why. `well`: those whom
    nothing ails. `unsettled`: those who are being tried again. `unmatched`: Zoom ids of those who
    fit nobody in Entra, or several; None: it isn't known, or not for this admin.
    """

    trouble: Mapping[str, str]
    well: Collection[str] = ()
    unsettled: Collection[str] = ()
    unmatched: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """Who was counted last, as codes. `unmatched` None: that was not known."""

    trouble: tuple[str, ...] = ()
    unmatched: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class News:
    """Numbers of people: newly in trouble by reason, healed since, newly unmatched."""

    trouble: Mapping[str, int] = field(default_factory=dict)
    healed: int = 0
    unmatched: int = 0

    def __bool__(self) -> bool:
        return bool(self.trouble or self.healed or self.unmatched)


def code_of(salt: str, person: str) -> str:
    """The code of somebody's id: eight characters, others with every salt."""
    digest = hashlib.blake2b(person.encode(), digest_size=_CODE_BYTES, key=salt.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()


def compare(before: Counted, now: Census, salt: str) -> tuple[News, Counted]:
    """What is news since `before`, and what is to be counted as known from now on.

    Who is being tried again is neither healed nor new: whoever was counted stays so.
    """
    known = set(before.trouble)
    trouble = {code_of(salt, oid): reason for oid, reason in now.trouble.items()}
    healed = {code for oid in now.well if (code := code_of(salt, oid)) in known} if known else set()
    kept = {code for oid in now.unsettled if (code := code_of(salt, oid)) in known}
    new = Counter(reason for code, reason in trouble.items() if code not in known)
    unmatched = before.unmatched
    newly = 0
    if now.unmatched is not None:
        unmatched = tuple(sorted(code_of(salt, zoom_id) for zoom_id in now.unmatched))
        newly = 0 if before.unmatched is None else len({*unmatched}.difference(before.unmatched))
    counted = Counted(tuple(sorted({*trouble, *kept})), unmatched)
    return News(dict(new), len(healed), newly), counted


def due_day(done: str, now_ms: int, zone: tzinfo) -> str | None:
    """The day (ISO, by a clock) whose digest is due now (epoch ms); None: none is.

    `done` is the last day whose digest is out of the way.
    """
    local = _local(now_ms, zone)
    day = local.date().isoformat()
    due = local.weekday() <= _FRIDAY and MORNING <= local.hour < EVENING and day > done
    return day if due else None


def today(now_ms: int, zone: tzinfo) -> str:
    """The day (ISO) by a clock."""
    return _local(now_ms, zone).date().isoformat()


def next_ms(done: str, now_ms: int, zone: tzinfo) -> int:
    """When the next one is due at the earliest (epoch ms); now, where one is."""
    if due_day(done, now_ms, zone) is not None:
        return now_ms
    local = _local(now_ms, zone)
    day = local.date() if local.hour < MORNING else local.date() + timedelta(days=1)
    while day.weekday() > _FRIDAY or day <= date.fromisoformat(done):
        day += timedelta(days=1)
    return int(datetime.combine(day, time(MORNING), tzinfo=zone).timestamp() * 1000)


def _local(now_ms: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(now_ms / 1000, tz=zone)
