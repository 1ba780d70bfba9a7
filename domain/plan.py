"""From what is known about a person to the next thing to do. Pure.

A person has at most one *session* of ours at Microsoft and, in the `full` style only, at most one
*preferred* status that we set. `plan` returns one `Plan`: a step (look, ask, set, clear and so on,
or nothing), the lane it goes in, and, when nothing is to be done now, the time at which to think
again. The engine carries the step out, keeps what it learned of the person and plans again, until
the step is "nothing". A step is never stored.

Rule 1  The newest Zoom state decides; policy can only switch everything off.
Rule 2  No write when Microsoft has it from us already and it will not end soon.
Rule 3  Available is repeated after 4 to 4½ minutes (Graph lets an application's Available fade
        after 5), other states when half of their time is gone. Where Microsoft is read back, both
        are repeated later: a look sees what was lost meanwhile.
Rule 4  Busy and Do not disturb expire after at most 60 minutes, so that a crash heals by itself.
Rule 5  A state that may have come from Microsoft is written only after a look shows that Microsoft
        does not show it already without us (no echo). Where Microsoft is read back, the look is one
        at many people: it is waited for.
Rule 6  A state is repeated only while fresh: after 30 minutes of Presenting and 60 of anything else
        Zoom is asked. Where Zoom can't be asked it is given up after 4 hours (meeting, call,
        presenting) or 12 (the rest), and a late event never *starts* a Busy or Do not disturb.
        Zoom is asked as well when what it said is doubted: events may have been missed since; or
        where a look shows a call or meeting that it does not explain (domain.freshness).
Rule 7  The preferred status is the person's own slot. It is written only in `full`, only after a
        look shows a state that we can explain, always with an expiry, and only while a session of
        ours (Away, the weakest) carries it.
        Where Microsoft does not say what it shows (Shown.known), Zoom's state is written as in
        `mirror`: nothing that can't be read stops a write, and the slot is left alone. Ten minutes
        later it is looked again.
Rule 8  Only what we set is taken back, and only while Microsoft still shows it: else the person has
        chosen something since, and it is theirs. Order: look, preferred, then the session, because
        without a session everybody shows as Offline.
Rule 9  Each registration has a session of its own. Where another one than before writes, the old
        session is cleared first, in the same go, by who holds it. If that one can't any more, the
        session ends by itself; until then, what is shown says nothing of the person's own status.
Rule 10 Where Microsoft is read back (domain.readback), nobody is written for who is shown right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.clock import MINUTE
from domain.freshness import (
    UNHURRIED,
    fresh_until_ms,
    give_up_after_ms,
    unexplained_from_ms,
)
from domain.person import app_of
from domain.presence import (
    AVAILABLE,
    AWAY,
    CAN_COME_FROM_MICROSOFT,
    IN_A_CALL,
    NOT_SAID,
    Demand,
    Pair,
    Shown,
    Style,
    demand_of,
)
from domain.readback import FADES_MS, Act, Sight, Watch, advise, satisfies
from domain.step import Do, Lane, Plan, Seen, Why, World

if TYPE_CHECKING:
    from domain.person import Held, PersonState
    from domain.policy import Verdict
    from domain.readback import Reading

AVAILABLE_REPEAT_MS = 4 * MINUTE + 30_000
AVAILABLE_REPEAT_READ_MS = FADES_MS - 8_000
"""The same where Microsoft is read back, up to 5 s earlier."""
AVAILABLE_EXPIRY_MIN = 15
EXPIRY_MIN = 60
SHORTEST_EXPIRY_MIN = 5
"""Graph refuses shorter ones (documentation: PT5M to PT4H)."""
LOOK_AGAIN_MS = 10 * MINUTE
"""How long an echo is left alone before Microsoft is looked at again."""
ASK_AGAIN_MS = 5 * MINUTE
"""How long to wait before Zoom is asked again after it did not answer."""
LOOK_PATIENCE_MS = 5_000
"""So long after Zoom said something a look at many people is waited for."""
ENDED_MARGIN_MS = 5_000
"""A session this close to its end counts as ended: the write would race with the expiry."""
AHEAD_LIMIT_MS = 10 * MINUTE
"""Clocks differ; an event further ahead than this is refused."""


class _Wanted(NamedTuple):
    """What Microsoft shall hold of us, why, and when to think again at the latest."""

    demand: Demand
    why: Why
    think_again_ms: int | None = None
    most_minutes: int = EXPIRY_MIN


_NOTHING = Demand(None, None)


def plan(now_ms: int, person: PersonState, verdict: Verdict, seen: Seen, world: World) -> Plan:
    """Decide the next step for one person."""
    live, own = _live(person.held, now_ms), _live(person.preferred, now_ms)
    if live is not None and is_handed_over(person, world.organisation_app):
        live = live._replace(sure=False)
    if _live(person.former, now_ms) is not None:
        seen = Seen(NOT_SAID, seen.held)
    blind = seen.shown is not None and not seen.shown.known
    wanted = _wanted(now_ms, person, verdict, world, live, blind)
    if wanted is None:
        return Plan(Do.ASK, Why.UNKNOWN, _lane(live, None))
    if own is None and wanted.demand.preferred is None:
        blindly = _session(now_ms, person, seen, live, wanted)
        if world.reading is None or _live(person.former, now_ms) is not None:
            return blindly
        sight = person.sight if seen.shown is None else Sight(seen.shown, now_ms)
        return _read_back(now_ms, person, live, wanted, blindly, sight, world.reading)
    if own is not None and blind:
        return _look_later(now_ms, own, _session(now_ms, person, seen, live, wanted))
    return (
        _take_back(seen, own, wanted)
        or _prefer(now_ms, person, seen, live, own, wanted)
        or _session(now_ms, person, seen, live, wanted)
    )


def is_handed_over(person: PersonState, organisation_app: str) -> bool:
    """Rule 9: whether what is held is the session of another registration than writes for them."""
    return person.session_app != app_of(person, organisation_app)


def _look_later(now_ms: int, own: Held, step: Plan) -> Plan:
    """Rule 8 without sight: ours stays, and the session that carries it, until it ends or shows."""
    if step.do not in {Do.NOTHING, Do.CLEAR}:
        return step
    again = min(own.until_ms, now_ms + LOOK_AGAIN_MS, step.due_ms or own.until_ms)
    return Plan(Do.NOTHING, step.why, Lane.HOLD, again)


def _live(held: Held | None, now_ms: int) -> Held | None:
    return held if held is not None and held.until_ms - ENDED_MARGIN_MS > now_ms else None


def _wanted(
    now_ms: int, person: PersonState, verdict: Verdict, world: World, live: Held | None, blind: bool
) -> _Wanted | None:
    """Rules 1 and 6, and 7 for the `blind`; None: Zoom must be asked first."""
    if not verdict.on:
        return _Wanted(_NOTHING, Why.OFF)
    test_until, observation = person.test_until_ms, person.observation
    if test_until is not None and test_until > now_ms:
        interrupting = live is not None and live.sure and live.pair.interrupts
        pair = live.pair if live is not None and interrupting else IN_A_CALL
        return _Wanted(
            Demand(pair, None), Why.TEST, test_until, -(-(test_until - now_ms) // MINUTE)
        )
    if observation is None:
        return None if world.can_ask else _Wanted(_NOTHING, Why.UNKNOWN)
    full = demand_of(observation.presence, verdict.style)
    demand = demand_of(observation.presence, Style.MIRROR) if blind and full.preferred else full
    look_again = None if demand == full else now_ms + LOOK_AGAIN_MS
    fresh = world.fresh if world.can_ask else UNHURRIED
    fresh_until = fresh_until_ms(observation, person.since_ms, fresh)
    if world.reading is not None:
        unexplained = unexplained_from_ms(observation, person.sight, live and live.pair)
        fresh_until = min(fresh_until, unexplained or fresh_until)
    why = Why.SHOWING if demand != _NOTHING else Why.NOTHING_TO_SHOW
    if world.can_ask:
        # A doubt that is still to come (a clock was set back) would never be dispelled.
        if now_ms >= fresh_until or observation.at_ms < world.doubted_ms <= now_ms:
            return None
        ask_again = fresh_until + int(person.spread * MINUTE)
        return _Wanted(demand, why, min(ask_again, look_again or ask_again))
    give_up = observation.at_ms + give_up_after_ms(observation.presence)
    starts = live is None or live.pair != demand.session
    starts_late = now_ms >= fresh_until and starts and demand.interrupts
    if now_ms >= give_up or starts_late:
        return _Wanted(_NOTHING, Why.TOO_OLD)
    believed = (give_up - now_ms) // MINUTE
    again = look_again or (give_up if demand != _NOTHING else None)
    return _Wanted(demand, why, again and min(again, give_up), believed)


def _take_back(seen: Seen, own: Held | None, wanted: _Wanted) -> Plan | None:
    """Rule 8: end a preferred status of ours that is not wanted any more."""
    if own is None or wanted.demand.preferred is not None:
        return None  # the rest is _prefer's
    if seen.shown is None:
        return Plan(Do.LOOK, wanted.why, Lane.URGENT)
    if _same_availability(seen.shown, own.pair):
        return Plan(Do.UNPREFER, wanted.why, Lane.URGENT)
    return Plan(Do.YIELD, wanted.why, Lane.URGENT)


def _prefer(
    now_ms: int,
    person: PersonState,
    seen: Seen,
    live: Held | None,
    own: Held | None,
    wanted: _Wanted,
) -> Plan | None:
    """Rule 7: the preferred status and the session that carries it; None: not in this plan."""
    pair, observation, shown = wanted.demand.preferred, person.observation, seen.shown
    if pair is None or observation is None:
        return None
    if person.yielded_ms == observation.at_ms:
        return _leave_alone(now_ms, person, live, wanted, Why.OWN_STATUS)
    seen_with = _live(seen.held, now_ms)
    kept = own is not None and own.sure
    if own is not None and kept and own.pair == pair and now_ms < _repeat_at(own, person.spread):
        carried = _session(now_ms, person, seen, live, wanted)
        if carried.do is not Do.NOTHING:
            return carried
        due = [_repeat_at(own, person.spread), carried.due_ms or wanted.think_again_ms]
        return Plan(Do.NOTHING, wanted.why, Lane.HOLD, min(d for d in due if d is not None))
    if shown is None:
        return Plan(Do.LOOK, wanted.why, Lane.URGENT)
    if own is not None and kept and not _same_availability(shown, own.pair):
        return Plan(Do.YIELD, Why.OWN_STATUS, Lane.URGENT)
    if own is not None and own.pair != pair and _same_availability(shown, own.pair):
        # Not overwritten: if that failed unheard, nobody would know which of the two to take back.
        return Plan(Do.UNPREFER, wanted.why, Lane.URGENT)
    if own is None and _shown_without_us(shown, pair, seen_with):
        return _leave_alone(now_ms, person, live, wanted, Why.ECHO)
    if own is None and not _explained(shown, seen_with):
        return _leave_alone(now_ms, person, live, wanted, Why.OWN_STATUS)
    if live is None or live.pair != AWAY or not live.sure:
        return _set(wanted, AWAY, Lane.URGENT)
    hides = shown.availability.lower() in {"offline", "donotdisturb"}
    doubtful = seen_with is not None and not seen_with.sure
    if own is None and (hides or doubtful) and seen_with != live:
        # No session, or Do not disturb of ours, may have hidden what the person chose.
        return Plan(Do.LOOK, wanted.why, Lane.URGENT)
    return Plan(Do.PREFER, wanted.why, Lane.URGENT, pair=pair, minutes=_minutes(wanted, pair))


def _explained(shown: Shown, seen_with: Held | None) -> bool:
    """Whether Microsoft's own rules lead to what is shown, without a choice of the person's."""
    if seen_with is not None and not seen_with.sure:
        return True  # for now: the session is made sure, and then looked at again
    availability = shown.availability.lower()
    if availability in {"busy", "busyidle"}:
        # Calls, meetings and calendars say what keeps a person busy; only a choice does not.
        return not shown.activity.lower().startswith("busy")
    if availability in {"available", "availableidle", "away"}:
        return True
    if availability == "offline":
        return seen_with is None  # with a session only the person's choice shows Offline
    ours = seen_with is not None and seen_with.pair.availability == "DoNotDisturb"
    return availability == "donotdisturb" and ours


def _leave_alone(
    now_ms: int, person: PersonState, live: Held | None, wanted: _Wanted, why: Why
) -> Plan:
    """Nothing of ours, and another look later: what stands in the way may be gone then."""
    if live is not None:
        return Plan(Do.CLEAR, why, _lane(live, None))
    again = now_ms + LOOK_AGAIN_MS + int(person.spread * MINUTE)
    if person.yielded_ms is not None and why is Why.OWN_STATUS:
        again = wanted.think_again_ms or again
    return Plan(Do.NOTHING, why, Lane.HOLD, min(again, wanted.think_again_ms or again))


def _session(
    now_ms: int, person: PersonState, seen: Seen, live: Held | None, wanted: _Wanted
) -> Plan:
    """Rules 2 to 5: the session alone."""
    pair = wanted.demand.session
    if pair is None:
        if live is not None:
            return Plan(Do.CLEAR, wanted.why, _lane(live, None))
        return Plan(Do.NOTHING, wanted.why, Lane.CHANGE, wanted.think_again_ms)
    if live is not None and live.pair == pair and live.sure:
        return _keep(now_ms, live, wanted, _repeat_at(live, person.spread))
    observation = person.observation
    may_be_echo = (
        observation is not None
        and observation.presence in CAN_COME_FROM_MICROSOFT
        and wanted.demand.preferred is None
        and wanted.why is Why.SHOWING
    )
    if may_be_echo:
        if seen.shown is None:
            return Plan(Do.LOOK, wanted.why, _lane(live, pair))
        if _shown_without_us(seen.shown, pair, _live(seen.held, now_ms)):
            # What we hold is another state; it would show once Microsoft's own one ends.
            return _leave_alone(now_ms, person, live, wanted, Why.ECHO)
    return _set(wanted, pair, _lane(live, pair))


def _read_back(
    now_ms: int,
    person: PersonState,
    live: Held | None,
    wanted: _Wanted,
    blindly: Plan,
    sight: Sight | None,
    reading: Reading,
) -> Plan:
    """Rule 10: the step that would be planned without looks, changed by what was seen."""
    pair = wanted.demand.session
    if pair is None or wanted.why is Why.TEST:
        return blindly
    said_ms = 0 if person.observation is None else person.observation.at_ms
    if blindly.do is Do.LOOK:  # Rule 5: it must be newer than what Zoom said
        if sight is None or sight.sent_ms <= said_ms:
            return _await_look(now_ms, person, blindly, said_ms + LOOK_PATIENCE_MS)
        blindly = _session(now_ms, person, Seen(sight.shown, person.held), live, wanted)
    advice = advise(now_ms, pair, live, sight, person.lesson, reading)
    if advice.act is Act.WRITE:
        step = _set(wanted, pair, _lane(live, pair))
    elif advice.act is Act.LEAVE:
        again = [ms for ms in (advice.again_ms, wanted.think_again_ms) if ms is not None]
        why = wanted.why
        if sight is not None and (live is None or live.pair != pair):
            why = Why.RIGHT if satisfies(sight.shown, pair) else Why.COVERED
        step = Plan(Do.NOTHING, why, Lane.CHANGE, min(again, default=None))
    elif live is not None and live.pair == pair and live.sure:
        step = _keep(now_ms, live, wanted, _repeat_read_at(live, person.spread))
    else:
        step = blindly
    return step._replace(watch=advice.watch, lesson=advice.lesson, advised=True)


def _await_look(now_ms: int, person: PersonState, look: Plan, until_ms: int) -> Plan:
    """Rule 5: the next look at many people shows it, too, a second later, and costs nothing."""
    if now_ms >= until_ms:
        return look
    step = look._replace(do=Do.NOTHING, due_ms=until_ms, lesson=person.lesson, advised=True)
    return step._replace(watch=Watch(now_ms, asked=True))


def _keep(now_ms: int, live: Held, wanted: _Wanted, repeat_at: int) -> Plan:
    lane = _repeat_lane(live.pair)
    if wanted.why is Why.TEST:
        # A test is never prolonged; afterwards the real state is planned.
        ends = live.until_ms - ENDED_MARGIN_MS
        return Plan(Do.NOTHING, Why.TEST, Lane.URGENT, min(ends, wanted.think_again_ms or ends))
    if now_ms < repeat_at:
        due = repeat_at if wanted.think_again_ms is None else min(repeat_at, wanted.think_again_ms)
        return Plan(Do.NOTHING, wanted.why, lane, due)
    return _set(wanted, live.pair, lane)


def _set(wanted: _Wanted, pair: Pair, lane: Lane) -> Plan:
    return Plan(Do.SET, wanted.why, lane, pair=pair, minutes=_minutes(wanted, pair))


def _minutes(wanted: _Wanted, pair: Pair) -> int:
    longest = AVAILABLE_EXPIRY_MIN if pair == AVAILABLE else EXPIRY_MIN
    return max(SHORTEST_EXPIRY_MIN, min(longest, wanted.most_minutes))


def _repeat_at(live: Held, spread: float) -> int:
    """Up to a tenth earlier than the latest sensible time, so that herds disperse."""
    half = (live.until_ms - live.told_ms) // 2
    latest = AVAILABLE_REPEAT_MS if live.pair == AVAILABLE else half
    return live.told_ms + int(latest * (1 - 0.1 * spread))


def _repeat_read_at(live: Held, spread: float) -> int:
    """The same where Microsoft is read back."""
    if live.pair == AVAILABLE:
        return live.told_ms + AVAILABLE_REPEAT_READ_MS - int(5_000 * spread)
    return live.told_ms + int((live.until_ms - live.told_ms) * 0.75 * (1 - 0.1 * spread))


def _same_availability(shown: Shown, pair: Pair) -> bool:
    return shown.family == pair.availability.lower()


def _shown_without_us(shown: Shown, pair: Pair, seen_with: Held | None) -> bool:
    # Where we can't be sure what we hold, what is shown may be ours.
    ours = seen_with is not None and (
        seen_with.pair.availability == pair.availability or not seen_with.sure
    )
    return _same_availability(shown, pair) and not ours


def _lane(live: Held | None, pair: Pair | None) -> Lane:
    into = pair is not None and pair.interrupts
    out_of = live is not None and live.pair.interrupts
    return Lane.URGENT if into or out_of else Lane.CHANGE


def _repeat_lane(pair: Pair) -> Lane:
    return Lane.HOLD if pair.interrupts else Lane.FADE
