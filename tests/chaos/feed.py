"""What happens in Zoom, and Zoom's webhooks about it: signed, shuffled, repeated, tried again."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiohttp

from domain.presence import ZoomPresence
from sync.zoom.signature import sign
from tests.doubles.crowd import ACCOUNT, WEBHOOK_SECRET

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Sequence

    from tests.doubles.crowd import Someone

MINUTE = 60_000
SENDERS = 24
ANSWER_WITHIN = 3.0
"""Seconds after which Zoom counts a delivery as failed."""
TICK = 0.01
"""Seconds until it is looked again what is due."""


@dataclass(frozen=True, slots=True)
class Happening:
    """A change of somebody's state `after` seconds of the feed; `at_ms` is its `event_ts`."""

    person: Someone
    presence: ZoomPresence
    after: float
    at_ms: int

    @property
    def rank(self) -> tuple[int, str]:
        """The greatest is the newest (bench.truth.scheduler.supersedes)."""
        return self.at_ms, self.presence.value


@dataclass(order=True, slots=True)
class _Delivery:
    due: float
    number: int
    happening: Happening = field(compare=False)
    signed_s: int | None = field(default=None, compare=False)


@dataclass
class Plan:
    """How a feed goes wrong. Times are seconds.

    `ahead_ms` and `behind_ms`: how far the clock of Zoom may be off, for a tenth of the people
    each; always by the same for one person.
    """

    lasts: float
    delayed: float = 10.0
    repeats: float = 0.12
    late: float = 0.03
    ahead_ms: int = 9 * MINUTE
    behind_ms: int = 0
    presences: Sequence[ZoomPresence] = tuple(ZoomPresence)


class Feed:
    """The events of some people; `run` delivers them all until each was answered 200.

    `accepted` has by object id what was answered 200, `newest` the newest of it.
    """

    def __init__(
        self, dice: random.Random, people: Sequence[Someone], count: int, plan: Plan
    ) -> None:
        self._dice = dice
        self._plan = plan
        self._began_ms = int(time.time() * 1000)
        self._began = time.monotonic()
        self._skew = {p.number: self._skew_of() for p in people}
        self._numbers = itertools.count()
        self._waiting: list[_Delivery] = []
        self._open = 0
        self.answers: Counter[int] = Counter()
        self.accepted: dict[str, list[Happening]] = {p.object_id: [] for p in people}
        self.newest: dict[str, Happening] = {}
        self.happenings = self._happenings(people, count)
        self._by_zoom_id: dict[str, list[Happening]] = {}
        for happening in self.happenings:
            self._by_zoom_id.setdefault(happening.person.zoom_id, []).append(happening)
        self._schedule()

    def _skew_of(self) -> int:
        chance = self._dice.random()
        if chance < 0.1:
            return self._dice.randint(0, self._plan.ahead_ms)
        return -self._dice.randint(0, self._plan.behind_ms) if chance < 0.2 else 0

    def _happenings(self, people: Sequence[Someone], count: int) -> list[Happening]:
        moments = sorted(self._dice.uniform(0, self._plan.lasts) for _ in range(count))
        # Everybody at least once; the rest as it comes.
        who = [*people, *self._dice.choices(people, k=max(0, count - len(people)))][:count]
        self._dice.shuffle(who)
        found, used = [], dict.fromkeys((p.number for p in people), 0)
        for after, person in zip(moments, who, strict=True):
            at = self._began_ms + int(after * 1000) + self._skew[person.number]
            at = used[person.number] = max(at, used[person.number] + 1)
            found.append(Happening(person, self._dice.choice(self._plan.presences), after, at))
        return found

    def _schedule(self) -> None:
        dice, plan = self._dice, self._plan
        for happening in self.happenings:
            times = 1 + (dice.random() < plan.repeats) + (dice.random() < plan.repeats / 4)
            for _ in range(times):
                self._push(happening, happening.after + dice.uniform(0, plan.delayed))
            if dice.random() < plan.late:
                # Something of long ago that Zoom did not get rid of before.
                old = Happening(
                    happening.person,
                    dice.choice(plan.presences),
                    0,
                    self._began_ms - dice.randint(90 * MINUTE, 115 * MINUTE),
                )
                self._push(old, happening.after + dice.uniform(0, plan.delayed))

    def _push(self, happening: Happening, after: float, signed_s: int | None = None) -> None:
        self._open += signed_s is None
        due = self._began + after
        heapq.heappush(self._waiting, _Delivery(due, next(self._numbers), happening, signed_s))

    def says(self, zoom_id: str) -> ZoomPresence:
        """What Zoom's API says of somebody now."""
        now = time.monotonic() - self._began
        so_far = [h for h in self._by_zoom_id.get(zoom_id, ()) if h.after <= now]
        return max(so_far, key=lambda h: h.rank).presence if so_far else ZoomPresence.OFFLINE

    def lost(self) -> list[Happening]:
        """What Zoom could not deliver."""
        delivered = {(h.person.number, *h.rank) for some in self.accepted.values() for h in some}
        return [h for h in self.happenings if (h.person.number, *h.rank) not in delivered]

    async def run(self, url: str) -> None:
        """Deliver everything."""
        connector = aiohttp.TCPConnector(limit=SENDERS)
        limit = aiohttp.ClientTimeout(total=ANSWER_WITHIN)
        due = asyncio.Queue[_Delivery | None]()
        async with (
            aiohttp.ClientSession(connector=connector, timeout=limit) as session,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(SENDERS):
                group.create_task(self._send(session, f"{url}/zoom/webhook", due))
            while self._open:
                now = time.monotonic()
                while self._waiting and self._waiting[0].due <= now:
                    due.put_nowait(heapq.heappop(self._waiting))
                await asyncio.sleep(TICK)
            for _ in range(SENDERS):
                due.put_nowait(None)

    async def _send(
        self, session: aiohttp.ClientSession, url: str, due: asyncio.Queue[_Delivery | None]
    ) -> None:
        while (delivery := await due.get()) is not None:
            status = await self._deliver(session, url, delivery)
            self.answers[status] += 1
            if status == 200:
                self._open -= 1
                self._accept(delivery.happening)
            elif status == 0 or status >= 500:
                # Zoom tries again after 5 minutes; here they are seconds.
                again = time.monotonic() - self._began + self._dice.uniform(1.0, 4.0)
                self._push(delivery.happening, again, delivery.signed_s)
            else:
                raise AssertionError(f"Zoom is answered {status}")

    def _accept(self, happening: Happening) -> None:
        oid = happening.person.object_id
        self.accepted[oid].append(happening)
        newest = self.newest.get(oid, happening)
        self.newest[oid] = max(newest, happening, key=lambda h: h.rank)

    async def _deliver(self, session: aiohttp.ClientSession, url: str, delivery: _Delivery) -> int:
        happening = delivery.happening
        if delivery.signed_s is None:
            delivery.signed_s = int(time.time())
        body = body_of(happening)
        headers = {
            "Content-Type": "application/json",
            "x-zm-request-timestamp": str(delivery.signed_s),
            "x-zm-signature": sign(WEBHOOK_SECRET, str(delivery.signed_s), body),
        }
        try:
            async with session.post(url, data=body, headers=headers) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return 0


def body_of(happening: Happening) -> bytes:
    """The webhook's body."""
    person = happening.person
    return json.dumps(
        {
            "event": "user.presence_status_updated",
            "event_ts": happening.at_ms,
            "payload": {
                "account_id": ACCOUNT,
                "object": {
                    "id": person.zoom_id,
                    "email": person.address,
                    "presence_status": happening.presence.value,
                },
            },
        }
    ).encode()


def once_each(
    people: Iterable[Someone], presence: ZoomPresence, dice: random.Random, *, within: float = 1.0
) -> Feed:
    """A feed in which everybody goes into one state."""
    everybody = list(people)
    plan = Plan(within, delayed=0, repeats=0, late=0, ahead_ms=0, presences=(presence,))
    return Feed(dice, everybody, len(everybody), plan)
