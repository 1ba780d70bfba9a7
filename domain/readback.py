"""Reading back: what a look at Microsoft says about what to write. Pure.

One request to Graph tells of up to 650 people what Microsoft shows of them (domain.budget). So what
is right without us needs no write, and what Microsoft lost is put back. Times are epoch ms.

Rule 1  Whoever is shown right without a session of ours gets none, and no keep-alive.
Rule 2  A look counts only if it was sent after our last write, and that long enough ago that
        Microsoft shows it (`Reading.settle_ms`, learnt). Every write forgets what was seen.
Rule 3  Nothing is written that would not be seen: a stronger session covers it (a call in Teams
        over Available), or a status set by hand does. The second can't be told from a session that
        Microsoft lost, so it is written once; if it still does not show it is tried again after 10,
        20 and then every 40 minutes, or at once when something else shows.
Rule 4  An Available of ours fades five minutes after it was told (to AvailableIdle). It is let
        fade, and looked at then. Did it fade, only we keep it up: then it is kept alive for 10, 20
        and then 40 minutes before it is let fade again. Is it Available still, somebody else keeps
        it up, and nothing of ours is needed.
Rule 5  Our own session hides what others would show: where something else of ours is held, the next
        is written at once, without a look, unless what was seen is stronger than that.
Rule 6  While nobody reads, or what was seen is not there, all is planned as if there were no looks.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from domain.clock import MINUTE
from domain.presence import AVAILABLE, Pair, Shown

if TYPE_CHECKING:
    from domain.person import Held, PersonState

FADES_MS: Final = 5 * MINUTE
"""An application's Available is shown so long (Graph documentation, "presence: setPresence")."""
LATELY_MS: Final = MINUTE
"""What a look saw not longer ago than this answers `status`."""
UNDER_WAY_MS: Final = 6_000
"""A look takes at most so long (sync.readback.looks.TIME_LIMIT)."""
FADED_MARGIN_MS: Final = 1_500
"""A look for what has faded is sent this much later: clocks differ a little."""
BACK_OFF_MS: Final = (10 * MINUTE, 20 * MINUTE, 40 * MINUTE)
MOST_TRIES: Final = len(BACK_OFF_MS)

_STRENGTH: Final = {"away": 0, "available": 1, "busy": 2, "donotdisturb": 3, "focusing": 3}
"""Among sessions; what is not here is none of theirs, but chosen, or nobody's."""
_IDLE: Final = frozenset({"availableidle", "availableinactive", "inactive"})


class Reading(NamedTuple):
    """How well Microsoft is read back just now; there is none while nobody reads it.

    `settle_ms`: after a write, looks sent within so many milliseconds may still show what was
    there before. `sweep_ms`: within so many milliseconds everybody who is watched is looked at.
    """

    settle_ms: int
    sweep_ms: int


class Sight(NamedTuple):
    """What a look saw of somebody, and when it was sent (of the Redis server)."""

    shown: Shown
    sent_ms: int


class Taught(StrEnum):
    """What a look taught of somebody. Values are stored."""

    ALONE = "alone"  # only we keep it up (Rule 4)
    HIDDEN = "hidden"  # what we write does not show (Rule 3)


class Lesson(NamedTuple):
    """What was learnt, how often in a row, and until when it is believed.

    `shown`: HIDDEN only while this family of availability shows.
    """

    taught: Taught
    tries: int
    until_ms: int
    shown: str = ""


class Act(Enum):
    """What a look means for the next step."""

    LEAVE = "leave"  # write nothing
    WRITE = "write"  # write, whatever is held
    BLIND = "blind"  # as without looks


class Watch(NamedTuple):
    """When to look at somebody. `asked`: what it shows is to be known then, be it new or not."""

    at_ms: int
    asked: bool = False


class Advice(NamedTuple):
    """What to do, when to look next (None: not needed), and when to think again at the latest.

    `lesson` is what is known after that: of a write, once it was accepted.
    """

    act: Act
    watch: Watch | None = None
    again_ms: int | None = None
    lesson: Lesson | None = None


def seen_lately(
    now_ms: int, person: PersonState, round_ms: int | None, reading: Reading | None
) -> Sight | None:
    """What the last look saw, and when it was at the latest; None: nobody has looked lately enough.

    `round_ms`: when the reader looks at them next in its rounds (None: in none). Who is in them was
    looked at a sweep before that, and what is kept of them would be new if it had changed. A look
    of which the answer may still be under way doesn't count: then the one before does.
    """
    sight, held = person.sight, person.held
    if sight is None or reading is None or not sight.shown.known or person.trouble is not None:
        return None
    at_ms = sight.sent_ms
    if round_ms is not None:
        looked_ms = round_ms - reading.sweep_ms
        if looked_ms > now_ms - UNDER_WAY_MS:
            looked_ms -= reading.sweep_ms
        if looked_ms <= now_ms - UNDER_WAY_MS:
            at_ms = max(at_ms, looked_ms)
    told_ms = 0 if held is None else held.told_ms + reading.settle_ms
    news_ms = max(told_ms, person.wrote_ms or 0, person.got_ms or 0)
    if at_ms < news_ms or now_ms - at_ms > LATELY_MS:
        return None
    return Sight(sight.shown, at_ms)


def satisfies(shown: Shown, pair: Pair) -> bool:
    """Whether what is shown is as good as this pair: the same dot, and not idle."""
    return shown.family == pair.availability.lower() and not (pair == AVAILABLE and is_idle(shown))


def is_idle(shown: Shown) -> bool:
    """Whether an Available has faded, or its owner does nothing."""
    return not _IDLE.isdisjoint({shown.availability.lower(), shown.activity.lower()})


def covers(shown: Shown, pair: Pair) -> bool:
    """Whether something stronger shows, which a session of this pair would not change."""
    return _STRENGTH.get(shown.family, -1) > _STRENGTH[pair.availability.lower()]


def advise(
    now_ms: int,
    pair: Pair,
    live: Held | None,
    sight: Sight | None,
    lesson: Lesson | None,
    reading: Reading,
) -> Advice:
    """What looks say about a session that is wanted.

    `live`: what Microsoft may hold of us by now. `sight`: what was seen last, and nothing has
    changed since as far as the reader has looked.
    """
    settled_ms = 0 if live is None else live.told_ms + reading.settle_ms
    shown = sight.shown if sight is not None and sight.sent_ms >= settled_ms else None
    routine = Watch(now_ms + reading.sweep_ms)
    if shown is not None and not shown.known:
        return Advice(Act.BLIND, routine, lesson=lesson)
    if live is not None and live.sure and live.pair == pair:
        if pair == AVAILABLE:
            return _available(now_ms, live, sight, shown, lesson, reading)
        first = Watch(max(settled_ms, now_ms), asked=True)
        return _held(now_ms, pair, shown, lesson, first, routine)
    if shown is None or (live is not None and not (live.sure and covers(shown, live.pair))):
        return Advice(Act.BLIND, lesson=lesson)  # Rules 5 and 6
    if satisfies(shown, pair) or covers(shown, pair):
        return Advice(Act.LEAVE, routine, lesson=_alone(lesson))
    learnt = _alone(lesson) or _learnt(Taught.HIDDEN, lesson, now_ms, shown)
    return _put_back(now_ms, shown, lesson, routine) or Advice(Act.WRITE, lesson=learnt)


def _held(
    now_ms: int,
    pair: Pair,
    shown: Shown | None,
    lesson: Lesson | None,
    first: Watch,
    routine: Watch,
) -> Advice:
    """What is held for long is repeated as without looks, and put back where it does not show."""
    if shown is None:
        return Advice(Act.BLIND, first, lesson=lesson)
    if satisfies(shown, pair) or covers(shown, pair):
        return Advice(Act.BLIND, routine, lesson=_alone(lesson))
    hidden = _put_back(now_ms, shown, lesson, routine)
    if hidden is not None:
        return hidden._replace(act=Act.BLIND)
    return Advice(Act.WRITE, lesson=_learnt(Taught.HIDDEN, lesson, now_ms, shown))


def _available(
    now_ms: int,
    live: Held,
    sight: Sight | None,
    shown: Shown | None,
    lesson: Lesson | None,
    reading: Reading,
) -> Advice:
    """Rule 4: whether only we keep it up, or others as well."""
    alone = _alone(lesson)
    probe = live.told_ms + FADES_MS + FADED_MARGIN_MS
    routine = Watch(now_ms + reading.sweep_ms)
    not_probed = shown is None or sight is None or sight.sent_ms < probe
    if alone is not None and now_ms < alone.until_ms and not_probed:
        # A keep-alive that came too late for want of quota is a look all the same.
        return Advice(Act.BLIND, Watch(max(probe, now_ms), asked=True), lesson=lesson)
    if shown is None or sight is None or (sight.sent_ms < probe and satisfies(shown, AVAILABLE)):
        at_latest = probe + reading.settle_ms + reading.sweep_ms
        if now_ms >= at_latest:
            return Advice(Act.BLIND, lesson=lesson)
        kept = lesson if shown is None else alone  # what showed is not hidden
        look = Watch(max(probe, now_ms), asked=True)
        return Advice(Act.LEAVE, look, at_latest, lesson=kept)
    if satisfies(shown, AVAILABLE):
        return Advice(Act.LEAVE, routine)
    if covers(shown, AVAILABLE):
        return Advice(Act.LEAVE, routine, lesson=alone)
    if is_idle(shown):
        return Advice(Act.WRITE, lesson=_learnt(Taught.ALONE, lesson, now_ms, shown))
    hidden = _put_back(now_ms, shown, lesson, routine)
    return hidden or Advice(Act.WRITE, lesson=_learnt(Taught.HIDDEN, lesson, now_ms, shown))


def _put_back(now_ms: int, shown: Shown, lesson: Lesson | None, routine: Watch) -> Advice | None:
    """Rule 3: not again yet what did not show; None: write it."""
    hidden = lesson is not None and lesson.taught is Taught.HIDDEN and lesson.shown == shown.family
    if hidden and lesson is not None and now_ms < lesson.until_ms:
        return Advice(Act.LEAVE, routine, lesson.until_ms, lesson)
    return None


def _alone(lesson: Lesson | None) -> Lesson | None:
    return lesson if lesson is not None and lesson.taught is Taught.ALONE else None


def _learnt(taught: Taught, before: Lesson | None, now_ms: int, shown: Shown) -> Lesson:
    same = before is not None and before.taught is taught
    family = shown.family if taught is Taught.HIDDEN else ""
    if same and before is not None and before.shown == family:
        tries = min(before.tries + 1, MOST_TRIES)
    else:
        tries = 1
    return Lesson(taught, tries, now_ms + BACK_OFF_MS[tries - 1], family)
