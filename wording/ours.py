"""What Microsoft has of ours: accepted, still being tried, and what it may show of it. Pure.

Sentences say "told" of what Microsoft accepted and of nothing else (domain.held).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.plan import Do
from domain.presence import teams_label

if TYPE_CHECKING:
    from domain.explanation import Explanation
    from domain.held import Accepted
    from domain.person import PersonState
    from domain.presence import Pair


@dataclass(frozen=True, slots=True)
class Attempt:
    """What Microsoft has not accepted yet: to hold a pair, or (None) to end what it holds."""

    pair: Pair | None


@dataclass(frozen=True, slots=True)
class Leftover:
    """What Microsoft may show of ours, as people know it, and until when (epoch ms).

    `accepted`: some of it was accepted; else all of it is attempts whose answer was not heard.
    """

    what: str
    until_ms: int
    accepted: bool

    @property
    def named(self) -> str:
        """It, in the middle of a sentence."""
        return f"what I {'had set' if self.accepted else 'tried to set'}, {self.what},"


def label_of(pair: Pair) -> str:
    """The words people know for a pair."""
    return teams_label(pair.availability, pair.activity)


def told(known: Explanation) -> Accepted | None:
    """What Microsoft accepted and still holds: the preferred status before the session."""
    for held in (known.state.preferred, known.state.held):
        accepted = None if held is None else held.accepted
        if accepted is not None and accepted.until_ms > known.now_ms:
            return accepted
    return None


def attempt(known: Explanation) -> Attempt | None:
    """What is still to be accepted; None: all is as it shall be, or nobody knows what shall be."""
    step, accepted = known.plan, told(known)
    unsure = [
        held
        for held in (known.state.preferred, known.state.held)
        if held is not None and not held.sure and held.until_ms > known.now_ms
    ]
    if step.do in {Do.SET, Do.PREFER} and step.pair is not None:
        renews = accepted is not None and accepted.pair == step.pair and not unsure
        return None if renews and known.state.trouble is None else Attempt(step.pair)
    if step.do in {Do.CLEAR, Do.UNPREFER}:
        return Attempt(None)
    return Attempt(unsure[0].pair) if unsure else None


def leftover(state: PersonState, now_ms: int) -> Leftover | None:
    """What of ours Microsoft may show, whether it is wanted or not; None: nothing."""
    labels: dict[str, None] = {}
    until_ms, any_accepted = 0, False
    for held in (state.preferred, state.held):
        if held is None or held.until_ms <= now_ms:
            continue
        until_ms = max(until_ms, held.until_ms)
        accepted = held.accepted
        if accepted is not None and accepted.until_ms > now_ms:
            labels[f"“{label_of(accepted.pair)}”"] = None
            any_accepted = True
        if accepted is None or not held.sure:
            labels[f"“{label_of(held.pair)}”"] = None
    return Leftover(" or ".join(labels), until_ms, any_accepted) if labels else None
