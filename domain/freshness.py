"""How long what Zoom said is believed before Zoom is asked again. Pure. Rule 6 of domain.plan.

News that came late or never is most of what is shown wrong while there is quota enough, and all of
the false Busy. So Zoom is asked as often as its pace allows for so many people, and first about
states that interrupt: whoever is wrongly shown Busy is not called. How many people there are
decides, for all the same; nothing is kept of how long one person's meetings last.

Where Microsoft is read back, a look may say that Zoom's state is old: it shows a call or meeting
that is not ours, while Zoom said that there is none. It may be a call in Teams, of which Zoom knows
nothing; it may be one in Zoom, whose beginning we were not told, and which has to show as more than
the calendar does (Do not disturb while presenting, or in the style `quiet`). So Zoom is asked, once
for each such sight: at once where it is a call, and two minutes later where it is the calendar's
meeting, because people join late.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from domain.clock import HOUR, MINUTE
from domain.presence import ZoomPresence, may_interrupt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.presence import Observation, Pair
    from domain.readback import Sight


class Freshness(NamedTuple):
    """How long states are believed (ms): those that interrupt, and the others.

    `usual`: how long states usually last at most (ms), as far as it is known (domain.lasting).
    """

    interrupting_ms: int
    other_ms: int
    usual: Mapping[ZoomPresence, int] = MappingProxyType({})


UNHURRIED: Final = Freshness(HOUR, HOUR)
"""Where the pace is not known, or Zoom can't be asked."""

_SHORTEST: Final = Freshness(3 * MINUTE, 10 * MINUTE)
"""Sooner is not worth the questions: most webhooks come within seconds."""
_LONGEST: Final = Freshness(15 * MINUTE, HOUR)
_PER_PERSON: Final = Freshness(400, 1_000)
"""Milliseconds for each person and question a second: then some nine tenths of the pace are used
in the busiest hour of a simulated day (bench.truth)."""


def freshness(
    people: int, per_second: float, usual: Mapping[ZoomPresence, int] | None = None
) -> Freshness:
    """How long to believe Zoom's states, with so many people and questions a second."""
    if per_second <= 0:
        return UNHURRIED
    share = people / per_second
    interrupting, other = (
        int(min(max(share * each, shortest), longest))
        for each, shortest, longest in zip(
            _PER_PERSON[:2], _SHORTEST[:2], _LONGEST[:2], strict=True
        )
    )
    return Freshness(interrupting, other, MappingProxyType(dict(usual or {})))


_CALLS: Final = frozenset({"inacall", "inaconferencecall", "presenting"})
JOINED_WITHIN_MS: Final = 2 * MINUTE
"""Most people join within so long of a meeting's beginning (bench.truth.assumptions)."""


def unexplained_from_ms(
    observation: Observation, sight: Sight | None, held: Pair | None
) -> int | None:
    """From when on (epoch ms) Zoom is to be asked because of what a look saw; None: no need.

    `held`: what Microsoft may hold of us. Not sooner than a state is believed at the least, so
    that nobody is asked about all the time who is in Teams calls all day.
    """
    if sight is None or sight.sent_ms <= observation.at_ms or may_interrupt(observation.presence):
        return None
    shown = sight.shown
    if held is not None and shown.family == held.availability.lower():
        return None
    activity = shown.activity.lower()
    if activity in _CALLS:
        at_ms = sight.sent_ms
    elif activity == "inameeting":
        at_ms = sight.sent_ms + JOINED_WITHIN_MS
    else:
        return None
    return max(at_ms, observation.at_ms + _SHORTEST.interrupting_ms)


_FRESH_MS: Final = {ZoomPresence.PRESENTING: 30 * MINUTE}
_GIVE_UP_MS: Final[Mapping[ZoomPresence, int]] = dict.fromkeys(
    (ZoomPresence.PRESENTING, ZoomPresence.IN_MEETING, ZoomPresence.ON_PHONE_CALL), 4 * HOUR
)


def fresh_for_ms(presence: ZoomPresence, fresh: Freshness = UNHURRIED) -> int:
    """How long a state is believed before Zoom is asked again."""
    longest = fresh.interrupting_ms if may_interrupt(presence) else fresh.other_ms
    return min(_FRESH_MS.get(presence, HOUR), longest)


def fresh_until_ms(observation: Observation, since_ms: int | None, fresh: Freshness) -> int:
    """Until when (epoch ms) a state is believed; `since_ms`: when it began, None: not known.

    A state that interrupts is believed for half the time once it is older than is usual: its end
    may have been missed. That at most doubles the questions about a fifth of such states.
    """
    presence, at_ms = observation
    believed = fresh_for_ms(presence, fresh)
    usual = fresh.usual.get(presence)
    if usual is None or since_ms is None or not may_interrupt(presence):
        return at_ms + believed
    sooner = at_ms + max(believed // 2, min(_SHORTEST.interrupting_ms, believed))
    return min(at_ms + believed, max(sooner, since_ms + usual))


def give_up_after_ms(presence: ZoomPresence) -> int:
    """How long a state is believed at most when Zoom can't be asked."""
    return _GIVE_UP_MS.get(presence, 12 * HOUR)
