"""How reading back is doing, as all processes know it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.agreement import ReadbackHealth
from domain.readback import Reading
from sync.readback.agreement import OLD_MS, agreement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.agreement import Agreement

SILENT_MS: Final = 10_000
"""So long nobody reads back, and it is over; another process follows a reader within half of it."""
LATE_MS: Final = 120_000
"""So late are looks at people, and what was seen of them is not relied on any more."""
UP_AGAIN_MS: Final = LATE_MS // 2
"""Not so late, and they may be relied on again."""
SEEN_MS: Final = 600_000
"""Of who was looked at within this is counted (`Status.seen`)."""
DEFAULT_SETTLE_MS: Final = 6_000
_WORD: Final = re.compile(r"[a-z0-9_]{1,64}")
_NUMBERS: Final = (
    *("beat_ms", "look_ms", "watched", "seen", "late_ms", "interval_ms", "settle_ms"),
    *("requests", "answers", "permitted", "up_ms", "lost_ms", "passed_ms"),
    *("counted_ms", "within_ms", "people", "looked"),
)
_TEXTS: Final = ("by", "error", "lags", "shows", "fits")
_FIELDS: Final = {name: name.removesuffix("_ms") for name in _NUMBERS}


@dataclass(frozen=True, slots=True)
class Status:
    """All that is known of it. Times are epoch ms of the Redis server's clock, 0: never.

    `by` names who reads; `beat_ms` they were there, `look_ms` the last look was answered.
    `watched`: people; `seen` of them were looked at within SEEN_MS; `late_ms`: how late the one is
    who waits longest; `interval_ms`: between two looks at somebody. `settle_ms`: domain.readback.
    `requests` and `answers` since reading began. `permitted`: 1 while Microsoft allows it.
    `error`: the code of what failed last, "" where the last look was answered. `up_ms`: since when
    it is relied on; `lost_ms`: when that ended, `passed_ms` for which end everybody was planned.
    `lags` and `shows`: sync.readback.settling. `counted_ms`: when it was last counted how looks of
    the last `within_ms` fit: of `people` who are connected `looked` were looked at, `fits` by kind
    (sync.readback.agreement).
    """

    now_ms: int
    by: str = ""
    beat_ms: int = 0
    look_ms: int = 0
    watched: int = 0
    seen: int = 0
    late_ms: int = 0
    interval_ms: int = 0
    settle_ms: int = DEFAULT_SETTLE_MS
    requests: int = 0
    answers: int = 0
    permitted: int = 0
    error: str = ""
    up_ms: int = 0
    lost_ms: int = 0
    passed_ms: int = 0
    lags: str = ""
    shows: str = ""
    counted_ms: int = 0
    within_ms: int = 0
    people: int = 0
    looked: int = 0
    fits: str = ""

    @property
    def why_not(self) -> str:
        """Why what was seen can't be relied on now: a code; "" where it can."""
        if self.beat_ms == 0:
            return "never_read"
        if not self.permitted:
            return self.error or "not_permitted"
        if abs(self.now_ms - self.beat_ms) >= SILENT_MS:
            return "no_reader"
        return "" if self.late_ms < LATE_MS else self.error or "late"

    @property
    def alive(self) -> bool:
        """Whether what is seen can be relied on; it is once `up_ms` says since when."""
        return not self.why_not

    @property
    def reading(self) -> Reading | None:
        """What the planner wants to know. None: Microsoft is not read back."""
        if not self.alive or not self.up_ms:
            return None
        return Reading(self.settle_ms, self.interval_ms + self.late_ms)

    @property
    def agreement(self) -> Agreement | None:
        """How many are shown as they should be. None: Microsoft is not read back, or it is old."""
        if self.reading is None or not self.counted_ms:
            return None
        if abs(self.now_ms - self.counted_ms) > OLD_MS:
            return None
        return agreement(self.within_ms, self.people, self.looked, self.fits)

    def health(self, *, switched_off: bool = False) -> ReadbackHealth:
        """The same for people. `switched_off`: nobody is to read it back."""
        why_not = self.why_not
        return ReadbackHealth(
            why_not,
            never_allowed=why_not in {"never_read", "not_permitted"},
            switched_off=switched_off and bool(why_not),
            look_age_seconds=self.look_age_seconds,
            agreement=self.agreement,
        )

    @property
    def look_age_seconds(self) -> float | None:
        """How long ago the last look was answered. None: none was."""
        return max(0, self.now_ms - self.look_ms) / 1000 if self.look_ms else None


def load(now_ms: int, row: Mapping[str, str]) -> Status:
    """Read the state. A field that we did not write counts as missing."""
    numbers = {
        name: int(row[field])
        for name, field in _FIELDS.items()
        if row.get(field, "").isdecimal() and row[field].isascii() and len(row[field]) < 16
    }
    by, error = row.get("by", ""), row.get("error", "")
    return Status(
        now_ms,
        by=by if _WORD.fullmatch(by) else "",
        error=error if _WORD.fullmatch(error) else "",
        lags=row.get("lags", "")[:512],
        shows=row.get("shows", "")[:512],
        fits=row.get("fits", "")[:512],
        **numbers,
    )


def dump(status: Status) -> dict[str, str | int]:
    """The fields that a reader writes; when it was lost, is not theirs."""
    numbers = {
        field: getattr(status, name)
        for name, field in _FIELDS.items()
        if field not in {"up", "lost", "passed"}
    }
    texts = {name: getattr(status, name) for name in _TEXTS}
    return numbers | texts
