"""What a simulated day was like: person-time of truth, of what else was shown, and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from bench.truth.microsoft import SEEN

CAUSES = ("told", "news", "waiting", "keeping")
"""Why Microsoft shows something else than it should.

told: we had told Microsoft what we meant to: a rule of the planner (no echo, a look every ten
minutes, the fade of a fresh session) stands between. news: what Zoom says has not reached us (the
webhook is under way, late or lost). waiting: a write is due or under way. keeping: a keep-alive is
due, and was not sent.
"""
TOLD, NEWS, WAITING, KEEPING = range(len(CAUSES))


@dataclass(slots=True)
class Tally:
    """Counted while a day runs. Times in milliseconds of person-time, kinds as in SEEN."""

    true_ms: int = 0
    false_ms: list[list[int]] = field(default_factory=lambda: [[0] * 49 for _ in CAUSES])
    """By cause, and by what is demanded and shown (7 x demanded + shown)."""
    silence: list[int] = field(default_factory=list)
    sound: list[int] = field(default_factory=list)
    never_silent: int = 0
    never_sound: int = 0
    overridden: int = 0
    requests: list[int] = field(default_factory=lambda: [0] * 4)
    kinds: dict[str, int] = field(default_factory=dict)
    asks: int = 0
    people: int = 0
    plans: int = 0
    events: int = 0
    offers: dict[str, int] = field(default_factory=dict)
    shed: int = 0

    def result(self) -> dict[str, Any]:
        """Plain data, with shares and minutes per person and day."""
        total = self.true_ms + sum(map(sum, self.false_ms))
        false = [0] * 49
        for row in self.false_ms:
            false = [a + b for a, b in zip(false, row, strict=True)]
        busy, dnd = SEEN.index("Busy"), SEEN.index("DoNotDisturb")
        idle, available = SEEN.index("Idle"), SEEN.index("Available")
        people = max(1, self.people)

        def minutes(ms: int) -> float:
            return ms / 60_000 / people

        return {
            "people": self.people,
            "truth": self.true_ms / total,
            "truth_idle_counts": (self.true_ms + false[7 * available + idle]) / total,
            "false_busy_min": minutes(
                sum(false[7 * d + busy] for d in range(7) if d not in (busy, dnd))
            ),
            "false_dnd_min": minutes(sum(false[7 * d + dnd] for d in range(7))),
            "missing_busy_min": minutes(
                sum(
                    false[7 * d + s] for d in (busy, dnd) for s in range(7) if s not in (busy, dnd)
                )
            ),
            "false_share_by_cause": {
                cause: sum(row) / total
                for cause, row in zip(CAUSES, self.false_ms, strict=True)
            },
            "false_share": {
                f"{SEEN[k // 7]} as {SEEN[k % 7]}": ms / total
                for k, ms in sorted(enumerate(false), key=lambda item: -item[1])
                if ms / total >= 0.0005
            },
            "silence_s": percentiles(self.silence),
            "sound_s": percentiles(self.sound),
            "never_silent": self.never_silent / max(1, len(self.silence)),
            "never_sound": self.never_sound / max(1, len(self.sound)),
            "overridden": self.overridden,
            "requests": list(self.requests),
            "kinds": dict(self.kinds),
            "asks": self.asks,
            "plans": self.plans,
            "events": self.events,
            "offers": dict(self.offers),
            "shed": self.shed,
        }


def percentiles(values: list[int]) -> dict[str, float]:
    """The 50th and 99th, in seconds."""
    if not values:
        return {"p50": 0.0, "p99": 0.0, "n": 0}
    ordered = sorted(values)
    return {
        "p50": ordered[len(ordered) // 2] / 1000,
        "p99": ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] / 1000,
        "n": len(ordered),
    }


__all__ = ["CAUSES", "KEEPING", "NEWS", "TOLD", "WAITING", "Tally", "asdict", "percentiles"]
