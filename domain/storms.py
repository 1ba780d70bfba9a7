"""Whom to notify that they must connect again, and when it is everybody's trouble. Pure.

Rule 1  A person who stays parked for a grace is notified, once for each trouble.
Rule 2  When many fail alike at once (the same answer of Microsoft's, at least 5 people and 5 % of
        the connected within 10 minutes) it is a *storm*: a policy, not a person. Nobody is
        notified; the admins are alerted, once.
Rule 3  From the fifth who fails alike on, nobody is notified before it is clear whether it becomes
        a storm: a policy reaches people one by one, as their tokens end.
Rule 4  A storm lasts until nobody has had its trouble for 10 minutes; or until, 10 minutes after an
        admin had everyone tried again, only few still fail. Those few are then notified.
Rule 5  Nobody is left in the dark: 24 hours after the storm began (1 hour where no admin could be
        alerted) those who still fail are notified after all.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from domain.clock import DAY, HOUR, MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GRACE_MS = 30_000
"""How long a trouble lasts before anybody is notified."""
WINDOW_MS = 10 * MINUTE
FEWEST = 5
SHARE = 0.05
"""Of the connected. A storm has at least so many people (Rule 2)."""
HOLD_MS = DAY
HOLD_UNHEARD_MS = HOUR
FIRST_WAIT_MS = 30_000
MOST_TRIES = 6
"""How often a card is tried that the channel certainly did not take: over a quarter of an hour."""


class Delivery(StrEnum):
    """How far a notification is. Values are stored."""

    UNSENT = ""
    SENDING = "sending"  # written down before it is sent: a crash must not send it twice
    SENT = "sent"
    AGAIN = "again"  # certainly nothing arrived: tried again later
    UNDELIVERED = "undelivered"  # given up: they see it when they write to us
    UNSURE = "unsure"  # the process that sent it died: perhaps sent, so not again


_OPEN = frozenset({Delivery.UNSENT, Delivery.SENDING, Delivery.AGAIN})


@dataclass(frozen=True, slots=True)
class Notified:
    """How far notifying somebody is, and how many tries it took.

    `at_ms`: SENDING, since when; AGAIN, not before (epoch ms).
    """

    delivery: Delivery = Delivery.UNSENT
    tries: int = 0
    at_ms: int = 0

    def dump(self) -> str:
        """Write it as text; empty when nothing was sent."""
        return (
            "" if self.delivery is Delivery.UNSENT else f"{self.delivery}:{self.tries}:{self.at_ms}"
        )

    @classmethod
    def load(cls, text: str | None) -> Notified:
        """Read it back. What is not ours counts as sent: never twice."""
        if not text:
            return cls()
        try:
            delivery, tries, at_ms = text.split(":")
            return cls(Delivery(delivery), int(tries), int(at_ms))
        except ValueError:
            return cls(Delivery.SENT)

    def waits(self, now_ms: int) -> bool:
        """Whether they are to be notified and it is time."""
        return self.delivery is Delivery.UNSENT or (
            self.delivery is Delivery.AGAIN and now_ms >= self.at_ms
        )

    def sending(self, now_ms: int) -> Notified:
        """One more try begins."""
        return Notified(Delivery.SENDING, self.tries + 1, now_ms)

    def failed(self, now_ms: int) -> Notified:
        """Certainly nothing arrived, for a reason that passes."""
        if self.tries >= MOST_TRIES:
            return Notified(Delivery.UNDELIVERED, self.tries)
        return Notified(Delivery.AGAIN, self.tries, now_ms + FIRST_WAIT_MS * 2 ** (self.tries - 1))


NOT_NOTIFIED = Notified()


@dataclass(frozen=True, slots=True)
class Case:
    """Somebody who must connect again: since when (epoch ms), and what Microsoft answered."""

    object_id: str
    since_ms: int
    code: str
    generation: str
    notified: Notified = NOT_NOTIFIED


@dataclass(frozen=True, slots=True)
class Storm:
    """Many failed alike at once. `people`: who fails now, `most`: at its height.

    `seen_ms`: when anybody last failed; `tried_ms`: when an admin last had everyone tried again (0:
    never). `admins`: which of them were alerted.
    """

    code: str
    began_ms: int
    people: int
    most: int
    seen_ms: int
    tried_ms: int = 0
    admins: Mapping[str, Notified] = field(default_factory=dict)

    @property
    def heard(self) -> bool:
        """Whether an admin knows."""
        return any(known.delivery is Delivery.SENT for known in self.admins.values())

    @property
    def notify_from_ms(self) -> int:
        """From when on people are notified themselves (Rule 5)."""
        return self.began_ms + (HOLD_MS if self.heard else HOLD_UNHEARD_MS)


@dataclass(slots=True)
class Decision:
    """What to do now.

    `notify`: that they must connect again, `withhold`: not, because of a storm, `revive`: to be
    tried again, as an admin wants. `storms` are those that go on, as they stand now, `alert` those
    of them that admins are to know of; `over` are the codes of those that have ended.
    """

    notify: list[Case] = field(default_factory=list)
    withhold: list[Case] = field(default_factory=list)
    revive: list[Case] = field(default_factory=list)
    storms: dict[str, Storm] = field(default_factory=dict)
    alert: list[Storm] = field(default_factory=list)
    over: list[str] = field(default_factory=list)


def decide(
    now_ms: int,
    cases: Iterable[Case],
    storms: Mapping[str, Storm],
    connected: int,
    *,
    grace_ms: int = GRACE_MS,
) -> Decision:
    """Decide for everybody who must connect again. `connected`: how many people there are."""
    alike: dict[str, list[Case]] = {}
    for case in cases:
        alike.setdefault(case.code, []).append(case)
    decision = Decision()
    for code in {**alike, **storms}:
        _decide_alike(now_ms, alike.get(code, []), code, storms.get(code), connected, decision)
    _after_grace(now_ms, grace_ms, decision)
    return decision


def _many(count: int, connected: int) -> bool:
    return count >= FEWEST and count >= SHARE * connected


def _decide_alike(
    now_ms: int,
    cases: list[Case],
    code: str,
    storm: Storm | None,
    connected: int,
    decision: Decision,
) -> None:
    fresh = sum(now_ms - case.since_ms < WINDOW_MS for case in cases)
    unsent = any(case.notified.delivery in _OPEN for case in cases)
    if storm is None and unsent and _many(fresh, connected):
        storm = Storm(code, now_ms, 0, 0, now_ms)
    if storm is not None:
        storm = _as_it_stands(now_ms, cases, storm)
        if _is_over(now_ms, cases, storm, connected):
            decision.over.append(code)
            storm = None
        else:
            decision.storms[code] = storm
    for case in cases:
        if storm is not None and case.since_ms <= storm.tried_ms:
            decision.revive.append(case)
        elif not case.notified.waits(now_ms):
            pass
        elif storm is not None and now_ms < storm.notify_from_ms:
            decision.withhold.append(case)
        elif storm is None and fresh >= FEWEST and now_ms - case.since_ms < WINDOW_MS:
            pass  # Rule 3
        else:
            decision.notify.append(case)


def _as_it_stands(now_ms: int, cases: list[Case], storm: Storm) -> Storm:
    count = len(cases)
    seen_ms = now_ms if count else storm.seen_ms
    return replace(storm, people=count, most=max(count, storm.most), seen_ms=seen_ms)


def _is_over(now_ms: int, cases: list[Case], storm: Storm, connected: int) -> bool:
    if not cases:
        return now_ms - storm.seen_ms >= WINDOW_MS
    if now_ms >= storm.notify_from_ms:
        return not any(case.notified.delivery in _OPEN for case in cases)
    tried = storm.tried_ms and now_ms - storm.tried_ms >= WINDOW_MS
    return bool(tried) and not _many(len(cases), connected)


def _after_grace(now_ms: int, grace_ms: int, decision: Decision) -> None:
    """Rule 1. The first who failed come first."""
    decision.notify = sorted(
        (case for case in decision.notify if now_ms - case.since_ms >= grace_ms),
        key=lambda case: case.since_ms,
    )
    decision.alert = [
        storm
        for storm in decision.storms.values()
        if storm.people and grace_ms <= now_ms - storm.began_ms < HOLD_MS
    ]
