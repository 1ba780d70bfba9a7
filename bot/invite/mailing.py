"""Sending invitations: one card each, ever, a few a second, whatever happens to this process.

A mailing is a set of people in Redis. One process at a time takes them out one by one, looks once
more whether they are to be invited, marks them as invited, and only then sends. The card of the
admin who started it follows.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Literal

import structlog

from bot.desk import new_card_id
from bot.invite.store import Mailing
from bot.teams.activity import ConversationGone, NotSent, SendFailed
from cards.build import refreshing
from cards.person.unasked import invitation
from cards.settings import invite as settings_invite
from cards.settings.clicks import ShowMailing
from sync.redis import duties
from sync.redis.duties import Work

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bot.desk import Desk
    from bot.invite.invitees import Invitees
    from bot.invite.roster import RosterStore
    from bot.invite.store import InvitationStore, MailingCard, Tally
    from cards.build import Card

log = structlog.get_logger()

PER_SECOND = 5
"""Teams allows an app 30 requests a second in a tenant (Teams, "Optimize your bot with rate
limiting"); the answers to people go through the same limit and come first."""
EDIT_EVERY_S = 5.0
ROUNDS = 3
"""How often a message that certainly was not sent is tried, and the seconds in between."""
ROUND_PAUSE_S = 10.0
PATIENCE = 5
"""So many failures in a row are not about single people: everything waits for PAUSE_S."""
PAUSE_S = 60.0

Outcome = Literal["invited", "later", "unreachable", "skipped"]


@dataclass(eq=False)
class Invitations:
    """Starts mailings and sees them through. One per process; `clock` gives monotonic seconds."""

    rows: InvitationStore
    invitees: Invitees
    roster: RosterStore
    desk: Desk
    _: KW_ONLY
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._lease = self.rows.lease()
        self.work = Work(duties.INVITATIONS, self.step, lease=self._lease)
        self._failures = 0
        self._edited: dict[str, float] = {}

    async def hold(self, people: Sequence[str], card: MailingCard) -> list[str]:
        """Reserve these people for the mailing of a card, but for those in any other mailing."""
        return await self.rows.hold(card.card_id, people)

    async def begin(self, group_id: str, held: Sequence[str], card: MailingCard) -> None:
        """Invite those who are held, in the background."""
        mailing = Mailing(card, group_id, len(held))
        await self.rows.begin(mailing, held)
        log.info("mailing_begun", mailing=mailing.mailing_id, people=len(held))
        self.work.wake()

    async def shown(self, mailing_id: str) -> Card | None:
        """The card of a mailing that is under way or ended a moment ago; None: there is none."""
        known = await self.rows.look_up(mailing_id)
        return None if known is None else self._card(*known)

    async def under_way(self, mailing_id: str) -> bool:
        """Whether somebody of this mailing is still to be written to."""
        return any(m.mailing_id == mailing_id for m in await self.rows.unfinished())

    async def step(self) -> None:
        """Serve the mailings in rotation, so that a small one does not wait for a large one."""
        while mailings := await self.rows.unfinished():
            for mailing in mailings:
                if self.work.stopping or not await self._lease.take():
                    return await self._lease.let_go()
                await self._step(mailing)
            if self._failures >= PATIENCE:
                log.warning("invitations_paused", seconds=PAUSE_S)
                self._failures = 0
                await self.sleep(PAUSE_S)
        return await self._lease.let_go()

    async def _step(self, mailing: Mailing) -> None:
        oid = await self.rows.next(mailing)
        if oid is None:
            await self._round_done(mailing)
            return
        outcome = await self._invite(mailing, oid)
        if outcome == "later":
            await self.rows.put_aside(mailing, oid)
        elif outcome != "unreachable":
            await self.rows.add_up(mailing, outcome)
        edited = self._edited.setdefault(mailing.mailing_id, self.clock())
        if self.clock() - edited >= EDIT_EVERY_S:
            await self._show(mailing, await self.rows.tally(mailing))

    async def _invite(self, mailing: Mailing, oid: str) -> Outcome:
        if await self.desk.personal(oid) is None:
            return await self._unreachable(mailing, oid)
        if not await self.invitees.is_due(oid, mailing.group_id):
            await self.rows.let_go(mailing, oid)
            return "skipped"
        await self.sleep(1 / PER_SECOND)
        if not await self.rows.count_as_invited(mailing, oid):
            return "skipped"
        card = invitation(inviter=mailing.card.inviter)
        try:
            await self.desk.tell(oid, new_card_id(), card, once=True)
        except ConversationGone:
            return await self._unreachable(mailing, oid)
        except NotSent:
            self._failures += 1
            return "later"
        except SendFailed:  # it may have arrived, so they stay marked
            self._failures += 1
            return "unreachable"
        self._failures = 0
        log.info("person_invited", person=oid, mailing=mailing.mailing_id)
        return "invited"

    async def _unreachable(self, mailing: Mailing, oid: str) -> Outcome:
        """They don't have the app any more; if they get it again, they may be invited."""
        await self.rows.let_go(mailing, oid)
        await self.roster.forget(oid)
        return "unreachable"

    async def _round_done(self, mailing: Mailing) -> None:
        """Try those again who were put aside, or end the mailing."""
        if await self.rows.aside(mailing) and await self.rows.next_round(mailing, ROUNDS):
            await self.sleep(ROUND_PAUSE_S)
            return
        while oid := await self.rows.take_aside(mailing):
            await self.rows.let_go(mailing, oid)
        tally = await self.rows.tally(mailing)
        await self._show(mailing, tally)
        await self.rows.finish(mailing, tally)
        self._edited.pop(mailing.mailing_id, None)
        log.info(
            "mailing_done",
            mailing=mailing.mailing_id,
            invited=tally.invited,
            unreachable=tally.unreachable,
            skipped=tally.skipped,
        )

    async def _show(self, mailing: Mailing, tally: Tally) -> None:
        self._edited[mailing.mailing_id] = self.clock()
        card, shown = mailing.card, self._card(mailing, tally)
        await self.desk.replace(
            card.where, card.card_id, shown, or_post=False, whose=card.admin or None
        )

    def _card(self, mailing: Mailing, tally: Tally) -> Card:
        mailing_id, mri = mailing.mailing_id, mailing.card.mri
        if tally.left == 0:
            return settings_invite.sent(invited=tally.invited, unreachable=tally.unreachable)
        total = mailing.total - tally.skipped
        card = settings_invite.sending(sent=tally.invited, total=total, mailing_id=mailing_id)
        return refreshing(card, ShowMailing(mailing_id), [mri]) if mri else card
