"""What is known of a connected person. Pure. Times are epoch milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.policy import NOTHING_CHOSEN, Personal
from domain.storms import Step

if TYPE_CHECKING:
    from domain.held import Held
    from domain.presence import Observation


@dataclass(slots=True)
class State:
    """The engine's knowledge of one person, read from their row.

    Whoever read it may keep it up to date: it is their own copy.
    """

    object_id: str
    generation: int = 0
    version: int = 0
    observation: Observation | None = None
    got_ms: int | None = None
    answered_ms: int | None = None
    held: Held | None = None
    test_until_ms: int | None = None
    tries: int = 0
    trouble: str | None = None  # what ails them (domain.errors.Trouble), since when, and the code
    trouble_ms: int | None = None
    trouble_code: str = ""
    told: Step = Step.UNTOLD  # how far asking them to connect again is
    failed_code: str = ""  # what failed last, also when it is over, and when
    failed_ms: int | None = None
    wait_ms: int | None = None
    leaving: bool = False
    gone_ms: int | None = None  # since when their app is taken out, perhaps to be replaced
    preferred: Held | None = None
    yielded_ms: int | None = None
    group_ids: frozenset[str] = frozenset()
    policy_needed: int = 0
    zoom_id: str | None = None
    met: bool = False
    wrote_ms: int | None = None
    personal: Personal = NOTHING_CHOSEN

    @property
    def asked(self) -> bool:
        """Whether they were certainly asked to connect again."""
        return self.told is Step.TOLD


@dataclass(frozen=True, slots=True)
class Standing:
    """What counting people takes of their `State`: reading the whole of it takes thrice as long.

    `until_ms` is the end of the session that Microsoft holds of us, 0 when there is none.
    """

    object_id: str
    zoom_id: str | None = None
    group_ids: frozenset[str] = frozenset()
    personal: Personal = NOTHING_CHOSEN
    until_ms: int = 0
    trouble: str | None = None
