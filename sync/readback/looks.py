"""Asking Graph what it shows of many people at once, as the application itself.

`POST /communications/getPresencesByUserId` takes 650 people and counts as one request, whatever
their number (Microsoft Graph documentation, "cloudCommunications: getPresencesByUserId"). Of the
answer only id, availability, activity and sequence number are read; the rest, with people's status
messages and places, is dropped before anything else sees it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Protocol

from domain.errors import AdminMustAct, RetryLater, TenantPaused
from domain.presence import Shown
from sync.answers import pause
from sync.organisation.graph_requests import Forbidden
from sync.readback.rows import WORD

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sync.organisation.graph_requests import GraphRequests

AT_ONCE: Final = 650
TIME_LIMIT: Final = 6.0
"""Seconds. Shorter than reading back may be silent (sync.readback.status.SILENT_MS)."""
ANSWER_LIMIT: Final = 8 << 20
"""Bytes. 650 people are 164 kB; with long out-of-office messages some megabytes."""
DEFAULT_PAUSE_S: Final = 30.0
_LONGEST_NUMBER = _LONGEST_ID = _LONGEST_WORDS = 64


class Looks(Protocol):
    """Microsoft, asked about many."""

    async def look(self, people: Sequence[str]) -> dict[str, Shown]:
        """What is shown of these, AT_ONCE at most; who is left out, was not answered.

        Raises TenantPaused, RetryLater, AdminMustAct (no permission), Unauthorised, Refused (one
        of them, or all of it, is not as Graph wants it) and PersonGone.
        """


class GraphLooks:
    """Asks Graph, once for each call."""

    def __init__(self, requests: GraphRequests) -> None:
        self._requests = requests
        self._url = f"{requests.base}/communications/getPresencesByUserId"

    async def look(self, people: Sequence[str]) -> dict[str, Shown]:
        """See Looks."""
        if not 0 < len(people) <= AT_ONCE:
            raise ValueError(len(people))
        try:
            answer = await self._requests.post(self._url, {"ids": list(people)})
        except Forbidden as error:
            raise AdminMustAct("graph_403", error.detail) from None
        except RetryLater as error:
            if error.code != "graph_throttled":
                raise
            after = pause(error.after, DEFAULT_PAUSE_S)
            raise TenantPaused(error.code, error.detail, after=after) from None
        return decode(answer, people)


def decode(answer: dict[str, Any], asked: Collection[str]) -> dict[str, Shown]:
    """Read an answer. Raises RetryLater where it has no list.

    Rows of others and rows that are not as documented are passed over. Of several about one person
    the newest counts (`sequenceNumber` sorts as a text); none, where they contradict each other.
    """
    rows = answer.get("value")
    if not isinstance(rows, list):
        raise RetryLater("graph_answer", "no list")
    wanted, found = set(asked), dict[str, tuple[str, Shown | None]]()
    for row in rows:
        read = _read(row)
        if read is None or read[0] not in wanted:
            continue
        oid, number, shown = read
        before = found.get(oid)
        if before is None or number > before[0]:
            found[oid] = number, shown
        elif number == before[0] and shown != before[1]:
            found[oid] = number, None
    return {oid: shown for oid, (_, shown) in found.items() if shown is not None}


def _read(row: object) -> tuple[str, str, Shown] | None:
    """Whom a row is about, its number and what it shows. None: it is not as documented."""
    if not isinstance(row, dict):
        return None
    oid, number, activity = row.get("id"), row.get("sequenceNumber"), row.get("activity")
    availability = row.get("availability")
    number = "" if number is None else number
    activity = "" if activity is None else activity
    if not isinstance(oid, str) or not isinstance(number, str) or len(number) > _LONGEST_NUMBER:
        return None
    if not isinstance(availability, str) or not isinstance(activity, str):
        return None
    if len(oid) > _LONGEST_ID or len(availability) + len(activity) > _LONGEST_WORDS:
        return None
    shown = _shown(availability, activity)
    return None if shown is None else (oid.lower(), number, shown)


@lru_cache(1024)
def _shown(availability: str, activity: str) -> Shown | None:
    """What two words say. None: they are none of Microsoft's; it may leave out the second."""
    good = WORD.fullmatch(availability) and (not activity or WORD.fullmatch(activity))
    return Shown(availability, activity) if good else None
