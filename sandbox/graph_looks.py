"""A look at many people's presence at once (`getPresencesByUserId`), and how it may go wrong.

Graph takes 650 ids at most, and counts one request whatever their number. Whom it does not know is
left out of the answer; what is no id at all spoils the whole request (400).
"""

from __future__ import annotations

import uuid
from collections import deque
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sandbox.graph_presence import OFFLINE, Pair
from sandbox.graph_users import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MOST_IDS: Final = 650
LONGEST_LAG: Final = 600.0
_REMEMBERED: Final = 10_000


class Answers(StrEnum):
    """What looks are answered. Words of the panel."""

    TRUE = "true"
    WRONG = "wrong"  # everybody is Offline
    PARTIAL = "partial"  # every other person is left out
    UNREADABLE = "unreadable"  # rows that are not as documented
    REFUSED = "refused"  # 403: the permission was withdrawn


class Looked(NamedTuple):
    """What the last look was answered about somebody, when; None: they were left out."""

    at: float
    shown: Pair | None


class ManyLooks:
    """Answers looks, and remembers the last one. `now` is sandbox time; `shown` what is true.

    With a lag, what is answered is so many seconds old: it is remembered from then on.
    """

    def __init__(
        self, people: Iterable[str], now: Callable[[], float], shown: Callable[[str], Pair]
    ) -> None:
        self._people = dict.fromkeys(people)
        self._now = now
        self._shown = shown
        self._before: dict[str, deque[tuple[float, Pair]]] = {}
        self.lag = 0.0
        self.answers = Answers.TRUE
        self.count = 0
        self.at: float | None = None
        self.looked: dict[str, Looked] = {}

    def be_late(self, seconds: float) -> None:
        """From now on answers are so old. Raises ValueError for what makes no sense."""
        if not 0 <= seconds <= LONGEST_LAG:
            raise ValueError(f"lag must be 0 to {LONGEST_LAG:g} seconds.")
        self.lag = float(seconds)
        if not seconds:
            self._before.clear()
        self.note()

    def note(self) -> None:
        """Something may be shown otherwise now."""
        if not self.lag:
            return
        now = self._now()
        for oid in self._people:
            kept = self._before.setdefault(oid, deque(maxlen=_REMEMBERED))
            shown = self._shown(oid)
            if not kept or kept[-1][1] != shown:
                kept.append((now, shown))
            while len(kept) > 1 and kept[1][0] <= now - self.lag:
                kept.popleft()

    def answer(self, ids: Iterable[str]) -> list[dict[str, Any]]:
        """The rows about these people. Raises Refusal (403)."""
        if self.answers is Answers.REFUSED:
            raise Refusal(403, "Forbidden", "Insufficient privileges to complete the operation.")
        self.note()
        now, rows = self._now(), list[dict[str, Any]]()
        self.count, self.at = self.count + 1, now
        for place, oid in enumerate(ids):
            if oid not in self._people:
                continue
            if self.answers is Answers.PARTIAL and place % 2:
                self.looked[oid] = Looked(now, None)
                continue
            shown = OFFLINE if self.answers is Answers.WRONG else self._then(oid, now)
            self.looked[oid] = Looked(now, shown)
            rows.append(row_of(oid, shown, now - self.lag))
        if self.answers is Answers.UNREADABLE:
            rows = [{**row, "availability": 7, "activity": ["?"]} for row in rows]
            self.looked |= {row["id"]: Looked(now, None) for row in rows}
        return rows

    def _then(self, oid: str, now: float) -> Pair:
        """What was true before the lag; what is remembered of longest, where that is shorter."""
        kept = self._before.get(oid)
        if not kept:
            return self._shown(oid)
        return next((pair for at, pair in reversed(kept) if at <= now - self.lag), kept[0][1])


def row_of(oid: str, shown: Pair, at: float) -> dict[str, Any]:
    """A presence as Graph writes it, of a moment."""
    return {
        "id": oid,
        "availability": shown.availability,
        "activity": shown.activity,
        "sequenceNumber": f"A{int(at * 1e7):019d}",
        "outOfOfficeSettings": None,
        "statusMessage": None,
    }


def ids_of(body: object) -> list[str]:
    """The ids that a request names, each once. Raises Refusal (400)."""
    ids = body.get("ids") if isinstance(body, dict) else None
    if not isinstance(ids, list) or not ids or len(ids) > MOST_IDS:
        text = f"[Ids]: The field must be a list with 1 to {MOST_IDS} elements."
        raise Refusal(400, "InvalidArgument", text)
    for one in ids:
        if not isinstance(one, str) or not _is_guid(one):
            raise Refusal(400, "InvalidArgument", "[Ids]: An element is not a valid user id.")
    return list(dict.fromkeys(one.lower() for one in ids))


def _is_guid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
