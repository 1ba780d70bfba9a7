"""What a simulated day was like: person-time of truth, of what else was shown, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.truth.microsoft import AVAILABLE, AWAY, CLASS, DND, NONE, SEEN
from bench.truth.scheduler import NOWHERE
from domain.presence import ZoomPresence
from domain.step import Lane

if TYPE_CHECKING:
    from bench.truth.people import Person

CAUSES = ("told", "news", "waiting", "keeping")
"""Why Microsoft shows something else than it should.

told: we had told Microsoft what we meant to; a rule of the planner (no echo, a look every ten
minutes) stands between. news: what Zoom says has not reached us (the webhook is under way, late or
lost). waiting: a write is due or under way. keeping: a keep-alive is due, and was not sent.
"""
TOLD, NEWS, WAITING, KEEPING = range(len(CAUSES))

BIN_MS = 15 * 60_000
"""The day's course is kept in quarters of an hour."""
KINDS = len(SEEN)
POINTS = 200
"""Of a distribution, so many are kept."""


@dataclass(slots=True)
class Tally:
    """Counted while a day runs; `opens` and `closes` in ms.

    Times are milliseconds of person-time, kinds as in SEEN.
    """

    opens: int
    closes: int
    false_ms: list[list[int]] = field(init=False)
    """By cause, and by what is demanded and shown (7 x demanded + shown)."""
    true_ms: list[int] = field(init=False)
    all_ms: list[int] = field(init=False)
    requests: list[list[int]] = field(init=False)
    """By lane."""
    silence: list[int] = field(default_factory=list)
    sound: list[int] = field(default_factory=list)
    never_silent: int = 0
    never_sound: int = 0
    overridden: int = 0
    unknowable: Counter[str] = field(default_factory=Counter)
    """Statuses of people's own that we wrote over because nobody could have told."""
    kinds: Counter[str] = field(default_factory=Counter)
    offers: Counter[str] = field(default_factory=Counter)
    people: int = 0
    plans: int = 0
    events: int = 0

    def __post_init__(self) -> None:
        bins = -(-(self.closes - self.opens) // BIN_MS)
        self.false_ms = [[0] * KINDS**2 for _ in CAUSES]
        self.true_ms, self.all_ms = [0] * bins, [0] * bins
        self.requests = [[0] * bins for _ in Lane]

    def account(self, now: int, person: Person) -> None:
        """Add up what was shown of a person since the last time; meanwhile only time passed."""
        at = person.last
        person.last = now
        if not person.here:
            return
        demanded, there = person.demanded, person.microsoft
        while at < now:
            place = (at - self.opens) // BIN_MS
            code, until = there.shown_until(at)
            until = min(until, now, self.opens + (place + 1) * BIN_MS)
            shown = CLASS[code]
            if person.silence_from >= 0 and shown == DND:
                self.silence.append(max(0, at - person.silence_from))
                person.silence_from = -1
            elif person.sound_from >= 0 and shown != DND:
                self.sound.append(max(0, at - person.sound_from))
                person.sound_from = -1
            self.all_ms[place] += until - at
            if shown == demanded:
                self.true_ms[place] += until - at
            else:
                cause = _cause(person, until)
                self.false_ms[cause][KINDS * demanded + shown] += until - at
            at = until

    def demands(self, now: int, person: Person, demanded: int) -> None:
        """From now on Microsoft should show this; begin to count the seconds to silence, sound."""
        before, person.demanded = person.demanded, demanded
        if demanded == before or DND not in {before, demanded}:
            return
        if demanded == DND:
            if person.sound_from >= 0:
                self.sound.append(now - person.sound_from)
                self.never_sound += 1
                person.sound_from = -1
            if person.zoom is ZoomPresence.PRESENTING and person.here:
                person.silence_from = now
        elif person.silence_from >= 0:
            self.silence.append(now - person.silence_from)
            self.never_silent += 1
            person.silence_from = -1
        elif person.here and CLASS[person.microsoft.shown(now)] == DND:
            person.sound_from = now

    def override(self, now: int, person: Person, looked: int, pair: int) -> None:
        """Our write takes the place of what the person chose, if they have chosen.

        `looked`: when Microsoft was last looked at. `pair`: the preferred status of ours that may
        be there by what we know.
        """
        choice = person.microsoft.choice(now)
        if choice == NONE:
            return
        if person.microsoft.chosen > looked:
            self.unknowable["chosen within the moment of our look"] += 1
        elif choice == pair:
            self.unknowable["the same as ours"] += 1
        elif choice in {AVAILABLE, AWAY}:
            self.unknowable["looks like Teams' own Available or Away"] += 1
        else:
            self.overridden += 1

    def result(self) -> dict[str, Any]:
        """Plain data, with shares and minutes per person and day."""
        total = sum(self.all_ms)
        false = [sum(cells) for cells in zip(*self.false_ms, strict=True)]
        busy, dnd = SEEN.index("Busy"), SEEN.index("DoNotDisturb")
        calls = {busy, dnd}
        cells = [(k // KINDS, k % KINDS, ms) for k, ms in enumerate(false)]

        def minutes(ms: int) -> float:
            return ms / 60_000 / max(1, self.people)

        return {
            "people": self.people,
            "truth": sum(self.true_ms) / total,
            "hours": [
                share and true / share
                for true, share in zip(self.true_ms, self.all_ms, strict=True)
            ],
            "hours_ms": self.all_ms,
            "false_busy_min": minutes(
                sum(ms for d, s, ms in cells if s == busy and d not in calls)
            ),
            "false_dnd_min": minutes(sum(ms for d, s, ms in cells if s == dnd)),
            "missing_busy_min": minutes(
                sum(ms for d, s, ms in cells if d in calls and s not in calls)
            ),
            "false_share_by_cause": {
                cause: sum(row) / total for cause, row in zip(CAUSES, self.false_ms, strict=True)
            },
            "false_share": {
                f"{SEEN[d]} as {SEEN[s]}": ms / total
                for d, s, ms in sorted(cells, key=lambda cell: -cell[2])
                if ms / total >= 0.0005
            },
            "silence_s": distribution(self.silence),
            "sound_s": distribution(self.sound),
            "never_silent": self.never_silent,
            "never_sound": self.never_sound,
            "overridden": self.overridden,
            "unknowable": dict(self.unknowable),
            "requests": [sum(row) for row in self.requests],
            "requests_hours": self.requests,
            "kinds": dict(self.kinds),
            "plans": self.plans,
            "events": self.events,
            "offers": dict(self.offers),
        }


def _cause(person: Person, until: int) -> int:
    observation = person.newest
    if observation is not None and observation.presence is not person.zoom:
        return NEWS
    if person.run is not None:
        return WAITING
    if person.lane != NOWHERE and person.due < until:
        return KEEPING if person.lane >= Lane.HOLD else WAITING
    return TOLD


def distribution(values: list[int]) -> dict[str, Any]:
    """Median, 99th percentile and the whole curve, in seconds."""
    if not values:
        return {"p50": 0.0, "p99": 0.0, "n": 0, "curve": []}
    ordered = sorted(values)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] / 1000

    curve = [at(point / POINTS) for point in range(POINTS + 1)]
    return {"p50": at(0.5), "p99": at(0.99), "n": len(ordered), "curve": curve}
