"""One person of a simulated day, on all sides: in truth, in our queue and hash, at Microsoft."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.truth.microsoft import NONE, Presence
from bench.truth.scheduler import NOWHERE
from domain.plan import Situation
from domain.policy import Form, ManagedGroup, Personal, Policy, resolve
from domain.presence import Observation, Style, ZoomPresence

if TYPE_CHECKING:
    from array import array

    from domain.held import Held
    from domain.plan import Plan
    from domain.policy import Verdict

_POLICY = Policy(
    Form(integration=True),
    (ManagedGroup("calls", "Call centre", 1, Form(integration=True, style=Style.BUSY_ONLY)),),
)
VERDICTS: dict[Style, Verdict] = {
    Style.MIRROR: resolve(_POLICY),
    Style.BUSY_ONLY: resolve(_POLICY, {"calls"}),
    Style.FULL: resolve(_POLICY, (), Personal(Style.FULL)),
}


class Person:
    """Times in milliseconds of the day."""

    __slots__ = (
        "day",
        "demanded",
        "due",
        "held",
        "here",
        "lane",
        "last",
        "leased",
        "microsoft",
        "next",
        "number",
        "observation",
        "preferred",
        "silence_from",
        "sound_from",
        "style",
        "turn",
        "verdict",
        "version",
        "yielded",
        "zoom",
    )

    def __init__(self, number: int, style: Style, day: array[int], now: int, age: int) -> None:
        """`age`: how long ago we heard of them last."""
        self.number = number
        self.day = day
        self.next = 0  # place in the day
        self.style = style
        self.verdict = VERDICTS[style]
        self.zoom = ZoomPresence.OFFLINE  # the truth
        self.observation: Observation | None = Observation(self.zoom, now - age)
        self.held: Held | None = None
        self.preferred: Held | None = None
        self.yielded: int | None = None
        self.version = 0
        self.lane = NOWHERE
        self.due = 0
        self.leased = False
        self.turn: Turn | None = None
        self.microsoft = Presence()
        self.here = False  # their person-time counts
        self.last = now  # until when it is accounted for
        self.demanded = 0
        self.silence_from = self.sound_from = NONE


class Turn:
    """What sync.engine.attend keeps while it has somebody in hand."""

    __slots__ = ("again", "lane", "looked", "permit", "sent", "situation", "step", "version")

    def __init__(self, person: Person) -> None:
        self.version = person.version
        self.lane = person.lane
        """Where they stood: the lane whose budget is used."""
        self.situation = Situation(
            verdict=person.verdict,
            observation=person.observation,
            held=person.held,
            can_ask=True,
            spread=spread(person.number, person.held),
            preferred=person.preferred,
            yielded_ms=person.yielded,
        )
        self.permit = 0
        """Until when a permit for the next request holds."""
        self.sent = False
        self.again: int | None = None
        self.looked = 0
        self.step: Plan | None = None

    def learn(self, person: Person) -> None:
        """sync.engine.attend, _learn: bring the situation up to date."""
        situation = self.situation
        situation.held, situation.preferred = person.held, person.preferred
        situation.yielded_ms = person.yielded
        situation.spread = spread(person.number, person.held)


def spread(number: int, held: Held | None) -> float:
    """A number in [0, 1) that changes with every session."""
    told = held.told_ms if held is not None else 0
    return ((number * 2654435761 ^ told * 40503) * 2246822519 & 0xFFFFFFFF) / 2**32
