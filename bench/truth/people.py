"""One person of a simulated day, on all sides: in truth, in our queue and hash, at Microsoft."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.truth.microsoft import NONE, Presence
from bench.truth.scheduler import NOWHERE
from domain.person import PersonState
from domain.policy import Form, ManagedGroup, Personal, Policy, resolve
from domain.presence import Observation, Style, ZoomPresence
from domain.step import UNSEEN, World

if TYPE_CHECKING:
    from array import array

    from domain.policy import Verdict
    from domain.step import Plan

_POLICY = Policy(
    Form(integration=True),
    (ManagedGroup("calls", "Call centre", 1, Form(integration=True, style=Style.BUSY_ONLY)),),
)
VERDICTS: dict[Style, Verdict] = {
    Style.MIRROR: resolve(_POLICY),
    Style.BUSY_ONLY: resolve(_POLICY, {"calls"}),
    Style.FULL: resolve(_POLICY, (), Personal(Style.FULL)),
    Style.QUIET: resolve(_POLICY, (), Personal(Style.QUIET)),
}


class Person(PersonState):
    """Times in milliseconds of the day. What Zoom said last is `newest` in the row.

    `observation` is what whoever has them in hand has read of that.
    """

    __slots__ = (
        "day",
        "demanded",
        "due",
        "here",
        "lane",
        "last",
        "leased",
        "microsoft",
        "newest",
        "next",
        "number",
        "run",
        "seen_code",
        "silence_from",
        "sound_from",
        "style",
        "verdict",
        "watch",
        "watch_read",
        "zoom",
    )

    def __init__(self, number: int, style: Style, day: array[int], now: int, age: int) -> None:
        """`age`: how long ago we heard of them last."""
        super().__init__(str(number))
        self.number = number
        self.day = day
        self.next = 0  # place in the day
        self.style = style
        self.verdict = VERDICTS[style]
        self.zoom = ZoomPresence.OFFLINE  # the truth
        self.newest: Observation | None = Observation(self.zoom, now - age)
        self.lane = NOWHERE
        self.due = 0
        self.leased = False
        self.run: Reconciliation | None = None
        self.microsoft = Presence()
        self.watch = NOWHERE  # when they are to be looked at next
        self.watch_read = NOWHERE  # the same as the reader set it, and what it saw then
        self.seen_code = NONE
        self.here = False  # their person-time counts
        self.last = now  # until when it is accounted for
        self.demanded = 0
        self.silence_from = self.sound_from = NONE

    @property
    def spread(self) -> float:
        """A number in [0, 1) that changes with every session."""
        told = self.held.told_ms if self.held is not None else 0
        return ((self.number * 2654435761 ^ told * 40503) * 2246822519 & 0xFFFFFFFF) / 2**32


class Reconciliation:
    """What sync.engine.reconcile keeps while it has somebody in hand."""

    __slots__ = ("again", "lane", "looked", "permit", "seen", "sent", "step", "version", "world")

    def __init__(self, person: Person, world: World) -> None:
        self.version = person.version
        self.lane = person.lane
        """Where they stood: the lane whose budget is used."""
        person.observation = person.newest
        self.seen = UNSEEN
        self.world = world
        self.permit = 0
        """Until when a permit for the next request holds."""
        self.sent = False
        self.again: int | None = None
        self.looked = 0
        self.step: Plan | None = None
