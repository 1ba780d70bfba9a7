"""Telling people something without being asked (`People` and `Teller` of sync)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from bot.desk import new_card_id
from bot.handlers.settings.progress import PROGRESS
from bot.teams.activity import ConversationGone, NotSent, SendFailed
from cards.person import organisation
from cards.person.connect import reconnect
from cards.person.unasked import first_meeting
from cards.settings import people as people_cards
from domain.policy import Authoriser
from domain.presence import ZoomPresence
from wording.ended import ended
from wording.figures import day

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.desk import Desk
    from cards.build import Card
    from domain.person import Accepted
    from domain.storms import Storm
    from sync.reconnect.notifier import Sent
    from sync.settings.rollout import Rollout

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ChatPeople:
    """Reaches people in their 1:1 chats.

    `invitable` counts those of a group (empty: everyone) whom somebody may still invite. `give`
    keeps to whom a card (its id) is given: nobody else may answer it.
    """

    desk: Desk
    invitable: Callable[[str, str], Awaitable[int]]
    give: Callable[[str, str], Awaitable[None]]
    not_for_me: str = ""
    """The address of the page *Not for me*."""

    async def must_authorize_again(self, object_id: str, code: str) -> Sent:
        """Send a reconnect card that says what Microsoft answered."""
        card_id, why = new_card_id(), ended(code)
        card = reconnect(reason=why.told, what_to_do=why.next_step)
        return await self._send(object_id, card_id, card)

    async def many_must_authorize_again(self, admin: str, storm: Storm) -> Sent:
        """Send the alert about a storm."""
        card_id = _alert_id(admin, storm)
        await self.give(card_id, admin)
        card = people_cards.storm(storm)
        return await self._send(admin, card_id, card)

    async def storm_is_over(self, admin: str, storm: Storm) -> None:
        """Turn the alert into the good news, in place."""
        reference = await self.desk.personal(admin)
        if reference is not None:
            card_id = _alert_id(admin, storm)
            card = people_cards.storm_over()
            await self.desk.replace(reference, card_id, card, or_post=False)

    async def _send(self, object_id: str, card_id: str, card: Card) -> Sent:
        if await self.desk.personal(object_id) is None:
            log.warning("person_not_reachable", person=object_id, reason="no chat is known")
            return "unknown"
        try:
            await self.desk.tell(object_id, card_id, card)
        except NotSent:
            return "later"
        except (ConversationGone, SendFailed):  # the second may have arrived
            return "undelivered"
        return "sent"

    async def announce(
        self, object_id: str, authoriser: Authoriser, starts_ms: int, *, own: bool
    ) -> Sent:
        """Send what the organisation would show; *after notice*, from which day on (epoch ms).

        `own`: they are connected by a sign-in of their own.
        """
        if await self.desk.personal(object_id) is None:
            return "unknown"
        inform = authoriser is Authoriser.INFORM
        page = self.not_for_me
        if inform:
            card = organisation.notice(starts=day(starts_ms), page=page, own=own)
        else:
            card = organisation.offer(page=page, own=own)
        return await self._send(object_id, new_card_id(), card)

    async def first_meeting(self, object_id: str, presence: ZoomPresence, told: Accepted) -> None:
        """Tell what others see from now on, at the first meeting after connecting."""
        if await self.desk.personal(object_id) is None:
            return
        card_id = new_card_id()
        card = first_meeting(
            zoom="presenting in Zoom" if presence is ZoomPresence.PRESENTING else "in Zoom",
            told=told,
        )
        await self.desk.reach(object_id, card_id, card)

    async def rollout_moved(self, rollout: Rollout, left: int) -> None:
        """Show in the card that started it how far a change of settings is."""
        shown = PROGRESS.load_if_good(rollout.show)
        if shown is not None:
            card = shown.card(
                rollout.rollout_id,
                done=rollout.total - left,
                total=rollout.total,
                failed=rollout.failed,
                invitable=0 if left else await self.invitable(shown.level.group_id, shown.by),
            )
            await self.desk.replace(shown.where, shown.card_id, card, or_post=False, whose=shown.by)


def _alert_id(admin: str, storm: Storm) -> str:
    """The id of the card that tells an admin of a storm: the same whenever it is asked for."""
    which = f"{storm.code}/{storm.began_ms}/{admin}"
    return f"storm-{hashlib.sha256(which.encode()).hexdigest()[:24]}"
