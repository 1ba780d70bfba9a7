"""The people of a simulated organisation: what they do all day, and how Zoom's events arrive.

A day is a function of the seed and
the person alone, so that all schedulers get the same day, and so that a person's day need not be
made before they turn up in it.

A step of a day is one integer: the time, a lag, and what happens. Times are milliseconds since
midnight.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from bench.truth import microsoft
from domain.clock import HOUR, MINUTE
from domain.presence import Style, ZoomPresence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.truth.assumptions import Assumptions

SECOND = 1000

ZOOM = tuple(ZoomPresence)
ZOOM_CODE = {presence: code for code, presence in enumerate(ZOOM)}
# What happens in a step: a state of Zoom, its webhook, or something at Microsoft.
EVENT = 16
CLIENT = 32
CALENDAR = 48
STATUS = 64
RESET = STATUS + 15
ARRIVES, LEAVES = 80, 81

_CLIENTS = (microsoft.NONE, microsoft.AVAILABLE, microsoft.AWAY, microsoft.IN_A_CALL)
_STATUSES = (
    ("DoNotDisturb", 35),
    ("Busy", 20),
    ("BeRightBack", 15),
    ("Away", 15),
    ("Offline", 10),
    ("Available", 5),
)
_STATUS_CODES = [
    next(code for code in microsoft.PREFERRED_CODES if microsoft.PAIRS[code].availability == name)
    for name, _ in _STATUSES
]
_STATUS_WEIGHTS = [weight for _, weight in _STATUSES]


def step(at: int, what: int, lag: int = 0) -> int:
    """Pack a step; they sort by time."""
    return at << 32 | lag << 8 | what


def unpack(packed: int) -> tuple[int, int, int]:
    """Time, what, and lag: how long ago what the event tells of happened."""
    return packed >> 32, packed & 0xFF, packed >> 8 & 0xFFFFFF


@dataclass(frozen=True, slots=True)
class Day:
    """A person's day: style and steps in the order of time."""

    style: Style
    steps: array[int]


Spell = tuple[int, int, int]
"""From, until, what."""


def _style(a: Assumptions, mind: float) -> Style:
    """The style of somebody whose choice is a number in [0, 1)."""
    shares = ((Style.BUSY_ONLY, a.busy_only), (Style.FULL, a.full), (Style.QUIET, a.quiet))
    for style, share in shares:
        if mind < share:
            return style
        mind -= share
    return Style.MIRROR


class Maker:
    """Makes days. `faults`: webhooks are late, lost or repeated as assumed."""

    def __init__(self, assumptions: Assumptions, seed: int, *, faults: bool) -> None:
        self._a = assumptions
        self._seed = seed
        self._faults = faults
        self.opens = int(assumptions.opens * HOUR)
        self.closes = int(assumptions.closes * HOUR)

    def day(self, person: int) -> Day:
        """The day of one person."""
        a = self._a
        rng = Random(self._seed << 24 ^ person)
        mind = rng.random()
        style = _style(a, mind)
        if rng.random() < a.absent:
            return Day(style, array("q"))
        came = _clip(rng.gauss(*a.arrival) * HOUR, self.opens + 5 * MINUTE, 11 * HOUR)
        left = _clip(
            came + rng.gauss(*a.at_work) * HOUR, came + 4 * HOUR, self.closes - 10 * MINUTE
        )
        breaks = self._breaks(rng, came, left)
        meetings, slots = self._meetings(rng, came, left)
        zoom = self._zoom(rng, came, left, breaks, meetings, slots)
        steps = [step(came, ARRIVES), step(min(left + 30 * MINUTE, self.closes), LEAVES)]
        steps += self._teams(rng, came, left, breaks, slots)
        steps += [step(at, presence) for at, presence in zoom]
        steps += self._webhooks(rng, zoom)
        steps.sort()
        return Day(style, array("q", steps))

    def _breaks(self, rng: Random, came: int, left: int) -> list[Spell]:
        a = self._a
        lunch = int(rng.gauss(*a.lunch) * HOUR)
        spells = [(lunch, lunch + _minutes(rng, a.lunch_minutes), 0)]
        for _ in range(_count(rng, a.long_breaks_a_day)):
            at = rng.randint(came, left)
            spells.append((at, at + _minutes(rng, a.long_break_minutes), 0))
        for _ in range(_count(rng, a.short_breaks_a_day)):
            at = rng.randint(came, left)
            spells.append((at, at + _minutes(rng, a.short_break_minutes), 0))
        return [(begin, min(end, left), 0) for begin, end, _ in spells if came < begin < left]

    def _meetings(self, rng: Random, came: int, left: int) -> tuple[list[Spell], list[Spell]]:
        """When the person is in a meeting or call, and when meetings are on paper."""
        a = self._a
        shape = 1 / a.meetings_spread**2
        wanted = _count(rng, rng.gammavariate(shape, a.meetings_a_day / shape))
        slots: dict[int, Spell] = {}
        minutes, weights = zip(*a.meeting_minutes, strict=True)
        for _ in range(wanted):
            at = rng.randint(came // HOUR, left // HOUR) * HOUR
            at += 0 if rng.random() < a.on_the_hour else 30 * MINUTE
            if not 11.9 * HOUR < at < 12.9 * HOUR or rng.random() < 0.3:
                slots[at] = (at, at + rng.choices(minutes, weights)[0] * MINUTE, 0)
        spells: list[Spell] = []
        for begin, end, _ in sorted(slots.values()):
            joined = begin + int(rng.gauss(*a.join_offset_minutes) * MINUTE)
            ended = end + int(rng.uniform(-60, 20) * SECOND)
            if rng.random() < a.overruns:
                ended += int(rng.expovariate(1 / a.overrun_minutes) * MINUTE)
            spells.append((joined, ended, ZOOM_CODE[ZoomPresence.IN_MEETING]))
        for _ in range(_count(rng, a.calls_a_day)):
            at = rng.randint(came, left)
            kind = ZoomPresence.ON_PHONE_CALL if rng.random() < 0.5 else ZoomPresence.IN_MEETING
            length = int(rng.expovariate(1 / a.call_minutes) * MINUTE) + 20 * SECOND
            spells.append((at, at + length, ZOOM_CODE[kind]))
        return _one_at_a_time(rng, spells, came, left), [
            (begin, end, 0)
            for begin, end, _ in sorted(slots.values())
            if came < end and begin < left
        ]

    def _zoom(
        self,
        rng: Random,
        came: int,
        left: int,
        breaks: list[Spell],
        talks: list[Spell],
        slots: list[Spell],
    ) -> list[tuple[int, int]]:
        """Zoom's states and when they begin; the first is that of the morning."""
        a = self._a
        code = ZOOM_CODE
        presenting = []
        for begin, end, what in talks:
            if what == code[ZoomPresence.IN_MEETING] and rng.random() < a.presents:
                from_ = begin + int(rng.uniform(0.05, 0.6) * (end - begin))
                until = from_ + int(rng.uniform(0.2, 1.0) * (end - from_))
                presenting.append((from_, until, code[ZoomPresence.PRESENTING]))
        hand = []
        for often, state in (
            (a.zoom_dnd_a_day, ZoomPresence.DO_NOT_DISTURB),
            (a.zoom_busy_a_day, ZoomPresence.BUSY),
        ):
            for _ in range(_count(rng, often)):
                at = rng.randint(came, left)
                hand.append((at, at + _minutes(rng, a.hand_set_minutes), code[state]))
        calendar = []
        for _ in range(_count(rng, a.calendar_events_a_day)):
            at = rng.randint(came // (HOUR // 2), left // (HOUR // 2)) * (HOUR // 2)
            what = code[ZoomPresence.IN_CALENDAR_EVENT]
            calendar.append((at, at + rng.choice((30, 60)) * MINUTE, what))
        idle = int(a.zoom_idle_minutes * MINUTE)
        away = [
            (begin + idle, end, code[ZoomPresence.AWAY])
            for begin, end, _ in breaks
            if end - begin > idle
        ]
        base = [(came, left, code[ZoomPresence.AVAILABLE])]
        if rng.random() < a.mobile_before_work:
            early = max(self.opens, came - rng.randint(10, 50) * MINUTE)
            base.append((early, came, code[ZoomPresence.MOBILE_ONLY]))
        layers = [presenting, talks, hand, calendar, away, base]
        return _merged(layers, code[ZoomPresence.OFFLINE], came, left)

    def _teams(
        self, rng: Random, came: int, left: int, breaks: list[Spell], slots: list[Spell]
    ) -> list[int]:
        a = self._a
        kind = rng.random()
        runs: list[Spell] = []
        if kind < a.teams_always:
            runs = [(came + rng.randint(0, 10) * MINUTE, left, 1)]
        elif kind < a.teams_always + a.teams_sometimes:
            for _ in range(1 + _count(rng, 1.5)):
                at = rng.randint(came, left)
                runs.append((at, min(left, at + rng.randint(20, 180) * MINUTE), 1))
        steps: list[int] = []
        if runs:
            idle = int(a.teams_idle_minutes * MINUTE)
            idles = [(begin + idle, end, 2) for begin, end, _ in breaks if end - begin > idle]
            calls = []
            for _ in range(_count(rng, a.teams_call_a_day)):
                at = rng.randint(came, left)
                calls.append((at, at + rng.randint(3, 40) * MINUTE, 3))
            closed = _gaps(runs, came, left)
            for at, what in _merged([closed, calls, idles, runs], 0, came, left):
                steps.append(step(at, CLIENT + what))
            for begin, end, _ in slots:
                if rng.random() < a.in_teams_calendar:
                    steps += [step(begin, CALENDAR + 1), step(end, CALENDAR)]
        if rng.random() < a.teams_status_left:
            steps.append(step(self.opens, STATUS + rng.choices(_STATUS_CODES, _STATUS_WEIGHTS)[0]))
        else:
            for _ in range(_count(rng, a.teams_status_a_day)):
                at = rng.randint(came, left)
                status = rng.choices(_STATUS_CODES, _STATUS_WEIGHTS)[0]
                steps.append(step(at, STATUS + status))
                steps.append(step(at + rng.randint(15, 120) * MINUTE, RESET))
        return steps

    def _webhooks(self, rng: Random, zoom: list[tuple[int, int]]) -> list[int]:
        """The deliveries of Zoom's events: each at its time, with its lag."""
        a = self._a
        steps = []
        minutes, weights = zip(*a.late_minutes, strict=True)
        for at, presence in zoom:
            lag = int(a.delay_seconds * SECOND * rng.lognormvariate(0, a.delay_sigma))
            luck, again = rng.random(), rng.random()
            which = rng.choices(minutes, weights)[0]
            if self._faults:
                if luck < a.lost:
                    continue
                if luck < a.lost + a.late:
                    lag += which * MINUTE
                if again < a.repeated:
                    twice = lag + int(again / a.repeated * 20 * SECOND)
                    steps.append(step(at + twice, EVENT + presence, twice))
            steps.append(step(at + lag, EVENT + presence, lag))
        return steps


def client_of(what: int) -> int:
    """What a Teams client shows, by the number in a step."""
    return _CLIENTS[what]


def _clip(value: float, low: float, high: float) -> int:
    return int(min(max(value, low), high))


def _minutes(rng: Random, between: tuple[float, float]) -> int:
    return int(rng.uniform(*between) * MINUTE)


def _count(rng: Random, mean: float) -> int:
    """A Poisson number: by the waiting times of its events."""
    count, left = 0, mean
    while mean > 0 and (left := left - rng.expovariate(1.0)) > 0:
        count += 1
    return count


def _one_at_a_time(rng: Random, spells: list[Spell], came: int, left: int) -> list[Spell]:
    """Nobody is in two meetings: the next one ends the one before, with a moment between."""
    out: list[Spell] = []
    for begin, end, what in sorted(spells):
        if out and begin < out[-1][1]:
            before = out.pop()
            ended = begin - rng.randint(5, 40) * SECOND
            if ended > before[0]:
                out.append((before[0], ended, before[2]))
        if begin < end and came < begin < left:
            out.append((begin, min(end, left), what))
    return out


def _gaps(runs: list[Spell], came: int, left: int) -> list[Spell]:
    """The times that no run covers."""
    gaps, at = [], came
    for begin, end, _ in sorted(runs):
        if begin > at:
            gaps.append((at, begin, 0))
        at = max(at, end)
    return [*gaps, (at, left, 0)] if at < left else gaps


def _merged(
    layers: Iterable[list[Spell]], otherwise: int, came: int, left: int
) -> list[tuple[int, int]]:
    """Lay spells over each other, the first layer on top; gives the changes in order of time."""
    turns = []
    stack = list(layers)
    for depth, layer in enumerate(stack):
        layer.sort()
        for place, (begin, end, what) in enumerate(layer):
            if place + 1 < len(layer):
                end = min(end, layer[place + 1][0])  # noqa: PLW2901
            if depth < len(stack) - 1:
                begin, end = max(begin, came), min(end, left)  # noqa: PLW2901
            if begin < end:
                turns.append((begin, 1, depth, what))
                turns.append((end, 0, depth, 0))
    turns.sort()
    current: list[int | None] = [None] * len(stack)
    out: list[tuple[int, int]] = []
    showing = otherwise
    for place, (at, starts, depth, what) in enumerate(turns):
        current[depth] = what if starts else None
        if place + 1 < len(turns) and turns[place + 1][0] == at:
            continue
        now = next((value for value in current if value is not None), otherwise)
        if now != showing:
            out.append((at, now))
            showing = now
    return out
