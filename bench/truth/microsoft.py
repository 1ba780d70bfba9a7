"""What Microsoft shows of one person: the rules of sandbox/graph_presence.py, small and in numbers.

The sandbox answers HTTP and keeps any number of applications apart; a day of 200,000 people needs
only ours, and fast. A property test holds the two equal. Two things are added: Microsoft's own
calendar, which shows as a session of its own, and who chose the preferred status.
Times are milliseconds of the simulated day.
"""

from __future__ import annotations

from domain.clock import MINUTE
from domain.presence import PREFERRED_PAIRS, SESSION_PAIRS, Pair, Shown

FADE_MS = 5 * MINUTE

PAIRS = (
    Pair("Offline", "Offline"),
    Pair("Available", "Available"),
    Pair("Available", "AvailableInactive"),
    Pair("Away", "Away"),
    Pair("Busy", "InACall"),
    Pair("Busy", "InAConferenceCall"),
    Pair("DoNotDisturb", "Presenting"),
    Pair("Busy", "InAMeeting"),
    Pair("Busy", "Busy"),
    Pair("DoNotDisturb", "DoNotDisturb"),
    Pair("BeRightBack", "BeRightBack"),
    Pair("Offline", "OffWork"),
)
OFFLINE, AVAILABLE, INACTIVE, AWAY, IN_A_CALL = 0, 1, 2, 3, 4
PRESENTING, IN_A_MEETING = 6, 7
NONE = -1

CODE = {pair: code for code, pair in enumerate(PAIRS)}
SHOWN = tuple(Shown(pair.availability, pair.activity) for pair in PAIRS)
SESSION_CODES = tuple(CODE[pair] for pair in SESSION_PAIRS)
PREFERRED_CODES = tuple(CODE[pair] for pair in PREFERRED_PAIRS)

RANK = (-1, 2, 1, 0, 3, 3, 4, 3, -1, -1, -1, -1)
"""Among sessions: Do not disturb, Busy, Available, Available but inactive, Away."""

SEEN = ("Offline", "Available", "Idle", "Away", "Busy", "DoNotDisturb", "BeRightBack")
CLASS = (0, 1, 2, 3, 4, 4, 5, 4, 4, 5, 6, 0)
"""What people can tell apart, as a place in SEEN: colour and mark of the dot."""
BUSY, DND = SEEN.index("Busy"), SEEN.index("DoNotDisturb")

FOREVER = 2**50


def strongest(code: int, since: int, other: int, other_since: int) -> bool:
    """Whether the second session shows over the first; of two alike the fresher one."""
    return (RANK[other], other_since) > (RANK[code], since)


class Presence:
    """One person at Microsoft: our session, their Teams client and calendar, the preferred slot."""

    __slots__ = (
        "calendar",
        "calendar_since",
        "chosen",
        "client",
        "client_since",
        "own",
        "session",
        "slot",
        "slot_until",
        "told",
        "until",
    )

    def __init__(self) -> None:
        self.session = NONE
        self.told = self.until = 0
        self.client = NONE  # what their own Teams client reports
        self.client_since = 0
        self.calendar = False
        self.calendar_since = 0
        self.slot = NONE  # the preferred status, whoever set it
        self.slot_until = 0
        self.own = False  # they set it themselves
        self.chosen = 0  # when they did

    def set_session(self, now: int, code: int, minutes: int) -> None:
        """POST setPresence."""
        self.session, self.told, self.until = code, now, now + minutes * MINUTE

    def clear_session(self) -> None:
        """POST clearPresence."""
        self.session = NONE

    def prefer(self, now: int, code: int, minutes: int) -> None:
        """POST setUserPreferredPresence."""
        self.slot, self.slot_until, self.own = code, now + minutes * MINUTE, False

    def unprefer(self) -> None:
        """POST clearUserPreferredPresence."""
        self.slot, self.own = NONE, False

    def choice(self, now: int) -> int:
        """The status that the person set by hand; NONE: none."""
        return self.slot if self.own and now < self.slot_until else NONE

    def choose(self, now: int, code: int) -> None:
        """The person sets a status in Teams, or resets it (NONE)."""
        self.slot, self.slot_until, self.own = code, FOREVER, code != NONE
        self.chosen = now

    def shown(self, now: int) -> int:
        """What everybody sees."""
        return self.shown_until(now)[0]

    def shown_until(self, now: int) -> tuple[int, int]:
        """What everybody sees, and until when if nobody does anything."""
        until = FOREVER
        best, since = self.client, self.client_since
        if (
            self.calendar
            and best != NONE
            and strongest(best, since, IN_A_MEETING, self.calendar_since)
        ):
            best, since = IN_A_MEETING, self.calendar_since
        code = self.session
        if code != NONE and now < self.until:
            until = self.until
            if code == AVAILABLE and now >= self.told + FADE_MS:
                if now < self.told + 2 * FADE_MS:
                    code, until = INACTIVE, min(until, self.told + 2 * FADE_MS)
                else:
                    code = AWAY
            elif code == AVAILABLE:
                until = min(until, self.told + FADE_MS)
            if best == NONE or strongest(best, since, code, self.told):
                best = code
        if best == NONE:
            return OFFLINE, until
        if self.slot != NONE and now < self.slot_until:
            return self.slot, min(until, self.slot_until)
        return best, until

    def shown_if(self, now: int, session: int, preferred: int) -> int:
        """What everybody would see if we held exactly this, fresh, and never faded."""
        best, since = self.client, self.client_since
        if (
            self.calendar
            and best != NONE
            and strongest(best, since, IN_A_MEETING, self.calendar_since)
        ):
            best = IN_A_MEETING
        if session != NONE and (best == NONE or RANK[session] > RANK[best]):
            best = session
        if best == NONE:
            return OFFLINE
        if self.own and self.slot != NONE and now < self.slot_until:
            return self.slot
        return preferred if preferred != NONE else best
