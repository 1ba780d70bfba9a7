"""Presence names of both sides, and the one table between them.

Zoom spells the same state differently on each surface (webhook, REST, contacts); every known
spelling is accepted, in any case. Microsoft accepts exactly five pairs for an application's
session (Graph documentation, "presence: setPresence"); nothing else is ever sent.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping


class ZoomPresence(StrEnum):
    """What Zoom says about a person. Values are the webhook's spellings; we store these."""

    AVAILABLE = "Available"
    AWAY = "Away"
    DO_NOT_DISTURB = "Do_Not_Disturb"
    IN_CALENDAR_EVENT = "In_Calendar_Event"
    IN_MEETING = "In_Meeting"
    PRESENTING = "Presenting"
    ON_PHONE_CALL = "On_Phone_Call"
    OFFLINE = "Offline"
    MOBILE_ONLY = "Mobile_signed_in"
    BUSY = "Busy"
    OUT_OF_OFFICE = "Out_of_Office"


_ALIASES: Mapping[str, ZoomPresence] = {
    # REST (PUT presence_status) and contacts spell these differently from the webhook.
    "donodisturb": ZoomPresence.DO_NOT_DISTURB,  # a typo of Zoom's older specification
    "inacalendarevent": ZoomPresence.IN_CALENDAR_EVENT,
    "inazoommeeting": ZoomPresence.IN_MEETING,
    "inameeting": ZoomPresence.IN_MEETING,
    "onacall": ZoomPresence.ON_PHONE_CALL,
    "inacall": ZoomPresence.ON_PHONE_CALL,
    "onphone": ZoomPresence.ON_PHONE_CALL,
} | {re.sub(r"[^a-z]", "", presence.value.lower()): presence for presence in ZoomPresence}


@lru_cache(256)
def parse_zoom_presence(text: str) -> ZoomPresence | None:
    """Read any of Zoom's spellings; None when the state is unknown (ignore, count and log it)."""
    return _ALIASES.get(re.sub(r"[\s_-]", "", text[:64].lower()))


class Observation(NamedTuple):
    """What Zoom said, and when (epoch ms): the event's own time, or the time we asked."""

    presence: ZoomPresence
    at_ms: int


class Pair(NamedTuple):
    """An availability and an activity, as Microsoft names them."""

    availability: str
    activity: str

    @property
    def interrupts(self) -> bool:
        """Whether the pair is of the Busy / Do not disturb family: the one people act on."""
        return self.availability in {"Busy", "DoNotDisturb"}

    @property
    def silences(self) -> bool:
        """Whether Teams holds calls and messages off."""
        return self.availability == "DoNotDisturb"

    def __str__(self) -> str:
        return f"{self.availability}/{self.activity}"

    @classmethod
    def parse(cls, text: str) -> Pair | None:
        """Read `Availability/Activity` as we store it; None when it is not a session pair."""
        return _PAIRS.get(text)

    @classmethod
    def parse_preferred(cls, text: str) -> Pair | None:
        """Read a pair of the preferred status; None when it is not one."""
        return _PREFERRED.get(text)


AVAILABLE = Pair("Available", "Available")
IN_A_CALL = Pair("Busy", "InACall")
CONFERENCE = Pair("Busy", "InAConferenceCall")
AWAY = Pair("Away", "Away")
PRESENTING = Pair("DoNotDisturb", "Presenting")

SESSION_PAIRS = (AVAILABLE, IN_A_CALL, CONFERENCE, AWAY, PRESENTING)
"""All that setPresence accepts (Graph documentation, "Supported combinations")."""
_PAIRS = {str(pair): pair for pair in SESSION_PAIRS}

PREFERRED_PAIRS = (
    Pair("Available", "Available"),
    Pair("Busy", "Busy"),
    Pair("DoNotDisturb", "DoNotDisturb"),
    Pair("BeRightBack", "BeRightBack"),
    Pair("Away", "Away"),
    Pair("Offline", "OffWork"),
)
"""All that setUserPreferredPresence accepts (same documentation)."""
_PREFERRED = {str(pair): pair for pair in PREFERRED_PAIRS}


_MIRROR: Mapping[ZoomPresence, Pair | None] = {
    ZoomPresence.IN_MEETING: IN_A_CALL,
    ZoomPresence.ON_PHONE_CALL: IN_A_CALL,
    ZoomPresence.PRESENTING: PRESENTING,
    # Sessions know no other Do not disturb than Presenting, and no plain Busy.
    ZoomPresence.DO_NOT_DISTURB: PRESENTING,
    ZoomPresence.BUSY: IN_A_CALL,
    ZoomPresence.IN_CALENDAR_EVENT: None,  # Microsoft shows its own calendar
    ZoomPresence.AVAILABLE: AVAILABLE,
    ZoomPresence.AWAY: AWAY,
    ZoomPresence.OFFLINE: None,
    ZoomPresence.OUT_OF_OFFICE: None,
    ZoomPresence.MOBILE_ONLY: None,
}


class Style(StrEnum):
    """How much of the Zoom presence Microsoft shows. Values are the words people type."""

    BUSY_ONLY = "busy only"  # meetings, calls, Busy and Do not disturb
    MIRROR = "mirror"  # also Available and Away
    FULL = "full"  # Zoom's published table to the letter
    QUIET = "quiet"  # as mirror, but Teams is silent in meetings and calls


LevelStyle: TypeAlias = Literal[Style.BUSY_ONLY, Style.MIRROR, Style.FULL]
"""What the account and groups may have. `quiet` silences people's calls and messages, also for who
is on call: nobody chooses that for somebody else."""
LEVEL_STYLES: Final[tuple[LevelStyle, ...]] = get_args(LevelStyle)


def level_style(style: Style) -> LevelStyle | None:
    """The style, where a level may have it; None: only people may choose it."""
    return None if style is Style.QUIET else style


class Demand(NamedTuple):
    """What Microsoft should hold of us: a session, and (in the `full` style) a preferred status."""

    session: Pair | None
    preferred: Pair | None = None

    @property
    def interrupts(self) -> bool:
        """Whether people would see Busy or Do not disturb because of us."""
        session, preferred = self
        return (session is not None and session.interrupts) or (
            preferred is not None and preferred.interrupts
        )


_BUSY = frozenset(
    {
        ZoomPresence.IN_MEETING,
        ZoomPresence.ON_PHONE_CALL,
        ZoomPresence.PRESENTING,
        ZoomPresence.DO_NOT_DISTURB,
        ZoomPresence.BUSY,
    }
)
_FULL: Mapping[ZoomPresence, Pair] = {
    ZoomPresence.DO_NOT_DISTURB: Pair("DoNotDisturb", "DoNotDisturb"),
    ZoomPresence.BUSY: Pair("Busy", "Busy"),
    ZoomPresence.IN_CALENDAR_EVENT: Pair("Busy", "Busy"),
}
# An application's "In a call" does not keep Teams from ringing; its Do not disturb does.
_QUIET: Mapping[ZoomPresence, Pair] = {
    ZoomPresence.IN_MEETING: PRESENTING,
    ZoomPresence.ON_PHONE_CALL: PRESENTING,
}


@cache
def demand_of(zoom: ZoomPresence, style: Style) -> Demand:
    """What Microsoft should hold for a Zoom state in a style."""
    if style is Style.FULL and zoom in _FULL:
        # The weakest session carries it; without one everybody shows as Offline.
        return Demand(AWAY, _FULL[zoom])
    if style is Style.BUSY_ONLY and zoom not in _BUSY:
        return Demand(None)
    if style is Style.QUIET and zoom in _QUIET:
        return Demand(_QUIET[zoom])
    return Demand(_MIRROR[zoom])


def may_interrupt(zoom: ZoomPresence) -> bool:
    """Whether some style shows Busy or Do not disturb for this state."""
    return zoom in _BUSY or zoom in _FULL


CAN_COME_FROM_MICROSOFT = frozenset(
    {ZoomPresence.DO_NOT_DISTURB, ZoomPresence.BUSY, ZoomPresence.AWAY}
)
"""States that Zoom's own sync may have copied from Microsoft: look before writing (no echo)."""


_AVAILABILITIES = frozenset(
    {"available", "away", "berightback", "busy", "donotdisturb", "focusing", "offline"}
)


class Shown(NamedTuple):
    """What Microsoft shows of a person (GET presence). Unknown words are kept as they are.

    What it leaves out is empty: the activity may be missing, and nothing rests on it alone.
    """

    availability: str
    activity: str

    @property
    def known(self) -> bool:
        """Whether the availability is a word that says something."""
        return self.family in _AVAILABILITIES

    @property
    def family(self) -> str:
        """The availability in lower case, without how idle the person is."""
        return self.availability.lower().removesuffix("idle").removesuffix("inactive")


NOT_SAID = Shown("", "")
"""Microsoft does not say what it shows, or we may not read it."""


_ZOOM_LABELS: Mapping[ZoomPresence, str] = {
    ZoomPresence.AVAILABLE: "Available",
    ZoomPresence.AWAY: "Away",
    ZoomPresence.DO_NOT_DISTURB: "Do not disturb",
    ZoomPresence.IN_CALENDAR_EVENT: "In a calendar event",
    ZoomPresence.IN_MEETING: "In a meeting",
    ZoomPresence.PRESENTING: "Presenting",
    ZoomPresence.ON_PHONE_CALL: "On a phone call",
    ZoomPresence.OFFLINE: "Offline",
    ZoomPresence.MOBILE_ONLY: "Signed in on mobile only",
    ZoomPresence.BUSY: "Busy",
    ZoomPresence.OUT_OF_OFFICE: "Out of office",
}


def zoom_label(zoom: ZoomPresence) -> str:
    """Return the words people know from the Zoom client."""
    return _ZOOM_LABELS[zoom]


UNKNOWN: Final = "Unknown"
"""The label of words that nobody has told us."""

_TEAMS_LABELS: Mapping[str, str] = {
    "inacall": "In a call",
    "inaconferencecall": "In a conference call",
    "inameeting": "In a meeting",
    "presenting": "Presenting",
    "urgentinterruptionsonly": "Focusing",
    "outofoffice": "Out of office",
    "offwork": "Appear offline",
    "available": "Available",
    "availableidle": "Available",
    "inactive": "Away",
    "availableinactive": "Available, idle",
    "away": "Away",
    "berightback": "Be right back",
    "busy": "Busy",
    "busyidle": "Busy",
    "donotdisturb": "Do not disturb",
    "focusing": "Focusing",
    "offline": "Offline",
    "presenceunknown": UNKNOWN,
}


def teams_label(availability: str, activity: str) -> str:
    """Return the words people know from Teams for what Microsoft shows; "Unknown" for neither."""
    for word in (activity, availability):
        label = _TEAMS_LABELS.get(word.lower())
        if label is not None:
            return label
    return UNKNOWN
