"""What Microsoft has of ours, and why it shows something else than it was told.

Sentences say "told" of what Microsoft accepted and of nothing else (domain.person).

Graph's documentation: a status set by hand wins over every session; among sessions Do not disturb
wins over Busy, Busy over Available, Available over Away; an application's Available fades. What is
only attempted explains nothing, and a reason is given only where it can be the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.clock import MINUTE
from domain.presence import Style, demand_of, teams_label, zoom_label
from domain.step import WRITES
from wording.figures import clock_time
from wording.policy import verdict_words
from wording.trouble import reason_of

if TYPE_CHECKING:
    from datetime import tzinfo

    from domain.explanation import Explanation
    from domain.person import Accepted, PersonState
    from domain.policy import Verdict
    from domain.presence import Observation, Pair, Shown


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
    if step.do in WRITES and step.pair is not None:
        renews = accepted is not None and accepted.pair == step.pair and not unsure
        return None if renews and known.state.trouble is None else Attempt(step.pair)
    if step.do in WRITES:
        return Attempt(None)
    return Attempt(unsure[0].pair) if unsure else None


def leftover(state: PersonState, now_ms: int) -> Leftover | None:
    """What of ours Microsoft may show, whether it is wanted or not; None: nothing."""
    labels: dict[str, None] = {}
    until_ms, any_accepted = 0, False
    for held in (state.preferred, state.held, state.former):
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


LAG_MS = 5 * MINUTE
"""So long after we told something, what is shown may simply be older."""

_WEIGHTS = {"offline": 0, "away": 1, "available": 2, "busy": 3, "donotdisturb": 4}
_CALLS = frozenset({"inacall", "inaconferencecall", "presenting"})
"""A Teams client says these of its calls, and so do we of Zoom’s."""
_MEETING = "inameeting"
"""Never ours: no application may set it."""
_LAGS = "or Microsoft hasn’t caught up yet, which takes a few minutes at most"


def seen(known: Explanation) -> Shown | None:
    """What Microsoft shows at this moment, as far as it says something."""
    fresh = known.shown_error is None and known.shown is not None and known.shown.known
    return known.shown if fresh else None


def agrees(known: Explanation) -> bool:
    """Whether Microsoft shows the availability that it accepted from us."""
    accepted, shown = told(known), seen(known)
    return (
        accepted is not None
        and shown is not None
        and shown.family == accepted.pair.availability.lower()
    )


def is_ours(known: Explanation) -> bool:
    """Whether it shows that with our activity, or without any."""
    accepted, shown = told(known), seen(known)
    return (
        agrees(known)
        and accepted is not None
        and shown is not None
        and shown.activity.lower() in {"", accepted.pair.activity.lower()}
    )


def why_different(known: Explanation) -> str | None:
    """Why it shows something else; None where it does not, or where that is not certain."""
    accepted, shown = told(known), seen(known)
    if accepted is None or shown is None or agrees(known) or attempt(known) is not None:
        return None
    label, activity = teams_label(*shown), shown.activity.lower()
    wanted = accepted.pair.availability.lower()
    fresh = known.now_ms - accepted.at_ms < LAG_MS
    if set_by_hand(known):
        return "You set a status yourself in Teams, and your own status always wins."
    if _WEIGHTS.get(shown.family, 0) > _WEIGHTS[wanted]:
        if activity == _MEETING:
            where = "A meeting in Teams or in your calendar"
            return f"{where} shows “{label}”, and that takes precedence."
        if activity in _CALLS and fresh:
            return f"You may be in a call in Teams, which takes precedence; {_LAGS}."
        if activity in _CALLS:
            return f"A call or meeting in Teams shows “{label}”, and that takes precedence."
        if wanted == "away" and shown.family == "available":
            active = "Your Teams is open and active, and that takes precedence over “Away”"
            return f"{active}; {_LAGS}." if fresh else f"{active}."
    return (
        "If you set a status yourself in Teams, your own status always wins. If you didn’t, "
        "Microsoft is a little behind. That can take a few minutes."
    )


def set_by_hand(known: Explanation) -> bool:
    """Whether nothing but the person's own choice in Teams brings about what is shown."""
    shown = seen(known)
    if shown is None:
        return False
    activity = shown.activity.lower()
    if activity == "donotdisturb":  # in `full` we set that, too
        return known.verdict.style is not Style.FULL and known.state.preferred is None
    return activity in {"berightback", "offwork"}


def same_label(shown: Shown) -> str:
    """What is shown has another label than what was told, and weighs as much."""
    return f"Microsoft shows “{teams_label(*shown)}”, which counts as the same."


NOTHING_SET: Final = "I hadn’t set anything, so Microsoft shows your presence without Zoom."
CLEARED: Final = "What I had set is cleared, and Microsoft shows your presence without Zoom."


def pause_effect(
    before: PersonState, after: PersonState | None, now_ms: int, zone: tzinfo, *, allowed: bool
) -> str:
    """What a pause has come to at Microsoft; `after` is None while it has not answered.

    `allowed` is false for somebody who has changed it so often that it is put off.
    """
    if not allowed:
        return "You’ve paused and resumed often, so I’ll clear what I set within a minute."
    had = leftover(before, now_ms)
    left = had if after is None else leftover(after, now_ms)
    cleared = None if after is None else after.cleared(now_ms)
    if cleared is not None:
        return CLEARED if had else NOTHING_SET
    if left is None:
        return "I’m clearing anything I may have set."
    until = clock_time(left.until_ms, now_ms, zone)
    if after is None:
        return (
            f"I’m trying to clear {left.named} but Microsoft hasn’t answered yet. It may show "
            f"until {until} at the latest."
        )
    why = "" if after.trouble is None else f" {reason_of(after.trouble_code)}."
    named = left.named[:1].upper() + left.named[1:]
    return f"{named} isn’t cleared yet and may show until {until}.{why}"


def presence_now(verdict: Verdict | None, observation: Observation | None) -> str | None:
    """What Zoom says at this moment and what that means in Microsoft; None: nothing known."""
    if verdict is not None and not verdict.on:
        return f"I’m not telling Microsoft anything right now. {verdict_words(verdict)}"
    if verdict is None or observation is None:
        return None
    zoom, demand = zoom_label(observation.presence), demand_of(observation.presence, verdict.style)
    pair = demand.preferred or demand.session
    if pair is None:
        return f"Zoom says “{zoom}” right now, so there’s nothing to tell Microsoft."
    return f"Zoom says “{zoom}” right now, so I’m telling Microsoft “{teams_label(*pair)}”."
