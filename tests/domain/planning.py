"""What plans are made from, as tests of the planner need it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from domain.person import PersonState
from domain.plan import plan
from domain.policy import Reason, Verdict
from domain.step import UNSEEN, Seen, World

if TYPE_CHECKING:
    from domain.presence import Style
    from domain.step import Plan

ADA = "00000000-0000-4000-8000-000000000001"
OFF = Verdict(False, Reason.INTEGRATION_OFF)


def on(style: Style) -> Verdict:
    return Verdict(True, Reason.ON, style)


NO_API = World(can_ask=False)
"""Of Zoom's."""


@dataclass(slots=True)
class Someone(PersonState):
    """A person whose place among others is the test's."""

    object_id: str = ADA
    spread: float = 0.0


@dataclass(frozen=True)
class Moment:
    """Somebody, and all else that decides what is to be done about them."""

    person: Someone
    verdict: Verdict
    seen: Seen = UNSEEN
    world: World = NO_API

    def plan(self, now_ms: int) -> Plan:
        return plan(now_ms, self.person, self.verdict, self.seen, self.world)

    def but(
        self,
        *,
        verdict: Verdict | None = None,
        seen: Seen | None = None,
        world: World | None = None,
        **of_the_person: Any,
    ) -> Moment:
        """The same with something changed."""
        return Moment(
            replace(self.person, **of_the_person),
            verdict or self.verdict,
            self.seen if seen is None else seen,
            self.world if world is None else world,
        )

    def doubted(self, since_ms: int) -> Moment:
        """The same where Zoom may have said something since that was missed."""
        return self.but(world=self.world._replace(doubted_ms=since_ms))
