"""Whom the organisation's authorisation covers, who is still to be told, and who never is. Pure.

Of a person whom a Zoom user was matched with (domain.matching), in this order:

Rule 1  Who said *Not for me* is never covered, whatever else holds.
Rule 2  Nor is who was excluded, by an admin or by what Entra says of their account.
Rule 3  Who is shown by an authorisation of their own goes on so until they are covered. From then
        on it is kept beside for OWN_KEPT_MS, and counts again if the organisation's ends for them;
        then it is erased (`kept_own`).
Rule 4  Only whose deciding level says that the organisation authorises it, and is on, is in scope.
        So is only of whom Entra says what the level's condition asks for (domain.condition).
Rule 5  Nobody is covered who was not told of exactly that. *On request*, they must say Start.
        *After notice*, it starts so many working days after they were told. Where their level
        leaves it to each person again, what they were told counts for another day, so that a slip
        which is put right costs no second card; after that they are told anew (`still_told`).
Rule 6  Of those whom it would start for, a level's percentage is covered; who said Start
        themselves is, in any case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from domain.clock import DAY
from domain.policy import Authoriser

if TYPE_CHECKING:
    from domain.policy import Verdict

NOTICE_DAYS: Final = 5
"""Working days between telling people and starting, *after notice*."""
OWN_KEPT_MS: Final = 30 * DAY
"""For how long an authorisation of somebody's own is kept beside the organisation's."""
_FRIDAY: Final = 4


class How(StrEnum):
    """How somebody was told that the organisation authorises it. Values are stored."""

    ASKED = "asked"  # by a card with Start
    INFORMED = "informed"  # by a card that says from when on
    OTHERWISE = "otherwise"  # by other means than the app, as an admin recorded


@dataclass(frozen=True, slots=True)
class Announcement:
    """That somebody was told, when (epoch ms), and how; `by`: the admin who recorded it.

    `started`: they said Start themselves.
    """

    at_ms: int
    how: How
    by: str = ""
    started: bool = False


class Standing(StrEnum):
    """How it stands with somebody. Values are counted."""

    COVERED = "covered"  # it is shown, or may be from now on
    TO_TELL = "to_tell"  # in scope, and nobody has told them
    ASKED = "asked"  # told, and they have not said Start
    WAITING = "waiting"  # told, and it starts by itself later
    LATER = "later"  # told and due, and beyond the level's percentage
    OPTED_OUT = "opted_out"
    EXCLUDED = "excluded"
    OWN = "own"  # connected by a sign-in of their own, and nothing else is to come
    NARROWED = "narrowed"  # the level's condition leaves them out
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of a person.

    `verdict` is policy's on them by the organisation's authorisation, whatever they have chosen
    (a pause changes nothing here). `connected`: they are shown by it, `own`: by an authorisation of
    their own. `in_share`: within their level's percentage. `fits`: its condition on
    what Entra says of them holds.
    """

    verdict: Verdict
    announced: Announcement | None = None
    opted_out: bool = False
    excluded: bool = False
    connected: bool = False
    own: bool = False
    in_share: bool = True
    fits: bool = True


ENDS: Final = frozenset({Standing.OPTED_OUT, Standing.EXCLUDED, Standing.LATER, Standing.NARROWED})
"""Where it ends for somebody who is shown by the organisation's authorisation."""
WAITS: Final = (Standing.TO_TELL, Standing.ASKED, Standing.WAITING, Standing.LATER)
"""In scope, and not started."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """For how many people of a level the organisation's authorisation could count, and why not.

    `startable`: they could start, or have. `unmatched`: Zoom users whom nobody in Entra fits.
    """

    startable: int = 0
    unmatched: int = 0
    excluded: int = 0
    opted_out: int = 0
    own: int = 0


def standing(candidate: Candidate, now_ms: int) -> Standing:
    """How it stands with them at a time (epoch ms)."""
    if candidate.opted_out:
        return Standing.OPTED_OUT
    if candidate.excluded:
        return Standing.EXCLUDED
    verdict, announced = candidate.verdict, candidate.announced
    organisation = verdict.on and verdict.authoriser is not Authoriser.PERSON
    if candidate.own and not (organisation and candidate.fits):
        return Standing.OWN
    if not verdict.on:
        return Standing.OUT_OF_SCOPE
    if not candidate.fits and verdict.authoriser is not Authoriser.PERSON:
        return Standing.NARROWED
    match verdict.authoriser:
        case Authoriser.PERSON:
            return Standing.OUT_OF_SCOPE
        case Authoriser.ASK:
            if announced is None:
                return Standing.TO_TELL
            return Standing.COVERED if candidate.connected else Standing.ASKED
        case Authoriser.INFORM:
            if announced is not None and announced.started and candidate.connected:
                return Standing.COVERED
            if announced is None or announced.how is How.ASKED:
                return Standing.TO_TELL
            if now_ms < starts_ms(announced):
                return Standing.WAITING
            return Standing.COVERED if candidate.in_share else Standing.LATER


def still_told(candidate: Candidate) -> bool:
    """Whether what somebody was told is still so (Rule 5); who is covered was told."""
    return candidate.connected or candidate.verdict.authoriser is not Authoriser.PERSON


class Shift(StrEnum):
    """What other settings change for somebody who is shown, or who was told that they will be."""

    ENDS = "ends"  # they are shown by the organisation's authorisation, and no longer
    CALLED_OFF = "called_off"  # it would have started for them, and doesn't
    STARTS = "starts"  # it starts now
    STARTS_LATER = "starts_later"  # it starts once their notice ends


@dataclass(frozen=True, slots=True)
class Shifted:
    """For whom an edit of the policy ends or starts the organisation's authorisation.

    `ends` are object ids (of them `own`: who carries on by a sign-in of their own that is still
    kept), `starts` and `starts_later` Zoom ids: each is what else is counted by.
    It is `called_off` for so many who were told.
    """

    ends: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    starts: frozenset[str] = frozenset()
    starts_later: frozenset[str] = frozenset()
    called_off: int = 0


def shift(before: Candidate, after: Candidate, now_ms: int) -> Shift | None:
    """What becomes of somebody when the policy changes (epoch ms); None: nothing else than before.

    Both are the same person, by the one policy and by the other.
    """
    old, new = standing(before, now_ms), standing(after, now_ms)
    if after.connected:
        return Shift.ENDS if new in ENDS and old not in ENDS else None
    would, will = _starts(before, old), _starts(after, new)
    if will and not would:
        return Shift.STARTS if new is Standing.COVERED else Shift.STARTS_LATER
    return Shift.CALLED_OFF if would and not will else None


def _starts(candidate: Candidate, stands: Standing) -> bool:
    """Whether it starts for somebody on its own, now or once their notice ends."""
    waits = stands is Standing.WAITING and candidate.in_share
    return waits or stands is Standing.COVERED


class KeptOwn(StrEnum):
    """What becomes of an authorisation of somebody's own, kept beside the organisation's."""

    STAYS = "stays"
    COUNTS = "counts"  # the organisation's has ended for them
    ENDS = "ends"  # it was kept for long enough, or they want neither


def kept_own(
    until_ms: int, verdict: Verdict, now_ms: int, *, withdrawn: bool, opted_out: bool
) -> KeptOwn:
    """What becomes of one that is kept until then (epoch ms).

    `verdict` is policy's by the organisation's authorisation, `withdrawn`: the organisation gives
    it to nobody any more.
    """
    if opted_out or now_ms >= until_ms:
        return KeptOwn.ENDS
    if withdrawn or verdict.authoriser is Authoriser.PERSON:
        return KeptOwn.COUNTS
    return KeptOwn.STAYS


def starts_ms(announced: Announcement, days: int = NOTICE_DAYS) -> int:
    """When it starts for somebody who was told (epoch ms): so many working days later.

    Working days are Monday to Friday, by UTC. Whoever is told at a weekend is taken to have been
    told on Monday.
    """
    day = datetime.fromtimestamp(announced.at_ms / 1000, tz=UTC)
    while day.weekday() > _FRIDAY:
        day += timedelta(days=1)
    for _ in range(days):
        day += timedelta(days=1)
        while day.weekday() > _FRIDAY:
            day += timedelta(days=1)
    return int(day.timestamp() * 1000)
