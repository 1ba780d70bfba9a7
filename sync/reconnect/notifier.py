"""Notifying people who must connect again, and alerting admins when it is everybody's trouble.

The truth is in Redis: who is parked, and how far notifying them is (domain.storms decides). One
process at a time goes over it every few seconds, so a crash between parking and notifying loses
nothing. It is written down *before* it is sent: nobody is notified twice.
"""

from __future__ import annotations

import asyncio
from dataclasses import KW_ONLY, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, Protocol

import structlog

from domain.errors import Trouble
from domain.person import Patch
from domain.step import Lane
from domain.storms import GRACE_MS, MOST_TRIES, Delivery, Notified, decide
from sync.redis import duties
from sync.redis.batches import for_each
from sync.redis.connection import REDIS_TROUBLE
from sync.redis.duties import Work

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from domain.storms import Case, Decision, Storm
    from sync.engine.people import Parked, PeopleStore
    from sync.reconnect.store import NoticeStore

log = structlog.get_logger()

PER_SECOND = 5
"""Teams allows an app 30 requests a second in a tenant; answers to people come first."""
MOST_NOTIFIED = 50
"""People notified in one round, so that a storm is seen while many wait."""
MOST_REVIVED = 1000

Sent = Literal["sent", "later", "undelivered", "unknown"]
"""What became of a card. later: certainly nothing arrived, for a reason that passes. undelivered:
the chat is gone, or nobody knows whether it arrived. unknown: there is no chat with them."""


class Teller(Protocol):
    """Writing to people. Implemented by the bot; the answer says what became of the card."""

    async def must_authorize_again(self, object_id: str, code: str) -> Sent:
        """Ask a person to connect again."""

    async def many_must_authorize_again(self, admin: str, storm: Storm) -> Sent:
        """Alert an admin of a storm."""

    async def storm_is_over(self, admin: str, storm: Storm) -> None:
        """Say so in the card that alerted them."""


@dataclass(eq=False, repr=False)
class Notifier:
    """One per process. `on_outcome` hears sent, withheld, undelivered.

    `admins` are object ids; nobody who is `external` (by Microsoft's word) is alerted.
    """

    people: PeopleStore
    rows: NoticeStore
    teller: Teller
    _: KW_ONLY
    admins: Collection[str]
    external: Callable[[str], Awaitable[bool]]
    on_outcome: Callable[[str], None]
    grace_ms: int = GRACE_MS
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep

    def __post_init__(self) -> None:
        self._lease = self.rows.lease()
        self.work = Work(duties.NOTIFIER, self.step, lease=self._lease)
        self._known: dict[str, Case] = {}
        self._withheld: dict[str, str] = {}
        self._fates: dict[str, tuple[Notified, Notified]] = {}

    async def step(self) -> None:
        """Go over those who must connect again."""
        try:
            await self.round()
        except REDIS_TROUBLE:
            self._known.clear()  # some of it may not have been written
            raise

    async def round(self) -> None:
        """Look once, unless another process does."""
        if not await self._lease.take():
            self._known.clear()  # it is theirs to know
            return
        parked = [p async for p in self.people.parked() if p.reason is Trouble.AUTHORIZE]
        storms = await self.rows.storms()
        cases = await self._cases(parked)
        if not parked and not storms:
            return
        now_ms = await self.people.now_ms()
        connected = await self.people.connected()
        decision = decide(now_ms, cases, storms, connected, grace_ms=self.grace_ms)
        await self._keep_storms(decision, storms)
        await self._revive(decision.revive[:MOST_REVIVED])
        self._count_withheld(decision)
        for storm in decision.alert:
            await self._alert(storm, now_ms)
        for case in decision.notify[:MOST_NOTIFIED]:
            if self.work.stopping or not await self._lease.take():
                return
            if not await self._notify(case, now_ms):
                return  # the chat's service is away: it is tried again in a while

    async def _cases(self, parked: Sequence[Parked]) -> list[Case]:
        """Who must connect again; a row is read again only where something may have changed."""
        known: dict[str, Case] = {}
        changed = []
        for person in parked:
            before = self._known.get(person.object_id)
            if before is not None and before.since_ms == person.since_ms:
                known[person.object_id] = before
            else:
                changed.append(person)
        for case in await self.rows.cases(changed):
            known[case.object_id] = await self._without_doubt(case)
        self._known = known
        return list(known.values())

    async def _without_doubt(self, case: Case) -> Case:
        """A card that was being sent when a process died may have arrived: it is not sent again."""
        if case.notified.delivery is not Delivery.SENDING:
            return case
        now = self._fate(case.object_id, case.notified)
        if await self.rows.note(case, now) and now.delivery is Delivery.UNSURE:
            log.warning("reconnect_card_unsure", person=case.object_id)
            self.on_outcome("undelivered")
        return replace(case, notified=now)

    def _fate(self, who: str, sending: Notified) -> Notified:
        """What became of a card that was being sent, as far as this process knows."""
        known = self._fates.pop(who, None)
        if known is not None and known[0] == sending:
            return known[1]
        return Notified(Delivery.UNSURE, sending.tries)

    async def _send_once(
        self,
        who: str,
        before: Notified,
        mark: Callable[[Notified, Notified], Awaitable[bool]],
        send: Callable[[], Awaitable[Sent]],
        now_ms: int,
    ) -> Sent | None:
        """Write down, send, write down what came of it; None: it is not to be sent any more.

        Where Redis does not say whether it wrote something down, memory knows what is true.
        """
        sending = before.sending(now_ms)
        self._fates[who] = (sending, before)
        sent: Sent | None = None
        if await mark(before, sending):
            sent = await send()
            after = _after(sent, sending, now_ms)
            self._fates[who] = (sending, after)
            await mark(sending, after)
        del self._fates[who]
        return sent

    # -- people ----------------------------------------------------------------------------------

    async def _notify(self, case: Case, now_ms: int) -> bool:
        """Ask one person to connect again; False when the channel takes nothing at the moment."""
        oid = case.object_id
        await self.sleep(1 / PER_SECOND)

        async def mark(before: Notified, now: Notified) -> bool:
            marked = await self.rows.note(replace(case, notified=before), now)
            if marked:
                self._known[oid] = replace(case, notified=now)
            else:  # another trouble by now, or none
                self._known.pop(oid, None)
            return marked

        async def send() -> Sent:
            sent = await self.teller.must_authorize_again(oid, case.code)
            log.info("reconnect_card", person=oid, reason=case.code, sent=sent)
            given_up = sent == "later" and case.notified.tries + 1 >= MOST_TRIES
            if sent != "later" or given_up:
                self.on_outcome("sent" if sent == "sent" else "undelivered")
            return "undelivered" if sent == "unknown" else sent

        return await self._send_once(oid, case.notified, mark, send, now_ms) != "later"

    def _count_withheld(self, decision: Decision) -> None:
        """Count each person once for each storm."""
        held = {case.object_id: case.code for case in decision.withhold}
        for oid, code in held.items():
            if self._withheld.get(oid) != code:
                self.on_outcome("withheld")
        parked = self._known.keys()
        self._withheld = {o: c for o, c in self._withheld.items() if o in parked} | held

    async def _revive(self, cases: Sequence[Case]) -> None:
        """Try them again, as an admin wants."""
        demand = partial(self.people.demand, lane=Lane.CHANGE, patch=Patch.retries_authorization())
        await for_each([case.object_id for case in cases], demand)
        if cases:
            log.info("reconnect_storm_tried_again", people=len(cases))

    # -- storms ----------------------------------------------------------------------------------

    async def _keep_storms(self, decision: Decision, before: dict[str, Storm]) -> None:
        for code, storm in decision.storms.items():
            if code not in before:
                log.error("reconnect_storm", reason=code, people=storm.people)
            await self.rows.keep(storm, before.get(code))
        for code in decision.over:
            if code not in before:
                continue
            past = before[code]
            log.info("reconnect_storm_over", reason=code, people=past.most)
            await self.rows.end(past)
            for admin, alerted in past.admins.items():
                if alerted.delivery is Delivery.SENT:
                    await self.teller.storm_is_over(admin, past)

    async def _alert(self, storm: Storm, now_ms: int) -> None:
        """Alert every admin of a storm, once."""
        for admin in sorted(self.admins):
            if not await self.external(admin):
                await self._alert_one(storm, admin, now_ms)

    async def _alert_one(self, storm: Storm, admin: str, now_ms: int) -> None:
        who = f"{storm.code}/@{admin}"

        async def mark(before: Notified, now: Notified) -> bool:
            return await self.rows.note_alert(storm, admin, before, now)

        async def send() -> Sent:
            sent = await self.teller.many_must_authorize_again(admin, storm)
            if sent != "unknown":
                log.info("reconnect_alert", admin=admin, reason=storm.code, sent=sent)
            return sent

        before = storm.admins.get(admin, Notified())
        if before.delivery is Delivery.SENDING:
            now = self._fate(who, before)
            if not await mark(before, now):
                return
            before = now
        if before.waits(now_ms):
            await self._send_once(who, before, mark, send, now_ms)


def _after(sent: Sent, sending: Notified, now_ms: int) -> Notified:
    if sent == "unknown":
        return Notified()  # there may be a chat with them later
    if sent == "later":
        return sending.failed(now_ms)
    return Notified(Delivery.SENT if sent == "sent" else Delivery.UNDELIVERED, sending.tries)
