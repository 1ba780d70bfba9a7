"""From what is known about a person to the next thing to do. Pure.

Theory of operation
-------------------
A person has at most one *session* of ours at Microsoft. `Situation` holds all that is known;
`plan` returns one `Plan`: a step (look, ask, write, clear, nothing), the lane it goes in, and,
when nothing is to be done now, the time at which to think again. The engine carries the step out,
puts what it learned into the situation and plans again, until the step is "nothing". A step is
never stored: whoever waited is planned anew from the newest state.

Rule 1  The newest Zoom state decides; policy can only switch everything off.
Rule 2  No write when Microsoft has it from us already and it will not end soon.
Rule 3  Available is repeated every 4 minutes (Graph lets an application's Available fade after 5),
        other states when half of their time is gone.
Rule 4  Busy and Do not disturb expire after at most 60 minutes, so that a crash heals by itself.
Rule 5  A state that may have come from Microsoft is written only after a look shows that Microsoft
        does not show it already without us (no echo).
Rule 6  A state is repeated only while fresh: after 30 minutes of Presenting and 60 of anything else
        Zoom is asked. Where Zoom can't be asked it is given up after 4 hours (meeting, call,
        presenting) or 12 (the rest), and a late event never *starts* a Busy or Do not disturb.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

from sync.presence import (
    AVAILABLE,
    CAN_COME_FROM_MICROSOFT,
    IN_A_CALL,
    Pair,
    Shown,
    ZoomPresence,
    session_for,
)

if TYPE_CHECKING:
    from sync.policy import Verdict

MINUTE = 60_000
HOUR = 60 * MINUTE

AVAILABLE_REPEAT_MS = 4 * MINUTE
AVAILABLE_EXPIRY_MIN = 15
EXPIRY_MIN = 60
SHORTEST_EXPIRY_MIN = 5
"""Graph refuses shorter ones (documentation: PT5M to PT4H)."""
LOOK_AGAIN_MS = 10 * MINUTE
"""How long an echo is left alone before Microsoft is looked at again."""
ASK_AGAIN_MS = 5 * MINUTE
"""How long to wait before Zoom is asked again after it did not answer."""
ENDED_MARGIN_MS = 5_000
"""A session this close to its end counts as ended: the write would race with the expiry."""
AHEAD_LIMIT_MS = 10 * MINUTE
"""Clocks differ; an event further ahead than this is refused."""


class Lane(IntEnum):
    """Whose write goes first when the quota is short (lower first)."""

    TURN = 0  # into or out of Busy / Do not disturb
    CHANGE = 1  # every other change
    HOLD = 2  # keep-alives of Busy / Do not disturb
    FADE = 3  # keep-alives of Available and Away


@dataclass(frozen=True, slots=True)
class Observation:
    """What Zoom said, and when (epoch ms): the event's own time, or the time we asked."""

    presence: ZoomPresence
    at_ms: int


@dataclass(frozen=True, slots=True)
class Held:
    """The session we told Microsoft to hold, when, and until when (epoch ms).

    `sure` is false between the intention and Microsoft's answer: after a crash in between it must
    be written again to count, and cleared if it is not wanted.
    """

    pair: Pair
    told_ms: int
    until_ms: int
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a plan depends on.

    `spread` in [0, 1) keeps people who changed together from being repeated together.
    `shown` is what Microsoft shows, when it was looked at just now.
    `test_until_ms` is the end of a running *Test it*.
    """

    verdict: Verdict
    observation: Observation | None
    held: Held | None
    can_ask: bool
    spread: float = 0.0
    shown: Shown | None = None
    test_until_ms: int | None = None


class Do(StrEnum):
    """The kinds of step."""

    NOTHING = "nothing"
    LOOK = "look"
    ASK = "ask"
    SET = "set"
    CLEAR = "clear"


class Why(StrEnum):
    """What decided the plan; `status` turns it into a sentence."""

    OFF = "off"  # policy
    UNKNOWN = "unknown"  # Zoom has not told us anything yet
    TEST = "test"
    NOTHING_TO_SHOW = "nothing_to_show"  # Zoom's state maps to no session
    SHOWING = "showing"
    ECHO = "echo"  # Microsoft shows it already, without us
    TOO_OLD = "too_old"


@dataclass(frozen=True, slots=True)
class Plan:
    """One step, its lane, and when to plan again (epoch ms; None: only when something happens).

    For SET, `pair` and `minutes` are what to tell Microsoft.
    """

    do: Do
    why: Why
    lane: Lane
    due_ms: int | None = None
    pair: Pair | None = None
    minutes: int = 0


_FRESH_MS = {ZoomPresence.PRESENTING: 30 * MINUTE}
_GIVE_UP_MS = dict.fromkeys(
    (ZoomPresence.PRESENTING, ZoomPresence.IN_MEETING, ZoomPresence.ON_PHONE_CALL), 4 * HOUR
)


def fresh_for_ms(presence: ZoomPresence) -> int:
    """How long a state is believed before Zoom is asked again (Rule 6)."""
    return _FRESH_MS.get(presence, HOUR)


def give_up_after_ms(presence: ZoomPresence) -> int:
    """How long a state is believed at most when Zoom can't be asked (Rule 6)."""
    return _GIVE_UP_MS.get(presence, 12 * HOUR)


def supersedes(new: Observation, old: Observation | None) -> bool:
    """Whether `new` replaces `old`: newer wins; a tie is decided the same in any arrival order."""
    if old is None:
        return True
    return (new.at_ms, new.presence) > (old.at_ms, old.presence)


def plan(now_ms: int, situation: Situation) -> Plan:
    """Decide the next step for one person."""
    held = situation.held
    live = held if held is not None and held.until_ms - ENDED_MARGIN_MS > now_ms else None
    if not situation.verdict.on:
        return _hold_nothing(live, Why.OFF, None)

    if situation.test_until_ms is not None and situation.test_until_ms > now_ms:
        return _test(now_ms, situation.test_until_ms, live)

    observation = situation.observation
    if observation is None:
        if situation.can_ask:
            return Plan(Do.ASK, Why.UNKNOWN, Lane.CHANGE)
        return _hold_nothing(live, Why.UNKNOWN, None)

    age = now_ms - observation.at_ms
    pair = session_for(observation.presence)
    fresh_until = observation.at_ms + fresh_for_ms(observation.presence)
    if situation.can_ask:
        if now_ms >= fresh_until:
            return Plan(Do.ASK, Why.TOO_OLD, _lane(live, pair))
        think_again = fresh_until + int(situation.spread * MINUTE)
    else:
        think_again = observation.at_ms + give_up_after_ms(observation.presence)
        starts_late = (
            pair is not None
            and pair.interrupts
            and now_ms >= fresh_until
            and (live is None or live.pair != pair)
        )
        if age >= give_up_after_ms(observation.presence) or starts_late:
            return _hold_nothing(live, Why.TOO_OLD, None)

    if pair is None:
        due = think_again if situation.can_ask else None
        return _hold_nothing(live, Why.NOTHING_TO_SHOW, due)
    if live is not None and live.pair == pair and live.sure:
        return _keep(now_ms, situation, live, think_again)
    if observation.presence in CAN_COME_FROM_MICROSOFT:
        if situation.shown is None:
            return Plan(Do.LOOK, Why.SHOWING, _lane(live, pair))
        if _shown_without_us(situation.shown, pair, live):
            if live is not None:
                # What we hold is another state; it would show once Microsoft's own one ends.
                return Plan(Do.CLEAR, Why.ECHO, _lane(live, None))
            due = min(now_ms + LOOK_AGAIN_MS + int(situation.spread * MINUTE), think_again)
            return Plan(Do.NOTHING, Why.ECHO, _repeat_lane(pair), due)
    return Plan(
        Do.SET,
        Why.SHOWING,
        _lane(live, pair),
        pair=pair,
        minutes=_expiry_minutes(now_ms, observation, pair, can_ask=situation.can_ask),
    )


def _hold_nothing(live: Held | None, why: Why, due_ms: int | None) -> Plan:
    if live is not None:
        return Plan(Do.CLEAR, why, _lane(live, None))
    return Plan(Do.NOTHING, why, Lane.CHANGE, due_ms)


def _test(now_ms: int, until_ms: int, live: Held | None) -> Plan:
    if live is not None and live.sure and live.pair.interrupts:
        return Plan(Do.NOTHING, Why.TEST, Lane.TURN, min(until_ms, live.until_ms - ENDED_MARGIN_MS))
    minutes = max(SHORTEST_EXPIRY_MIN, min(EXPIRY_MIN, -(-(until_ms - now_ms) // MINUTE)))
    return Plan(Do.SET, Why.TEST, Lane.TURN, pair=IN_A_CALL, minutes=minutes)


def _keep(now_ms: int, situation: Situation, live: Held, think_again: int) -> Plan:
    lane = _repeat_lane(live.pair)
    repeat_at = _repeat_at(live, situation.spread)
    if now_ms < repeat_at:
        return Plan(Do.NOTHING, Why.SHOWING, lane, min(repeat_at, think_again))
    observation = situation.observation
    assert observation is not None  # noqa: S101 - only called with one
    minutes = _expiry_minutes(now_ms, observation, live.pair, can_ask=situation.can_ask)
    return Plan(Do.SET, Why.SHOWING, lane, pair=live.pair, minutes=minutes)


def _repeat_at(live: Held, spread: float) -> int:
    """Up to a tenth earlier than the latest sensible time, so that herds disperse."""
    half = (live.until_ms - live.told_ms) // 2
    latest = AVAILABLE_REPEAT_MS if live.pair == AVAILABLE else half
    return live.told_ms + int(latest * (1 - 0.1 * spread))


def _expiry_minutes(now_ms: int, observation: Observation, pair: Pair, *, can_ask: bool) -> int:
    longest = AVAILABLE_EXPIRY_MIN if pair == AVAILABLE else EXPIRY_MIN
    if can_ask:
        return longest
    believed = (observation.at_ms + give_up_after_ms(observation.presence) - now_ms) // MINUTE
    return max(SHORTEST_EXPIRY_MIN, min(longest, believed))


def _shown_without_us(shown: Shown, pair: Pair, live: Held | None) -> bool:
    same = shown.availability.lower().removesuffix("idle") == pair.availability.lower()
    ours = live is not None and live.pair.availability == pair.availability
    return same and not ours


def _lane(live: Held | None, pair: Pair | None) -> Lane:
    into = pair is not None and pair.interrupts
    out_of = live is not None and live.pair.interrupts
    return Lane.TURN if into or out_of else Lane.CHANGE


def _repeat_lane(pair: Pair) -> Lane:
    return Lane.HOLD if pair.interrupts else Lane.FADE
