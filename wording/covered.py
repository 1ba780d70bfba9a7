"""Who is covered by what, in a few words for each: what the sandbox's panel shows beside people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.coverage import How, Standing, starts_ms
from domain.policy import Authoriser, Reason
from wording.figures import day
from wording.matching import UNCOVERED
from wording.policy import property_words
from wording.text import outside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.coverage import Candidate
    from domain.matching import Uncovered
    from domain.policy import Verdict


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of somebody, and `more` of why, from when on, or until when (may be empty)."""

    words: str
    more: str = ""


OWN: Final = "By their own sign-in"
NO_ZOOM: Final = Said("Not connected", "They have no Zoom account")
NOT_MATCHED: Final = Said("Not connected", "Zoom’s people aren’t matched with Entra’s yet")
ANOTHER_HAS_IT: Final = Said("Not connected", "Their Zoom account is matched with someone else")
ENDING: Final = Said("Ending", "What was set for them is being cleared")
_ORGANISATION: Final = "By the organisation"
_NOT_YET: Final[Mapping[Standing, str]] = {
    Standing.TO_TELL: "In scope, not told yet",
    Standing.ASKED: "Asked, and it starts once they choose Start",
    Standing.OPTED_OUT: "Chose Not for me",
}


def own(*, told: Candidate | None, now_ms: int) -> Said:
    """Somebody who is connected by a sign-in of their own; `told`: what the organisation plans."""
    announced = None if told is None else told.announced
    if told is None or announced is None or told.verdict.authoriser is not Authoriser.INFORM:
        return Said(OWN)
    starts = starts_ms(announced)
    if announced.how is How.ASKED or starts <= now_ms:
        return Said(OWN)
    return Said(OWN, f"The organisation authorises it from {day(starts)}")


def by_organisation(candidate: Candidate, *, own_until_ms: int | None) -> Said:
    """Somebody who is covered: how it came to that."""
    verdict, announced = candidate.verdict, candidate.announced
    kept = "" if own_until_ms is None else f"Their own sign-in is kept until {day(own_until_ms)}"
    if not verdict.on:
        return Said(f"{_ORGANISATION}, and nothing is shown", kept or not_in_scope(verdict).more)
    if announced is None or announced.started or announced.how is How.ASKED:
        return Said(f"{_ORGANISATION}, on request: they chose Start", kept)
    if announced.how is How.OTHERWISE:
        return Said(f"{_ORGANISATION}, after notice outside the app", kept)
    return Said(f"{_ORGANISATION}, after notice", kept)


def not_connected(stands: Standing, candidate: Candidate) -> Said:
    """Somebody who is matched and not connected: what is still to come, or why nothing is."""
    announced, verdict = candidate.announced, candidate.verdict
    if stands in _NOT_YET:
        return Said(_NOT_YET[stands])
    match stands:
        case Standing.WAITING if announced is not None:
            return Said("Told, and it starts after notice", f"On {day(starts_ms(announced))}")
        case Standing.LATER:
            return Said("Told, and left out by the share", f"{verdict.share}% are started")
        case Standing.NARROWED:
            only = "" if verdict.only is None else f"Only for {property_words(verdict.only)}"
            return Said("Left out by the condition", only)
        case Standing.COVERED:
            return Said("Told, and it starts in a moment")
        case _:
            return not_in_scope(verdict)


def not_in_scope(verdict: Verdict) -> Said:
    """Somebody for whom their level lets nobody but themselves authorise it."""
    where = "the account" if verdict.group is None else outside(verdict.group.name, 60)
    if verdict.reason is Reason.EACH_PERSON:
        return Said("Not connected", f"For {where}, each person signs in")
    return Said("Not connected", f"Presence sync is off for {where}")


def excluded(by: str, reason: str) -> Said:
    """Somebody whom an admin excluded."""
    if reason:
        return Said("Excluded", f"{outside(by, 60) or 'An admin'}: {outside(reason, 120)}")
    return Said("Excluded", f"By {outside(by, 60) or 'an admin'}")


def unmatched(why: Uncovered) -> Said:
    """Somebody of Zoom who can't be matched, or whom Entra's data leaves out."""
    head = "Left out" if why.leaves_out else "Not matched"
    return Said(head, UNCOVERED[why].what)
