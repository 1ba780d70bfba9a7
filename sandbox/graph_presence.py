"""How Microsoft makes one presence out of many sessions. Pure: data and a moment in, data out.

The rules, from the Graph documentation ("Manage presence state using the Microsoft Graph API" and
the reference pages of setPresence, clearPresence and setUserPreferredPresence):

Rule 1  Every Teams client and every application has a session of its own. Among sessions
        DoNotDisturb > Busy > Available > Away.
Rule 2  The preferred presence (the status a person chose) beats all sessions, but shows only
        while there is at least one session; without any the person is Offline.
Rule 3  Time-out: an application's Available becomes Available/AvailableInactive after 5 minutes and
        Away/Away after 5 more, whatever its expiry.
Rule 4  Expiry: when its duration is over, a session is gone.
Rule 5  setPresence takes five pairs and PT5M to PT4H; setUserPreferredPresence takes six pairs
        and by default lasts one day for DoNotDisturb and Busy, seven days for the rest.

The documentation is silent on two sessions of the same availability; here the freshest one is
shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MINUTE: Final = 60.0
DAY: Final = 86_400.0
FADE: Final = 5 * MINUTE
SHORTEST: Final = 5 * MINUTE
LONGEST: Final = 240 * MINUTE
DEFAULT_DURATION: Final = 5 * MINUTE


class Pair(NamedTuple):
    """What Graph calls a presence: an availability and an activity."""

    availability: str
    activity: str


OFFLINE: Final = Pair("Offline", "Offline")
AVAILABLE: Final = Pair("Available", "Available")
INACTIVE: Final = Pair("Available", "AvailableInactive")
AWAY: Final = Pair("Away", "Away")

SESSION_PAIRS: Final = frozenset(
    {
        AVAILABLE,
        Pair("Busy", "InACall"),
        Pair("Busy", "InAConferenceCall"),
        AWAY,
        Pair("DoNotDisturb", "Presenting"),
    }
)
PREFERRED_PAIRS: Final = frozenset(
    {
        AVAILABLE,
        Pair("Busy", "Busy"),
        Pair("DoNotDisturb", "DoNotDisturb"),
        Pair("BeRightBack", "BeRightBack"),
        AWAY,
        Pair("Offline", "OffWork"),
    }
)
_RANK: Final = {"DoNotDisturb": 3, "Busy": 2, "Available": 1, "Away": 0}


class TeamsClient(StrEnum):
    """What a person's own Teams client is doing."""

    CLOSED = "closed"
    ACTIVE = "active"
    IDLE = "idle"
    CALL = "call"
    PRESENTING = "presenting"


_CLIENT_PAIRS: Final = {
    TeamsClient.ACTIVE: AVAILABLE,
    TeamsClient.IDLE: AWAY,
    TeamsClient.CALL: Pair("Busy", "InACall"),
    TeamsClient.PRESENTING: Pair("DoNotDisturb", "Presenting"),
}


@dataclass(frozen=True, slots=True)
class Session:
    """An application's session: set at, gone at (seconds since the epoch)."""

    pair: Pair
    set_at: float
    expires_at: float

    def alive(self, now: float) -> bool:
        """Rule 4."""
        return now < self.expires_at

    def shown(self, now: float) -> Pair:
        """Rule 3: what is left of it at `now`."""
        if self.pair.availability != "Available" or now < self.set_at + FADE:
            return self.pair
        return INACTIVE if now < self.set_at + 2 * FADE else AWAY

    def turns(self) -> Iterator[float]:
        """The moments at which it changes by itself."""
        if self.pair.availability == "Available":
            yield self.set_at + FADE
            yield self.set_at + 2 * FADE
        yield self.expires_at


@dataclass(frozen=True, slots=True)
class Preferred:
    """The preferred presence: one slot per person. `by` is who wrote it last."""

    pair: Pair
    expires_at: float
    by: str

    def alive(self, now: float) -> bool:
        """Whether it still counts."""
        return now < self.expires_at


@dataclass(frozen=True, slots=True)
class TeamsState:
    """A person's own Teams client; its session does not fade or expire while it runs."""

    client: TeamsClient = TeamsClient.CLOSED
    since: float = 0.0

    def shown(self) -> Pair | None:
        """What the client reports, or None when it is closed."""
        return _CLIENT_PAIRS.get(self.client)


def aggregate(
    sessions: Iterable[Session], teams: TeamsState, preferred: Preferred | None, now: float
) -> Pair:
    """What everyone sees at `now` (Rules 1 and 2)."""
    candidates = [(s.shown(now), s.set_at) for s in sessions if s.alive(now)]
    if (own := teams.shown()) is not None:
        candidates.append((own, teams.since))
    if not candidates:
        return OFFLINE
    if preferred is not None and preferred.alive(now):
        return preferred.pair
    return max(candidates, key=_precedence)[0]


def _precedence(candidate: tuple[Pair, float]) -> tuple[int, bool, float]:
    pair, since = candidate
    return _RANK[pair.availability], pair != INACTIVE, since


def next_turn(sessions: Iterable[Session], preferred: Preferred | None, now: float) -> float | None:
    """The next moment after `now` at which something changes by itself, or None."""
    moments = [moment for session in sessions for moment in session.turns()]
    if preferred is not None:
        moments.append(preferred.expires_at)
    return min((moment for moment in moments if moment > now), default=None)


def preferred_default(pair: Pair) -> float:
    """How long a preferred presence lasts, in seconds, when nobody says (Rule 5)."""
    return DAY if pair.availability in {"Busy", "DoNotDisturb"} else 7 * DAY


_DURATION = re.compile(
    r"P(?:(?P<days>[0-9]{1,6})D)?"
    r"(?:T(?=[0-9])(?:(?P<hours>[0-9]{1,6})H)?(?:(?P<minutes>[0-9]{1,6})M)?"
    r"(?:(?P<seconds>[0-9]{1,6}(?:\.[0-9]{1,9})?)S)?)?"
)


def parse_duration(text: str) -> float:
    """Seconds in an ISO 8601 duration such as `PT30M`. Raises ValueError for anything else."""
    match = _DURATION.fullmatch(text)
    if match is None or text == "P":
        raise ValueError("not an ISO 8601 duration")
    days, hours, minutes, seconds = (
        float(match[unit] or 0) for unit in ("days", "hours", "minutes", "seconds")
    )
    return days * DAY + hours * 3600 + minutes * MINUTE + seconds
