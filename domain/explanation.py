"""Everything about one person that `status` tells. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from domain.link import Link
    from domain.person import PersonState
    from domain.policy import Verdict
    from domain.presence import Shown
    from domain.step import Plan

SLOW: Final = "slow"
"""`shown_error`: there was no answer while somebody waited."""
TOO_OFTEN: Final = "too_often"
"""`shown_error`: nobody looked, because they wanted it too often within a minute."""
QUOTA: Final = "quota"
"""`shown_error`: Microsoft's limit for the app is used up, or it asked everybody to wait."""
OUTAGE: Final = "outage"
"""`shown_error`: Microsoft fails for many, and is spared (sync.engine.gate)."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Somebody whose chat wants something, and whether it may cost requests."""

    link: Link
    state: PersonState
    allowed: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything `status` tells, read at `now_ms`.

    `shown` is what Microsoft showed at `shown_ms`: now, or within the last minute where it is read
    back (domain.readback.seen_lately), or (with `shown_error`) when it was last looked at; None
    when that is not known. `shown_error` is why it was not read now: SLOW, TOO_OFTEN, QUOTA,
    OUTAGE, or the code of an OutsideError. `can_ask`: Zoom's API is configured.
    """

    link: Link
    state: PersonState
    verdict: Verdict
    plan: Plan
    now_ms: int
    shown: Shown | None
    shown_error: str | None
    can_ask: bool
    shown_ms: int = 0
