"""What a plan is made of: what is known of the world, the step, its lane and its reason. Pure."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from domain.clock import MINUTE
from domain.freshness import UNHURRIED, Freshness
from domain.person import Layer
from domain.presence import ZoomPresence, may_interrupt

if TYPE_CHECKING:
    from domain.person import Held
    from domain.presence import Pair, Shown
    from domain.readback import Lesson, Reading, Watch


class Lane(IntEnum):
    """Whose write goes first when the quota is short (lower first)."""

    URGENT = 0  # into or out of Busy / Do not disturb; the metrics call it "turn"
    CHANGE = 1  # every other change
    HOLD = 2  # keep-alives of Busy / Do not disturb
    FADE = 3  # keep-alives of Available and Away


OVERTAKES_MS: Final = 4 * MINUTE
INTO_SILENCE: Final = frozenset({ZoomPresence.PRESENTING, ZoomPresence.DO_NOT_DISTURB})


def overtakes(held: Pair | None, presence: ZoomPresence) -> bool:
    """Whether somebody in URGENT goes before those who have waited for less than OVERTAKES_MS.

    Into silence, out of it, and out of Busy: else calls ring in a talk, or are held off for
    nothing, as long as the lane is behind. Busy that comes late does less harm. `held`: what
    Microsoft holds of us.
    """
    if presence in INTO_SILENCE:
        return True
    if held is None or not held.interrupts:
        return False
    return held.silences or not may_interrupt(presence)


class Seen(NamedTuple):
    """What the last look showed, and the session of ours that Microsoft held then."""

    shown: Shown | None = None
    held: Held | None = None


UNSEEN = Seen()


class World(NamedTuple):
    """Whether Zoom can be asked, and since when what it said is doubted (epoch ms, domain.feed).

    `organisation_app`: whose session the organisation's token writes (domain.person.app_of).
    `fresh`: how long it is believed. `reading`: how well Microsoft is read back; None: it is not.
    """

    can_ask: bool
    doubted_ms: int = 0
    organisation_app: str = ""
    fresh: Freshness = UNHURRIED
    reading: Reading | None = None


class Do(StrEnum):
    """The kinds of step."""

    NOTHING = "nothing"
    LOOK = "look"
    ASK = "ask"
    SET = "set"
    CLEAR = "clear"
    PREFER = "prefer"
    UNPREFER = "unprefer"
    YIELD = "yield"  # forget what we preferred: the person has chosen something since


WRITES: Final = {
    Do.SET: Layer.SESSION,
    Do.CLEAR: Layer.SESSION,
    Do.PREFER: Layer.PREFERRED,
    Do.UNPREFER: Layer.PREFERRED,
}
"""The steps by which Microsoft is told something, and what they change there."""


class Why(StrEnum):
    """What decided the plan; `status` turns it into a sentence."""

    OFF = "off"  # policy
    UNKNOWN = "unknown"  # Zoom has not told us anything yet
    TEST = "test"
    NOTHING_TO_SHOW = "nothing_to_show"  # Zoom's state maps to no session
    SHOWING = "showing"
    RIGHT = "right"  # a look has shown it, and nothing needs to be written
    COVERED = "covered"  # what a look has shown is stronger, or was chosen
    ECHO = "echo"  # Microsoft shows it already, without us
    OWN_STATUS = "own_status"  # the person's own choice stands where `full` would write
    TOO_OLD = "too_old"


class Plan(NamedTuple):
    """One step, its lane, and when to plan again (epoch ms; None: only when something happens).

    For SET and PREFER, `pair` and `minutes` are what to tell Microsoft. `watch`: when it is to
    be seen what Microsoft shows (None: that is not needed). `advised`: `lesson` is what looks have
    taught when this is done.
    """

    do: Do
    why: Why
    lane: Lane
    due_ms: int | None = None
    pair: Pair | None = None
    minutes: int = 0
    watch: Watch | None = None
    lesson: Lesson | None = None
    advised: bool = False
